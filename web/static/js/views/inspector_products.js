// All products of a sum as figures: place, input × weight = product, and their total.

import { inputOf } from "../explain/arithmetic.js";
import { exact, fitting, printSum } from "../explain/format.js";
import { placeName, unitName } from "../explain/words.js";
import { fill, h } from "../dom.js";

/** @typedef {import("../types.js").Term} Term */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * A table that is filled while it is open. Its figures add up as printed.
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function createProducts(ctx, signal) {
  const { t } = ctx;
  const body = h("tbody");
  const foot = h("tfoot");
  const weightHead = h("th", { scope: "col" });
  const productHead = h("th", { scope: "col" });
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      h("th", { scope: "col" }, t("inspector.place")),
      h("th", { scope: "col" }, t("inspector.input")),
      weightHead,
      productHead,
    ),
  );
  const caption = h("caption", { class: "for-reader" });
  const table = h("table", { class: "products" }, caption, head, body, foot);
  const element = h("div", { class: "products-box", tabindex: "0", role: "group" }, table);
  /** @type {{row: HTMLElement, cells: HTMLElement[], term: Term, i: number}[]} */
  let rows = [];
  /** @type {Manifest|null} */
  let net = null;
  let shape = "";

  const unitOf = (/** @type {Event} */ event) => {
    const row = /** @type {Element} */ (event.target).closest("tr[data-n]");
    const found = row ? rows[Number(row.getAttribute("data-n"))] : null;
    return found ? inputOf(found.term, found.i) : null;
  };
  body.addEventListener("pointerover", event => ctx.store.set({ hover: unitOf(event) }), { signal });
  body.addEventListener("pointerleave", () => ctx.store.set({ hover: null }), { signal });
  body.addEventListener("focusin", event => ctx.store.set({ hover: unitOf(event) }), { signal });
  body.addEventListener("focusout", () => ctx.store.set({ hover: null }), { signal });
  body.addEventListener(
    "click",
    event => {
      const ref = /** @type {Element} */ (event.target).closest("button") && unitOf(event);
      if (ref) ctx.store.set({ pin: ref, hover: null });
    },
    { signal },
  );

  /**
   * @param {Term[]} terms
   * @param {number} total
   * @param {Manifest} manifest
   * @param {boolean} squares (x − w)² instead of x × w
   */
  function update(terms, total, manifest, squares) {
    const now = terms.map(term => `${term.channel},${term.y},${term.x},${term.products.length}`).join(";");
    const all = terms.flatMap(term => term.products);
    const sum = printSum(all, total);
    caption.textContent = t("inspector.products", { count: all.length });
    element.setAttribute("aria-label", caption.textContent);
    weightHead.textContent = t("inspector.weight");
    productHead.textContent = squares ? "(x − w)²" : t("inspector.product");
    if (now !== shape || net !== manifest) build(terms, manifest);
    [shape, net] = [now, manifest];
    let n = 0;
    for (const term of terms) {
      for (let i = 0; i < term.products.length; i++, n++) {
        const entry = rows[n];
        entry.term = term;
        entry.cells[0].textContent = fitting(term.inputs[i]);
        entry.cells[0].title = exact(term.inputs[i]);
        entry.cells[1].textContent = `${squares ? "" : "× "}${fitting(term.weights[i])}`;
        entry.cells[1].title = exact(term.weights[i]);
        entry.cells[2].textContent = sum.addends[n];
        entry.cells[2].title = exact(term.products[i]);
      }
    }
    const line = (/** @type {string} */ words, /** @type {string} */ figure, /** @type {string} */ name) =>
      h("tr", { class: name }, h("th", { scope: "row", colspan: 3 }, words), h("td", {}, figure));
    fill(
      foot,
      sum.rounding && line(t("inspector.rounding"), sum.rounding, ""),
      line(t("inspector.sum"), sum.total, "t"),
    );
  }

  /** @param {Term[]} terms @param {Manifest} manifest */
  function build(terms, manifest) {
    const many = terms.length > 1 || terms.some(term => (term.channels ?? 1) > 1);
    rows = terms.flatMap(term =>
      term.products.map((_, i) => ({ term, i, ...rowOf(term, i, manifest, many) })),
    );
    rows.forEach((entry, n) => {
      entry.row.setAttribute("data-n", String(n));
    });
    fill(body, ...rows.map(entry => entry.row));
  }

  /** @param {Term} term @param {number} i @param {Manifest} manifest @param {boolean} many */
  function rowOf(term, i, manifest, many) {
    const ref = inputOf(term, i);
    const cells = [h("td"), h("td"), h("td")];
    const place = many ? placeName(ref, manifest) : `${ref.y}, ${ref.x}`;
    const name = t("inspector.pin_unit", { unit: unitName(ref, manifest) });
    const button = h("button", { type: "button", "aria-label": name }, place);
    return { row: h("tr", {}, h("th", { scope: "row" }, button), ...cells), cells };
  }

  return { element, update };
}
