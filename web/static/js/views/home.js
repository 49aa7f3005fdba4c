// The home page: a live net, drawn flat, on a real test digit. It runs over the same
// connection as the drawing page; the playhead walks along the thread once the answer is in.

import { drawMiniature } from "../digit/miniature.js";
import { fetchDigit } from "../digit/samples.js";
import { fill, h, must } from "../dom.js";
import { num, percent } from "../i18n.js";
import { layerName } from "../scene/names.js";
import { createStripView } from "./home_strip.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */
/** @typedef {import("../digit/samples.js").TestDigit} TestDigit */

const REST_MS = 6000; // a finished run stays, then the next digit comes
const RETRY_MS = 4000;

/**
 * @param {HTMLElement} root data-page="home"
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountHome(root, ctx) {
  const life = new AbortController();
  const { signal } = life;
  ctx.signal.addEventListener("abort", () => life.abort(), { signal });
  const strip = createStripView(must(root, ".strip-stage"), ctx, signal);
  const { client, store } = ctx;
  /** @type {TestDigit|null} */
  let digit = null;
  let awaited = -1; // run of the digit

  const next = createTurns(root, signal, async () => {
    digit = await fetchDigit({}, signal);
    strip.empty();
    awaited = client.sendInput(digit.greys);
  });
  const come = () => {
    const { answer, manifest } = store.get();
    if (!digit || !manifest || answer?.run !== awaited || strip.running()) return;
    const shown = digit;
    say(root, ctx, shown, false);
    strip.run(answer, () => {
      say(root, ctx, shown, true);
      next.later();
    });
  };
  const line = () => {
    if (store.get().connection === "lost") must(root, ".strip-says").textContent = ctx.t("home.lost");
  };

  store.subscribe((s, prev) => {
    if (s.answer !== prev.answer) come();
    if (s.connection !== prev.connection) line();
    if (s.connection === "open" && prev.connection === "lost") next.now();
    if (s.theme !== prev.theme) strip.paint();
  }, signal);
  attachLegend(must(root, "[data-part=legend]"), strip, ctx, signal);
  must(root, ".strip-says").textContent = ctx.t("home.waiting");
  next.now();
  fillMiniatures(root, signal);
  return () => life.abort();
}

/**
 * When the next digit comes: by the button at once, else by itself after a rest, unless
 * paused, out of sight, or motion is not wanted.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} turn
 */
function createTurns(root, signal, turn) {
  const pause = must(root, "[data-act=pause]");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  const wait = (/** @type {number} */ ms) => {
    clearTimeout(timer);
    if (signal.aborted) return;
    timer = setTimeout(() => {
      if (document.hidden) wait(REST_MS);
      else now();
    }, ms);
  };
  const now = () => {
    clearTimeout(timer);
    turn().catch(() => wait(RETRY_MS)); // no server: the line under the picture says so
  };
  const paused = () => pause.getAttribute("aria-pressed") === "true";
  const later = () => {
    if (!paused()) wait(REST_MS);
  };

  pause.setAttribute("aria-pressed", String(still.matches));
  pause.addEventListener(
    "click",
    () => {
      pause.setAttribute("aria-pressed", String(!paused()));
      if (paused()) clearTimeout(timer);
      else later();
    },
    { signal },
  );
  must(root, "[data-act=another]").addEventListener("click", now, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  return { now, later };
}

/**
 * The sentence under the picture.
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @param {TestDigit} digit
 * @param {boolean} done the run has reached the answer
 */
function say(root, ctx, digit, done) {
  const { answer, manifest } = ctx.store.get();
  if (!answer || !manifest) return;
  const running = ctx.t("home.running", { model: manifest.title, index: digit.index });
  if (!done) {
    must(root, ".strip-says").textContent = running;
    return;
  }
  const best = answer.order[0];
  const right = best === digit.label;
  const words = right
    ? ctx.t("home.is", { digit: manifest.head.labels[best] })
    : ctx.t("home.is_wrong", { digit: manifest.head.labels[best], label: digit.label });
  fill(
    must(root, ".strip-says"),
    running,
    " · ",
    h("span", { class: "strong" }, words),
    answer.probabilities ? `, ${percent(answer.probabilities[best])}` : null,
  );
}

/**
 * The ramp of the layer at the playhead, with its numbers.
 * @param {HTMLElement} root
 * @param {import("./home_strip.js").StripView} strip
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function attachLegend(root, strip, ctx, signal) {
  const name = h("b", {});
  const low = h("span", { class: "num" });
  const ramp = h("span", { class: "ramp" });
  const high = h("span", { class: "num" });
  fill(root, name, low, ramp, high);
  root.title = ctx.t("home.scale");
  root.hidden = true;
  strip.onLayer(index => {
    const { manifest } = ctx.store.get();
    const layer = manifest?.layers[Math.min(index, manifest.layers.length - 2)]; // the answer's bars need no ramp
    root.hidden = !layer;
    if (!manifest || !layer) return;
    const { lo, hi } = ctx.acts.range(layer.index, 0, "layer");
    name.textContent = layerName(layer, manifest);
    low.textContent = num(lo, 1);
    high.textContent = num(hi, 1);
    ramp.classList.toggle("signed", layer.signed);
  }, signal);
}

/**
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
async function fillMiniatures(root, signal) {
  const all = /** @type {NodeListOf<SVGSVGElement>} */ (root.querySelectorAll("svg[data-net]"));
  await Promise.all(
    [...all].map(async picture => {
      const response = await fetch(`/api/models/${picture.dataset.net}`, { signal }).catch(() => null);
      if (!response?.ok) return; // the card says the same in words
      const manifest = /** @type {import("../types.js").Manifest} */ (await response.json());
      drawMiniature(picture, manifest.layers);
    }),
  );
}
