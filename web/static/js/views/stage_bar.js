// The bar above the stage: view, camera, layers, picture, full screen, link, text.

import { fill, h, must } from "../dom.js";
import { num, t } from "../i18n.js";
import { wireMenus } from "../scene/menus.js";
import { layerName, shapeText } from "../scene/names.js";
import { scopeSelect } from "../scope.js";

/** @typedef {import("../types.js").AppState} AppState */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {HTMLElement} mid the section that holds bar and stage
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 * @returns {{save: () => void}}
 */
export function wireBar(mid, ctx, signal) {
  const { store, bus } = ctx;
  const tools = /** @type {HTMLElement} */ (must(mid, "[data-tools]"));
  const views = /** @type {HTMLElement[]} */ ([...tools.querySelectorAll("[data-choose]")]);
  const text = must(tools, '[data-act="text"]');
  const full = /** @type {HTMLElement} */ (must(tools, '[data-act="full"]'));
  wireMenus(tools, signal);
  wireMore(tools, signal);
  fill(must(tools, "[data-scope]"), scopeSelect(store, signal));

  for (const view of views) {
    view.addEventListener("click", () => choose(String(view.dataset.choose)), { signal });
    view.addEventListener(
      "keydown",
      e => {
        if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(e.key)) return;
        e.preventDefault();
        const other = views[(views.indexOf(view) + 1) % views.length];
        choose(String(other.dataset.choose));
        other.focus();
      },
      { signal },
    );
  }
  /** @param {string} view */
  const choose = view => store.set({ view: view === "flat" ? "flat" : "3d" });

  const acts = /** @type {Record<string, () => void>} */ ({
    reset: () => ctx.scene?.reset(),
    save,
    full: toggleFull,
    link: copy,
    text: () => store.set({ text: !store.get().text }),
  });
  tools.addEventListener(
    "click",
    e => {
      const button = /** @type {HTMLElement|null} */ (/** @type {Element} */ (e.target).closest("button"));
      if (!button) return;
      if (button.dataset.act) acts[button.dataset.act]();
      if (button.dataset.preset) ctx.scene?.preset(button.dataset.preset);
      if (button.dataset.layer) ctx.scene?.flyTo(Number(button.dataset.layer));
    },
    { signal },
  );

  async function save() {
    if (!ctx.scene) return;
    const url = URL.createObjectURL(await ctx.scene.snapshot());
    h("a", { href: url, download: `${store.get().model}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  function toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else mid.requestFullscreen?.();
  }
  document.addEventListener(
    "fullscreenchange",
    () => {
      const name = t(document.fullscreenElement ? "stage.full.leave" : "stage.full");
      full.setAttribute("aria-label", name);
      full.title = name;
      full.querySelector("use")?.setAttribute("href", document.fullscreenElement ? "#i-shrink" : "#i-full");
    },
    { signal },
  );
  full.hidden = !document.fullscreenEnabled;

  async function copy() {
    bus.emit("flush-address");
    try {
      await navigator.clipboard.writeText(location.href);
      bus.emit("toast", { text: t("toast.copied"), icon: "link" });
    } catch {
      bus.emit("toast", { text: location.href, icon: "link" }); // no clipboard here: show it
    }
  }

  /** @param {Readonly<AppState>} s */
  function show(s) {
    for (const view of views) {
      const on = view.dataset.choose === s.view;
      view.setAttribute("aria-checked", String(on));
      view.tabIndex = on ? 0 : -1;
    }
    text.setAttribute("aria-checked", String(s.text));
  }

  /** @param {Readonly<AppState>} s */
  function list(s) {
    const { manifest } = s;
    if (!manifest) return;
    must(mid, "[data-units]").textContent = t("stage.units", { units: num(manifest.units) });
    const layers = [...manifest.layers].reverse(); // as they stand: the answer on top
    fill(
      must(tools, "[data-fly]"),
      layers.map(layer =>
        h(
          "button",
          { type: "button", role: "menuitem", tabindex: -1, data: { layer: layer.index } },
          t("stage.fly.to", { layer: layerName(layer, manifest) }),
          h("small", { class: "dim" }, shapeText(layer)),
        ),
      ),
    );
    fill(
      must(tools, '[data-panel="layers"]'),
      layers.map(layer => {
        const box = h("input", {
          type: "checkbox",
          role: "switch",
          class: "toggle",
          props: { checked: !s.hidden.includes(layer.index) },
          on: { change: () => toggle(layer.index) },
        });
        return h(
          "label",
          { class: "stage-layer" },
          h("span", {}, `${layerName(layer, manifest)} `, h("small", { class: "dim" }, shapeText(layer))),
          box,
        );
      }),
    );
  }

  /** @param {number} layer */
  function toggle(layer) {
    const { hidden } = store.get();
    store.set({ hidden: hidden.includes(layer) ? hidden.filter(i => i !== layer) : [...hidden, layer] });
  }

  /** @param {Readonly<AppState>} s */
  function check(s) {
    const boxes = /** @type {HTMLInputElement[]} */ ([
      ...tools.querySelectorAll('[data-panel="layers"] input'),
    ]);
    boxes.forEach((box, i) => {
      box.checked = !s.hidden.includes(boxes.length - 1 - i);
    });
  }

  store.subscribe((s, prev) => {
    show(s);
    if (s.manifest !== prev.manifest) list(s);
    else if (s.hidden !== prev.hidden) check(s);
  }, signal);
  show(store.get());
  list(store.get());
  return { save };
}

/**
 * On a phone all tools but the choice of the view are behind one button.
 * @param {HTMLElement} tools
 * @param {AbortSignal} signal
 */
function wireMore(tools, signal) {
  const more = /** @type {HTMLElement} */ (must(tools, "[data-more]"));
  const rest = must(tools, "[data-rest]");
  const open = (/** @type {boolean} */ on) => more.setAttribute("aria-expanded", String(on));
  more.addEventListener("click", () => open(more.getAttribute("aria-expanded") !== "true"), { signal });
  rest.addEventListener(
    "keydown",
    e => {
      if (/** @type {KeyboardEvent} */ (e).key !== "Escape" || more.getAttribute("aria-expanded") !== "true")
        return;
      open(false);
      more.focus();
    },
    { signal },
  );
  document.addEventListener(
    "pointerdown",
    e => {
      const at = /** @type {Node} */ (e.target);
      if (!rest.contains(at) && !more.contains(at)) open(false);
    },
    { signal },
  );
}
