// The keyboard of the page: the run, the layers, the search, the help.

import { strongestOf, strongestUnit } from "../explain/stats.js";
import { windowUnit } from "../scene/play.js";
import { createHelp } from "./keys_help.js";
import { createSearch } from "./keys_search.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */
/** @typedef {import("../types.js").UnitRef} UnitRef */

const DIGITS_MS = 900; // digits typed this soon after each other are one number

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountKeys(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store, bus } = ctx;
  const help = createHelp(ctx, signal);
  const search = createSearch(ctx, signal);
  root.replaceChildren(help.dialog, search.dialog);
  bus.on("keys", () => help.open(), signal);
  bus.on("search", () => search.open(), signal);
  const typeDigit = createDigits(ctx);

  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const acts = {
    "?": () => help.open(),
    "/": () => search.open(),
    " ": () => bus.emit("play"),
    ArrowLeft: event => bus.emit(event.shiftKey ? "nudge" : "step", -1),
    ArrowRight: event => bus.emit(event.shiftKey ? "nudge" : "step", 1),
    ArrowUp: () => leave(ctx),
    ArrowDown: () => enter(ctx),
    Home: () => bus.emit("seek", 0),
    End: () => bus.emit("seek", -1),
  };

  document.addEventListener(
    "keydown",
    event => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]") || takesKeys(event)) return;
      if (event.key === "Escape") {
        if (!goBack(ctx)) return;
      } else if (/^\d$/.test(event.key)) {
        typeDigit(event);
      } else if (Object.hasOwn(acts, event.key)) {
        acts[event.key](event);
      } else {
        return;
      }
      event.preventDefault();
    },
    { signal },
  );

  store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest) search.reset();
  }, signal);
  return () => life.abort();
}

/**
 * Whether the focused control means this key for itself.
 * @param {KeyboardEvent} event
 */
function takesKeys(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (!target.closest || event.key === "Escape") return false;
  if (target.isContentEditable || target.closest("input:not([type=checkbox]), textarea, select")) return true;
  if (event.key === " ")
    return target.closest("button, a, summary, input, [role=option], [role=switch]") !== null;
  const moves = /^(Arrow|Home|End)/.test(event.key);
  return (
    moves &&
    target.closest(
      "[role=radiogroup], [role=menu], [role=listbox], [role=grid], [tabindex='0'][role=group], .twin",
    ) !== null
  );
}

/**
 * Leaves what is innermost: the run, then the pinned unit.
 * @param {ViewContext} ctx
 * @returns {boolean} whether there was anything to leave
 */
function goBack(ctx) {
  const { store } = ctx;
  const { play, pin, hover } = store.get();
  if (play) store.set({ play: null });
  else if (pin) leave(ctx);
  else if (hover) store.set({ hover: null });
  else return false;
  return true;
}

/** @param {ViewContext} ctx */
function leave({ store }) {
  if (!store.get().pin) return;
  store.set({ pin: null, hover: null });
  /** @type {HTMLElement|null} */ (document.querySelector("[data-view=stage] canvas"))?.focus({
    preventScroll: true,
  });
}

/** Pins the unit that is being computed, else the strongest of the layer. @param {ViewContext} ctx */
function enter({ store, acts }) {
  const { manifest, play } = store.get();
  if (!manifest) return;
  const layer = manifest.layers[hereOf(store.get())];
  const made = play && play.layer === layer.index ? windowUnit(layer, play.window) : null;
  store.set({ pin: made ?? strongestOf(acts, layer), hover: null });
}

/** The layer that is looked at. @param {Readonly<import("../types.js").AppState>} s */
function hereOf({ play, layer, pin, manifest }) {
  const last = (manifest?.layers.length ?? 1) - 1;
  return Math.min(last, play?.layer ?? layer ?? pin?.layer ?? last);
}

/**
 * Digits jump to a channel of the layer: the same place of another map, or its strongest unit.
 * @param {ViewContext} ctx
 * @returns {(event: KeyboardEvent) => void}
 */
function createDigits({ store, acts }) {
  let typed = "";
  let last = -DIGITS_MS; // ms, when the key was pressed
  return ({ key: digit, timeStamp: now }) => {
    const { manifest, pin } = store.get();
    if (!manifest) return;
    const layer = manifest.layers[hereOf(store.get())];
    typed = now - last < DIGITS_MS ? typed + digit : digit;
    last = now;
    if (Number(typed) >= layer.shape[0]) typed = digit;
    const channel = Number(typed);
    if (channel >= layer.shape[0]) return;
    const beside = pin?.layer === layer.index ? { ...pin, channel } : strongestUnit(acts, layer, channel);
    store.set({ pin: beside, hover: null });
  };
}
