// Search for layers and units: "C3 8 5 4". A combobox in a dialog.

import { find } from "../explain/find.js";
import { plain } from "../explain/format.js";
import { deedOf, layerName, shapeText, unitName } from "../explain/words.js";
import { fill, h, icon } from "../dom.js";
import { closeOutside } from "./keys_help.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */
/** @typedef {import("../explain/find.js").Found} Found */

const MOST = 12; // results in sight

/**
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function createSearch(ctx, signal) {
  const { store, acts, bus, t } = ctx;
  const input = h("input", {
    type: "text",
    role: "combobox",
    "aria-label": t("search.label"),
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": "search-list",
    placeholder: t("search.hint"),
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "go",
  });
  const list = h("ul", { id: "search-list", role: "listbox", "aria-label": t("search.results") });
  const none = h("p", { class: "cap", role: "status" });
  const close = h(
    "button",
    {
      class: "btn icon quiet sm",
      type: "button",
      "aria-label": t("keys.close"),
      on: { click: () => dialog.close() },
      signal,
    },
    icon("close"),
  );
  const dialog = h(
    "dialog",
    { class: "dialog search menu", "aria-label": t("search.label") },
    h("div", { class: "row" }, h("label", { class: "field grow" }, icon("search"), input), close),
    list,
    none,
  );
  closeOutside(dialog, signal);
  /** @type {Found[]} */
  let found = [];
  let active = 0;

  function show() {
    const { manifest } = store.get();
    found = manifest ? find(input.value, manifest).slice(0, MOST) : [];
    active = 0;
    fill(list, ...found.map((one, i) => optionOf(one, i)));
    none.textContent = found.length > 0 ? "" : t("search.none");
    mark();
  }

  /** @param {Found} one @param {number} i */
  function optionOf({ layer, ref }, i) {
    const manifest = /** @type {import("../types.js").Manifest} */ (store.get().manifest);
    const about = manifest.layers[layer];
    const name = ref ? unitName(ref, manifest) : layerName(about, manifest);
    const side = ref ? plain(acts.value(ref)) : `${deedOf(about)}, ${shapeText(about)}`;
    return h(
      "li",
      { role: "option", id: `search-${i}`, "aria-selected": "false", on: { click: () => choose(i) } },
      h("b", { class: "grow" }, name),
      h("span", { class: ref ? "num" : "dim" }, side),
    );
  }

  function mark() {
    [...list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === active));
    });
    list.children[active]?.scrollIntoView({ block: "nearest" });
    if (found.length > 0) input.setAttribute("aria-activedescendant", `search-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} i */
  function choose(i) {
    const one = found[i];
    if (!one) return;
    dialog.close();
    if (one.ref) store.set({ pin: one.ref, hover: null });
    bus.emit("layer", one.layer);
  }

  input.addEventListener("input", show, { signal });
  input.addEventListener(
    "keydown",
    event => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        active = (active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(1, found.length);
        mark();
      } else if (event.key === "Enter" && !event.isComposing) {
        choose(active);
      } else {
        return;
      }
      event.preventDefault();
    },
    { signal },
  );

  return {
    dialog,
    open() {
      if (dialog.open) return;
      input.value = "";
      show();
      dialog.showModal();
      input.focus();
    },
    reset() {
      if (dialog.open) show();
    },
  };
}
