// The whole net on one canvas: what is to be drawn, when, and where things are on the screen.
// Draws only when something changed. GL objects live in the painter, sums in js/scene.
import {
  HOME,
  PRESETS,
  fromNumbers,
  keep,
  lens as lensOf,
  look,
  mixPose,
  panned,
  toNumbers,
} from "../scene/camera.js";
import { readInks } from "../scene/inks.js";
import { createLabels, onStage } from "../scene/labels.js";
import { between, layout } from "../scene/layout.js";
import { Lines, end } from "../scene/lines.js";
import { drawEdges, drawField, drawFrames, drawWindow, top } from "../scene/marks.js";
import { MS, createMotions, easeInOut } from "../scene/motion.js";
import { pickDeep, pickFlat } from "../scene/pick.js";
import { clamp } from "../scene/place.js";
import { revealed } from "../scene/play.js";
import { remember } from "../scene/scale.js";
import { createWeighing } from "../scene/weighing.js";
import { MIXES } from "./lines.js";
import { createPainter } from "./painter.js";

/** @typedef {import("../scene/camera.js").Pose} Pose */
/** @typedef {import("../scene/layout.js").Layout} Layout */
/** @typedef {import("../types.js").AppState} AppState */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */

const SETTLED = 140; // ms without a change before the fine frame of a software renderer
const STAGGER = 0.35; // share of the passage by which the last layer starts later

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} labelRoot
 * @param {{acts: import("../types.js").Activations, store: import("../types.js").AppStore}} sources
 * @returns {import("../types.js").Scene|null} null without WebGL 2
 */
export function createScene(canvas, labelRoot, { acts, store }) {
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
  const weighing = createWeighing();
  const scaled = remember(acts);
  const motions = createMotions();
  const lines = { frames: new Lines(), edges: new Lines(), marks: new Lines() };
  const dirty = { bytes: true, channels: true, frames: true, focus: true };
  const mixes = new Float32Array(MIXES);
  const software = isSoftware(gl);
  const counts = { frames: 0, fine: 0, edges: 0, feeds: 0 };
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
  /** @type {Pose} */
  let pose = { ...HOME };
  let passage = store.get().view === "flat" ? 1 : 0; // 0 world … 1 flat, before easing by layer
  let request = 0;
  let settle = 0;
  let lost = false;
  let fresh = false; // the canvas still holds the last frame: until the browser has shown it

  // ---- what a change of state means ----

  acts.onChange(() => {
    dirty.bytes = dirty.channels = true;
    if (focus()) dirty.focus = true;
    invalidate();
  }, signal);

  store.subscribe((s, prev) => {
    if (s.view !== prev.view) setView(s.view, true);
    if (s.spacing !== prev.spacing) relayout(true);
    if (s.theme !== prev.theme) {
      inks = readInks(canvas);
      dirty.frames = dirty.focus = true;
    }
    if (s.hover !== prev.hover || s.pin !== prev.pin || s.scope !== prev.scope) dirty.focus = true;
    if (s.scope !== prev.scope || s.off !== prev.off) dirty.channels = true;
    if (s.off !== prev.off || s.play !== prev.play || s.hidden !== prev.hidden)
      dirty.frames = dirty.focus = true;
    if (s.lang !== prev.lang && manifest) labels.setManifest(manifest);
    invalidate();
  }, signal);

  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  canvas.addEventListener(
    "webglcontextlost",
    e => {
      e.preventDefault();
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
    weighing.set(m, null);
    pose = { ...HOME, fov: pose.fov };
    labels.setManifest(m);
    rebuild();
  }

  function rebuild() {
    if (!manifest || lost) return;
    painter?.dispose();
    painter = createPainter(gl, manifest);
    dirty.bytes = dirty.channels = dirty.frames = dirty.focus = true;
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
      dirty.frames = dirty.focus = true;
    });
    invalidate();
  }

  // ---- camera ----

  /** @param {Pose} to */
  function travel(to) {
    const from = pose;
    motions.run("camera", MS.camera, k => {
      pose = keep(mixPose(from, to, easeInOut(k)));
    });
    invalidate();
  }

  /** @param {string} name */
  function preset(name) {
    const to = PRESETS[name];
    if (!to || !now || !manifest) return;
    const spacing = name === "classic" ? "classic" : "fill";
    store.set({ spacing, view: "3d" });
    const shape = layout(manifest, spacing, size);
    travel(look(shape, shape.places, { ...to }, size));
  }

  /** @param {number} layer */
  function flyTo(layer) {
    if (!now?.places[layer]) return;
    travel(look(now, [now.places[layer]], { ...pose, yaw: 0, pitch: 0.9 }, size));
  }

  /** The net follows the pointer, CSS px. @param {number} dx @param {number} dy */
  function pan(dx, dy) {
    const seen = lens();
    if (!seen) return;
    motions.stop("camera");
    pose = keep(panned(pose, seen, dx, dy, passage >= 0.5));
    invalidate();
  }

  /** About a point of the window. @param {number} factor @param {number} clientX @param {number} clientY */
  function zoomBy(factor, clientX, clientY) {
    const seen = lens();
    if (!seen) return;
    motions.stop("camera");
    const box = canvas.getBoundingClientRect();
    const flat = passage >= 0.5;
    const before = flat ? pose.flatZoom : pose.zoom;
    const to = keep(flat ? { ...pose, flatZoom: before * factor } : { ...pose, zoom: before * factor });
    const real = (flat ? to.flatZoom : to.zoom) / before;
    // What was under the pointer stays there.
    const dx = (box.left + box.width / 2 - clientX) * (real - 1);
    const dy = (box.top + box.height / 2 - clientY) * (real - 1);
    pose = to;
    const after = lens();
    if (after) pose = keep(panned(to, after, dx, dy, flat));
    invalidate();
  }

  /** @param {AppState["view"]} view @param {boolean} animate */
  function setView(view, animate) {
    const from = passage;
    const to = view === "flat" ? 1 : 0;
    motions.run("passage", animate ? MS.passage * Math.abs(to - from) : 0, k => {
      passage = from + (to - from) * k;
    });
    invalidate();
  }

  function lens() {
    return now ? lensOf(now, pose, size) : null;
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
    if (software) {
      clearTimeout(settle);
      settle = window.setTimeout(() => {
        if (request === 0) paint(true, false);
      }, SETTLED);
    }
  }

  function draw() {
    paint(!software, software);
  }

  /** @param {boolean} fine four samples a pixel @param {boolean} draft sprites for small boxes */
  function paint(fine, draft) {
    const seen = lens();
    if (!painter || !manifest || !now || !seen || lost) return;
    const count = now.places.length;
    for (let i = 0; i < MIXES; i++) {
      const late = (STAGGER * Math.min(i, count - 1)) / Math.max(1, count - 1);
      mixes[i] = easeInOut(clamp(passage * (1 + STAGGER) - late, 0, 1));
    }
    upload(painter, manifest, now);
    const looks = layerLooks(manifest, now);
    painter.draw({ lens: seen, layers: looks, mixes, inks, fine, draft });
    fresh = true;
    setTimeout(() => {
      fresh = false;
    });
    counts.frames++;
    if (fine) counts.fine++;
    placeLabels(seen, manifest, now);
    for (const fn of watchers) fn();
  }

  /** @param {import("./painter.js").Painter} to @param {Manifest} m @param {Layout} l */
  function upload(to, m, l) {
    const state = store.get();
    if (dirty.bytes) to.loadBytes(acts.bytes);
    if (dirty.channels) {
      let entry = 0;
      for (const layer of m.layers)
        for (let c = 0; c < layer.shape[0]; c++) {
          const off = state.off.some(o => o.layer === layer.index && o.channel === c);
          const { min, max } = acts.channelRange(layer.index, c);
          const affine = { min, scale: (max - min) / 255 };
          to.store.setChannel(entry++, affine, scaled.range(layer.index, c, state.scope), layer.signed, off);
        }
      to.store.loadChannels();
    }
    const source = markSource(m, l);
    if (dirty.frames) {
      drawFrames(source, lines.frames);
      to.frames.load(lines.frames);
    }
    if (dirty.focus) {
      const ref = focus();
      lines.edges.clear();
      lines.marks.clear();
      const made = ref ? drawEdges(source, ref, lines.edges) : { inputs: 0, outputs: 0 };
      if (ref) drawField(source, ref, lines.marks);
      drawWindow(source, lines.marks);
      counts.edges = made.inputs;
      counts.feeds = made.outputs;
      to.edges.load(lines.edges);
      to.marks.load(lines.marks);
    }
    dirty.bytes = dirty.channels = dirty.frames = dirty.focus = false;
  }

  /** @param {Manifest} m @param {Layout} l @returns {import("../scene/marks.js").Source} */
  function markSource(m, l) {
    const { weight, strongest } = weighing;
    return { manifest: m, places: l.places, acts: scaled, state: store.get(), inks, weight, strongest };
  }

  /** @param {Manifest} m @param {Layout} l @returns {import("./units.js").LayerLook[]} */
  function layerLooks(m, l) {
    const state = store.get();
    let firstChannel = 0;
    return m.layers.map((layer, i) => {
      const lit = (/** @type {UnitRef|null} */ ref) => (ref && ref.layer === i ? flatIndex(m, ref) : -1);
      const made = {
        place: l.places[i],
        firstUnit: acts.offset(i),
        firstChannel,
        firstLid: (painter?.units ?? 0) + firstChannel,
        signed: layer.signed,
        hidden: state.hidden.includes(i),
        shown: revealed(layer, state.play),
        hover: lit(state.hover),
        pin: lit(state.pin),
        mix: mixes[Math.min(i, MIXES - 1)],
      };
      firstChannel += layer.shape[0];
      return made;
    });
  }

  /** @param {import("../scene/camera.js").Lens} seen @param {Manifest} m @param {Layout} l */
  function placeLabels(seen, m, l) {
    const state = store.get();
    const source = markSource(m, l);
    const last = m.layers.length - 1;
    const answers = m.head.labels.map((_, channel) => {
      const high = Math.max(top(source, { layer: last, channel, y: 0, x: 0 }).high, l.places[last].plane);
      return end(l.places[last], high, channel, 0, 0);
    });
    const pinTop = state.pin ? top(source, state.pin).high : 0;
    labels.place({
      lens: seen,
      places: l.places,
      mixes,
      hidden: state.hidden,
      pinned: state.pin?.layer ?? -1,
      pin: state.pin
        ? end(l.places[state.pin.layer], pinTop, state.pin.channel, state.pin.y, state.pin.x)
        : null,
      answers,
      first: state.answer && !state.answer.blank ? state.answer.order[0] : -1,
    });
  }

  /** The unit whose edges are shown. @returns {UnitRef|null} */
  function focus() {
    const { hover, pin, hidden } = store.get();
    const ref = hover ?? pin;
    return ref && manifest?.layers[ref.layer] && !hidden.includes(ref.layer) ? ref : null;
  }

  // ---- questions ----

  /** @param {number} clientX @param {number} clientY @returns {UnitRef|null} */
  function pick(clientX, clientY) {
    const seen = lens();
    if (!seen || !manifest || !now || motions.busy()) return null;
    const box = canvas.getBoundingClientRect();
    const x = clientX - box.left;
    const y = clientY - box.top;
    if (x < 0 || y < 0 || x >= box.width || y >= box.height) return null;
    const state = store.get();
    const can = now.places.filter(
      (p, i) =>
        !state.hidden.includes(i) && revealed(/** @type {Manifest} */ (manifest).layers[i], state.play) !== 0,
    );
    if (passage >= 1) return pickFlat(seen, can, x, y);
    const source = markSource(manifest, now);
    return pickDeep(seen, can, ref => top(source, ref), x, y);
  }

  /** @param {UnitRef} ref @returns {{x: number, y: number}|null} */
  function project(ref) {
    const seen = lens();
    if (!seen || !manifest || !now || !now.places[ref.layer]) return null;
    if (store.get().hidden.includes(ref.layer)) return null;
    const high = top(markSource(manifest, now), ref).high;
    const at = onStage(
      seen,
      end(now.places[ref.layer], high, ref.channel, ref.y, ref.x),
      mixes[Math.min(ref.layer, MIXES - 1)],
    );
    if (!at.ahead) return null;
    const box = canvas.getBoundingClientRect();
    return { x: box.left + at.x, y: box.top + at.y };
  }

  return {
    setManifest,
    setWeights(weights) {
      if (manifest) weighing.set(manifest, weights);
      dirty.focus = true;
      invalidate();
    },
    pick,
    project,
    flyTo,
    reset: () => travel({ ...HOME, fov: pose.fov }),
    orbit(dx, dy) {
      motions.stop("camera");
      const yaw = pose.yaw - (dx / size.width) * 2 * Math.PI; // a drag over the whole stage is a whole turn
      pose = keep({ ...pose, yaw, pitch: pose.pitch + (dy / size.height) * Math.PI });
      invalidate();
    },
    pan,
    zoomBy,
    preset,
    setView,
    draw,
    invalidate,
    async snapshot() {
      paint(true, false);
      const { picture } = await import("../scene/picture.js");
      return picture(canvas, labelRoot);
    },
    readPixel(ref) {
      const at = project(ref);
      if (!at) return null;
      if (!fresh) paint(false, false);
      const box = canvas.getBoundingClientRect();
      const pixel = new Uint8Array(4);
      const ratio = canvas.width / box.width;
      gl.readPixels(
        (at.x - box.left) * ratio,
        canvas.height - 1 - Math.floor((at.y - box.top) * ratio),
        1,
        1,
        gl.RGBA,
        gl.UNSIGNED_BYTE,
        pixel,
      );
      return /** @type {[number, number, number, number]} */ ([...pixel]);
    },
    camera: () => toNumbers(pose),
    setCamera(numbers) {
      const to = fromNumbers(numbers);
      if (!to) return;
      motions.stop("camera");
      pose = to;
      invalidate();
    },
    onCamera(fn, end_) {
      if (end_?.aborted) return;
      watchers.add(fn);
      end_?.addEventListener("abort", () => watchers.delete(fn), { once: true });
    },
    stats: () => ({
      ...(painter?.counts() ?? {
        buffers: 0,
        textures: 0,
        vertexArrays: 0,
        framebuffers: 0,
        renderbuffers: 0,
        programs: 0,
        drawCalls: 0,
      }),
      ...counts,
      units: acts.bytes.length,
      hover: hoverIndex(),
      moving: motions.busy() ? 1 : 0,
      software: software ? 1 : 0,
    }),
    dispose() {
      life.abort();
      observer.disconnect();
      cancelAnimationFrame(request);
      clearTimeout(settle);
      painter?.dispose();
      watchers.clear();
      labels.dispose();
    },
  };

  /** Index over the whole net of the unit drawn grown, −1 for none. */
  function hoverIndex() {
    const { hover } = store.get();
    return hover && manifest ? acts.offset(hover.layer) + flatIndex(manifest, hover) : -1;
  }
}

/** @param {Manifest} m @param {UnitRef} ref */
function flatIndex(m, ref) {
  const [, h, w] = m.layers[ref.layer].shape;
  return (ref.channel * h + ref.y) * w + ref.x;
}

/** Renderers without a GPU draw moving frames without extra samples. @param {WebGL2RenderingContext} gl */
function isSoftware(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
