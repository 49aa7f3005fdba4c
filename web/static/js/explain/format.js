// Numbers as they stand on screen. What is printed as a sum adds up as printed: either all
// figures are rounded so that they do, or the rounding has a line of its own.

import { num, signed } from "../i18n.js";

const MINUS = "\u2212";
const MORE = 2; // digits that may be added until the printed figures meet

/**
 * A sum as printed.
 * @typedef {object} PrintedSum
 * @property {number} digits after the point
 * @property {string[]} addends each with its sign
 * @property {string} rounding what rounding took, as one more addend; "" for none
 * @property {string} total
 */

/**
 * Digits after the point that show a number of this size with five to seven figures.
 * @param {number} size absolute
 */
export function digitsFor(size) {
  if (!(size > 0) || size >= 0.1) return size >= 10000 ? 1 : size >= 1000 ? 2 : size >= 100 ? 3 : 4;
  if (size >= 0.01) return 5;
  if (size >= 0.001) return 6;
  return 7;
}

/**
 * Prints addends and their total. With as few digits as the sizes ask for, or up to two more
 * where then the printed addends give the printed total; else `rounding` is what is missing.
 * The total is given, not computed: it is the net's own float32 sum.
 * @param {number[]} addends finite
 * @param {number} total
 * @param {number} [least] digits after the point; without it by the largest number
 * @returns {PrintedSum}
 */
export function printSum(addends, total, least) {
  return printSums([{ addends, total }], least)[0];
}

/**
 * Several sums printed alike: the total of one is an addend of the next.
 * @param {{addends: number[], total: number}[]} sums
 * @param {number} [least]
 * @returns {PrintedSum[]}
 */
export function printSums(
  sums,
  least = digitsFor(largest(sums.flatMap(sum => [...sum.addends, sum.total]))),
) {
  const meets = (/** @type {number} */ digits) =>
    sums.every(sum => missing(sum.addends, sum.total, digits) === 0);
  const choices = Array.from({ length: MORE + 1 }, (_, more) => least + more);
  const digits = choices.find(meets) ?? least;
  return sums.map(sum => printed(sum.addends, sum.total, digits));
}

/** @param {number[]} values */
function largest(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/**
 * A number in whole units of its last printed digit.
 * @param {number} value
 * @param {number} digits
 */
export function units(value, digits) {
  return Math.round(value * 10 ** digits) + 0; // + 0: no negative zero
}

/**
 * @param {number[]} addends
 * @param {number} total
 * @param {number} digits
 */
function missing(addends, total, digits) {
  return units(total, digits) - addends.reduce((sum, value) => sum + units(value, digits), 0);
}

/**
 * @param {number[]} addends
 * @param {number} total
 * @param {number} digits
 * @returns {PrintedSum}
 */
function printed(addends, total, digits) {
  const show = (/** @type {number} */ whole) => signed(whole / 10 ** digits, digits);
  const rest = missing(addends, total, digits);
  return {
    digits,
    addends: addends.map(value => show(units(value, digits))),
    rounding: rest === 0 ? "" : show(rest),
    total: show(units(total, digits)),
  };
}

/**
 * A result without a plus sign, rounded half away from zero as in a sum.
 * @param {number} value
 * @param {number} [digits]
 */
export function plain(value, digits = digitsFor(Math.abs(value))) {
  if (!Number.isFinite(value)) return num(value);
  return num(units(value, digits) / 10 ** digits, digits);
}

/**
 * An operand with its sign.
 * @param {number} value
 * @param {number} [digits]
 */
export function operand(value, digits = digitsFor(Math.abs(value))) {
  if (!Number.isFinite(value)) return num(value);
  return signed(units(value, digits) / 10 ** digits, digits);
}

/**
 * The shortest decimals that name this float32 and no other.
 * @param {number} value a float32, in a double or as the server sends it
 */
export function exact(value) {
  if (!Number.isFinite(value)) return num(value);
  for (let figures = 6; figures <= 9; figures++) {
    const text = value.toPrecision(figures);
    if (Math.fround(Number(text)) === Math.fround(value)) return tidy(Number(text));
  }
  return tidy(value);
}

const ROOM = 11; // characters of a table cell

/**
 * The exact number where it fits into a table cell, else rounded to what fits.
 * @param {number} value a float32
 */
export function fitting(value) {
  const text = exact(value);
  if (text.length <= ROOM || !Number.isFinite(value)) return text;
  const whole = String(Math.trunc(Math.abs(value))).length;
  return plain(value, Math.max(0, ROOM - whole - 2));
}

/** @param {number} value */
function tidy(value) {
  return String(Object.is(value, -0) ? 0 : value).replaceAll("-", MINUS);
}

/**
 * A range for a legend: "±0.41", "−0.1 … 1.18".
 * @param {number} lo
 * @param {number} hi
 */
export function range(lo, hi) {
  const size = Math.max(Math.abs(lo), Math.abs(hi));
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 4;
  const short = (/** @type {number} */ value) => num(Number(value.toFixed(digits)) + 0);
  return lo === -hi && hi > 0 ? `±${short(hi)}` : `${short(lo)} … ${short(hi)}`;
}
