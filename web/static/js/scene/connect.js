// Which units a unit reads and which it feeds: arithmetic on kernels, strides and tables of the
// manifest. Pure functions.

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").UnitRef} UnitRef */

/**
 * A rectangle of a layer in some of its maps; bounds are inclusive.
 * @typedef {{layer: number, channels: number[], y0: number, x0: number, y1: number, x1: number}} Area
 */

/** @param {number} n @returns {number[]} 0 … n−1 */
const upTo = n => Array.from({ length: n }, (_, i) => i);

/** Layers whose units each read everything before them. @param {Layer} layer */
function readsAll(layer) {
  return layer.kind === "fc" || layer.kind === "rbf" || !layer.kernel;
}

/** Layers whose maps read the map of the same number only. @param {Layer} layer */
function mapByMap(layer) {
  return layer.kind === "pool" || layer.kind === "subsample";
}

/**
 * Input maps of some output maps.
 * @param {Layer} layer
 * @param {Layer} from
 * @param {number[]} channels
 */
function channelsRead(layer, from, channels) {
  if (mapByMap(layer)) return channels;
  const table = layer.table;
  if (!table) return upTo(from.shape[0]);
  return upTo(from.shape[0]).filter(i => channels.some(o => table[i][o] === 1));
}

/**
 * Output maps that some input maps feed.
 * @param {Layer} layer
 * @param {number[]} channels
 */
function channelsFed(layer, channels) {
  if (mapByMap(layer)) return channels;
  const table = layer.table;
  if (!table) return upTo(layer.shape[0]);
  return upTo(layer.shape[0]).filter(o => channels.some(i => table[i][o] === 1));
}

/** The whole of a layer. @param {Layer} layer @returns {Area} */
export function whole(layer) {
  const [c, h, w] = layer.shape;
  return { layer: layer.index, channels: upTo(c), y0: 0, x0: 0, y1: h - 1, x1: w - 1 };
}

/** @param {Area} area @param {Layer} layer */
export function covers(area, layer) {
  const [c, h, w] = layer.shape;
  return (
    area.channels.length === c && area.y0 === 0 && area.x0 === 0 && area.y1 === h - 1 && area.x1 === w - 1
  );
}

/** How many units. @param {Area} a */
export function size(a) {
  return Math.max(0, a.y1 - a.y0 + 1) * Math.max(0, a.x1 - a.x0 + 1) * a.channels.length;
}

/**
 * What an area of a layer reads in one of the layers before it.
 * @param {Manifest} manifest
 * @param {Area} area
 * @param {number} input index of the layer that is read
 * @returns {Area}
 */
function back(manifest, area, input) {
  const layer = manifest.layers[area.layer];
  const from = manifest.layers[input];
  if (readsAll(layer)) return whole(from);
  const [kh, kw] = layer.kernel ?? [1, 1];
  const [sh, sw] = layer.stride ?? [1, 1];
  const [ph, pw] = layer.padding ?? [0, 0];
  const [, h, w] = from.shape;
  return {
    layer: input,
    channels: channelsRead(layer, from, area.channels),
    y0: Math.max(0, area.y0 * sh - ph),
    x0: Math.max(0, area.x0 * sw - pw),
    y1: Math.min(h - 1, area.y1 * sh - ph + kh - 1),
    x1: Math.min(w - 1, area.x1 * sw - pw + kw - 1),
  };
}

/**
 * What of a later layer an area feeds; null where stride or border leave nothing.
 * @param {Layer} layer the layer that reads
 * @param {Area} area
 * @returns {Area|null}
 */
function forth(layer, area) {
  if (readsAll(layer)) return whole(layer);
  const [kh, kw] = layer.kernel ?? [1, 1];
  const [sh, sw] = layer.stride ?? [1, 1];
  const [ph, pw] = layer.padding ?? [0, 0];
  const [, h, w] = layer.shape;
  const made = {
    layer: layer.index,
    channels: channelsFed(layer, area.channels),
    y0: Math.max(0, Math.ceil((area.y0 + ph - kh + 1) / sh)),
    x0: Math.max(0, Math.ceil((area.x0 + pw - kw + 1) / sw)),
    y1: Math.min(h - 1, Math.floor((area.y1 + ph) / sh)),
    x1: Math.min(w - 1, Math.floor((area.x1 + pw) / sw)),
  };
  return size(made) > 0 ? made : null;
}

/** @param {UnitRef} ref @returns {Area} */
function single(ref) {
  return { layer: ref.layer, channels: [ref.channel], y0: ref.y, x0: ref.x, y1: ref.y, x1: ref.x };
}

/** Union of two areas of one layer. @param {Area|undefined} a @param {Area} b @returns {Area} */
function join(a, b) {
  if (!a) return b;
  return {
    layer: a.layer,
    channels: [...new Set([...a.channels, ...b.channels])].sort((p, q) => p - q),
    y0: Math.min(a.y0, b.y0),
    x0: Math.min(a.x0, b.x0),
    y1: Math.max(a.y1, b.y1),
    x1: Math.max(a.x1, b.x1),
  };
}

/**
 * The units that one unit reads: C1 25, S2 4, C3 75/100/150 by the table, fully connected all.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 * @returns {Area[]} one for each layer that it reads; none for the input
 */
export function inputsOf(manifest, ref) {
  const layer = manifest.layers[ref.layer];
  return layer.kind === "input" ? [] : layer.inputs.map(i => back(manifest, single(ref), i));
}

/**
 * The units that one unit feeds directly.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 * @returns {Area[]}
 */
export function outputsOf(manifest, ref) {
  return manifest.layers
    .filter(layer => layer.inputs.includes(ref.layer))
    .map(layer => forth(layer, single(ref)))
    .filter(area => area !== null);
}

/**
 * Receptive field of an area in every layer before it, down to the pixels.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 * @returns {Area[]} nearest layer first
 */
export function fieldOf(manifest, ref) {
  /** @type {Map<number, Area>} */
  const found = new Map([[ref.layer, single(ref)]]);
  for (let i = ref.layer; i > 0; i--) {
    const area = found.get(i);
    if (!area) continue;
    for (const input of manifest.layers[i].inputs)
      found.set(input, join(found.get(input), back(manifest, area, input)));
  }
  found.delete(ref.layer);
  return [...found.values()].sort((a, b) => b.layer - a.layer);
}

/**
 * Everything that a unit feeds, up to the answer.
 * @param {Manifest} manifest
 * @param {UnitRef} ref
 * @returns {Area[]} nearest layer first
 */
export function reachOf(manifest, ref) {
  /** @type {Map<number, Area>} */
  const found = new Map([[ref.layer, single(ref)]]);
  for (const layer of manifest.layers.slice(ref.layer + 1)) {
    for (const input of layer.inputs) {
      const area = found.get(input);
      const next = area && forth(layer, area);
      if (next) found.set(layer.index, join(found.get(layer.index), next));
    }
  }
  found.delete(ref.layer);
  return [...found.values()].sort((a, b) => a.layer - b.layer);
}

/**
 * Every unit of an area, map by map, row by row.
 * @param {Area} area
 * @returns {Generator<UnitRef>}
 */
export function* unitsOf(area) {
  for (const channel of area.channels)
    for (let y = area.y0; y <= area.y1; y++)
      for (let x = area.x0; x <= area.x1; x++) yield { layer: area.layer, channel, y, x };
}

/** How many units a unit reads. @param {Manifest} manifest @param {UnitRef} ref */
export function countInputs(manifest, ref) {
  return inputsOf(manifest, ref).reduce((sum, area) => sum + size(area), 0);
}
