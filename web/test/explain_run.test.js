// The run in time and the search: which window is made when, what a query means.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { find } from "../static/js/explain/find.js";
import {
  advance,
  at,
  nextSpeed,
  nudge,
  progress,
  SPEEDS,
  slab,
  step,
} from "../static/js/explain/timeline.js";
import { channelName, deedOf, placeName, unitName } from "../static/js/explain/words.js";
import { setWords } from "../static/js/i18n.js";
import { manifest } from "./explain_net.js";

const net = manifest();
const { layers } = net;
const SIZES = [143, 72, 20, 7, 10]; // windows: places of a map, units of a vector

before(() => {
  setWords("en", JSON.parse(readFileSync(new URL("../static/i18n/en.json", import.meta.url), "utf8")));
});

test("a layer takes one step of time, whatever its size", () => {
  /** @type {import("../static/js/types.js").Play|null} */
  let play = { layer: 0, window: 0, running: true, speed: 1 };
  const seen = new Set();
  let ms = 0;
  while (play) {
    seen.add(play.layer);
    assert.ok(play.window < SIZES[play.layer], "a window of this layer");
    play = advance(play, layers, 10, 700);
    ms += 10;
  }
  assert.deepEqual([...seen], [0, 1, 2, 3, 4]);
  assert.ok(Math.abs(ms - 5 * 700) <= 10, `${ms} ms`);
});

test("speed divides the time; a long pause skips layers, not the end", () => {
  const play = { layer: 1, window: 0, running: true, speed: 2 };
  assert.deepEqual(advance(play, layers, 175, 700), { ...play, window: 36 });
  assert.deepEqual(advance(play, layers, 350 + 175, 700), { ...play, layer: 2, window: 10 });
  assert.equal(advance(play, layers, 1e6, 700), null);
  assert.deepEqual(SPEEDS.map(nextSpeed), [1, 2, 4, 0.5]);
});

test("steps go from layer to layer", () => {
  const rest = { running: false, speed: 1 };
  assert.deepEqual(
    step(null, layers, 1, 1),
    { layer: 0, window: 143, ...rest },
    "the first step shows the input",
  );
  assert.deepEqual(step(null, layers, -1, 1), { layer: 3, window: 7, ...rest }, "back from the answer");
  assert.deepEqual(step(at(1, layers, 1), layers, 1, 1), { layer: 2, window: 20, ...rest });
  assert.deepEqual(step(at(1, layers, 1), layers, -1, 1), { layer: 0, window: 143, ...rest });
  assert.deepEqual(
    step(at(0, layers, 1), layers, -1, 1),
    { layer: 0, window: 143, ...rest },
    "not before the input",
  );
  assert.equal(step(at(4, layers, 1), layers, 1, 1), null, "past the answer all is shown");
  const half = { layer: 2, window: 3, running: true, speed: 4 };
  assert.deepEqual(
    step(half, layers, 1, 4),
    { layer: 2, window: 20, running: false, speed: 4 },
    "first to the end of the layer",
  );
});

test("a nudge is one window, over the border of layers", () => {
  const rest = { running: false, speed: 1 };
  assert.deepEqual(nudge(null, layers, 1, 1), { layer: 0, window: 1, ...rest });
  assert.deepEqual(nudge({ layer: 1, window: 5.7, ...rest }, layers, 1, 1), { layer: 1, window: 6, ...rest });
  assert.deepEqual(nudge({ layer: 1, window: 72, ...rest }, layers, 1, 1), { layer: 2, window: 1, ...rest });
  assert.deepEqual(nudge({ layer: 2, window: 0, ...rest }, layers, -1, 1), { layer: 1, window: 71, ...rest });
  assert.deepEqual(nudge({ layer: 0, window: 0, ...rest }, layers, -1, 1), { layer: 0, window: 0, ...rest });
  assert.equal(nudge({ layer: 4, window: 10, ...rest }, layers, 1, 1), null);
});

test("the playhead moves on with every window", () => {
  let before_ = -1;
  for (let layer = 1; layer < layers.length; layer++) {
    for (let window = 0; window <= SIZES[layer]; window++) {
      const now = progress({ layer, window, running: true, speed: 1 }, layers);
      assert.ok(now >= before_);
      before_ = now;
    }
    assert.equal(before_, layer, "a complete layer is at its stop");
  }
});

test("slabs are to scale", () => {
  const size = (/** @type {[number, number, number]} */ shape) => slab({ ...layers[1], shape });
  assert.ok(size([1, 32, 32]).height > size([6, 28, 28]).height);
  assert.ok(size([6, 28, 28]).height > size([6, 14, 14]).height);
  assert.ok(size([16, 10, 10]).width > size([6, 10, 10]).width);
  assert.ok(size([120, 1, 1]).width > size([10, 1, 1]).width);
  assert.ok(size([120, 1, 1]).width > size([120, 1, 1]).height);
});

test("what a query means", () => {
  const refs = (/** @type {string} */ query) => find(query, net).map(one => one.ref ?? one.layer);
  assert.deepEqual(refs("C1"), [1]);
  assert.deepEqual(refs("c1 2 7 6"), [{ layer: 1, channel: 2, y: 7, x: 6 }]);
  assert.deepEqual(refs("C1 · map 2 · (7, 6)"), [{ layer: 1, channel: 2, y: 7, x: 6 }]);
  assert.deepEqual(refs("c1 2"), [{ layer: 1, channel: 2, y: 4, x: 4 }], "the middle of a map");
  assert.deepEqual(refs("c1 2 9 0"), [], "there is no row 9");
  assert.deepEqual(refs("c1 3"), [], "there is no map 3");
  assert.deepEqual(refs("f3 unit 6"), [{ layer: 3, channel: 6, y: 0, x: 0 }]);
  assert.deepEqual(refs("output 7"), [{ layer: 4, channel: 7, y: 0, x: 0 }]);
  assert.deepEqual(
    refs("input 12 10"),
    [{ layer: 0, channel: 0, y: 12, x: 10 }],
    "row, column where there is one map",
  );
  assert.deepEqual(refs("pool"), [2], "by kind");
  assert.deepEqual(refs(""), [0, 1, 2, 3, 4], "all layers");
  assert.deepEqual(refs("nothing"), []);
});

test("names count from 0", () => {
  const ref = { layer: 1, channel: 2, y: 7, x: 6 };
  assert.equal(unitName(ref, net), "C1 · map 2 · (7, 6)");
  assert.equal(placeName(ref, net), "map 2 · (7, 6)");
  assert.equal(channelName(1, 2, net), "map 2");
  assert.equal(channelName(3, 2, net), "unit 2");
  assert.equal(deedOf(layers[1]), "convolution 5 × 4");
  assert.equal(deedOf(layers[2]), "max pooling 2 × 2");
});
