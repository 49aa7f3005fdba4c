// The text twin of the stage: the same net, unit and numbers as headings, tables and equations.

import { equations } from "../explain/mathml.js";
import { deedOf, layerName, shapeText, unitName } from "../explain/words.js";
import { fill, h } from "../dom.js";
import { sameUnit } from "../net/units.js";
import { createLayer } from "./twin_layer.js";

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const PAUSE_MS = 400; // between two refreshes while one draws

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountTwin(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store, acts, t } = ctx;
  root.classList.add("twin");
  root.tabIndex = -1;
  const title = h("h2");
  const summary = h("p", { class: "cap" });
  const unit = createUnit(ctx);
  const place = h("div", { class: "layers" });
  fill(root, title, summary, unit.element, place);
  /** @type {ReturnType<typeof createLayer>[]} */
  let layers = [];
  /** @type {Manifest|null} */
  let built = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  /** @param {Manifest} manifest */
  function build(manifest) {
    built = manifest;
    layers = manifest.layers.map(layer => createLayer(ctx, layer, manifest, signal));
    fill(place, ...layers.map(layer => layer.element));
  }

  function refresh() {
    timer = undefined;
    const { manifest, text, answer } = store.get();
    if (!text || !manifest) return;
    if (manifest !== built) build(manifest);
    title.textContent = manifest.title;
    const facts = t("twin.facts", {
      units: manifest.units,
      params: manifest.params,
      layers: manifest.layers.length,
    });
    const labels = manifest.head.labels;
    const guess =
      answer && !answer.blank
        ? t("twin.answer", { first: labels[answer.order[0]], second: labels[answer.order[1]] })
        : t("twin.blank");
    summary.textContent = `${facts} ${guess}`;
    for (const layer of layers) layer.update();
    unit.update();
  }

  const soon = () => {
    if (store.get().text) timer ??= setTimeout(refresh, PAUSE_MS);
  };

  /** Brings a layer to the top of the twin; the page itself stays. @param {HTMLElement|undefined} element */
  function scrollTo(element) {
    if (element) root.scrollTop += element.getBoundingClientRect().top - root.getBoundingClientRect().top;
  }

  /** @param {boolean} focus */
  function show(focus) {
    const { text } = store.get();
    root.hidden = !text;
    if (!text) return;
    refresh();
    if (focus) root.focus({ preventScroll: true });
  }

  acts.onChange(soon, signal);
  store.subscribe((s, prev) => {
    if (s.text !== prev.text) show(true);
    else if (s.pin !== prev.pin || s.manifest !== prev.manifest) refresh();
    else if (s.answer !== prev.answer) soon();
    if (s.layer !== prev.layer && s.layer !== null && s.text) scrollTo(layers[s.layer]?.element);
  }, signal);
  show(false);
  return () => {
    life.abort();
    clearTimeout(timer);
  };
}

/**
 * The pinned unit in equations.
 * @param {ViewContext} ctx
 */
function createUnit({ store, client, t }) {
  const title = h("h3");
  const deed = h("p", { class: "cap" });
  const sums = h("div", { class: "equations" });
  const element = h("section", { class: "pinned", hidden: true }, title, deed, sums);
  let busy = false;
  let again = false;

  async function update() {
    const { pin, manifest } = store.get();
    element.hidden = !pin || !manifest;
    if (!pin || !manifest) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const info = await client.unit(pin);
      if (sameUnit(store.get().pin, info) && manifest === store.get().manifest) show(info, manifest);
    } catch {
      // the page says that the server is lost; the last equations stay
    } finally {
      busy = false;
      if (again) {
        again = false;
        void update();
      }
    }
  }

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function show(info, manifest) {
    const layer = manifest.layers[info.layer];
    title.textContent = `${t("inspector.pinned")}: ${unitName(info, manifest)}`;
    deed.textContent = `${layerName(layer, manifest)}: ${deedOf(layer)}, ${shapeText(layer)}`;
    fill(
      sums,
      ...equations(info, manifest, store.get().answer),
      h("p", { class: "cap" }, info.exact ? t("inspector.exact") : ""),
    );
  }

  return { element, update: () => void update() };
}
