// A whole net drawn flat from left to right: where its layers stand, and how their maps
// are painted. The home page's picture.

import { rampTable } from "../scene/ramps.js";

/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").Activations} Activations */

const RAMPS = rampTable(); // RGBA, row 0 magnitudes, row 1 signed
const ROWS = 30; // units of a fully connected layer in one column
const CELL = 6.4; // of such a unit
const CELL_GAP = 1.6;
const MAP_GAP = 5;
const INPUT_GROWTH = 1.25; // the drawing is what people look for
const SPACE = 40; // least distance between layers

/**
 * Where one layer stands. Sizes in CSS pixels; the middle of the strip is y = 0.
 * @typedef {object} Place
 * @property {number} layer index in manifest.layers
 * @property {number} x left edge
 * @property {number} width
 * @property {number} height
 * @property {number} columns of maps
 * @property {number} mapWidth of one map
 * @property {number} mapHeight
 * @property {number} gap between maps
 */

/**
 * @typedef {object} Strip
 * @property {Place[]} places all layers but the last
 * @property {number} answerX left edge of the answer's column
 */

/**
 * Lays the layers out side by side. What is left of the width goes between them.
 * @param {Layer[]} layers
 * @param {number} width
 * @param {number} height
 * @param {number} answerWidth kept free at the right for the last layer
 * @returns {Strip}
 */
export function layOut(layers, width, height, answerWidth) {
  const natural = layers.slice(0, -1).map(sizeOf);
  const sum = natural.reduce((total, p) => total + p.width, 0);
  const tallest = Math.max(...natural.map(p => p.height));
  const spaces = natural.length + 1;
  const scale = Math.min((width - answerWidth) / (sum + spaces * SPACE), height / tallest);
  const space = (width - answerWidth - sum * scale) / spaces;
  let x = space * 0.6; // the outer spaces are narrower
  const inner = (space * (spaces - 1.1)) / (spaces - 1);
  const places = natural.map(p => {
    const place = {
      ...p,
      x,
      width: p.width * scale,
      height: p.height * scale,
      mapWidth: p.mapWidth * scale,
      mapHeight: p.mapHeight * scale,
      gap: p.gap * scale,
    };
    x += place.width + inner;
    return place;
  });
  return { places, answerX: x };
}

/**
 * @param {Layer} layer
 * @returns {Place} at x = 0, unscaled
 */
function sizeOf(layer) {
  const [C, H, W] = layer.shape;
  const vector = H === 1 && W === 1;
  const columns = vector ? Math.ceil(C / ROWS) : Math.max(1, Math.round(Math.sqrt(C * 0.8)));
  const rows = Math.ceil(C / columns);
  const gap = vector ? CELL_GAP : MAP_GAP;
  const pixel = (4.2 - 0.05 * Math.max(H, W)) * (layer.kind === "input" ? INPUT_GROWTH : 1);
  const mapWidth = vector ? CELL : W * pixel;
  const mapHeight = vector ? CELL : H * pixel;
  return {
    layer: layer.index,
    x: 0,
    width: columns * (mapWidth + gap) - gap,
    height: rows * (mapHeight + gap) - gap,
    columns,
    mapWidth,
    mapHeight,
    gap,
  };
}

/**
 * The colours of all maps of a layer, side by side in one row of images.
 * @param {Layer} layer
 * @param {Activations} acts
 * @returns {ImageData} C·W × H
 */
export function colourMaps(layer, acts) {
  const [C, H, W] = layer.shape;
  const image = new ImageData(C * W, H);
  for (let c = 0; c < C; c++) {
    const { lo, hi } = acts.range(layer.index, c, "layer");
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const entry = entryOf(acts.value({ layer: layer.index, channel: c, y, x }), lo, hi, layer.signed);
        image.data.set(RAMPS.subarray(entry * 4, entry * 4 + 4), (y * C * W + c * W + x) * 4);
      }
    }
  }
  return image;
}

/**
 * @param {number} value
 * @param {number} lo
 * @param {number} hi
 * @param {boolean} signed
 * @returns {number} row of RAMPS: magnitudes from lo to hi, or signed with zero at 128
 */
export function entryOf(value, lo, hi, signed) {
  const clamp = (/** @type {number} */ v) => Math.min(255, Math.max(0, v));
  if (signed)
    return 256 + clamp(128 + Math.round((value / Math.max(Math.abs(lo), Math.abs(hi), 1e-12)) * 127));
  return clamp(Math.round(((value - lo) / Math.max(hi - lo, 1e-12)) * 255));
}

/**
 * Paints one layer's maps, or their empty frames where the run has not come yet.
 * @param {CanvasRenderingContext2D} g unit: CSS pixel; y = 0 in the middle
 * @param {Place} place
 * @param {number} channels
 * @param {HTMLCanvasElement|null} maps made from colourMaps; null: empty frames
 * @param {string} edge colour of the hairline
 */
export function paintPlace(g, place, channels, maps, edge) {
  const { columns, mapWidth, mapHeight, gap } = place;
  g.imageSmoothingEnabled = false;
  g.strokeStyle = edge;
  g.lineWidth = 1;
  const side = maps ? maps.width / channels : 0;
  for (let c = 0; c < channels; c++) {
    const x = place.x + (c % columns) * (mapWidth + gap);
    const y = -place.height / 2 + Math.floor(c / columns) * (mapHeight + gap);
    if (maps) g.drawImage(maps, c * side, 0, side, maps.height, x, y, mapWidth, mapHeight);
    g.strokeRect(x, y, mapWidth, mapHeight);
  }
}
