// Formulas as typography: italics for what varies, upright for functions and numbers.

import { h, math } from "../dom.js";
import { exact } from "./format.js";

/** @typedef {import("../types.js").Activation} Activation */

const AMPLITUDE = 1.7159; // LeCun et al. 1998, appendix A
const SLOPE = 2 / 3;

/**
 * An activation function of s, or of a number.
 * @param {Activation} activation
 * @param {string} [value] in place of s
 * @returns {HTMLElement}
 */
export function formula(activation, value) {
  const s = () => (value === undefined ? h("i", { class: "math" }, "s") : value);
  const e = () => h("i", { class: "math" }, "e");
  const factor = value === undefined ? "\u2009" : " · ";
  const element = h("span", { class: value === undefined ? "math-line" : "math-line num" });
  switch (activation.name) {
    case "scaled_tanh":
      element.append(`${amplitudeOf(activation)}\u2009tanh(${slopeOf(activation)}${factor}`, s(), ")");
      break;
    case "tanh":
      element.append("tanh(", s(), ")");
      break;
    case "relu":
      element.append("max(0, ", s(), ")");
      break;
    case "sigmoid":
      element.append("1 / (1 + ", e(), h("sup", {}, "−", s()), ")");
      break;
    case "softmax":
      element.append(e(), h("sup", {}, s()), " / Σ ", e(), h("sup", {}, h("i", { class: "math" }, "s")));
      break;
    default:
      element.append(s());
  }
  return element;
}

/** The distance of an RBF unit: Σ (x − w)². @returns {HTMLElement} */
export function distance() {
  const i = (/** @type {string} */ text) => h("i", { class: "math" }, text);
  return h("span", { class: "math-line" }, "Σ (", i("x"), " − ", i("w"), ")²");
}

/** @param {Activation} activation */
const amplitudeOf = ({ a = AMPLITUDE }) => exact(a);

/** @param {Activation} activation */
function slopeOf({ b = SLOPE }) {
  return Math.abs(b - SLOPE) < 1e-6 ? "2/3" : exact(b);
}

const row = (/** @type {(Node|string)[]} */ ...children) => math("mrow", {}, ...children);
const op = (/** @type {string} */ text) => math("mo", {}, text);
const letter = (/** @type {string} */ text) => math("mi", {}, text);
const number = (/** @type {string} */ text) => math("mn", {}, text);

/**
 * A printed number as MathML; a sign stands as an operator.
 * @param {string} figure
 */
export function mathNumber(figure) {
  const sign = /^[+−]/.exec(figure)?.[0];
  return sign ? row(op(sign), number(figure.slice(1))) : number(figure);
}

/**
 * The activation function as MathML.
 * @param {Activation} activation
 * @param {Node} [inner] in place of s
 * @returns {Element}
 */
export function mathFormula(activation, inner) {
  const s = inner ?? letter("s");
  const bracketed = (/** @type {(Node|string)[]} */ ...children) => row(op("("), ...children, op(")"));
  switch (activation.name) {
    case "scaled_tanh": {
      const slope =
        slopeOf(activation) === "2/3"
          ? math("mfrac", {}, number("2"), number("3"))
          : number(slopeOf(activation));
      return row(number(amplitudeOf(activation)), letter("tanh"), bracketed(slope, op("·"), s));
    }
    case "tanh":
      return row(letter("tanh"), bracketed(s));
    case "relu":
      return row(letter("max"), bracketed(number("0"), op(","), s));
    case "sigmoid":
      return math(
        "mfrac",
        {},
        number("1"),
        row(number("1"), op("+"), math("msup", {}, letter("e"), row(op("−"), s))),
      );
    case "softmax": {
      const power = (/** @type {Node} */ exponent) => math("msup", {}, letter("e"), exponent);
      const each = power(math("msub", {}, letter("s"), letter("k")));
      return math("mfrac", {}, power(s), row(math("munder", {}, op("∑"), letter("k")), each));
    }
    default:
      return row(s);
  }
}

/**
 * An equation: left side, then each step after an equals sign.
 * @param {Node} left
 * @param {...Node} steps
 */
export function equation(left, ...steps) {
  return math("math", { display: "block" }, row(left, ...steps.flatMap(step => [op("="), step])));
}

/**
 * A sum of printed addends.
 * @param {string[]} figures each with its sign
 */
export function mathSum(figures) {
  return row(
    ...figures.flatMap((figure, i) => {
      const sign = figure[0];
      const signed = sign === "+" || sign === "−";
      if (!signed) return i === 0 ? [number(figure)] : [op("+"), number(figure)];
      return i === 0 && sign === "+" ? [number(figure.slice(1))] : [op(sign), number(figure.slice(1))];
    }),
  );
}

/** A variable. @param {string} name @param {string} [index] */
export function variable(name, index) {
  return index === undefined ? letter(name) : math("msub", {}, letter(name), math("mtext", {}, index));
}
