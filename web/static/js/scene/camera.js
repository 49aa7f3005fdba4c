// The camera: a pose that can be written into an address, and what it makes of a layout and a
// stage. Everything here is a pure function.
import * as mat4 from "../../vendor/gl-matrix@3.4.4/mat4.js";
import { margins } from "./layout.js";
import { bounds, clamp } from "./place.js";

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").Place} Place */
/** @typedef {import("./layout.js").Size} Size */

/**
 * yaw, pitch: radians; zoom: 1 shows the whole net; x, y, z: how far the point looked at is
 * moved from the middle of the net, world units; fov: degrees, vertical; flatZoom, flatX, flatY:
 * the same for the flat view.
 * @typedef {{yaw: number, pitch: number, zoom: number, x: number, y: number, z: number,
 *   fov: number, flatZoom: number, flatX: number, flatY: number}} Pose
 */

/**
 * @typedef {object} Lens
 * @property {Float32Array} matrix world → clip
 * @property {Float32Array} inverse
 * @property {[number, number, number]} eye
 * @property {[number, number, number]} target
 * @property {number} distance
 * @property {number} pitch radians
 * @property {number} fov radians, vertical
 * @property {Size} size
 * @property {{x: number, y: number, scale: number}} flat middle of the stage in flat units, CSS px per unit
 */

const RAD = Math.PI / 180;
const FOV = 37; // the mock-up's: about a 50 mm lens
const CLASSIC_FOV = 70; // Harley's page: fov 70 from (0, 200, 1000), looking at the middle
const CLASSIC_EYE = [0, 200, 1000];
const STEEPEST = 89 * RAD;
export const ZOOM = { min: 0.35, max: 14 };

/** @type {Readonly<Pose>} */
export const HOME = Object.freeze({
  yaw: 0,
  pitch: 30 * RAD,
  zoom: 1,
  x: 0,
  y: 0,
  z: 0,
  fov: FOV,
  flatZoom: 1,
  flatX: 0,
  flatY: 0,
});

const CLASSIC_PITCH = Math.atan2(CLASSIC_EYE[1], CLASSIC_EYE[2]);

/** @type {Record<string, Readonly<Pose>>} */
export const PRESETS = {
  front: Object.freeze({ ...HOME, pitch: 4 * RAD }),
  top: Object.freeze({ ...HOME, pitch: 52 * RAD }),
  side: Object.freeze({ ...HOME, yaw: 62 * RAD, pitch: 18 * RAD }),
  classic: Object.freeze({ ...HOME, pitch: CLASSIC_PITCH, fov: CLASSIC_FOV }),
};

/** The numbers of an address. @param {Pose} p @returns {number[]} */
export function toNumbers(p) {
  const round = (/** @type {number} */ v) => Math.round(v * 1000) / 1000;
  return [p.yaw, p.pitch, p.zoom, p.x, p.y, p.z, p.fov, p.flatZoom, p.flatX, p.flatY].map(round);
}

/** @param {number[]} n numbers from outside: checked, clamped @returns {Pose|null} */
export function fromNumbers(n) {
  if (n.length !== 10 || !n.every(Number.isFinite)) return null;
  const [yaw, pitch, zoom, x, y, z, fov, flatZoom, flatX, flatY] = n;
  return keep({ yaw, pitch, zoom, x, y, z, fov: clamp(fov, 20, 90), flatZoom, flatX, flatY });
}

/** No pose from which the net cannot be found again. @param {Pose} p @returns {Pose} */
export function keep(p) {
  return {
    ...p,
    pitch: clamp(p.pitch, -STEEPEST, STEEPEST),
    zoom: clamp(p.zoom, ZOOM.min, ZOOM.max),
    flatZoom: clamp(p.flatZoom, ZOOM.min, ZOOM.max),
    x: clamp(p.x, -1300, 1300),
    y: clamp(p.y, -1100, 1100),
    z: clamp(p.z, -700, 700),
    flatX: clamp(p.flatX, -1300, 1300),
    flatY: clamp(p.flatY, -1100, 1100),
  };
}

/** @param {Pose} a @param {Pose} b @param {number} k 0…1 @returns {Pose} */
export function mixPose(a, b, k) {
  const mix = (/** @type {number} */ p, /** @type {number} */ q) => p + (q - p) * k;
  const turn = ((((b.yaw - a.yaw + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI;
  return {
    yaw: a.yaw + turn * k,
    pitch: mix(a.pitch, b.pitch),
    zoom: a.zoom * (b.zoom / a.zoom) ** k,
    x: mix(a.x, b.x),
    y: mix(a.y, b.y),
    z: mix(a.z, b.z),
    fov: mix(a.fov, b.fov),
    flatZoom: a.flatZoom * (b.flatZoom / a.flatZoom) ** k,
    flatX: mix(a.flatX, b.flatX),
    flatY: mix(a.flatY, b.flatY),
  };
}

/**
 * Distance and point to look at so that these layers just fill the stage from a direction.
 * @param {Place[]} places
 * @param {{yaw: number, pitch: number, fov: number}} pose
 * @param {Size} size
 * @returns {{distance: number, target: [number, number, number]}}
 */
export function fit(places, pose, size) {
  const corners = places.flatMap(boxCorners);
  let distance = 3000;
  /** @type {[number, number, number]} */
  let target = middle(corners);
  const margin = margins(size);
  const free = { w: size.width - margin.left - margin.right, h: size.height - margin.top - margin.bottom };
  for (let i = 0; i < 24; i++) {
    const lens = build(target, distance, pose, size);
    const seen = extent(corners, lens);
    const perPixel = (2 * distance * Math.tan((pose.fov * RAD) / 2)) / size.height;
    const dx = ((seen.left + seen.right) / 2 - (margin.left + size.width - margin.right) / 2) * perPixel;
    const dy = ((seen.top + seen.bottom) / 2 - (margin.top + size.height - margin.bottom) / 2) * perPixel;
    target = shift(target, pose, dx, -dy);
    const over = Math.max(
      (seen.right - seen.left) / Math.max(40, free.w),
      (seen.bottom - seen.top) / Math.max(40, free.h),
    );
    distance = clamp(distance * (1 + (over - 1) * 0.8), 60, 20000);
  }
  return { distance, target };
}

/**
 * @param {Layout} layout
 * @param {Pose} pose
 * @param {Size} size
 * @returns {Lens}
 */
export function lens(layout, pose, size) {
  // The frame is that of the pose's own direction only for presets; an orbit keeps the distance
  // of the home direction, so that turning does not breathe.
  const classic = pose.fov > (FOV + CLASSIC_FOV) / 2;
  const base = framed(layout, { yaw: 0, pitch: classic ? CLASSIC_PITCH : HOME.pitch, fov: pose.fov }, size);
  const distance = base.distance / pose.zoom;
  const [x, y, z] = base.target;
  const flat = layout.flat;
  const made = build([x + pose.x, y + pose.y, z + pose.z], distance, pose, size);
  made.flat = { x: flat.x + pose.flatX, y: flat.y + pose.flatY, scale: flat.scale * pose.flatZoom };
  return made;
}

/** @type {{layout: Layout|null, key: string, found: ReturnType<typeof fit>|null}} */
const memory = { layout: null, key: "", found: null };

/**
 * fit() of the whole net, remembered: it is asked for at every frame of an orbit.
 * @param {Layout} layout
 * @param {{yaw: number, pitch: number, fov: number}} pose
 * @param {Size} size
 */
function framed(layout, pose, size) {
  const key = `${pose.yaw} ${pose.pitch} ${pose.fov} ${size.width} ${size.height}`;
  if (memory.found && memory.layout === layout && memory.key === key) return memory.found;
  memory.found = fit(layout.places, pose, size);
  memory.layout = layout;
  memory.key = key;
  return memory.found;
}

/**
 * A pose that shows the given layers as large as the stage allows, from a direction.
 * @param {Layout} layout
 * @param {Place[]} places
 * @param {Pose} pose
 * @param {Size} size
 * @returns {Pose}
 */
export function look(layout, places, pose, size) {
  const at = { ...pose, zoom: 1, x: 0, y: 0, z: 0 };
  const whole = lens(layout, at, size);
  const near = fit(places, pose, size);
  return keep({
    ...at,
    zoom: whole.distance / near.distance,
    x: near.target[0] - whole.target[0],
    y: near.target[1] - whole.target[1],
    z: near.target[2] - whole.target[2],
    ...lookFlat(layout, places, size),
  });
}

/** @param {Layout} layout @param {Place[]} places @param {Size} size */
function lookFlat(layout, places, size) {
  if (places.length === layout.places.length) return { flatZoom: 1, flatX: 0, flatY: 0 };
  const box = places.map(bounds);
  const half = Math.max(...box.map(b => Math.max(-b[0], b[1])));
  const flatY = places.reduce((sum, p) => sum + p.flatY, 0) / places.length;
  const zoom = (size.width - 80) / (2 * half * layout.flat.scale);
  return { flatZoom: clamp(zoom, 1, 3), flatX: 0, flatY: flatY - layout.flat.y };
}

/**
 * @param {[number, number, number]} target
 * @param {number} distance
 * @param {{yaw: number, pitch: number, fov: number}} pose
 * @param {Size} size
 * @returns {Lens}
 */
function build(target, distance, pose, size) {
  const back = direction(pose);
  /** @type {[number, number, number]} */
  const eye = [
    target[0] + back[0] * distance,
    target[1] + back[1] * distance,
    target[2] + back[2] * distance,
  ];
  const view = mat4.lookAt(mat4.create(), eye, target, [0, 1, 0]);
  const near = Math.max(4, distance * 0.03);
  const eyeMatrix = mat4.perspective(
    mat4.create(),
    pose.fov * RAD,
    size.width / size.height,
    near,
    distance + 8000,
  );
  const matrix = mat4.multiply(mat4.create(), eyeMatrix, view);
  const inverse = mat4.invert(mat4.create(), matrix) ?? mat4.create();
  return {
    matrix,
    inverse,
    eye,
    target,
    distance,
    pitch: pose.pitch,
    fov: pose.fov * RAD,
    size,
    flat: { x: 0, y: 0, scale: 1 },
  };
}

/** From the target to the eye. @param {{yaw: number, pitch: number}} p @returns {[number, number, number]} */
function direction(p) {
  return [Math.sin(p.yaw) * Math.cos(p.pitch), Math.sin(p.pitch), Math.cos(p.yaw) * Math.cos(p.pitch)];
}

/**
 * Moves a point in the plane of the screen.
 * @param {[number, number, number]} point
 * @param {{yaw: number, pitch: number}} pose
 * @param {number} right world units
 * @param {number} up
 * @returns {[number, number, number]}
 */
export function shift(point, pose, right, up) {
  const { yaw, pitch } = pose;
  return [
    point[0] + Math.cos(yaw) * right - Math.sin(yaw) * Math.sin(pitch) * up,
    point[1] + Math.cos(pitch) * up,
    point[2] - Math.sin(yaw) * right - Math.cos(yaw) * Math.sin(pitch) * up,
  ];
}

/**
 * The pose after the picture was carried by a pointer.
 * @param {Pose} pose
 * @param {Lens} seen
 * @param {number} dx CSS px
 * @param {number} dy
 * @param {boolean} flat
 * @returns {Pose}
 */
export function panned(pose, seen, dx, dy, flat) {
  if (flat)
    return { ...pose, flatX: pose.flatX - dx / seen.flat.scale, flatY: pose.flatY + dy / seen.flat.scale };
  const perPixel = (2 * seen.distance * Math.tan(seen.fov / 2)) / seen.size.height;
  const [x, y, z] = shift([pose.x, pose.y, pose.z], pose, -dx * perPixel, dy * perPixel);
  return { ...pose, x, y, z };
}

/**
 * CSS pixels of a point; w ≤ 0 is behind the eye.
 * @param {Lens} lens
 * @param {number} x
 * @param {number} y
 * @param {number} z
 * @returns {{x: number, y: number, w: number}}
 */
export function project(lens, x, y, z) {
  const m = lens.matrix;
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  const cx = (m[0] * x + m[4] * y + m[8] * z + m[12]) / w;
  const cy = (m[1] * x + m[5] * y + m[9] * z + m[13]) / w;
  return { x: (cx * 0.5 + 0.5) * lens.size.width, y: (0.5 - cy * 0.5) * lens.size.height, w };
}

/** @param {Lens} lens @param {number} x @param {number} y @returns {{x: number, y: number}} */
export function projectFlat(lens, x, y) {
  const { flat, size } = lens;
  return { x: size.width / 2 + (x - flat.x) * flat.scale, y: size.height / 2 - (y - flat.y) * flat.scale };
}

/**
 * The ray of a CSS pixel: origin and direction (not normalised).
 * @param {Lens} lens
 * @param {number} px
 * @param {number} py
 */
export function ray(lens, px, py) {
  const far = unproject(lens, (px / lens.size.width) * 2 - 1, 1 - (py / lens.size.height) * 2, 0.5);
  const [ex, ey, ez] = lens.eye;
  return {
    origin: lens.eye,
    way: /** @type {[number, number, number]} */ ([far[0] - ex, far[1] - ey, far[2] - ez]),
  };
}

/** @param {Lens} lens @param {number} x @param {number} y @param {number} z */
function unproject(lens, x, y, z) {
  const m = lens.inverse;
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  return [
    (m[0] * x + m[4] * y + m[8] * z + m[12]) / w,
    (m[1] * x + m[5] * y + m[9] * z + m[13]) / w,
    (m[2] * x + m[6] * y + m[10] * z + m[14]) / w,
  ];
}

/** @param {Place} p @returns {[number, number, number][]} */
function boxCorners(p) {
  const [x0, x1, y0, y1, z0, z1] = bounds(p);
  const made = /** @type {[number, number, number][]} */ ([]);
  for (const x of [x0, x1]) for (const y of [y0, y1]) for (const z of [z0, z1]) made.push([x, y, z]);
  return made;
}

/** @param {[number, number, number][]} points @returns {[number, number, number]} */
function middle(points) {
  const mid = (/** @type {number} */ i) => {
    const all = points.map(p => p[i]);
    return (Math.min(...all) + Math.max(...all)) / 2;
  };
  return [mid(0), mid(1), mid(2)];
}

/** @param {[number, number, number][]} points @param {Lens} lens */
function extent(points, lens) {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const [x, y, z] of points) {
    const p = project(lens, x, y, z);
    if (p.w <= 1) return { left: -4000, right: 4000, top: -4000, bottom: 4000 };
    box.left = Math.min(box.left, p.x);
    box.right = Math.max(box.right, p.x);
    box.top = Math.min(box.top, p.y);
    box.bottom = Math.max(box.bottom, p.y);
  }
  return box;
}
