// Choice among the nets: the drawing stays.

import { fill, h, icon } from "../dom.js";
import { percent } from "../i18n.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * One net of GET /api/models.
 * @typedef {object} Net
 * @property {string} name
 * @property {string} title
 * @property {number} units
 * @property {number} params
 * @property {number} accuracy 0…1
 * @property {string} summary
 */

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountModelmenu(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store, t, bus } = ctx;
  root.classList.add("modelmenu");
  const title = h("h2", { id: "net-title" });
  const button = h(
    "button",
    {
      class: "open",
      type: "button",
      "aria-label": t("model.choose"),
      "aria-describedby": "net-title",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": "net-list",
    },
    icon("down", "small"),
  );
  const list = h("ul", {
    class: "menu nets",
    id: "net-list",
    role: "listbox",
    "aria-label": t("model.choose"),
    hidden: true,
  });
  fill(root, title, button, list);
  /** @type {Net[]} */
  let nets = [];

  const options = () => /** @type {HTMLElement[]} */ ([...list.children]);

  async function load() {
    const response = await fetch("/api/models", { signal });
    if (!response.ok) throw new Error(String(response.status));
    nets = await response.json();
    fill(list, ...nets.map(net => optionOf(net)));
    show();
  }

  /** @param {Net} net */
  function optionOf(net) {
    const facts = t("model.facts", { units: net.units, params: net.params, accuracy: percent(net.accuracy) });
    return h(
      "li",
      { role: "option", tabindex: "-1", "aria-selected": "false", data: { name: net.name } },
      h("b", {}, net.title),
      h("small", { class: "num-line" }, facts),
      h("small", {}, net.summary),
    );
  }

  function show() {
    const { manifest, model } = store.get();
    const chosen = nets.find(net => net.name === model);
    title.textContent = chosen?.title ?? (manifest?.model === model ? manifest.title : "");
    for (const option of options())
      option.setAttribute("aria-selected", String(option.dataset.name === model));
  }

  /** @param {boolean} open @param {boolean} [refocus] */
  function toggle(open, refocus = true) {
    if (open === !list.hidden) return;
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) (options().find(option => option.ariaSelected === "true") ?? options()[0])?.focus();
    else if (refocus) button.focus();
  }

  /** @param {EventTarget|null} target */
  function choose(target) {
    const option = /** @type {HTMLElement|null} */ (
      /** @type {Element} */ (target).closest?.("[role=option]")
    );
    if (!option) return;
    toggle(false);
    store.set({ model: option.dataset.name });
  }

  button.addEventListener("click", () => toggle(list.hidden === true), { signal });
  button.addEventListener(
    "keydown",
    event => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      toggle(true);
    },
    { signal },
  );
  list.addEventListener("click", event => choose(event.target), { signal });
  list.addEventListener(
    "keydown",
    event => {
      const all = options();
      const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      const to =
        { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key] ??
        typed(event.key, at);
      if (event.key === "Escape") toggle(false);
      else if (event.key === "Enter" || event.key === " ") choose(event.target);
      else if (event.key === "Tab") toggle(false);
      else if (to !== null) all[Math.min(all.length - 1, Math.max(0, to))]?.focus();
      else return;
      event.stopPropagation();
      if (event.key !== "Tab") event.preventDefault();
    },
    { signal },
  );

  /** The next net whose title starts with a letter. @param {string} key @param {number} from */
  function typed(key, from) {
    if (key.length !== 1 || key === " ") return null;
    const order = nets.map((_, i) => (from + 1 + i) % nets.length);
    return order.find(i => nets[i].title.toLowerCase().startsWith(key.toLowerCase())) ?? null;
  }

  root.addEventListener(
    "focusout",
    event => {
      const to = /** @type {Node|null} */ (event.relatedTarget);
      if (to && !root.contains(to)) toggle(false, false);
    },
    { signal },
  );
  document.addEventListener(
    "pointerdown",
    event => {
      if (!root.contains(/** @type {Node} */ (event.target))) toggle(false, false);
    },
    { signal },
  );
  store.subscribe((s, prev) => {
    if (s.model !== prev.model || s.manifest !== prev.manifest) show();
  }, signal);
  show();
  load().catch(() => {
    if (!signal.aborted) bus.emit("toast", { text: t("model.unlisted"), kind: "warn" });
  });
  return () => life.abort();
}
