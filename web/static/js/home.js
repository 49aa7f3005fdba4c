// Entry of /: a live net on a test digit.

import { must } from "./dom.js";
import { loadWords, t } from "./i18n.js";
import { createActivations } from "./net/activations.js";
import { createClient } from "./net/client.js";
import { mountShell } from "./shell.js";
import { createBus, createStore, initialState } from "./store.js";
import { currentTheme, pageLanguage } from "./theme.js";
import { showToast } from "./toast.js";
import { mountHome } from "./views/home.js";

/** @typedef {import("./types.js").ViewContext} ViewContext */

const MODEL = "lenet5-modern";

/** What the page is made of; tests read it. */
export const page = start();

/** @returns {Promise<ViewContext>} */
async function start() {
  const main = must(document, '[data-page="home"]');
  const life = new AbortController();
  const lang = pageLanguage();
  await loadWords(lang);
  const store = createStore(initialState({ model: MODEL, lang, theme: currentTheme() }));
  const bus = createBus();
  const acts = createActivations();
  const client = createClient({ url: "/ws", model: MODEL, store });
  /** @type {ViewContext} */
  const ctx = { store, client, acts, scene: null, weights: () => null, t, signal: life.signal, bus };
  client.onFrame(frame => acts.apply(frame), life.signal);
  store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest && s.manifest) acts.setManifest(s.manifest);
    if (s.connection !== prev.connection) document.documentElement.dataset.connection = s.connection;
  }, life.signal);
  bus.on("toast", toast => showToast(/** @type {import("./toast.js").Toast} */ (toast)), life.signal);
  mountShell({ theme: theme => store.set({ theme }), signal: life.signal });
  mountHome(main, ctx);
  return ctx;
}
