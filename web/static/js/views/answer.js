// The answer: ten live bars, first and second guess, and the exact numbers as a table.

import { fill, h, must } from "../dom.js";
import { num, percent, signed } from "../i18n.js";

/** @typedef {import("../types.js").Answer} Answer */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").ViewContext} ViewContext */

const SAY_EVERY_MS = 1000; // a screen reader is not told more often
const HIDDEN_EVERY_MS = 250; // the table, while only a screen reader sees it
const DIGITS = 10;

/**
 * How a head's outputs are drawn and written.
 * @typedef {object} Form
 * @property {(a: Answer, digit: number) => {from: number, to: number}} bar both 0…1, 0 at the bottom
 * @property {(a: Answer, digit: number) => string} short beside the guess
 * @property {string} head word of the column of exact outputs
 * @property {number} zero where the zero line lies, 0…1
 */

/**
 * @param {HTMLElement} root data-view="answer"
 * @param {ViewContext} ctx
 * @returns {() => void} unmount
 */
export function mountAnswer(root, ctx) {
  const life = new AbortController();
  const { signal } = life;
  ctx.signal.addEventListener("abort", () => life.abort(), { signal });

  const bars = createBars(must(root, ".answer-bars"));
  const table = createTable(must(root, ".answer-table"), ctx);
  const guesses = createGuesses(root, ctx, signal);
  const numbers = (/** @type {Answer|null} */ answer) => table.show(answer, ctx.store.get().manifest);
  const numbersLater = atMostEvery(HIDDEN_EVERY_MS, numbers, signal);

  const render = () => {
    const { answer, manifest } = ctx.store.get();
    const shown = answer && !answer.blank && manifest ? answer : null;
    bars.show(shown, manifest ? formOf(manifest) : null);
    guesses.show(shown, manifest, answer !== null);
    if (table.isOpen()) numbers(shown);
    else numbersLater(shown);
    root.toggleAttribute("data-empty", !shown);
  };

  const head = () => {
    const { manifest } = ctx.store.get();
    root.dataset.head = manifest?.head.kind ?? "";
    bars.zero(
      manifest ? formOf(manifest).zero : 0,
      manifest?.head.kind === "rbf" ? ctx.t("answer.lower") : "",
    );
  };

  ctx.store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest) head();
    if (s.answer !== prev.answer || s.manifest !== prev.manifest) render();
  }, signal);
  attachNumbers(root, render, signal);
  attachAccuracy(must(root, "[data-act=confusion]"), ctx, signal);
  head();
  render();
  return () => life.abort();
}

/**
 * Probabilities where the head has them; else outputs round a zero line; distances of an
 * RBF head from zero up to the largest.
 * @param {Manifest} manifest
 * @returns {Form}
 */
export function formOf(manifest) {
  if (manifest.head.kind === "softmax") {
    return {
      bar: (a, digit) => ({ from: 0, to: a.probabilities?.[digit] ?? 0 }),
      short: (a, digit) => percent(a.probabilities?.[digit] ?? 0),
      head: "answer.logit",
      zero: 0,
    };
  }
  if (manifest.head.kind === "rbf") {
    return {
      bar: (a, digit) => ({ from: 0, to: a.scores[digit] / Math.max(...a.scores, Number.MIN_VALUE) }),
      short: (a, digit) => num(a.scores[digit], 2),
      head: "answer.distance",
      zero: 0,
    };
  }
  const reach = manifest.layers.at(-1)?.activation?.a ?? 1; // A of A·tanh(S·s)
  return {
    bar: (a, digit) => {
      const end = 0.5 + a.scores[digit] / reach / 2;
      return { from: Math.min(0.5, end), to: Math.max(0.5, end) };
    },
    short: (a, digit) => signed(a.scores[digit], 3),
    head: "answer.value",
    zero: 0.5,
  };
}

/**
 * First and second guess, seen at once and said at most once a second.
 * @param {HTMLElement} root
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function createGuesses(root, ctx, signal) {
  const first = must(root, ".answer-first");
  const firstValue = must(root, "[data-part=first]");
  const second = must(root, "[data-part=second]");
  const live = must(root, ".for-reader[role=status]");
  const say = atMostEvery(
    SAY_EVERY_MS,
    (/** @type {string} */ text) => {
      if (live.textContent !== text) live.textContent = text;
    },
    signal,
  );

  return {
    /**
     * @param {Answer|null} answer null: nothing is drawn
     * @param {Manifest|null} manifest
     * @param {boolean} cleared the server answered an empty pad
     */
    show(answer, manifest, cleared) {
      if (!answer || !manifest) {
        first.textContent = "";
        firstValue.textContent = "";
        second.textContent = ctx.t("answer.empty");
        say(cleared ? ctx.t("answer.blank") : "");
        return;
      }
      const form = formOf(manifest);
      const { labels } = manifest.head;
      const [one, two] = answer.order;
      const value = form.short(answer, one);
      first.textContent = labels[one];
      firstValue.textContent = value;
      second.textContent = ctx.t("answer.then", { digit: labels[two], value: form.short(answer, two) });
      say(ctx.t("answer.say", { first: labels[one], value, second: labels[two] }));
    },
  };
}

/**
 * Ten bars. Data under the pen has no transition.
 * @param {HTMLElement} root
 */
function createBars(root) {
  const line = h("span", { class: "answer-zero" });
  const note = h("small", { class: "answer-note dim" });
  const bars = Array.from({ length: DIGITS }, (_, digit) => {
    const bar = h("i", {});
    return { bar, item: h("span", { class: "answer-bar" }, h("span", { class: "answer-well" }, bar), digit) };
  });
  fill(
    root,
    line,
    note,
    bars.map(b => b.item),
  );

  return {
    /**
     * @param {number} zero
     * @param {string} text
     */
    zero(zero, text) {
      root.style.setProperty("--zero", String(zero));
      note.textContent = text;
    },

    /**
     * @param {Answer|null} answer
     * @param {Form|null} form
     */
    show(answer, form) {
      bars.forEach(({ bar, item }, digit) => {
        const { from, to } =
          answer && form ? form.bar(answer, digit) : { from: form?.zero ?? 0, to: form?.zero ?? 0 };
        bar.style.insetBlockEnd = `${from * 100}%`;
        bar.style.blockSize = `${(to - from) * 100}%`;
        item.dataset.place = String(answer ? answer.order.indexOf(digit) + 1 : 0);
      });
    },
  };
}

/**
 * The exact outputs, for everyone: read aloud always, on screen when asked for.
 * @param {HTMLElement} table
 * @param {ViewContext} ctx
 */
function createTable(table, ctx) {
  const body = must(table, "tbody");
  const rows = Array.from({ length: DIGITS }, () => {
    const name = h("th", { scope: "row" });
    const value = h("td", { class: "num" });
    const share = h("td", { class: "num" });
    return { name, value, share, row: h("tr", {}, name, value, share) };
  });
  fill(
    body,
    rows.map(r => r.row),
  );

  return {
    isOpen: () => !table.classList.contains("for-reader"),

    /**
     * @param {Answer|null} answer
     * @param {Manifest|null} manifest
     */
    show(answer, manifest) {
      const shares = manifest?.head.kind === "softmax";
      must(table, "[data-part=value-head]").textContent = manifest ? ctx.t(formOf(manifest).head) : "";
      must(table, "[data-part=share-head]").textContent = shares ? ctx.t("answer.share") : "";
      rows.forEach((r, digit) => {
        r.name.textContent = manifest?.head.labels[digit] ?? String(digit);
        r.value.textContent = answer ? exact(answer.scores[digit]) : "";
        r.share.textContent = answer?.probabilities && shares ? percent(answer.probabilities[digit], 4) : "";
        r.row.dataset.place = String(answer ? answer.order.indexOf(digit) + 1 : 0);
      });
    },
  };
}

/**
 * Enough digits to tell any two float32 numbers of this size apart.
 * @param {number} value
 */
function exact(value) {
  return num(value, Math.max(2, 8 - Math.ceil(Math.log10(Math.abs(value) + 1))));
}

/**
 * @param {HTMLElement} root
 * @param {() => void} fresh fills the table
 * @param {AbortSignal} signal
 */
function attachNumbers(root, fresh, signal) {
  const button = must(root, "[data-act=numbers]");
  const table = must(root, ".answer-table");
  button.addEventListener(
    "click",
    () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      table.classList.toggle("for-reader", !open);
      if (!open) return;
      fresh();
      table.scrollIntoView({ block: "nearest" });
    },
    { signal },
  );
}

/**
 * The net's measured accuracy; opens the confusion matrix.
 * @param {HTMLElement} button
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
function attachAccuracy(button, ctx, signal) {
  const show = () => {
    const { manifest } = ctx.store.get();
    button.hidden = !manifest?.confusion;
    if (!manifest) return;
    const accuracy = percent(manifest.accuracy);
    button.textContent = ctx.t("answer.accuracy", { accuracy });
    button.setAttribute("aria-label", ctx.t("answer.accuracy_name", { accuracy }));
  };
  button.addEventListener("click", () => ctx.bus.emit("confusion"), { signal });
  ctx.store.subscribe((s, prev) => {
    if (s.manifest !== prev.manifest) show();
  }, signal);
  show();
}

/**
 * Calls at most so often, and always with the last value.
 * @template T
 * @param {number} ms
 * @param {(value: T) => void} fn
 * @param {AbortSignal} signal
 * @returns {(value: T) => void}
 */
function atMostEvery(ms, fn, signal) {
  /** @type {T} */
  let next;
  let last = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  const call = () => {
    timer = undefined;
    last = performance.now();
    fn(next);
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return value => {
    next = value;
    timer ??= setTimeout(call, Math.max(0, last + ms - performance.now()));
  };
}
