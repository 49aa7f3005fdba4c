// A drawing as a list of acts that can be undone: strokes as vectors, pictures, clearing.
// Knows nothing of canvases.

/**
 * A line drawn with a round nib, in pad pixels (0…280, may leave the pad).
 * @typedef {object} Stroke
 * @property {"stroke"} kind
 * @property {"pen"|"eraser"} tool
 * @property {number} width diameter of the nib
 * @property {number[]} points x, y, x, y, …
 */

/**
 * 28×28 greys that cover the whole pad: a test digit, a pasted picture, a drawing from an address.
 * @typedef {object} Picture
 * @property {"picture"} kind
 * @property {Uint8Array} greys 784
 * @property {Sample|null} sample where it came from, if from the test set
 */

/**
 * @typedef {object} Sample
 * @property {number} index in the 10,000 test digits
 * @property {number} label what it is meant to be
 */

/** @typedef {Stroke|Picture|{kind: "clear"}} Act */

/**
 * @typedef {object} Drawing
 * @property {() => readonly Act[]} visible what has to be painted, first to last
 * @property {(act: Act) => void} push a new act; what was undone is lost
 * @property {() => boolean} undo false: nothing to undo
 * @property {() => boolean} redo
 * @property {() => boolean} canUndo
 * @property {() => boolean} canRedo
 * @property {() => Picture|null} onlyPicture the picture, while nothing is drawn on it
 */

/**
 * @param {number} [depth] how many acts can be undone
 * @returns {Drawing}
 */
export function createDrawing(depth = 100) {
  /** @type {Act[]} */
  const done = [];
  /** @type {Act[]} */
  const undone = [];
  let floor = 0; // acts before it are there for good

  const visible = () => {
    let from = done.length;
    while (from > 0 && done[from - 1].kind === "stroke") from--;
    if (from > 0 && done[from - 1].kind === "picture") from--;
    return done.slice(from);
  };

  return {
    visible,
    canUndo: () => done.length > floor,
    canRedo: () => undone.length > 0,

    push(act) {
      done.push(act);
      undone.length = 0;
      floor = Math.max(floor, done.length - depth);
      const covered = firstNeeded(done, floor);
      done.splice(0, covered);
      floor -= covered;
    },

    undo() {
      if (done.length <= floor) return false;
      undone.push(/** @type {Act} */ (done.pop()));
      return true;
    },

    redo() {
      const act = undone.pop();
      if (!act) return false;
      done.push(act);
      return true;
    },

    onlyPicture() {
      const acts = visible();
      return acts.length === 1 && acts[0].kind === "picture" ? acts[0] : null;
    },
  };
}

/**
 * The first act that any reachable state still shows: all before it is covered by a
 * picture or a clearing at or below the floor.
 * @param {Act[]} acts
 * @param {number} floor
 * @returns {number}
 */
function firstNeeded(acts, floor) {
  for (let i = floor - 1; i >= 0; i--) {
    if (acts[i].kind !== "stroke") return i;
  }
  return 0;
}
