// The client against a socket of our own, with the clock in our hands.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createClient } from "../static/js/net/client.js";
import { decodeFrame, encodeFrame, FLAG_BLANK, FLAG_LAST } from "../static/js/net/frame.js";
import { createStore, initialState } from "../static/js/store.js";

/** @typedef {import("../static/js/types.js").Manifest} Manifest */

/** @typedef {{type?: string, kind?: number, run: number, id: number, blocks: {bytes: Uint8Array}[]}} Sent */

class FakeSocket {
  /** @type {FakeSocket[]} */
  static all = [];
  static get last() {
    return FakeSocket.all[FakeSocket.all.length - 1];
  }
  readyState = 0;
  binaryType = "";
  /** @type {Sent[]} what the page sent: JSON as objects, frames decoded */
  sent = [];
  /** @type {(() => void)|null} */
  onopen = null;
  /** @type {((e: {data: unknown}) => void)|null} */
  onmessage = null;
  /** @type {((e: {code: number}) => void)|null} */
  onclose = null;
  closed = false;

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  /** @param {string|ArrayBuffer} data */
  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : decodeFrame(data));
  }
  close() {
    this.closed = true;
    this.readyState = 3;
  }
  // What the server does.
  accept() {
    this.readyState = 1;
    this.onopen?.();
  }
  /** @param {object} message */
  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  /** @param {number} run @param {number} unit @param {number} [flags] */
  frame(run, unit, flags = FLAG_LAST) {
    this.onmessage?.({ data: encodeFrame({ kind: 2, run, unit, flags, blocks: [] }) });
  }
  /** @param {number} code */
  end(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
  /** @param {string} type */
  of(type) {
    return this.sent.filter(m => m.type === type);
  }
  inputs() {
    return this.sent.filter(m => m.kind === 1);
  }
}

const manifest = (/** @type {string} */ model) => ({ type: "manifest", version: 1, model, layers: [] });

/** @param {Parameters<NonNullable<Parameters<typeof test>[0]>>[0]} t */
function setUp(t) {
  FakeSocket.all = [];
  // The types of node 20.9 do not know the options that node 20.11 and later want.
  const options = /** @type {unknown} */ ({ apis: ["setTimeout", "Date"] });
  t.mock.timers.enable(/** @type {Parameters<typeof t.mock.timers.enable>[0]} */ (options));
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const tick = (/** @type {number} */ ms) => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  const store = createStore(initialState({ lang: "zh" }));
  const client = createClient({
    url: "ws://host/ws",
    model: "a",
    store,
    open: url => /** @type {WebSocket} */ (/** @type {unknown} */ (new FakeSocket(url))),
    random: () => 1,
  });
  t.after(() => client.close());
  return { store, client, tick };
}

const greys = (/** @type {number} */ n) => new Uint8Array(784).fill(n);

test("greets, draws, shows and acknowledges", t => {
  const { store, client } = setUp(t);
  const s = FakeSocket.last;
  assert.equal(s.binaryType, "arraybuffer");
  assert.equal(store.get().connection, "connecting");
  s.accept();
  assert.deepEqual(s.sent[0], { type: "hello", version: 1, model: "a", lang: "zh" });
  assert.equal(s.inputs().length, 1, "the blank drawing runs at once, so that units can be asked");
  s.say(manifest("a"));
  assert.equal(store.get().connection, "open");
  assert.equal(store.get().manifest?.model, "a");

  /** @type {number[]} */
  const seen = [];
  client.onFrame(f => seen.push(f.run));
  client.sendInput(greys(9));
  const input = s.inputs()[1];
  assert.deepEqual(input.blocks[0].bytes, greys(9));
  s.say({ type: "answer", run: input.run, scores: [1], probabilities: null, order: [0], blank: false });
  assert.equal(store.get().answer, null, "the answer waits for its frame");
  s.frame(input.run, 1, 0);
  assert.equal(s.of("ack").length, 0, "not the last frame");
  s.frame(input.run, 1);
  assert.deepEqual(seen, [input.run, input.run]);
  assert.deepEqual(s.of("ack"), [{ type: "ack", run: input.run }]);
  assert.equal(store.get().answer?.run, input.run);
  assert.equal(store.get().run, input.run);
  assert.equal(store.get().blank, false);
  s.frame(input.run, 1, FLAG_LAST | FLAG_BLANK);
  assert.equal(store.get().blank, true);
});

test("a change of the net clears edits and drops frames of the old one", async t => {
  const { store, client } = setUp(t);
  const s = FakeSocket.last;
  s.accept();
  s.say(manifest("a"));
  store.set({ off: [{ layer: 1, channel: 2 }] });
  client.setEdits([{ layer: 1, channel: 2, scale: 0 }]);
  assert.deepEqual(s.of("edit"), [{ type: "edit", edits: [{ layer: 1, channel: 2, scale: 0 }] }]);
  const asked = client.unit({ layer: 0, channel: 0, y: 0, x: 0 });
  client.setModel("b");
  await assert.rejects(asked, { code: "stale" });
  assert.deepEqual(s.of("model"), [{ type: "model", model: "b" }]);
  s.say(manifest("b"));
  assert.deepEqual(store.get().off, []);
  assert.equal(store.get().model, "b");
  let frames = 0;
  client.onFrame(() => frames++);
  s.frame(1, 1);
  assert.equal(frames, 0, "a frame of the old net was shown");
  assert.equal(s.of("ack").length, 1, "but it gives its credit back");
  s.frame(1, 2);
  assert.equal(frames, 1);
});

test("connects again with growing delays, and brings back drawing and edits", t => {
  const { store, client, tick } = setUp(t);
  FakeSocket.last.accept();
  FakeSocket.last.say(manifest("a"));
  client.sendInput(greys(5));
  client.setEdits([{ layer: 1, channel: 0, scale: 0 }]);
  const run = FakeSocket.last.inputs()[1].run;
  FakeSocket.last.end(1001);
  assert.equal(store.get().connection, "lost");
  for (const delay of [250, 500, 1000, 2000, 4000, 8000, 8000]) {
    const n = FakeSocket.all.length;
    assert.equal(client.retryAt(), performance.now() + delay);
    tick(delay - 1);
    assert.equal(FakeSocket.all.length, n, `too early before ${delay}`);
    tick(1);
    assert.equal(FakeSocket.all.length, n + 1, `no attempt after ${delay}`);
    assert.equal(client.retryAt(), 0);
    FakeSocket.last.end(1006);
  }
  client.sendInput(greys(6)); // drawn while the server was away
  client.retry();
  const s = FakeSocket.last;
  s.accept();
  assert.deepEqual(
    s.sent.map(m => m.type ?? m.kind),
    ["hello", "edit", 1],
  );
  assert.deepEqual(s.inputs()[0].blocks[0].bytes, greys(6));
  assert.ok(s.inputs()[0].run > run);
  assert.equal(store.get().connection, "lost", "not before the server has answered");
  s.say(manifest("a"));
  assert.equal(store.get().connection, "open");
  s.end(1006);
  assert.equal(client.retryAt(), performance.now() + 250, "the delay starts again after a good connection");
});

test("jitter spreads the attempts", t => {
  const { client } = setUp(t);
  FakeSocket.last.end(1006); // random() is 1 here: the longest
  assert.equal(client.retryAt() - performance.now(), 250);
  mock.timers.reset();
  FakeSocket.all = [];
  const store = createStore(initialState());
  const open = (/** @type {string} */ url) =>
    /** @type {WebSocket} */ (/** @type {unknown} */ (new FakeSocket(url)));
  const other = createClient({ url: "ws://h/ws", model: "a", store, open, random: () => 0 });
  FakeSocket.last.end(1006);
  assert.equal(other.retryAt() - performance.now(), 125);
  other.close();
});

test("does not insist where the server refused the page itself", t => {
  const { store, client, tick } = setUp(t);
  FakeSocket.last.accept();
  /** @type {string[]} */
  const errors = [];
  client.onError(e => errors.push(e.code));
  FakeSocket.last.say({ type: "error", code: "version", message: "…" });
  FakeSocket.last.end(1003);
  assert.deepEqual(errors, ["version"]);
  tick(60_000);
  assert.equal(FakeSocket.all.length, 1);
  assert.equal(store.get().connection, "lost");
  client.setModel("b"); // what was wrong may be mended by another net
  assert.equal(FakeSocket.all.length, 2);
});

test("a line that is dead without saying so is given up", t => {
  const { store, client, tick } = setUp(t);
  FakeSocket.last.accept();
  FakeSocket.last.say(manifest("a"));
  tick(60_000); // nothing is due: silence is fine
  assert.equal(store.get().connection, "open");
  client.sendInput(greys(1));
  const s = FakeSocket.last;
  tick(9_999);
  assert.equal(store.get().connection, "open");
  tick(1);
  assert.equal(store.get().connection, "lost");
  assert.ok(s.closed);
  tick(250);
  assert.equal(FakeSocket.all.length, 2);
});

test("stays under the server's rate and always sends the newest drawing", t => {
  const { client, tick } = setUp(t);
  const s = FakeSocket.last;
  s.accept();
  s.say(manifest("a"));
  for (let i = 0; i < 400; i++) {
    client.sendInput(greys(i % 250));
    tick(5);
  }
  tick(1000);
  const sent = s.inputs();
  assert.ok(sent.length <= 100 + 3 * 50, `${sent.length} inputs in 3 s`);
  assert.ok(sent.length >= 150, `only ${sent.length} inputs in 3 s`);
  assert.deepEqual(sent[sent.length - 1].blocks[0].bytes, greys(399 % 250), "the last stroke was not sent");
});

test("questions: few under way, the same asked once, old ones give way", async t => {
  const { client } = setUp(t);
  const s = FakeSocket.last;
  s.accept();
  s.say(manifest("a"));
  const at = (/** @type {number} */ x) => ({ layer: 0, channel: 0, y: 0, x });
  const first = client.unit(at(0));
  const all = Array.from({ length: 30 }, (_, i) => client.unit(at(i + 1)).catch(e => e.code));
  assert.equal(s.of("unit").length, 4);
  client.unit(at(30)).catch(() => {}); // joins the one that waits
  assert.equal(s.of("unit").length, 4);
  s.say({ type: "unit", id: s.of("unit")[0].id, layer: 0, channel: 0, y: 0, x: 0, value: 3 });
  assert.equal((await first).value, 3);
  assert.equal(s.of("unit").length, 5);
  s.say({ type: "error", id: s.of("unit")[1].id, code: "no_run", message: "…" });
  assert.equal(await all[0], "no_run");
  assert.equal(await all[3], "superseded", "more than 24 wait: the oldest gives way");
  const patch = client.expand(at(3), 2, 5);
  client.close();
  await assert.rejects(patch, { code: "closed" });
  assert.equal(await all[29], "closed");
});

test("questions under way survive a lost line", async t => {
  const { client, tick } = setUp(t);
  FakeSocket.last.accept();
  FakeSocket.last.say(manifest("a"));
  const asked = client.expand({ layer: 1, channel: 2, y: 3, x: 4 }, 5, 6);
  const id = FakeSocket.last.of("expand")[0].id;
  FakeSocket.last.end(1006);
  tick(250);
  FakeSocket.last.accept();
  FakeSocket.last.say(manifest("a"));
  assert.deepEqual(FakeSocket.last.of("expand"), [
    { type: "expand", layer: 1, channel: 2, y: 3, x: 4, h: 5, w: 6, id },
  ]);
  FakeSocket.last.say({ type: "values", id, values: [1] });
  assert.deepEqual((await asked).values, [1]);
});
