// What every page has: language, theme, the menu of a phone.

import { must } from "./dom.js";
import { currentTheme, setTheme } from "./theme.js";

/**
 * @param {object} acts
 * @param {(theme: import("./theme.js").Theme) => void} [acts.theme] told after a change
 * @param {() => void} [acts.keys] shows the keyboard shortcuts
 * @param {() => void} [acts.leave] called before the page is left for another language
 * @param {AbortSignal} [acts.signal]
 */
export function mountShell({ theme, keys, leave, signal }) {
  forgetWishes();
  /** @type {HTMLAnchorElement} */
  const language = must(document, '[data-act="language"]');
  language.addEventListener(
    "click",
    event => {
      event.preventDefault();
      leave?.();
      location.assign(inLanguage(language.hreflang));
    },
    { signal },
  );
  must(document, '[data-act="theme"]').addEventListener(
    "click",
    () => {
      const next = currentTheme() === "light" ? "dark" : "light";
      setTheme(next);
      theme?.(next);
    },
    { signal },
  );
  for (const button of document.querySelectorAll('[data-act="keys"]')) {
    button.addEventListener("click", () => keys?.(), { signal });
  }
  mountMenu(signal);
}

/**
 * The address of this state in another language. The hash is dropped on
 * purpose by a plain assignment where only it differs, so it is copied last.
 * @param {string} lang
 */
function inLanguage(lang) {
  const url = new URL(location.href);
  url.searchParams.set("lang", lang);
  return url.href;
}

/**
 * Wishes in the address are in a cookie now. Out of the address, so that a
 * later click on a button is not undone by a reload.
 */
function forgetWishes() {
  const url = new URL(location.href);
  const theme = url.searchParams.get("theme");
  if (!theme && !url.searchParams.has("lang")) return;
  if (theme) setTheme(currentTheme());
  url.searchParams.delete("theme");
  url.searchParams.delete("lang");
  history.replaceState(history.state, "", url);
}

/** @param {AbortSignal} [signal] */
function mountMenu(signal) {
  const button = must(document, '[data-act="menu"]');
  const menu = must(document, ".more > .menu");
  const show = (/** @type {boolean} */ open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(Boolean(menu.hidden)), { signal });
  document.addEventListener(
    "click",
    event => {
      const target = /** @type {Node} */ (event.target);
      if (!menu.hidden && !button.contains(target)) show(false);
    },
    { signal },
  );
  document.addEventListener(
    "keydown",
    event => {
      if (event.key !== "Escape" || menu.hidden) return;
      show(false);
      button.focus();
    },
    { signal },
  );
}
