// What the painter is given to draw: bytes, meanings of channels, lines; only what has changed.
import { NEAR } from "../scene/background.js";
import { end, Lines } from "../scene/lines.js";
import { drawEdges, drawField, drawFrames, drawPlates, drawWindow, top } from "../scene/marks.js";
import { revealed } from "../scene/play.js";
import { remember } from "../scene/scale.js";
import { createWeighing } from "../scene/weighing.js";

/** @typedef {import("../scene/inks.js").Inks} Inks */
/** @typedef {import("../scene/lines.js").End} End */
/** @typedef {import("../scene/layout.js").Layout} Layout */
/** @typedef {import("../scene/marks.js").Source} Source */
/** @typedef {import("../types.js").Activations} Activations */
/** @typedef {import("../types.js").AppState} AppState */
/** @typedef {import("../types.js").AppStore} AppStore */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("./painter.js").Painter} Painter */

/** @param {Manifest} m @param {UnitRef} ref */
export function flatIndex(m, ref) {
  const [, h, w] = m.layers[ref.layer].shape;
  return (ref.channel * h + ref.y) * w + ref.x;
}

/**
 * @param {Activations} acts
 * @param {AppStore} store
 */
export function createContent(acts, store) {
  const scaled = remember(acts);
  const weighing = createWeighing();
  const lines = { plates: new Lines(), frames: new Lines(), edges: new Lines(), marks: new Lines() };
  const dirty = { bytes: true, channels: true, frames: true, focus: true };
  const drawn = { edges: 0, feeds: 0 };

  /** The unit whose edges are shown. @param {Manifest} m @returns {UnitRef|null} */
  function focus(m) {
    const { hover, pin, hidden } = store.get();
    const ref = hover ?? pin;
    return ref && m.layers[ref.layer] && !hidden.includes(ref.layer) ? ref : null;
  }

  /** @param {Manifest} m @param {Layout} l @param {Inks} inks @returns {Source} */
  function source(m, l, inks) {
    const { weight, strongest } = weighing;
    return { manifest: m, places: l.places, acts: scaled, state: store.get(), inks, weight, strongest };
  }

  /** Bytes of a channel that differ too little to be seen on its scale. @param {number} layer @param {number} channel */
  function near(layer, channel) {
    const { lo, hi } = scaled.range(layer, channel, store.get().scope);
    const { scale } = acts.affine(layer, channel);
    return scale > 0 ? (NEAR * (hi - lo)) / scale : 0;
  }

  /** @param {Painter} to @param {Manifest} m */
  function loadChannels(to, m) {
    const { off, scope } = store.get();
    let entry = 0;
    for (const layer of m.layers)
      for (let c = 0; c < layer.shape[0]; c++) {
        const isOff = off.some(o => o.layer === layer.index && o.channel === c);
        to.store.setChannel(
          entry++,
          acts.affine(layer.index, c),
          scaled.range(layer.index, c, scope),
          layer.signed,
          isOff,
        );
      }
    to.store.loadChannels();
  }

  /** @param {Painter} to @param {Source} from */
  function loadFocus(to, from) {
    const ref = focus(from.manifest);
    lines.edges.clear();
    lines.marks.clear();
    const made = ref ? drawEdges(from, ref, lines.edges) : { inputs: 0, outputs: 0 };
    if (ref) drawField(from, ref, lines.marks);
    drawWindow(from, lines.marks);
    drawn.edges = made.inputs;
    drawn.feeds = made.outputs;
    to.edges.load(lines.edges);
    to.marks.load(lines.marks);
  }

  return {
    weighing,
    drawn,
    source,
    /** Everything is to be given anew: another net, another context. */
    renew() {
      dirty.bytes = dirty.channels = dirty.frames = dirty.focus = true;
    },
    /** Places or colours changed. */
    moved() {
      dirty.frames = dirty.focus = true;
    },
    refocus() {
      dirty.focus = true;
    },
    activated() {
      dirty.bytes = dirty.channels = true;
      const { hover, pin } = store.get();
      if (hover ?? pin) dirty.focus = true;
    },
    /** @param {Readonly<AppState>} s @param {Readonly<AppState>} prev */
    changed(s, prev) {
      if (s.hover !== prev.hover || s.pin !== prev.pin || s.scope !== prev.scope) dirty.focus = true;
      if (s.scope !== prev.scope || s.off !== prev.off) dirty.channels = true;
      if (s.off !== prev.off || s.play !== prev.play || s.hidden !== prev.hidden)
        dirty.frames = dirty.focus = true;
    },
    /** @param {Painter} to @param {Manifest} m @param {Layout} l @param {Inks} inks */
    upload(to, m, l, inks) {
      if (dirty.bytes || dirty.channels) to.loadBytes(acts.bytes, near);
      if (dirty.channels) loadChannels(to, m);
      const from = source(m, l, inks);
      if (dirty.frames) {
        drawPlates(from, lines.plates);
        to.plates.load(lines.plates);
        drawFrames(from, lines.frames);
        to.frames.load(lines.frames);
      }
      if (dirty.focus) loadFocus(to, from);
      dirty.bytes = dirty.channels = dirty.frames = dirty.focus = false;
    },
    /**
     * @param {Manifest} m
     * @param {Layout} l
     * @param {Float32Array} mixes
     * @param {number} units of the whole net
     * @returns {import("./units.js").LayerLook[]}
     */
    looks(m, l, mixes, units) {
      const state = store.get();
      let firstChannel = 0;
      return m.layers.map((layer, i) => {
        const lit = (/** @type {UnitRef|null} */ ref) => (ref && ref.layer === i ? flatIndex(m, ref) : -1);
        const made = {
          place: l.places[i],
          firstUnit: acts.offset(i),
          firstChannel,
          firstLid: units + firstChannel,
          signed: layer.signed,
          hidden: state.hidden.includes(i),
          shown: revealed(layer, state.play),
          hover: lit(state.hover),
          pin: lit(state.pin),
          mix: mixes[Math.min(i, mixes.length - 1)],
        };
        firstChannel += layer.shape[0];
        return made;
      });
    },
  };
}

/** Top of a unit's bar, for labels and marks. @param {Source} s @param {UnitRef} ref @returns {End} */
export function topOf(s, ref) {
  return end(s.places[ref.layer], top(s, ref).high, ref.channel, ref.y, ref.x);
}

/**
 * What stands in words on the stage.
 * @param {Source} s
 * @param {import("../scene/camera.js").Lens} lens
 * @param {Float32Array} mixes
 * @returns {import("../scene/labels.js").LabelView}
 */
export function labelView(s, lens, mixes) {
  const { pin, hidden, answer } = s.state;
  const last = s.manifest.layers.length - 1;
  const pinned = pin && s.manifest.layers[pin.layer] ? pin : null;
  return {
    lens,
    places: s.places,
    mixes,
    hidden,
    pinned: pinned?.layer ?? -1,
    pin: pinned ? topOf(s, pinned) : null,
    answers: s.manifest.head.labels.map((_, channel) => topOf(s, { layer: last, channel, y: 0, x: 0 })),
    first: answer && !answer.blank ? answer.order[0] : -1,
  };
}
