// The stage: makes the scene, gives it hands (mouse, touch, keyboard), and says what is under
// them. The bar above it is stage_bar.js, wired from here.

import { createScene } from "../gl/scene.js";
import { num, t } from "../i18n.js";
import { listen } from "../scene/gestures.js";
import { unitName } from "../scene/names.js";
import { start, walk } from "../scene/walk.js";
import { must } from "../dom.js";
import { wireBar } from "./stage_bar.js";

/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const TOUCH_REACH = 9; // px: a finger is not a pixel; nearest unit within this
const BESIDE = 16; // px between a unit and its tooltip
const PAN_STEP = 40; // px of a key
const ZOOM_STEP = 1.25;

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountStage(root, ctx) {
  const life = new AbortController();
  const { signal } = life;
  const { store, acts, bus } = ctx;
  const canvas = /** @type {HTMLCanvasElement} */ (must(root, "canvas"));
  const tip = /** @type {HTMLElement} */ (must(root, "[data-tip]"));
  const live = must(root, "[data-live]");
  const legend = root.parentElement?.querySelector('[data-view="legend"]');
  const scene = createScene(canvas, must(root, "[data-labels]"), { acts, store, legend });
  ctx.scene = scene;
  const bar = wireBar(/** @type {HTMLElement} */ (root.parentElement), ctx, signal);
  if (!scene) {
    /** @type {HTMLElement} */ (must(root, "[data-none]")).hidden = false;
    canvas.hidden = true;
  }

  /** @param {UnitRef|null} a @param {UnitRef|null} b */
  const same = (a, b) =>
    a === b || (!!a && !!b && a.layer === b.layer && a.channel === b.channel && a.y === b.y && a.x === b.x);
  /** @param {UnitRef|null} ref */
  const hover = ref => {
    if (!same(store.get().hover, ref)) store.set({ hover: ref });
    canvas.classList.toggle("is-over", !!ref);
  };
  /** @param {UnitRef|null} ref */
  const togglePin = ref => {
    if (ref) store.set({ pin: same(store.get().pin, ref) ? null : ref });
  };

  /** The unit under a finger: the nearest within its reach. @param {number} x @param {number} y @returns {UnitRef|null} */
  function near(x, y) {
    for (let reach = 0; reach <= TOUCH_REACH; reach += 3)
      for (let i = 0; i < (reach ? 8 : 1); i++) {
        const found = scene?.pick(
          x + reach * Math.cos((i * Math.PI) / 4),
          y + reach * Math.sin((i * Math.PI) / 4),
        );
        if (found) return found;
      }
    return null;
  }

  if (scene) {
    listen(
      canvas,
      {
        flat: () => store.get().view === "flat",
        orbit: scene.orbit,
        pan: scene.pan,
        zoom: scene.zoomBy,
        tap: (x, y, touch) => togglePin(touch ? near(x, y) : scene.pick(x, y)),
        over: (x, y) => hover(scene.pick(x, y)),
        away: () => hover(null),
      },
      signal,
    );
    canvas.addEventListener(
      "dblclick",
      e => {
        const found = scene.pick(e.clientX, e.clientY);
        if (found) scene.flyTo(found.layer);
      },
      { signal },
    );
  }
  canvas.addEventListener("keydown", key, { signal });
  canvas.addEventListener("blur", () => hover(null), { signal });

  /** @param {KeyboardEvent} e */
  function key(e) {
    const { manifest, pin, answer, hidden } = store.get();
    if (!manifest || !scene || e.ctrlKey || e.metaKey || e.altKey) return;
    if (camera(e)) return;
    const at = store.get().hover ?? pin;
    if (e.key === "Enter" && at) {
      togglePin(at);
      live.textContent = t(store.get().pin ? "stage.pinned" : "stage.unpinned");
    } else if (e.key === "Escape" && (pin || store.get().hover)) {
      store.set(store.get().hover && !pin ? { hover: null } : { pin: null, hover: null });
    } else {
      const across = at ? acrossOf(manifest, at.layer) : 1;
      const from = at ?? start(manifest, answer && !answer.blank ? answer.order[0] : -1);
      const to = walk(manifest, from, e.key, i => hidden.includes(i), across);
      if (!to) return;
      hover(at ? to : from);
      say(at ? to : from);
    }
    e.preventDefault();
    e.stopPropagation();
  }

  /** Keys of the camera. @param {KeyboardEvent} e */
  function camera(e) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const arrows = /** @type {Record<string, [number, number]>} */ ({
      ArrowLeft: [PAN_STEP, 0],
      ArrowRight: [-PAN_STEP, 0],
      ArrowUp: [0, PAN_STEP],
      ArrowDown: [0, -PAN_STEP],
    });
    if (e.shiftKey && arrows[e.key]) scene?.pan(...arrows[e.key]);
    else if (e.key === "+" || e.key === "=") scene?.zoomBy(ZOOM_STEP, x, y);
    else if (e.key === "-") scene?.zoomBy(1 / ZOOM_STEP, x, y);
    else return false;
    e.preventDefault();
    e.stopPropagation();
    return true;
  }

  /** @param {UnitRef} ref */
  function say(ref) {
    const { manifest } = store.get();
    if (manifest)
      live.textContent = t("stage.unit.value", {
        name: unitName(manifest, ref),
        value: num(acts.value(ref), 4),
      });
  }

  function showTip() {
    const { hover: ref, manifest, off } = store.get();
    const at = ref && scene?.project(ref);
    tip.hidden = !at || !manifest;
    if (!ref || !at || !manifest) return;
    const name = document.createElement("b");
    name.textContent = unitName(manifest, ref);
    const value = document.createElement("span");
    value.className = "num";
    value.textContent = num(acts.value(ref), 4);
    const isOff = off.some(o => o.layer === ref.layer && o.channel === ref.channel);
    tip.replaceChildren(name, value, ...(isOff ? [document.createTextNode(t("stage.unit.off"))] : []));
    const box = root.getBoundingClientRect();
    const [x, y] = [at.x - box.left, at.y - box.top];
    const right = x + BESIDE + tip.offsetWidth < box.width - 8;
    const left = right ? x + BESIDE : Math.max(8, x - BESIDE - tip.offsetWidth);
    const top = Math.min(box.height - tip.offsetHeight - 8, Math.max(8, y - tip.offsetHeight / 2));
    tip.style.transform = `translate(${left}px, ${top}px)`;
  }

  store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest && s.manifest) scene?.setManifest(s.manifest);
    if (s.hover !== prev.hover || s.off !== prev.off) showTip();
    if (s.text !== prev.text) root.hidden = s.text;
  }, signal);
  acts.onChange(() => {
    if (store.get().hover) showTip();
  }, signal);
  bus.on("fly", layer => scene?.flyTo(Number(layer)), signal);
  bus.on("reset-view", () => scene?.reset(), signal);
  bus.on("preset", name => scene?.preset(String(name)), signal);
  bus.on("save-picture", () => bar.save(), signal);

  root.hidden = store.get().text;
  const { manifest } = store.get();
  if (manifest) scene?.setManifest(manifest);
  scene?.setWeights(ctx.weights()); // they may have come before the stage

  return () => {
    life.abort();
    scene?.dispose();
    if (ctx.scene === scene) ctx.scene = null;
  };
}

/** Units side by side in a layer that is drawn as rows. @param {import("../types.js").Manifest} m @param {number} layer */
function acrossOf(m, layer) {
  const [c, h, w] = m.layers[layer].shape;
  if (h * w > 1) return 1;
  return m.layers[layer].kind === "input" ? m.input.width + 2 * m.input.pad : c;
}
