// Places of units: (layer, channel, y, x) and the flat index (channel·H + y)·W + x.

/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Manifest} Manifest */

/**
 * The number of units in a layer.
 * @param {Manifest} manifest
 * @param {number} layer
 */
export function layerUnits(manifest, layer) {
  const [c, h, w] = manifest.layers[layer].shape;
  return c * h * w;
}

/**
 * The index of the layer's first unit among all units of the net.
 * @param {Manifest} manifest
 * @param {number} layer
 */
export function layerOffset(manifest, layer) {
  let at = 0;
  for (let i = 0; i < layer; i++) at += layerUnits(manifest, i);
  return at;
}

/**
 * The unit's flat index within its layer.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 */
export function unitIndex(manifest, ref) {
  const [, h, w] = manifest.layers[ref.layer].shape;
  return (ref.channel * h + ref.y) * w + ref.x;
}

/**
 * The unit at a flat index of a layer.
 * @param {Manifest} manifest
 * @param {number} layer
 * @param {number} index
 * @returns {UnitRef}
 */
export function unitAt(manifest, layer, index) {
  const [, h, w] = manifest.layers[layer].shape;
  const channel = Math.floor(index / (h * w));
  const rest = index - channel * h * w;
  const y = Math.floor(rest / w);
  return { layer, channel, y, x: rest - y * w };
}

/**
 * Whether the net has such a unit; for what comes from an address.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 */
export function hasUnit(manifest, ref) {
  const layer = manifest.layers[ref.layer];
  if (!layer) return false;
  const [c, h, w] = layer.shape;
  const within = (/** @type {number} */ v, /** @type {number} */ n) => Number.isInteger(v) && v >= 0 && v < n;
  return within(ref.channel, c) && within(ref.y, h) && within(ref.x, w);
}

/**
 * Whether two references name the same unit.
 * @param {UnitRef|null} a
 * @param {UnitRef|null} b
 */
export function sameUnit(a, b) {
  if (a === null || b === null) return a === b;
  return a.layer === b.layer && a.channel === b.channel && a.y === b.y && a.x === b.x;
}

/**
 * The unit as the address writes it: "layer.channel.y.x".
 * @param {UnitRef} ref
 */
export const unitKey = ref => `${ref.layer}.${ref.channel}.${ref.y}.${ref.x}`;
