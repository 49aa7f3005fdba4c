// A growing list of lines for gl/lines.js. Each end is given twice, in the world and in the
// flat view, so that the passage between the views moves it.
import { flatSpot, spot } from "./place.js";

/** @typedef {import("./layout.js").Place} Place */
/** @typedef {[number, number, number, number]} Ink red, green, blue, alpha 0…1, sRGB, not premultiplied */

/** Floats of one line, five texels: 2 × (x, y, z, flat x, flat y) · colour · width px, curved, layers of the ends · 2 spare */
export const LINE_FLOATS = 20;

/** @typedef {{x: number, y: number, z: number, flatX: number, flatY: number, layer: number}} End */

/**
 * @param {Place} p
 * @param {number} height above the world's y = 0
 * @param {number} channel
 * @param {number} y
 * @param {number} x
 * @returns {End}
 */
export function end(p, height, channel, y, x) {
  const at = spot(p, channel, y, x);
  const flat = flatSpot(p, channel, y, x);
  return { x: at.x, y: height, z: at.z, flatX: flat.x, flatY: flat.y, layer: p.layer };
}

/** Lines of one kind, ready for a buffer. */
export class Lines {
  data = new Float32Array(LINE_FLOATS * 256); // a whole row of the texture, always
  count = 0;

  clear() {
    this.count = 0;
  }

  /**
   * @param {End} a
   * @param {End} b
   * @param {Ink} ink
   * @param {number} width CSS px
   * @param {boolean} [curved] leaves a and enters b vertically on the screen
   */
  add(a, b, ink, width, curved = false) {
    const at = this.count * LINE_FLOATS;
    if (at + LINE_FLOATS > this.data.length) {
      const more = new Float32Array(this.data.length * 2);
      more.set(this.data);
      this.data = more;
    }
    const d = this.data;
    d[at] = a.x;
    d[at + 1] = a.y;
    d[at + 2] = a.z;
    d[at + 3] = a.flatX;
    d[at + 4] = a.flatY;
    d[at + 5] = b.x;
    d[at + 6] = b.y;
    d[at + 7] = b.z;
    d[at + 8] = b.flatX;
    d[at + 9] = b.flatY;
    d[at + 10] = ink[0];
    d[at + 11] = ink[1];
    d[at + 12] = ink[2];
    d[at + 13] = ink[3];
    d[at + 14] = width;
    d[at + 15] = curved ? 1 : 0;
    d[at + 16] = a.layer;
    d[at + 17] = b.layer;
    this.count++;
  }

  /**
   * A closed outline.
   * @param {End[]} corners
   * @param {Ink} ink
   * @param {number} width
   */
  loop(corners, ink, width) {
    for (let i = 0; i < corners.length; i++)
      this.add(corners[i], corners[(i + 1) % corners.length], ink, width);
  }
}
