// A matrix as a picture: one tile or many, one cell for each number, in the ramps of the scene.

import { h } from "../dom.js";
import { colour } from "../scene/ramps.js";

/**
 * What a plate shows. All tiles have h × w cells, row by row.
 * @typedef {object} Plate
 * @property {number[][]} tiles
 * @property {number} h
 * @property {number} w
 * @property {number} columns of tiles
 * @property {boolean} signed PuOr with zero white, from −hi to hi; else cividis from lo to hi
 * @property {number} lo
 * @property {number} hi
 */

/**
 * @typedef {object} PlateView
 * @property {HTMLElement} element
 * @property {(plate: Plate) => void} paint
 * @property {(tile: number, cell: number) => void} mark outlines a cell; −1 for none
 */

const GAP = 2; // px between tiles

/**
 * @param {string} name for the reader
 * @param {number} limit px, neither side is larger
 * @param {{point?: (tile: number, cell: number) => void, pick?: (tile: number, cell: number) => void, signal: AbortSignal}} acts
 *   point: the pointer is on a cell (−1, −1: on none); pick: a mouse click on it
 * @returns {PlateView}
 */
export function createPlate(name, limit, { point, pick, signal }) {
  const canvas = h("canvas", { class: "plate", role: "img", "aria-label": name });
  const ring = h("i", { class: "cell", hidden: true });
  const element = h("div", { class: "plate-box" }, canvas, ring);
  /** @type {Plate|null} */
  let shown = null;
  let size = 1; // px of a cell

  const at = (/** @type {PointerEvent|MouseEvent} */ event) => {
    if (!shown) return null;
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.x) / box.width) * canvas.width;
    const y = ((event.clientY - box.y) / box.height) * canvas.height;
    return cellAt(shown, size, x, y);
  };
  if (point) {
    element.addEventListener(
      "pointermove",
      event => {
        const hit = at(event);
        point(hit?.tile ?? -1, hit?.cell ?? -1);
      },
      { signal },
    );
    element.addEventListener("pointerleave", () => point(-1, -1), { signal });
  }
  if (pick) {
    element.addEventListener(
      "click",
      event => {
        const hit = at(event);
        const mouse = /** @type {PointerEvent} */ (event).pointerType !== "touch"; // a tap only points
        if (hit && mouse) pick(hit.tile, hit.cell);
      },
      { signal },
    );
  }

  return {
    element,
    paint(plate) {
      size = layOut(canvas, plate, limit, shown);
      shown = plate;
      draw(canvas, plate, size);
    },
    mark(tile, cell) {
      ring.hidden = tile < 0 || cell < 0 || !shown;
      if (!shown || ring.hidden) return;
      const { x, y } = corner(shown, size, tile, cell);
      ring.style.setProperty("inset-inline-start", `${(x / canvas.width) * 100}%`);
      ring.style.setProperty("inset-block-start", `${(y / canvas.height) * 100}%`);
      ring.style.setProperty("inline-size", `${(size / canvas.width) * 100}%`);
      ring.style.setProperty("block-size", `${(size / canvas.height) * 100}%`);
    },
  };
}

/**
 * Sets the size of the canvas where the shape has changed; returns that of a cell.
 * @param {HTMLCanvasElement} canvas
 * @param {Plate} plate
 * @param {number} limit
 * @param {Plate|null} before
 */
function layOut(canvas, plate, limit, before) {
  const across = plate.columns * plate.w;
  const rows = Math.ceil(plate.tiles.length / plate.columns);
  const down = rows * plate.h;
  const gaps = (/** @type {number} */ n) => (n - 1) * GAP;
  const room = (/** @type {number} */ n, /** @type {number} */ cells) =>
    Math.floor((limit - gaps(n)) / cells);
  const size = Math.max(1, Math.min(room(plate.columns, across), room(rows, down)));
  const like = before && before.w === plate.w && before.h === plate.h;
  if (like && before.columns === plate.columns && before.tiles.length === plate.tiles.length) return size;
  canvas.width = across * size + gaps(plate.columns);
  canvas.height = down * size + gaps(rows);
  canvas.style.setProperty("inline-size", `${canvas.width / 16}rem`);
  canvas.style.setProperty("aspect-ratio", `${canvas.width} / ${canvas.height}`);
  return size;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Plate} plate
 * @param {number} size
 */
function draw(canvas, plate, size) {
  const brush = canvas.getContext("2d");
  if (!brush) return;
  const spread = plate.hi - plate.lo || 1;
  for (let tile = 0; tile < plate.tiles.length; tile++) {
    const values = plate.tiles[tile];
    for (let cell = 0; cell < values.length; cell++) {
      const level = plate.signed ? values[cell] / (plate.hi || 1) : (values[cell] - plate.lo) / spread;
      const [r, g, b] = colour(Math.min(1, Math.max(-1, level)), plate.signed);
      const { x, y } = corner(plate, size, tile, cell);
      brush.fillStyle = `rgb(${r} ${g} ${b})`;
      brush.fillRect(x, y, size, size);
    }
  }
}

/**
 * Top left corner of a cell, px of the canvas.
 * @param {Plate} plate
 * @param {number} size
 * @param {number} tile
 * @param {number} cell
 */
function corner({ w, h: height, columns }, size, tile, cell) {
  return {
    x: (tile % columns) * (w * size + GAP) + (cell % w) * size,
    y: Math.floor(tile / columns) * (height * size + GAP) + Math.floor(cell / w) * size,
  };
}

/**
 * @param {Plate} plate
 * @param {number} size
 * @param {number} x px of the canvas
 * @param {number} y
 */
function cellAt({ tiles, w, h: height, columns }, size, x, y) {
  const column = Math.floor(x / (w * size + GAP));
  const row = Math.floor(y / (height * size + GAP));
  const cx = Math.floor((x - column * (w * size + GAP)) / size);
  const cy = Math.floor((y - row * (height * size + GAP)) / size);
  const tile = row * columns + column;
  if (column < 0 || column >= columns || cx < 0 || cx >= w || cy < 0 || cy >= height) return null;
  const cell = cy * w + cx;
  return tile >= 0 && tile < tiles.length && cell < tiles[tile].length ? { tile, cell } : null;
}
