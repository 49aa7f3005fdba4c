// Activation functions as functions and as curves.

/** @typedef {import("../types.js").Activation} Activation */

/** LeCun et al. 1998, appendix A: f(s) = A tanh(S s), f(±1) = ±1 */
const AMPLITUDE = 1.7159;
const SLOPE = 2 / 3;

/**
 * The function of one number; for softmax, which needs all ten, e^s.
 * @param {Activation} activation
 * @returns {(s: number) => number}
 */
export function activate(activation) {
  switch (activation.name) {
    case "scaled_tanh": {
      const { a = AMPLITUDE, b = SLOPE } = activation;
      return s => a * Math.tanh(b * s);
    }
    case "tanh":
      return Math.tanh;
    case "relu":
      return s => Math.max(0, s);
    case "sigmoid":
      return s => 1 / (1 + Math.exp(-s));
    case "softmax":
      return Math.exp;
    default:
      return s => s;
  }
}

/**
 * Half of the width of the drawn part: doubles where s does not fit, so that the curve
 * stands still while s moves.
 * @param {number} s
 */
export function halfWidth(s) {
  let half = 4;
  while (Math.abs(s) > half * 0.92 && half < 1e6) half *= 2;
  return half;
}

/**
 * @typedef {object} Curve
 * @property {string} path SVG path of the function
 * @property {number} x place of the point
 * @property {number} y
 * @property {number} zeroX place of the axes
 * @property {number} zeroY
 */

/**
 * The curve in a box of width × height px.
 * @param {Activation} activation
 * @param {number} s where the point is
 * @param {number} width
 * @param {number} height
 * @param {number} [margin] px kept free
 * @returns {Curve}
 */
export function curve(activation, s, width, height, margin = 7) {
  const f = activate(activation);
  const half = halfWidth(s);
  const low = Math.min(0, f(-half));
  const high = Math.max(0, f(half));
  const toX = (/** @type {number} */ v) => margin + ((v + half) / (2 * half)) * (width - 2 * margin);
  const toY = (/** @type {number} */ v) =>
    height - margin - ((v - low) / (high - low || 1)) * (height - 2 * margin);
  const steps = 48;
  const places = Array.from({ length: steps + 1 }, (_, i) => -half + (2 * half * i) / steps);
  const path = places
    .map((v, i) => `${i === 0 ? "M" : "L"}${toX(v).toFixed(1)} ${toY(f(v)).toFixed(1)}`)
    .join("");
  return { path, x: toX(s), y: toY(f(s)), zeroX: toX(0), zeroY: toY(0) };
}

/**
 * @typedef {object} Shares
 * @property {number} largest score that is taken off first, so that nothing overflows
 * @property {number[]} powers e^(score − largest)
 * @property {number} total of the powers
 * @property {number[]} shares power ÷ total
 */

/**
 * Softmax spelled out.
 * @param {number[]} scores logits
 * @returns {Shares}
 */
export function softmax(scores) {
  const largest = Math.max(...scores);
  const powers = scores.map(score => Math.exp(score - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return { largest, powers, total, shares: powers.map(power => power / total) };
}
