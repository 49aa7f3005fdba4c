// The live strip of the home page: a run shown as the playhead walks along the thread.

import { must } from "../dom.js";
import { ANSWER_WIDTH, createPicture } from "./home_picture.js";
import { createAnswers, createLabels } from "./home_words.js";

/** @typedef {import("../types.js").Answer} Answer */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const SPEED = 2; // of the token's step

/**
 * @typedef {object} StripView
 * @property {() => void} empty frames only
 * @property {(answer: Answer, done: () => void) => void} run moves the playhead from input to answer
 * @property {() => boolean} running or already shown
 * @property {() => void} paint again, for another theme
 * @property {(fn: (layer: number) => void, signal: AbortSignal) => void} onLayer the layer at the playhead
 */

/**
 * @param {HTMLElement} stage scrolls sideways where it is too narrow
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 * @returns {StripView}
 */
export function createStripView(stage, ctx, signal) {
  const wide = must(stage, ".strip-wide");
  const picture = createPicture(wide, ctx);
  const answers = createAnswers(must(wide, ".strip-answer"));
  const labels = createLabels(must(wide, ".strip-labels"), ctx);
  /** @type {import("../digit/strip.js").Strip|null} */
  let strip = null;
  let head = -1; // 0 = input, layers.length − 1 = answer; −1: nothing has run
  let running = false;
  let turn = 0; // an older run stops at the next frame
  /** @type {Set<(layer: number) => void>} */
  const hearers = new Set();

  const lastLayer = () => (ctx.store.get().manifest?.layers.length ?? 1) - 1;
  const resize = () => {
    strip = picture.resize();
    if (!strip) return;
    labels.place(strip, ANSWER_WIDTH);
    answers.place(strip.answerX);
    picture.paint(head);
  };
  const step = (/** @type {number} */ at) => {
    const before = Math.floor(head);
    head = at;
    picture.paint(head);
    const layer = Math.floor(at);
    if (layer === before) return;
    labels.mark(layer);
    for (const fn of hearers) fn(layer);
  };

  const size = new ResizeObserver(resize);
  size.observe(wide);
  signal.addEventListener("abort", () => size.disconnect());
  ctx.store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest) resize();
  }, signal);

  return {
    empty() {
      turn++;
      head = -1;
      running = false;
      answers.show(null);
      picture.paint(head);
    },
    running: () => running,
    paint: () => picture.paint(head),
    run(answer, done) {
      const mine = ++turn;
      running = true;
      picture.take();
      const last = lastLayer();
      const follow = follower(stage, () => strip);
      walk(last, signal, at => {
        if (mine !== turn) return false;
        step(at);
        follow(at);
        if (at < last) return true;
        answers.show(answer);
        done();
        return false;
      });
    },
    onLayer(fn, until) {
      hearers.add(fn);
      until.addEventListener("abort", () => hearers.delete(fn));
    },
  };
}

/**
 * Moves from 0 to last at the speed of the tokens; a cut where motion is not wanted.
 * @param {number} last
 * @param {AbortSignal} signal
 * @param {(at: number) => boolean} step false: stop
 */
function walk(last, signal, step) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    step(last);
    return;
  }
  const token = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--d-step"));
  const perLayer = (token || 700) / SPEED;
  let start = 0;
  const frame = (/** @type {number} */ now) => {
    if (signal.aborted) return;
    start ||= now;
    if (step(Math.min(last, (now - start) / perLayer))) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/**
 * Keeps the playhead in view on a narrow screen, until the reader scrolls.
 * @param {HTMLElement} stage
 * @param {() => import("../digit/strip.js").Strip|null} strip
 * @returns {(at: number) => void}
 */
function follower(stage, strip) {
  let expected = 0;
  let own = true;
  stage.scrollLeft = 0;
  return at => {
    const laid = strip();
    if (!own || !laid || stage.scrollWidth <= stage.clientWidth) return;
    if (Math.abs(stage.scrollLeft - expected) > 2) {
      own = false;
      return;
    }
    const xs = [...laid.places.map(p => p.x + p.width / 2), laid.answerX + ANSWER_WIDTH];
    const i = Math.min(xs.length - 2, Math.floor(at));
    const x = xs[i] + (xs[i + 1] - xs[i]) * (at - i);
    stage.scrollLeft = Math.max(
      0,
      Math.min(x - stage.clientWidth / 2, stage.scrollWidth - stage.clientWidth),
    );
    expected = stage.scrollLeft;
  };
}
