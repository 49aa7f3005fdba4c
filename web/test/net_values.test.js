// Activations, places of units and weights of edges, on a small net whose sizes all differ.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createActivations } from "../static/js/net/activations.js";
import { hasUnit, layerOffset, sameUnit, unitAt, unitIndex, unitKey } from "../static/js/net/units.js";
import { edgeWeight, loadWeights, parseSafetensors, WeightsError } from "../static/js/net/weights.js";

/** @typedef {import("../static/js/types.js").Manifest} Manifest */
/** @typedef {import("../static/js/types.js").Layer} Layer */
/** @typedef {import("../static/js/types.js").FrameBlock} FrameBlock */

/**
 * @param {Partial<Layer>} l
 * @returns {Layer}
 */
const layer = l => ({
  index: 0,
  name: "",
  kind: "conv",
  op: "Conv",
  shape: [1, 1, 1],
  inputs: [],
  kernel: null,
  stride: null,
  padding: null,
  table: null,
  activation: null,
  signed: true,
  params: 0,
  connections: 0,
  weight: null,
  bias: null,
  ...l,
});

/** @type {Manifest} */
const manifest = {
  type: "manifest",
  version: 1,
  model: "small",
  title: "Small",
  units: 0,
  params: 0,
  connections: 0,
  input: { width: 28, height: 28, pad: 0, scale: 1, offset: 0, text: "" },
  layers: [
    layer({ kind: "input", op: "Input", shape: [2, 7, 9], signed: false }),
    layer({
      shape: [3, 3, 8],
      inputs: [0],
      kernel: [3, 2],
      stride: [2, 1],
      padding: [0, 0],
      weight: "c1.weight",
      table: [
        [1, 0, 1],
        [0, 1, 1],
      ],
    }),
    layer({
      kind: "pool",
      op: "MaxPool",
      shape: [3, 1, 4],
      inputs: [1],
      kernel: [3, 2],
      stride: [3, 2],
      padding: [0, 0],
    }),
    layer({
      kind: "subsample",
      op: "Subsample",
      shape: [3, 3, 2],
      inputs: [1],
      kernel: [1, 4],
      stride: [1, 4],
      padding: [0, 0],
      weight: "s3.weight",
    }),
    layer({ kind: "fc", op: "Linear", shape: [5, 1, 1], inputs: [2], weight: "f4.weight" }),
    layer({
      shape: [4, 7, 9],
      inputs: [0],
      kernel: [3, 5],
      stride: [1, 1],
      padding: [1, 2],
      weight: "c5.weight",
    }),
    layer({ kind: "rbf", op: "RBF", shape: [6, 1, 1], inputs: [4], weight: "r6.weight", signed: false }),
  ],
  blocks: { name: "", kind: "net", layers: [], children: [] },
  head: { kind: "softmax", labels: [], lowerIsBetter: false },
  weights: { url: "/weights", sha256: "" },
  accuracy: 0,
  confusion: null,
};

const ref = (/** @type {number[]} */ [layer, channel, y, x]) => ({ layer, channel, y, x });

test("a unit's index and place are inverse", () => {
  assert.equal(unitIndex(manifest, ref([1, 2, 1, 5])), (2 * 3 + 1) * 8 + 5);
  for (let l = 0; l < manifest.layers.length; l++) {
    const [c, h, w] = manifest.layers[l].shape;
    for (let i = 0; i < c * h * w; i++) {
      const u = unitAt(manifest, l, i);
      assert.ok(hasUnit(manifest, u), unitKey(u));
      assert.equal(unitIndex(manifest, u), i);
    }
  }
  assert.equal(layerOffset(manifest, 3), 2 * 7 * 9 + 3 * 3 * 8 + 3 * 4);
  for (const bad of [
    [7, 0, 0, 0],
    [-1, 0, 0, 0],
    [1, 3, 0, 0],
    [1, 0, 3, 0],
    [1, 0, 0, 8],
    [1, 0, 0.5, 0],
  ]) {
    assert.ok(!hasUnit(manifest, ref(bad)), String(bad));
  }
  assert.ok(
    sameUnit(null, null) &&
      !sameUnit(null, ref([0, 0, 0, 0])) &&
      sameUnit(ref([1, 2, 3, 4]), ref([1, 2, 3, 4])),
  );
});

/**
 * @param {Partial<FrameBlock>} b
 * @returns {FrameBlock}
 */
const block = b => ({
  layer: 0,
  level: 0,
  channel0: 0,
  channels: 1,
  width: 1,
  height: 1,
  min: 0,
  scale: 1,
  bytes: new Uint8Array(1),
  ...b,
});

const frameOf = (/** @type {FrameBlock[]} */ blocks) => ({ kind: 2, run: 1, unit: 1, flags: 1, blocks });

test("activations dequantise each map by its own affine", () => {
  const acts = createActivations();
  let changes = 0;
  const life = new AbortController();
  acts.onChange(() => changes++, life.signal);
  acts.setManifest(manifest);
  assert.equal(acts.bytes.length, 126 + 72 + 12 + 18 + 5 + 252 + 6);
  const before = acts.version;
  acts.apply(
    frameOf([
      block({
        layer: 1,
        channel0: 1,
        width: 8,
        height: 3,
        min: -1,
        scale: 0.5,
        bytes: Uint8Array.from({ length: 24 }, (_, i) => i),
      }),
      block({ layer: 1, channel0: 2, width: 8, height: 3, min: 2, scale: 0, bytes: new Uint8Array(24) }),
      block({ layer: 4, channels: 5, min: 0.1, scale: 0.1, bytes: Uint8Array.of(0, 1, 2, 3, 255) }),
    ]),
  );
  assert.equal(acts.version, before + 1);
  assert.equal(changes, 2);
  assert.equal(acts.offset(1), 126);
  assert.equal(acts.bytes[acts.offset(1) + unitIndex(manifest, ref([1, 1, 2, 3]))], 19);
  assert.equal(acts.value(ref([1, 1, 2, 3])), -1 + 19 * 0.5);
  assert.equal(acts.value(ref([1, 2, 0, 0])), 2);
  const f = Math.fround;
  assert.equal(acts.value(ref([4, 4, 0, 0])), f(f(0.1) + 255 * f(0.1)), "float32 values");
  assert.deepEqual(acts.affine(4, 2), { min: f(0.1), scale: f(0.1) });
  assert.deepEqual(acts.affine(1, 1), { min: -1, scale: 0.5 });
  life.abort();
  acts.apply(frameOf([]));
  assert.equal(changes, 2, "a listener outlived its signal");
});

test("ranges are by map, layer or net; signed ones lie about zero", () => {
  const acts = createActivations();
  acts.setManifest(manifest);
  const m = (/** @type {number} */ channel0, /** @type {number} */ min, /** @type {number} */ scale) =>
    block({ layer: 1, channel0, width: 8, height: 3, min, scale, bytes: new Uint8Array(24) });
  acts.apply(
    frameOf([
      m(0, -1, 1 / 255),
      m(1, -2, 5 / 255),
      m(2, 0, 0),
      block({
        layer: 0,
        channels: 1,
        width: 9,
        height: 7,
        min: 0,
        scale: 2 / 255,
        bytes: new Uint8Array(63),
      }),
      block({ layer: 4, channels: 5, min: -7, scale: 1 / 255, bytes: new Uint8Array(5) }),
      block({ layer: 6, channels: 6, min: 50, scale: 1, bytes: new Uint8Array(6) }),
    ]),
  );
  const near = (
    /** @type {{lo: number, hi: number}} */ r,
    /** @type {number} */ lo,
    /** @type {number} */ hi,
  ) => {
    assert.ok(Math.abs(r.lo - lo) < 1e-5 && Math.abs(r.hi - hi) < 1e-5, JSON.stringify(r));
  };
  near(acts.range(1, 0, "map"), -1, 1);
  near(acts.range(1, 1, "map"), -3, 3);
  near(acts.range(1, 2, "map"), -1, 1); // all zero: still a scale
  near(acts.range(1, 0, "layer"), -3, 3);
  near(acts.range(1, 0, "net"), -7, 7);
  near(acts.range(0, 0, "net"), 0, 2);
  near(acts.range(6, 0, "net"), 50, 305);
});

test("a block that does not fit the net is left out", () => {
  const acts = createActivations();
  acts.setManifest(manifest);
  acts.apply(
    frameOf([
      block({ layer: 9 }),
      block({ layer: 1, channel0: 3, width: 8, height: 3, bytes: new Uint8Array(24).fill(1) }),
      block({ layer: 1, width: 4, height: 3, bytes: new Uint8Array(12).fill(1) }),
      block({ layer: 1, level: 1, width: 8, height: 3, bytes: new Uint8Array(24).fill(1) }),
    ]),
  );
  assert.ok(acts.bytes.every(b => b === 0));
});

/**
 * A safetensors file.
 * @param {Record<string, unknown>} header
 * @param {Float32Array} data
 * @param {string} [pad]
 */
function file(header, data, pad = "") {
  const head = new TextEncoder().encode(JSON.stringify(header) + pad);
  const out = new Uint8Array(8 + head.length + data.byteLength);
  new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true);
  out.set(head, 8);
  out.set(new Uint8Array(data.buffer), 8 + head.length);
  return out.buffer;
}

/** @param {Record<string, number[]>} shapes */
function weightsOf(shapes) {
  /** @type {Record<string, unknown>} */
  const header = { __metadata__: { format: "test" } };
  let at = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const n = shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [4 * at, 4 * (at + n)] };
    at += n;
  }
  return { header, data: Float32Array.from({ length: at }, (_, i) => i + 0.25) };
}

test("reads safetensors, aligned or not", () => {
  const { header, data } = weightsOf({ a: [2, 3], b: [1], c: [], d: [0, 4] });
  for (const pad of ["", " ", "  ", "   "]) {
    const w = parseSafetensors(file(header, data, pad));
    assert.deepEqual(w.get("a"), {
      shape: [2, 3],
      data: Float32Array.of(0.25, 1.25, 2.25, 3.25, 4.25, 5.25),
    });
    assert.deepEqual(Array.from(w.get("c").data), [7.25]);
    assert.equal(w.get("d").data.length, 0);
    assert.throws(() => w.get("e"), WeightsError);
  }
});

test("refuses files that are not whole and proper", () => {
  const one = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const two = new Float32Array(2);
  /** @type {Record<string, ArrayBuffer>} */
  const bad = {
    short: new ArrayBuffer(7),
    "long header": new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127, 0x7b]).buffer,
    "not JSON": file({ a: one }, two).slice(0, 20),
    dtype: file({ a: { ...one, dtype: "F16" } }, two),
    shape: file({ a: { ...one, shape: [3] } }, two),
    fraction: file({ a: { ...one, shape: [0.5, 4] } }, two),
    overflow: file({ a: { ...one, shape: [2 ** 40, 2 ** 40] } }, two),
    negative: file({ a: { ...one, shape: [-2] } }, two),
    backwards: file({ a: { ...one, data_offsets: [8, 0] } }, two),
    null: file({ a: null }, two),
    overlap: file({ a: one, b: { ...one, shape: [1], data_offsets: [4, 8] } }, two),
    hole: file({ a: { ...one, shape: [1], data_offsets: [4, 8] } }, two),
    trailing: file({ a: one }, new Float32Array(3)),
    missing: file({ a: one }, new Float32Array(1)),
  };
  for (const [name, b] of Object.entries(bad)) {
    assert.throws(() => parseSafetensors(b), WeightsError, name);
  }
  const array = file({ a: one }, two);
  new Uint8Array(array)[8] = 0x5b;
  assert.throws(() => parseSafetensors(array), /start with/);
});

test("weights are fetched and compared with the manifest's hash", async t => {
  const { header, data } = weightsOf({ a: [2] });
  const body = file(header, data);
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", body)).toString("hex");
  t.mock.method(globalThis, "fetch", async () => new Response(body));
  const at = (/** @type {string} */ sha256) => ({ ...manifest, weights: { url: "/w", sha256 } });
  assert.deepEqual((await loadWeights(at(digest))).get("a").shape, [2]);
  await assert.rejects(loadWeights(at(digest.replace(/^../, "zz"))), WeightsError);
  t.mock.method(globalThis, "fetch", async () => new Response("", { status: 404 }));
  await assert.rejects(loadWeights(at(digest)), /404/);
});

test("edges carry the weight that their layer uses", () => {
  const { header, data } = weightsOf({
    "c1.weight": [4, 1, 3, 2],
    "s3.weight": [3],
    "f4.weight": [5, 12],
    "c5.weight": [4, 2, 3, 5],
    "r6.weight": [6, 5],
  });
  const w = parseSafetensors(file(header, data));
  const at = (/** @type {string} */ name, /** @type {number} */ i) => w.get(name).data[i];
  const edge = (/** @type {number[]} */ from, /** @type {number[]} */ to) =>
    edgeWeight(manifest, w, ref(from), ref(to));
  // C1 by its table: links are 0→0, 1→1, 0→2, 1→2; stride 2×1, kernel 3×2
  assert.equal(edge([0, 0, 4, 6], [1, 0, 2, 5]), at("c1.weight", (0 * 3 + 0) * 2 + 1));
  assert.equal(edge([0, 1, 5, 5], [1, 1, 2, 5]), at("c1.weight", (1 * 3 + 1) * 2 + 0));
  assert.equal(edge([0, 0, 6, 5], [1, 2, 2, 5]), at("c1.weight", (2 * 3 + 2) * 2 + 0));
  assert.equal(edge([0, 1, 4, 5], [1, 2, 2, 5]), at("c1.weight", (3 * 3 + 0) * 2 + 0));
  assert.equal(edge([0, 1, 4, 5], [1, 0, 2, 5]), 0, "not connected by the table");
  assert.equal(edge([0, 0, 3, 5], [1, 0, 2, 5]), 0, "outside the window");
  // a full convolution with padding 1×2: the output's corner sees the middle of the kernel
  assert.equal(edge([0, 1, 0, 0], [5, 3, 0, 0]), at("c5.weight", ((3 * 2 + 1) * 3 + 1) * 5 + 2));
  assert.equal(edge([1, 2, 2, 3], [2, 2, 0, 1]), 1);
  assert.equal(edge([1, 1, 2, 3], [2, 2, 0, 1]), 0, "pooling stays in its map");
  assert.equal(edge([1, 2, 1, 7], [3, 2, 1, 1]), at("s3.weight", 2));
  assert.equal(edge([2, 1, 0, 3], [4, 4, 0, 0]), at("f4.weight", 4 * 12 + 7));
  assert.equal(edge([4, 3, 0, 0], [6, 5, 0, 0]), at("r6.weight", 5 * 5 + 3));
  assert.equal(edge([0, 0, 0, 0], [4, 0, 0, 0]), 0, "a layer that is not read");
});
