// Where a unit stands: what it sees of the drawing, what it feeds, and its map's switch.

import { middleOf, seen } from "../explain/arithmetic.js";
import { channelName, layerName, unitName } from "../explain/words.js";
import { fill, h } from "../dom.js";
import { percent, num } from "../i18n.js";
import { edgeWeight } from "../net/weights.js";

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").UnitRef} UnitRef */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Feed} Feed */
/** @typedef {import("../types.js").Answer} Answer */
/** @typedef {import("../types.js").ViewContext} ViewContext */

/**
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function createLinks(ctx, signal) {
  const { t, store } = ctx;
  const sees = h("p", { class: "sees cap" });
  const feeds = h("div", { class: "feeds cap" });
  const toggle = createSwitch(ctx, signal);
  const element = h("div", { class: "links" }, sees, feeds, toggle.button, toggle.effect);
  let shown = "";

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function update(info, manifest) {
    toggle.update(info, manifest);
    const now = [
      manifest.model,
      info.layer,
      info.channel,
      info.y,
      info.x,
      info.feeds[0]?.wins,
      ctx.weights() !== null,
    ].join();
    if (now === shown) return;
    shown = now;
    const field = seen(info, manifest);
    sees.hidden = field === null;
    if (field)
      sees.textContent = t(field.all ? "inspector.sees_all" : "inspector.sees", { h: field.h, w: field.w });
    feeds.hidden = info.feeds.length === 0;
    showFeeds(info, manifest);
  }

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function showFeeds(info, manifest) {
    const [next, ...later] = info.feeds;
    if (!next) {
      fill(feeds);
      return;
    }
    const target = targetOf(info, next, manifest, ctx);
    const pin = () => store.set({ pin: target, hover: null });
    const show = () => store.set({ hover: target });
    const hide = () => store.set({ hover: null });
    const on = { click: pin, pointerenter: show, pointerleave: hide, focus: show, blur: hide };
    const name = next.count === 1 ? unitName(target, manifest) : manyName(next, manifest, t);
    const label =
      next.count === 1
        ? null
        : t("inspector.pin_strongest", { area: name, unit: unitName(target, manifest) });
    const button = h(
      "button",
      { type: "button", class: "link", on, "aria-label": label, title: label },
      name,
    );
    const size = manifest.layers[next.layer].kernel?.join(" × ") ?? "";
    const won =
      next.wins === null ? "" : t(next.wins ? "inspector.wins_its" : "inspector.loses_its", { size });
    const on2 = later
      .map(feed => `${layerName(manifest.layers[feed.layer], manifest)} ${feed.count}`)
      .join(", ");
    fill(
      feeds,
      h("p", {}, `${t("inspector.feeds")} `, button, won && `, ${won}`),
      later.length > 0 && h("p", { class: "dim" }, t("inspector.then", { layers: on2 })),
    );
  }

  return { element, update };
}

/** "C3: 10 maps, 250 units". @param {Feed} feed @param {Manifest} manifest @param {import("../types.js").Translate} t */
function manyName(feed, manifest, t) {
  const layer = layerName(manifest.layers[feed.layer], manifest);
  const vector = feed.count === feed.channels.length;
  return t(vector ? "inspector.units_of" : "inspector.maps_of", {
    layer,
    maps: feed.channels.length,
    count: feed.count,
  });
}

/**
 * The one unit that is fed, or the one that this unit weighs most in.
 * @param {UnitInfo} info
 * @param {Feed} feed
 * @param {Manifest} manifest
 * @param {ViewContext} ctx
 * @returns {UnitRef}
 */
function targetOf(info, feed, manifest, ctx) {
  const weights = ctx.weights();
  let best = middleOf(feed);
  if (!weights || feed.count === 1) return best;
  let most = -1;
  for (const channel of feed.channels) {
    const to = middleOf(feed, channel);
    const weight = Math.abs(edgeWeight(manifest, weights, info, to));
    if (weight > most) [best, most] = [to, weight];
  }
  return best;
}

/**
 * The switch of the unit's map, and what the answer was before and is now.
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function createSwitch({ t, store, bus }, signal) {
  const words = h("span");
  const button = h(
    "button",
    { class: "btn sm", type: "button", "aria-pressed": "false", on: { click: flip }, signal },
    words,
  );
  const effect = h("p", { class: "effect", role: "status" });
  /** @type {UnitInfo|null} */
  let unit = null;
  /** @type {Answer|null} the answer with everything on, for the drawing that is on the pad */
  let before = null;

  store.subscribe((s, prev) => {
    if (s.model !== prev.model || (s.off !== prev.off && s.off.length === 0)) before = null;
    if (s.answer !== prev.answer || s.off !== prev.off) show();
  }, signal);
  bus.on(
    "drawing",
    () => {
      before = null; // it was another drawing's
      show();
    },
    signal,
  );

  const isOff = () => {
    const { off } = store.get();
    return unit !== null && off.some(map => map.layer === unit?.layer && map.channel === unit?.channel);
  };

  function flip() {
    if (!unit) return;
    const { layer, channel } = unit;
    const { off, answer } = store.get();
    if (off.length === 0) before = answer;
    const rest = off.filter(map => map.layer !== layer || map.channel !== channel);
    store.set({ off: isOff() ? rest : [...off, { layer, channel }] });
    show();
    effect.scrollIntoView({ block: "nearest" });
  }

  function show() {
    const { manifest, answer, off } = store.get();
    if (!unit || !manifest) return;
    const pressed = isOff();
    const map = channelName(unit.layer, unit.channel, manifest);
    button.setAttribute("aria-pressed", String(pressed));
    words.textContent = t(pressed ? "inspector.switch_on" : "inspector.switch_off", { map });
    effect.hidden = off.length === 0;
    const names = off.map(one => mapName(one, manifest)).join(", ");
    const moved = before && answer && before !== answer && !before.blank;
    const changed = moved && before && answer ? change(before, answer, manifest, t) : "";
    say(t("inspector.off_now", { maps: names }), changed);
  }

  /** Says it once: a live region repeats what is written again. @param {string} which @param {string} changed */
  function say(which, changed) {
    const text = changed ? `${which} ${changed}` : which;
    if (effect.textContent === text) return;
    fill(effect, which, changed && h("span", { class: "before-after" }, ` ${changed}`));
  }

  /** @param {UnitInfo} info @param {Manifest} manifest */
  function update(info, manifest) {
    const other = unit?.layer !== info.layer || unit?.channel !== info.channel;
    unit = info;
    button.hidden = info.layer === 0 || info.layer === manifest.layers.length - 1;
    if (other) show();
  }
  return { button, effect, update };
}

/**
 * "C3 map 8"
 * @param {{layer: number, channel: number}} map
 * @param {Manifest} manifest
 */
function mapName({ layer, channel }, manifest) {
  return `${layerName(manifest.layers[layer], manifest)} ${channelName(layer, channel, manifest)}`;
}

/**
 * "7: 98.71 % → 62.30 %", and the new guess if it is another.
 * @param {Answer} before
 * @param {Answer} now
 * @param {Manifest} manifest
 * @param {import("../types.js").Translate} t
 */
function change(before, now, manifest, t) {
  const [guess] = before.order;
  const show = (/** @type {Answer} */ answer, /** @type {number} */ k) =>
    answer.probabilities ? percent(answer.probabilities[k]) : num(answer.scores[k], 3);
  const text = t("inspector.change", {
    label: manifest.head.labels[guess],
    before: show(before, guess),
    after: show(now, guess),
  });
  const [other] = now.order;
  if (other === guess) return `${text}.`;
  return `${text}, ${t("inspector.now", { label: manifest.head.labels[other], value: show(now, other) })}`;
}
