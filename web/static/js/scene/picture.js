// The stage as a PNG: its background, the drawing, the words in it, and the legend under it.
import { colour } from "./ramps.js";

const STRIP = 34; // CSS px of the legend under the picture

/**
 * @param {HTMLCanvasElement} canvas just drawn: its pixels are gone after this task
 * @param {HTMLElement} words
 * @param {Element|null} legend a shared picture means nothing without its scale
 * @returns {Promise<Blob>}
 */
export function picture(canvas, words, legend) {
  const out = document.createElement("canvas");
  const ratio = canvas.width / canvas.clientWidth;
  const strip = legend ? Math.round(STRIP * ratio) : 0;
  out.width = canvas.width;
  out.height = canvas.height + strip;
  const g = out.getContext("2d");
  if (!g) return Promise.reject(new Error("no 2-D canvas"));
  const style = getComputedStyle(canvas);
  g.fillStyle = style.getPropertyValue("--c-bg").trim();
  g.fillRect(0, 0, out.width, out.height);
  ground(g, canvas, style);
  g.drawImage(canvas, 0, 0);
  const box = canvas.getBoundingClientRect();
  for (const element of words.querySelectorAll("b, small, .scene-class"))
    write(g, /** @type {HTMLElement} */ (element), box.left, box.top, ratio);
  if (legend) explain(g, legend, canvas.height / ratio, ratio);
  return new Promise((resolve, reject) => {
    out.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))),
      "image/png",
    );
  });
}

/**
 * The legend's ramps and numbers as they stand on the page, moved under the picture.
 * @param {CanvasRenderingContext2D} g
 * @param {Element} legend
 * @param {number} below CSS px
 * @param {number} ratio
 */
function explain(g, legend, below, ratio) {
  const box = legend.getBoundingClientRect();
  const left = box.left - 8;
  const top = box.top + box.height / 2 - (below + STRIP / 2);
  for (const element of legend.querySelectorAll(".legend > span:not(.ramp)"))
    if (!element.closest(".legend-scale")) write(g, /** @type {HTMLElement} */ (element), left, top, ratio);
  for (const bar of legend.querySelectorAll(".ramp")) {
    const at = bar.getBoundingClientRect();
    if (at.width === 0) continue;
    const signed = bar.classList.contains("signed");
    const [x, y] = [(at.left - left) * ratio, (at.top - top) * ratio];
    const light = g.createLinearGradient(x, 0, x + at.width * ratio, 0);
    for (let i = 0; i <= 16; i++)
      light.addColorStop(i / 16, `rgb(${colour(signed ? i / 8 - 1 : i / 16, signed)})`);
    g.fillStyle = light;
    g.fillRect(x, y, at.width * ratio, at.height * ratio);
  }
}

/** The stage's radial light. @param {CanvasRenderingContext2D} g @param {HTMLCanvasElement} out @param {CSSStyleDeclaration} style */
function ground(g, { width, height }, style) {
  const light = g.createRadialGradient(0, 0, 0, 0, 0, 1);
  light.addColorStop(0, style.getPropertyValue("--c-stage-in").trim());
  light.addColorStop(1, style.getPropertyValue("--c-stage-out").trim());
  g.save();
  g.translate(width * 0.5, height * 0.4);
  g.scale(width * 1.2, height * 0.9);
  g.fillStyle = light;
  g.fillRect(-1, -1, 2, 2);
  g.restore();
}

/**
 * @param {CanvasRenderingContext2D} g
 * @param {HTMLElement} element
 * @param {number} left of the picture on the page, CSS px
 * @param {number} top
 * @param {number} ratio device px per CSS px
 */
function write(g, element, left, top, ratio) {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || getComputedStyle(element).visibility === "hidden") return;
  const style = getComputedStyle(element);
  g.font = `${style.fontWeight} ${Number.parseFloat(style.fontSize) * ratio}px ${style.fontFamily}`;
  g.fillStyle = style.color;
  g.textBaseline = "middle";
  g.fillText(element.textContent ?? "", (box.left - left) * ratio, (box.top + box.height / 2 - top) * ratio);
}
