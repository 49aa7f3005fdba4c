// Lines of a sum: words at the left, figures at the right, the total under a rule.

import { fill, h } from "../dom.js";

/**
 * @typedef {object} Line
 * @property {(Node|string)[]} words
 * @property {string} figure "" keeps the place and shows nothing
 * @property {string} [exact] the whole number, for who points at it
 * @property {boolean} [total] stands under a rule
 */

/**
 * A list of lines that changes its texts in place, so that nothing flickers while one draws.
 */
export function createLines() {
  const element = h("dl", { class: "sum" });
  /** @type {{words: HTMLElement, figure: HTMLElement}[]} */
  let parts = [];
  let shape = "";

  /** @param {Line[]} lines */
  function update(lines) {
    const now = lines.map(line => `${line.total ? "T" : "-"}${line.words.length}`).join();
    if (now !== shape) {
      shape = now;
      parts = lines.map(line => ({
        words: h("dt", { class: line.total ? "t" : null }),
        figure: h("dd", { class: line.total ? "num t" : "num" }),
      }));
      fill(element, ...parts.flatMap(part => [part.words, part.figure]));
    }
    lines.forEach((line, i) => {
      const { words, figure } = parts[i];
      if (words.textContent !== line.words.map(textOf).join("")) fill(words, ...line.words);
      figure.textContent = line.figure;
      figure.title = line.exact ?? "";
      words.classList.toggle("void", line.figure === "");
      figure.classList.toggle("void", line.figure === "");
    });
  }
  return { element, update };
}

/** @param {Node|string} node */
const textOf = node => (typeof node === "string" ? node : (node.textContent ?? ""));

/**
 * Words with their letter: "bias b".
 * @param {string} words
 * @param {string} [letter]
 * @returns {(Node|string)[]}
 */
export function withLetter(words, letter) {
  return letter ? [`${words} `, h("i", { class: "math" }, letter)] : [words];
}
