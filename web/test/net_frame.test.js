// The page's frame decoder on the vectors that the Go decoder is tested on too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeFrame, encodeFrame, encodeInput, FrameError } from "../static/js/net/frame.js";

const dir = new URL("../../testdata/frames/", import.meta.url);

/** @param {string} name */
function load(name) {
  const b = readFileSync(new URL(name, dir));
  return new Uint8Array(b).buffer;
}

/**
 * @typedef {{layer: number, level: number, channel0: number, channels: number, width: number, height: number,
 *   min: number, scale: number, bytes: string}} VectorBlock
 * @typedef {{file: string, error?: string,
 *   frame?: {kind: number, run: number, unit: number, flags: number, blocks: VectorBlock[]}}} Vector
 */

/** @type {Vector[]} */
const vectors = JSON.parse(readFileSync(new URL("vectors.json", dir), "utf8"));

test("there are vectors of both sorts", () => {
  assert.ok(vectors.filter(v => v.error).length > 20);
  assert.ok(vectors.filter(v => v.frame).length >= 4);
});

for (const v of vectors) {
  test(`decodes ${v.file}`, () => {
    const buffer = load(v.file);
    if (v.error) {
      assert.throws(
        () => decodeFrame(buffer),
        e => e instanceof FrameError && e.code === v.error && e.message.length > 0,
      );
      return;
    }
    const frame = decodeFrame(buffer);
    const blocks = frame.blocks.map(b => ({ ...b, bytes: Buffer.from(b.bytes).toString("hex") }));
    assert.deepEqual({ ...frame, blocks }, v.frame);
    assert.deepEqual(
      new Uint8Array(encodeFrame(frame)),
      new Uint8Array(buffer),
      "the bytes changed on a round trip",
    );
    for (const b of frame.blocks) assert.equal(b.bytes.buffer, buffer, "a block was copied");
  });
}

test("an input has the bytes of the vector", () => {
  const greys = Uint8Array.from({ length: 784 }, (_, i) => (i * 37 + 11) % 256);
  assert.deepEqual(new Uint8Array(encodeInput(7, greys)), new Uint8Array(load("good-input.bin")));
  assert.throws(() => encodeInput(7, greys.subarray(1)), RangeError);
});
