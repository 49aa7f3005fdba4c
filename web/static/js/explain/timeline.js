// The run as time: which layer and window come after a while, and after a step.

import { windows } from "../scene/play.js";

/** @typedef {import("../types.js").Play} Play */
/** @typedef {import("../types.js").Layer} Layer */

export const SPEEDS = [0.5, 1, 2, 4];

/**
 * @param {number} speed
 * @returns {number} the next one, round and round
 */
export function nextSpeed(speed) {
  return SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
}

/**
 * The run after more time. A layer takes one step of time, whatever its size.
 * @param {Play} play
 * @param {Layer[]} layers
 * @param {number} ms passed
 * @param {number} stepMs time of a layer at speed 1
 * @returns {Play|null} null at the end: everything is shown
 */
export function advance(play, layers, ms, stepMs) {
  let { layer } = play;
  let share = play.window / windows(layers[layer]) + (ms * play.speed) / stepMs;
  while (share >= 1) {
    share -= 1;
    layer += 1;
    if (layer >= layers.length) return null;
  }
  return { ...play, layer, window: share * windows(layers[layer]) };
}

/**
 * One layer on or back; the layer that is reached is complete.
 * @param {Play|null} play null: all is shown
 * @param {Layer[]} layers
 * @param {number} by ±1
 * @param {number} speed
 * @returns {Play|null} null: all is shown
 */
export function step(play, layers, by, speed) {
  const last = layers.length - 1;
  const complete = !play || play.window >= windows(layers[play.layer]);
  let to = play ? play.layer + by : by > 0 ? 0 : last - 1;
  if (play && !complete && by > 0) to = play.layer; // first to the end of this layer
  return at(Math.min(last, Math.max(0, to)), layers, speed, to > last);
}

/**
 * One window on or back, over the border of a layer.
 * @param {Play|null} play
 * @param {Layer[]} layers
 * @param {number} by ±1
 * @param {number} speed
 * @returns {Play|null}
 */
export function nudge(play, layers, by, speed) {
  const from = play ?? {
    layer: by > 0 ? 0 : layers.length - 1,
    window: by > 0 ? 0 : windows(layers[layers.length - 1]),
  };
  let { layer } = from;
  let window = Math.floor(from.window) + by;
  if (window < 0) {
    layer = Math.max(0, layer - 1);
    window = from.layer === 0 ? 0 : windows(layers[layer]) - 1;
  } else if (window > windows(layers[layer])) {
    layer += 1;
    if (layer >= layers.length) return null;
    window = 1;
  }
  return { layer, window, running: false, speed };
}

/**
 * A layer as a place of the run: complete, at rest.
 * @param {number} layer
 * @param {Layer[]} layers
 * @param {number} speed
 * @param {boolean} [beyond] past the end
 * @returns {Play|null}
 */
export function at(layer, layers, speed, beyond = false) {
  if (beyond) return null;
  return { layer, window: windows(layers[layer]), running: false, speed };
}

/**
 * How far along the thread the run is: 2.5 = half of layer 3 is made.
 * @param {Play} play
 * @param {Layer[]} layers
 */
export function progress(play, layers) {
  if (play.layer === 0) return 0;
  return play.layer - 1 + Math.min(1, play.window / windows(layers[play.layer]));
}

/**
 * The picture of a layer on the thread: height by the side of its map, width by its channels.
 * @param {Layer} layer
 * @returns {{width: number, height: number}} px
 */
export function slab({ shape: [c, h, w] }) {
  const side = Math.sqrt(h * w);
  if (side === 1) return { width: Math.round(8 + 14 * Math.min(1, c / 120)), height: 5 };
  return { width: Math.round(4 + 2.6 * Math.sqrt(c)), height: Math.round(5 + 29 * Math.min(1, side / 32)) };
}
