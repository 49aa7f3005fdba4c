// A weighted sum: input × weights = products, map by map or all maps in one picture, then
// the sums under each other.

import { columnsFor, inputOf, inRows, productOf, reach, strongest } from "../explain/arithmetic.js";
import { exact, operand, plain, printSums, range } from "../explain/format.js";
import { placeName, unitName } from "../explain/words.js";
import { fill, h } from "../dom.js";
import { num } from "../i18n.js";
import { createLines, withLetter } from "./inspector_lines.js";
import { createRow } from "./inspector_row.js";

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Term} Term */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const TOP = 8; // strongest products that are spelled out
const RBF_WIDTH = 7; // LeCun et al. 1998, Fig. 3: bitmaps of 7×12

/**
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function createSum(ctx, signal) {
  const { t, store } = ctx;
  const head = h("div", { class: "operand-heads", "aria-hidden": "true" });
  const rowsBox = h("div", { class: "operand-rows" });
  const readout = h("p", { class: "readout" });
  const lines = createLines();
  const element = h("div", { class: "arithmetic" }, head, rowsBox, readout, lines.element);
  /** @type {ReturnType<typeof createRow>[]} */
  let rows = [];
  let shape = "";
  /** @type {{info: UnitInfo, manifest: Manifest}|null} */
  let shown = null;

  store.subscribe((s, prev) => {
    if (s.hover !== prev.hover) point();
  }, signal);

  /** Outlines the hovered input in the pictures and spells its product out. */
  function point() {
    if (!shown) return;
    const { info, manifest } = shown;
    const { hover } = store.get();
    let text = "";
    rows.forEach((row, n) => {
      const terms = rows.length > 1 ? [info.terms[n]] : info.terms;
      const tile = hover ? terms.findIndex(term => productOf(term, hover) >= 0) : -1;
      const i = tile >= 0 && hover ? productOf(terms[tile], hover) : -1;
      row.mark(tile, i);
      if (tile >= 0) text = spelled(terms[tile], i, manifest, info.layer);
    });
    readout.textContent = text || t("inspector.point");
    readout.title = text;
    readout.classList.toggle("dim", text === "");
  }

  /** @param {Term} term @param {number} i @param {Manifest} manifest @param {number} layer */
  function spelled(term, i, manifest, layer) {
    const [x, w, p] = [term.inputs[i], term.weights[i], term.products[i]].map(value => exact(value));
    const name = placeName(inputOf(term, i), manifest);
    if (manifest.layers[layer].kind === "rbf") return `${name}: (${x} − ${brackets(w)})² = ${p}`;
    return `${name}: ${x} × ${brackets(w)} = ${p}`;
  }

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function build(info, manifest) {
    const apart = inRows(info.terms);
    const groups = apart ? info.terms.map(term => [term]) : [info.terms];
    rows = groups.map(terms => createRow(ctx, { terms, apart, manifest, layer: info.layer }, signal));
    fill(rowsBox, ...rows.map(row => row.element));
    element.classList.toggle("apart", apart);
  }

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function update(info, manifest) {
    const now = [
      manifest.model,
      info.layer,
      ...info.terms.map(term => `${term.channel}.${term.h}.${term.w}`),
    ].join();
    if (now !== shape) build(info, manifest);
    shape = now;
    shown = { info, manifest };

    const scales = scalesOf(info, manifest, ctx);
    const squares = manifest.layers[info.layer].kind === "rbf";
    showHeads(head, t, scales, squares);
    const wide = !inRows(info.terms);
    const printed = printAll(info, wide);
    rows.forEach((row, n) => {
      const terms = wide ? info.terms : [info.terms[n]];
      row.update({
        terms,
        scales,
        squares,
        figure: printed.parts[n] ?? "",
        total: info.productsSum,
        columns: columnsOf(info.terms, squares),
      });
    });
    lines.update(linesOf(ctx, info, manifest, printed, wide));
    point();
  }

  return { element, update };
}

/** @param {string} figure */
const brackets = figure => (figure.startsWith("−") ? `(${figure})` : figure);

/**
 * @typedef {object} Scales
 * @property {{signed: boolean, lo: number, hi: number}} input
 * @property {number} weight
 * @property {number} product
 */

/**
 * The colours: inputs as in the scene; weights and products by the largest of this unit.
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @param {ViewContext} ctx
 * @returns {Scales}
 */
function scalesOf(info, manifest, { acts, store }) {
  const first = info.terms[0];
  const { signed } = manifest.layers[first.layer];
  const { lo, hi } = acts.range(first.layer, first.channel, store.get().scope);
  const most = signed ? Math.max(Math.abs(lo), Math.abs(hi)) || 1 : hi;
  return {
    input: { signed, lo: signed ? -most : lo, hi: most },
    weight: reach(info.terms.map(term => term.weights)),
    product: reach(info.terms.map(term => term.products)),
  };
}

/** @param {Term[]} terms @param {boolean} squares */
function columnsOf(terms, squares) {
  const vector = terms.length === 1 && (terms[0].channels ?? 1) > 1;
  if (vector) return columnsFor(terms[0].channels, squares ? RBF_WIDTH : undefined);
  return columnsFor(terms.length);
}

/**
 * @param {HTMLElement} head
 * @param {import("../types.js").Translate} t
 * @param {Scales} scales
 * @param {boolean} squares
 */
function showHeads(head, t, { input, weight, product }, squares) {
  const ramp = (/** @type {boolean} */ signed) => h("span", { class: `ramp${signed ? " signed" : ""}` });
  const column = (/** @type {string} */ name, /** @type {boolean} */ signed, /** @type {string} */ text) =>
    h("span", { class: "legend" }, h("b", {}, name), ramp(signed), h("span", {}, text));
  if (head.childElementCount === 0) {
    fill(
      head,
      column(t("inspector.input"), input.signed, ""),
      h("i"),
      column(t(squares ? "inspector.bitmap" : "inspector.kernel"), true, ""),
      h("i"),
      column(t(squares ? "inspector.square" : "inspector.product"), !squares, ""),
      h("b", { class: "sum-head" }, t("inspector.sum")),
    );
  }
  const texts = [
    range(input.lo, input.hi),
    range(-weight, weight),
    squares ? range(0, product) : range(-product, product),
  ];
  const columns = [...head.querySelectorAll(".legend")];
  columns.forEach((column, n) => {
    /** @type {Element} */ (column.lastChild).textContent = texts[n];
  });
  columns[0].querySelector(".ramp")?.classList.toggle("signed", input.signed);
}

/**
 * @typedef {object} Printed
 * @property {string[]} parts sums of the rows, or the strongest products and the rest
 * @property {string} partsRounding
 * @property {string} products
 * @property {string} bias
 * @property {string} rounding
 * @property {string} total
 * @property {ReturnType<typeof strongest>|null} strongest
 */

/**
 * All figures of the sum with the same number of digits.
 * @param {UnitInfo} info
 * @param {boolean} wide all maps in one picture
 * @returns {Printed}
 */
function printAll(info, wide) {
  const found = wide ? strongest(info.terms, TOP) : null;
  const parts = found ? [...found.top.map(one => one.value), found.rest] : info.terms.map(term => term.sum);
  const addends = info.bias === null ? [info.productsSum] : [info.productsSum, info.bias];
  const [first, second] = printSums([
    { addends: parts, total: info.productsSum },
    { addends, total: info.pre ?? info.value },
  ]);
  return {
    parts: first.addends,
    partsRounding: first.rounding,
    products: first.total,
    bias: second.addends[1] ?? "",
    rounding: second.rounding,
    total: second.total,
    strongest: found,
  };
}

/**
 * @param {ViewContext} ctx
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @param {Printed} printed
 * @param {boolean} wide
 */
function linesOf({ t, store }, info, manifest, printed, wide) {
  const squares = manifest.layers[info.layer].kind === "rbf";
  /** @type {import("./inspector_lines.js").Line[]} */
  const lines = [];
  const found = printed.strongest;
  if (found && wide) {
    found.top.forEach(({ term, i, value }, n) => {
      const ref = inputOf(term, i);
      const pin = () => store.set({ pin: ref, hover: null });
      const name = unitName(ref, manifest);
      const button = h(
        "button",
        {
          type: "button",
          class: "link",
          on: { click: pin },
          "aria-label": t("inspector.pin_unit", { unit: name }),
        },
        name,
      );
      lines.push({ words: [button], figure: printed.parts[n], exact: exact(value) });
    });
    lines.push({
      words: [
        t(squares ? "inspector.rest_squares" : "inspector.rest", { count: found.others, all: info.products }),
      ],
      figure: printed.parts[found.top.length],
    });
  }
  lines.push({ words: [t("inspector.rounding")], figure: printed.partsRounding });
  const count = t(squares ? "inspector.squares" : "inspector.products", { count: info.products });
  lines.push({
    words: [count],
    figure: printed.products,
    exact: plain(info.productsSum, 9),
    total: wide && found !== null,
  });
  if (info.bias !== null)
    lines.push({
      words: withLetter(t("inspector.bias"), "b"),
      figure: printed.bias,
      exact: exact(info.bias),
    });
  lines.push({ words: [t("inspector.rounding")], figure: printed.rounding });
  if (info.pre !== null || info.bias !== null) {
    lines.push({
      words: withLetter(t("inspector.pre"), "s"),
      figure: printed.total,
      exact: exact(info.pre ?? info.value),
      total: true,
    });
  }
  return lines;
}

/** For the closed sheet of a phone: "Σ +0.3805  b −0.2110  →  0.1695". @param {UnitInfo} info */
export function sumLine(info) {
  const b = info.bias === null ? "" : `b ${operand(info.bias, 4)} `;
  return `Σ ${operand(info.productsSum, 4)} ${b}→ ${num(info.value, 4)}`;
}
