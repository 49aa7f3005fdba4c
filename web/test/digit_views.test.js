// What the answer, the confusion matrix and the home page's strip work out before they draw.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bars } from "../static/js/digit/miniature.js";
import { decode } from "../static/js/digit/samples.js";
import { see } from "../static/js/digit/sight.js";
import { entryOf, layOut } from "../static/js/digit/strip.js";
import { formOf } from "../static/js/views/answer.js";
import { count } from "../static/js/views/confusion.js";

/** @typedef {import("../static/js/types.js").Manifest} Manifest */
/** @typedef {import("../static/js/types.js").Answer} Answer */

/** @type {[string, [number, number, number]][]} */
const LENET = [
  ["input", [1, 32, 32]],
  ["conv", [6, 28, 28]],
  ["pool", [6, 14, 14]],
  ["conv", [16, 10, 10]],
  ["pool", [16, 5, 5]],
  ["fc", [120, 1, 1]],
  ["fc", [84, 1, 1]],
  ["fc", [10, 1, 1]],
];
const layers = /** @type {import("../static/js/types.js").Layer[]} */ (
  /** @type {unknown} */ (LENET.map(([kind, shape], index) => ({ index, kind, shape })))
);

/**
 * @param {Manifest["head"]["kind"]} kind
 * @param {number} [a]
 * @returns {Manifest}
 */
function manifest(kind, a) {
  const last = { activation: a ? { a } : null };
  return /** @type {Manifest} */ (/** @type {unknown} */ ({ head: { kind }, layers: [last] }));
}

/** @type {Answer} */
const answer = {
  type: "answer",
  run: 1,
  scores: [-1.7159, 0.85795, 0, 1, 2, 3, 4, 5, 6, 8],
  probabilities: [0.5, 0.25, 0.25, 0, 0, 0, 0, 0, 0, 0],
  order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  blank: false,
};

test("answer: probabilities are bars from 0 to 1", () => {
  const form = formOf(manifest("softmax"));
  assert.deepEqual(form.bar(answer, 1), { from: 0, to: 0.25 });
  assert.equal(form.short(answer, 0), "50.00\u00a0%");
});

test("answer: tanh outputs stand round a zero line at half height", () => {
  const form = formOf(manifest("tanh", 1.7159));
  assert.equal(form.zero, 0.5);
  assert.deepEqual(form.bar(answer, 0), { from: 0, to: 0.5 });
  assert.deepEqual(form.bar(answer, 1), { from: 0.5, to: 0.75 });
  assert.equal(form.short(answer, 0), "\u22121.716");
});

test("answer: distances are bars up to the largest", () => {
  const form = formOf(manifest("rbf"));
  assert.deepEqual(form.bar({ ...answer, scores: [2, 8, 4, 4, 4, 4, 4, 4, 4, 4] }, 0), { from: 0, to: 0.25 });
  assert.equal(form.head, "answer.distance");
});

test("confusion: right, wrong, and the worst cell off the diagonal", () => {
  assert.deepEqual(
    count([
      [90, 3],
      [7, 100],
    ]),
    { right: 190, wrong: 10, worst: 7 },
  );
});

test("strip: layers stand side by side, inside the stage, in order", () => {
  for (const [width, height] of [
    [828, 260],
    [736, 200],
    [1500, 330],
  ]) {
    const { places, answerX } = layOut(layers, width, height, 84);
    assert.equal(places.length, 7);
    let right = 0;
    for (const p of places) {
      assert.ok(p.x - right > 8, `layer ${p.layer} at ${p.x} after ${right}`);
      right = p.x + p.width;
      assert.ok(p.height <= height + 0.001, `layer ${p.layer} is ${p.height} high`);
    }
    assert.ok(answerX > right && answerX + 84 <= width, `the answer at ${answerX} of ${width}`);
  }
});

test("strip: values find their colour; zero of a signed layer is the white entry", () => {
  assert.equal(entryOf(0, 0, 2, false), 0);
  assert.equal(entryOf(2, 0, 2, false), 255);
  assert.equal(entryOf(1, 0, 2, false), 128);
  assert.equal(entryOf(0, -1, 2, true), 256 + 128);
  assert.equal(entryOf(2, -1, 2, true), 256 + 255);
  assert.equal(entryOf(-2, -1, 2, true), 256 + 1);
});

test("miniature: bars in order, none touching, the widest map the highest", () => {
  const all = bars(LENET.map(([, shape]) => shape));
  for (let i = 1; i < all.length; i++) {
    assert.ok(all[i].x - all[i].width / 2 > all[i - 1].x + all[i - 1].width / 2 + 2);
    assert.ok(all[i].height <= all[i - 1].height);
  }
});

test("sight: an untouched picture is passed on as it is; no ink is blank", () => {
  const greys = Uint8Array.from({ length: 784 }, (_, k) => k % 256);
  const pad = new Uint8Array(280 * 280);
  const seen = see(pad, { kind: "picture", greys, sample: null }, true);
  assert.equal(seen.greys, greys);
  assert.equal(seen.blank, false);
  assert.deepEqual(see(pad, null, true), { greys: new Uint8Array(784), blank: true });
  assert.equal(see(pad, { kind: "picture", greys: new Uint8Array(784), sample: null }, false).blank, true);
});

test("samples: 784 greys or an error", () => {
  assert.equal(decode(Buffer.alloc(784, 9).toString("base64"))[783], 9);
  assert.throws(() => decode(Buffer.alloc(10).toString("base64")), /10 greys/);
});
