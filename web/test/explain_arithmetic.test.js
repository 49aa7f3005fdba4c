// The arithmetic of units: places of products, the strongest of them, curves, softmax.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  columnsFor,
  inputOf,
  inRows,
  kindOf,
  middleOf,
  productOf,
  rawOf,
  reach,
  seen,
  strongest,
} from "../static/js/explain/arithmetic.js";
import { activate, curve, halfWidth, softmax } from "../static/js/explain/curve.js";
import { channelValues, stats, strongestOf, strongestUnit } from "../static/js/explain/stats.js";
import { manifest, termOf } from "./explain_net.js";

test("a product knows its input, and an input its product", () => {
  // sides all different: a swap of axes shows
  const term = termOf({ layer: 2, channel: 3, channels: 2, y: 4, x: 7, h: 5, w: 3 });
  assert.deepEqual(inputOf(term, 0), { layer: 2, channel: 3, y: 4, x: 7 });
  assert.deepEqual(inputOf(term, 2), { layer: 2, channel: 3, y: 4, x: 9 });
  assert.deepEqual(inputOf(term, 3), { layer: 2, channel: 3, y: 5, x: 7 });
  assert.deepEqual(inputOf(term, 29), { layer: 2, channel: 4, y: 8, x: 9 });
  for (let i = 0; i < 30; i++) assert.equal(productOf(term, inputOf(term, i)), i);
  for (const ref of [
    { layer: 1, channel: 3, y: 4, x: 7 },
    { layer: 2, channel: 5, y: 4, x: 7 },
    { layer: 2, channel: 3, y: 3, x: 7 },
    { layer: 2, channel: 3, y: 9, x: 7 },
    { layer: 2, channel: 3, y: 4, x: 6 },
    { layer: 2, channel: 3, y: 4, x: 10 },
  ]) {
    assert.equal(productOf(term, ref), -1, JSON.stringify(ref));
  }
});

test("the strongest products and the rest are all products", () => {
  const a = termOf({
    layer: 0,
    channel: 0,
    channels: 1,
    y: 0,
    x: 0,
    h: 2,
    w: 2,
    products: [0.5, -3, 0.25, 2],
  });
  const b = termOf({
    layer: 0,
    channel: 1,
    channels: 1,
    y: 0,
    x: 0,
    h: 2,
    w: 2,
    products: [-0.125, 1, -2.5, 0],
  });
  const { top, rest, others } = strongest([a, b], 3);
  assert.deepEqual(
    top.map(one => one.value),
    [-3, -2.5, 2],
  );
  assert.equal(top[1].term, b);
  assert.equal(top[1].i, 2);
  assert.equal(others, 5);
  assert.equal(
    top.reduce((sum, one) => sum + one.value, rest),
    -1.875,
  );
});

test("rows for few maps, one picture for many and for vectors", () => {
  const map = termOf({ layer: 0, channel: 0, channels: 1, y: 0, x: 0, h: 5, w: 5 });
  assert.ok(inRows(new Array(6).fill(map)));
  assert.ok(!inRows(new Array(16).fill(map)));
  assert.ok(!inRows([termOf({ layer: 0, channel: 0, channels: 120, y: 0, x: 0, h: 1, w: 1 })]));
  assert.ok(!inRows([termOf({ layer: 0, channel: 0, channels: 1, y: 0, x: 0, h: 28, w: 28 })]));
});

test("a vector is laid out nearly square", () => {
  assert.deepEqual(
    [120, 100, 84, 400, 784, 300].map(n => columnsFor(n)),
    [12, 10, 12, 20, 28, 20],
  );
  assert.equal(columnsFor(84, 7), 7);
  assert.equal(columnsFor(16), 4);
});

test("the grey of an input unit", () => {
  const net = manifest();
  for (const raw of [0, 1, 128, 254, 255]) {
    const value = Math.fround(Math.fround((raw / 255) * 1.275) - 0.1);
    assert.equal(rawOf(value, net), raw);
  }
});

test("kinds of units", () => {
  const net = manifest();
  const unit = (/** @type {number} */ layer, /** @type {object} */ more) =>
    /** @type {import("../static/js/types.js").UnitInfo} */ (
      /** @type {unknown} */ ({ layer, terms: [], pool: null, field: [], ...more })
    );
  assert.equal(kindOf(unit(0, {}), net), "input");
  assert.equal(kindOf(unit(1, { terms: [termOf({})] }), net), "sum");
  assert.equal(kindOf(unit(2, { pool: { kind: "max" } }), net), "max");
  assert.equal(kindOf(unit(4, { terms: [termOf({})] }), net), "rbf");
  assert.equal(kindOf(unit(3, {}), net), "none");
});

test("what a unit sees of the drawing", () => {
  const net = manifest();
  const info = /** @type {import("../static/js/types.js").UnitInfo} */ ({
    field: [{ layer: 0, y0: 3, x0: 5, y1: 8, x1: 9, channels: [0] }],
  });
  assert.deepEqual(seen(info, net), { h: 6, w: 5, all: false });
  assert.equal(seen({ ...info, field: [] }, net), null);
  const whole = { layer: 0, y0: 0, x0: 0, y1: 12, x1: 10, channels: [0] };
  assert.deepEqual(seen({ ...info, field: [whole] }, net), { h: 13, w: 11, all: true });
  const vector = manifest();
  vector.layers[0].shape = [784, 1, 1];
  const all = Array.from({ length: 784 }, (_, i) => i);
  assert.deepEqual(
    seen({ ...info, field: [{ layer: 0, y0: 0, x0: 0, y1: 0, x1: 0, channels: all }] }, vector),
    { h: 28, w: 28, all: true },
  );
  assert.deepEqual(middleOf(whole, 2), { layer: 0, channel: 2, y: 6, x: 5 });
});

test("activation functions", () => {
  const f = (/** @type {string} */ name, /** @type {object} */ more = {}) =>
    activate(/** @type {import("../static/js/types.js").Activation} */ ({ name, formula: "", ...more }));
  // LeCun et al. 1998: f(1) = 1, f(−1) = −1, to the digits of 1.7159
  assert.ok(Math.abs(f("scaled_tanh")(1) - 1) < 1e-4);
  assert.ok(Math.abs(f("scaled_tanh")(-1) + 1) < 1e-4);
  assert.equal(f("scaled_tanh", { a: 2, b: 0.5 })(3), 2 * Math.tanh(1.5));
  assert.equal(f("relu")(-2), 0);
  assert.equal(f("relu")(2.5), 2.5);
  assert.equal(f("sigmoid")(0), 0.5);
  assert.equal(f("tanh")(0.3), Math.tanh(0.3));
  assert.equal(f("identity")(-7), -7);
});

test("the point lies on the curve", () => {
  const activation = /** @type {import("../static/js/types.js").Activation} */ ({
    name: "relu",
    formula: "",
  });
  const c = curve(activation, 2, 116, 72, 7);
  const points = [...c.path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(m => [Number(m[1]), Number(m[2])]);
  assert.ok(
    points.every(([x, y]) => x >= 7 && x <= 109 && y >= 7 && y <= 65),
    "inside the box",
  );
  // relu is straight on the right: the point lies between zero and the end
  const [endX, endY] = points[points.length - 1];
  const share = (c.x - c.zeroX) / (endX - c.zeroX);
  assert.ok(Math.abs(share - 2 / 4) < 0.01);
  assert.ok(Math.abs((c.zeroY - c.y) / (c.zeroY - endY) - share) < 0.01);
  assert.ok(c.y < c.zeroY, "up is positive");
});

test("the axis stands still while s moves a little", () => {
  assert.equal(halfWidth(0.1), halfWidth(3.5));
  assert.ok(halfWidth(9) > 9);
  assert.ok(halfWidth(-100) > 100);
});

test("softmax as shares of powers", () => {
  const scores = [1, 2, 3.5, -4];
  const sum = scores.reduce((a, s) => a + Math.exp(s), 0);
  const { shares, powers, total, largest } = softmax(scores);
  assert.equal(largest, 3.5);
  scores.forEach((s, k) => {
    assert.ok(Math.abs(shares[k] - Math.exp(s) / sum) < 1e-12);
  });
  assert.ok(Math.abs(powers.reduce((a, b) => a + b) - total) < 1e-12);
  assert.deepEqual(softmax([1000, 0]).shares, [1, 0]); // e^1000 would overflow
});

test("scales and statistics", () => {
  assert.equal(reach([[0.5, -2], [1]]), 2);
  assert.equal(reach([[0, 0]]), 1);
  assert.deepEqual(stats([-1, 0, 4, 1]), {
    count: 4,
    min: -1,
    max: 4,
    mean: 1,
    deviation: Math.sqrt(3.5),
    zeros: 1,
  });
  assert.deepEqual(stats([]), { count: 0, min: 0, max: 0, mean: 0, deviation: 0, zeros: 0 });
});

test("the strongest unit of a map and of a layer", () => {
  const net = manifest();
  const layer = net.layers[2];
  const acts = /** @type {import("../static/js/types.js").Activations} */ (
    /** @type {unknown} */ ({
      value: (/** @type {import("../static/js/types.js").UnitRef} */ ref) =>
        ref.channel === 1 && ref.y === 3 && ref.x === 2 ? -9 : ref.channel + ref.y / 10 + ref.x / 100,
    })
  );
  assert.deepEqual(strongestUnit(acts, layer, 0), { layer: 2, channel: 0, y: 4, x: 3 });
  assert.deepEqual(strongestUnit(acts, layer, 1), { layer: 2, channel: 1, y: 3, x: 2 });
  assert.deepEqual(strongestOf(acts, layer), { layer: 2, channel: 1, y: 3, x: 2 });
  assert.equal(channelValues(acts, layer, 0)[1 * 4 + 2], 1 / 10 + 2 / 100);
});
