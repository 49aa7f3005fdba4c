// Manifests of the four nets as far as geometry needs them, written by hand from the papers.

/** LeCun et al. 1998, Table 1: rows = S2 maps, columns = C3 maps. */
export const TABLE = [
  "1000111001111011",
  "1100011100111101",
  "1110001110010111",
  "0111001111001011",
  "0011100111101101",
  "0001110011110111",
].map(row => [...row].map(Number));

/**
 * @param {string} model
 * @param {[string, import("../static/js/types.js").LayerKind, [number, number, number], Partial<import("../static/js/types.js").Layer>?][]} rows
 * @param {number} pad
 * @returns {import("../static/js/types.js").Manifest}
 */
function net(model, rows, pad) {
  const layers = rows.map(([name, kind, shape, more], index) => ({
    index,
    name,
    kind,
    op: kind,
    shape,
    inputs: index ? [index - 1] : [],
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
  }));
  return {
    type: "manifest",
    version: 1,
    model,
    title: model,
    units: layers.reduce((sum, l) => sum + l.shape[0] * l.shape[1] * l.shape[2], 0),
    params: 0,
    connections: null,
    input: { width: 28, height: 28, pad, scale: 1, offset: 0, text: "" },
    layers,
    blocks: { name: model, kind: "net", layers: [], children: [] },
    head: { kind: "tanh", labels: [..."0123456789"], lowerIsBetter: false },
    weights: { url: "", sha256: "" },
    accuracy: 1,
    confusion: null,
  };
}

/** @type {Partial<import("../static/js/types.js").Layer>} */
const five = { kernel: [5, 5], stride: [1, 1], padding: [0, 0], signed: true, weight: "w" };
/** @type {Partial<import("../static/js/types.js").Layer>} */
const two = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], signed: true };
const full = { signed: true, weight: "w" };

/** Harley's shapes: 9,134 units. */
export const harley = () =>
  net(
    "lenet5-harley",
    [
      ["Input", "input", [1, 32, 32]],
      ["C1", "conv", [6, 28, 28], five],
      ["S2", "pool", [6, 14, 14], two],
      ["C3", "conv", [16, 10, 10], { ...five, table: TABLE }],
      ["S4", "pool", [16, 5, 5], two],
      ["F5", "fc", [120, 1, 1], full],
      ["F6", "fc", [100, 1, 1], full],
      ["Output", "fc", [10, 1, 1], full],
    ],
    2,
  );

/** The paper's: C5 is a convolution that covers its input, the output counts distances. */
export const lecun = () =>
  net(
    "lenet5-1998",
    [
      ["Input", "input", [1, 32, 32]],
      ["C1", "conv", [6, 28, 28], five],
      ["S2", "subsample", [6, 14, 14], two],
      ["C3", "conv", [16, 10, 10], { ...five, table: TABLE }],
      ["S4", "subsample", [16, 5, 5], two],
      ["C5", "conv", [120, 1, 1], five],
      ["F6", "fc", [84, 1, 1], full],
      ["Output", "rbf", [10, 1, 1], { weight: "w" }],
    ],
    2,
  );

export const mlp = () =>
  net(
    "mlp-harley",
    [
      ["Input", "input", [784, 1, 1]],
      ["F1", "fc", [300, 1, 1], full],
      ["F2", "fc", [100, 1, 1], full],
      ["Output", "fc", [10, 1, 1], full],
    ],
    0,
  );

/** No two sizes equal, padding, strides that differ: nothing can be swapped unseen. */
export const odd = () =>
  net(
    "odd",
    [
      ["A", "input", [2, 11, 9]],
      [
        "B",
        "conv",
        [3, 6, 4],
        { kernel: [3, 5], stride: [2, 2], padding: [1, 1], signed: true, weight: "w" },
      ],
      ["C", "pool", [3, 3, 1], { kernel: [2, 3], stride: [2, 3], padding: [0, 0] }],
      ["D", "fc", [5, 1, 1], full],
    ],
    0,
  );
