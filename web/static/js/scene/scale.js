// Colour scales, asked for once a run: a scale per layer or per net is a search over channels.

/** @typedef {import("../types.js").Activations} Activations */
/** @typedef {Pick<Activations, "value"|"range">} Scaled */

/**
 * @param {Activations} acts
 * @returns {Scaled} the same answers, remembered until the activations change
 */
export function remember(acts) {
  /** @type {Map<string, {lo: number, hi: number}>} */
  const known = new Map();
  let version = -1;
  return {
    value: ref => acts.value(ref),
    range(layer, channel, scope) {
      if (acts.version !== version) {
        known.clear();
        version = acts.version;
      }
      const key = scope === "map" ? `${layer}.${channel}` : `${layer} ${scope}`;
      const found = known.get(key) ?? acts.range(layer, channel, scope);
      known.set(key, found);
      return found;
    },
  };
}
