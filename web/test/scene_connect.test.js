import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countInputs,
  covers,
  fieldOf,
  inputsOf,
  outputsOf,
  reachOf,
  size,
  unitsOf,
} from "../static/js/scene/connect.js";
import { harley, lecun, mlp, odd } from "./scene_nets.js";

const unit = (/** @type {number} */ layer, channel = 0, y = 0, x = 0) => ({ layer, channel, y, x });

test("inputs counted: C1 25, S2 4, C3 75/100/150 by the table, S4 4, F5 400, F6 120, output 100", () => {
  const m = harley();
  assert.equal(countInputs(m, unit(0)), 0);
  assert.equal(countInputs(m, unit(1, 3, 12, 12)), 25);
  assert.equal(countInputs(m, unit(2, 3, 6, 6)), 4);
  const perMap = [75, 75, 75, 75, 75, 75, 100, 100, 100, 100, 100, 100, 100, 100, 100, 150];
  perMap.forEach((want, map) => {
    assert.equal(countInputs(m, unit(3, map, 5, 5)), want, `C3 map ${map}`);
  });
  assert.equal(countInputs(m, unit(4, 9, 2, 2)), 4);
  assert.equal(countInputs(m, unit(5, 60)), 400);
  assert.equal(countInputs(m, unit(6, 50)), 120);
  assert.equal(countInputs(m, unit(7, 5)), 100);
  assert.equal(countInputs(lecun(), unit(5, 60)), 400, "C5 is a convolution over all of S4");
  assert.equal(countInputs(mlp(), unit(1, 7)), 784);
});

test("the window of a unit lies where kernel, stride and padding put it", () => {
  const [area] = inputsOf(odd(), unit(1, 2, 0, 1));
  // rows 0·2−1 … 1, cut at 0; columns 1·2−1 … 5
  assert.deepEqual(area, { layer: 0, channels: [0, 1], y0: 0, x0: 1, y1: 1, x1: 5 });
  assert.equal(size(area), 20);
  assert.equal([...unitsOf(area)].length, 20);
  assert.deepEqual([...unitsOf(area)][5], { layer: 0, channel: 0, y: 1, x: 1 });
});

test("what reads a unit is what the unit feeds, for every unit of every layer", () => {
  for (const m of [odd(), harley()]) {
    const layer = m.model === "odd" ? 0 : 2;
    const [c, h, w] = m.layers[layer].shape;
    const key = (/** @type {import("../static/js/types.js").UnitRef} */ u) => `${u.channel} ${u.y} ${u.x}`;
    /** @type {Map<string, Set<string>>} */
    const readers = new Map();
    const next = m.layers[layer + 1];
    for (let o = 0; o < next.shape[0]; o++)
      for (let y = 0; y < next.shape[1]; y++)
        for (let x = 0; x < next.shape[2]; x++)
          for (const area of inputsOf(m, unit(layer + 1, o, y, x)))
            for (const u of unitsOf(area))
              readers.set(key(u), (readers.get(key(u)) ?? new Set()).add(`${o} ${y} ${x}`));
    for (let i = 0; i < c; i++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const fed = new Set(outputsOf(m, unit(layer, i, y, x)).flatMap(a => [...unitsOf(a)].map(key)));
          assert.deepEqual(
            [...fed].sort(),
            [...(readers.get(`${i} ${y} ${x}`) ?? [])].sort(),
            `${m.model} ${i} ${y} ${x}`,
          );
        }
  }
});

test("the receptive field goes back to the pixels", () => {
  const field = fieldOf(harley(), unit(3, 8, 5, 4));
  assert.deepEqual(
    field.map(a => [a.layer, a.y0, a.x0, a.y1, a.x1]),
    [
      [2, 5, 4, 9, 8],
      [1, 10, 8, 19, 17],
      [0, 10, 8, 23, 21],
    ],
  );
  assert.deepEqual(field[0].channels, [2, 3, 4, 5], "C3 map 8 reads S2 maps 2…5");
  assert.deepEqual(fieldOf(harley(), unit(0, 0, 3, 3)), []);
});

test("a fully connected unit sees all that is before it", () => {
  const m = harley();
  const field = fieldOf(m, unit(6, 3));
  assert.ok(covers(field[0], m.layers[5]) && covers(field[1], m.layers[4]));
  // S4's 25 places read rows 0…9 of C3, 0…13 of S2, 0…27 of C1, 0…31 of the input: all of it.
  assert.ok(covers(field[5], m.layers[0]));
});

test("forward to the answer", () => {
  const m = harley();
  const reach = reachOf(m, unit(1, 4, 13, 11));
  assert.deepEqual([reach[0].layer, reach[0].y0, reach[0].x0, size(reach[0])], [2, 6, 5, 1]);
  assert.deepEqual(reach[1].channels, [2, 3, 4, 7, 8, 9, 10, 12, 13, 15], "C3 maps that read S2 map 4");
  assert.ok(covers(/** @type {any} */ (reach.at(-1)), m.layers[7]));
});
