import assert from "node:assert/strict";
import { test } from "node:test";
import * as camera from "../static/js/scene/camera.js";
import { layout } from "../static/js/scene/layout.js";
import { bar, flatSpot, spot } from "../static/js/scene/place.js";
import { pickDeep, pickFlat, unitAt } from "../static/js/scene/pick.js";
import { createMotions } from "../static/js/scene/motion.js";
import { createViewpoint } from "../static/js/scene/viewpoint.js";
import { harley, mlp } from "./scene_nets.js";

const size = { width: 680, height: 572 };
const home = () => ({ ...camera.HOME });

test("classic: fov 70 from (0, 200, 1000) on a stage as wide as Harley's page", () => {
  const wide = { width: 1400, height: 700 };
  const made = layout(harley(), "classic", wide);
  const seen = camera.lens(made, { ...camera.PRESETS.classic }, wide);
  assert.equal(Math.round((seen.fov * 180) / Math.PI), 70);
  const [x, y, z] = seen.eye.map((v, i) => v - seen.target[i]);
  assert.ok(Math.abs(x) < 1e-6);
  assert.ok(Math.abs(y / z - 0.2) < 1e-3, "200 up for 1000 back");
});

test("a pixel's ray goes back through the point that was projected there", () => {
  const seen = camera.lens(
    layout(harley(), "fill", size),
    { ...home(), yaw: 0.7, pitch: 0.3, zoom: 2, x: 40, z: -30 },
    size,
  );
  for (const [x, y, z] of [
    [120, -300, 80],
    [-700, 200, -40],
  ]) {
    const at = camera.project(seen, x, y, z);
    const { origin, way } = camera.ray(seen, at.x, at.y);
    const t = (y - origin[1]) / way[1];
    assert.ok(Math.abs(origin[0] + way[0] * t - x) < 0.05 && Math.abs(origin[2] + way[2] * t - z) < 0.05);
  }
});

test("a pose cannot be lost: turned, zoomed and panned to its limits it is clamped", () => {
  const p = camera.keep({ ...home(), pitch: 9, zoom: 1e9, flatZoom: 0, x: 1e6, flatY: -1e6 });
  assert.ok(p.pitch < Math.PI / 2 && p.zoom === camera.ZOOM.max && p.flatZoom === camera.ZOOM.min);
  assert.ok(p.x <= 1300 && p.flatY >= -1100);
});

test("an address's numbers are checked", () => {
  const p = { ...home(), yaw: 1.234, zoom: 2.5 };
  assert.deepEqual(
    camera.toNumbers(/** @type {any} */ (camera.fromNumbers(camera.toNumbers(p)))),
    camera.toNumbers(p),
  );
  assert.equal(camera.fromNumbers([1, 2, 3]), null);
  assert.equal(camera.fromNumbers(Array(10).fill(Number.NaN)), null);
});

test("turning takes the short way", () => {
  const a = { ...home(), yaw: 3 };
  const b = { ...home(), yaw: -3 };
  assert.ok(Math.abs(camera.mixPose(a, b, 0.5).yaw - Math.PI) < 1e-9);
});

/** The scene's viewpoint on a fixed layout. */
function viewpoint(flat = false) {
  const made = layout(harley(), "fill", size);
  return createViewpoint(
    { motions: createMotions(), layout: () => made, size: () => size, changed: () => {} },
    flat,
  );
}

test("a drag over the whole stage is a turn of 360°", () => {
  const eye = viewpoint();
  eye.orbit(size.width, 0);
  assert.ok(Math.abs(Math.abs(eye.pose().yaw) - 2 * Math.PI) < 1e-9);
});

test("panning carries the net 1:1 with the pointer, flat exactly, in depth at the point looked at", () => {
  for (const flat of [false, true]) {
    const eye = viewpoint(flat);
    eye.setView(flat, false);
    const point = () => {
      const seen = /** @type {import("../static/js/scene/camera.js").Lens} */ (eye.lens());
      return flat ? camera.projectFlat(seen, 0, 0) : camera.project(seen, at[0], at[1], at[2]);
    };
    const at = [.../** @type {any} */ (eye.lens()).target];
    const before = point();
    eye.pan(50, 20);
    const after = point();
    assert.ok(
      Math.abs(after.x - before.x - 50) < 0.01 && Math.abs(after.y - before.y - 20) < 0.01,
      `flat ${flat}`,
    );
  }
});

test("zooming leaves what is under the pointer where it is", () => {
  const eye = viewpoint(true);
  eye.setView(true, false);
  const seen = () => /** @type {import("../static/js/scene/camera.js").Lens} */ (eye.lens());
  const before = camera.projectFlat(seen(), 300, 200);
  eye.zoom(1.5, before.x - size.width / 2, before.y - size.height / 2);
  const after = camera.projectFlat(seen(), 300, 200);
  assert.ok(Math.abs(after.x - before.x) < 0.01 && Math.abs(after.y - before.y) < 0.01);
  assert.equal(eye.pose().flatZoom, 1.5);
});

test("the passage ends exactly flat and exactly deep", () => {
  const eye = viewpoint();
  const mixes = new Float32Array(64);
  eye.mixInto(mixes, 8);
  assert.ok(mixes.every(k => k === 0));
  eye.setView(true, false);
  eye.mixInto(mixes, 8);
  assert.ok(mixes.every(k => k === 1));
});

test("division finds the unit at every unit's own place", () => {
  for (const manifest of [harley(), mlp()])
    for (const spacing of /** @type {const} */ (["fill", "classic"]))
      for (const p of layout(manifest, spacing, size).places)
        for (let c = 0; c < p.channels; c++)
          for (let y = 0; y < p.rows; y += 3)
            for (let x = 0; x < p.columns; x += 3) {
              const at = spot(p, c, y, x);
              assert.deepEqual(unitAt(p, at.x, at.z), { layer: p.layer, channel: c, y, x });
            }
});

test("the pointer finds every unit by the top of its bar, from several sides and zooms", () => {
  const made = layout(harley(), "fill", size);
  const bars = (/** @type {import("../static/js/types.js").UnitRef} */ ref) =>
    bar(made.places[ref.layer], 0.3);
  for (const pose of [home(), { ...home(), yaw: 0.6, pitch: 0.8 }, { ...home(), yaw: -2.2, zoom: 3 }]) {
    const seen = camera.lens(made, pose, size);
    for (const p of made.places)
      for (const [c, y, x] of [
        [0, 0, 0],
        [Math.floor(p.channels / 2), Math.floor(p.rows / 2), Math.floor(p.columns / 2)],
      ]) {
        const ref = { layer: p.layer, channel: c, y, x };
        const at = spot(p, c, y, x);
        const px = camera.project(seen, at.x, bars(ref).high, at.z);
        // Other layers may stand before it: only its own layer is asked.
        assert.deepEqual(pickDeep(seen, [p], bars, px.x, px.y), ref);
      }
  }
});

test("a raised unit is found before the one behind it, and nothing beside the net", () => {
  const made = layout(harley(), "fill", size);
  const seen = camera.lens(made, home(), size);
  const c1 = made.places[1];
  const tall = { layer: 1, channel: 2, y: 14, x: 14 };
  const bars = (/** @type {import("../static/js/types.js").UnitRef} */ ref) =>
    bar(c1, ref.channel === 2 && ref.y === 14 && ref.x === 14 ? 1 : -1);
  const at = spot(c1, 2, 14, 14);
  const px = camera.project(seen, at.x, bars(tall).high - 2, at.z + c1.size / 2);
  assert.deepEqual(pickDeep(seen, made.places, bars, px.x, px.y), tall);
  assert.equal(pickDeep(seen, made.places, bars, 3, 3), null);
});

test("flat: the pointer finds every unit, and nothing in the gaps between maps", () => {
  for (const manifest of [harley(), mlp()]) {
    const made = layout(manifest, "fill", size);
    const seen = camera.lens(made, home(), size);
    for (const p of made.places) {
      const ref = { layer: p.layer, channel: p.channels - 1, y: p.rows - 1, x: 0 };
      const at = flatSpot(p, ref.channel, ref.y, ref.x);
      const px = camera.projectFlat(seen, at.x, at.y);
      assert.deepEqual(pickFlat(seen, made.places, px.x, px.y), ref);
    }
  }
  const made = layout(harley(), "fill", size);
  const seen = camera.lens(made, home(), size);
  const c1 = made.places[1];
  const a = flatSpot(c1, 0, 14, 27);
  const gap = camera.projectFlat(seen, a.x + (c1.pitchX - 27 * c1.cell) / 2, a.y);
  assert.equal(pickFlat(seen, made.places, gap.x, gap.y), null);
});
