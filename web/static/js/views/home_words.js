// The words of the home page's strip: names under the layers, and the ten answers.

import { fill, h } from "../dom.js";
import { layerName, shapeText } from "../scene/names.js";

/** @typedef {import("../types.js").Answer} Answer */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * Name and shape under each layer.
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 */
export function createLabels(root, ctx) {
  /** @type {HTMLElement[]} */
  let items = [];
  return {
    /**
     * @param {import("../digit/strip.js").Strip} strip
     * @param {number} answerWidth
     */
    place(strip, answerWidth) {
      const { manifest } = ctx.store.get();
      if (!manifest) return;
      items = manifest.layers.map((layer, i) => {
        const last = i === manifest.layers.length - 1;
        const name = last ? ctx.t("home.answer") : layerName(layer, manifest);
        const item = h("li", {}, h("b", {}, name), last ? null : h("small", {}, shapeText(layer)));
        const x = last ? strip.answerX + answerWidth / 2 : strip.places[i].x + strip.places[i].width / 2;
        item.style.insetInlineStart = `${x}px`;
        return item;
      });
      fill(root, items);
    },
    /** @param {number} at */
    mark(at) {
      items.forEach((item, i) => {
        item.toggleAttribute("data-now", i === at);
      });
    },
  };
}

/**
 * Ten rows, one for each digit.
 * @param {HTMLElement} root
 */
export function createAnswers(root) {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const bar = h("i", {});
    return { bar, row: h("li", {}, h("span", {}, digit), h("span", { class: "strip-bar" }, bar)) };
  });
  fill(
    root,
    rows.map(r => r.row),
  );
  return {
    /** @param {number} x */
    place(x) {
      root.style.insetInlineStart = `${x}px`;
    },
    /** @param {Answer|null} answer null: no answer yet */
    show(answer) {
      rows.forEach(({ bar, row }, digit) => {
        bar.style.inlineSize = `${(answer?.probabilities?.[digit] ?? 0) * 100}%`;
        row.toggleAttribute("data-first", answer?.order[0] === digit);
      });
    },
  };
}
