// The drawing pad: pen, eraser, test digits, pictures, and the 28×28 that the net sees.
// The net runs during the stroke: each change is sent once a frame, the newest wins.

import { attachPen } from "../digit/pen.js";
import { FIELD, PAD } from "../digit/recipe.js";
import { createSketch } from "../digit/sketch.js";
import { paintField } from "../digit/surface.js";
import { must } from "../dom.js";
import { attachFiles } from "./pad_files.js";
import { attachSamples } from "./pad_samples.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {HTMLElement} root data-view="pad"
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountPad(root, ctx) {
  const life = new AbortController();
  const { signal } = life;
  ctx.signal.addEventListener("abort", () => life.abort(), { signal });
  /** @type {HTMLCanvasElement} */
  const canvas = must(root, ".pad-canvas");

  const delivery = createDelivery(root, ctx, () => sketch.see(ctx.store.get().centred));
  const sketch = createSketch(canvas, () => {
    delivery.soon();
    showHistory();
  });
  const showHistory = () => {
    enable(root, "undo", sketch.canUndo());
    enable(root, "redo", sketch.canRedo());
    enable(root, "trash", !sketch.empty());
  };
  showHistory();

  attachPen(canvas, penActs(root, canvas, sketch, ctx), signal);
  attachTools(root, sketch, ctx, signal);
  attachSamples(root, sketch, ctx, signal);
  attachFiles(root, sketch, ctx, signal);
  attachNotes(root, sketch, ctx, signal);

  ctx.store.subscribe((s, prev) => {
    if (s.centred !== prev.centred) delivery.soon();
  }, signal);
  ctx.bus.on("show", greys => sketch.put(Uint8Array.from(/** @type {Uint8Array} */ (greys)), null), signal);
  ctx.bus.on("clear", () => sketch.clear(), signal);

  const size = new ResizeObserver(() => sketch.resize(canvas.clientWidth, devicePixelRatio));
  size.observe(canvas);
  signal.addEventListener("abort", () => size.disconnect());
  return () => life.abort();
}

/**
 * Sends what the net sees, at most once a frame: the first change at once, later ones of
 * the same frame together at the next.
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @param {() => {greys: Uint8Array, blank: boolean}} see
 */
function createDelivery(root, ctx, see) {
  /** @type {HTMLCanvasElement} */
  const field = must(root, ".pad-sees canvas");
  /** @type {Uint8Array} */
  let last = new Uint8Array(FIELD * FIELD);
  let waiting = false;
  let again = false;
  paintField(field, last);

  const deliver = () => {
    const { greys, blank } = see();
    if (!same(greys, last)) {
      last = greys;
      paintField(field, greys);
      ctx.client.sendInput(greys);
      ctx.bus.emit("drawing", greys);
    }
    ctx.store.set({ blank });
    ctx.bus.emit("drawn");
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (!again) return;
      again = false;
      deliver();
    });
  };
  return {
    soon() {
      if (waiting) again = true;
      else deliver();
    },
  };
}

/**
 * What pointer and keys do, with the nib that follows them.
 * @param {HTMLElement} root
 * @param {HTMLCanvasElement} canvas
 * @param {import("../digit/sketch.js").Sketch} sketch
 * @param {ViewContext} ctx
 * @returns {import("../digit/pen.js").PenActs}
 */
function penActs(root, canvas, sketch, ctx) {
  const nib = must(root, ".pad-nib");
  return {
    begin(x, y, eraser) {
      const { tool, brush } = ctx.store.get();
      sketch.begin(x, y, eraser ? "eraser" : tool, brush);
    },
    move: sketch.move,
    end: sketch.end,
    cursor(x, y, shown) {
      nib.hidden = !shown;
      if (!shown) return;
      const scale = canvas.clientWidth / PAD;
      const side = `${ctx.store.get().brush * scale}px`;
      nib.style.inlineSize = side;
      nib.style.blockSize = side;
      nib.style.translate = `calc(${x * scale}px - 50%) calc(${y * scale}px - 50%)`;
    },
  };
}

/**
 * Pen, eraser, undo, redo, clear, width of the brush, and the keys for them.
 * @param {HTMLElement} root
 * @param {import("../digit/sketch.js").Sketch} sketch
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function attachTools(root, sketch, ctx, signal) {
  const { store, t } = ctx;
  /** @type {HTMLInputElement} */
  const brush = must(root, ".pad-brush input");
  /** @type {HTMLInputElement} */
  const centred = must(root, ".pad-centred input");
  const on = (/** @type {string} */ act, /** @type {() => void} */ fn) =>
    tool(root, act).addEventListener("click", fn, { signal });

  on("pen", () => store.set({ tool: "pen" }));
  on("eraser", () => store.set({ tool: "eraser" }));
  on("undo", sketch.undo);
  on("redo", sketch.redo);
  on("trash", sketch.clear);
  brush.addEventListener("input", () => store.set({ brush: brush.valueAsNumber }), { signal });
  centred.addEventListener("change", () => store.set({ centred: centred.checked }), { signal });

  const show = () => {
    const s = store.get();
    tool(root, "pen").setAttribute("aria-pressed", String(s.tool === "pen"));
    tool(root, "eraser").setAttribute("aria-pressed", String(s.tool === "eraser"));
    brush.value = String(s.brush);
    brush.style.setProperty(
      "--v",
      `${((s.brush - Number(brush.min)) / (Number(brush.max) - Number(brush.min))) * 100}%`,
    );
    must(root, ".pad-px").textContent = t("pad.brush_px", { px: s.brush });
    brush.setAttribute("aria-valuetext", t("pad.brush_px", { px: s.brush }));
    centred.checked = s.centred;
  };
  store.subscribe(show, signal);
  show();

  document.addEventListener(
    "keydown",
    event => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || isText(event.target)) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) sketch.undo();
      else if (key === "y" || (key === "z" && event.shiftKey)) sketch.redo();
      else return;
      event.preventDefault();
    },
    { signal },
  );
  must(root, ".pad-canvas").addEventListener(
    "keydown",
    event => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      sketch.clear();
      event.preventDefault();
    },
    { signal },
  );
}

/**
 * The lines beside the small picture: how it was made, and how its greys become input.
 * @param {HTMLElement} root
 * @param {import("../digit/sketch.js").Sketch} sketch
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function attachNotes(root, sketch, ctx, signal) {
  const how = must(root, "[data-part=how]");
  const scaling = must(root, "[data-part=scaling]");
  const hint = must(root, ".pad-hint");
  const show = () => {
    const s = ctx.store.get();
    const sample = sketch.sample();
    const key = s.blank
      ? "blank"
      : sample
        ? "sample"
        : sketch.untouched()
          ? "picture"
          : s.centred
            ? "centred"
            : "raw";
    const text = ctx.t(`pad.sees_${key}`, { index: sample?.index ?? 0, label: sample?.label ?? 0 });
    if (how.textContent !== text) how.textContent = text; // it is read aloud
    scaling.textContent = (s.manifest?.input.text ?? "").replaceAll(" - ", " \u2212 ");
    hint.hidden = !sketch.empty();
  };
  ctx.bus.on("drawn", show, signal);
  ctx.store.subscribe((s, prev) => {
    if (s.blank !== prev.blank || s.centred !== prev.centred || s.manifest !== prev.manifest) show();
  }, signal);
  show();
}

/**
 * @param {HTMLElement} root
 * @param {string} act
 * @returns {HTMLButtonElement}
 */
function tool(root, act) {
  return must(root, `[data-act=${act}]`);
}

/**
 * A button that cannot be used keeps the focus, so it is not disabled but says so.
 * @param {HTMLElement} root
 * @param {string} act
 * @param {boolean} can
 */
function enable(root, act, can) {
  tool(root, act).setAttribute("aria-disabled", String(!can));
}

/** @param {EventTarget|null} target */
function isText(target) {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=range], [type=checkbox]), textarea, [contenteditable]")
  );
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function same(a, b) {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
