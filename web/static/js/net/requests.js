// Questions about units: a few are under way, a few wait, the same question is asked once.

/** @typedef {import("../types.js").ServerError} ServerError */
/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").Values} Values */

const UNDER_WAY = 4;
const WAITING = 24;

/** A question that got no answer. */
export class RequestError extends Error {
  /**
   * @param {string} code of the server, or "superseded", "stale", "closed"
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.name = "RequestError";
    this.code = code;
  }
}

/**
 * @typedef {object} Entry
 * @property {number} id
 * @property {object} message
 * @property {string} key
 * @property {Promise<unknown>} promise
 * @property {(value: unknown) => void} resolve
 * @property {(reason: Error) => void} reject
 */

/**
 * @param {(message: object) => void} say sends one message
 */
export function createRequests(say) {
  /** @type {Map<number, Entry>} */
  const sent = new Map();
  /** @type {Entry[]} */
  let queue = [];
  let lastID = 0;

  /**
   * @param {object} message without id
   * @returns {Entry}
   */
  function enqueue(message) {
    const key = JSON.stringify(message);
    const same = queue.find(e => e.key === key);
    if (same) return same;
    /** @type {Pick<Entry, "resolve"|"reject">} */
    const settle = { resolve: () => {}, reject: () => {} };
    const promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
    const entry = { id: ++lastID, message, key, promise, ...settle };
    queue.push(entry);
    if (queue.length > WAITING) {
      queue.shift()?.reject(new RequestError("superseded", "Newer questions took the place of this one."));
    }
    return entry;
  }

  return {
    /**
     * @template T
     * @param {object} message
     * @param {() => void} flush sends what waits
     * @returns {Promise<T>}
     */
    ask(message, flush) {
      const { promise } = enqueue(message);
      flush();
      return /** @type {Promise<T>} */ (promise);
    },

    /** Whether one of the questions that wait may go. */
    waiting: () => queue.length > 0 && sent.size < UNDER_WAY,

    sendNext() {
      const entry = queue.shift();
      if (!entry) return;
      sent.set(entry.id, entry);
      say({ ...entry.message, id: entry.id });
    },

    /** @param {UnitInfo|Values} message */
    resolve(message) {
      sent.get(message.id)?.resolve(message);
      sent.delete(message.id);
    },

    /**
     * @param {number} id
     * @param {ServerError} error
     */
    reject(id, error) {
      sent.get(id)?.reject(new RequestError(error.code, error.message));
      sent.delete(id);
    },

    /** The line was lost: what was under way is asked again. */
    reconnect() {
      queue = [...sent.values(), ...queue];
      sent.clear();
    },

    /**
     * @param {string} code
     * @param {string} text
     */
    rejectAll(code, text) {
      const all = [...sent.values(), ...queue];
      sent.clear();
      queue = [];
      for (const e of all) e.reject(new RequestError(code, text));
    },
  };
}
