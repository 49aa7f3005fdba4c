// Weights of edges, and how strong the strongest of a layer is.
import { edgeWeight } from "../net/weights.js";

/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Weights} Weights */

export function createWeighing() {
  /** @type {Manifest|null} */
  let manifest = null;
  /** @type {Weights|null} */
  let weights = null;
  /** @type {Map<number, number>} */
  const most = new Map();

  return {
    /** @param {Manifest} m @param {Weights|null} w */
    set(m, w) {
      manifest = m;
      weights = w;
      most.clear();
    },
    /**
     * null: the edge has no weight (pooling) or the weights are still on the way.
     * @param {UnitRef} from
     * @param {UnitRef} to
     * @returns {number|null}
     */
    weight(from, to) {
      if (!manifest || !weights || !manifest.layers[to.layer].weight) return null;
      return edgeWeight(manifest, weights, from, to);
    },
    /** @param {number} layer @returns {number} */
    strongest(layer) {
      const known = most.get(layer);
      if (known !== undefined) return known;
      const found = manifest && weights ? strongest(manifest, weights, layer) : 1;
      if (weights) most.set(layer, found);
      return found;
    },
  };
}

/**
 * Largest |weight| of a layer; 1 for a layer without weights.
 * @param {Manifest} manifest
 * @param {Weights} weights
 * @param {number} layer
 */
export function strongest(manifest, weights, layer) {
  const name = manifest.layers[layer].weight;
  if (!name) return 1;
  let most = 0;
  for (const w of weights.get(name).data) most = Math.max(most, Math.abs(w));
  return most || 1;
}
