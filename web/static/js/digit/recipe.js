// From a drawing to the 28×28 greys that a net sees: MNIST's own recipe, and the plain
// reduction of Harley's page. internal/imgio holds the same formulas in Go; both are tested
// on testdata/recipe/*.json and agree within one grey level.
//
// The recipe (LeCun, Cortes, Burges, "The MNIST database": "size normalized to fit in a
// 20x20 pixel box while preserving their aspect ratio ... centered in a 28x28 image by
// computing the center of mass of the pixels"):
//
//	box   = the smallest rectangle with every pixel of grey ≥ INK
//	q     = max(box width, box height, minSide) / 20        pixels of the drawing per pixel of the field
//	(cx, cy) = Σ g·(x + ½, y + ½) / Σ g over all pixels     the centre of mass, at full resolution
//	out(i, j) = round(mean of g over [cx + (i − c)q, cx + (i + 1 − c)q) × [cy + (j − c)q, cy + (j + 1 − c)q))
//
// with c = CENTRE, g = 0 outside the drawing and halves rounded up. minSide keeps a dot a
// dot: without it any speck would be blown up until it filled the 20×20 box.

/** Side of the drawing pad, in its own pixels. */
export const PAD = 280;
/** Side of what the net sees. */
export const FIELD = 28;
/** Side of the box that a digit is scaled into. */
const BOX = 20;
/**
 * Where the centre of mass goes: the middle of pixel 14, not the corner between 13 and 14.
 * MNIST shifted its digits by whole pixels until the mass lay in pixel 14: over the 10,000
 * test digits it is spread evenly over [14, 15), mean 14.51 and 14.49.
 */
const CENTRE = 14.5;
/**
 * The least grey that counts for the box (not for the mass). Test digits redrawn at 280×280
 * by bilinear interpolation come back with the least error for 64 … 128; 64 keeps the
 * faintest strokes.
 */
export const INK = 64;
/**
 * The least side, in pad pixels, that is scaled up to the whole box. A dot of the default
 * pen (30) becomes 7.5 pixels wide; a digit of 80 pixels or more always fills the box.
 */
export const MIN_SIDE = 80;

/**
 * Where the ink is. Coordinates in pixels of the drawing; x1 and y1 lie past the last pixel.
 * @typedef {{x0: number, y0: number, x1: number, y1: number, cx: number, cy: number}} Ink
 */

/**
 * Finds the ink's box and centre of mass; null where nothing is as dark as INK.
 * @param {Uint8Array|Uint8ClampedArray} greys width×height, row by row, 0 paper … 255 ink
 * @param {number} width
 * @param {number} height
 * @returns {Ink|null}
 */
export function findInk(greys, width, height) {
  let x0 = width;
  let x1 = 0;
  let y0 = height;
  let y1 = 0;
  let mass = 0; // integers below 2^53 all: exact in any order
  let massX = 0;
  let massY = 0;
  for (let y = 0, p = 0; y < height; y++) {
    let row = 0;
    let inked = false;
    for (let x = 0; x < width; x++, p++) {
      const g = greys[p];
      if (g === 0) continue;
      row += g;
      massX += g * x;
      if (g < INK) continue;
      inked = true;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
    }
    mass += row;
    massY += row * y;
    if (!inked) continue;
    if (y < y0) y0 = y;
    y1 = y + 1;
  }
  if (x1 === 0) return null;
  return { x0, y0, x1, y1, cx: massX / mass + 0.5, cy: massY / mass + 0.5 };
}

/**
 * MNIST's recipe: scaled into 20×20, centred by mass.
 * @param {Uint8Array|Uint8ClampedArray} greys width×height
 * @param {number} width
 * @param {number} height
 * @param {number} [minSide] in pixels of the drawing
 * @returns {Uint8Array|null} 784 greys, the caller's own; null for a blank drawing
 */
export function centred(greys, width, height, minSide = MIN_SIDE) {
  const ink = findInk(greys, width, height);
  if (!ink) return null;
  const q = Math.max(ink.x1 - ink.x0, ink.y1 - ink.y0, minSide) / BOX;
  return areaAverage(greys, width, height, ink.cx - CENTRE * q, ink.cy - CENTRE * q, q, q);
}

/**
 * What Harley's page does: the whole pad reduced to 28×28, neither scaled nor centred.
 * @param {Uint8Array|Uint8ClampedArray} greys width×height
 * @param {number} width
 * @param {number} height
 * @returns {Uint8Array|null} 784 greys, the caller's own; null for a blank drawing
 */
export function uncentred(greys, width, height) {
  if (!findInk(greys, width, height)) return null;
  return areaAverage(greys, width, height, 0, 0, width / FIELD, height / FIELD);
}

/**
 * Averages 28×28 cells of qx×qy drawing pixels, the first of which begins at (left, top).
 * A cell's edge may cut through a pixel: the pixel then counts by the part inside.
 * @param {Uint8Array|Uint8ClampedArray} greys
 * @param {number} width
 * @param {number} height
 * @param {number} left
 * @param {number} top
 * @param {number} qx
 * @param {number} qy
 * @returns {Uint8Array}
 */
function areaAverage(greys, width, height, left, top, qx, qy) {
  const sums = new Float64Array(FIELD * FIELD);
  const cells = new Float64Array(FIELD);
  const first = Math.max(0, Math.floor(top));
  const past = Math.min(height, Math.ceil(top + FIELD * qy));
  for (let y = first; y < past; y++) {
    if (!sumRow(greys, y * width, width, left, qx, cells)) continue;
    const from = Math.max(0, Math.floor((y - top) / qy));
    for (let j = from; j < FIELD && top + j * qy < y + 1; j++) {
      const part = Math.min(y + 1, top + (j + 1) * qy) - Math.max(y, top + j * qy);
      if (part <= 0) continue;
      for (let i = 0; i < FIELD; i++) sums[j * FIELD + i] += part * cells[i];
    }
  }
  const out = new Uint8Array(FIELD * FIELD);
  const area = qx * qy;
  for (let k = 0; k < out.length; k++) out[k] = Math.min(255, Math.floor(sums[k] / area + 0.5));
  return out;
}

/**
 * Sums one row of pixels into the 28 cells; false where the row is empty.
 * A running sum up to each cell's edge is kept, so each pixel is read once.
 * @param {Uint8Array|Uint8ClampedArray} greys
 * @param {number} start index of the row's first pixel
 * @param {number} width
 * @param {number} left
 * @param {number} q
 * @param {Float64Array} cells 28 sums, overwritten
 * @returns {boolean}
 */
function sumRow(greys, start, width, left, q, cells) {
  let x = 0;
  let whole = 0; // of the pixels before x
  let before = 0; // up to the previous edge
  let any = false;
  for (let i = 0; i <= FIELD; i++) {
    const edge = Math.min(width, Math.max(0, left + i * q));
    const last = Math.floor(edge);
    for (; x < last; x++) whole += greys[start + x];
    const upTo = whole + (last < width ? (edge - last) * greys[start + last] : 0);
    if (i > 0) {
      cells[i - 1] = upTo - before;
      if (upTo > before) any = true;
    }
    before = upTo;
  }
  return any;
}
