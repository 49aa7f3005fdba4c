// Where one unit stands in its layer. The vertex shader of gl/units.js does the same sums;
// these serve edges, outlines, labels, picking and the tests.

/** @typedef {import("./layout.js").Place} Place */
/** @typedef {import("../types.js").UnitRef} UnitRef */

/**
 * Middle of a unit's box on its layer's plane.
 * @param {Place} p
 * @param {number} channel
 * @param {number} y
 * @param {number} x fractions are allowed: −0.5 is the left border of column 0
 * @returns {{x: number, z: number}}
 */
export function spot(p, channel, y, x) {
  const lines = Math.ceil(p.channels / p.across);
  return {
    x: ((channel % p.across) - (p.across - 1) / 2) * p.pitchX + (x - (p.columns - 1) / 2) * p.cell,
    z: (Math.floor(channel / p.across) - (lines - 1) / 2) * p.pitchZ + (y - (p.rows - 1) / 2) * p.cell,
  };
}

/**
 * The same in the flat view, where y runs up.
 * @param {Place} p
 * @param {number} channel
 * @param {number} y
 * @param {number} x
 * @returns {{x: number, y: number}}
 */
export function flatSpot(p, channel, y, x) {
  const lines = Math.ceil(p.channels / p.across);
  const down =
    (Math.floor(channel / p.across) - (lines - 1) / 2) * p.flatPitch + (y - (p.rows - 1) / 2) * p.cell;
  return { x: spot(p, channel, y, x).x, y: p.flatY - down };
}

/**
 * From where to where a unit's bar reaches above the world's y = 0.
 * @param {Place} p
 * @param {number} level −1…1 for signed layers, 0…1 for others: the value on its colour scale
 * @returns {{low: number, high: number}}
 */
export function bar(p, level) {
  const end = p.base + p.relief * level;
  const low = Math.min(p.floor, end);
  return { low: p.plane + low, high: p.plane + Math.max(p.floor, end, low + THINNEST) };
}

/** Bars of value 0 stay visible. */
export const THINNEST = 3;

/**
 * A value on its colour scale.
 * @param {number} value
 * @param {{lo: number, hi: number}} range
 * @param {boolean} signed
 */
export function level(value, range, signed) {
  if (signed) {
    const most = Math.max(Math.abs(range.lo), Math.abs(range.hi));
    return most > 0 ? clamp(value / most, -1, 1) : 0;
  }
  return range.hi > range.lo ? clamp((value - range.lo) / (range.hi - range.lo), 0, 1) : 0;
}

/**
 * @param {number} v
 * @param {number} lo
 * @param {number} hi
 */
export function clamp(v, lo, hi) {
  return Math.min(hi, Math.max(lo, v));
}

/**
 * Space that a layer takes: x0…x1, y0…y1, z0…z1.
 * @param {Place} p
 * @returns {[number, number, number, number, number, number]}
 */
export function bounds(p) {
  const a = spot(p, 0, -0.5, -0.5);
  const b = spot(p, Math.min(p.across, p.channels) - 1, p.rows - 0.5, p.columns - 0.5);
  const zEnd = spot(p, p.channels - 1, p.rows - 0.5, 0).z;
  const low = Math.min(p.floor, p.base - (p.base === p.floor ? p.relief : 0));
  return [a.x, b.x, p.plane + low, p.plane + p.base + p.relief, a.z, zEnd];
}
