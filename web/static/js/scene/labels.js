// Words in the scene: names and shapes of the layers, the classes above the answer, the ring
// round the pinned unit. DOM, so that they can be zoomed, translated and read aloud.
import { h } from "../dom.js";
import { project, projectFlat } from "./camera.js";
import { labelColumn } from "./layout.js";
import { frame } from "./marks.js";
import { layerName, shapeText } from "./names.js";

/** @typedef {import("./camera.js").Lens} Lens */
/** @typedef {import("./layout.js").Place} Place */
/** @typedef {import("./lines.js").End} End */
/** @typedef {import("../types.js").Manifest} Manifest */

const LINE = 17; // px, height of a label: none comes nearer to another
const TIGHT = 4; // px between a label and the layer beside it

/** A point of the stage on the way between the two views. @param {Lens} lens @param {End} e @param {number} k */
export function onStage(lens, e, k) {
  const deep = project(lens, e.x, e.y, e.z);
  if (k <= 0) return { x: deep.x, y: deep.y, ahead: deep.w > 1 };
  const page = projectFlat(lens, e.flatX, e.flatY);
  return {
    x: deep.x + (page.x - deep.x) * k,
    y: deep.y + (page.y - deep.y) * k,
    ahead: k > 0.5 || deep.w > 1,
  };
}

/**
 * @typedef {object} LabelView
 * @property {Lens} lens
 * @property {Place[]} places
 * @property {Float32Array} mixes
 * @property {number[]} hidden
 * @property {number} pinned layer of the pinned unit, −1 for none
 * @property {End|null} pin top of the pinned unit
 * @property {End[]} answers where the classes stand, one each
 * @property {number} first class with the best score, −1 for none
 */

/** @param {HTMLElement} root */
export function createLabels(root) {
  /** @type {{element: HTMLElement, width: number}[]} */
  let names = [];
  /** @type {HTMLElement[]} */
  let classes = [];
  const ring = h("i", { class: "scene-pin", hidden: true });

  /** @param {Manifest} manifest */
  function setManifest(manifest) {
    names = manifest.layers.map(layer => {
      const small = h("small", {}, shapeText(layer));
      return {
        element: h("div", { class: "scene-label" }, h("b", {}, layerName(layer, manifest)), small),
        width: 0,
      };
    });
    classes = manifest.head.labels.map(text => h("div", { class: "scene-class" }, text));
    root.replaceChildren(...names.map(n => n.element), ...classes, ring);
    measure();
  }

  /** Widths are read once, not at every frame. */
  function measure() {
    for (const name of names) name.width = name.element.offsetWidth || name.width;
  }

  /** @param {LabelView} view */
  function place(view) {
    placeNames(view);
    placeClasses(view);
    ring.hidden = !view.pin;
    if (view.pin) {
      const at = onStage(view.lens, view.pin, view.mixes[view.pin.layer]);
      move(ring, at.x, at.y);
      ring.hidden = !at.ahead;
    }
  }

  /** @param {LabelView} view */
  function placeNames({ lens, places, mixes, hidden, pinned }) {
    const { width, height } = lens.size;
    const start = labelColumn(lens.size);
    const wanted = names.map((name, i) => {
      const p = places[i];
      const points = frame(p, p.plane, 3).map(e => onStage(lens, e, mixes[i]));
      const left = Math.min(...points.map(q => q.x));
      const relief = frame(p, p.plane + p.base + p.relief * (p.plates > 0 ? 0.35 : 1), 3).map(e =>
        onStage(lens, e, mixes[i]),
      );
      const top = Math.min(...points.map(q => q.y));
      const over = Math.min(...relief.map(q => q.y));
      const bottom = Math.max(...points.map(q => q.y));
      const ahead = points.some(q => q.ahead);
      const seen = ahead && bottom > -20 && top < height + 20 && left < width;
      // Beside the layer where there is room, else above its far edge.
      const beside = left > start + name.width + TIGHT;
      return {
        i,
        seen,
        left,
        top: over,
        bottom,
        y: beside ? (top + bottom) / 2 - LINE / 2 : over - LINE - 1,
      };
    });
    const rows = wanted.filter(w => w.seen).sort((a, b) => a.y - b.y);
    spread(rows, 4, height - LINE - 4);
    for (const w of wanted) {
      const { element } = names[w.i];
      element.hidden = !w.seen;
      const right = start + names[w.i].width;
      const covers = wanted.some(
        o => o.seen && o.left < right && o.top < w.y + LINE - 4 && o.bottom > w.y + 4,
      );
      element.classList.toggle("is-over", covers);
      element.classList.toggle("is-pinned", w.i === pinned);
      element.classList.toggle("is-hidden", hidden.includes(w.i));
      move(element, start, w.y);
    }
  }

  /** @param {LabelView} view */
  function placeClasses({ lens, answers, mixes, first, hidden }) {
    const last = mixes.length ? (answers[0]?.layer ?? -1) : -1;
    classes.forEach((element, i) => {
      const end = answers[i];
      element.hidden = !end || hidden.includes(last);
      if (!end) return;
      const at = onStage(lens, end, mixes[end.layer]);
      element.hidden = element.hidden || !at.ahead;
      element.classList.toggle("is-first", i === first);
      move(element, at.x, at.y - 4 - 12 * mixes[end.layer]);
    });
  }

  return { setManifest, measure, place, dispose: () => root.replaceChildren() };
}

/**
 * Pushes labels apart so that none overlaps another and all stay on the stage.
 * @param {{y: number}[]} rows sorted by y
 * @param {number} from
 * @param {number} to
 */
export function spread(rows, from, to) {
  let least = from;
  for (const row of rows) {
    row.y = Math.max(row.y, least);
    least = row.y + LINE;
  }
  let most = to;
  for (const row of [...rows].reverse()) {
    row.y = Math.min(row.y, most);
    most = row.y - LINE;
  }
}

/** @param {HTMLElement} element @param {number} x @param {number} y */
function move(element, x, y) {
  element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
}
