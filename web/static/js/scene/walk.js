// The unit that the keyboard is on: arrows within a layer, PageUp and PageDown between layers.

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */

/** Where the keyboard starts: the first unit of the last layer's best class, else of the input.
 * @param {Manifest} manifest
 * @param {number} best class, −1 if none
 * @returns {UnitRef}
 */
export function start(manifest, best) {
  const last = manifest.layers.length - 1;
  return best >= 0 ? { layer: last, channel: best, y: 0, x: 0 } : { layer: 0, channel: 0, y: 0, x: 0 };
}

/**
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 * @param {string} key as in KeyboardEvent.key
 * @param {(layer: number) => boolean} hidden layers that are skipped
 * @param {number} across units side by side where a vector is drawn in rows
 * @returns {UnitRef|null} null for a key that does not walk
 */
export function walk(manifest, ref, key, hidden, across) {
  const [c, h, w] = manifest.layers[ref.layer].shape;
  const row = h * w === 1;
  switch (key) {
    case "ArrowLeft":
      return sideways(ref, -1, c, w);
    case "ArrowRight":
      return sideways(ref, 1, c, w);
    case "ArrowUp":
      return row ? jump(ref, -across, c) : { ...ref, y: Math.max(0, ref.y - 1) };
    case "ArrowDown":
      return row ? jump(ref, across, c) : { ...ref, y: Math.min(h - 1, ref.y + 1) };
    case "Home":
      return { ...ref, channel: 0 };
    case "End":
      return { ...ref, channel: c - 1 };
    case "PageUp":
      return level(manifest, ref, 1, hidden);
    case "PageDown":
      return level(manifest, ref, -1, hidden);
    default:
      return null;
  }
}

/** Past the border of a map comes the next map. @param {UnitRef} ref @param {number} by @param {number} c @param {number} w @returns {UnitRef} */
function sideways(ref, by, c, w) {
  const x = ref.x + by;
  if (x >= 0 && x < w) return { ...ref, x };
  const channel = ref.channel + by;
  return channel < 0 || channel >= c ? ref : { ...ref, channel, x: by > 0 ? 0 : w - 1 };
}

/** @param {UnitRef} ref @param {number} by @param {number} c @returns {UnitRef} */
function jump(ref, by, c) {
  const channel = ref.channel + by;
  return channel < 0 || channel >= c ? ref : { ...ref, channel };
}

/**
 * The unit of the next shown layer at the same share of its maps, height and width.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 * @param {number} by
 * @param {(layer: number) => boolean} hidden
 * @returns {UnitRef}
 */
function level(manifest, ref, by, hidden) {
  let layer = ref.layer + by;
  while (manifest.layers[layer] && hidden(layer)) layer += by;
  if (!manifest.layers[layer]) return ref;
  const [c, h, w] = manifest.layers[ref.layer].shape;
  const [c2, h2, w2] = manifest.layers[layer].shape;
  const scale = (/** @type {number} */ i, /** @type {number} */ n, /** @type {number} */ m) =>
    Math.min(m - 1, Math.floor(((i + 0.5) / n) * m));
  return { layer, channel: scale(ref.channel, c, c2), y: scale(ref.y, h, h2), x: scale(ref.x, w, w2) };
}
