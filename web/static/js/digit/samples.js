// Digits from the server: of the test set, and from a reader's own picture.

import { FIELD } from "./recipe.js";

/** The server's limit; a larger file is refused before it is sent. */
const MAX_BYTES = 20 << 20;
const KINDS = /^image\/(png|jpeg|gif|webp)$/;

/**
 * @typedef {object} TestDigit
 * @property {number} index
 * @property {number} label
 * @property {Uint8Array} greys 784
 * @property {number|null} predicted what the net that was asked about answers
 */

/**
 * Which test digit: one by its index, or a random one.
 * @typedef {object} Wish
 * @property {number} [index]
 * @property {number} [class] what it is meant to be
 * @property {string} [wrong] a net that gets it wrong
 * @property {string} [model] a net
 * @property {number} [answer] that answers this
 */

/** An answer of the server that says no, in words for the reader. */
export class SampleError extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   */
  constructor(message, status = 0) {
    super(message);
    this.name = "SampleError";
    this.status = status;
  }
}

/**
 * @param {Wish} wish
 * @param {AbortSignal} [signal]
 * @returns {Promise<TestDigit>}
 */
export async function fetchDigit(wish, signal) {
  const query = new URLSearchParams();
  for (const key of /** @type {const} */ (["class", "wrong", "model", "answer"])) {
    const value = wish[key];
    if (value !== undefined) query.set(key, String(value));
  }
  const path = wish.index === undefined ? `/api/digits/random?${query}` : `/api/digits/${wish.index}`;
  const body = await ask(path, { signal, cache: "no-store" });
  return {
    index: Number(body.index),
    label: Number(body.label),
    greys: decode(body.pixels),
    predicted: typeof body.predicted === "number" ? body.predicted : null,
  };
}

/**
 * Sends a picture; the server finds the digit in it by the same recipe.
 * @param {Blob} file
 * @param {boolean} byMass false: only reduced, as on Harley's page
 * @param {import("../types.js").Translate} t
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array>} 784 greys
 */
export async function sendPicture(file, byMass, t, signal) {
  if (!KINDS.test(file.type)) throw new SampleError(t("pad.picture_kind"));
  if (file.size > MAX_BYTES) throw new SampleError(t("pad.picture_size", { mb: MAX_BYTES >> 20 }));
  const path = byMass ? "/api/images" : "/api/images?centred=0";
  const body = await ask(path, {
    method: "POST",
    body: file,
    headers: { "Content-Type": file.type },
    signal,
  });
  if (body.blank === true) throw new SampleError(t("pad.picture_blank"));
  return decode(body.pixels);
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<Record<string, unknown>>}
 */
async function ask(path, init) {
  const response = await fetch(path, init);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const said = typeof body.detail === "string" ? body.detail : response.statusText; // RFC 9457
    throw new SampleError(said, response.status);
  }
  return body;
}

/**
 * @param {unknown} base64
 * @returns {Uint8Array}
 */
export function decode(base64) {
  const text = atob(String(base64));
  if (text.length !== FIELD * FIELD)
    throw new SampleError(`${text.length} greys in place of ${FIELD * FIELD}`);
  return Uint8Array.from(text, c => c.charCodeAt(0));
}
