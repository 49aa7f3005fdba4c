// Printed sums add up as printed; printed numbers are the numbers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { exact, fitting, operand, plain, printSum, printSums, range } from "../static/js/explain/format.js";

const SEED = 20151203;

/** A small seeded generator (mulberry32): the tests print nothing and repeat. @param {number} seed */
function random(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A printed figure in whole units of its last digit. @param {string} figure @param {number} digits */
function whole(figure, digits) {
  assert.match(figure, /^[+−]?[\d,]+(\.\d+)?$/, `"${figure}" is a figure with a true minus`);
  const plainText = figure.replaceAll(",", "").replace("−", "-").replace("+", "");
  const [, decimals = ""] = plainText.split(".");
  assert.equal(decimals.length, digits, `"${figure}" has ${digits} decimals`);
  return Math.round(Number(plainText) * 10 ** digits);
}

/** @param {import("../static/js/explain/format.js").PrintedSum} sum @param {number[]} addends @param {number} total */
function check(sum, addends, total) {
  const units = sum.addends.map(figure => whole(figure, sum.digits));
  const rest = sum.rounding === "" ? 0 : whole(sum.rounding, sum.digits);
  const printed = units.reduce((a, b) => a + b, rest);
  assert.equal(printed, whole(sum.total, sum.digits), "the printed figures give the printed total");
  const half = 0.5 + 1e-6;
  addends.forEach((value, i) => {
    assert.ok(Math.abs(units[i] - value * 10 ** sum.digits) <= half, `${sum.addends[i]} is ${value} rounded`);
  });
  assert.ok(
    Math.abs(whole(sum.total, sum.digits) - total * 10 ** sum.digits) <= half,
    `${sum.total} is ${total} rounded`,
  );
  for (const figure of [...sum.addends, sum.total])
    assert.doesNotMatch(figure, /^−0(\.0+)?$/, "no minus zero");
}

test("10,000 random sums add up as printed", () => {
  const next = random(SEED);
  let clean = 0;
  for (let n = 0; n < 10_000; n++) {
    const count = 1 + Math.floor(next() * 40);
    const size = 10 ** (next() * 7 - 4);
    const addends = Array.from({ length: count }, () => Math.fround((next() - 0.5) * size));
    let total = 0;
    for (const value of addends) total = Math.fround(total + value); // as the net adds: in float32
    const sum = printSum(addends, total);
    check(sum, addends, total);
    if (sum.rounding === "") clean++;
  }
  assert.ok(clean > 2000, `${clean} of 10,000 need no line for the rounding`);
});

test("the rounding is small: at most half a unit for each figure", () => {
  const next = random(SEED + 1);
  for (let n = 0; n < 2000; n++) {
    const addends = Array.from({ length: 25 }, () => Math.fround(next() - 0.5));
    const total = Math.fround(addends.reduce((a, b) => a + b, 0));
    const sum = printSum(addends, total);
    if (sum.rounding) assert.ok(Math.abs(whole(sum.rounding, sum.digits)) <= 13 + 1);
  }
});

test("digits are added where that makes the figures meet", () => {
  // 0.00005 + 0.00005 = 0.0001: with four digits 0.0001 + 0.0001 ≠ 0.0001
  const sum = printSum([0.30005, 0.30005], 0.6001);
  assert.deepEqual(sum, { digits: 5, addends: ["+0.30005", "+0.30005"], rounding: "", total: "+0.60010" });
});

test("what digits cannot mend has a line of its own", () => {
  const third = 1 / 3;
  const sum = printSum([third, third, third], 1);
  assert.deepEqual(sum, {
    digits: 4,
    addends: ["+0.3333", "+0.3333", "+0.3333"],
    rounding: "+0.0001",
    total: "+1.0000",
  });
});

test("sums that share a figure print it alike", () => {
  const next = random(SEED + 2);
  for (let n = 0; n < 2000; n++) {
    const rows = Array.from({ length: 4 }, () => (next() - 0.5) * 0.4);
    const products = rows.reduce((a, b) => a + b, 0);
    const bias = (next() - 0.5) * 0.3;
    const [first, second] = printSums([
      { addends: rows, total: products },
      { addends: [products, bias], total: Math.fround(products + bias) },
    ]);
    check(first, rows, products);
    check(second, [products, bias], Math.fround(products + bias));
    assert.equal(first.total, second.addends[0]);
  }
});

test("exact names one float32", () => {
  const next = random(SEED + 3);
  const bits = new DataView(new ArrayBuffer(4));
  for (let n = 0; n < 20_000; n++) {
    bits.setUint32(0, Math.floor(next() * 2 ** 32));
    const value = bits.getFloat32(0);
    if (!Number.isFinite(value)) continue;
    const text = exact(value);
    assert.doesNotMatch(text, /-/, "a true minus");
    assert.ok(
      Object.is(Math.fround(Number(text.replaceAll("−", "-"))), value === 0 ? 0 : value),
      `${text} is ${value}`,
    );
  }
  assert.equal(exact(Math.fround(0.1)), "0.1");
  assert.equal(exact(-0), "0");
  assert.equal(exact(Number.NaN), "NaN");
});

test("a cell holds what fits", () => {
  assert.equal(fitting(Math.fround(0.25)), "0.25");
  assert.equal(fitting(Math.fround(-0.012345678)), "−0.01234568");
  const next = random(SEED + 4);
  for (let n = 0; n < 2000; n++) {
    const value = Math.fround((next() - 0.5) * 10 ** (next() * 8 - 4));
    assert.ok(fitting(value).length <= 11, fitting(value));
  }
});

test("plain and signed figures", () => {
  assert.equal(plain(1.17499), "1.1750");
  assert.equal(plain(-2.5e-4), "−0.0002500");
  assert.equal(plain(-0), "0.0000");
  assert.equal(operand(-0.07444, 4), "−0.0744");
  assert.equal(operand(0, 4), "+0.0000");
  assert.equal(plain(12345.678), "12,345.7");
});

test("ranges of legends", () => {
  assert.equal(range(-0.41, 0.41), "±0.41");
  assert.equal(range(-0.1, 1.175), "−0.1 … 1.18");
  assert.equal(range(0, 173.2), "0 … 173");
  assert.equal(range(0, 0.0123), "0 … 0.012");
});
