// The lost server: a banner with a countdown and "Try now", and a word when it is back.
// The last picture stays, greyed by the layout.

import { fill, h, icon } from "../dom.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */

const TICK_MS = 250;

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
  const retry = h(
    "button",
    { class: "btn sm", type: "button", on: { click: () => client.retry() } },
    t("lost.retry"),
  );
  const said = h("span", { role: "alert" });
  const banner = h(
    "div",
    { class: "toast warn banner", hidden: true },
    icon("plug"),
    h("span", { class: "grow" }, said, " ", when),
    retry,
  );
  fill(root, banner);
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let ticking;

  function count() {
    const at = client.retryAt();
    const seconds = Math.ceil((at - performance.now()) / 1000);
    when.textContent = at > 0 && seconds > 0 ? t("lost.in", { seconds }) : t("lost.trying");
  }

  /** @param {boolean} lost */
  function show(lost) {
    if (lost === !banner.hidden) return;
    banner.hidden = !lost;
    said.textContent = lost ? t("lost.text") : "";
    clearInterval(ticking);
    if (lost) {
      count();
      ticking = setInterval(count, TICK_MS);
    } else {
      bus.emit("toast", { text: t("lost.back"), icon: "plug" });
    }
  }

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
