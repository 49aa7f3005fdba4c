// The choice of what one colour scale covers; the legend and the phone's menu of the stage show it.

import { h } from "./dom.js";
import { t } from "./i18n.js";

/** @typedef {import("./types.js").AppState} AppState */

const SCOPES = /** @type {const} */ (["map", "layer", "net"]);

/**
 * The choice of what one colour scale covers; a second one stands among the tools of the phone.
 * @param {import("./types.js").AppStore} store
 * @param {AbortSignal} signal
 */
export function scopeSelect(store, signal) {
  const select = h(
    "select",
    {
      class: "legend-scope",
      "aria-label": t("legend.scale"),
      on: { change: () => store.set({ scope: /** @type {AppState["scope"]} */ (select.value) }) },
      signal,
    },
    SCOPES.map(scope => h("option", { value: scope }, t(`legend.scope.${scope}`))),
  );
  const show = () => {
    select.value = store.get().scope;
  };
  store.subscribe(show, signal);
  show();
  return select;
}
