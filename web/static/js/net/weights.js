// The net's weights in the page: a safetensors file, checked, and the weight of any edge.

import { unitIndex } from "./units.js";

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Layer} Layer */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Weights} Weights */
/** @typedef {import("../types.js").WeightTensor} WeightTensor */

/** A file that is no safetensors file of float32 tensors, or not the one announced. */
export class WeightsError extends Error {
  /** @param {string} text */
  constructor(text) {
    super(text);
    this.name = "WeightsError";
  }
}

const MAX_HEADER = 16 * 1024 * 1024;

/**
 * Fetches and checks the weights that a manifest names.
 * @param {Manifest} manifest
 * @param {AbortSignal} [signal]
 * @returns {Promise<Weights>}
 */
export async function loadWeights(manifest, signal) {
  const response = await fetch(manifest.weights.url, { signal });
  if (!response.ok) throw new WeightsError(`the weights answer with status ${response.status}`);
  const buffer = await response.arrayBuffer();
  await checkHash(buffer, manifest.weights.sha256);
  return parseSafetensors(buffer);
}

/**
 * Compares the file's SHA-256 with the manifest's. Browsers offer the hash on https and
 * localhost only; elsewhere the file's own structure is all that is checked.
 * @param {ArrayBuffer} buffer
 * @param {string} want hexadecimal
 */
async function checkHash(buffer, want) {
  if (!want || !globalThis.crypto?.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  const got = Array.from(digest, b => b.toString(16).padStart(2, "0")).join("");
  if (got !== want) throw new WeightsError("the weights are not those that the manifest names");
}

/**
 * Reads a safetensors file: 8 bytes of header length, a JSON header, then the tensors
 * without a hole. Only F32, which is all that this project writes.
 * @param {ArrayBuffer} buffer
 * @returns {Weights}
 */
export function parseSafetensors(buffer) {
  const { header, start } = readHeader(buffer);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => ({ name, ...checkEntry(name, entry) }))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  /** @type {Map<string, WeightTensor>} */
  const tensors = new Map();
  for (const { name, shape, begin, end } of entries) {
    if (begin !== at) throw new WeightsError(`the tensor ${name} overlaps another or leaves a hole`);
    at = end;
    if (start + at > buffer.byteLength) throw new WeightsError(`the tensor ${name} ends after the file`);
    tensors.set(name, { shape, data: readFloats(buffer, start + begin, (end - begin) / 4) });
  }
  if (start + at !== buffer.byteLength) throw new WeightsError("bytes follow the last tensor");
  return {
    get(name) {
      const tensor = tensors.get(name);
      if (!tensor) throw new WeightsError(`there is no tensor ${name}`);
      return tensor;
    },
  };
}

/** @param {ArrayBuffer} buffer */
function readHeader(buffer) {
  if (buffer.byteLength < 8) throw new WeightsError("the file is too short");
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > buffer.byteLength) throw new WeightsError("the header is too long");
  const bytes = new Uint8Array(buffer, 8, length);
  if (bytes[0] !== 0x7b) throw new WeightsError("the header does not start with {");
  /** @type {unknown} */
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new WeightsError("the header is not JSON");
  }
  if (typeof header !== "object" || header === null) throw new WeightsError("the header is not an object");
  return { header: /** @type {Record<string, unknown>} */ (header), start: 8 + length };
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function checkEntry(name, value) {
  const entry = /** @type {{dtype?: unknown, shape?: unknown, data_offsets?: unknown}} */ (value ?? {});
  if (entry.dtype !== "F32") throw new WeightsError(`the tensor ${name} is not F32`);
  const { shape, data_offsets: offsets } = entry;
  if (!isSizes(shape)) throw new WeightsError(`the tensor ${name} has no proper shape`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new WeightsError(`the tensor ${name} has no proper place`);
  }
  const size = 4 * shape.reduce((product, n) => product * n, 1);
  if (!Number.isSafeInteger(size) || size !== offsets[1] - offsets[0]) {
    throw new WeightsError(`the size of the tensor ${name} does not fit its shape`);
  }
  return { shape, begin: offsets[0], end: offsets[1] };
}

/**
 * @param {unknown} v
 * @returns {v is number[]}
 */
function isSizes(v) {
  return Array.isArray(v) && v.length <= 8 && v.every(n => Number.isSafeInteger(n) && n >= 0);
}

/**
 * Little-endian floats as a view where they are aligned, else as a copy. The file's order
 * is that of every machine that runs a browser with WebGL 2.
 * @param {ArrayBuffer} buffer
 * @param {number} at
 * @param {number} count
 */
function readFloats(buffer, at, count) {
  return at % 4 === 0
    ? new Float32Array(buffer, at, count)
    : new Float32Array(buffer.slice(at, at + 4 * count));
}

/** How an edge into a layer of each kind gets its weight. */
const edges = {
  input: () => 0,
  conv: convEdge,
  pool: poolEdge,
  subsample: subsampleEdge,
  fc: denseEdge,
  rbf: denseEdge,
};

/**
 * The weight on the edge from one unit to a unit of a layer that reads it: the kernel's
 * for a convolution, the matrix's for a fully connected layer (an RBF layer's code), the
 * map's coefficient for subsampling, 1 for max pooling. 0 where there is no edge.
 * @param {Manifest} manifest
 * @param {Weights} weights
 * @param {UnitRef} from
 * @param {UnitRef} to
 * @returns {number}
 */
export function edgeWeight(manifest, weights, from, to) {
  const layer = manifest.layers[to.layer];
  if (!layer.inputs.includes(from.layer)) return 0;
  return edges[layer.kind](layer, weights, from, to, manifest);
}

/**
 * The place of an input unit in the window of an output unit, or null outside it.
 * @param {Layer} layer
 * @param {UnitRef} from
 * @param {UnitRef} to
 */
function tap(layer, from, to) {
  const [kh, kw] = layer.kernel ?? [1, 1];
  const [sy, sx] = layer.stride ?? [1, 1];
  const [py, px] = layer.padding ?? [0, 0];
  const ky = from.y - (to.y * sy - py);
  const kx = from.x - (to.x * sx - px);
  return ky >= 0 && ky < kh && kx >= 0 && kx < kw ? { ky, kx, kh, kw } : null;
}

/**
 * @param {Layer} layer
 * @param {Weights} weights
 * @param {UnitRef} from
 * @param {UnitRef} to
 * @param {Manifest} manifest
 */
function convEdge(layer, weights, from, to, manifest) {
  const place = tap(layer, from, to);
  if (!place || !layer.weight) return 0;
  const { ky, kx, kh, kw } = place;
  const link = linkOf(layer, manifest.layers[from.layer].shape[0], from.channel, to.channel);
  return link < 0 ? 0 : weights.get(layer.weight).data[(link * kh + ky) * kw + kx];
}

/**
 * The number of the kernel from an input map to an output map. With a connection table the
 * kernels stand packed: by output map, then by input map.
 * @param {Layer} layer
 * @param {number} inputs maps of the layer read
 * @param {number} from
 * @param {number} to
 */
function linkOf(layer, inputs, from, to) {
  if (!layer.table) return to * inputs + from;
  if (!layer.table[from][to]) return -1;
  let link = 0;
  for (let o = 0; o < to; o++) for (const row of layer.table) link += row[o];
  for (let i = 0; i < from; i++) link += layer.table[i][to];
  return link;
}

/**
 * @param {Layer} layer
 * @param {Weights} weights
 * @param {UnitRef} from
 * @param {UnitRef} to
 * @param {Manifest} manifest
 */
function denseEdge(layer, weights, from, to, manifest) {
  if (!layer.weight) return 0;
  const { shape, data } = weights.get(layer.weight);
  return data[to.channel * shape[1] + unitIndex(manifest, from)];
}

/**
 * @param {Layer} layer
 * @param {Weights} weights
 * @param {UnitRef} from
 * @param {UnitRef} to
 */
function subsampleEdge(layer, weights, from, to) {
  if (from.channel !== to.channel || !layer.weight || !tap(layer, from, to)) return 0;
  return weights.get(layer.weight).data[to.channel];
}

/**
 * @param {Layer} layer
 * @param {Weights} _weights
 * @param {UnitRef} from
 * @param {UnitRef} to
 */
function poolEdge(layer, _weights, from, to) {
  const place = from.channel === to.channel ? tap(layer, from, to) : null;
  if (!place) return 0;
  return layer.op === "AveragePool" ? 1 / (place.kh * place.kw) : 1;
}
