// Where every layer stands, in world units: a unit is a cube of 9 on a grid of 10, as on
// Harley's page. Pure functions of the manifest and the size of the stage; no name of a net or
// a layer decides anything. x runs to the right (map 0 is leftmost), y up from the input to
// the answer, z towards the viewer (row 0 of a map is farthest away).

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Layer} Layer */

/**
 * One layer's place. A vector counts as maps of 1×1, so one formula places every unit.
 * @typedef {object} Place
 * @property {number} layer
 * @property {number} channels
 * @property {number} rows height of a map
 * @property {number} columns width of a map
 * @property {number} across maps side by side before the next row of maps
 * @property {number} pitchX from a map to the one beside it
 * @property {number} pitchZ from a row of maps to the next, towards the viewer
 * @property {number} cell from a unit to the next in a map
 * @property {number} size edge of a unit's box
 * @property {number} plane y of the layer's plane
 * @property {number} floor where the bar of a unit starts, above the plane
 * @property {number} base where the bar of a unit of value 0 ends
 * @property {number} relief what the full value adds to that
 * @property {number} plates thin slabs under the maps: one each, one for an image given as a vector, none for a row
 * @property {number} plateX half the width of a plate
 * @property {number} plateZ half its depth
 * @property {number} flatY middle of the layer in the flat view
 * @property {number} flatPitch pitchZ in the flat view
 * @property {number} flatTall height of a unit in the flat view
 */

/** @typedef {{places: Place[], width: number, flat: {x: number, y: number, scale: number}}} Layout */
/** @typedef {{width: number, height: number}} Size CSS pixels of the stage */

export const CELL = 10;
export const CUBE = 9;
const WORDS = 19; // CSS px of a label between two layers
const FEW_WORDS = 7; // on a small stage, where labels are short and stand beside the layers
const SMALL = 520; // CSS px; stage.css drops the shapes there
const SIN = 0.5; // of the default camera's 30° (camera.js)
const COS = Math.sqrt(3) / 2;
const HALF_FOV = (37 / 2) * (Math.PI / 180); // camera.js
const PLATE_RIM = 3; // world units round the units of a plate
const LONGEST_ROW = 128; // units side by side in a fully connected layer; more wrap

/**
 * Room left free at the edges of the stage, in CSS pixels: digits stand above the answer, and
 * on a small stage the labels have the left side to themselves.
 * @param {Size} size
 * @returns {{left: number, right: number, top: number, bottom: number}}
 */
export function margins(size) {
  return size.width < SMALL
    ? { left: 36, right: 10, top: 40, bottom: 12 }
    : { left: 16, right: 16, top: 46, bottom: 20 };
}

/** Where the column of labels begins, CSS pixels. @param {Size} size */
export function labelColumn(size) {
  return size.width < SMALL ? 10 : 16;
}

/** The part of the stage that is not margin. @param {Size} size @returns {Size} */
function freeOf(size) {
  const m = margins(size);
  return {
    width: Math.max(80, size.width - m.left - m.right),
    height: Math.max(80, size.height - m.top - m.bottom),
  };
}

/**
 * @param {Manifest} manifest
 * @param {"fill"|"classic"} spacing
 * @param {Size} size
 * @returns {Layout}
 */
export function layout(manifest, spacing, size) {
  const places = manifest.layers.map(layer => place(layer, manifest, spacing));
  sharePitch(places, spacing);
  const last = places[places.length - 1];
  const wide = () => Math.max(...places.map(p => halfWidth(p) * 2));
  if (spacing === "fill") spreadAnswer(last, wide(), size);
  else last.pitchX = Math.max(last.pitchX, 40); // room for a digit above each
  for (const p of places) plate(p);
  const width = wide();
  if (spacing === "classic") stackClassic(places);
  else stackFill(places, width, size);
  return { places, width, flat: stackFlat(places, width, size) };
}

/** A vector whose length is the drawing's is drawn as the picture that it is.
 * @param {Layer} layer
 * @param {Manifest} manifest
 */
function isPicture(layer, manifest) {
  const [c, h, w] = layer.shape;
  const side = manifest.input.width + 2 * manifest.input.pad;
  return layer.kind === "input" && h * w === 1 && c > 1 && c % side === 0;
}

/**
 * @param {Layer} layer
 * @param {Manifest} manifest
 * @param {"fill"|"classic"} spacing
 * @returns {Place}
 */
function place(layer, manifest, spacing) {
  const [channels, rows, columns] = layer.shape;
  const picture = isPicture(layer, manifest);
  const row = rows * columns === 1 && !picture;
  const answer = layer.index === manifest.layers.length - 1;
  const lines = Math.ceil(channels / LONGEST_ROW);
  const across = picture
    ? manifest.input.width + 2 * manifest.input.pad
    : row
      ? Math.ceil(channels / lines)
      : channels;
  const wide = picture && spacing === "fill" ? 14 : CELL; // a net of rows has room for a larger picture
  const step = picture ? wide : spacing === "classic" ? CELL : 13.5;
  return {
    layer: layer.index,
    channels,
    rows,
    columns,
    across,
    pitchX: row || picture ? step : 0,
    pitchZ: picture ? wide : row ? 40 : 0,
    cell: CELL,
    size: row && spacing === "fill" ? 11 : (wide * CUBE) / CELL,
    plane: 0,
    ...heights(layer, row, answer, spacing),
    plates: picture ? 1 : row ? 0 : channels,
    plateX: 0,
    plateZ: 0,
    flatY: 0,
    flatPitch: picture ? wide : 40,
    flatTall: row ? (answer ? 26 : 30) : 0,
  };
}

/**
 * Relief: height follows value. Signed rows are bars round a zero line; signed maps rise above
 * and sink below a middle height, so that the plate under them is never cut.
 * @param {Layer} layer
 * @param {boolean} row
 * @param {boolean} answer
 * @param {"fill"|"classic"} spacing
 */
function heights(layer, row, answer, spacing) {
  const k = spacing === "classic" ? 0.55 : 1; // planes 100 apart leave less room
  if (row && layer.signed) return { floor: 0, base: 0, relief: (answer ? 62 : 52) * k };
  if (row) return { floor: 0, base: 8 * k, relief: (answer ? 74 : 62) * k };
  if (layer.signed) return { floor: 0, base: 16 * k, relief: 13 * k };
  return { floor: 0, base: 5 * k, relief: 26 * k };
}

/**
 * Layers with as many maps share a pitch, so that a map stands under the one made from it.
 * In "fill" the maps of pooled layers are magnified to use it.
 * @param {Place[]} places
 * @param {"fill"|"classic"} spacing
 */
function sharePitch(places, spacing) {
  for (const p of places) {
    if (p.pitchX > 0) continue;
    const widest = Math.max(...places.filter(q => q.channels === p.channels).map(q => q.columns)) * CELL;
    // 320 and 140 are Harley's: 280 + 40 and 100 + 40.
    p.pitchX = spacing === "classic" ? widest + 40 : widest + 22 + widest / 10;
    p.pitchZ = p.rows * CELL + 40;
    if (spacing === "classic") continue;
    p.cell = p.channels > 1 ? Math.min(16, Math.max(CELL, Math.floor((0.7 * p.pitchX) / p.columns))) : CELL;
    p.size = p.cell * (CUBE / CELL);
  }
}

/** Digits must stand beside each other above the outputs, at any width of the stage.
 * @param {Place} answer
 * @param {number} width
 * @param {Size} size
 */
function spreadAnswer(answer, width, size) {
  const unitsForOneDigit = (15 * Math.max(width, 1000)) / Math.max(200, size.width);
  answer.pitchX = Math.min(120, Math.max(50, unitsForOneDigit));
  answer.size = Math.max(answer.size, 26);
}

/** @param {Place} p */
function plate(p) {
  if (p.plates === 0) return;
  const vector = p.rows * p.columns === 1;
  p.plateX = (vector ? p.across * p.pitchX : p.columns * p.cell) / 2 + PLATE_RIM;
  p.plateZ = (vector ? Math.ceil(p.channels / p.across) * p.pitchZ : p.rows * p.cell) / 2 + PLATE_RIM;
}

/** @param {Place} p */
export function halfWidth(p) {
  return ((Math.min(p.across, p.channels) - 1) * p.pitchX + p.columns * p.cell) / 2;
}

/** @param {Place} p */
export function halfDepth(p) {
  return ((Math.ceil(p.channels / p.across) - 1) * p.pitchZ + (p.rows - 1) * p.cell + p.size) / 2;
}

/** @param {Place} p */
function flatHeight(p) {
  const lines = Math.ceil(p.channels / p.across);
  const tall = p.flatTall || p.rows * p.cell;
  return (lines - 1) * p.flatPitch + tall;
}

/** Planes 100 apart round 0: −350 … 350 for eight layers. @param {Place[]} places */
function stackClassic(places) {
  places.forEach((p, i) => {
    p.plane = (i - (places.length - 1) / 2) * 100;
  });
}

/**
 * Planes so far apart that the picture has the form of the stage, seen from the default
 * camera (30° up), but never so near that a plate hides the one below or its label.
 * @param {Place[]} places
 * @param {number} width
 * @param {Size} size
 */
function stackFill(places, width, size) {
  const last = places[places.length - 1];
  const free = freeOf(size);
  const ends = SIN * (halfDepth(places[0]) + halfDepth(last)) + COS * last.relief;
  const high = (/** @type {number[]} */ planes) => planes[planes.length - 1] - planes[0];
  const words = size.width < SMALL ? FEW_WORDS : WORDS;
  let planes = places.map((_, i) => i * 200);
  for (let pass = 0; pass < 3; pass++) {
    const perPixel = Math.max(width / free.width, (high(planes) * COS + ends) / free.height);
    const distance = (perPixel * size.height) / 2 / Math.tan(HALF_FOV);
    planes = closest(places, high(planes), distance, words * perPixel);
  }
  const wanted = (width * free.height) / free.width;
  const spare = (wanted - ends) / COS - high(planes);
  const more = Math.min(320, Math.max(0, spare / Math.max(1, places.length - 1)));
  const middle = (high(planes) + more * (places.length - 1)) / 2;
  places.forEach((p, i) => {
    p.plane = planes[i] - planes[0] + more * i - middle;
  });
}

/**
 * The planes one above the other, each as low as it may be: on the screen the near edge of a
 * layer stays above the far edge of the one below, with a line of words between. With s and c
 * for the sine and cosine of 30°, a point (y, z) appears at (yc − zs) / (1 − (ys + zc)/D).
 * @param {Place[]} places
 * @param {number} height of the last arrangement, to know what is near and what far
 * @param {number} distance D of the eye
 * @param {number} words world units
 * @returns {number[]}
 */
function closest(places, height, distance, words) {
  const planes = [-height / 2];
  for (let i = 1; i < places.length; i++) {
    const below = places[i - 1];
    const p = places[i];
    const y = planes[i - 1] + below.base + below.relief;
    const far = halfDepth(below);
    const edge = (y * COS + far * SIN) / (1 - (y * SIN - far * COS) / distance) + words;
    const near = halfDepth(p);
    const low = (edge * (1 - (near * COS) / distance) + near * SIN) / (COS + (edge * SIN) / distance);
    const hanging = p.base === p.floor ? p.relief : 0; // bars under a zero line
    planes.push(low + hanging);
  }
  return planes;
}

/**
 * The flat page: the same x, layers one above the other with equal gaps that fill the stage.
 * @param {Place[]} places
 * @param {number} width
 * @param {Size} size
 */
function stackFlat(places, width, size) {
  const free = freeOf(size);
  const margin = margins(size);
  const between = size.width < SMALL ? FEW_WORDS : WORDS + 3; // CSS pixels: a label stands in each gap
  const tall = places.reduce((sum, p) => sum + flatHeight(p), 0);
  const count = Math.max(1, places.length - 1);
  const roomy = Math.max(free.height * 0.4, free.height - count * between);
  const scale = Math.min(free.width / width, roomy / tall);
  const gap = (free.height / scale - tall) / count;
  let y = 0;
  for (const p of places) {
    const h = flatHeight(p);
    p.flatY = y + h / 2;
    y += h + gap;
  }
  const height = y - gap;
  for (const p of places) p.flatY -= height / 2;
  return { x: (margin.right - margin.left) / 2 / scale, y: (margin.top - margin.bottom) / 2 / scale, scale };
}

/**
 * Between two layouts of the same net, while the stage changes its form.
 * @param {Layout} a
 * @param {Layout} b
 * @param {number} k 0…1
 * @returns {Layout}
 */
export function between(a, b, k) {
  if (k >= 1 || a.places.length !== b.places.length) return b;
  /** @param {number} p @param {number} q */
  const mix = (p, q) => p + (q - p) * k;
  const places = b.places.map((to, i) => {
    const from = a.places[i];
    const made = { ...to };
    for (const key of MOVING) made[key] = mix(from[key], to[key]);
    return made;
  });
  return {
    places,
    width: mix(a.width, b.width),
    flat: {
      x: mix(a.flat.x, b.flat.x),
      y: mix(a.flat.y, b.flat.y),
      scale: mix(a.flat.scale, b.flat.scale),
    },
  };
}

const MOVING = /** @type {const} */ ([
  "pitchX",
  "pitchZ",
  "cell",
  "size",
  "plane",
  "floor",
  "base",
  "relief",
  "plateX",
  "plateZ",
  "flatY",
  "flatPitch",
  "flatTall",
]);
