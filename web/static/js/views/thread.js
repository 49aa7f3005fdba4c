// The thread: the line from input to answer, its stops to scale, and the run that one can
// play, stop and step through.

import { advance, at, nextSpeed, nudge, progress, slab, step } from "../explain/timeline.js";
import { deedOf, layerName, shapeText } from "../explain/words.js";
import { fill, h, must } from "../dom.js";
import { num } from "../i18n.js";

/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").AppState} AppState */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const STEP_MS = 700; // tokens.css --d-step, should the sheet be missing

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountThread(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store, bus, t } = ctx;
  root.classList.add("thread");
  const stops = createStops(root, ctx, signal);
  const run = createRun(ctx, signal);
  const said = must(root, '[role="status"]');
  const buttons = {
    prev: must(root, '[data-act="prev"]'),
    play: must(root, '[data-act="play"]'),
    next: must(root, '[data-act="next"]'),
    speed: must(root, '[data-act="speed"]'),
  };
  buttons.prev.addEventListener("click", () => run.step(-1), { signal });
  buttons.next.addEventListener("click", () => run.step(1), { signal });
  buttons.play.addEventListener("click", () => run.toggle(), { signal });
  buttons.speed.addEventListener(
    "click",
    () => {
      run.faster();
      showSpeed();
    },
    { signal },
  );

  bus.on("play", () => run.toggle(), signal);
  bus.on("step", by => run.step(Number(by)), signal);
  bus.on("nudge", by => run.nudge(Number(by)), signal);
  bus.on("seek", layer => run.seek(Number(layer)), signal);
  bus.on("layer", layer => stops.choose(Number(layer)), signal);

  function showSpeed() {
    const text = `${num(run.speed())}×`;
    buttons.speed.textContent = text;
    buttons.speed.setAttribute("aria-label", t("thread.speed", { speed: text }));
    buttons.speed.title = t("thread.speed", { speed: text });
  }

  /** @param {Readonly<AppState>} s @param {Readonly<AppState>} prev */
  function show(s, prev) {
    const running = s.play?.running ?? false;
    if (running !== (prev.play?.running ?? false) || s === prev) {
      const name = t(running ? "thread.pause" : "thread.play");
      buttons.play.setAttribute("aria-label", name);
      buttons.play.title = name;
      root.toggleAttribute("data-running", running);
    }
    if (!s.manifest) return;
    stops.show(s);
    const stepped = s.play && !running && s.play.layer !== prev.play?.layer;
    if (stepped && s.play) said.textContent = stops.nameOf(s.play.layer);
  }

  store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest && s.manifest) {
      if (s.manifest.model !== prev.manifest?.model) store.set({ layer: s.pin?.layer ?? null, play: null });
      stops.build(s.manifest);
    }
    if (s.pin !== prev.pin && s.pin) store.set({ layer: s.pin.layer });
    if (s.play !== prev.play || s.layer !== prev.layer || s.manifest !== prev.manifest)
      show(store.get(), prev);
  }, signal);

  const { manifest, pin } = store.get();
  if (manifest) stops.build(manifest);
  if (pin) store.set({ layer: pin.layer });
  showSpeed();
  show(store.get(), store.get());
  return () => {
    life.abort();
    run.end();
  };
}

/**
 * The layer that is looked at: where the run is, else the chosen one, else the answer.
 * @param {Readonly<AppState>} s
 * @param {Manifest} manifest
 */
function here(s, manifest) {
  return Math.min(manifest.layers.length - 1, s.play?.layer ?? s.layer ?? manifest.layers.length - 1);
}

/**
 * The stops: slabs to scale, one button each; arrows move among them.
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function createStops(root, { store, bus, t }, signal) {
  const toolbar = must(root, ".stops");
  const line = must(root, ".line");
  /** @type {HTMLButtonElement[]} */
  let buttons = [];
  /** @type {string[]} */
  let names = [];

  /** @param {Manifest} manifest */
  function build(manifest) {
    names = manifest.layers.map(layer => {
      const params = layer.params > 0 ? `, ${t("thread.params", { count: layer.params })}` : "";
      return `${layerName(layer, manifest)} ${shapeText(layer)}: ${deedOf(layer)}${params}`; // begins with what is seen
    });
    buttons = manifest.layers.map((layer, i) => {
      const { width, height } = slab(layer);
      const style = { "--w": `${width}px`, "--h": `${height}px` };
      return h(
        "button",
        {
          class: "stop",
          type: "button",
          tabindex: "-1",
          title: names[i],
          "aria-label": names[i],
          on: { click: () => choose(i) },
        },
        h("i", { class: "slab", style }),
        h("b", {}, layerName(layer, manifest)),
        " ",
        h("small", {}, shapeText(layer)),
      );
    });
    line.style.setProperty("--n", String(buttons.length));
    fill(toolbar, ...buttons);
  }

  /** Looks at a layer; a run that is under way goes there. @param {number} layer */
  function choose(layer) {
    const { play, manifest } = store.get();
    if (!manifest?.layers[layer]) return;
    store.set({ layer, play: play && at(layer, manifest.layers, play.speed) });
    bus.emit("fly", layer);
  }

  toolbar.addEventListener(
    "keydown",
    event => {
      const from = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
      const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined || from < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey)
        return;
      event.preventDefault();
      buttons[Math.min(buttons.length - 1, Math.max(0, to))].focus();
    },
    { signal },
  );
  toolbar.addEventListener(
    "focusin",
    event => {
      for (const button of buttons) button.tabIndex = button === event.target ? 0 : -1;
    },
    { signal },
  );

  /** @param {Readonly<AppState>} s */
  function show(s) {
    if (!s.manifest) return;
    const now = here(s, s.manifest);
    const way = s.play ? progress(s.play, s.manifest.layers) : now;
    line.style.setProperty("--way", String(way));
    buttons.forEach((button, i) => {
      button.classList.toggle("later", i > way);
      if (i === now) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    const focused = buttons.some(button => button === document.activeElement);
    if (!focused) for (const [i, button] of buttons.entries()) button.tabIndex = i === now ? 0 : -1;
  }

  return { build, show, choose, nameOf: (/** @type {number} */ i) => names[i] ?? "" };
}

/**
 * The run in time.
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function createRun({ store }, signal) {
  let speed = 1;
  let frame = 0;
  let before = 0;
  let rest = 0; // ms since the last step, where the run goes by steps
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const layers = () => store.get().manifest?.layers ?? [];

  /** @param {number} now */
  function tick(now) {
    frame = 0;
    const { play } = store.get();
    if (!play?.running || layers().length === 0) return;
    // A tab that was away does not jump; a frame that began before the click does not go back.
    const ms = Math.min(250, Math.max(0, now - before));
    before = now;
    if (!still.matches) {
      store.set({ play: advance(play, layers(), ms, stepTime()) });
    } else {
      rest += ms * play.speed;
      if (rest >= stepTime()) {
        rest = 0;
        const next = step(play, layers(), 1, speed);
        store.set({ play: next && { ...next, running: true } });
      }
    }
    go();
  }

  function go() {
    if (!frame && store.get().play?.running) frame = requestAnimationFrame(tick);
  }

  store.subscribe((s, prev) => {
    if (!s.play?.running || prev.play?.running) return;
    before = performance.now();
    rest = 0;
    go();
  }, signal);

  function toggle() {
    const { play } = store.get();
    if (layers().length === 0) return;
    if (play?.running) {
      store.set({ play: { ...play, running: false } });
      return;
    }
    const last = play && play.layer === layers().length - 1 && progress(play, layers()) >= play.layer;
    const start = still.matches ? at(0, layers(), speed) : { layer: 0, window: 0, running: true, speed };
    store.set({ play: play && !last ? { ...play, running: true } : start && { ...start, running: true } });
  }

  return {
    toggle,
    /** @param {number} by */
    step(by) {
      const { play } = store.get();
      if (layers().length > 0) store.set({ play: step(play, layers(), by, speed) });
    },
    /** @param {number} by */
    nudge(by) {
      if (layers().length > 0) store.set({ play: nudge(store.get().play, layers(), by, speed) });
    },
    /** @param {number} layer −1: the last */
    seek(layer) {
      if (layers().length > 0)
        store.set({ play: at(layer < 0 ? layers().length - 1 : layer, layers(), speed) });
    },
    faster() {
      speed = nextSpeed(speed);
      const { play } = store.get();
      if (play) store.set({ play: { ...play, speed } });
    },
    speed: () => speed,
    end: () => cancelAnimationFrame(frame),
  };
}

/** Time of a layer at speed 1, from the design tokens. */
function stepTime() {
  const text = getComputedStyle(document.documentElement).getPropertyValue("--d-step").trim();
  const time = Number.parseFloat(text) * (/\ds$/.test(text) && !text.endsWith("ms") ? 1000 : 1);
  return time > 0 ? time : STEP_MS;
}
