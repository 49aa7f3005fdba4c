// The run as steps: how many windows a layer has, and what of it is to be seen.

/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").Play} Play */
/** @typedef {import("../types.js").UnitRef} UnitRef */

/**
 * Steps of a layer. A map's window is a place, the same in all maps at once; a vector's is a unit.
 * @param {Layer} layer
 * @returns {number}
 */
export function windows(layer) {
  const [c, h, w] = layer.shape;
  return h * w > 1 ? h * w : c;
}

/**
 * How many windows of a layer are revealed; −1: all of them, nothing is being played.
 * @param {Layer} layer
 * @param {Play|null} play
 */
export function revealed(layer, play) {
  if (!play || layer.index < play.layer) return -1;
  if (layer.index > play.layer) return 0;
  const n = Math.floor(play.window);
  return n >= windows(layer) ? -1 : Math.max(0, n);
}

/**
 * The unit that stands for a window: of map 0 where all maps are made at once.
 * @param {Layer} layer
 * @param {number} window
 * @returns {UnitRef|null} null when the layer is complete
 */
export function windowUnit(layer, window) {
  const n = Math.floor(window);
  if (n < 0 || n >= windows(layer)) return null;
  const [, h, w] = layer.shape;
  if (h * w === 1) return { layer: layer.index, channel: n, y: 0, x: 0 };
  return { layer: layer.index, channel: 0, y: Math.floor(n / w), x: n % w };
}
