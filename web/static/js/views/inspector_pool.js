// Pooling: the candidates as a picture and as numbers, and which of them won; for trained
// subsampling their sum, coefficient and bias. The input unit: the grey it was made of.

import { kindOf, rawOf } from "../explain/arithmetic.js";
import { exact, operand, plain, printSum, printSums, range } from "../explain/format.js";
import { unitName } from "../explain/words.js";
import { fill, h } from "../dom.js";
import { createLines, withLetter } from "./inspector_lines.js";
import { createPlate } from "./inspector_plate.js";

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").PoolInfo} PoolInfo */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const SIDE = 92; // px of the picture

/**
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function createPool(ctx, signal) {
  const { t, store, acts } = ctx;
  /** @type {{info: UnitInfo, manifest: Manifest}|null} */
  let shown = null;
  const unitAt = (/** @type {number} */ cell) =>
    shown && cell >= 0 ? candidate(shown.info, shown.manifest, cell) : null;
  const plate = createPlate(t("inspector.candidates"), SIDE, {
    point: (_, cell) => store.set({ hover: unitAt(cell) }),
    pick: (_, cell) => store.set({ pin: unitAt(cell), hover: null }),
    signal,
  });
  const winner = h("i", { class: "cell winner", hidden: true });
  plate.element.append(winner);
  const ramp = h("span", { class: "ramp" });
  const rangeText = h("span");
  const legend = h("div", { class: "legend", "aria-hidden": "true" }, ramp, rangeText);
  const grid = h("div", { class: "candidates", role: "list", "aria-label": t("inspector.candidates") });
  const lines = createLines();
  const element = h(
    "div",
    { class: "arithmetic pool" },
    h("div", { class: "pool-picture" }, h("div", {}, plate.element, legend), grid),
    lines.element,
  );

  store.subscribe((s, prev) => {
    if (s.hover !== prev.hover) point();
  }, signal);

  function point() {
    const { hover } = store.get();
    if (!shown?.info.pool) return;
    const at = hover ? shown.info.pool.positions.findIndex((_, i) => isUnit(unitAt(i), hover)) : -1;
    plate.mark(at >= 0 ? 0 : -1, at);
  }

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function update(info, manifest) {
    shown = { info, manifest };
    const pool = /** @type {PoolInfo} */ (info.pool);
    const { w, rows } = windowOf(pool);
    const from = manifest.layers[manifest.layers[info.layer].inputs[0]];
    const { lo, hi } = acts.range(from.index, info.channel, store.get().scope);
    const most = from.signed ? Math.max(Math.abs(lo), Math.abs(hi)) || 1 : hi;
    const low = from.signed ? -most : lo;
    plate.paint({ tiles: [pool.inputs], h: rows, w, columns: 1, signed: from.signed, lo: low, hi: most });
    ramp.classList.toggle("signed", from.signed);
    rangeText.textContent = range(low, most);
    placeWinner(winner, pool.winner, w, rows);
    showNumbers(pool, w);
    lines.update(poolLines(t, info, manifest));
    point();
  }

  /** @param {PoolInfo} pool @param {number} w */
  function showNumbers(pool, w) {
    if (!shown) return;
    const { info, manifest } = shown;
    grid.style.setProperty("--columns", String(w));
    if (grid.childElementCount !== pool.inputs.length) {
      fill(
        grid,
        ...pool.inputs.map((_, i) => {
          const pin = () => store.set({ pin: unitAt(i), hover: null });
          const show = () => store.set({ hover: unitAt(i) });
          const hide = () => store.set({ hover: null });
          const on = { click: pin, pointerenter: show, pointerleave: hide, focus: show, blur: hide };
          return h("div", { role: "listitem" }, h("button", { class: "num", type: "button", on, signal }));
        }),
      );
    }
    [...grid.querySelectorAll("button")].forEach((button, i) => {
      const won = i === pool.winner;
      button.textContent = operand(pool.inputs[i]);
      button.title = exact(pool.inputs[i]);
      button.classList.toggle("won", won);
      const name = unitName(candidate(info, manifest, i), manifest);
      button.setAttribute(
        "aria-label",
        `${name}: ${operand(pool.inputs[i])}${won ? `, ${t("inspector.wins")}` : ""}`,
      );
    });
  }

  return { element, update };
}

/** @param {UnitRef|null} a @param {UnitRef} b */
const isUnit = (a, b) =>
  a !== null && a.layer === b.layer && a.channel === b.channel && a.y === b.y && a.x === b.x;

/**
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @param {number} i
 * @returns {UnitRef}
 */
function candidate(info, manifest, i) {
  const [y, x] = /** @type {PoolInfo} */ (info.pool).positions[i];
  return { layer: manifest.layers[info.layer].inputs[0], channel: info.channel, y, x };
}

/** @param {PoolInfo} pool */
function windowOf(pool) {
  const columns = pool.positions.map(([, x]) => x);
  const w = Math.max(...columns) - Math.min(...columns) + 1;
  return { w, rows: Math.ceil(pool.inputs.length / w) };
}

/**
 * @param {HTMLElement} ring
 * @param {number|null} winner
 * @param {number} w
 * @param {number} rows
 */
function placeWinner(ring, winner, w, rows) {
  ring.hidden = winner === null;
  if (winner === null) return;
  ring.style.setProperty("inset-inline-start", `${((winner % w) / w) * 100}%`);
  ring.style.setProperty("inset-block-start", `${(Math.floor(winner / w) / rows) * 100}%`);
  ring.style.setProperty("inline-size", `${100 / w}%`);
  ring.style.setProperty("block-size", `${100 / rows}%`);
}

/**
 * @param {import("../types.js").Translate} t
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @returns {import("./inspector_lines.js").Line[]}
 */
function poolLines(t, info, manifest) {
  const pool = /** @type {PoolInfo} */ (info.pool);
  if (pool.kind === "max") {
    const at = unitName(candidate(info, manifest, pool.winner ?? 0), manifest);
    return [
      {
        words: [t("inspector.max_of", { count: pool.inputs.length, unit: at })],
        figure: operand(info.value),
        exact: exact(info.value),
        total: true,
      },
    ];
  }
  const sum = pool.sum ?? 0;
  const weight = pool.coefficient ?? 1;
  const count = t("inspector.sum_of", { count: pool.inputs.length });
  const inputs = printSum(pool.inputs, sum);
  /** @type {import("./inspector_lines.js").Line[]} */
  const lines = [
    { words: [t("inspector.rounding")], figure: inputs.rounding },
    { words: [count], figure: inputs.total, exact: exact(sum) },
    {
      words: [t(pool.kind === "average" ? "inspector.share" : "inspector.coefficient")],
      figure: `× ${plain(weight)}`,
      exact: exact(weight),
    },
  ];
  if (pool.kind === "average" || pool.bias === null) {
    lines.push({
      words: [t("inspector.mean")],
      figure: operand(info.value),
      exact: exact(info.value),
      total: true,
    });
    return lines;
  }
  const [printed] = printSums([{ addends: [sum * weight, pool.bias], total: info.pre ?? info.value }]);
  lines.push(
    {
      words: [t("inspector.scaled")],
      figure: printed.addends[0],
      exact: exact(Math.fround(sum * weight)),
      total: true,
    },
    { words: withLetter(t("inspector.bias"), "b"), figure: printed.addends[1], exact: exact(pool.bias) },
    { words: [t("inspector.rounding")], figure: printed.rounding },
    {
      words: withLetter(t("inspector.pre"), "s"),
      figure: printed.total,
      exact: exact(info.pre ?? info.value),
      total: true,
    },
  );
  return lines;
}

/**
 * The input unit: (raw/255) · 1.275 − 0.1 = x.
 * @param {ViewContext} ctx
 */
export function createInput({ t }) {
  const formula = h("p", { class: "formula" });
  const worked = h("p", { class: "num worked" });
  const lines = createLines();
  const element = h("div", { class: "arithmetic" }, formula, worked, lines.element);
  return {
    element,
    /** @param {UnitInfo} info @param {Manifest} manifest */
    update(info, manifest) {
      const { scale, offset, text } = manifest.input;
      const raw = rawOf(info.value, manifest);
      const parts = text
        .replace("raw/255", "(raw/255)")
        .replace("·", " · ")
        .split(/(x|raw)/);
      fill(formula, ...parts.map(part => (/^(x|raw)$/.test(part) ? h("i", { class: "math" }, part) : part)));
      const times = scale === 1 ? "" : ` · ${exact(scale)}`;
      const less = offset === 0 ? "" : ` ${offset < 0 ? "−" : "+"} ${exact(Math.abs(offset))}`;
      worked.textContent = `(${raw}/255)${times}${less} = ${exact(info.value)}`;
      lines.update([
        { words: [t("inspector.raw")], figure: String(raw) },
        {
          words: withLetter(t("inspector.value"), "x"),
          figure: exact(info.value),
          total: true,
        },
      ]);
    },
  };
}

/** For the closed sheet of a phone. @param {UnitInfo} info @param {Manifest} manifest */
export function poolLine(info, manifest) {
  const kind = kindOf(info, manifest);
  if (kind === "input") return `${rawOf(info.value, manifest)}/255 → ${plain(info.value)}`;
  const inputs = info.pool?.inputs.map(value => plain(value, 2)).join(", ") ?? "";
  return `${kind === "max" ? "max" : "Σ"} (${inputs}) → ${plain(info.value)}`;
}
