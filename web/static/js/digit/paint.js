// Paints the acts of a drawing on 2-D contexts whose unit is one pad pixel. White on black:
// this is data, not chrome, and the same in both themes.

import { FIELD, PAD } from "./recipe.js";

/** @typedef {import("./drawing.js").Stroke} Stroke */
/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Box whole pixels; x1 and y1 lie past the last */
/** @typedef {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D} Context */

const PAPER = "#000";
const INK = "#fff";

/** @param {Context} g */
export function paintPaper(g) {
  g.fillStyle = PAPER;
  g.fillRect(0, 0, PAD, PAD);
}

/**
 * Paints a stroke from its point `from` on (0: all of it). The line runs through the
 * middles between neighbouring points, with the points as control points of quadratic
 * curves, so that it has no corners. It ends in the last middle until `finished`.
 * @param {Context} g
 * @param {Stroke} stroke
 * @param {number} from index of the first new point
 * @param {boolean} finished the pen was lifted: draw to the last point
 */
export function paintStroke(g, stroke, from, finished) {
  const { points, width } = stroke;
  const count = points.length / 2;
  if (count === 0) return;
  g.fillStyle = g.strokeStyle = stroke.tool === "eraser" ? PAPER : INK;
  g.lineWidth = width;
  g.lineCap = g.lineJoin = "round";
  if (from === 0) {
    g.beginPath();
    g.arc(points[0], points[1], width / 2, 0, 2 * Math.PI);
    g.fill();
  }
  if (count < 2) return;
  g.beginPath();
  const first = Math.max(1, from);
  if (first === 1) g.moveTo(points[0], points[1]);
  else g.moveTo(middle(points, first - 1, 0), middle(points, first - 1, 1));
  for (let k = first; k < count; k++) {
    g.quadraticCurveTo(points[2 * k - 2], points[2 * k - 1], middle(points, k, 0), middle(points, k, 1));
  }
  if (finished) g.lineTo(points[2 * count - 2], points[2 * count - 1]);
  g.stroke();
}

/**
 * Paints 28×28 greys over the whole pad, each as a square: what MNIST holds, not made smooth.
 * As one image, not 784 squares: those would show seams where a square does not end on a
 * pixel of the screen.
 * @param {Context} g
 * @param {Uint8Array} greys
 */
export function paintPicture(g, greys) {
  const small = document.createElement("canvas");
  small.width = small.height = FIELD;
  const image = new ImageData(FIELD, FIELD);
  for (let k = 0; k < greys.length; k++) {
    image.data.fill(greys[k], 4 * k, 4 * k + 3);
    image.data[4 * k + 3] = 255;
  }
  small.getContext("2d")?.putImageData(image, 0, 0);
  g.imageSmoothingEnabled = false;
  g.drawImage(small, 0, 0, PAD, PAD);
}

/**
 * @param {Context} g
 * @param {readonly import("./drawing.js").Act[]} acts
 */
export function paintAll(g, acts) {
  paintPaper(g);
  for (const act of acts) {
    if (act.kind === "stroke") paintStroke(g, act, 0, true);
    else if (act.kind === "picture") paintPicture(g, act.greys);
  }
}

/**
 * The box that new points of a stroke can have changed, with the nib and its soft edge.
 * @param {Stroke} stroke
 * @param {number} from index of the first new point
 * @returns {Box} inside the pad
 */
export function strokeBox(stroke, from) {
  const { points, width } = stroke;
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (let k = Math.max(0, from - 2); k < points.length / 2; k++) {
    x0 = Math.min(x0, points[2 * k]);
    x1 = Math.max(x1, points[2 * k]);
    y0 = Math.min(y0, points[2 * k + 1]);
    y1 = Math.max(y1, points[2 * k + 1]);
  }
  const r = width / 2 + 1;
  const inside = (/** @type {number} */ v) => Math.min(PAD, Math.max(0, v));
  return {
    x0: inside(Math.floor(x0 - r)),
    y0: inside(Math.floor(y0 - r)),
    x1: inside(Math.ceil(x1 + r)),
    y1: inside(Math.ceil(y1 + r)),
  };
}

/**
 * @param {number[]} points
 * @param {number} k
 * @param {number} axis 0: x, 1: y
 * @returns {number} half way between points k − 1 and k
 */
function middle(points, k, axis) {
  return (points[2 * k - 2 + axis] + points[2 * k + axis]) / 2;
}
