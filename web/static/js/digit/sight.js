// What the net sees of a drawing: 784 greys, by the recipe or raw.

import { centred, FIELD, PAD, uncentred } from "./recipe.js";

/**
 * An untouched picture is passed on as it is: a test digit stays the very digit that the
 * nets were measured on.
 * @param {Uint8Array} greys 280×280
 * @param {import("./drawing.js").Picture|null} only the picture, while nothing is drawn on it
 * @param {boolean} byMass MNIST's recipe; else the pad is only reduced
 * @returns {{greys: Uint8Array, blank: boolean}}
 */
export function see(greys, only, byMass) {
  const seen = only ? only.greys : byMass ? centred(greys, PAD, PAD) : uncentred(greys, PAD, PAD);
  if (!seen?.some(g => g > 0)) return { greys: new Uint8Array(FIELD * FIELD), blank: true };
  return { greys: seen, blank: false };
}
