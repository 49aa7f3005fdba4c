// The two colour ramps of the design as 256 entries each, and how a value finds its entry.
// The shader of gl/units.js uses the same tables and the same rounding.

/** cividis, 17 stops: tokens.css --mag-0 … --mag-16 */
const MAGNITUDE = [
  "00224e",
  "002e6a",
  "1a386f",
  "32436d",
  "434e6c",
  "535a6d",
  "61656f",
  "6f7073",
  "7d7c78",
  "8c8878",
  "9b9476",
  "aba072",
  "bcae6c",
  "cdbb63",
  "dec958",
  "f0d846",
  "fee838",
];

/** PuOr, negative to positive, white in the middle: tokens.css --sgn-0 … --sgn-16 */
const SIGNED = [
  "2d004b",
  "451871",
  "5f3a91",
  "7b6aa8",
  "9990bf",
  "b7b1d5",
  "cfcfe5",
  "e4e5f0",
  "f7f7f6",
  "fce8cd",
  "fed59f",
  "fdbc6b",
  "ee9b39",
  "d97b12",
  "bd6109",
  "9e4c07",
  "7f3b08",
];

/** Entry of the signed ramp that is zero: white, always. */
export const ZERO = 128;

/** @typedef {[number, number, number]} RGB 0…255, sRGB */

/** @param {string} hex @returns {RGB} */
function rgb(hex) {
  return [0, 2, 4]
    .map(i => Number.parseInt(hex.slice(i, i + 2), 16))
    .reduce(
      (out, v, i) => {
        out[i] = v;
        return out;
      },
      /** @type {RGB} */ ([0, 0, 0]),
    );
}

/** @param {string[]} stops @param {number} k 0…1 @returns {RGB} */
function at(stops, k) {
  const place = k * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place));
  const a = rgb(stops[i]);
  const b = rgb(stops[i + 1]);
  const mix = (/** @type {number} */ c) => Math.round(a[c] + (b[c] - a[c]) * (place - i));
  return [mix(0), mix(1), mix(2)];
}

/**
 * Both ramps, RGBA, 256 entries a row: row 0 magnitudes, row 1 signed with zero at 128.
 * @returns {Uint8Array}
 */
export function rampTable() {
  const table = new Uint8Array(2 * 256 * 4);
  for (let i = 0; i < 256; i++) {
    table.set([...at(MAGNITUDE, i / 255), 255], i * 4);
    const signed = Math.max(-1, (i - ZERO) / 127);
    table.set([...at(SIGNED, 0.5 + signed / 2), 255], (256 + i) * 4);
  }
  return table;
}

const TABLE = rampTable();

/**
 * @param {number} level −1…1 if signed, else 0…1
 * @param {boolean} signed
 * @returns {RGB}
 */
export function colour(level, signed) {
  const i = signed ? ZERO + Math.floor(level * 127 + 0.5) : Math.floor(level * 255 + 0.5);
  const at4 = ((signed ? 256 : 0) + Math.min(255, Math.max(0, i))) * 4;
  return [TABLE[at4], TABLE[at4 + 1], TABLE[at4 + 2]];
}
