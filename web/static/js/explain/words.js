// Names of units and layers in the reader's language.

import { t } from "../i18n.js";
import { layerName } from "../scene/labels.js";

export { layerName, shapeText } from "../scene/labels.js";

/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Manifest} Manifest */

/**
 * "C3 · map 8 · (5, 4)", "F6 · unit 17", "Input · (16, 9)", "Output · 7". Counted from 0.
 * @param {UnitRef} ref
 * @param {Manifest} manifest
 */
export function unitName(ref, manifest) {
  return `${layerName(manifest.layers[ref.layer], manifest)} · ${placeName(ref, manifest)}`;
}

/**
 * The same without the layer.
 * @param {UnitRef} ref
 * @param {Manifest} manifest
 */
export function placeName({ layer, channel, y, x }, manifest) {
  const [c, h, w] = manifest.layers[layer].shape;
  const at = `(${y}, ${x})`;
  if (c === 1) return at;
  if (h * w > 1) return `${t("unit.map", { map: String(channel) })} · ${at}`;
  if (layer === manifest.layers.length - 1) return manifest.head.labels[channel] ?? String(channel);
  return t("unit.unit", { unit: String(channel) });
}

/**
 * "map 8", "unit 17", "7": the channel alone.
 * @param {number} layer
 * @param {number} channel
 * @param {Manifest} manifest
 */
export function channelName(layer, channel, manifest) {
  const [, h, w] = manifest.layers[layer].shape;
  if (h * w > 1) return t("unit.map", { map: String(channel) });
  return placeName({ layer, channel, y: 0, x: 0 }, manifest);
}

/**
 * What a layer does, in a word: "convolution 5 × 5".
 * @param {import("../types.js").Layer} layer
 */
export function deedOf(layer) {
  const key =
    layer.kind === "pool"
      ? `layer.pool.${layer.op === "AvgPool" ? "average" : "max"}`
      : `layer.${layer.kind}`;
  const size = layer.kernel ? `${layer.kernel[0]} × ${layer.kernel[1]}` : "";
  return t(key, { size });
}
