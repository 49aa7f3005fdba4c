// Entry of /draw: makes the store, the connection and the views, and joins them.

import { keepAddress, restore } from "./address.js";
import { must } from "./dom.js";
import { loadWords, t } from "./i18n.js";
import { createActivations } from "./net/activations.js";
import { createClient } from "./net/client.js";
import { loadWeights } from "./net/weights.js";
import { mountShell } from "./shell.js";
import { createBus, createStore, initialState } from "./store.js";
import { currentTheme, pageLanguage, setTheme } from "./theme.js";
import { showToast } from "./toast.js";
import { readAddress } from "./url.js";
import { mountAnswer } from "./views/answer.js";
import { mountConfusion } from "./views/confusion.js";
import { mountConnection } from "./views/connection.js";
import { mountInspector } from "./views/inspector.js";
import { mountKeys } from "./views/keys.js";
import { mountLegend } from "./views/legend.js";
import { mountModelmenu } from "./views/modelmenu.js";
import { mountPad } from "./views/pad.js";
import { mountStage } from "./views/stage.js";
import { mountThread } from "./views/thread.js";
import { mountTwin } from "./views/twin.js";

/** @typedef {import("./types.js").ViewContext} ViewContext */
/** @typedef {import("./types.js").Mount} Mount */

/**
 * The views by their roots, in the order in which they are mounted: the stage
 * makes the scene that others ask.
 * @type {[name: string, mount: Mount][]}
 */
const VIEWS = [
  ["stage", mountStage],
  ["legend", mountLegend],
  ["pad", mountPad],
  ["answer", mountAnswer],
  ["confusion", mountConfusion],
  ["inspector", mountInspector],
  ["thread", mountThread],
  ["modelmenu", mountModelmenu],
  ["twin", mountTwin],
  ["keys", mountKeys],
  ["connection", mountConnection],
];

/** What the page is made of; tests read it. */
export const page = start();

/** @returns {Promise<ViewContext>} */
async function start() {
  const main = must(document, '[data-page="draw"]');
  const life = new AbortController();
  const address = readAddress(location);
  const lang = pageLanguage();
  await loadWords(lang);

  const known = { ...address.state, model: main.dataset.model ?? "", lang, theme: currentTheme() };
  const store = createStore(initialState(known));
  const bus = createBus();
  const acts = createActivations();
  const client = createClient({ url: "/ws", model: known.model, store });
  /** @type {import("./types.js").Weights|null} */
  let weights = null;
  /** @type {ViewContext} */
  const ctx = { store, client, acts, scene: null, weights: () => weights, t, signal: life.signal, bus };

  client.onFrame(frame => acts.apply(frame), life.signal);
  store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest && s.manifest) {
      const manifest = s.manifest;
      acts.setManifest(manifest);
      dropStale(store, manifest);
      loadWeights(manifest).then(
        loaded => {
          if (store.get().manifest !== manifest) return; // another net was chosen meanwhile
          weights = loaded;
          ctx.scene?.setWeights(loaded);
          bus.emit("weights", loaded);
        },
        () => bus.emit("toast", { text: t("draw.noweights"), kind: "warn" }),
      );
    }
    if (s.model !== prev.model) {
      weights = null;
      store.set({ pin: null, hover: null, off: [], hidden: [], play: null });
      client.setModel(s.model);
    }
    if (s.off !== prev.off) client.setEdits(editsOf(s.off));
    if (s.theme !== prev.theme) setTheme(s.theme);
  }, life.signal);

  client.setEdits(editsOf(store.get().off));
  bus.on("toast", toast => showToast(/** @type {import("./toast.js").Toast} */ (toast)), life.signal);
  showState(main, store, life.signal);
  mountShell({
    theme: theme => store.set({ theme }),
    keys: () => bus.emit("keys"),
    leave: () => bus.emit("flush-address"),
    signal: life.signal,
  });
  mountViews(ctx);
  if (weights) ctx.scene?.setWeights(weights); // they were faster than the scene
  if (address.state.model && address.state.model !== known.model) {
    const text = t("draw.nonet", { name: address.state.model });
    bus.emit("toast", { text, icon: "warn", kind: "warn" });
  }
  keepAddress(ctx, address);
  await restore(ctx, address);
  return ctx;
}

/**
 * A map that is switched off is one whose values are multiplied by 0.
 * @param {{layer: number, channel: number}[]} off
 */
function editsOf(off) {
  return off.map(({ layer, channel }) => ({ layer, channel, scale: 0 }));
}

/** @param {ViewContext} ctx */
function mountViews(ctx) {
  for (const [name, mount] of VIEWS) mount(must(document, `[data-view="${name}"]`), ctx);
}

/**
 * A pin or a switched-off map of an address may not exist in this net.
 * @param {import("./types.js").AppStore} store
 * @param {import("./types.js").Manifest} manifest
 */
function dropStale(store, manifest) {
  const { pin, off, hidden } = store.get();
  const has = (/** @type {number} */ layer, channel = 0, y = 0, x = 0) => {
    const shape = manifest.layers[layer]?.shape;
    return shape !== undefined && channel < shape[0] && y < shape[1] && x < shape[2];
  };
  if (pin && !has(pin.layer, pin.channel, pin.y, pin.x)) store.set({ pin: null });
  if (off.some(map => !has(map.layer, map.channel)))
    store.set({ off: off.filter(map => has(map.layer, map.channel)) });
  if (hidden.some(layer => !has(layer))) store.set({ hidden: hidden.filter(layer => has(layer)) });
}

/**
 * Puts on the page what the layout needs to know.
 * @param {HTMLElement} main
 * @param {import("./types.js").AppStore} store
 * @param {AbortSignal} signal
 */
function showState(main, store, signal) {
  const show = () => {
    const { pin, inspector, connection } = store.get();
    main.dataset.unit = pin || inspector ? "open" : "none";
    document.documentElement.dataset.connection = connection;
  };
  store.subscribe(show, signal);
  show();
}
