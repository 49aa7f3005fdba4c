// The stage as a PNG: its background, the drawing and the words in it.

/**
 * @param {HTMLCanvasElement} canvas just drawn: its pixels are gone after this task
 * @param {HTMLElement} words
 * @returns {Promise<Blob>}
 */
export function picture(canvas, words) {
  const out = document.createElement("canvas");
  out.width = canvas.width;
  out.height = canvas.height;
  const g = out.getContext("2d");
  if (!g) return Promise.reject(new Error("no 2-D canvas"));
  const ratio = canvas.width / canvas.clientWidth;
  ground(g, out, getComputedStyle(canvas));
  g.drawImage(canvas, 0, 0);
  const box = canvas.getBoundingClientRect();
  for (const element of words.querySelectorAll("b, small, .scene-class"))
    write(g, /** @type {HTMLElement} */ (element), box, ratio);
  return new Promise((resolve, reject) => {
    out.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))),
      "image/png",
    );
  });
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
 * @param {DOMRect} stage
 * @param {number} ratio device px per CSS px
 */
function write(g, element, stage, ratio) {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || getComputedStyle(element).visibility === "hidden") return;
  const style = getComputedStyle(element);
  g.font = `${style.fontWeight} ${Number.parseFloat(style.fontSize) * ratio}px ${style.fontFamily}`;
  g.fillStyle = style.color;
  g.textBaseline = "middle";
  g.fillText(
    element.textContent ?? "",
    (box.left - stage.left) * ratio,
    (box.top + box.height / 2 - stage.top) * ratio,
  );
}
