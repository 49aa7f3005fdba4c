// Strokes are one smooth line, whether painted at once or in pieces as the pen moves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { paintStroke, strokeBox } from "../static/js/digit/paint.js";

/**
 * A context that notes what is asked of it.
 * @returns {{calls: (string|number)[][], g: CanvasRenderingContext2D}}
 */
function recorder() {
  /** @type {(string|number)[][]} */
  const calls = [];
  const g = new Proxy(/** @type {Record<string, unknown>} */ ({}), {
    get: (target, name) =>
      target[String(name)] ?? ((/** @type {number[]} */ ...args) => calls.push([String(name), ...args])),
    set: (target, name, value) => {
      target[String(name)] = value;
      return true;
    },
  });
  return { calls, g: /** @type {CanvasRenderingContext2D} */ (/** @type {unknown} */ (g)) };
}

/** @type {import("../static/js/digit/drawing.js").Stroke} */
const bend = { kind: "stroke", tool: "pen", width: 30, points: [10, 20, 50, 20, 90, 60, 90, 140, 30, 200] };
const curves = (/** @type {(string|number)[][]} */ calls) => calls.filter(c => c[0] === "quadraticCurveTo");

test("paint: a touch is a dot as wide as the pen", () => {
  const { calls, g } = recorder();
  paintStroke(g, { ...bend, points: [40, 50] }, 0, false);
  assert.deepEqual(calls[1], ["arc", 40, 50, 15, 0, 2 * Math.PI]);
  assert.equal(
    calls.some(c => c[0] === "stroke"),
    false,
  );
});

test("paint: curves through the middles, the points as control points", () => {
  const { calls, g } = recorder();
  paintStroke(g, bend, 0, true);
  assert.deepEqual(curves(calls), [
    ["quadraticCurveTo", 10, 20, 30, 20],
    ["quadraticCurveTo", 50, 20, 70, 40],
    ["quadraticCurveTo", 90, 60, 90, 100],
    ["quadraticCurveTo", 90, 140, 60, 170],
  ]);
  assert.deepEqual(
    calls.find(c => c[0] === "lineTo"),
    ["lineTo", 30, 200],
  );
  assert.equal(g.lineWidth, 30);
  assert.equal(g.lineCap, "round");
});

test("paint: in pieces it is the same line, each piece beginning where the last ended", () => {
  const whole = recorder();
  paintStroke(whole.g, bend, 0, true);
  const pieces = recorder();
  let from = 0;
  for (const count of [1, 2, 4, 5]) {
    paintStroke(pieces.g, { ...bend, points: bend.points.slice(0, 2 * count) }, from, false);
    from = count;
  }
  paintStroke(pieces.g, bend, 5, true);
  assert.deepEqual(curves(pieces.calls), curves(whole.calls));
  const starts = pieces.calls.filter(c => c[0] === "moveTo");
  assert.deepEqual(starts, [
    ["moveTo", 10, 20],
    ["moveTo", 30, 20],
    ["moveTo", 90, 100],
    ["moveTo", 60, 170],
  ]);
});

test("paint: the changed box covers the nib and stays on the pad", () => {
  assert.deepEqual(strokeBox({ ...bend, points: [100, 100] }, 0), { x0: 84, y0: 84, x1: 116, y1: 116 });
  assert.deepEqual(strokeBox({ ...bend, points: [-50, 5, 300, 5] }, 0), { x0: 0, y0: 0, x1: 280, y1: 21 });
  const tail = strokeBox(bend, 4); // a new last point changes the line from the middle before the one before it
  assert.ok(tail.x1 >= 106 && tail.y0 <= 44, JSON.stringify(tail));
});

test("paint: the eraser paints paper", () => {
  const { g } = recorder();
  paintStroke(g, { ...bend, tool: "eraser" }, 0, true);
  assert.equal(g.strokeStyle, "#000");
});
