// A small net for the tests: every size a different number, so that swapped axes show.

/** @typedef {import("../static/js/types.js").Manifest} Manifest */
/** @typedef {import("../static/js/types.js").Layer} Layer */

/**
 * Input 13×11, C1 3×9×8, S2 2×5×4, F3 7, Output 10 (RBF).
 * @returns {Manifest}
 */
export function manifest() {
  const layer = (/** @type {number} */ index, /** @type {Partial<Layer>} */ more) =>
    /** @type {Layer} */ ({
      index,
      name: "",
      op: "",
      inputs: index > 0 ? [index - 1] : [],
      kernel: null,
      stride: null,
      padding: null,
      table: null,
      activation: null,
      signed: false,
      params: 0,
      connections: 0,
      weight: null,
      bias: null,
      ...more,
    });
  return {
    type: "manifest",
    version: 1,
    model: "small",
    title: "Small",
    units: 143 + 216 + 40 + 7 + 10,
    params: 0,
    connections: 0,
    input: { width: 9, height: 11, pad: 1, scale: 1.275, offset: -0.1, text: "x = raw/255·1.275 − 0.1" },
    layers: [
      layer(0, { name: "Input", kind: "input", op: "Input", shape: [1, 13, 11] }),
      layer(1, { name: "C1", kind: "conv", op: "Conv", shape: [3, 9, 8], kernel: [5, 4] }),
      layer(2, { name: "S2", kind: "pool", op: "MaxPool", shape: [2, 5, 4], kernel: [2, 2] }),
      layer(3, { name: "F3", kind: "fc", op: "Linear", shape: [7, 1, 1] }),
      layer(4, { name: "Output", kind: "rbf", op: "RBF", shape: [10, 1, 1] }),
    ],
    blocks: { name: "", kind: "net", layers: [0, 1, 2, 3, 4], children: [] },
    head: { kind: "rbf", labels: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], lowerIsBetter: true },
    weights: { url: "", sha256: "" },
    accuracy: 0,
    confusion: null,
  };
}

/**
 * A term with products of the right number.
 * @param {Partial<import("../static/js/types.js").Term>} more
 * @returns {import("../static/js/types.js").Term}
 */
export function termOf(more) {
  const term = {
    layer: 0,
    channel: 0,
    channels: 1,
    y: 0,
    x: 0,
    h: 1,
    w: 1,
    inputs: [],
    weights: [],
    products: [],
    sum: 0,
    ...more,
  };
  const count = term.channels * term.h * term.w;
  if (term.products.length === 0) term.products = Array.from({ length: count }, (_, i) => i);
  return term;
}
