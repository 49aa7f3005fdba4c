// The confusion matrix of the current net, as a dialog. A cell puts such a digit on the pad.

import { fill, h, icon } from "../dom.js";
import { num, percent } from "../i18n.js";
import { colour } from "../scene/ramps.js";

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {HTMLElement} root data-view="confusion"; opened by the act "confusion"
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountConfusion(root, ctx) {
  const life = new AbortController();
  const { signal } = life;
  ctx.signal.addEventListener("abort", () => life.abort(), { signal });
  const title = h("h2", { id: "confusion-title" }, ctx.t("confusion.title"));
  const body = h("div", { class: "col" });
  const dialog = h("dialog", { class: "dialog confusion", "aria-labelledby": "confusion-title" });
  const close = h(
    "button",
    {
      class: "btn icon quiet",
      type: "button",
      "aria-label": ctx.t("confusion.close"),
      on: { click: () => dialog.close() },
      signal,
    },
    icon("close"),
  );
  fill(dialog, h("div", { class: "row between" }, title, close), body);
  root.append(dialog);

  const open = () => {
    const { manifest } = ctx.store.get();
    if (!manifest || dialog.open) return;
    fill(
      body,
      content(manifest, ctx, () => dialog.close()),
    );
    dialog.showModal();
  };
  dialog.addEventListener(
    "click",
    event => {
      if (event.target === dialog) dialog.close(); // the backdrop
    },
    { signal },
  );
  dialog.addEventListener("keydown", event => event.stopPropagation(), { signal }); // Space does not play the run
  ctx.bus.on("confusion", open, signal);
  ctx.store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest) dialog.close();
  }, signal);
  return () => {
    life.abort();
    dialog.remove();
  };
}

/**
 * @param {Manifest} manifest
 * @param {ViewContext} ctx
 * @param {() => void} close
 * @returns {HTMLElement[]}
 */
function content(manifest, ctx, close) {
  const { confusion } = manifest;
  if (!confusion) return [h("p", { class: "cap" }, ctx.t("confusion.none"))];
  const { right, wrong, worst } = count(confusion);
  const summary = ctx.t("confusion.summary", {
    model: manifest.title,
    right,
    wrong,
    accuracy: percent(right / (right + wrong)),
  });
  const legend = h(
    "p",
    { class: "legend" },
    ctx.t("confusion.legend"),
    h("span", { class: "num" }, 0),
    h("span", { class: "ramp" }),
    h("span", { class: "num" }, num(worst)),
  );
  return [
    h("p", {}, summary),
    h("p", { class: "cap" }, ctx.t("confusion.how")),
    h("div", { class: "confusion-scroll" }, matrix(manifest, confusion, worst, ctx, close)),
    legend,
  ];
}

/**
 * @param {number[][]} confusion rows = true class, columns = answer
 * @returns {{right: number, wrong: number, worst: number}} worst = largest count off the diagonal
 */
export function count(confusion) {
  let right = 0;
  let wrong = 0;
  let worst = 0;
  for (const [label, row] of confusion.entries()) {
    for (const [answer, n] of row.entries()) {
      if (label === answer) {
        right += n;
      } else {
        wrong += n;
        worst = Math.max(worst, n);
      }
    }
  }
  return { right, wrong, worst };
}

/**
 * @param {Manifest} manifest
 * @param {number[][]} confusion
 * @param {number} worst
 * @param {ViewContext} ctx
 * @param {() => void} close
 */
function matrix(manifest, confusion, worst, ctx, close) {
  const { labels } = manifest.head;
  const head = h(
    "tr",
    {},
    h(
      "th",
      { scope: "col", class: "confusion-corner" },
      `${ctx.t("confusion.is")} \\ ${ctx.t("confusion.says")}`,
    ),
    labels.map(label => h("th", { scope: "col" }, label)),
    h("th", { scope: "col" }, ctx.t("confusion.total")),
  );
  const rows = confusion.map((row, label) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, labels[label]),
      row.map((n, answer) => h("td", {}, cell(n, label, answer, worst, manifest, ctx, close))),
      h("td", { class: "num dim" }, num(row.reduce((sum, n) => sum + n, 0))),
    ),
  );
  const table = h("table", { class: "confusion-table" }, h("thead", {}, head), h("tbody", {}, rows));
  attachArrows(table);
  return table;
}

/**
 * A count as a button. The diagonal stays plain, so that the few errors show; a cell with
 * no digit in it is no button.
 * @param {number} n
 * @param {number} label
 * @param {number} answer
 * @param {number} worst
 * @param {Manifest} manifest
 * @param {ViewContext} ctx
 * @param {() => void} close
 * @returns {HTMLElement}
 */
function cell(n, label, answer, worst, manifest, ctx, close) {
  if (n === 0) return h("span", { class: "num dim" }, 0);
  const { labels } = manifest.head;
  const name =
    label === answer
      ? ctx.t("confusion.right", { count: n, label: labels[label] })
      : ctx.t("confusion.cell", { count: n, label: labels[label], answer: labels[answer] });
  const button = h(
    "button",
    {
      class: "num",
      type: "button",
      "aria-label": name,
      title: name,
      tabindex: label === 0 && answer === 0 ? 0 : -1,
      on: {
        click: () => {
          close();
          ctx.bus.emit("digit", { model: manifest.model, class: label, answer });
        },
      },
    },
    num(n),
  );
  if (label !== answer) {
    const level = n / worst;
    button.style.backgroundColor = `rgb(${colour(level, false).join(" ")})`;
    button.dataset.ink = level < 0.5 ? "light" : "dark";
  }
  return button;
}

/**
 * One cell is in the tab order; arrows walk to the next cell that has digits.
 * @param {HTMLTableElement} table
 */
function attachArrows(table) {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  table.addEventListener("keydown", event => {
    const from = /** @type {HTMLElement} */ (event.target).closest("td");
    if (!from || !(event.key in steps)) return;
    const [dy, dx] = steps[/** @type {keyof typeof steps} */ (event.key)];
    const row = /** @type {HTMLTableRowElement} */ (from.parentElement);
    let y = row.rowIndex + dy;
    let x = from.cellIndex + dx;
    while (table.rows[y]?.cells[x]) {
      const next = table.rows[y].cells[x].querySelector("button");
      if (next) {
        table.querySelector("button[tabindex='0']")?.setAttribute("tabindex", "-1");
        next.tabIndex = 0;
        next.focus();
        break;
      }
      y += dy;
      x += dx;
    }
    event.preventDefault();
  });
}
