// Which units of a map stand out from its background. A drawing leaves most of each map at one
// value; a draft frame paints those units as one lid and only the others one by one.

/** @typedef {import("../types.js").Manifest} Manifest */

/** Share of the colour scale that cannot be told from the background at a glance. */
export const NEAR = 0.035;

/**
 * @typedef {object} Background
 * @property {Uint32Array} units that stand out, by layer, each counted from its layer's first unit
 * @property {{first: number, count: number}[]} layers each layer's part of units
 * @property {Uint8Array} lids commonest byte of each channel, in layer order
 */

/**
 * @param {Manifest} manifest
 * @param {Uint8Array} bytes of every unit, in layer order
 * @param {(layer: number, channel: number) => number} near bytes that do not stand out
 * @returns {Background}
 */
export function background(manifest, bytes, near) {
  const channels = manifest.layers.reduce((sum, l) => sum + l.shape[0], 0);
  const units = new Uint32Array(bytes.length);
  const lids = new Uint8Array(channels);
  const layers = [];
  let at = 0;
  let count = 0;
  let channel = 0;
  for (const { index, shape } of manifest.layers) {
    const [c, h, w] = shape;
    const first = count;
    // A vector is one group: an image given as a vector has one plate and one background.
    const group = h * w > 1 ? h * w : c;
    for (let from = 0; from < c * h * w; from += group) {
      const lid = commonest(bytes, at + from, group);
      const covered = h * w > 1 ? 1 : c;
      const least = near(index, from / (h * w));
      lids.fill(lid, channel, channel + covered);
      channel += covered;
      for (let i = from; i < from + group; i++) if (Math.abs(bytes[at + i] - lid) > least) units[count++] = i;
    }
    layers.push({ first, count: count - first });
    at += c * h * w;
  }
  return { units: units.subarray(0, count), layers, lids };
}

const tally = new Uint16Array(256);

/** @param {Uint8Array} bytes @param {number} from @param {number} length */
function commonest(bytes, from, length) {
  tally.fill(0);
  let best = 0;
  for (let i = from; i < from + length; i++) {
    const b = bytes[i];
    tally[b]++;
    if (tally[b] > tally[best]) best = b;
  }
  return best;
}
