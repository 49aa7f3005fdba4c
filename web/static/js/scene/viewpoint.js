// Where the eye is and which of the two views is on, and how both change with time.
import {
  fromNumbers,
  HOME,
  keep,
  lens as lensOf,
  look,
  mixPose,
  PRESETS,
  panned,
  toNumbers,
} from "./camera.js";
import { easeInOut, MS } from "./motion.js";
import { clamp } from "./place.js";

/** @typedef {import("./camera.js").Lens} Lens */
/** @typedef {import("./camera.js").Pose} Pose */
/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").Size} Size */
/** @typedef {import("./motion.js").Motions} Motions */

const NEAR = 1.7; // least zoom of a flight to a layer
const STAGGER = 0.35; // share of the passage by which the last layer starts later

/**
 * @typedef {object} Surroundings
 * @property {Motions} motions
 * @property {() => Layout|null} layout
 * @property {() => Size} size
 * @property {() => void} changed something is to be drawn anew
 */

/**
 * @param {Surroundings} around
 * @param {boolean} flat the view to begin with
 */
export function createViewpoint({ motions, layout, size, changed }, flat) {
  /** @type {Pose} */
  let pose = { ...HOME };
  let passage = flat ? 1 : 0; // 0 world … 1 flat, before easing by layer

  /** @returns {Lens|null} */
  function lens() {
    const at = layout();
    return at ? lensOf(at, pose, size()) : null;
  }

  /** @param {Pose} to */
  function jump(to) {
    motions.stop("camera");
    pose = keep(to);
    changed();
  }

  /** @param {Pose} to */
  function travel(to) {
    const from = pose;
    motions.run("camera", MS.camera, k => {
      pose = keep(mixPose(from, to, easeInOut(k)));
    });
    changed();
  }

  /** The net follows the pointer. @param {number} dx CSS px @param {number} dy */
  function pan(dx, dy) {
    const seen = lens();
    if (seen) jump(panned(pose, seen, dx, dy, passage >= 0.5));
  }

  /** @param {number} factor @param {number} x CSS px from the middle of the stage: what is there stays @param {number} y */
  function zoom(factor, x, y) {
    const isFlat = passage >= 0.5;
    const before = isFlat ? pose.flatZoom : pose.zoom;
    jump(isFlat ? { ...pose, flatZoom: before * factor } : { ...pose, zoom: before * factor });
    const real = (isFlat ? pose.flatZoom : pose.zoom) / before;
    pan(x * (1 - real), y * (1 - real));
  }

  return {
    lens,
    travel,
    pan,
    zoom,
    pose: () => pose,
    /** Whether the flat view has been reached. */
    isFlat: () => passage >= 1,
    /** @param {number} dx CSS px: a drag over the whole stage is a whole turn @param {number} dy */
    orbit(dx, dy) {
      const { width, height } = size();
      jump({
        ...pose,
        yaw: pose.yaw - (dx / width) * 2 * Math.PI,
        pitch: pose.pitch + (dy / height) * Math.PI,
      });
    },
    /** Back to the whole net at once, for another net. */
    home() {
      motions.stop("camera");
      pose = { ...HOME, fov: pose.fov };
    },
    reset: () => travel({ ...HOME, fov: pose.fov }),
    /** @param {Layout} to the layout that the preset is for @param {string} name */
    preset(to, name) {
      const wanted = PRESETS[name];
      if (wanted) travel(look(to, to.places, { ...wanted }, size()));
    },
    /** @param {number} layer */
    flyTo(layer) {
      const at = layout();
      const place = at?.places[layer];
      if (!at || !place) return;
      const to = look(at, [place], { ...HOME, fov: pose.fov }, size());
      travel({ ...to, zoom: Math.max(to.zoom, NEAR) }); // a layer as wide as the net is shown in part
    },
    /** @param {boolean} toFlat @param {boolean} animate */
    setView(toFlat, animate) {
      const from = passage;
      const to = toFlat ? 1 : 0;
      motions.run("passage", animate ? MS.passage * Math.abs(to - from) : 0, k => {
        passage = from + (to - from) * k;
      });
      changed();
    },
    /** How far each layer is on its way to the flat view. @param {Float32Array} out @param {number} layers */
    mixInto(out, layers) {
      const last = Math.max(1, layers - 1);
      for (let i = 0; i < out.length; i++)
        out[i] = easeInOut(clamp(passage * (1 + STAGGER) - (STAGGER * Math.min(i, last)) / last, 0, 1));
    },
    numbers: () => toNumbers(pose),
    /** @param {number[]} numbers of an address */
    setNumbers(numbers) {
      const to = fromNumbers(numbers);
      if (to) jump(to);
    },
  };
}
