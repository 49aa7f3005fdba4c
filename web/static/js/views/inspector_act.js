// The activation function: its formula, its curve and the point on it, the output.

import { curve, softmax } from "../explain/curve.js";
import { distance, formula } from "../explain/formula.js";
import { exact, plain, printSum } from "../explain/format.js";
import { unitName } from "../explain/words.js";
import { fill, h, icon, svg } from "../dom.js";

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const WIDTH = 116; // px
const HEIGHT = 72;

/** @param {ViewContext} ctx */
export function createActivation(ctx) {
  const { t } = ctx;
  const axes = svg("path", { class: "axes" });
  const line = svg("path", { class: "function" });
  const guide = svg("path", { class: "guide" });
  const dot = svg("circle", { class: "dot", r: 5 });
  const picture = svg(
    "svg",
    { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
    axes,
    line,
    guide,
    dot,
  );
  const symbols = h("div", { class: "formula" });
  const worked = h("div", { class: "worked" });
  const output = h("div", { class: "output" });
  const tick = h("div", { class: "tick" });
  const text = h("div", { class: "grow" }, symbols, worked, output, tick);
  const shares = createShares(ctx);
  const element = h(
    "div",
    { class: "activation" },
    h("div", { class: "row" }, picture, text),
    shares.element,
  );

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function update(info, manifest) {
    const { activation, pre } = info;
    const last = info.layer === manifest.layers.length - 1;
    const drawn =
      activation !== null && pre !== null && activation.name !== "identity" && activation.name !== "softmax";
    picture.toggleAttribute("hidden", !drawn);
    const squares = manifest.layers[info.layer].kind === "rbf";
    symbols.hidden = !squares && (activation === null || activation.name === "identity");
    if (squares) fill(symbols, distance());
    worked.hidden = !drawn;
    if (activation && pre !== null && !squares) {
      fill(symbols, formula(activation));
      fill(worked, formula(activation, plain(pre)));
    }
    if (drawn && activation && pre !== null) {
      const c = curve(activation, pre, WIDTH, HEIGHT);
      axes.setAttribute("d", `M2 ${c.zeroY}H${WIDTH - 2}M${c.zeroX} 2V${HEIGHT - 2}`);
      line.setAttribute("d", c.path);
      guide.setAttribute("d", `M${c.x} ${c.zeroY}V${c.y}H${c.zeroX}`);
      dot.setAttribute("cx", String(c.x));
      dot.setAttribute("cy", String(c.y));
      picture.setAttribute("aria-label", t("inspector.curve", { s: plain(pre), value: plain(info.value) }));
    }
    showOutput(output, ctx, info, manifest, last);
    showTick(tick, t, info);
    shares.update(info, last && activation?.name === "softmax");
  }

  return { element, update };
}

/**
 * @param {HTMLElement} element
 * @param {ViewContext} ctx
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @param {boolean} last
 */
function showOutput(element, { t, store }, info, manifest, last) {
  const { answer } = store.get();
  const best = last && answer && !answer.blank && answer.order[0] === info.channel;
  const { edit } = info;
  fill(
    element,
    typeof edit === "number" && h("span", { class: "cap" }, t("inspector.edited", { scale: edit }), " "),
    t(last && info.activation?.name === "softmax" ? "inspector.probability" : "inspector.output"),
    " ",
    h("b", { class: "num", title: exact(info.value) }, plain(info.value)),
    best &&
      h("span", { class: "best" }, ` ${t(manifest.head.lowerIsBetter ? "inspector.min" : "inspector.max")}`),
  );
}

/**
 * The tick only where the sum, added again in the net's order, gives the same bits.
 * @param {HTMLElement} element
 * @param {import("../types.js").Translate} t
 * @param {UnitInfo} info
 */
function showTick(element, t, info) {
  const now = info.exact ? "exact" : String(info.difference);
  if (element.dataset.shown === now) return;
  element.dataset.shown = now;
  element.title = info.exact ? t("inspector.exact_how") : "";
  if (info.exact) fill(element, icon("check", "small"), ` ${t("inspector.exact")}`);
  else fill(element, t("inspector.differs", { difference: exact(info.difference ?? Number.NaN) }));
  element.classList.toggle("ok", info.exact);
}

/**
 * Softmax: the power of each of the ten scores, and the share of this one.
 * @param {ViewContext} ctx
 */
function createShares({ t, store }) {
  const body = h("tbody");
  const foot = h("tfoot");
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      h("th", { scope: "col" }, t("answer.digit")),
      h("th", { scope: "col" }, t("answer.logit"), " ", h("i", { class: "math" }, "s")),
      h("th", { scope: "col" }, ...powerOf("m")),
    ),
  );
  const caption = h("caption", { class: "for-reader" }, t("inspector.softmax"));
  const result = h("p", { class: "worked" });
  const note = h("p", { class: "cap" });
  const element = h(
    "div",
    { class: "shares", hidden: true },
    note,
    h("table", { class: "products" }, caption, head, body, foot),
    result,
  );

  /** @param {UnitInfo} info @param {boolean} shown */
  function update(info, shown) {
    const { answer, manifest } = store.get();
    element.hidden = !shown || !answer || !manifest;
    if (element.hidden || !answer || !manifest) return;
    const { largest, powers, total, shares } = softmax(answer.scores);
    const sum = printSum(powers, total, 6);
    const cells = answer.scores.map((score, k) => [
      manifest.head.labels[k],
      plain(score),
      sum.addends[k].slice(1),
    ]);
    if (body.childElementCount !== cells.length) {
      fill(body, ...cells.map(() => h("tr", {}, h("th", { scope: "row" }), h("td"), h("td"))));
    }
    cells.forEach((row, k) => {
      const line = body.children[k];
      line.classList.toggle("here", k === info.channel);
      row.forEach((text, n) => {
        line.children[n].textContent = text;
      });
    });
    const lineOf = (
      /** @type {string} */ words,
      /** @type {string} */ figure,
      /** @type {string|null} */ name,
    ) => h("tr", { class: name }, h("th", { scope: "row", colspan: 2 }, words), h("td", {}, figure));
    fill(
      foot,
      sum.rounding && lineOf(t("inspector.rounding"), sum.rounding, null),
      lineOf("Σ", sum.total.slice(1), "t"),
    );
    fill(note, t("inspector.softmax_how", { largest: plain(largest) }));
    const power = sum.addends[info.channel].slice(1);
    fill(
      result,
      h("span", { class: "num" }, `${power} / ${sum.total.slice(1)} = ${plain(shares[info.channel], 6)}`),
    );
    result.title = unitName(info, manifest);
  }

  return { element, update };
}

/** e^(s − m) @param {string} letter */
function powerOf(letter) {
  const italic = (/** @type {string} */ text) => h("i", { class: "math" }, text);
  return [italic("e"), h("sup", {}, italic("s"), " − ", italic(letter))];
}
