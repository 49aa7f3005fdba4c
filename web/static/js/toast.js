// Short messages at the foot of the page: an icon, words, at most one action.

import { fill, h, icon, must } from "./dom.js";

/**
 * @typedef {object} Toast
 * @property {string} text
 * @property {string} [icon]
 * @property {"warn"|"bad"} [kind]
 * @property {{text: string, run: () => void}} [action]
 * @property {boolean} [stay] until `end` is called
 */

const SHOWN_MS = 5000;

/**
 * @param {Toast} toast
 * @returns {() => void} end
 */
export function showToast(toast) {
  const place = must(document, ".toasts");
  const box = h("div", { class: `toast ${toast.kind ?? ""}`.trim(), role: toast.kind ? "alert" : null });
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  const end = () => {
    clearTimeout(timer);
    box.remove();
  };
  fill(
    box,
    icon(toast.icon ?? (toast.kind ? "warn" : "check")),
    h("span", {}, toast.text),
    toast.action &&
      h(
        "button",
        { class: "btn sm", type: "button", on: { click: () => act(toast, end) } },
        toast.action.text,
      ),
  );
  if (!toast.stay)
    place.replaceChildren(
      ...[...place.children].filter(kept => /** @type {HTMLElement} */ (kept).dataset.stay),
    );
  else box.dataset.stay = "true";
  place.append(box);
  if (!toast.stay) timer = setTimeout(end, SHOWN_MS);
  return end;
}

/**
 * @param {Toast} toast
 * @param {() => void} end
 */
function act(toast, end) {
  if (!toast.stay) end();
  toast.action?.run();
}
