// Names of units and layers, as they are said on the page.
import { t } from "../i18n.js";

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").UnitRef} UnitRef */

/** "6 × 28 × 28", "120", "32 × 32". @param {Layer} layer */
export function shapeText(layer) {
  const [c, h, w] = layer.shape;
  if (h * w === 1) return String(c);
  return c === 1 ? `${h} × ${w}` : `${c} × ${h} × ${w}`;
}

/** @param {Layer} layer @param {Manifest} manifest */
export function layerName(layer, manifest) {
  if (layer.kind === "input") return t("stage.layer.input");
  return layer.index === manifest.layers.length - 1 ? t("stage.layer.output") : layer.name;
}

/** "C3 · map 8 · (5, 4)"; numbers count from 0, as in the code. @param {Manifest} manifest @param {UnitRef} ref */
export function unitName(manifest, ref) {
  const layer = manifest.layers[ref.layer];
  const [c, h, w] = layer.shape;
  const name = layerName(layer, manifest);
  const labels = manifest.head.labels;
  if (ref.layer === manifest.layers.length - 1 && labels[ref.channel])
    return t("stage.unit.answer", { layer: name, label: labels[ref.channel] });
  if (h * w === 1) {
    const wide = manifest.input.width + 2 * manifest.input.pad;
    if (layer.kind !== "input") return t("stage.unit.row", { layer: name, unit: String(ref.channel) });
    return t("stage.unit.pixel", {
      layer: name,
      y: String(Math.floor(ref.channel / wide)),
      x: String(ref.channel % wide),
    });
  }
  const at = { layer: name, map: String(ref.channel), y: String(ref.y), x: String(ref.x) };
  return t(c === 1 ? "stage.unit.pixel" : "stage.unit.map", at);
}
