// The page's one store: a frozen object and its readers.

/** @typedef {import("./types.js").AppState} AppState */

/**
 * @param {AppState} initial
 * @returns {import("./types.js").AppStore}
 */
export function createStore(initial) {
  /** @type {Readonly<AppState>} */
  let state = Object.freeze({ ...initial });
  /** @type {Set<(state: Readonly<AppState>, prev: Readonly<AppState>) => void>} */
  const readers = new Set();

  return {
    get: () => state,

    // Readers run at once, in the order in which they came; nothing runs when
    // no value changed.
    set(patch) {
      const keys = /** @type {(keyof AppState)[]} */ (Object.keys(patch));
      if (keys.every(key => Object.is(state[key], patch[key]))) return;
      const prev = state;
      state = Object.freeze({ ...state, ...patch });
      for (const reader of [...readers]) reader(state, prev);
    },

    subscribe(fn, signal) {
      if (signal?.aborted) return;
      readers.add(fn);
      signal?.addEventListener("abort", () => readers.delete(fn), { once: true });
    },
  };
}

/**
 * The state of a page that has just been opened.
 * @param {Partial<AppState>} [known]
 * @returns {AppState}
 */
export function initialState(known = {}) {
  return {
    model: "lenet5-harley",
    view: "3d",
    hover: null,
    pin: null,
    scope: "layer",
    hidden: [],
    off: [],
    centred: true,
    tool: "pen",
    brush: 30,
    spacing: "fill",
    play: null,
    connection: "connecting",
    theme: "dark",
    lang: "en",
    text: false,
    answer: null,
    manifest: null,
    run: 0,
    blank: true,
    inspector: false,
    layer: null,
    ...known,
  };
}

/**
 * Acts between views that are not state.
 * @returns {import("./types.js").Bus}
 */
export function createBus() {
  /** @type {Map<string, Set<(detail: unknown) => void>>} */
  const hearers = new Map();
  return {
    emit(name, detail) {
      for (const fn of [...(hearers.get(name) ?? [])]) fn(detail);
    },
    on(name, fn, signal) {
      if (signal?.aborted) return;
      const set = hearers.get(name) ?? new Set();
      hearers.set(name, set.add(fn));
      signal?.addEventListener("abort", () => set.delete(fn), { once: true });
    },
  };
}
