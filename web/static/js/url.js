// The state in the address, so that a link shows another person the same thing:
//
//   /draw?net=lenet5-modern&view=flat&unit=3.8.5.4&scope=map&off=1.3,3.8&hide=5&raw=1&text=1&digit=4201&cam=…#d=…
//
// `digit` is an untouched test digit, `d` any other drawing: 784 greys, deflated, base64url.

/** @typedef {import("./types.js").AppState} AppState */
/** @typedef {import("./types.js").UnitRef} UnitRef */

const PIXELS = 784;
const MAX_HASH = 4096; // 784 random bytes deflate to 1,060 characters
const MAX_LIST = 64;
const SCOPES = ["map", "layer", "net"];

/**
 * @typedef {object} Address
 * @property {Partial<AppState>} state
 * @property {number|null} digit
 * @property {string|null} drawing
 * @property {number[]|null} camera
 */

/**
 * Reads an address; what makes no sense is left out.
 * @param {{search: string, hash: string}} location
 * @returns {Address}
 */
export function readAddress({ search, hash }) {
  const query = new URLSearchParams(search);
  /** @type {Partial<AppState>} */
  const state = {};
  const net = query.get("net");
  if (net && /^[a-z0-9-]{1,64}$/.test(net)) state.model = net;
  const view = query.get("view");
  if (view === "flat" || view === "3d") state.view = view;
  const scope = query.get("scope");
  if (scope && SCOPES.includes(scope)) state.scope = /** @type {AppState["scope"]} */ (scope);
  const unit = whole(query.get("unit"), ".");
  if (unit?.length === 4) state.pin = { layer: unit[0], channel: unit[1], y: unit[2], x: unit[3] };
  const off = (query.get("off") ?? "")
    .split(",")
    .slice(0, MAX_LIST)
    .map(pair => whole(pair, "."));
  const pairs = off.filter(pair => pair?.length === 2).map(pair => /** @type {number[]} */ (pair));
  if (pairs.length > 0) state.off = pairs.map(([layer, channel]) => ({ layer, channel }));
  const hidden = whole(query.get("hide"), ",");
  if (hidden) state.hidden = hidden.slice(0, MAX_LIST);
  if (query.get("raw") === "1") state.centred = false;
  if (query.get("text") === "1") state.text = true;
  if (query.get("spacing") === "classic") state.spacing = "classic";

  const digit = whole(query.get("digit"), ",");
  const camera = (query.get("cam") ?? "").split("_").map(Number);
  const drawing = new URLSearchParams(hash.slice(1, MAX_HASH)).get("d");
  return {
    state,
    digit: digit?.length === 1 && digit[0] < 10000 ? digit[0] : null,
    drawing,
    camera: query.has("cam") && camera.length <= 16 && camera.every(Number.isFinite) ? camera : null,
  };
}

/**
 * Writes an address: only what differs from a page that has just been opened.
 * @param {Readonly<AppState>} state
 * @param {{digit: number|null, drawing: string|null, camera: number[]|null}} extra
 * @returns {string} "?…#…", or "" for the plain page
 */
export function writeAddress(state, { digit, drawing, camera }) {
  const query = new URLSearchParams();
  query.set("net", state.model);
  if (state.view !== "3d") query.set("view", state.view);
  if (state.pin) query.set("unit", [state.pin.layer, state.pin.channel, state.pin.y, state.pin.x].join("."));
  if (state.scope !== "layer") query.set("scope", state.scope);
  if (state.off.length > 0) query.set("off", state.off.map(map => `${map.layer}.${map.channel}`).join(","));
  if (state.hidden.length > 0) query.set("hide", state.hidden.join(","));
  if (!state.centred) query.set("raw", "1");
  if (state.text) query.set("text", "1");
  if (state.spacing !== "fill") query.set("spacing", state.spacing);
  if (digit !== null) query.set("digit", String(digit));
  if (camera) query.set("cam", camera.map(value => Number(value.toFixed(3))).join("_"));
  const search = query.toString().replaceAll("%2C", ",");
  return `?${search}${drawing && digit === null ? `#d=${drawing}` : ""}`;
}

/**
 * A drawing as text for the hash.
 * @param {Uint8Array<ArrayBuffer>} greys 784
 * @returns {Promise<string>}
 */
export async function packDrawing(greys) {
  const packed = new Blob([greys]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * The greys of such a text; null if it is none, or if it unpacks to anything
 * but 784 bytes.
 * @param {string} text
 * @returns {Promise<Uint8Array<ArrayBuffer>|null>}
 */
export async function unpackDrawing(text) {
  if (text.length > MAX_HASH) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return await readExactly(stream.getReader(), PIXELS);
  } catch {
    return null; // not base64, or not deflated
  }
}

/**
 * Stops as soon as there is too much, so that a short text cannot fill the memory.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {number} size
 */
async function readExactly(reader, size) {
  const greys = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return filled === size ? greys : null;
    if (filled + value.length > size) {
      await reader.cancel();
      return null;
    }
    greys.set(value, filled);
    filled += value.length;
  }
}

/**
 * A list of small whole numbers, or null.
 * @param {string|null} text
 * @param {string} separator
 * @returns {number[]|null}
 */
function whole(text, separator) {
  if (!text) return null;
  const parts = text.split(separator);
  return parts.every(part => /^\d{1,6}$/.test(part)) ? parts.map(Number) : null;
}
