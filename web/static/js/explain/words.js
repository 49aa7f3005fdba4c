// Names of units, maps and layers in the reader's language. Counted from 0, as in the code.

import { t } from "../i18n.js";
import { unitName as nameOf } from "../scene/names.js";

export { layerName, shapeText } from "../scene/names.js";

/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Manifest} Manifest */

/**
 * "C3 · map 8 · (5, 4)"
 * @param {UnitRef} ref
 * @param {Manifest} manifest
 */
export const unitName = (ref, manifest) => nameOf(manifest, ref);

/**
 * The same without the layer: "map 8 · (5, 4)".
 * @param {UnitRef} ref
 * @param {Manifest} manifest
 */
export function placeName(ref, manifest) {
  const whole = nameOf(manifest, ref);
  const cut = whole.indexOf(" · ");
  return cut < 0 ? whole : whole.slice(cut + 3);
}

/**
 * "map 8", "unit 17": the channel alone.
 * @param {number} layer
 * @param {number} channel
 * @param {Manifest} manifest
 */
export function channelName(layer, channel, manifest) {
  const [, h, w] = manifest.layers[layer].shape;
  const number = String(channel);
  return h * w > 1 ? t("unit.map", { map: number }) : t("unit.unit", { unit: number });
}

/**
 * What a layer does, in a word: "convolution 5 × 5".
 * @param {import("../types.js").Layer} layer
 */
export function deedOf(layer) {
  const size = layer.kernel ? `${layer.kernel[0]} × ${layer.kernel[1]}` : "";
  switch (layer.kind) {
    case "input":
      return t("layer.input");
    case "conv":
      return t("layer.conv", { size });
    case "pool":
      return layer.op === "AvgPool" ? t("layer.pool.average", { size }) : t("layer.pool.max", { size });
    case "subsample":
      return t("layer.subsample", { size });
    case "rbf":
      return t("layer.rbf");
    default:
      return t("layer.fc");
  }
}
