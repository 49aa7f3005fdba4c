// A layer in a few numbers.

/**
 * @typedef {object} Stats
 * @property {number} count
 * @property {number} min
 * @property {number} max
 * @property {number} mean
 * @property {number} deviation standard, of all units
 * @property {number} zeros how many are exactly 0
 */

/**
 * @param {ArrayLike<number>} values
 * @returns {Stats}
 */
export function stats(values) {
  let [min, max, sum, squares, zeros] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    squares += value * value;
    if (value === 0) zeros += 1;
  }
  const count = values.length;
  const mean = count ? sum / count : 0;
  const deviation = count ? Math.sqrt(Math.max(0, squares / count - mean * mean)) : 0;
  return { count, min: count ? min : 0, max: count ? max : 0, mean, deviation, zeros };
}

/**
 * The values of one channel, as they are on screen.
 * @param {import("../types.js").Activations} acts
 * @param {import("../types.js").Layer} layer
 * @param {number} channel
 */
export function channelValues(acts, { index, shape: [, h, w] }, channel) {
  const values = new Float64Array(h * w);
  for (let i = 0; i < values.length; i++) {
    values[i] = acts.value({ layer: index, channel, y: Math.floor(i / w), x: i % w });
  }
  return values;
}

/**
 * The unit of a channel with the largest absolute value.
 * @param {import("../types.js").Activations} acts
 * @param {import("../types.js").Layer} layer
 * @param {number} channel
 * @returns {import("../types.js").UnitRef}
 */
export function strongestUnit(acts, layer, channel) {
  const values = channelValues(acts, layer, channel);
  const w = layer.shape[2];
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]) > Math.abs(values[best])) best = i;
  return { layer: layer.index, channel, y: Math.floor(best / w), x: best % w };
}

/**
 * The unit of a layer with the largest absolute value.
 * @param {import("../types.js").Activations} acts
 * @param {import("../types.js").Layer} layer
 */
export function strongestOf(acts, layer) {
  let best = strongestUnit(acts, layer, 0);
  let most = Math.abs(acts.value(best));
  for (let channel = 1; channel < layer.shape[0]; channel++) {
    const ref = strongestUnit(acts, layer, channel);
    const size = Math.abs(acts.value(ref));
    if (size > most) [best, most] = [ref, size];
  }
  return best;
}
