// Motion that keeps the place: a few named progress values that run from 0 to 1.

/** Durations of tokens.css, ms. */
export const MS = { camera: 320, passage: 620 };

/** @returns {boolean} */
export function calm() {
  return typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * cubic-bezier(x1, y1, x2, y2) at k, as CSS has it.
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 * @returns {(k: number) => number}
 */
function bezier(x1, y1, x2, y2) {
  const curve = (/** @type {number} */ s, /** @type {number} */ a, /** @type {number} */ b) =>
    3 * (1 - s) * (1 - s) * s * a + 3 * (1 - s) * s * s * b + s * s * s;
  return k => {
    if (k <= 0 || k >= 1) return k <= 0 ? 0 : 1; // exactly: the renderer takes other ways at the ends
    let lo = 0;
    let hi = 1;
    for (let i = 0; i < 22; i++) {
      const mid = (lo + hi) / 2;
      if (curve(mid, x1, x2) < k) lo = mid;
      else hi = mid;
    }
    return curve((lo + hi) / 2, y1, y2);
  };
}

/** --ease-io */
export const easeInOut = bezier(0.6, 0, 0.2, 1);

/**
 * @typedef {object} Motions
 * @property {(name: string, ms: number, step: (k: number) => void) => void} run replaces the motion of that name
 * @property {(name: string) => void} stop
 * @property {(now: number) => boolean} advance calls every step; true while any motion goes on
 * @property {() => boolean} busy
 */

/** @returns {Motions} */
export function createMotions() {
  /** @type {Map<string, {start: number, ms: number, step: (k: number) => void}>} */
  const going = new Map();
  return {
    run(name, ms, step) {
      going.delete(name);
      if (ms <= 0 || calm()) step(1);
      else going.set(name, { start: -1, ms, step });
    },
    stop(name) {
      going.delete(name);
    },
    advance(now) {
      for (const [name, m] of [...going]) {
        if (m.start < 0) m.start = now;
        const k = Math.min(1, (now - m.start) / m.ms);
        if (k >= 1) going.delete(name);
        m.step(k);
      }
      return going.size > 0;
    },
    busy: () => going.size > 0,
  };
}
