// The colours of lines, read from the design tokens of the theme that is on.

/** @typedef {import("./lines.js").Ink} Ink */

/**
 * @typedef {object} Inks
 * @property {Ink} negative edges of negative weights
 * @property {Ink} positive
 * @property {Ink} plain edges without a weight
 * @property {Ink} plate hairline round a map
 * @property {Ink} mark outlines on top of maps, the same in both themes
 * @property {Ink} casing what is drawn under a mark
 * @property {Ink} strike across a map that is switched off
 * @property {Ink} bed under the units of an unsigned map
 * @property {Ink} signedBed under those of a signed map
 * @property {number} lift light on the sides of dark signed bars, 0…1: the ends of that ramp are as dark as the night stage
 * @property {Ink} grey units of a map that is switched off
 */

const canvas = () => {
  const made = document.createElement("canvas");
  made.width = made.height = 1;
  return made.getContext("2d", { willReadFrequently: true });
};

/**
 * Any CSS colour as sRGB 0…1.
 * @param {CanvasRenderingContext2D} brush
 * @param {string} text
 * @returns {Ink}
 */
function parse(brush, text) {
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = "#000";
  brush.fillStyle = text.trim();
  brush.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
  return [r / 255, g / 255, b / 255, a / 255];
}

/**
 * @param {Element} element whose theme counts
 * @returns {Inks}
 */
export function readInks(element) {
  const brush = canvas();
  const style = getComputedStyle(element);
  const token = (/** @type {string} */ name) => {
    if (!brush) return /** @type {Ink} */ ([0.5, 0.5, 0.5, 1]);
    return parse(brush, style.getPropertyValue(name));
  };
  return {
    negative: token("--edge-neg"),
    positive: token("--edge-pos"),
    plain: token("--c-ink-2"),
    plate: token("--plate-edge"),
    mark: token("--mark"),
    casing: token("--mark-case"),
    strike: token("--c-bad"),
    bed: token("--mag-0"),
    signedBed: token("--scene-bed"),
    grey: token("--c-ctl"),
    lift: Number.parseFloat(style.getPropertyValue("--scene-lift")) || 0,
  };
}
