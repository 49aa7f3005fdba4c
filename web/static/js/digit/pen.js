// Pointer and keyboard on the pad: mouse, finger, stylus, arrow keys. Gives points in pad
// pixels; knows nothing of what is done with them.

import { PAD } from "./recipe.js";

/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 4; // pad pixels for an arrow key; with Shift four times as far
const ERASER_BUTTONS = 32; // PointerEvent.buttons of a stylus's eraser end (Pointer Events 3, §5.1.3)

/**
 * @typedef {object} PenActs
 * @property {(x: number, y: number, eraser: boolean) => void} begin eraser: the stylus's own
 * @property {(points: number[]) => void} move x, y, x, y, …
 * @property {() => void} end
 * @property {(x: number, y: number, shown: boolean) => void} cursor where the nib or the crosshair is
 */

/**
 * @param {HTMLCanvasElement} canvas focusable
 * @param {PenActs} acts
 * @param {AbortSignal} signal
 */
export function attachPen(canvas, acts, signal) {
  attachPointer(canvas, acts, signal);
  attachKeys(canvas, acts, signal);
}

/**
 * One pointer at a time: a second finger neither draws nor disturbs. The pointer is
 * captured, so that a stroke that leaves the pad ends when the pen is lifted, wherever
 * that is; without capture (or when it is lost) the stroke ends at once.
 * @param {HTMLCanvasElement} canvas
 * @param {PenActs} acts
 * @param {AbortSignal} signal
 */
function attachPointer(canvas, acts, signal) {
  /** @type {number|null} */
  let active = null;
  const options = { signal };

  const stop = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== active) return;
    active = null;
    acts.end();
  };

  canvas.addEventListener(
    "pointerdown",
    event => {
      const eraser = (event.buttons & ERASER_BUTTONS) !== 0;
      if (active !== null || (event.button !== 0 && !eraser)) return;
      active = event.pointerId;
      canvas.setPointerCapture(event.pointerId);
      const [x, y] = toPad(canvas, event);
      acts.begin(x, y, eraser);
      acts.cursor(x, y, event.pointerType !== "touch");
    },
    options,
  );
  canvas.addEventListener(
    "pointermove",
    event => {
      const [x, y] = toPad(canvas, event);
      acts.cursor(x, y, event.pointerType !== "touch");
      if (event.pointerId !== active) return;
      if (event.buttons === 0) return stop(event);
      const events = event.getCoalescedEvents?.() ?? [];
      acts.move((events.length > 0 ? events : [event]).flatMap(e => toPad(canvas, e)));
    },
    options,
  );
  canvas.addEventListener("pointerup", stop, options);
  canvas.addEventListener("pointercancel", stop, options);
  canvas.addEventListener("lostpointercapture", stop, options);
  canvas.addEventListener("pointerleave", () => acts.cursor(0, 0, false), options);
  canvas.addEventListener("contextmenu", event => event.preventDefault(), options);
}

/**
 * Arrow keys move a crosshair. Space draws while it is held; Enter lowers and lifts the pen.
 * @param {HTMLCanvasElement} canvas
 * @param {PenActs} acts
 * @param {AbortSignal} signal
 */
function attachKeys(canvas, acts, signal) {
  const cross = createCrosshair(acts);
  const taken = (/** @type {KeyboardEvent} */ event) => {
    event.preventDefault();
    event.stopPropagation(); // Space and arrows also run the net
  };
  const options = { signal };
  canvas.addEventListener(
    "keydown",
    event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (cross.press(event)) taken(event);
    },
    options,
  );
  canvas.addEventListener(
    "keyup",
    event => {
      if (cross.release(event.key)) taken(event);
    },
    options,
  );
  canvas.addEventListener(
    "focus",
    () => {
      if (canvas.matches(":focus-visible")) cross.show();
    },
    options,
  );
  canvas.addEventListener("blur", () => cross.leave(), options);
}

/**
 * The pen of the keyboard. Two arrows held together go aslant.
 * @param {PenActs} acts
 */
function createCrosshair(acts) {
  /** @type {Set<string>} */
  const held = new Set();
  let x = PAD / 2;
  let y = PAD / 2;
  let drawing = false;

  const set = (/** @type {boolean} */ down) => {
    if (down === drawing) return;
    drawing = down;
    if (down) acts.begin(x, y, false);
    else acts.end();
  };
  const go = (/** @type {number} */ far) => {
    for (const key of held) {
      x = Math.min(PAD, Math.max(0, x + WAYS[key][0] * far));
      y = Math.min(PAD, Math.max(0, y + WAYS[key][1] * far));
    }
    if (drawing) acts.move([x, y]);
    acts.cursor(x, y, true);
  };

  return {
    /**
     * @param {KeyboardEvent} event
     * @returns {boolean} the key was for the pad
     */
    press({ key, shiftKey, repeat }) {
      if (key in WAYS) {
        held.add(key);
        go(shiftKey ? STEP * 4 : STEP);
      } else if (key === " ") {
        set(true);
      } else if (key === "Enter") {
        if (!repeat) set(!drawing);
      } else {
        return false;
      }
      return true;
    },
    /** @param {string} key */
    release(key) {
      held.delete(key);
      if (key === " ") set(false);
      return key === " ";
    },
    show: () => acts.cursor(x, y, true),
    leave() {
      held.clear();
      set(false);
      acts.cursor(0, 0, false);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PointerEvent} event
 * @returns {[number, number]} pad pixels
 */
function toPad(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * PAD, ((event.clientY - box.top) / box.height) * PAD];
}
