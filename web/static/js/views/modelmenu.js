// Choice among the nets: the drawing stays.

import { must } from "../dom.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountModelmenu(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store } = ctx;
  const title = must(root, "h2");
  const button = must(root, ".open");
  const list = must(root, "[role=listbox]");
  const options = /** @type {HTMLElement[]} */ ([...list.children]);
  const titleOf = (/** @type {HTMLElement} */ option) => option.querySelector("b")?.textContent ?? "";

  function show() {
    const { model } = store.get();
    for (const option of options) {
      const chosen = option.dataset.name === model;
      option.setAttribute("aria-selected", String(chosen));
      if (chosen) title.textContent = titleOf(option);
    }
  }

  /** @param {boolean} open @param {boolean} [refocus] */
  function toggle(open, refocus = true) {
    if (open === !list.hidden) return;
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    const chosen = options.find(option => option.getAttribute("aria-selected") === "true");
    if (open) (chosen ?? options[0])?.focus();
    else if (refocus) button.focus();
  }

  /** @param {EventTarget|null} target */
  function choose(target) {
    const option = options.find(one => one.contains(/** @type {Node} */ (target)));
    if (!option) return;
    toggle(false);
    store.set({ model: option.dataset.name });
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const at = options.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const ways = /** @type {Record<string, number>} */ ({
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: options.length - 1,
    });
    const to = ways[event.key] ?? typed(options.map(titleOf), event.key, at);
    if (event.key === "Escape" || event.key === "Tab") toggle(false);
    else if (event.key === "Enter" || event.key === " ") choose(event.target);
    else if (to >= 0) options[Math.min(options.length - 1, to)]?.focus();
    else if (!(event.key in ways)) return;
    event.stopPropagation();
    if (event.key !== "Tab") event.preventDefault();
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
  list.addEventListener("keydown", key, { signal });
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
    if (s.model !== prev.model) show();
  }, signal);
  show();
  return () => life.abort();
}

/**
 * The next title that starts with a letter, after the one that has the focus; −1 for none.
 * @param {string[]} titles
 * @param {string} letter
 * @param {number} from
 */
function typed(titles, letter, from) {
  if (letter.length !== 1 || letter === " ") return -1;
  const order = titles.map((_, i) => (from + 1 + i) % titles.length);
  return order.find(i => titles[i].toLowerCase().startsWith(letter.toLowerCase())) ?? -1;
}
