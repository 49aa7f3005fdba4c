// All that is on the GPU for one net, and one frame of it. Made anew after a lost context and
// for another net; holds no state of the page.
import { background } from "../scene/background.js";
import { createLedger } from "./ledger.js";
import { createLineStore, createLineProgram } from "./lines.js";
import { createStoreTextures } from "./store.js";
import { createTarget } from "./target.js";
import { createUnits } from "./units.js";

/** @typedef {import("../scene/camera.js").Lens} Lens */
/** @typedef {import("../scene/inks.js").Inks} Inks */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("./units.js").LayerLook} LayerLook */
/** @typedef {ReturnType<typeof createPainter>} Painter */

/**
 * @typedef {object} FrameView
 * @property {Lens} lens
 * @property {LayerLook[]} layers
 * @property {Float32Array} mixes of each layer, world to flat
 * @property {Inks} inks
 * @property {boolean} fine four samples a pixel
 * @property {boolean} draft sprites may stand in for small boxes
 */

/**
 * @param {WebGL2RenderingContext} gl
 * @param {Manifest} manifest
 */
export function createPainter(gl, manifest) {
  const ledger = createLedger(gl);
  const layers = manifest.layers;
  const unitsIn = layers.map(l => l.shape[0] * l.shape[1] * l.shape[2]);
  const most = Math.max(...layers.map((l, i) => unitsIn[i] + l.shape[0]));
  const total = unitsIn.reduce((a, b) => a + b, 0);
  const channels = layers.reduce((sum, l) => sum + l.shape[0], 0);
  const store = createStoreTextures(ledger, total, channels);
  const units = createUnits(ledger, most);
  const lineProgram = createLineProgram(ledger);
  const target = createTarget(ledger);
  const plates = createLineStore(ledger, false);
  const frames = createLineStore(ledger, false);
  const edges = createLineStore(ledger, true);
  const marks = createLineStore(ledger, false);
  let calls = 0;
  gl.enable(gl.DEPTH_TEST);
  gl.depthFunc(gl.LEQUAL);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

  /**
   * @param {Uint8Array} bytes of every unit, in layer order
   * @param {(layer: number, channel: number) => number} near bytes that do not stand out
   */
  function loadBytes(bytes, near) {
    const found = background(manifest, bytes, near);
    store.loadBytes(bytes, found.lids);
    units.setBackground(found);
  }

  /** @param {FrameView} view */
  function draw({ lens, layers: looks, mixes, inks, fine, draft }) {
    const w = gl.drawingBufferWidth;
    const h = gl.drawingBufferHeight;
    const { flat, size } = lens;
    const page = [flat.x, flat.y, (2 * flat.scale) / size.width, (2 * flat.scale) / size.height];
    target.begin(fine, w, h);
    gl.disable(gl.BLEND);
    store.bind();
    const sprite = {
      focal: h / 2 / Math.tan(lens.fov / 2),
      pitch: lens.pitch,
      distance: lens.distance,
      flatScale: (flat.scale * w) / size.width,
    };
    calls = units.draw(
      { matrix: lens.matrix, eye: lens.eye, flat: page, grey: inks.grey, lift: inks.lift, sprite },
      looks,
      look => (look.signed ? inks.signedBed : inks.bed),
      draft,
    );
    gl.enable(gl.BLEND);
    gl.depthMask(false);
    lineProgram.begin({ matrix: lens.matrix, flat: page, mixes, size });
    if (!draft) calls += lineProgram.draw(plates, draft); // hairlines: not to be missed in motion
    calls += lineProgram.draw(frames, draft) + lineProgram.draw(edges, draft);
    gl.disable(gl.DEPTH_TEST);
    calls += lineProgram.draw(marks, draft);
    gl.enable(gl.DEPTH_TEST);
    gl.depthMask(true);
    target.end(fine, w, h);
  }

  return {
    store,
    loadBytes,
    units: total,
    plates,
    frames,
    edges,
    marks,
    draw,
    counts: () => ({ ...ledger.counts(), drawCalls: calls }),
    dispose: ledger.dispose,
  };
}
