// Finds layers and units by what a person types: "C3", "C3 8 5 4", "f6 17", "output 7".

import { layerName } from "./words.js";

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {{layer: number, ref: UnitRef|null}} Found ref null: the layer itself */

/**
 * @param {string} query
 * @param {Manifest} manifest
 * @returns {Found[]} best first
 */
export function find(query, manifest) {
  const words = query
    .toLowerCase()
    .replaceAll(/[(),.·;:/×]+/g, " ")
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  const numbers = words.filter(word => /^\d+$/.test(word)).map(Number);
  const names = words.filter(word => !/^\d+$/.test(word) && !FILLERS.has(word));
  /** @type {Found[]} */
  const found = [];
  for (const layer of manifest.layers) {
    const texts = [layer.name, layerName(layer, manifest), layer.kind, layer.op].map(text =>
      text.toLowerCase(),
    );
    if (!names.every(name => texts.some(text => text.startsWith(name)))) continue;
    const ref = refOf(layer, numbers, manifest);
    if (numbers.length === 0) found.push({ layer: layer.index, ref: null });
    else if (ref) found.push({ layer: layer.index, ref });
  }
  return found;
}

/** Words that say nothing about which unit is meant. */
const FILLERS = new Set(["map", "unit", "channel", "特征图", "单元", "通道"]);

/**
 * @param {import("../types.js").Layer} layer
 * @param {number[]} numbers channel, y, x: as many as were typed
 * @param {Manifest} manifest
 * @returns {UnitRef|null}
 */
function refOf({ index, shape: [c, h, w] }, numbers, manifest) {
  if (numbers.length === 0) return null;
  const vector = h * w === 1;
  const given = c === 1 && numbers.length === 2 ? [0, ...numbers] : numbers;
  let [channel, y = h >> 1, x = w >> 1] = given;
  if (vector) {
    if (numbers.length > 1) return null;
    const label = index === manifest.layers.length - 1 ? manifest.head.labels.indexOf(String(channel)) : -1;
    if (label >= 0) channel = label;
    [y, x] = [0, 0];
  }
  return given.length <= 3 && channel < c && y < h && x < w ? { layer: index, channel, y, x } : null;
}
