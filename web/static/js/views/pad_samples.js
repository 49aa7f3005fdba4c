// "Give me a digit": any, of a class, one that the net gets wrong, or one that is asked
// for over the bus (from the address, from the confusion matrix).

import { fetchDigit, SampleError } from "../digit/samples.js";
import { fill, h, must } from "../dom.js";

/** @typedef {import("../digit/samples.js").Wish} Wish */

/**
 * @param {HTMLElement} root
 * @param {import("../digit/sketch.js").Sketch} sketch
 * @param {import("../types.js").ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function attachSamples(root, sketch, ctx, signal) {
  const { t, bus, store } = ctx;
  let asked = new AbortController();
  const give = async (/** @type {Wish} */ wish) => {
    asked.abort();
    asked = new AbortController();
    const mine = asked;
    try {
      const digit = await fetchDigit(wish, AbortSignal.any([signal, mine.signal]));
      if (mine.signal.aborted) return;
      sketch.put(digit.greys, { index: digit.index, label: digit.label });
    } catch (error) {
      if (mine.signal.aborted || signal.aborted) return;
      const missing = error instanceof SampleError && error.status === 404;
      bus.emit("toast", { text: t(missing ? "pad.none" : "pad.offline"), icon: "warn", kind: "warn" });
    }
  };

  let said = -1;
  const tell = () => {
    const sample = sketch.sample();
    const index = sample?.index ?? -1;
    if (index === said) return;
    said = index;
    bus.emit("sample", sample);
  };
  bus.on("drawn", tell, signal);

  const button = (/** @type {string} */ act) =>
    /** @type {HTMLButtonElement} */ (must(root, `[data-act=${act}]`));
  button("any").addEventListener("click", () => give({}), { signal });
  button("hard").addEventListener("click", () => give({ wrong: store.get().model }), { signal });
  attachClasses(button("classes"), must(root, ".pad-classes"), digit => give({ class: digit }), t, signal);
  bus.on("digit", wish => give(/** @type {Wish} */ (wish)), signal);
  signal.addEventListener("abort", () => asked.abort());
}

/**
 * Ten buttons that one button opens; Escape or a click elsewhere closes them.
 * @param {HTMLButtonElement} opener
 * @param {HTMLElement} menu
 * @param {(digit: number) => void} choose
 * @param {import("../types.js").Translate} t
 * @param {AbortSignal} signal
 */
function attachClasses(opener, menu, choose, t, signal) {
  const set = (/** @type {boolean} */ open) => {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement} */ (menu.firstElementChild).focus();
    else if (menu.contains(document.activeElement)) opener.focus();
  };
  fill(
    menu,
    Array.from({ length: 10 }, (_, digit) =>
      h("button", {
        class: "btn quiet icon",
        type: "button",
        "aria-label": t("pad.class", { digit }),
        on: {
          click: () => {
            choose(digit);
            opener.focus();
            set(false);
          },
        },
        props: { textContent: String(digit) },
        signal,
      }),
    ),
  );
  opener.addEventListener("click", () => set(menu.hidden === true), { signal });
  menu.addEventListener("keydown", event => move(menu, event), { signal });
  document.addEventListener(
    "keydown",
    event => {
      if (event.key !== "Escape" || menu.hidden) return;
      opener.focus();
      set(false);
      event.stopPropagation();
    },
    { signal, capture: true },
  );
  document.addEventListener(
    "pointerdown",
    event => {
      const target = /** @type {Node} */ (event.target);
      if (!menu.hidden && !menu.contains(target) && !opener.contains(target)) set(false);
    },
    { signal },
  );
}

/**
 * Arrows walk among the ten buttons, a digit chooses its own.
 * @param {HTMLElement} menu
 * @param {KeyboardEvent} event
 */
function move(menu, event) {
  const all = /** @type {HTMLElement[]} */ ([...menu.children]);
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 5, ArrowUp: -5 };
  if (event.key in steps) {
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    all[(at + step + all.length) % all.length].focus();
  } else if (/^[0-9]$/.test(event.key)) {
    all[Number(event.key)].click();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}
