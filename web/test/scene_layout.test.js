import assert from "node:assert/strict";
import { test } from "node:test";
import { HOME, lens, project } from "../static/js/scene/camera.js";
import { between, CELL, CUBE, halfDepth, halfWidth, layout } from "../static/js/scene/layout.js";
import { bar, bounds, flatSpot, level, spot } from "../static/js/scene/place.js";
import { harley, lecun, mlp } from "./scene_nets.js";

const STAGES = [
  { width: 680, height: 572 },
  { width: 1000, height: 572 },
  { width: 366, height: 304 },
  { width: 1400, height: 900 },
];

test("classic: cubes of 9 on a grid of 10, planes 100 apart from −350 to 350, Harley's pitches", () => {
  const { places } = layout(harley(), "classic", STAGES[0]);
  assert.deepEqual(
    places.map(p => p.plane),
    [-350, -250, -150, -50, 50, 150, 250, 350],
  );
  for (const p of places) assert.deepEqual([p.cell, p.size], [CELL, CUBE]);
  assert.deepEqual(
    [places[1].pitchX, places[2].pitchX, places[3].pitchX, places[4].pitchX],
    [320, 320, 140, 140],
  );
});

test("maps stand from left to right, rows of a map from far to near", () => {
  for (const spacing of /** @type {const} */ (["fill", "classic"])) {
    const c1 = layout(harley(), spacing, STAGES[0]).places[1];
    assert.ok(spot(c1, 0, 0, 0).x < spot(c1, 5, 0, 0).x);
    assert.ok(spot(c1, 0, 0, 0).x < spot(c1, 0, 0, 27).x);
    assert.ok(spot(c1, 0, 0, 0).z < spot(c1, 0, 27, 0).z);
    assert.equal(spot(c1, 0, 0, 0).z, -13.5 * c1.cell);
    assert.ok(flatSpot(c1, 0, 0, 0).y > flatSpot(c1, 0, 27, 0).y);
  }
});

test("maps of as many channels share their pitch and their middles", () => {
  const { places } = layout(harley(), "fill", STAGES[0]);
  for (const channel of [0, 2, 5])
    assert.ok(Math.abs(spot(places[1], channel, 13.5, 13.5).x - spot(places[2], channel, 6.5, 6.5).x) < 1e-9);
});

test("no two units of any net share a place", () => {
  for (const manifest of [harley(), lecun(), mlp()])
    for (const spacing of /** @type {const} */ (["fill", "classic"])) {
      const { places } = layout(manifest, spacing, STAGES[0]);
      const seen = new Set();
      for (const p of places)
        for (let c = 0; c < p.channels; c++)
          for (let y = 0; y < p.rows; y++)
            for (let x = 0; x < p.columns; x++) {
              const at = spot(p, c, y, x);
              seen.add(`${p.layer} ${at.x.toFixed(3)} ${at.z.toFixed(3)}`);
            }
      assert.equal(seen.size, manifest.units, `${manifest.model} ${spacing}`);
    }
});

test("a drawing given as 784 units is a picture of 28 × 28; 300 units stand in three rows", () => {
  const [input, f1, f2] = layout(mlp(), "fill", STAGES[0]).places;
  assert.deepEqual([input.across, input.plates], [28, 1]);
  assert.equal(halfWidth(input).toFixed(3), halfDepthOf(input).toFixed(3));
  assert.equal(spot(input, 28, 0, 0).x, spot(input, 0, 0, 0).x, "unit 28 starts the second row");
  assert.equal(f1.across, 100);
  assert.equal(f2.across, 100);
});

/** @param {import("../static/js/scene/layout.js").Place} p */
const halfDepthOf = p => halfDepth(p) - p.size / 2 + p.cell / 2;

test("fill: the whole net is on the stage, at any form of it, in both views", () => {
  for (const manifest of [harley(), lecun(), mlp()])
    for (const size of STAGES) {
      const made = layout(manifest, "fill", size);
      const seen = lens(made, { ...HOME }, size);
      for (const p of made.places) {
        const [x0, x1, y0, y1, z0, z1] = bounds(p);
        for (const x of [x0, x1])
          for (const y of [y0, y1])
            for (const z of [z0, z1]) {
              const at = project(seen, x, y, z);
              assert.ok(
                at.x >= 0 && at.x <= size.width,
                `${manifest.model} ${p.layer} x ${at.x} of ${size.width}`,
              );
              assert.ok(
                at.y >= 0 && at.y <= size.height,
                `${manifest.model} ${p.layer} y ${at.y} of ${size.height}`,
              );
            }
        const { flat } = made;
        const left = size.width / 2 + (flatSpot(p, 0, 0, -0.5).x - flat.x) * flat.scale;
        const high = size.height / 2 - (flatSpot(p, 0, -0.5, 0).y - flat.y) * flat.scale;
        assert.ok(left >= 0 && high >= 0 && high <= size.height, `${manifest.model} flat ${p.layer}`);
      }
    }
});

test("fill: no plate hides the one below it from the default camera", () => {
  for (const manifest of [harley(), lecun(), mlp()])
    for (const size of STAGES) {
      const made = layout(manifest, "fill", size);
      const seen = lens(made, { ...HOME }, size);
      for (let i = 1; i < made.places.length; i++) {
        const [, , low, , , near] = bounds(made.places[i]);
        const [, , , , far] = bounds(made.places[i - 1]);
        const front = project(seen, 0, low, near).y;
        const back = project(seen, 0, made.places[i - 1].plane, far).y;
        assert.ok(
          front <= back,
          `${manifest.model}, ${size.width} px: layer ${i} reaches down to ${front}, below it starts at ${back}`,
        );
      }
    }
});

test("relief: height follows value; signed rows are bars round a zero line", () => {
  const { places } = layout(harley(), "fill", STAGES[0]);
  const output = places[7];
  assert.ok(bar(output, 1).high > output.plane && bar(output, 1).low === output.plane);
  assert.ok(bar(output, -1).low < output.plane && bar(output, -1).high >= output.plane);
  for (const p of places) assert.ok(bar(p, 0.9).high > bar(p, 0.2).high);
});

test("a value on its scale: zero of a signed scale is always its middle", () => {
  assert.equal(level(0, { lo: -1.5, hi: 1.5 }, true), 0);
  assert.equal(level(-3, { lo: -1.5, hi: 1.5 }, true), -1);
  assert.equal(level(0.5, { lo: 0, hi: 2 }, false), 0.25);
  assert.equal(level(7, { lo: 3, hi: 3 }, false), 0, "a scale without length");
});

test("between two layouts everything is on its way", () => {
  const a = layout(harley(), "fill", STAGES[0]);
  const b = layout(harley(), "classic", STAGES[0]);
  const half = between(a, b, 0.5);
  assert.equal(half.places[2].plane, (a.places[2].plane + b.places[2].plane) / 2);
  assert.equal(between(a, b, 1), b);
});
