// The whole net on one canvas: what is to be drawn, when, and where things are on the screen.
// Draws only when something changed. GL objects live in the painter, sums in js/scene.
import { readInks } from "../scene/inks.js";
import { createLabels, onStage } from "../scene/labels.js";
import { between, layout } from "../scene/layout.js";
import { top } from "../scene/marks.js";
import { createMotions, easeInOut, MS } from "../scene/motion.js";
import { pickDeep, pickFlat } from "../scene/pick.js";
import { revealed } from "../scene/play.js";
import { createViewpoint } from "../scene/viewpoint.js";
import { createContent, flatIndex, labelView, topOf } from "./content.js";
import { MIXES } from "./lines.js";
import { createPainter } from "./painter.js";

/** @typedef {import("../scene/layout.js").Layout} Layout */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */

// ms without a change before the fine frame of a software renderer, which costs it several
// drafts: longer while activations come, so that it does not fall between two of a stroke.
const SETTLED = 140;
const SETTLED_STROKE = 450;
const FRAME = 12; // ms: values that come sooner after a frame wait for the next one

/** What an empty painter would count. */
const NOTHING = {
  buffers: 0,
  textures: 0,
  vertexArrays: 0,
  framebuffers: 0,
  renderbuffers: 0,
  programs: 0,
  drawCalls: 0,
};

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} labelRoot
 * @param {{acts: import("../types.js").Activations, store: import("../types.js").AppStore, legend?: Element|null}} sources
 * @returns {import("../types.js").Scene|null} null without WebGL 2
 */
export function createScene(canvas, labelRoot, { acts, store, legend = null }) {
  const context = canvas.getContext("webgl2", {
    antialias: false,
    alpha: true,
    powerPreference: "high-performance",
  });
  if (!context) return null;
  const gl = context;
  const life = new AbortController();
  const { signal } = life;
  const labels = createLabels(labelRoot);
  const content = createContent(acts, store);
  const motions = createMotions();
  const mixes = new Float32Array(MIXES);
  const software = isSoftware(gl);
  const counts = { frames: 0, fine: 0 };
  /** @type {Set<() => void>} */
  const watchers = new Set();

  let size = { width: 1, height: 1 };
  let inks = readInks(canvas);
  /** @type {Manifest|null} */
  let manifest = null;
  /** @type {ReturnType<typeof createPainter>|null} */
  let painter = null;
  /** @type {Layout|null} */
  let now = null;
  let request = 0;
  let settle = 0;
  let activated = -SETTLED_STROKE; // when activations last came
  let painted = -FRAME; // when the last frame was drawn
  let lost = false;
  let fresh = false; // the canvas still holds the last frame: until the browser has shown it
  const eye = createViewpoint(
    { motions, layout: () => now, size: () => size, changed: () => invalidate() },
    store.get().view === "flat",
  );
  let told = eye.pose();

  // ---- what a change of state means ----

  acts.onChange(() => {
    content.activated();
    activated = performance.now();
    // New values are drawn as they come, while the browser would only wait for its next
    // frame (8 ms sooner under the pen), but no more often than frames come.
    const own = manifest !== null && store.get().manifest === manifest; // not those of a net still to be laid out
    if (own && !document.hidden && !motions.busy() && activated - painted >= FRAME) draw();
    else invalidate();
  }, signal);

  store.subscribe((s, prev) => {
    if (s.view !== prev.view) eye.setView(s.view === "flat", true);
    if (s.spacing !== prev.spacing) relayout(true);
    if (s.theme !== prev.theme) restyle();
    if (s.lang !== prev.lang && manifest) labels.setManifest(manifest);
    content.changed(s, prev);
    invalidate();
  }, signal);

  /** The theme is on the root element only after all readers of the store have run. */
  function restyle() {
    queueMicrotask(() => {
      inks = readInks(canvas);
      content.moved();
      invalidate();
    });
  }

  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  canvas.addEventListener(
    "webglcontextlost",
    e => {
      e.preventDefault(); // else it is never given back
      lost = true;
      painter = null; // its objects went with the context
    },
    { signal },
  );
  canvas.addEventListener(
    "webglcontextrestored",
    () => {
      lost = false;
      rebuild();
    },
    { signal },
  );

  // ---- nets and sizes ----

  /** @param {Manifest} m */
  function setManifest(m) {
    manifest = m;
    content.weighing.set(m, null);
    eye.home();
    labels.setManifest(m);
    rebuild();
  }

  function rebuild() {
    if (!manifest || lost) return;
    painter?.dispose();
    painter = createPainter(gl, manifest);
    content.renew();
    motions.stop("layout");
    now = layout(manifest, store.get().spacing, size);
    invalidate();
  }

  function resize() {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width < 2 || height < 2) return;
    if (width === size.width && height === size.height && canvas.width === Math.round(width * ratio)) return;
    size = { width, height };
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    labels.measure();
    relayout(false);
    draw(); // a resized canvas is empty until it is drawn
  }

  /** @param {boolean} animate */
  function relayout(animate) {
    if (!manifest) return;
    const from = now;
    const to = layout(manifest, store.get().spacing, size);
    motions.run("layout", animate && from ? MS.camera : 0, k => {
      now = from ? between(from, to, easeInOut(k)) : to;
      content.moved();
    });
    invalidate();
  }

  /** @param {string} name */
  function preset(name) {
    if (!manifest) return;
    const spacing = name === "classic" ? "classic" : "fill";
    store.set({ spacing, view: "3d" });
    eye.preset(layout(manifest, spacing, size), name);
  }

  // ---- drawing ----

  function invalidate() {
    if (request === 0 && !signal.aborted) request = requestAnimationFrame(frame);
  }

  /** @param {number} time */
  function frame(time) {
    request = 0;
    if (motions.advance(time)) invalidate();
    draw();
  }

  /** A frame at once; what was asked for is done with it. */
  function draw() {
    if (request !== 0 && !motions.busy()) {
      cancelAnimationFrame(request);
      request = 0;
    }
    paint(!software, software);
    if (!software) return;
    clearTimeout(settle);
    const stroke = performance.now() - activated < SETTLED_STROKE;
    settle = window.setTimeout(
      () => {
        if (request === 0) paint(true, false);
      },
      stroke ? SETTLED_STROKE : SETTLED,
    );
  }

  /** @param {boolean} fine four samples a pixel @param {boolean} draft sprites for small boxes */
  function paint(fine, draft) {
    const lens = eye.lens();
    if (!painter || !manifest || !now || !lens || lost) return;
    eye.mixInto(mixes, now.places.length);
    content.upload(painter, manifest, now, inks);
    const layers = content.looks(manifest, now, mixes, painter.units);
    painter.draw({ lens, layers, mixes, inks, fine, draft });
    fresh = true;
    setTimeout(() => {
      fresh = false;
    });
    counts.frames++;
    painted = performance.now();
    if (fine) counts.fine++;
    labels.place(labelView(content.source(manifest, now, inks), lens, mixes));
    if (told !== eye.pose()) {
      told = eye.pose();
      for (const fn of watchers) fn();
    }
  }

  // ---- questions ----

  /** @param {number} clientX @param {number} clientY @returns {UnitRef|null} */
  function pick(clientX, clientY) {
    const lens = eye.lens();
    const m = manifest;
    if (!lens || !m || !now || motions.busy()) return null;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    if (x < 0 || y < 0 || x >= box.width || y >= box.height) return null;
    const { hidden, play } = store.get();
    const there = now.places.filter((_, i) => !hidden.includes(i) && revealed(m.layers[i], play) !== 0);
    if (eye.isFlat()) return pickFlat(lens, there, x, y);
    const source = content.source(m, now, inks);
    return pickDeep(lens, there, ref => top(source, ref), x, y);
  }

  /** @param {UnitRef} ref @returns {{x: number, y: number}|null} */
  function project(ref) {
    const lens = eye.lens();
    if (!lens || !manifest || !now?.places[ref.layer] || store.get().hidden.includes(ref.layer)) return null;
    eye.mixInto(mixes, now.places.length);
    const at = onStage(
      lens,
      topOf(content.source(manifest, now, inks), ref),
      mixes[Math.min(ref.layer, MIXES - 1)],
    );
    if (!at.ahead) return null;
    const box = canvas.getBoundingClientRect();
    return { x: box.left + at.x, y: box.top + at.y };
  }

  /** @param {UnitRef} ref @returns {[number, number, number, number]|null} */
  function readPixel(ref) {
    const at = project(ref);
    if (!at) return null;
    if (!fresh) paint(false, false);
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    const [x, y] = [(at.x - box.left) * ratio, canvas.height - 1 - Math.floor((at.y - box.top) * ratio)];
    const pixel = new Uint8Array(4);
    gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    return [pixel[0], pixel[1], pixel[2], pixel[3]];
  }

  /** Index over the whole net of the unit drawn grown, −1 for none. */
  function grown() {
    const { hover } = store.get();
    return hover && manifest ? acts.offset(hover.layer) + flatIndex(manifest, hover) : -1;
  }

  return {
    setManifest,
    setWeights(weights) {
      if (manifest) content.weighing.set(manifest, weights);
      content.refocus();
      invalidate();
    },
    pick,
    project,
    flyTo: eye.flyTo,
    reset: eye.reset,
    orbit: eye.orbit,
    pan: eye.pan,
    zoomBy(factor, clientX, clientY) {
      const box = canvas.getBoundingClientRect();
      eye.zoom(factor, clientX - box.left - box.width / 2, clientY - box.top - box.height / 2);
    },
    preset,
    setView: (view, animate) => eye.setView(view === "flat", animate),
    draw,
    invalidate,
    async snapshot() {
      const { picture } = await import("../scene/picture.js");
      paint(true, false);
      return picture(canvas, labelRoot, legend);
    },
    readPixel,
    camera: eye.numbers,
    setCamera: eye.setNumbers,
    onCamera(fn, until) {
      if (until?.aborted) return;
      watchers.add(fn);
      until?.addEventListener("abort", () => watchers.delete(fn), { once: true });
    },
    stats: () => ({
      ...(painter?.counts() ?? NOTHING),
      ...counts,
      ...content.drawn,
      units: acts.bytes.length,
      hover: grown(),
      moving: motions.busy() ? 1 : 0,
      software: software ? 1 : 0,
    }),
    dispose() {
      life.abort();
      observer.disconnect();
      cancelAnimationFrame(request);
      clearTimeout(settle);
      painter?.dispose();
      painter = null;
      watchers.clear();
      labels.dispose();
    },
  };
}

/** Renderers without a GPU draw moving frames without extra samples. @param {WebGL2RenderingContext} gl */
function isSoftware(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
