// The live strip of the home page: canvas for maps and thread, elements for words.

import { colourMaps, layOut, paintPlace } from "../digit/strip.js";
import { fill, h, must } from "../dom.js";

/** @typedef {import("../types.js").Answer} Answer */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const ANSWER_WIDTH = 84;
const LABELS_HEIGHT = 48; // under the maps
const MARGIN = 20; // over and under the tallest layer
const SPEED = 2; // of the token's step
const CLEAR = 5; // between the thread and a plate

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
  /** @type {HTMLCanvasElement} */
  const canvas = must(wide, "canvas");
  const g = canvas.getContext("2d");
  if (!g) throw new Error("this browser has no 2-D canvas");
  const answers = createAnswers(must(wide, ".strip-answer"));
  const labels = createLabels(must(wide, ".strip-labels"), ctx);
  /** @type {import("../digit/strip.js").Strip|null} */
  let strip = null;
  /** @type {HTMLCanvasElement[]} */
  let maps = [];
  let head = -1; // 0 = input, layers.length − 1 = answer; −1: nothing has run
  let shown = false;
  /** @type {Set<(layer: number) => void>} */
  const hearers = new Set();

  const layers = () => ctx.store.get().manifest?.layers ?? [];
  const paint = () => {
    if (!strip || strip.places.length !== layers().length - 1) return;
    const { places, answerX } = strip;
    const density = canvas.width / wide.clientWidth;
    g.setTransform(density, 0, 0, density, 0, 0);
    g.clearRect(0, 0, wide.clientWidth, wide.clientHeight);
    g.translate(0, (wide.clientHeight - LABELS_HEIGHT) / 2);
    const style = getComputedStyle(stage);
    const ends = [...places.map(p => [p.x, p.x + p.width]), [answerX, answerX]];
    paintThread(g, ends, head, style);
    for (const place of places) {
      const reached = head >= place.layer && shown;
      const channels = layers()[place.layer].shape[0];
      paintPlace(
        g,
        place,
        channels,
        reached ? maps[place.layer] : null,
        style.getPropertyValue("--plate-edge"),
      );
    }
  };
  const resize = () => {
    const [width, height] = [wide.clientWidth, wide.clientHeight];
    if (layers().length === 0 || width === 0) return;
    const density = Math.min(2, devicePixelRatio);
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    strip = layOut(layers(), width, height - LABELS_HEIGHT - 2 * MARGIN, ANSWER_WIDTH);
    labels.place(strip, ANSWER_WIDTH);
    answers.place(strip.answerX);
    paint();
  };
  const tell = () => {
    const at = Math.min(Math.floor(head), layers().length - 1);
    labels.mark(at);
    for (const fn of hearers) fn(at);
  };

  const size = new ResizeObserver(resize);
  size.observe(wide);
  signal.addEventListener("abort", () => size.disconnect());
  ctx.store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest) resize();
  }, signal);

  return {
    empty() {
      head = -1;
      shown = false;
      answers.show(null);
      paint();
    },
    running: () => shown,
    paint,
    run(answer, done) {
      shown = true;
      maps = layers()
        .slice(0, -1)
        .map(layer => toCanvas(colourMaps(layer, ctx.acts)));
      const last = layers().length - 1;
      const follow = follower(stage, () => strip);
      walk(last, signal, at => {
        if (!shown) return false; // another digit came
        const before = Math.floor(head);
        head = at;
        if (Math.floor(at) !== before) tell();
        follow(at);
        paint();
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

/**
 * The thread between the plates, mint as far as the run has come, and the playhead.
 * @param {CanvasRenderingContext2D} g
 * @param {number[][]} ends left and right of each layer
 * @param {number} head
 * @param {CSSStyleDeclaration} style
 */
function paintThread(g, ends, head, style) {
  const signal = style.getPropertyValue("--c-signal");
  const rest = style.getPropertyValue("--c-line-2");
  const line = (/** @type {number} */ x0, /** @type {number} */ x1, /** @type {string} */ colour) => {
    if (x1 <= x0) return;
    g.strokeStyle = colour;
    g.lineWidth = 2;
    g.beginPath();
    g.moveTo(x0, 0);
    g.lineTo(x1, 0);
    g.stroke();
  };
  line(0, ends[0][0] - CLEAR, head >= 0 ? signal : rest);
  for (let i = 0; i + 1 < ends.length; i++) {
    const x0 = ends[i][1] + CLEAR;
    const x1 = ends[i + 1][0] - CLEAR;
    const done = x0 + (x1 - x0) * Math.min(1, Math.max(0, head - i));
    line(x0, done, signal);
    line(done, x1, rest);
    if (head < i || head >= i + 1) continue;
    g.fillStyle = style.getPropertyValue("--c-stage-in");
    g.beginPath();
    g.arc(done, 0, 7, 0, 2 * Math.PI);
    g.fill();
    g.fillStyle = signal;
    g.beginPath();
    g.arc(done, 0, 4.5, 0, 2 * Math.PI);
    g.fill();
  }
}

/**
 * Name and shape under each layer.
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 */
function createLabels(root, ctx) {
  /** @type {HTMLElement[]} */
  let items = [];
  return {
    /**
     * @param {import("../digit/strip.js").Strip} strip
     * @param {number} answerWidth
     */
    place(strip, answerWidth) {
      const layers = ctx.store.get().manifest?.layers ?? [];
      items = layers.map((layer, i) => {
        const last = i === layers.length - 1;
        const [C, H, W] = layer.shape;
        const shape = H * W === 1 ? String(C) : C === 1 ? `${H} × ${W}` : `${C} × ${H} × ${W}`;
        const item = h(
          "li",
          {},
          h("b", {}, last ? ctx.t("home.answer") : layer.name),
          last ? null : h("small", {}, shape),
        );
        const x = last ? strip.answerX + answerWidth / 2 : strip.places[i].x + strip.places[i].width / 2;
        item.style.insetInlineStart = `${x}px`;
        return item;
      });
      fill(root, items);
    },
    /** @param {number} at */
    mark(at) {
      items.forEach((item, i) => {
        item.toggleAttribute("data-now", i === at);
      });
    },
  };
}

/**
 * Ten rows, one for each digit.
 * @param {HTMLElement} root
 */
function createAnswers(root) {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const bar = h("i", {});
    return { bar, row: h("li", {}, h("span", {}, digit), h("span", { class: "strip-bar" }, bar)) };
  });
  fill(
    root,
    rows.map(r => r.row),
  );
  return {
    /** @param {number} x */
    place(x) {
      root.style.insetInlineStart = `${x}px`;
    },
    /** @param {Answer|null} answer null: no answer yet */
    show(answer) {
      rows.forEach(({ bar, row }, digit) => {
        bar.style.inlineSize = `${(answer?.probabilities?.[digit] ?? 0) * 100}%`;
        row.toggleAttribute("data-first", answer?.order[0] === digit);
      });
    },
  };
}

/**
 * @param {ImageData} image
 * @returns {HTMLCanvasElement}
 */
function toCanvas(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
