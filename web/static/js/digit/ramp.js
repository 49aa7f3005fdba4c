// The data ramps of the tokens as tables of 256 colours, for 2-D canvases.

const STOPS = 17; // --mag-0 … --mag-16, --sgn-0 … --sgn-16

/**
 * Reads a ramp from the style sheet and interpolates it in sRGB, as the shader does.
 * @param {"mag"|"sgn"} name magnitudes (cividis) or signed values (PuOr, zero in the middle)
 * @returns {Uint8Array} 256 RGB triples
 */
export function readRamp(name) {
  const style = getComputedStyle(document.documentElement);
  const stops = Array.from({ length: STOPS }, (_, i) => parseHex(style.getPropertyValue(`--${name}-${i}`).trim()));
  return interpolate(stops);
}

/**
 * @param {number[][]} stops RGB triples, evenly spaced
 * @returns {Uint8Array} 256 RGB triples
 */
export function interpolate(stops) {
  const table = new Uint8Array(256 * 3);
  for (let k = 0; k < 256; k++) {
    const at = (k / 255) * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) {
      table[k * 3 + c] = Math.round(stops[i][c] + (stops[i + 1][c] - stops[i][c]) * (at - i));
    }
  }
  return table;
}

/**
 * @param {string} hex "#00224e"
 * @returns {number[]} RGB, 0…255; grey where the sheet has no such colour
 */
function parseHex(hex) {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return [128, 128, 128];
  return [1, 3, 5].map(i => Number.parseInt(hex.slice(i, i + 2), 16));
}
