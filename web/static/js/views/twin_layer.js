// One layer of the text twin: facts, statistics, and a table of exact numbers on demand.

import { plain } from "../explain/format.js";
import { channelValues, stats } from "../explain/stats.js";
import { channelName, deedOf, layerName, shapeText, unitName } from "../explain/words.js";
import { fill, h } from "../dom.js";
import { num, percent } from "../i18n.js";
import { sameUnit } from "../net/units.js";

/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const ROW = 10; // units of a vector in a row of the table

/**
 * @param {ViewContext} ctx
 * @param {Layer} layer
 * @param {Manifest} manifest
 * @param {AbortSignal} signal
 */
export function createLayer(ctx, layer, manifest, signal) {
  const { store, acts, t } = ctx;
  const [c, height, w] = layer.shape;
  const name = layerName(layer, manifest);
  const count = t("stage.units", { units: num(c * height * w) });
  const facts = [height * w > 1 ? `${shapeText(layer)}, ${count}` : count];
  if (layer.params > 0) facts.push(t("thread.params", { count: layer.params }));
  if (layer.connections > 0) facts.push(t("twin.connections", { count: layer.connections }));
  const measures = h("p", { class: "cap" });
  const table = createTable(ctx, layer, manifest, signal);
  const select = h(
    "select",
    { class: "field", "aria-label": t("twin.map", { layer: name }) },
    ...Array.from({ length: c }, (_, channel) =>
      h("option", { value: channel }, channelName(layer.index, channel, manifest)),
    ),
  );
  const details = h(
    "details",
    {},
    h("summary", {}, t("twin.numbers", { layer: name })),
    c > 1 && height * w > 1 && select,
    table.element,
  );
  const element = h(
    "section",
    { class: "layer" },
    h("h3", {}, `${name}: ${deedOf(layer)}`),
    h("p", { class: "cap" }, facts.join(" · ")),
    measures,
    details,
  );

  select.addEventListener("change", () => table.update(Number(select.value)), { signal });
  details.addEventListener(
    "toggle",
    () => {
      if (details.open) table.update(Number(select.value));
    },
    { signal },
  );
  store.subscribe((s, prev) => {
    if (s.pin === prev.pin || s.pin?.layer !== layer.index) return;
    select.value = String(height * w > 1 ? s.pin.channel : 0);
    if (details.open) table.update(Number(select.value));
  }, signal);
  if (store.get().pin?.layer === layer.index) select.value = String(store.get().pin?.channel ?? 0);

  return {
    element,
    update() {
      const values = Array.from({ length: c }, (_, channel) => [
        ...channelValues(acts, layer, channel),
      ]).flat();
      const { min, max, mean, deviation, zeros, count } = stats(values);
      const text = {
        min: plain(min, 3),
        max: plain(max, 3),
        mean: plain(mean, 3),
        deviation: plain(deviation, 3),
        zeros: percent(zeros / count, 1),
      };
      measures.textContent = t("twin.stats", text);
      if (details.open) table.update(Number(select.value));
    },
  };
}

/**
 * Numbers of a map, or of a vector in rows of ten, as a grid: arrows move, Enter pins.
 * @param {ViewContext} ctx
 * @param {Layer} layer
 * @param {Manifest} manifest
 * @param {AbortSignal} signal
 */
function createTable(ctx, layer, manifest, signal) {
  const { store, t } = ctx;
  const [c, height, w] = layer.shape;
  const vector = height * w === 1;
  const columns = vector ? Math.min(c, ROW) : w;
  const rows = vector ? Math.ceil(c / columns) : height;
  const cells = Array.from({ length: vector ? c : height * w }, () =>
    h("td", { role: "gridcell", tabindex: "-1", class: "num" }),
  );
  const caption = h("caption", { class: "for-reader" });
  const head = h(
    "tr",
    { role: "row" },
    h("td"),
    ...Array.from({ length: columns }, (_, x) => h("th", { scope: "col" }, x)),
  );
  const body = Array.from({ length: rows }, (_, y) =>
    h(
      "tr",
      { role: "row" },
      h("th", { scope: "row" }, vector ? y * columns : y),
      ...cells.slice(y * columns, (y + 1) * columns),
    ),
  );
  const table = h(
    "table",
    { role: "grid", class: "numbers" },
    caption,
    h("thead", {}, head),
    h("tbody", {}, ...body),
  );
  const element = h("div", { class: "numbers-box" }, table);
  let channel = 0;

  /** @param {number} i @returns {UnitRef} */
  const refOf = i =>
    vector
      ? { layer: layer.index, channel: i, y: 0, x: 0 }
      : { layer: layer.index, channel, y: Math.floor(i / w), x: i % w };
  const indexOf = (/** @type {EventTarget|null} */ target) =>
    cells.indexOf(/** @type {HTMLTableCellElement} */ (target));
  const pin = (/** @type {number} */ i) => {
    if (i >= 0) store.set({ pin: sameUnit(store.get().pin, refOf(i)) ? null : refOf(i) });
  };

  table.addEventListener("click", event => pin(indexOf(event.target)), { signal });
  table.addEventListener(
    "keydown",
    event => {
      const at = indexOf(event.target);
      const to = {
        ArrowLeft: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at - columns,
        ArrowDown: at + columns,
        Home: 0,
        End: cells.length - 1,
      }[event.key];
      if (at < 0 || (to === undefined && event.key !== "Enter")) return;
      event.preventDefault();
      event.stopPropagation();
      if (to === undefined) pin(at);
      else cells[to]?.focus();
    },
    { signal },
  );
  table.addEventListener(
    "focusin",
    event => {
      const at = indexOf(event.target);
      if (at < 0) return;
      for (const [i, cell] of cells.entries()) cell.tabIndex = i === at ? 0 : -1;
      store.set({ hover: refOf(at) });
    },
    { signal },
  );
  table.addEventListener("focusout", () => store.set({ hover: null }), { signal });
  store.subscribe((s, prev) => {
    if (s.pin !== prev.pin) select();
  }, signal);
  cells[0].tabIndex = 0;

  function select() {
    const { pin: pinned } = store.get();
    cells.forEach((cell, i) => {
      cell.setAttribute("aria-selected", String(sameUnit(pinned, refOf(i))));
    });
  }

  /** @param {number} wanted */
  async function update(wanted) {
    channel = vector ? 0 : wanted;
    const area = vector
      ? layerName(layer, manifest)
      : unitName({ layer: layer.index, channel, y: 0, x: 0 }, manifest);
    caption.textContent = t("twin.table", { area });
    select();
    const mine = channel;
    try {
      const values = await exactValues(ctx, layer, manifest, channel);
      if (mine !== channel) return; // another map was chosen meanwhile
      cells.forEach((cell, i) => {
        cell.textContent = plain(values[i], 4);
      });
    } catch {
      if (cells[0].textContent === "") fill(caption, t("inspector.failed")); // else the last numbers stay
    }
  }

  return { element, update };
}

/**
 * The exact values of a map or of a vector.
 * @param {ViewContext} ctx
 * @param {Layer} layer
 * @param {Manifest} manifest
 * @param {number} channel
 * @returns {Promise<number[]>}
 */
async function exactValues({ client, store }, layer, manifest, channel) {
  const [c, height, w] = layer.shape;
  const { answer } = store.get();
  if (height * w > 1)
    return (await client.expand({ layer: layer.index, channel, y: 0, x: 0 }, height, w)).values;
  const reader = manifest.layers.find(later => later.inputs.includes(layer.index));
  if (!reader) return answer?.probabilities ?? answer?.scores ?? new Array(c).fill(0);
  // one question gives all: the inputs of a unit that reads the whole vector
  const info = await client.unit({ layer: reader.index, channel: 0, y: 0, x: 0 });
  return info.terms.flatMap(term => term.inputs);
}
