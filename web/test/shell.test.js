import assert from "node:assert/strict";
import { test } from "node:test";
import { num, percent, setWords, signed, t } from "../static/js/i18n.js";
import { createBus, createStore, initialState } from "../static/js/store.js";

test("the store tells its readers old and new state, once for a change", () => {
  const store = createStore(initialState());
  /** @type {number[][]} */
  const seen = [];
  store.subscribe((s, prev) => seen.push([prev.run, s.run]));
  store.set({ run: 1 });
  store.set({ run: 1 });
  store.set({ run: 2, blank: false });
  assert.deepEqual(seen, [
    [0, 1],
    [1, 2],
  ]);
});

test("the state cannot be changed from outside", () => {
  const store = createStore(initialState());
  assert.throws(() => {
    // @ts-expect-error: this is the mistake that freezing finds
    store.get().run = 3;
  }, TypeError);
});

test("a reader ends with its signal", () => {
  const store = createStore(initialState());
  const life = new AbortController();
  let calls = 0;
  store.subscribe(() => calls++, life.signal);
  store.set({ run: 1 });
  life.abort();
  store.set({ run: 2 });
  store.subscribe(() => calls++, life.signal);
  store.set({ run: 3 });
  assert.equal(calls, 1);
});

test("a reader that changes the state is heard by the later ones in order", () => {
  const store = createStore(initialState());
  /** @type {number[]} */
  const runs = [];
  store.subscribe(s => {
    if (s.run === 1) store.set({ run: 2 });
  });
  store.subscribe(s => runs.push(s.run));
  store.set({ run: 1 });
  assert.equal(store.get().run, 2);
  assert.equal(runs.at(-1), 2, "the last that a reader hears is the state that holds");
});

test("the bus reaches those who listen", () => {
  const bus = createBus();
  const life = new AbortController();
  /** @type {unknown[]} */
  const heard = [];
  bus.on("a", detail => heard.push(detail), life.signal);
  bus.emit("a", 1);
  bus.emit("b", 2);
  life.abort();
  bus.emit("a", 3);
  assert.deepEqual(heard, [1]);
});

test("words, placeholders and numbers", () => {
  setWords("en", { "a.b": { text: "{n} of {all}, {n}" } });
  assert.equal(t("a.b", { n: 9134, all: "x" }), "9,134 of x, 9,134");
  assert.equal(t("a.b", { n: 1 }), "1 of {all}, 1");
  assert.equal(t("no.such"), "no.such");
  assert.equal(num(-1234.5), "−1,234.5");
  assert.equal(num(0.5, 4), "0.5000");
  assert.equal(num(Number.NaN), "NaN");
  assert.equal(num(Number.NEGATIVE_INFINITY), "−∞");
  assert.equal(signed(0.13851), "+0.1385");
  assert.equal(signed(-0.07444), "−0.0744");
  assert.equal(signed(0), "+0.0000");
  assert.equal(percent(0.98714), "98.71\u00a0%");
});
