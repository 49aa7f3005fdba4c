// The keys, as a dialog.

import { h, icon } from "../dom.js";

/** @typedef {import("../types.js").ViewContext} ViewContext */

const CONTROL = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘" : "Ctrl";

/** What each key does, in groups; a word of several keys stands in one row. */
const GROUPS = /** @type {const} */ ([
  [
    "keys.run",
    [
      [["Space"], "keys.play"],
      [["←", "→"], "keys.step"],
      [["Shift", "←", "→"], "keys.window"],
      [["Home", "End"], "keys.ends"],
    ],
  ],
  [
    "keys.net",
    [
      [["↓", "↑"], "keys.enter"],
      [["0", "…", "9"], "keys.channel"],
      [["/"], "keys.search"],
      [["Esc"], "keys.escape"],
    ],
  ],
  [
    "keys.stage",
    [
      [["←", "→", "↑", "↓"], "keys.walk"],
      [["PgUp", "PgDn"], "keys.levels"],
      [["Enter"], "keys.pin"],
      [["Shift", "←", "→"], "keys.pan"],
      [["+", "−"], "keys.zoom"],
    ],
  ],
  [
    "keys.pad",
    [
      [["←", "→", "↑", "↓"], "keys.cross"],
      [["Space"], "keys.draw"],
      [["Enter"], "keys.lower"],
      [["Del"], "keys.clear"],
    ],
  ],
  [
    "keys.page",
    [
      [[CONTROL, "Z"], "keys.undo"],
      [[CONTROL, "Y"], "keys.redo"],
      [[CONTROL, "V"], "keys.paste"],
      [["?"], "keys.help"],
    ],
  ],
]);

/**
 * @param {ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function createHelp({ t }, signal) {
  const close = h(
    "button",
    {
      class: "btn icon quiet sm",
      type: "button",
      "aria-label": t("keys.close"),
      on: { click: () => dialog.close() },
      signal,
    },
    icon("close"),
  );
  const groups = GROUPS.map(([title, rows]) =>
    h(
      "section",
      {},
      h("h3", {}, t(title)),
      h(
        "dl",
        {},
        ...rows.flatMap(([keys, deed]) => [
          h("dt", {}, ...keys.map(key => (key === "…" ? key : h("kbd", { class: "kbd" }, key)))),
          h("dd", {}, t(deed)),
        ]),
      ),
    ),
  );
  const title = h("h2", { id: "keys-title" }, t("keys.title"));
  const dialog = h(
    "dialog",
    { class: "dialog keys", "aria-labelledby": "keys-title" },
    h("header", { class: "row between" }, title, close),
    h("div", { class: "groups" }, ...groups),
  );
  closeOutside(dialog, signal);
  return {
    dialog,
    open() {
      if (!dialog.open) dialog.showModal();
    },
  };
}

/**
 * A press on what is behind a dialog closes it.
 * @param {HTMLDialogElement} dialog
 * @param {AbortSignal} signal
 */
export function closeOutside(dialog, signal) {
  dialog.addEventListener(
    "click",
    event => {
      if (event.target !== dialog) return;
      const box = dialog.getBoundingClientRect();
      const inside =
        event.clientX >= box.left &&
        event.clientX <= box.right &&
        event.clientY >= box.top &&
        event.clientY <= box.bottom;
      if (!inside) dialog.close();
    },
    { signal },
  );
  dialog.addEventListener("keydown", event => event.stopPropagation(), { signal }); // Space does not play the run
}
