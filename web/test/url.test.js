import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../static/js/store.js";
import { packDrawing, readAddress, unpackDrawing, writeAddress } from "../static/js/url.js";

const none = { digit: null, drawing: null, camera: null };

test("a page that was just opened has a short address", () => {
  assert.equal(writeAddress(initialState({ model: "lenet5-modern" }), none), "?net=lenet5-modern");
});

test("what is written is read back", () => {
  const state = initialState({
    model: "mlp-harley",
    view: "flat",
    scope: "map",
    pin: { layer: 3, channel: 8, y: 5, x: 4 },
    off: [
      { layer: 1, channel: 0 },
      { layer: 3, channel: 15 },
    ],
    hidden: [2, 5],
    centred: false,
    text: true,
    spacing: "classic",
  });
  const address = writeAddress(state, { digit: null, drawing: "abc-_", camera: [0.12345, -2, 1e3] });
  assert.equal(
    address,
    "?net=mlp-harley&view=flat&unit=3.8.5.4&scope=map&off=1.0,3.15&hide=2,5&raw=1&text=1&spacing=classic&cam=0.123_-2_1000#d=abc-_",
  );
  const [search, hash] = address.split("#");
  const back = readAddress({ search, hash: `#${hash}` });
  assert.deepEqual(back.camera, [0.123, -2, 1000]);
  assert.equal(back.drawing, "abc-_");
  const { model, view, scope, pin, off, hidden, centred, text, spacing } = state;
  assert.deepEqual(back.state, { model, view, scope, pin, off, hidden, centred, text, spacing });
});

test("a test digit comes before its pixels", () => {
  const address = writeAddress(initialState(), { digit: 4201, drawing: "abc", camera: null });
  assert.match(address, /digit=4201$/);
  assert.equal(readAddress({ search: address, hash: "" }).digit, 4201);
});

test("what makes no sense is left out", () => {
  for (const search of [
    "?net=<script>",
    `?net=${"x".repeat(65)}`,
    "?view=4d",
    "?scope=all",
    "?unit=1.2.3",
    "?unit=1.2.3.-4",
    "?unit=1.2.3.4.5",
    "?unit=1e3.2.3.4",
    "?off=1",
    "?off=,,,",
    "?hide=x",
    "?raw=0",
    "?cam=",
  ]) {
    const { state } = readAddress({ search, hash: "" });
    assert.deepEqual(state, {}, search);
  }
  for (const search of ["?digit=10000", "?digit=-1", "?digit=1,2", "?digit=x"]) {
    assert.equal(readAddress({ search, hash: "" }).digit, null, search);
  }
  for (const search of [
    "?cam=1_x",
    "?cam=1__2".replace("__", "_NaN_"),
    `?cam=${"1_".repeat(20)}1`,
    "?cam=Infinity",
  ]) {
    assert.equal(readAddress({ search, hash: "" }).camera, null, search);
  }
});

test("a list in the address has an end", () => {
  const { state } = readAddress({ search: `?off=${"1.1,".repeat(500)}&hide=${"1,".repeat(500)}1`, hash: "" });
  assert.equal(state.off?.length, 64);
  assert.equal(state.hidden?.length, 64);
});

test("a drawing survives the hash", async () => {
  const greys = Uint8Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
  const text = await packDrawing(greys);
  assert.match(text, /^[A-Za-z0-9_-]+$/);
  assert.deepEqual(await unpackDrawing(text), greys);
});

test("a stroke makes a short hash", async () => {
  const greys = new Uint8Array(784);
  for (let y = 4; y < 24; y++) greys.fill(255, y * 28 + 13, y * 28 + 16);
  assert.ok((await packDrawing(greys)).length < 80);
});

test("a hash that is no drawing is refused", async () => {
  const short = await packDrawing(new Uint8Array(783));
  const long = await packDrawing(new Uint8Array(785));
  const bomb = await packDrawing(new Uint8Array(1e6));
  for (const text of ["", "!!!", "AAAA", short, long, bomb, "A".repeat(5000)]) {
    assert.equal(await unpackDrawing(text), null, text.slice(0, 20));
  }
});
