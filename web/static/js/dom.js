// Elements without markup strings: Trusted Types are enforced on every page.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node|string|number|null|undefined|false} Child */
/** @typedef {(event: Event) => void} Listener */
/** @typedef {Record<string, unknown>} Props */

/**
 * Makes an HTML element:
 *
 *   h("button", { class: "btn quiet", type: "button", "aria-label": t("pad.undo"), on: { click: undo } }, icon("undo"))
 *
 * `class` and any attribute by its name (true = present, false/null = absent);
 * `on: {event: fn}` adds listeners (pass `signal` to end them); `data: {key: value}` sets
 * data attributes; `style: {"--v": "40%"}` sets properties by CSSOM; `props: {value: "x"}`
 * sets properties of the object.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...(Child|Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  apply(element, props);
  add(element, children);
  return element;
}

/**
 * The same for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...(Child|Child[])} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, props = {}, ...children) {
  const element = /** @type {SVGElementTagNameMap[K]} */ (document.createElementNS(SVG, tag));
  apply(element, props);
  add(element, children);
  return element;
}

/** The same for MathML, for the text twin.
 * @param {string} tag
 * @param {Props} [props]
 * @param {...(Child|Child[])} children
 * @returns {Element}
 */
export function math(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  apply(element, props);
  add(element, children);
  return element;
}

/**
 * An icon of the sprite in the layout. Decorative: the control has the name.
 * @param {string} name
 * @param {string} [extra] more classes
 * @returns {SVGSVGElement}
 */
export function icon(name, extra = "") {
  const use = svg("use", { href: `#i-${name}` });
  return svg(
    "svg",
    { class: `ic ${extra}`.trim(), viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    use,
  );
}

/**
 * Replaces what is inside an element.
 * @param {Element} element
 * @param {...(Child|Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/**
 * The element of a selector that must exist: a missing one is our own bug.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function must(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`no ${selector} in the page`);
  return /** @type {T} */ (found);
}

/** @type {{createScriptURL: (url: string) => unknown}|null|undefined} */
let policy;

/**
 * The address of a script of ours in the form that Trusted Types ask of
 * `new Worker`. Another site's address throws.
 * @param {URL} url
 * @returns {URL}
 */
export function scriptURL(url) {
  const types =
    /** @type {{trustedTypes?: {createPolicy: (name: string, rules: object) => typeof policy}}} */ (
      /** @type {unknown} */ (globalThis)
    ).trustedTypes;
  if (!types) return url;
  policy ??= types.createPolicy("viz", {
    createScriptURL(/** @type {string} */ text) {
      if (new URL(text, location.href).origin !== location.origin)
        throw new TypeError("a script of another site");
      return text;
    },
  });
  return /** @type {URL} */ (policy?.createScriptURL(String(url)));
}

/**
 * @param {Element} element
 * @param {Props} props
 */
function apply(element, props) {
  const signal = /** @type {AbortSignal|undefined} */ (props.signal);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false || name === "signal") continue;
    const entries = Object.entries(typeof value === "object" ? value : {});
    if (name === "on") {
      for (const [event, fn] of entries) element.addEventListener(event, fn, { signal });
    } else if (name === "data") {
      for (const [key, text] of entries) element.setAttribute(`data-${key}`, String(text));
    } else if (name === "style") {
      const style = /** @type {HTMLElement} */ (element).style;
      for (const [key, text] of entries) style.setProperty(key, String(text));
    } else if (name === "props") {
      Object.assign(element, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/**
 * @param {Element} element
 * @param {(Child|Child[])[]} children
 */
function add(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
}
