// The list of acts: undo, redo, what is visible, and how far back it goes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDrawing } from "../static/js/digit/drawing.js";

/** @returns {import("../static/js/digit/drawing.js").Stroke} */
const stroke = (x = 0) => ({ kind: "stroke", tool: "pen", width: 30, points: [x, 0] });
/** @returns {import("../static/js/digit/drawing.js").Picture} */
const picture = (index = 4201) => ({
  kind: "picture",
  greys: new Uint8Array(784),
  sample: { index, label: 7 },
});

test("drawing: undo and redo of strokes", () => {
  const d = createDrawing();
  assert.equal(d.canUndo(), false);
  assert.equal(d.undo(), false);
  const [a, b] = [stroke(1), stroke(2)];
  d.push(a);
  d.push(b);
  assert.deepEqual(d.visible(), [a, b]);
  assert.equal(d.undo(), true);
  assert.deepEqual(d.visible(), [a]);
  assert.equal(d.canRedo(), true);
  assert.equal(d.redo(), true);
  assert.deepEqual(d.visible(), [a, b]);
  assert.equal(d.redo(), false);
});

test("drawing: a new act forgets what was undone", () => {
  const d = createDrawing();
  d.push(stroke(1));
  d.push(stroke(2));
  d.undo();
  const c = stroke(3);
  d.push(c);
  assert.equal(d.canRedo(), false);
  assert.equal(d.visible().at(-1), c);
});

test("drawing: clearing and pictures can be undone", () => {
  const d = createDrawing();
  const a = stroke(1);
  d.push(a);
  d.push({ kind: "clear" });
  assert.deepEqual(d.visible(), []);
  const p = picture();
  d.push(p);
  assert.deepEqual(d.visible(), [p]);
  d.undo();
  assert.deepEqual(d.visible(), []);
  d.undo();
  assert.deepEqual(d.visible(), [a]);
});

test("drawing: a picture is untouched until something is drawn on it", () => {
  const d = createDrawing();
  d.push(stroke());
  d.push(picture());
  assert.equal(d.onlyPicture()?.sample?.index, 4201);
  d.push(stroke());
  assert.equal(d.onlyPicture(), null);
  assert.equal(d.visible().length, 2);
  d.undo();
  assert.equal(d.onlyPicture()?.sample?.index, 4201);
});

test("drawing: exactly `depth` acts can be undone, and the older ones stay visible", () => {
  const d = createDrawing(100);
  for (let i = 0; i < 150; i++) d.push(stroke(i));
  let steps = 0;
  while (d.undo()) steps++;
  assert.equal(steps, 100);
  assert.equal(d.visible().length, 50);
  while (d.redo()) steps--;
  assert.equal(steps, 0);
  assert.equal(d.visible().length, 150);
});

test("drawing: at the floor the picture under the strokes is kept", () => {
  const d = createDrawing(3);
  const p = picture(1);
  d.push(stroke());
  d.push(p);
  for (let i = 0; i < 6; i++) d.push(stroke(i));
  while (d.undo());
  assert.equal(d.visible()[0], p);
  assert.equal(d.visible().length, 4);
});
