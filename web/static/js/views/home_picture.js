// The canvas of the home page's strip: the maps of every layer, the thread, the playhead.

import { colourMaps, layOut, paintPlace } from "../digit/strip.js";
import { must } from "../dom.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */
/** @typedef {import("../digit/strip.js").Strip} Strip */

/** Width of the answer's column, in CSS pixels. */
export const ANSWER_WIDTH = 84;
const LABELS_HEIGHT = 48; // under the maps
const MARGIN = 20; // over and under the tallest layer
const CLEAR = 5; // between the thread and a plate

/**
 * @typedef {object} Picture
 * @property {() => Strip|null} resize lays out and empties the canvas; null: nothing to lay out yet
 * @property {() => void} take the activations as they are now
 * @property {(head: number) => void} paint layers up to the playhead, empty frames after it
 */

/**
 * @param {HTMLElement} wide holds the canvas and is as large
 * @param {ViewContext} ctx
 * @returns {Picture}
 */
export function createPicture(wide, ctx) {
  /** @type {HTMLCanvasElement} */
  const canvas = must(wide, "canvas");
  const g = canvas.getContext("2d");
  if (!g) throw new Error("this browser has no 2-D canvas");
  /** @type {Strip|null} */
  let strip = null;
  /** @type {HTMLCanvasElement[]} */
  let maps = [];
  const layers = () => ctx.store.get().manifest?.layers ?? [];

  return {
    resize() {
      const [width, height] = [wide.clientWidth, wide.clientHeight];
      if (layers().length === 0 || width === 0) return null;
      const density = Math.min(2, devicePixelRatio);
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
      strip = layOut(layers(), width, height - LABELS_HEIGHT - 2 * MARGIN, ANSWER_WIDTH);
      return strip;
    },

    take() {
      const drawn = layers().slice(0, -1);
      maps = drawn.map(layer => toCanvas(colourMaps(layer, ctx.acts)));
    },

    paint(head) {
      if (!strip || strip.places.length !== layers().length - 1) return;
      const density = canvas.width / wide.clientWidth;
      g.setTransform(density, 0, 0, density, 0, 0);
      g.clearRect(0, 0, wide.clientWidth, wide.clientHeight);
      g.translate(0, (wide.clientHeight - LABELS_HEIGHT) / 2);
      const style = getComputedStyle(wide);
      const edge = style.getPropertyValue("--plate-edge");
      const { places, answerX } = strip;
      paintThread(g, [...places.map(p => [p.x, p.x + p.width]), [answerX, answerX]], head, style);
      for (const place of places) {
        const reached = head >= place.layer ? (maps[place.layer] ?? null) : null;
        paintPlace(g, place, layers()[place.layer].shape[0], reached, edge);
      }
    },
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
