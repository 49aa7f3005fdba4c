// The drawing on the pad: the list of acts, its picture, and what a net sees of it.

import { createDrawing } from "./drawing.js";
import { see } from "./sight.js";
import { createSurface } from "./surface.js";

const CLOSE = 0.5; // points nearer than this to the last one add nothing

/** @typedef {import("./drawing.js").Sample} Sample */

/**
 * @typedef {object} Sketch
 * @property {(x: number, y: number, tool: "pen"|"eraser", width: number) => void} begin a stroke
 * @property {(points: number[]) => void} move x, y, x, y, …
 * @property {() => void} end the stroke
 * @property {(greys: Uint8Array, sample: Sample|null) => void} put 28×28 greys in place of the drawing
 * @property {() => void} clear
 * @property {() => void} undo
 * @property {() => void} redo
 * @property {() => boolean} canUndo
 * @property {() => boolean} canRedo
 * @property {() => boolean} empty nothing was drawn since the last clearing
 * @property {() => Sample|null} sample the test digit, while nothing is drawn on it
 * @property {() => boolean} untouched the pad shows a 28×28 picture and nothing else
 * @property {(byMass: boolean) => {greys: Uint8Array, blank: boolean}} see
 * @property {(cssSide: number, density: number) => void} resize
 */

/**
 * @param {HTMLCanvasElement} screen
 * @param {() => void} changed called after each change of the picture
 * @returns {Sketch}
 */
export function createSketch(screen, changed) {
  const drawing = createDrawing();
  const surface = createSurface(screen);
  /** @type {import("./drawing.js").Stroke|null} */
  let stroke = null;

  surface.repaint([]);

  const end = () => {
    if (!stroke) return;
    surface.finish(stroke);
    stroke = null;
    changed();
  };
  const push = (/** @type {import("./drawing.js").Act} */ act) => {
    end();
    drawing.push(act);
    surface.repaint(drawing.visible());
    changed();
  };
  const step = (/** @type {() => boolean} */ back) => {
    end();
    if (!back()) return;
    surface.repaint(drawing.visible());
    changed();
  };

  return {
    begin(x, y, tool, width) {
      end();
      stroke = { kind: "stroke", tool, width, points: [x, y] };
      drawing.push(stroke);
      surface.begin();
      surface.extend(stroke, 0);
      changed();
    },

    move(points) {
      if (!stroke) return;
      const from = stroke.points.length / 2;
      if (!lengthen(stroke.points, points)) return;
      surface.extend(stroke, from);
      changed();
    },

    end,
    put: (greys, sample) => push({ kind: "picture", greys, sample }),
    clear() {
      if (drawing.visible().length > 0) push({ kind: "clear" });
    },
    undo: () => step(drawing.undo),
    redo: () => step(drawing.redo),
    canUndo: drawing.canUndo,
    canRedo: drawing.canRedo,
    empty: () => drawing.visible().length === 0,
    sample: () => drawing.onlyPicture()?.sample ?? null,
    untouched: () => drawing.onlyPicture() !== null,
    see: byMass => see(surface.greys(), drawing.onlyPicture(), byMass),
    resize(cssSide, density) {
      if (!surface.resize(cssSide, density)) return;
      end(); // what lies under the stroke was remembered in the old size
      surface.repaint(drawing.visible());
    },
  };
}

/**
 * Adds points to a line, but those that would not show.
 * @param {number[]} line x, y, x, y, …
 * @param {number[]} points
 * @returns {boolean} the line grew
 */
function lengthen(line, points) {
  const before = line.length;
  for (let i = 0; i < points.length; i += 2) {
    const far = Math.hypot(points[i] - line[line.length - 2], points[i + 1] - line[line.length - 1]);
    if (far >= CLOSE) line.push(points[i], points[i + 1]);
  }
  return line.length > before;
}
