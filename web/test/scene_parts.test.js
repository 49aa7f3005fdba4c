import assert from "node:assert/strict";
import { test } from "node:test";
import { background } from "../static/js/scene/background.js";
import { spread } from "../static/js/scene/labels.js";
import { LINE_FLOATS, Lines } from "../static/js/scene/lines.js";
import { createMotions, easeInOut } from "../static/js/scene/motion.js";
import { revealed, windows, windowUnit } from "../static/js/scene/play.js";
import { colour, rampTable, ZERO } from "../static/js/scene/ramps.js";
import { remember } from "../static/js/scene/scale.js";
import { walk } from "../static/js/scene/walk.js";
import { harley, mlp, odd } from "./scene_nets.js";

test("ramps: the ends and the fixed zero are the design's", () => {
  const hex = (/** @type {number[]} */ c) => c.map(v => v.toString(16).padStart(2, "0")).join("");
  assert.equal(hex(colour(0, false)), "00224e");
  assert.equal(hex(colour(1, false)), "fee838");
  assert.equal(hex(colour(0, true)), "f7f7f6");
  assert.equal(hex(colour(-1, true)), "2d004b");
  assert.equal(hex(colour(1, true)), "7f3b08");
  const table = rampTable();
  assert.equal(table.length, 2 * 256 * 4);
  assert.deepEqual([...table.slice((256 + ZERO) * 4, (256 + ZERO) * 4 + 3)], [0xf7, 0xf7, 0xf6]);
});

test("keys walk within a map, into the next, and between layers", () => {
  const m = harley();
  const shown = (/** @type {number} */ _) => false;
  const go = (/** @type {string} */ key, /** @type {any} */ ref, hidden = shown) =>
    walk(m, ref, key, hidden, m.layers[ref.layer].shape[0]);
  assert.deepEqual(go("ArrowRight", { layer: 1, channel: 0, y: 3, x: 27 }), {
    layer: 1,
    channel: 1,
    y: 3,
    x: 0,
  });
  assert.deepEqual(go("ArrowLeft", { layer: 1, channel: 0, y: 3, x: 0 }), {
    layer: 1,
    channel: 0,
    y: 3,
    x: 0,
  });
  assert.deepEqual(go("ArrowDown", { layer: 1, channel: 2, y: 27, x: 5 }), {
    layer: 1,
    channel: 2,
    y: 27,
    x: 5,
  });
  assert.deepEqual(go("PageUp", { layer: 1, channel: 3, y: 14, x: 14 }), {
    layer: 2,
    channel: 3,
    y: 7,
    x: 7,
  });
  assert.deepEqual(
    go("PageUp", { layer: 1, channel: 3, y: 14, x: 14 }, i => i === 2),
    { layer: 3, channel: 9, y: 5, x: 5 },
  );
  assert.deepEqual(go("PageDown", { layer: 0, channel: 0, y: 1, x: 1 }), {
    layer: 0,
    channel: 0,
    y: 1,
    x: 1,
  });
  assert.deepEqual(go("End", { layer: 5, channel: 3, y: 0, x: 0 }), { layer: 5, channel: 119, y: 0, x: 0 });
  assert.equal(go("a", { layer: 5, channel: 3, y: 0, x: 0 }), null);
  assert.deepEqual(walk(mlp(), { layer: 0, channel: 30, y: 0, x: 0 }, "ArrowUp", shown, 28), {
    layer: 0,
    channel: 2,
    y: 0,
    x: 0,
  });
});

test("play: a map's windows are places, a vector's are units", () => {
  const m = harley();
  assert.deepEqual(m.layers.map(windows), [1024, 784, 196, 100, 25, 120, 100, 10]);
  assert.deepEqual(windowUnit(m.layers[3], 42), { layer: 3, channel: 0, y: 4, x: 2 });
  assert.deepEqual(windowUnit(m.layers[5], 42), { layer: 5, channel: 42, y: 0, x: 0 });
  assert.equal(windowUnit(m.layers[3], 100), null);
  const play = { layer: 3, window: 42.6, running: true, speed: 1 };
  assert.deepEqual(
    m.layers.map(l => revealed(l, play)),
    [-1, -1, -1, 42, 0, 0, 0, 0],
  );
  assert.equal(revealed(m.layers[3], { ...play, window: 100 }), -1, "complete");
  assert.equal(revealed(m.layers[3], null), -1);
});

test("background: the units that stand out of their map, and the value that the others have", () => {
  const m = odd(); // 2×11×9, 3×6×4, 3×3×1, 5
  const bytes = new Uint8Array(m.units).fill(40);
  bytes.fill(200, 99, 198); // the second map of A
  bytes[100] = 255;
  bytes[5] = 44; // too near to be told apart
  bytes[198 + 7] = 0; // 40 from its background: too near on a wide scale
  bytes[198 + 24 + 7] = 0;
  const found = background(m, bytes, (layer, channel) => (layer === 1 && channel === 0 ? 50 : 6));
  assert.deepEqual([...found.lids], [40, 200, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40]);
  assert.deepEqual(
    found.layers.map(l => l.count),
    [1, 1, 0, 0],
  );
  assert.deepEqual([...found.units], [100, 31]);
});

test("labels are pushed apart and kept on the stage, in their order", () => {
  const rows = [{ y: -30 }, { y: 5 }, { y: 12 }, { y: 100 }, { y: 101 }, { y: 500 }];
  spread(rows, 4, 140);
  for (let i = 1; i < rows.length; i++)
    assert.ok(rows[i].y - rows[i - 1].y >= 17 - 1e-9, JSON.stringify(rows));
  assert.ok(rows[0].y >= 4 && rows[5].y <= 140);
});

test("lines grow and keep both ends, colour and style", () => {
  const lines = new Lines();
  const end = { x: 1, y: 2, z: 3, flatX: 4, flatY: 5, layer: 6 };
  for (let i = 0; i < 300; i++) lines.add(end, { ...end, x: i, layer: 7 }, [0.1, 0.2, 0.3, 0.5], 2, true);
  assert.equal(lines.count, 300);
  const last = [...lines.data.slice(299 * LINE_FLOATS, 300 * LINE_FLOATS)].map(v => Math.round(v * 10) / 10);
  assert.deepEqual(last, [1, 2, 3, 4, 5, 299, 2, 3, 4, 5, 0.1, 0.2, 0.3, 0.5, 2, 1, 6, 7, 0, 0]);
  assert.equal((lines.data.length / LINE_FLOATS) % 256, 0, "whole rows of the texture");
});

test("motions run from 0 to 1, once, and can be replaced", () => {
  const motions = createMotions();
  /** @type {number[]} */
  const seen = [];
  motions.run("a", 100, k => seen.push(k));
  assert.equal(motions.advance(1000), true);
  motions.advance(1050);
  assert.equal(motions.advance(1200), false);
  assert.deepEqual(seen, [0, 0.5, 1]);
  motions.run("a", 0, k => seen.push(k * 10));
  assert.equal(seen.at(-1), 10, "no time: at once");
  assert.equal(easeInOut(0), 0);
  assert.equal(easeInOut(1), 1);
});

test("a scale is searched for once a run", () => {
  let asked = 0;
  const acts = /** @type {any} */ ({ version: 1, value: () => 0, range: () => ({ lo: 0, hi: ++asked }) });
  const scale = remember(acts);
  scale.range(1, 0, "layer");
  assert.equal(scale.range(1, 5, "layer").hi, 1);
  scale.range(1, 5, "map");
  assert.equal(scale.range(1, 6, "map").hi, 3);
  acts.version = 2;
  assert.equal(scale.range(1, 0, "layer").hi, 4);
});
