// The arithmetic of a unit as equations in MathML, for the text twin.

import { math } from "../dom.js";
import { kindOf, rawOf } from "./arithmetic.js";
import { softmax } from "./curve.js";
import { exact, operand, plain, printSums } from "./format.js";
import { equation, mathFormula, mathNumber, mathSum, variable } from "./formula.js";

/** @typedef {import("../types.js").UnitInfo} UnitInfo */
/** @typedef {import("../types.js").Manifest} Manifest */
/** @typedef {import("../types.js").Answer} Answer */

const FEW = 6; // addends that are written out

/**
 * @param {UnitInfo} info
 * @param {Manifest} manifest
 * @param {Answer|null} answer
 * @returns {Element[]} <math> elements
 */
export function equations(info, manifest, answer) {
  switch (kindOf(info, manifest)) {
    case "input":
      return [ofInput(info, manifest)];
    case "max":
      return [ofMax(info)];
    case "average":
    case "subsample":
      return [ofPool(info), ...output(info, answer)];
    case "rbf":
      return [equation(variable("y"), row(sigma(info.products), squared()), mathNumber(plain(info.value)))];
    case "sum":
      return [ofSum(info), ...output(info, answer)];
    default:
      return [equation(variable("y"), mathNumber(plain(info.value)))];
  }
}

const row = (/** @type {(Node|string)[]} */ ...children) => math("mrow", {}, ...children);
const op = (/** @type {string} */ text) => math("mo", {}, text);

/** Σ over i = 1 … n. @param {number} n */
function sigma(n) {
  const from = row(variable("i"), op("="), math("mn", {}, "1"));
  return math("munderover", {}, op("∑"), from, math("mn", {}, String(n)));
}

const indexed = (/** @type {string} */ name) => math("msub", {}, variable(name), variable("i"));
const squared = () =>
  math("msup", {}, row(op("("), indexed("x"), op("−"), indexed("w"), op(")")), math("mn", {}, "2"));

/** @param {UnitInfo} info */
function ofSum(info) {
  const apart = info.terms.length <= FEW && info.terms.length > 1;
  const parts = apart ? info.terms.map(term => term.sum) : [info.productsSum];
  const bias = info.bias === null ? [] : [info.bias];
  const [sum] = printSums([{ addends: [...parts, ...bias], total: info.pre ?? info.value }]);
  const addends = sum.rounding ? [...sum.addends, sum.rounding] : sum.addends;
  const general = row(
    sigma(info.products),
    indexed("x"),
    indexed("w"),
    info.bias === null ? "" : op("+"),
    info.bias === null ? "" : variable("b"),
  );
  return equation(variable("s"), general, mathSum(addends), mathNumber(sum.total.replace(/^\+/, "")));
}

/** @param {UnitInfo} info */
function ofMax(info) {
  const inputs = (info.pool?.inputs ?? []).flatMap((value, i) => [
    i > 0 ? op(",") : "",
    mathNumber(plain(value)),
  ]);
  return equation(
    variable("y"),
    row(math("mi", {}, "max"), op("("), ...inputs, op(")")),
    mathNumber(plain(info.value)),
  );
}

/** @param {UnitInfo} info */
function ofPool(info) {
  const pool = /** @type {import("../types.js").PoolInfo} */ (info.pool);
  const [sum] = printSums([{ addends: pool.inputs, total: pool.sum ?? 0 }]);
  const addends = sum.rounding ? [...sum.addends, sum.rounding] : sum.addends;
  const scaled = row(mathNumber(plain(pool.coefficient ?? 1)), op("·"), op("("), mathSum(addends), op(")"));
  if (pool.bias === null) return equation(variable("y"), scaled, mathNumber(plain(info.value)));
  const figure = operand(pool.bias);
  const left = row(scaled, op(figure[0]), math("mn", {}, figure.slice(1)));
  return equation(variable("s"), left, mathNumber(plain(info.pre ?? info.value)));
}

/** @param {UnitInfo} info @param {Manifest} manifest */
function ofInput(info, { input, ...rest }) {
  const raw = rawOf(info.value, { input, ...rest });
  const share = math("mfrac", {}, math("mn", {}, String(raw)), math("mn", {}, "255"));
  const scaled = input.scale === 1 ? [share] : [share, op("·"), math("mn", {}, exact(input.scale))];
  const less =
    input.offset === 0
      ? []
      : [op(input.offset < 0 ? "−" : "+"), math("mn", {}, exact(Math.abs(input.offset)))];
  return equation(variable("x"), row(...scaled, ...less), mathNumber(exact(info.value)));
}

/**
 * What the activation function makes of s.
 * @param {UnitInfo} info
 * @param {Answer|null} answer
 */
function output(info, answer) {
  const { activation, pre } = info;
  if (!activation || pre === null || activation.name === "identity") return [];
  if (activation.name !== "softmax") {
    return [
      equation(
        variable("y"),
        mathFormula(activation),
        mathFormula(activation, mathNumber(plain(pre))),
        mathNumber(plain(info.value)),
      ),
    ];
  }
  if (!answer) return [equation(variable("y"), mathFormula(activation), mathNumber(plain(info.value, 6)))];
  const { powers, total } = softmax(answer.scores);
  const shares = math("mfrac", {}, mathNumber(plain(powers[info.channel], 6)), mathNumber(plain(total, 6)));
  return [equation(variable("y"), mathFormula(activation), shares, mathNumber(plain(info.value, 6)))];
}
