// Words on screen, from the same catalogues that the server reads.

/** @type {Record<string, {text: string}>} */
let catalogue = {};
let lang = "en";
/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

const MINUS = "\u2212";
const NARROW = "\u00a0"; // no-break space before %

/**
 * Reads the catalogue of a language; await it before the first view is mounted.
 * @param {string} language "en" or "zh"
 */
export async function loadWords(language) {
  lang = language === "zh" ? "zh" : "en";
  const response = await fetch(new URL(`../i18n/${lang}.json`, import.meta.url));
  if (!response.ok) throw new Error(`catalogue ${lang}: ${response.status}`);
  setWords(lang, await response.json());
}

/**
 * @param {string} language
 * @param {Record<string, {text: string}>} words
 */
export function setWords(language, words) {
  lang = language;
  catalogue = words;
  formats.clear();
}

/**
 * The text of a key, with {placeholders} filled; numbers in the reader's form.
 * A key that does not exist shows itself: the tests look for it.
 * @type {import("./types.js").Translate}
 */
export function t(key, values = {}) {
  const entry = catalogue[key];
  if (!entry) return key;
  return entry.text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? num(value) : value;
  });
}

/**
 * A number in the reader's form, with a true minus.
 * @param {number} value
 * @param {number} [digits] after the point; without it as many as needed, at most 3
 */
export function num(value, digits) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : `${MINUS}∞`;
  const options =
    digits === undefined
      ? { maximumFractionDigits: 3 }
      : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return format(options).format(value).replace("-", MINUS);
}

/**
 * The same with its sign, for operands of a sum: +0.1385, −0.0744.
 * @param {number} value
 * @param {number} [digits]
 */
export function signed(value, digits = 4) {
  return (value < 0 || Object.is(value, -0) ? MINUS : "+") + num(Math.abs(value), digits);
}

/**
 * A share 0…1 in percent.
 * @param {number} share
 * @param {number} [digits]
 */
export function percent(share, digits = 2) {
  return `${num(share * 100, digits)}${NARROW}%`;
}

/** @returns {"en"|"zh"} */
export function language() {
  return lang === "zh" ? "zh" : "en";
}

/**
 * @param {Intl.NumberFormatOptions} options
 * @returns {Intl.NumberFormat}
 */
function format(options) {
  const key = JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en", options);
    formats.set(key, made);
  }
  return made;
}
