// The small picture of a net: bar = layer (height = side of its maps, width = channels),
// line = path.

import { fill, svg } from "../dom.js";

const WIDTH = 136;
const MIDDLE = 50;

/**
 * @param {[number, number, number][]} shapes C, H, W of each layer
 * @returns {{x: number, width: number, height: number}[]} bars; x is the middle
 */
export function bars(shapes) {
  const side = Math.max(...shapes.map(([, H, W]) => Math.max(H, W)));
  const sizes = shapes.map(([C, H, W]) => ({
    width: Math.min(12, 4 + 2 * Math.log2(C)),
    height: Math.max(8, 74 * (Math.max(H, W) / side) ** 0.7),
  }));
  const used = sizes.reduce((sum, s) => sum + s.width, 0);
  const space = (WIDTH - 16 - used) / (sizes.length - 1);
  let x = 8;
  return sizes.map(s => {
    const bar = { ...s, x: x + s.width / 2 };
    x += s.width + space;
    return bar;
  });
}

/**
 * @param {SVGElement} root viewBox 0 0 136 100
 * @param {import("../types.js").Layer[]} layers
 */
export function drawMiniature(root, layers) {
  fill(
    root,
    svg("path", { class: "path", d: `M2 ${MIDDLE}H${WIDTH - 2}` }),
    bars(layers.map(layer => layer.shape)).map(b =>
      svg("rect", {
        x: b.x - b.width / 2,
        y: MIDDLE - b.height / 2,
        width: b.width,
        height: b.height,
        rx: 1.5,
      }),
    ),
  );
}
