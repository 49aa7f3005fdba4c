// The recipe against testdata/recipe (exact rational arithmetic, scripts/golden/recipe.py)
// and against properties that any drawing has.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { centred, FIELD, findInk, PAD, uncentred } from "../static/js/digit/recipe.js";

const folder = new URL("../../testdata/recipe/", import.meta.url);

/**
 * @param {Uint8Array|null} got
 * @param {string|null} want base64
 * @param {string} what
 */
function same(got, want, what) {
  if (want === null || got === null) {
    assert.equal(got, want, `${what}: blank or not`);
    return;
  }
  const expected = Buffer.from(want, "base64");
  assert.equal(got.length, expected.length);
  for (let k = 0; k < got.length; k++) {
    const off = Math.abs(got[k] - expected[k]);
    assert.ok(
      off <= 1,
      `${what}: (${k % FIELD}, ${Math.floor(k / FIELD)}) is ${got[k]}, want ${expected[k]}`,
    );
  }
}

for (const file of readdirSync(folder)) {
  const c = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  test(`recipe: ${c.name} (${c.why})`, () => {
    const greys = new Uint8Array(c.width * c.height);
    for (let i = 0, at = 0; i < c.runs.length; i += 2) {
      greys.fill(c.runs[i], at, at + c.runs[i + 1]);
      at += c.runs[i + 1];
    }
    same(centred(greys, c.width, c.height, c.min_side), c.centred, "centred");
    same(uncentred(greys, c.width, c.height), c.uncentred, "uncentred");
  });
}

test("recipe: a filled square, by hand", () => {
  const out = centred(rectangle(40, 40, 200, 200), PAD, PAD);
  assert.ok(out);
  const row = [...out.subarray(14 * FIELD, 15 * FIELD)];
  // 20 cells wide round 14.5: from 4.5 to 24.5. Half of 255 is 127.5, rounded up.
  assert.deepEqual(row, [0, 0, 0, 0, 128, ...Array(19).fill(255), 128, 0, 0, 0]);
  assert.equal(out[4 * FIELD + 4], 64); // a quarter: 63.75
});

test("recipe: position does not matter", () => {
  const a = centred(rectangle(10, 20, 60, 140), PAD, PAD);
  const b = centred(rectangle(199, 119, 60, 140), PAD, PAD);
  assert.deepEqual(a, b);
});

test("recipe: the mass lies in pixel 14 and the longer side fills 20", () => {
  for (const [w, h] of [
    [83, 211],
    [240, 90],
    [120, 121],
  ]) {
    const out = centred(rectangle(3, 5, w, h), PAD, PAD);
    assert.ok(out);
    const ink = findInk(out, FIELD, FIELD);
    assert.ok(ink);
    assert.ok(Math.abs(ink.cx - 14.5) < 0.05 && Math.abs(ink.cy - 14.5) < 0.05, `${ink.cx}, ${ink.cy}`);
    const sum = out.reduce((s, g) => s + g, 0) / 255;
    const scale = 20 / Math.max(w, h);
    assert.ok(Math.abs(sum - w * h * scale * scale) < 1.5, `ink ${sum} of ${w * h * scale * scale}`);
  }
});

test("recipe: a dot does not become a blob", () => {
  const out = centred(rectangle(125, 125, 30, 30), PAD, PAD);
  assert.ok(out);
  const sum = out.reduce((s, g) => s + g, 0) / 255;
  assert.ok(Math.abs(sum - 7.5 * 7.5) < 1, `a 30-pixel dot covers ${sum} cells`);
});

test("recipe: blank is null, with and without the recipe", () => {
  const paper = new Uint8Array(PAD * PAD);
  assert.equal(centred(paper, PAD, PAD), null);
  assert.equal(uncentred(paper, PAD, PAD), null);
});

/**
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 */
function rectangle(x, y, w, h) {
  const greys = new Uint8Array(PAD * PAD);
  for (let r = y; r < y + h; r++) greys.fill(255, r * PAD + x, r * PAD + x + w);
  return greys;
}
