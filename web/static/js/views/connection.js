// The lost server: a banner with a countdown and "Try now", and a word when it is back; or
// the reason why the server refuses the page. The last picture stays, greyed by the layout.

import { fill, h, icon } from "../dom.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */
/** @typedef {import("../types.js").ServerError} ServerError */

const TICK_MS = 250;
const RECENT_MS = 2000; // an error this shortly before the end is its reason

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountConnection(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store, client, bus, t } = ctx;
  root.classList.add("connection");
  const when = h("span", { class: "when", "aria-hidden": "true" }); // not said every second
  const button = h("button", { class: "btn sm", type: "button", on: { click: again }, signal });
  const said = h("span", { role: "alert" });
  const words = h("span", { class: "grow" }, said, " ", when);
  const banner = h("div", { class: "toast warn banner", hidden: true }, icon("plug"), words, button);
  fill(root, banner);
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let ticking;
  /** @type {{error: ServerError, at: number}|null} */
  let latest = null;
  /** @type {ServerError|null} */
  let refusal = null;

  function again() {
    if (refusal)
      location.reload(); // a newer page speaks the server's language
    else client.retry();
  }

  function count() {
    const at = client.retryAt();
    const seconds = Math.ceil((at - performance.now()) / 1000);
    when.textContent = at > 0 && seconds > 0 ? t("lost.in", { seconds }) : t("lost.trying");
  }

  /** Where no attempt is planned, the server has refused the page: its reason stands here. */
  function judge() {
    const recent = latest && performance.now() - latest.at < RECENT_MS;
    refusal = recent && latest && client.retryAt() === 0 ? latest.error : null;
    said.textContent = refusal ? refusal.message : t("lost.text");
    when.textContent = refusal?.hint ?? "";
    button.textContent = t(refusal ? "lost.reload" : "lost.retry");
    if (refusal) return;
    count();
    ticking = setInterval(count, TICK_MS);
  }

  /** @param {boolean} lost */
  function show(lost) {
    if (lost === !banner.hidden) return;
    banner.hidden = !lost;
    clearInterval(ticking);
    if (lost) {
      said.textContent = "";
      queueMicrotask(judge); // the client says after this when it tries again
    } else {
      bus.emit("toast", { text: t("lost.back"), icon: "plug" });
    }
  }

  client.onError(error => {
    latest = { error, at: performance.now() };
  }, signal);
  store.subscribe((s, prev) => {
    if (s.connection === prev.connection) return;
    if (s.connection === "lost") show(true);
    if (s.connection === "open") show(false);
  }, signal);
  if (store.get().connection === "lost") show(true);
  return () => {
    life.abort();
    clearInterval(ticking);
  };
}
