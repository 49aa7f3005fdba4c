// Which unit is under the pointer: a ray against the layers' boxes, then division. No drawing.
import { projectFlat, ray } from "./camera.js";
import { bounds } from "./place.js";

/** @typedef {import("./camera.js").Lens} Lens */
/** @typedef {import("./layout.js").Place} Place */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {(ref: UnitRef) => {low: number, high: number}} Bars from where to where a unit's bar reaches */

const SHORT_POST = 16; // world units: lower posts of a row can be hit up to this height
const MOST_STEPS = 600;

/**
 * The unit whose box the ray meets first; where it meets none, a low or thin post near it.
 * @param {Lens} lens
 * @param {Place[]} places of the layers that can be hit
 * @param {Bars} bars
 * @param {number} px CSS pixels from the left of the stage
 * @param {number} py
 * @returns {UnitRef|null}
 */
export function pickDeep(lens, places, bars, px, py) {
  const { origin, way } = ray(lens, px, py);
  for (const kind of [false, true]) {
    /** @type {{t: number, ref: UnitRef}|null} */
    let best = null;
    for (const p of places) {
      const found = march(p, bars, origin, way, kind);
      if (found && (!best || found.t < best.t)) best = found;
    }
    if (best) return best.ref;
  }
  return null;
}

/**
 * Walks along the ray through one layer's box, a quarter of a cell at a time.
 * @param {Place} p
 * @param {Bars} bars
 * @param {[number, number, number]} o
 * @param {[number, number, number]} d
 * @param {boolean} kind posts of rows are taken for larger than they are
 */
function march(p, bars, o, d, kind) {
  const [x0, x1, y0, y1, z0, z1] = bounds(p);
  const row = p.rows * p.columns === 1;
  const slack = row ? p.size : p.cell / 2;
  const span = clip([x0 - slack, y0 - 1, z0 - slack], [x1 + slack, y1 + 4, z1 + slack], o, d);
  if (!span) return null;
  const step = p.cell / 4 / Math.hypot(d[0], d[1], d[2]);
  const steps = Math.min(MOST_STEPS, Math.ceil((span[1] - span[0]) / step));
  for (let i = 0; i <= steps; i++) {
    const t = Math.min(span[1], span[0] + i * step);
    const ref = unitAt(p, o[0] + d[0] * t, o[2] + d[2] * t, kind);
    if (!ref) continue;
    const y = o[1] + d[1] * t;
    const bar = bars(ref);
    const high = kind && row ? Math.max(bar.high, p.plane + SHORT_POST) : bar.high;
    if (y <= high + 0.5 && y >= Math.min(bar.low, kind ? p.plane - 2 : bar.low)) return { t, ref };
  }
  return null;
}

/**
 * The part of a ray inside a box.
 * @param {number[]} min
 * @param {number[]} max
 * @param {number[]} o
 * @param {number[]} d
 * @returns {[number, number]|null}
 */
function clip(min, max, o, d) {
  let near = 0;
  let far = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    if (Math.abs(d[i]) < 1e-12) {
      if (o[i] < min[i] || o[i] > max[i]) return null;
      continue;
    }
    const a = (min[i] - o[i]) / d[i];
    const b = (max[i] - o[i]) / d[i];
    near = Math.max(near, Math.min(a, b));
    far = Math.min(far, Math.max(a, b));
  }
  return near <= far ? [near, far] : null;
}

/**
 * The unit that stands at a point of its layer's plane.
 * @param {Place} p
 * @param {number} x
 * @param {number} z
 * @param {boolean} [kind] a little beside a post of a row will do
 * @returns {UnitRef|null}
 */
export function unitAt(p, x, z, kind = false) {
  const half = p.size / 2;
  return kind
    ? divide(p, x, z, p.pitchZ, Math.max(half * 1.5, 8), Math.max(half * 1.3, 6))
    : divide(p, x, z, p.pitchZ, half, half);
}

/**
 * @param {Lens} lens
 * @param {Place[]} places
 * @param {number} px
 * @param {number} py
 * @returns {UnitRef|null}
 */
export function pickFlat(lens, places, px, py) {
  const middle = projectFlat(lens, 0, 0);
  const x = (px - middle.x) / lens.flat.scale;
  const y = -(py - middle.y) / lens.flat.scale;
  for (const p of places) {
    const tall = (p.flatTall || p.cell) / 2 + (p.flatTall ? 4 : 0);
    const ref = divide(p, x, p.flatY - y, p.flatPitch, tall, Math.max(p.size * 0.65, 6));
    if (ref) return ref;
  }
  return null;
}

/**
 * @param {Place} p
 * @param {number} x from the middle of the layer
 * @param {number} down
 * @param {number} pitch of the rows of maps
 * @param {number} reach how far from its middle a unit of a 1×1 map can be hit, downwards
 * @param {number} side the same to the sides
 * @returns {UnitRef|null}
 */
function divide(p, x, down, pitch, reach, side) {
  const lines = Math.ceil(p.channels / p.across);
  const map = Math.round(x / p.pitchX + (p.across - 1) / 2) + 0;
  const line = lines > 1 ? Math.round(down / pitch + (lines - 1) / 2) : 0;
  const channel = line * p.across + map;
  if (map < 0 || map >= p.across || line < 0 || line >= lines || channel >= p.channels) return null;
  const inX = x - (map - (p.across - 1) / 2) * p.pitchX;
  const inY = down - (line - (lines - 1) / 2) * pitch;
  if (p.rows * p.columns === 1) {
    const wide = Math.min(p.pitchX / 2, side);
    return Math.abs(inX) <= wide && Math.abs(inY) <= reach ? { layer: p.layer, channel, y: 0, x: 0 } : null;
  }
  const column = Math.round(inX / p.cell + (p.columns - 1) / 2) + 0; // never −0
  const row = Math.round(inY / p.cell + (p.rows - 1) / 2) + 0;
  if (column < 0 || column >= p.columns || row < 0 || row >= p.rows) return null;
  return { layer: p.layer, channel, y: row, x: column };
}
