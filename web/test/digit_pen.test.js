// Mouse, finger, stylus and keys on the pad, on a canvas that is only an EventTarget.

import assert from "node:assert/strict";
import { test } from "node:test";
import { attachPen } from "../static/js/digit/pen.js";

/** @returns a pad of 140 CSS pixels at (100, 50), so that one of them is two of the pad's */
function pad() {
  const canvas = Object.assign(new EventTarget(), {
    getBoundingClientRect: () => ({ left: 100, top: 50, width: 140, height: 140 }),
    setPointerCapture() {},
    matches: () => true,
  });
  /** @type {unknown[][]} */
  const said = [];
  const life = new AbortController();
  attachPen(
    /** @type {HTMLCanvasElement} */ (/** @type {unknown} */ (canvas)),
    {
      begin: (x, y, eraser) => said.push(["begin", x, y, eraser]),
      move: points => said.push(["move", ...points]),
      end: () => said.push(["end"]),
      cursor: () => {},
    },
    life.signal,
  );
  const send = (/** @type {string} */ type, /** @type {object} */ props) => {
    const event = Object.assign(new Event(type, { cancelable: true }), props);
    canvas.dispatchEvent(event);
    return event;
  };
  const pointer = (
    /** @type {string} */ type,
    /** @type {number} */ x,
    /** @type {number} */ y,
    props = {},
  ) =>
    send(type, {
      pointerId: 1,
      pointerType: "mouse",
      button: 0,
      buttons: 1,
      clientX: x,
      clientY: y,
      ...props,
    });
  const key = (/** @type {string} */ type, /** @type {string} */ name, props = {}) =>
    send(type, { key: name, ...props });
  return { said, pointer, key, life };
}

test("pen: a stroke in pad pixels, with the points between two frames", () => {
  const p = pad();
  p.pointer("pointerdown", 110, 60);
  p.pointer("pointermove", 130, 60, {
    getCoalescedEvents: () => [
      { clientX: 120, clientY: 60 },
      { clientX: 130, clientY: 60 },
    ],
  });
  p.pointer("pointerup", 130, 60, { buttons: 0 });
  assert.deepEqual(p.said, [["begin", 20, 20, false], ["move", 40, 20, 60, 20], ["end"]]);
});

test("pen: nothing is drawn without a button, and a lost button ends the stroke", () => {
  const p = pad();
  p.pointer("pointermove", 120, 60, { buttons: 0 });
  p.pointer("pointerdown", 110, 60);
  p.pointer("pointermove", 300, 60); // outside: captured
  p.pointer("pointermove", 120, 60, { buttons: 0 }); // released where the page did not hear it
  p.pointer("pointermove", 140, 60, { buttons: 0 });
  assert.deepEqual(p.said, [["begin", 20, 20, false], ["move", 400, 20], ["end"]]);
});

test("pen: a cancelled pointer ends the stroke once", () => {
  const p = pad();
  p.pointer("pointerdown", 110, 60);
  p.pointer("pointercancel", 110, 60);
  p.pointer("lostpointercapture", 110, 60);
  assert.deepEqual(p.said, [["begin", 20, 20, false], ["end"]]);
});

test("pen: a second finger does not disturb", () => {
  const p = pad();
  p.pointer("pointerdown", 110, 60, { pointerType: "touch" });
  p.pointer("pointerdown", 200, 100, { pointerId: 2, pointerType: "touch" });
  p.pointer("pointermove", 210, 100, { pointerId: 2, pointerType: "touch" });
  p.pointer("pointerup", 210, 100, { pointerId: 2, pointerType: "touch" });
  p.pointer("pointermove", 120, 60, { pointerType: "touch" });
  assert.deepEqual(p.said, [
    ["begin", 20, 20, false],
    ["move", 40, 20],
  ]);
});

test("pen: the stylus's eraser end erases; the right button does nothing", () => {
  const p = pad();
  p.pointer("pointerdown", 110, 60, { button: 2, buttons: 2 });
  p.pointer("pointerdown", 110, 60, { pointerType: "pen", button: 5, buttons: 32 });
  assert.deepEqual(p.said, [["begin", 20, 20, true]]);
});

test("pen: Space draws while held, arrows steer, two together go aslant", () => {
  const p = pad();
  p.key("keydown", "ArrowLeft");
  p.key("keyup", "ArrowLeft");
  const space = p.key("keydown", " ");
  p.key("keydown", " ", { repeat: true });
  p.key("keydown", "ArrowDown");
  p.key("keydown", "ArrowRight", { shiftKey: true });
  p.key("keyup", " ");
  assert.deepEqual(p.said, [["begin", 136, 140, false], ["move", 136, 144], ["move", 152, 160], ["end"]]);
  assert.equal(space.defaultPrevented, true);
});

test("pen: Enter lowers and lifts; leaving the pad lifts; other keys are not for the pad", () => {
  const p = pad();
  p.key("keydown", "Enter");
  p.key("keydown", "Enter", { repeat: true });
  p.key("keydown", "Enter");
  p.key("keydown", "Enter");
  p.key("blur", "");
  assert.deepEqual(
    p.said.map(([what]) => what),
    ["begin", "end", "begin", "end"],
  );
  assert.equal(p.key("keydown", "z", { ctrlKey: true }).defaultPrevented, false);
  assert.equal(p.key("keydown", "r").defaultPrevented, false);
});
