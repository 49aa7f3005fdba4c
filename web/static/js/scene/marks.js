// What is drawn in lines: hairlines of the plates, edges of a unit, outlines of its field.
import { covers, fieldOf, inputsOf, outputsOf, reachOf, unitsOf } from "./connect.js";
import { end } from "./lines.js";
import { bar, level } from "./place.js";
import { revealed, windowUnit } from "./play.js";

/** @typedef {import("./connect.js").Area} Area */
/** @typedef {import("./inks.js").Inks} Inks */
/** @typedef {import("./layout.js").Place} Place */
/** @typedef {import("./lines.js").End} End */
/** @typedef {import("./lines.js").Ink} Ink */
/** @typedef {import("./lines.js").Lines} Lines */
/** @typedef {import("../types.js").AppState} AppState */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */

/**
 * What marks are made from.
 * @typedef {object} Source
 * @property {Manifest} manifest
 * @property {Place[]} places
 * @property {import("./scale.js").Scaled} acts
 * @property {Readonly<AppState>} state
 * @property {Inks} inks
 * @property {(from: UnitRef, to: UnitRef) => number|null} weight null where an edge has none
 * @property {(layer: number) => number} strongest largest |weight| of a layer, for the fading
 */

const NONE = /** @type {Ink} */ ([0, 0, 0, 0]);

/** @param {Ink} ink @param {number} alpha @returns {Ink} */
const faded = (ink, alpha) => [ink[0], ink[1], ink[2], ink[3] * alpha];

/** Where a unit's bar ends above the world's y = 0. @param {Source} s @param {UnitRef} ref */
export function top(s, ref) {
  const signed = s.manifest.layers[ref.layer].signed;
  const range = s.acts.range(ref.layer, ref.channel, s.state.scope);
  return bar(s.places[ref.layer], level(s.acts.value(ref), range, signed));
}

/** @param {Source} s @param {UnitRef} ref @returns {End} */
function topEnd(s, ref) {
  return end(s.places[ref.layer], top(s, ref).high, ref.channel, ref.y, ref.x);
}

/**
 * Corners of a rectangle of one map, at a height.
 * @param {Place} p
 * @param {number} channel
 * @param {{y0: number, x0: number, y1: number, x1: number}} a
 * @param {number} height
 * @returns {End[]}
 */
function corners(p, channel, a, height) {
  return [
    end(p, height, channel, a.y0 - 0.5, a.x0 - 0.5),
    end(p, height, channel, a.y0 - 0.5, a.x1 + 0.5),
    end(p, height, channel, a.y1 + 0.5, a.x1 + 0.5),
    end(p, height, channel, a.y1 + 0.5, a.x0 - 0.5),
  ];
}

/**
 * Corners of a frame round a whole layer.
 * @param {Place} p
 * @param {number} height
 * @param {number} rim world units
 * @returns {End[]}
 */
export function frame(p, height, rim) {
  const last = Math.min(p.across, p.channels) - 1;
  const a = end(p, height, 0, 0, 0);
  const b = end(p, height, p.channels - 1, p.rows - 1, p.columns - 1);
  const right = end(p, height, last, 0, p.columns - 1);
  const x = p.size / 2 + rim;
  const z = p.size / 2 + rim;
  const flat = (p.flatTall || p.size) / 2 + rim;
  const at = (/** @type {number} */ sx, /** @type {number} */ sz) => {
    const side = sx < 0 ? a : right;
    const edge = sz < 0 ? a : b;
    return {
      x: side.x + sx * x,
      y: height,
      z: edge.z + sz * z,
      flatX: side.flatX + sx * x,
      flatY: edge.flatY - sz * flat,
      layer: p.layer,
    };
  };
  return [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
}

/**
 * Corners of one plate.
 * @param {Place} p
 * @param {number} i
 * @returns {End[]}
 */
function plateCorners(p, i) {
  const made = p.channels !== p.plates;
  const mid = end(p, p.plane, made ? 0 : i, (p.rows - 1) / 2, (p.columns - 1) / 2);
  if (made) Object.assign(mid, { x: 0, z: 0, flatX: 0, flatY: p.flatY });
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([sx, sz]) => ({
    ...mid,
    x: mid.x + sx * p.plateX,
    z: mid.z + sz * p.plateZ,
    flatX: mid.flatX + sx * p.plateX,
    flatY: mid.flatY - sz * p.plateZ,
  }));
}

/**
 * Hairlines round the plates of complete layers.
 * @param {Source} s
 * @param {Lines} out
 */
export function drawPlates(s, out) {
  out.clear();
  for (const p of s.places) if (isWhole(s, p)) hairlines(s, p, out);
}

/**
 * Frames of layers that are still to come, zero lines of signed rows, strokes across maps that
 * are switched off.
 * @param {Source} s
 * @param {Lines} out
 */
export function drawFrames(s, out) {
  out.clear();
  for (const p of s.places) {
    const layer = s.manifest.layers[p.layer];
    if (s.state.hidden.includes(p.layer)) continue;
    if (!isWhole(s, p)) hairlines(s, p, out);
    const row = p.plates === 0;
    if (row && revealed(layer, s.state.play) === 0) out.loop(frame(p, p.plane, 4), s.inks.plate, 1);
    else if (row && layer.signed) zeroLine(p, s, out);
  }
  for (const off of s.state.off) strike(s, off, out);
}

/** Whether all units of a layer are drawn. @param {Source} s @param {Place} p */
function isWhole(s, p) {
  return revealed(s.manifest.layers[p.layer], s.state.play) < 0 && !s.state.hidden.includes(p.layer);
}

/** @param {Source} s @param {Place} p @param {Lines} out */
function hairlines(s, p, out) {
  for (let i = 0; i < p.plates; i++) out.loop(plateCorners(p, i), s.inks.plate, 1);
}

/** @param {Place} p @param {Source} s @param {Lines} out */
function zeroLine(p, s, out) {
  const lines = Math.ceil(p.channels / p.across);
  for (let i = 0; i < lines; i++) {
    const a = end(p, p.plane, i * p.across, 0, 0);
    const b = end(p, p.plane, Math.min(p.channels, (i + 1) * p.across) - 1, 0, 0);
    const reach = p.size;
    // In the flat view the row is tiles, so the line shrinks to nothing there.
    const at = (/** @type {End} */ e, /** @type {number} */ by) => ({ ...e, x: e.x + by, flatX: a.flatX });
    out.add(at(a, -reach), at(b, reach), faded(s.inks.plain, 0.45), 1);
  }
}

/** @param {Source} s @param {{layer: number, channel: number}} off @param {Lines} out */
function strike(s, off, out) {
  const p = s.places[off.layer];
  const layer = s.manifest.layers[off.layer];
  if (!p || !layer || off.channel >= p.channels) return;
  const [, h, w] = layer.shape;
  const c = corners(p, off.channel, { y0: 0, x0: 0, y1: h - 1, x1: w - 1 }, p.plane + p.base + 2);
  for (const [a, b] of [
    [c[0], c[2]],
    [c[1], c[3]],
  ]) {
    out.add(a, b, s.inks.casing, 3.6);
    out.add(a, b, s.inks.strike, 1.8);
  }
}

/**
 * Edges of one unit: to all that it reads, and fainter to all that it feeds.
 * @param {Source} s
 * @param {UnitRef} ref
 * @param {Lines} out
 * @returns {{inputs: number, outputs: number}} how many of each
 */
export function drawEdges(s, ref, out) {
  const to = topEnd(s, ref);
  let inputs = 0;
  for (const area of inputsOf(s.manifest, ref)) {
    const winner = winnerOf(s, ref, area);
    for (const from of unitsOf(area)) {
      const [ink, width] = edgeInk(s, from, ref, winner, 1);
      out.add(to, topEnd(s, from), ink, width, true);
      inputs++;
    }
  }
  let outputs = 0;
  for (const area of outputsOf(s.manifest, ref)) {
    for (const next of unitsOf(area)) {
      const [ink, width] = edgeInk(s, ref, next, null, 0.5);
      out.add(to, topEnd(s, next), ink, width, true);
      outputs++;
    }
  }
  return { inputs, outputs };
}

/**
 * Hue by sign, faded and thinned by size; without a weight ink, strong for a pool's winner.
 * @param {Source} s
 * @param {UnitRef} from
 * @param {UnitRef} to
 * @param {UnitRef|null} winner
 * @param {number} share of the full strength
 * @returns {[Ink, number]}
 */
function edgeInk(s, from, to, winner, share) {
  const w = s.weight(from, to);
  if (w === null) {
    const won = winner !== null && winner.y === from.y && winner.x === from.x;
    return [faded(s.inks.plain, (won ? 0.95 : 0.35) * share), won ? 2 : 0.9];
  }
  const strength = Math.min(1, Math.abs(w) / s.strongest(to.layer)) ** 0.7; // most weights are small
  const ink = w < 0 ? s.inks.negative : s.inks.positive;
  return [faded(ink, (0.1 + 0.68 * strength) * share), (0.5 + 1.2 * strength) * (0.5 + share / 2)];
}

/** The unit that a max pool took. @param {Source} s @param {UnitRef} ref @param {Area} area @returns {UnitRef|null} */
function winnerOf(s, ref, area) {
  if (s.manifest.layers[ref.layer].kind !== "pool") return null;
  /** @type {UnitRef|null} */
  let best = null;
  for (const unit of unitsOf(area)) if (!best || s.acts.value(unit) > s.acts.value(best)) best = unit;
  return best;
}

/**
 * Outlines of what a unit looks at in every earlier layer, and of what it feeds later.
 * @param {Source} s
 * @param {UnitRef} ref
 * @param {Lines} out
 */
export function drawField(s, ref, out) {
  for (const area of reachOf(s.manifest, ref))
    if (!covers(area, s.manifest.layers[area.layer])) outline(s, area, out, faded(s.inks.mark, 0.5), NONE, 1);
  for (const area of fieldOf(s.manifest, ref)) outline(s, area, out, s.inks.mark, s.inks.casing, 1.6);
}

/**
 * @param {Source} s
 * @param {Area} area
 * @param {Lines} out
 * @param {Ink} ink
 * @param {Ink} casing
 * @param {number} width
 */
function outline(s, area, out, ink, casing, width) {
  if (s.state.hidden.includes(area.layer)) return;
  const p = s.places[area.layer];
  const all = covers(area, s.manifest.layers[area.layer]);
  const height = p.plane + p.base + (p.plates > 0 ? p.relief * 0.3 : 0);
  const loops = all
    ? [frame(p, p.plates > 0 ? height : p.plane, 5)]
    : area.channels.map(c => corners(p, c, area, height));
  for (const loop of loops) {
    if (casing[3] > 0 && !all) out.loop(loop, casing, width + 2);
    out.loop(loop, all ? faded(ink, 0.7) : ink, all ? 1 : width);
  }
}

/**
 * The moving window of the run: what the units being made look at, and those units.
 * @param {Source} s
 * @param {Lines} out
 */
export function drawWindow(s, out) {
  const play = s.state.play;
  const layer = play ? s.manifest.layers[play.layer] : undefined;
  const unit = play && layer ? windowUnit(layer, play.window) : null;
  if (!layer || !unit || layer.kind === "input") return;
  const maps = layer.shape[1] * layer.shape[2] > 1 ? [...Array(layer.shape[0]).keys()] : [unit.channel];
  const made = { layer: layer.index, channels: maps, y0: unit.y, x0: unit.x, y1: unit.y, x1: unit.x };
  for (const input of layer.inputs) {
    const channels = new Set(
      maps.flatMap(channel => inputsOf(s.manifest, { ...unit, channel }).flatMap(a => a.channels)),
    );
    const area = inputsOf(s.manifest, unit).find(a => a.layer === input);
    if (!area) continue;
    const read = { ...area, channels: [...channels] };
    outline(s, read, out, s.inks.mark, s.inks.casing, 1.6);
    cone(s, area, made, out);
  }
  outline(s, made, out, s.inks.mark, s.inks.casing, 1.4);
}

/** Lines from the corners of a window to the unit made from it. @param {Source} s @param {Area} read @param {Area} made @param {Lines} out */
function cone(s, read, made, out) {
  const from = s.places[read.layer];
  const to = s.places[made.layer];
  if (covers(read, s.manifest.layers[read.layer])) return;
  const ink = faded(s.inks.mark, 0.24 * Math.min(1, 6 / made.channels.length)); // sixteen cones would hide the maps
  for (const channel of made.channels) {
    const own = read.channels.includes(channel) && read.channels.length > 1 ? channel : read.channels[0];
    const apex = end(to, to.plane, channel, made.y0, made.x0);
    for (const corner of corners(from, own, read, from.plane + from.base)) out.add(corner, apex, ink, 0.8);
  }
}
