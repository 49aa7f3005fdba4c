// The arithmetic of a unit in the order in which a person reads it.

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").Term} Term */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Manifest} Manifest */

/** @typedef {"input"|"sum"|"rbf"|"max"|"average"|"subsample"|"none"} Kind */

const ROWS = 6; // more input maps than this are laid out in one picture

/**
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @returns {Kind}
 */
export function kindOf(info, manifest) {
  const layer = manifest.layers[info.layer];
  if (layer.kind === "input") return "input";
  if (info.pool) return info.pool.kind;
  if (info.terms.length === 0) return "none";
  return layer.kind === "rbf" ? "rbf" : "sum";
}

/**
 * Whether each input map gets a row of its own, or all stand in one picture.
 * @param {Term[]} terms
 */
export function inRows(terms) {
  return terms.length <= ROWS && terms.every(term => term.h * term.w > 1 && term.h * term.w <= 49);
}

/**
 * The input unit of the i-th product of a term.
 * @param {Term} term
 * @param {number} i
 * @returns {UnitRef}
 */
export function inputOf(term, i) {
  const plane = term.h * term.w;
  const at = i % plane;
  return {
    layer: term.layer,
    channel: term.channel + Math.floor(i / plane),
    y: term.y + Math.floor(at / term.w),
    x: term.x + (at % term.w),
  };
}

/**
 * The product of a term that an input unit belongs to; −1 for none.
 * @param {Term} term
 * @param {UnitRef} ref
 */
export function productOf(term, ref) {
  const channel = ref.channel - term.channel;
  const y = ref.y - term.y;
  const x = ref.x - term.x;
  if (ref.layer !== term.layer || channel < 0 || channel >= (term.channels ?? 1)) return -1;
  if (y < 0 || x < 0 || y >= term.h || x >= term.w) return -1;
  return (channel * term.h + y) * term.w + x;
}

/**
 * @typedef {object} Product
 * @property {Term} term
 * @property {number} i index in the term
 * @property {number} value
 */

/**
 * The products that weigh most, strongest first, and what all others add up to.
 * @param {Term[]} terms
 * @param {number} count
 * @returns {{top: Product[], rest: number, others: number}} rest in float64
 */
export function strongest(terms, count) {
  /** @type {Product[]} */
  const all = terms.flatMap(term => term.products.map((value, i) => ({ term, i, value })));
  all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const top = all.slice(0, count);
  const rest = all.slice(count).reduce((sum, product) => sum + product.value, 0);
  return { top, rest, others: all.length - top.length };
}

/**
 * The grey that an input unit was made of, 0…255.
 * @param {number} value
 * @param {Manifest} manifest
 */
export function rawOf(value, { input }) {
  return Math.round(((value - input.offset) / input.scale) * 255) + 0; // + 0: no negative zero
}

/**
 * Largest absolute value, for a signed colour scale; 0 gives 1, so that zero stays white.
 * @param {number[][]} lists
 */
export function reach(lists) {
  let most = 0;
  for (const list of lists) for (const value of list) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/**
 * How many columns a picture of tiles has, nearly square. A vector's parts are cells.
 * @param {number} count
 * @param {number} [columns] wished
 */
export function columnsFor(count, columns) {
  if (columns) return columns;
  const near = Math.ceil(Math.sqrt(count));
  for (let c = near; c <= Math.min(count, near * 2); c++) if (count % c === 0) return c;
  return near;
}

/**
 * The size of a unit's field in the drawing, in pixels; null where it does not see it.
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @returns {{h: number, w: number, all: boolean}|null}
 */
export function seen(info, manifest) {
  const field = info.field.find(part => part.layer === 0);
  if (!field) return null;
  const [c, height, w] = manifest.layers[0].shape;
  if (height * w === 1) {
    // an image given as a vector: whoever reads it reads all of it
    const side = Math.round(Math.sqrt(c));
    return { h: side, w: side, all: field.channels.length === c };
  }
  const [high, wide] = [field.y1 - field.y0 + 1, field.x1 - field.x0 + 1];
  return { h: high, w: wide, all: high === height && wide === w };
}

/**
 * A unit in the middle of a field or of what is fed.
 * @param {{layer: number, channels: number[], y0: number, x0: number, y1: number, x1: number}} area
 * @param {number} [channel]
 * @returns {UnitRef}
 */
export function middleOf(area, channel = area.channels[0]) {
  return { layer: area.layer, channel, y: (area.y0 + area.y1) >> 1, x: (area.x0 + area.x1) >> 1 };
}
