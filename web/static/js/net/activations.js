// The bytes of every unit of the last run, in layer order, with the affine of each map:
// value = min + byte × scale.

import { layerOffset, layerUnits, unitIndex } from "./units.js";

/** @typedef {import("../types.js").Activations} Activations */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").FrameBlock} FrameBlock */
/** @typedef {{min: number, max: number}} Range */

/**
 * Where a layer's bytes and affines start.
 * @typedef {{offset: number, channel: number, channels: number, plane: number, signed: boolean, alone: boolean}} Place
 */

/** @returns {Activations} */
export function createActivations() {
  /** @type {Manifest|null} */
  let manifest = null;
  /** @type {Place[]} */
  let places = [];
  let bytes = new Uint8Array(0);
  let mins = new Float32Array(0);
  let scales = new Float32Array(0);
  let version = 0;
  /** @type {Set<() => void>} */
  const listeners = new Set();

  const changed = () => {
    version++;
    for (const fn of [...listeners]) fn();
  };

  /** @param {FrameBlock} b */
  function applyBlock(b) {
    const place = places[b.layer];
    if (!place || b.level !== 0) return; // reduced blocks are for nets that do not fit the screen
    if (b.channel0 + b.channels > place.channels || b.width * b.height !== place.plane) return;
    bytes.set(b.bytes, place.offset + b.channel0 * place.plane);
    const first = place.channel + b.channel0;
    mins.fill(b.min, first, first + b.channels);
    scales.fill(b.scale, first, first + b.channels);
  }

  /**
   * @param {number} layer
   * @param {number} channel
   * @returns {Range}
   */
  function channelRange(layer, channel) {
    const place = places[layer];
    if (!place) return { min: 0, max: 0 };
    const at = place.channel + channel;
    return { min: mins[at], max: Math.fround(mins[at] + 255 * scales[at]) };
  }

  /**
   * @param {number} layer
   * @returns {Range}
   */
  function layerRange(layer) {
    const all = Array.from({ length: places[layer].channels }, (_, c) => channelRange(layer, c));
    return join(all);
  }

  // The common scale is common to layers that are drawn with the same colours. Squared
  // distances (RBF) are of another size than activations and keep their own.
  function netRange(/** @type {number} */ layer) {
    const { signed, alone } = places[layer];
    if (alone) return layerRange(layer);
    const same = places.flatMap((p, i) => (p.signed === signed && !p.alone ? [layerRange(i)] : []));
    return join(same);
  }

  return {
    get bytes() {
      return bytes;
    },
    get version() {
      return version;
    },
    setManifest(m) {
      manifest = m;
      let channel = 0;
      places = m.layers.map((l, i) => {
        const [c, h, w] = l.shape;
        const place = {
          offset: layerOffset(m, i),
          channel,
          channels: c,
          plane: h * w,
          signed: l.signed,
          alone: l.kind === "rbf",
        };
        channel += c;
        return place;
      });
      const last = m.layers.length - 1;
      bytes = new Uint8Array(layerOffset(m, last) + layerUnits(m, last));
      mins = new Float32Array(channel);
      scales = new Float32Array(channel);
      changed();
    },
    apply(frame) {
      for (const b of frame.blocks) applyBlock(b);
      changed();
    },
    offset: layer => places[layer].offset,
    value(ref) {
      const place = places[ref.layer];
      if (!manifest || !place) return Number.NaN;
      const at = place.channel + ref.channel;
      return Math.fround(mins[at] + bytes[place.offset + unitIndex(manifest, ref)] * scales[at]);
    },
    affine(layer, channel) {
      const at = (places[layer]?.channel ?? 0) + channel;
      return { min: mins[at] ?? 0, scale: scales[at] ?? 0 };
    },
    channelRange,
    range(layer, channel, scope) {
      if (!places[layer]) return { lo: 0, hi: 1 };
      const r =
        scope === "map"
          ? channelRange(layer, channel)
          : scope === "layer"
            ? layerRange(layer)
            : netRange(layer);
      return limits(r, places[layer].signed);
    },
    onChange(fn, signal) {
      if (signal?.aborted) return;
      listeners.add(fn);
      signal?.addEventListener("abort", () => listeners.delete(fn), { once: true });
    },
  };
}

/**
 * @param {Range[]} ranges
 * @returns {Range}
 */
function join(ranges) {
  return {
    min: ranges.reduce((m, r) => Math.min(m, r.min), Number.POSITIVE_INFINITY),
    max: ranges.reduce((m, r) => Math.max(m, r.max), Number.NEGATIVE_INFINITY),
  };
}

/**
 * The ends of the colour scale: about zero for signed values, and never of length zero.
 * @param {Range} r
 * @param {boolean} signed
 */
function limits({ min, max }, signed) {
  if (signed) {
    const m = Math.max(Math.abs(min), Math.abs(max)) || 1;
    return { lo: -m, hi: m };
  }
  return max > min ? { lo: min, hi: max } : { lo: min, hi: min + 1 };
}
