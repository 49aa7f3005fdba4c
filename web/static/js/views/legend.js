// The legend below the stage: what the colours mean, in numbers, and what one scale covers.

import { fill, h } from "../dom.js";
import { num, t } from "../i18n.js";
import { layerName } from "../scene/names.js";
import { strongest } from "../scene/weighing.js";
import { scopeSelect } from "../scope.js";

/** @typedef {import("../types.js").AppState} AppState */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountLegend(root, ctx) {
  const life = new AbortController();
  const { signal } = life;
  const { store, acts } = ctx;
  const value = ramp("legend.value");
  const weight = ramp("legend.weight");
  const select = scopeSelect(store, signal);
  fill(
    root,
    value.root,
    weight.root,
    h("span", { class: "grow" }),
    h(
      "label",
      { class: "legend legend-scale" },
      h("span", { "aria-hidden": true }, t("legend.scale")),
      select,
    ),
  );

  function draw() {
    const { manifest, hover, pin, scope } = store.get();
    if (!manifest) return;
    const ref = hover ?? pin;
    // Without a unit the numbers are those of the answer of the first layer that computes.
    const layer = manifest.layers[ref?.layer ?? Math.min(1, manifest.layers.length - 1)];
    if (!layer) return; // a unit of the address that this net does not have; it goes in a moment
    const { lo, hi } = acts.range(layer.index, ref?.channel ?? 0, scope);
    const own = scope === "map" && !ref;
    value.show(own ? t("legend.own") : layerName(layer, manifest), lo, hi, layer.signed, own);
    drawWeight(layer.index);
  }

  /** @param {number} index */
  function drawWeight(index) {
    const { manifest } = store.get();
    const weights = ctx.weights();
    const layer = manifest?.layers[index];
    weight.root.hidden = !manifest || !weights || !layer?.weight;
    if (!manifest || !weights || !layer?.weight) return;
    const most = strongest(manifest, weights, index);
    weight.show("", -most, most, true, false);
  }

  store.subscribe((s, prev) => {
    if (
      s.hover !== prev.hover ||
      s.pin !== prev.pin ||
      s.scope !== prev.scope ||
      s.manifest !== prev.manifest
    )
      draw();
  }, signal);
  acts.onChange(draw, signal);
  ctx.bus.on("weights", draw, signal);
  draw();
  return () => life.abort();
}

/** @param {string} key */
function ramp(key) {
  const name = h("span", { class: "legend-layer" });
  const low = h("span", { class: "num" });
  const high = h("span", { class: "num" });
  const bar = h("span", { class: "ramp" });
  const root = h("span", { class: "legend" }, h("span", {}, t(key)), name, low, bar, high);
  return {
    root,
    /**
     * @param {string} layer
     * @param {number} lo
     * @param {number} hi
     * @param {boolean} signed
     * @param {boolean} own no numbers: they differ from map to map
     */
    show(layer, lo, hi, signed, own) {
      name.textContent = layer;
      low.textContent = own ? "" : short(lo);
      high.textContent = own ? "" : (signed ? "+" : "") + short(hi);
      bar.classList.toggle("signed", signed);
    },
  };
}

/** Three figures that count. @param {number} v */
function short(v) {
  const size = Math.abs(v);
  return num(v, size >= 100 ? 0 : size >= 10 ? 1 : v === 0 ? 0 : 2);
}
