// The connection to the server: it greets, paces, acknowledges, connects again by itself
// and brings back the drawing and the edits. The wire is specified in internal/trace.

import { DRAWING, decodeFrame, encodeInput, FLAG_BLANK, FLAG_LAST } from "./frame.js";
import { createPace } from "./pace.js";
import { createRequests } from "./requests.js";

/** @typedef {import("../types.js").AppStore} AppStore */
/** @typedef {import("../types.js").Client} Client */
/** @typedef {import("../types.js").Edit} Edit */
/** @typedef {import("../types.js").Answer} Answer */
/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").ServerError} ServerError */
/** @typedef {import("../types.js").ServerMessage} ServerMessage */

const VERSION = 1;
const FIRST_DELAY = 250; // ms to the first attempt to connect again; doubles up to the last
const LAST_DELAY = 8000;
const PATIENCE = 10_000; // ms without the answer that is due until the line counts as dead
const CLOSED_BY_US = 1000;

/** Close codes after which another attempt would fail the same way. */
const HOPELESS = new Set([1003, 4400, 4403, 4404]);

/**
 * @param {object} options
 * @param {string} options.url of the socket: "/ws", or complete
 * @param {string} options.model
 * @param {AppStore} options.store gets connection, manifest, model, answer, run and blank
 * @param {(url: string) => WebSocket} [options.open] for tests
 * @param {() => number} [options.random] for tests
 * @returns {Client}
 */
export function createClient({ url, model, store, open = u => new WebSocket(u), random = Math.random }) {
  const target = socketURL(url);
  const life = new AbortController();
  /** @type {Set<(frame: Frame) => void>} */
  const frameListeners = new Set();
  /** @type {Set<(error: ServerError) => void>} */
  const errorListeners = new Set();

  // What a new connection must bring back.
  let greys = new Uint8Array(DRAWING * DRAWING);
  let run = 1;
  /** @type {Edit[]} */
  let edits = [];

  /** @type {WebSocket|null} */
  let socket = null;
  let greeted = false; // the manifest of this connection has come
  let generation = 0;
  let unsent = true; // greys have not gone over this connection
  /** @type {Answer|null} */
  let answer = null; // of the run whose frame is on its way
  let attempt = 0;
  let nextAt = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let retryTimer;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let watchdog;

  const pace = createPace(flush, life.signal);
  const requests = createRequests(message => say(message));

  /** @param {object} message */
  function say(message) {
    socket?.send(JSON.stringify(message));
  }

  /** Sends what waits, as far as the rate allows: the drawing first. */
  function flush() {
    if (socket?.readyState !== 1 || generation === 0) return;
    if (unsent) {
      if (!pace.take()) return;
      unsent = false;
      socket.send(encodeInput(run, greys));
      expectAnswer();
    }
    while (requests.waiting() && pace.take()) requests.sendNext();
  }

  /** Something must come soon, or the line is dead without having said so. */
  function expectAnswer() {
    clearTimeout(watchdog);
    watchdog = setTimeout(drop, PATIENCE);
  }

  /** Gives up the socket and connects again. */
  function drop() {
    const old = socket;
    forget();
    old?.close(CLOSED_BY_US);
    lose(0);
  }

  function forget() {
    clearTimeout(watchdog);
    generation = 0;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket = null;
  }

  function connect() {
    clearTimeout(retryTimer);
    nextAt = 0;
    if (life.signal.aborted || socket) return;
    greeted = false;
    generation = 0;
    unsent = true;
    answer = null;
    const ws = open(target);
    ws.binaryType = "arraybuffer";
    socket = ws;
    ws.onopen = () => {
      say({ type: "hello", version: VERSION, model, lang: store.get().lang });
      generation = 1;
      if (edits.length > 0) say({ type: "edit", edits });
      flush();
    };
    ws.onmessage = event => receive(event.data);
    ws.onclose = event => {
      forget();
      lose(event.code);
    };
    expectAnswer();
  }

  /** @param {number} code of the close message; 0 without one */
  function lose(code) {
    if (life.signal.aborted) return;
    requests.reconnect();
    store.set({ connection: "lost" });
    if (HOPELESS.has(code)) return; // retry() still tries
    const delay = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + random() / 2);
    attempt++;
    nextAt = performance.now() + delay;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, delay);
  }

  /** @param {unknown} data */
  function receive(data) {
    clearTimeout(watchdog);
    if (data instanceof ArrayBuffer) {
      takeFrame(decodeFrame(data));
      return;
    }
    /** @type {ServerMessage} */
    const message = JSON.parse(String(data));
    switch (message.type) {
      case "manifest":
        takeManifest(message);
        break;
      case "answer":
        answer = message;
        break;
      case "unit":
      case "values":
        requests.resolve(message);
        flush();
        break;
      case "error":
        takeError(message);
        break;
    }
  }

  /** @param {import("../types.js").Manifest} manifest */
  function takeManifest(manifest) {
    if (greeted) generation++;
    greeted = true;
    attempt = 0;
    const changed = store.get().manifest?.model !== manifest.model;
    // Maps that were switched off belong to the net that was left.
    const left = changed && store.get().manifest !== null ? { off: [] } : {};
    store.set({
      connection: "open",
      manifest,
      model: manifest.model,
      ...(changed ? { answer: null } : {}),
      ...left,
    });
    flush();
  }

  /** @param {Frame} frame */
  function takeFrame(frame) {
    const last = (frame.flags & FLAG_LAST) !== 0;
    if (greeted && frame.unit === generation) {
      for (const fn of [...frameListeners]) fn(frame);
      if (last) {
        const patch = answer?.run === frame.run ? { answer } : {};
        store.set({ run: frame.run, blank: (frame.flags & FLAG_BLANK) !== 0, ...patch });
      }
    }
    if (last) say({ type: "ack", run: frame.run });
    flush();
  }

  /** @param {ServerError} error */
  function takeError(error) {
    if (error.id) requests.reject(error.id, error);
    else for (const fn of [...errorListeners]) fn(error);
    flush();
  }

  /**
   * @template T
   * @param {Set<(value: T) => void>} set
   * @returns {(fn: (value: T) => void, signal?: AbortSignal) => void}
   */
  const listen = set => (fn, signal) => {
    if (signal?.aborted) return;
    set.add(fn);
    signal?.addEventListener("abort", () => set.delete(fn), { once: true });
  };

  function retry() {
    if (socket || life.signal.aborted) return;
    attempt = 0;
    connect();
  }

  globalThis.addEventListener?.("online", retry, { signal: life.signal });
  connect();

  return {
    sendInput(next) {
      if (next.length !== greys.length) throw new RangeError(`a drawing has ${greys.length} greys`);
      greys = next.slice();
      run = (run + 1) >>> 0 || 1;
      unsent = true;
      flush();
      return run;
    },
    unit: ref => requests.ask({ type: "unit", ...pick(ref) }, flush),
    expand: (ref, h, w) => requests.ask({ type: "expand", ...pick(ref), h, w }, flush),
    setModel(name) {
      if (name === model && store.get().manifest?.model === name) return;
      model = name;
      edits = [];
      requests.rejectAll("stale", "The model was changed.");
      if (generation > 0) say({ type: "model", model });
      else retry();
    },
    setEdits(list) {
      edits = list.map(({ layer, channel, scale }) => ({ layer, channel, scale }));
      if (generation > 0) say({ type: "edit", edits });
    },
    onFrame: listen(frameListeners),
    onError: listen(errorListeners),
    retry,
    retryAt: () => nextAt,
    close() {
      life.abort();
      clearTimeout(retryTimer);
      const old = socket;
      forget();
      old?.close(CLOSED_BY_US);
      requests.rejectAll("closed", "The page was closed.");
    },
  };
}

/** @param {import("../types.js").UnitRef} ref */
const pick = ({ layer, channel, y, x }) => ({ layer, channel, y, x });

/**
 * The complete address of the socket; a page of https takes wss.
 * @param {string} url
 */
function socketURL(url) {
  const complete = new URL(url, globalThis.location?.href);
  complete.protocol = complete.protocol.replace(/^http/, "ws");
  return complete.href;
}
