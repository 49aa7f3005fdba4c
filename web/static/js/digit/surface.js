// The pad's two canvases: one on screen, as fine as the screen, and one of exactly 280×280
// pixels whose greys the recipe reads.

import { paintAll, paintStroke, strokeBox } from "./paint.js";
import { FIELD, PAD } from "./recipe.js";
import { rampTable } from "../scene/ramps.js";

const MAX_SIDE = 1120; // of the canvas on screen: four screen pixels for each of the pad's
const RAMP = rampTable(); // RGBA; the first 256 entries are the magnitudes

/** @typedef {import("./drawing.js").Stroke} Stroke */

/**
 * @typedef {object} Surface
 * @property {(acts: readonly import("./drawing.js").Act[]) => void} repaint
 * @property {() => void} begin remembers the picture under a new stroke
 * @property {(stroke: Stroke, from: number) => void} extend paints the stroke's new points
 * @property {(stroke: Stroke) => void} finish paints the whole stroke as one line on what was remembered
 * @property {() => Uint8Array} greys 280×280, up to date; valid until the next change
 * @property {(cssSide: number, density: number) => boolean} resize true: repaint it
 */

/**
 * @param {HTMLCanvasElement} screen
 * @returns {Surface}
 */
export function createSurface(screen) {
  const hidden = screen.ownerDocument.createElement("canvas");
  hidden.width = hidden.height = PAD;
  const exact = context(hidden, true); // kept in memory: reading back costs 0.1 ms, not a GPU round trip
  const shown = context(screen, false);
  const underShown = context(screen.ownerDocument.createElement("canvas"), false);
  const underExact = context(screen.ownerDocument.createElement("canvas"), true);
  const reader = createReader(exact);

  return {
    repaint(acts) {
      const side = screen.width / PAD;
      shown.setTransform(side, 0, 0, side, 0, 0);
      paintAll(shown, acts);
      paintAll(exact, acts);
      reader.soil({ x0: 0, y0: 0, x1: PAD, y1: PAD });
    },

    begin() {
      copy(screen, underShown);
      copy(hidden, underExact);
    },

    extend(stroke, from) {
      paintStroke(shown, stroke, from, false);
      paintStroke(exact, stroke, from, false);
      reader.soil(strokeBox(stroke, from));
    },

    // The pieces painted on the way overlap in their soft edges, which shows as small
    // bumps; one line has none, and is what undo and redo will paint.
    finish(stroke) {
      if (underShown.canvas.width === screen.width) {
        copy(underShown.canvas, shown);
        copy(underExact.canvas, exact);
      }
      paintStroke(shown, stroke, 0, true);
      paintStroke(exact, stroke, 0, true);
      reader.soil(strokeBox(stroke, 0));
    },

    greys: reader.read,

    resize(cssSide, density) {
      const side = Math.min(MAX_SIDE, Math.max(1, Math.round(cssSide * density)));
      if (screen.width === side && screen.height === side) return false;
      screen.width = screen.height = side;
      return true;
    },
  };
}

/**
 * Reads back the pad's greys: only the box that changed since the last time.
 * @param {CanvasRenderingContext2D} g 280×280
 */
function createReader(g) {
  const greys = new Uint8Array(PAD * PAD);
  const dirty = { x0: 0, y0: 0, x1: PAD, y1: PAD };
  return {
    /** @param {import("./paint.js").Box} box */
    soil(box) {
      dirty.x0 = Math.min(dirty.x0, box.x0);
      dirty.y0 = Math.min(dirty.y0, box.y0);
      dirty.x1 = Math.max(dirty.x1, box.x1);
      dirty.y1 = Math.max(dirty.y1, box.y1);
    },
    read() {
      const width = dirty.x1 - dirty.x0;
      const height = dirty.y1 - dirty.y0;
      if (width <= 0 || height <= 0) return greys;
      const { data } = g.getImageData(dirty.x0, dirty.y0, width, height);
      for (let y = 0, p = 0; y < height; y++) {
        let k = (dirty.y0 + y) * PAD + dirty.x0;
        for (let x = 0; x < width; x++, p += 4) greys[k++] = data[p];
      }
      Object.assign(dirty, { x0: PAD, y0: PAD, x1: 0, y1: 0 });
      return greys;
    },
  };
}

/**
 * Paints 28×28 greys by the ramp of magnitudes: 0 is its dark end, 255 its light end.
 * @param {HTMLCanvasElement} canvas made 28×28
 * @param {Uint8Array} greys
 */
export function paintField(canvas, greys) {
  if (canvas.width !== FIELD) canvas.width = canvas.height = FIELD;
  const g = context(canvas, false);
  const image = g.createImageData(FIELD, FIELD);
  for (let k = 0; k < greys.length; k++) {
    image.data.set(RAMP.subarray(greys[k] * 4, greys[k] * 4 + 4), k * 4);
  }
  g.putImageData(image, 0, 0);
}

/**
 * Copies all pixels; the copy is made as large as the original.
 * @param {HTMLCanvasElement} from
 * @param {CanvasRenderingContext2D} to
 */
function copy(from, to) {
  if (to.canvas.width !== from.width) to.canvas.width = to.canvas.height = from.width;
  to.save();
  to.resetTransform();
  to.drawImage(from, 0, 0);
  to.restore();
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {boolean} often read back at every stroke event
 * @returns {CanvasRenderingContext2D}
 */
function context(canvas, often) {
  const g = canvas.getContext("2d", { alpha: false, willReadFrequently: often });
  if (!g) throw new Error("this browser has no 2-D canvas");
  return g;
}
