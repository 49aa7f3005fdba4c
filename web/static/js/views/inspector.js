// The arithmetic of the pinned unit: exact numbers, renewed while one draws.

import { kindOf } from "../explain/arithmetic.js";
import { exact } from "../explain/format.js";
import { unitName } from "../explain/words.js";
import { fill, h, must } from "../dom.js";
import { sameUnit } from "../net/units.js";
import { createActivation } from "./inspector_act.js";
import { createLinks } from "./inspector_links.js";
import { createInput, createPool, poolLine } from "./inspector_pool.js";
import { createSum, sumLine } from "./inspector_sum.js";

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountInspector(root, ctx) {
  const life = new AbortController();
  const signal = AbortSignal.any([life.signal, ctx.signal]);
  const { store, t } = ctx;
  root.classList.add("inspector");
  const line = must(root, ".sheet-line");
  const titles = [must(root, "h2"), must(line, "b")];
  const lineText = must(line, "small");
  const place = must(root, ".parts");
  const empty = must(root, ".empty");
  const parts = {
    sum: createSum(ctx, signal),
    pool: createPool(ctx, signal),
    input: createInput(ctx),
    activation: createActivation(ctx),
    links: createLinks(ctx, signal),
  };
  const none = h("p", { class: "cap", role: "status" });
  fill(
    place,
    none,
    parts.sum.element,
    parts.pool.element,
    parts.input.element,
    parts.activation.element,
    h("hr", { class: "rule" }),
    parts.links.element,
  );

  /** @type {UnitInfo|null} */
  let info = null;

  line.addEventListener(
    "click",
    () => {
      const open = line.getAttribute("aria-expanded") === "true";
      line.setAttribute("aria-expanded", String(!open));
    },
    { signal },
  );
  must(root, '[data-act="unpin"]').addEventListener("click", () => unpin(ctx), { signal });

  const asker = createAsker(ctx, {
    got(found) {
      info = found;
      none.hidden = true;
      draw();
    },
    failed(message) {
      none.hidden = false;
      none.textContent = message;
    },
  });

  let waiting = 0;
  function draw() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      show();
    });
  }

  function show() {
    const { pin, manifest } = store.get();
    const has = pin !== null && manifest !== null && manifest.layers[pin.layer] !== undefined;
    empty.hidden = has;
    const fits = has && info !== null && sameUnit(info, pin);
    place.hidden = !has || (info === null && none.hidden);
    for (const title of titles) title.textContent = has ? unitName(pin, manifest) : t("inspector.none");
    must(root, '[data-act="unpin"]').hidden = !has;
    root.toggleAttribute("data-stale", has && !fits);
    if (fits && info) update(info, manifest);
  }

  /** @param {UnitInfo} found @param {Manifest} manifest */
  function update(found, manifest) {
    const kind = kindOf(found, manifest);
    const summed = kind === "sum" || kind === "rbf";
    const pooled = kind === "max" || kind === "average" || kind === "subsample";
    parts.sum.element.hidden = !summed;
    parts.pool.element.hidden = !pooled;
    parts.input.element.hidden = kind !== "input";
    parts.activation.element.hidden = kind === "input";
    if (summed) parts.sum.update(found, manifest);
    if (pooled) parts.pool.update(found, manifest);
    if (kind === "input") parts.input.update(found, manifest);
    if (kind !== "input") parts.activation.update(found, manifest);
    parts.links.update(found, manifest);
    lineText.textContent = summed ? sumLine(found) : poolLine(found, manifest);
    lineText.title = exact(found.value);
  }

  store.subscribe((s, prev) => {
    if (s.pin !== prev.pin || s.manifest !== prev.manifest) {
      if (!sameUnit(s.pin, prev.pin) || s.manifest !== prev.manifest) none.hidden = true;
      if (s.manifest !== prev.manifest) info = null;
      draw();
      asker.ask();
    } else if (s.run !== prev.run || s.answer !== prev.answer || s.connection !== prev.connection) {
      asker.ask();
    }
    if (s.scope !== prev.scope) draw();
  }, signal);
  ctx.acts.onChange(() => asker.ask(), signal);
  ctx.bus.on("weights", draw, signal);
  show();
  asker.ask();
  return () => {
    life.abort();
    cancelAnimationFrame(waiting);
  };
}

/**
 * Takes the pin away and gives the keyboard back to the stage.
 * @param {ViewContext} ctx
 */
function unpin({ store }) {
  store.set({ pin: null, hover: null });
  /** @type {HTMLElement|null} */ (document.querySelector("[data-view=stage] canvas"))?.focus({
    preventScroll: true,
  });
}

/**
 * Asks for the pinned unit: one question at a time, and again if something changed meanwhile.
 * @param {ViewContext} ctx
 * @param {{got: (info: UnitInfo) => void, failed: (message: string) => void}} acts
 */
function createAsker({ store, client, t }, { got, failed }) {
  let busy = false;
  let again = false;

  async function ask() {
    const { pin, manifest, connection } = store.get();
    if (!pin || !manifest || connection !== "open") return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const info = await client.unit(pin);
      if (sameUnit(info, store.get().pin) && manifest === store.get().manifest) got(info);
    } catch (error) {
      const open = store.get().connection === "open"; // else the page says so already
      if (open && sameUnit(pin, store.get().pin))
        failed(error instanceof Error ? error.message : t("inspector.failed"));
    } finally {
      busy = false;
      if (again) {
        again = false;
        void ask();
      }
    }
  }
  return { ask: () => void ask() };
}
