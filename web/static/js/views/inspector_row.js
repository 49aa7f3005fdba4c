// One line of operands: input × weights = products → sum; below it, on demand, every product.

import { inputOf } from "../explain/arithmetic.js";
import { channelName, layerName } from "../explain/words.js";
import { h, icon } from "../dom.js";
import { createPlate } from "./inspector_plate.js";
import { createProducts } from "./inspector_products.js";

/** @typedef {import("../types.js").Term} Term */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const NARROW = 50; // px of a plate where each map has a row
const WIDE = 92; // px where all maps stand in one picture

/**
 * @typedef {object} Operands
 * @property {Term[]} terms
 * @property {boolean} apart a row for each map
 * @property {Manifest} manifest
 * @property {number} layer of the unit
 */

/**
 * @typedef {object} RowState
 * @property {Term[]} terms
 * @property {import("./inspector_sum.js").Scales} scales
 * @property {boolean} squares
 * @property {string} figure sum as printed
 * @property {number} total of all products
 * @property {number} columns of tiles
 */

/**
 * @param {ViewContext} ctx
 * @param {Operands} operands
 * @param {AbortSignal} signal
 */
export function createRow(ctx, { terms, apart, manifest, layer }, signal) {
  const { t, store } = ctx;
  const squares = manifest.layers[layer].kind === "rbf";
  const limit = apart ? NARROW : WIDE;
  const from = manifest.layers[terms[0].layer];
  const source = apart
    ? `${layerName(from, manifest)}${from.shape[0] > 1 ? ` · ${channelName(from.index, terms[0].channel, manifest)}` : ""}`
    : layerName(from, manifest);
  /** @type {Term[]} */
  let current = terms;

  const unitAt = (/** @type {number} */ tile, /** @type {number} */ cell) =>
    tile < 0 ? null : inputOf(current[tile] ?? current[0], cell);
  const acts = {
    point: (/** @type {number} */ tile, /** @type {number} */ cell) =>
      store.set({ hover: unitAt(tile, cell) }),
    pick: (/** @type {number} */ tile, /** @type {number} */ cell) =>
      store.set({ pin: unitAt(tile, cell), hover: null }),
    signal,
  };
  const plates = {
    input: createPlate(t("inspector.input_of", { source }), limit, acts),
    weight: createPlate(t(squares ? "inspector.bitmap_of" : "inspector.kernel_of", { source }), limit, acts),
    product: createPlate(t("inspector.product_of", { source }), limit, acts),
  };
  const sign = (/** @type {string} */ text) => h("span", { class: "sign", "aria-hidden": "true" }, text);
  const figure = h("span", { class: "num" });
  const products = createProducts(ctx, signal);
  products.element.hidden = true;
  const spoken = h("span", { class: "for-reader" });
  const toggle = h(
    "button",
    { class: "btn quiet sm all", type: "button", "aria-expanded": "false", on: { click: open }, signal },
    apart ? figure : h("span", { "aria-hidden": "true" }),
    spoken,
    icon("down", "small"),
  );
  const row = h(
    "div",
    { class: "operands" },
    plates.input.element,
    sign(squares ? "−" : "×"),
    plates.weight.element,
    sign(squares ? "²=" : "="),
    plates.product.element,
    apart && sign("Σ"),
    apart && toggle,
  );
  const element = h(
    "div",
    { class: "operand-row", role: "group", "aria-label": source },
    row,
    !apart && toggle,
    products.element,
  );
  /** @type {RowState|null} */
  let state = null;

  function open() {
    const shown = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(shown));
    products.element.hidden = !shown;
    if (shown) showProducts();
  }

  function showProducts() {
    if (!state) return;
    const { terms: list, total } = state;
    products.update(list, apart ? list[0].sum : total, manifest, squares);
  }

  /** @param {RowState} next */
  function update(next) {
    state = next;
    current = next.terms;
    const [first] = current;
    const vector = (first.channels ?? 1) > 1;
    const w = vector ? next.columns : first.w;
    const height = vector ? Math.ceil(first.products.length / w) : first.h;
    const columns = vector ? 1 : next.columns;
    const base = { h: height, w, columns: apart ? 1 : columns };
    const { input, weight, product } = next.scales;
    plates.input.paint({ ...base, tiles: current.map(term => term.inputs), ...input });
    plates.weight.paint({
      ...base,
      tiles: current.map(term => term.weights),
      signed: true,
      lo: -weight,
      hi: weight,
    });
    plates.product.paint({
      ...base,
      tiles: current.map(term => term.products),
      signed: !next.squares,
      lo: next.squares ? 0 : -product,
      hi: product,
    });
    const count = current.reduce((sum, term) => sum + term.products.length, 0);
    figure.textContent = next.figure;
    const words = t(next.squares ? "inspector.all_squares" : "inspector.all", { count });
    spoken.textContent = apart ? `${words}, ${source}` : words;
    spoken.classList.toggle("for-reader", apart);
    if (!products.element.hidden) showProducts();
  }

  return {
    element,
    update,
    /** @param {number} tile @param {number} cell */
    mark(tile, cell) {
      for (const plate of Object.values(plates)) plate.mark(tile, cell);
    },
  };
}
