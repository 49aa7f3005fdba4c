// Mouse, touch and stylus on the stage, as camera moves and taps. Mouse: left drag orbits (flat:
// pans), right drag pans, wheel zooms. Touch: one finger orbits, two pinch, three pan.

const TAP_PX = 6; // a press that moves less is a tap
const NOTCH = 1.05; // one step of a wheel, whatever its delta: 5 %, as on Harley's page

/**
 * @typedef {object} Hands
 * @property {() => boolean} flat
 * @property {(dx: number, dy: number) => void} orbit CSS px
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, x: number, y: number) => void} zoom about a client point
 * @property {(x: number, y: number, touch: boolean) => void} tap
 * @property {(x: number, y: number) => void} over the pointer rests or moves without a button
 * @property {() => void} away nothing is under the pointer any more
 */

/**
 * @param {HTMLElement} element
 * @param {Hands} hands
 * @param {AbortSignal} signal
 */
export function listen(element, hands, signal) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let moved = 0;
  let mostFingers = 0;
  let panning = false;
  const on = (/** @type {string} */ type, /** @type {(e: any) => void} */ fn) =>
    element.addEventListener(type, fn, { signal, passive: false });

  on("contextmenu", e => e.preventDefault());
  on("pointerdown", (/** @type {PointerEvent} */ e) => {
    if (e.button === 1) return;
    if (down.size === 0) {
      moved = 0;
      mostFingers = 0;
      panning = e.button === 2 || e.shiftKey;
    }
    down.set(e.pointerId, { x: e.clientX, y: e.clientY });
    mostFingers = Math.max(mostFingers, down.size);
    element.setPointerCapture(e.pointerId);
  });

  on("pointermove", (/** @type {PointerEvent} */ e) => {
    const was = down.get(e.pointerId);
    if (!was) {
      if (e.pointerType !== "touch") hands.over(e.clientX, e.clientY);
      return;
    }
    const before = [...down.values()].map(p => ({ ...p }));
    const dx = e.clientX - was.x;
    const dy = e.clientY - was.y;
    moved += Math.abs(dx) + Math.abs(dy);
    was.x = e.clientX;
    was.y = e.clientY;
    if (moved <= TAP_PX) return;
    element.classList.add("is-dragging");
    hands.away();
    if (down.size === 1) {
      if (panning || hands.flat()) hands.pan(dx, dy);
      else hands.orbit(dx, dy);
    } else if (down.size === 2) {
      pinch(before, [...down.values()], hands);
    } else {
      hands.pan(dx / down.size, dy / down.size);
    }
  });

  const release = (/** @type {PointerEvent} */ e) => {
    if (!down.delete(e.pointerId)) return;
    if (down.size > 0) return;
    element.classList.remove("is-dragging");
    const tapped = e.type === "pointerup" && moved <= TAP_PX && mostFingers === 1 && !panning;
    if (tapped) hands.tap(e.clientX, e.clientY, e.pointerType === "touch");
    else if (e.pointerType !== "touch") hands.over(e.clientX, e.clientY);
  };
  on("pointerup", release);
  on("pointercancel", release);
  on("pointerleave", () => hands.away());

  on("wheel", (/** @type {WheelEvent} */ e) => {
    e.preventDefault();
    if (e.deltaY === 0) return;
    // A touchpad sends many small steps, a wheel a few large ones.
    const share = e.deltaMode === 0 ? Math.min(1, Math.abs(e.deltaY) / 40) : 1;
    hands.zoom(NOTCH ** (-Math.sign(e.deltaY) * share), e.clientX, e.clientY);
  });
}

/**
 * @param {{x: number, y: number}[]} a before
 * @param {{x: number, y: number}[]} b after
 * @param {Hands} hands
 */
function pinch(a, b, hands) {
  const span = (/** @type {{x: number, y: number}[]} */ p) =>
    Math.max(12, Math.hypot(p[0].x - p[1].x, p[0].y - p[1].y));
  const middle = (/** @type {{x: number, y: number}[]} */ p) => ({
    x: (p[0].x + p[1].x) / 2,
    y: (p[0].y + p[1].y) / 2,
  });
  const to = middle(b);
  const from = middle(a);
  hands.zoom(span(b) / span(a), to.x, to.y);
  if (hands.flat()) hands.pan(to.x - from.x, to.y - from.y);
}
