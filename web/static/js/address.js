// Keeps the address of the running page: what is drawn, pinned and seen.

import { packDrawing, readAddress, unpackDrawing, writeAddress } from "./url.js";

/** @typedef {import("./types.js").ViewContext} ViewContext */

const QUIET_MS = 300; // browsers refuse more than a few hundred changes a minute

/** Parts of the state that the address holds. */
const KEPT = /** @type {const} */ ([
  "model",
  "view",
  "pin",
  "scope",
  "off",
  "hidden",
  "centred",
  "text",
  "spacing",
]);

/**
 * Brings back what an address says of the drawing and the camera.
 * @param {ViewContext} ctx
 * @param {import("./url.js").Address} address
 */
export async function restore(ctx, address) {
  if (address.camera) ctx.scene?.setCamera(address.camera);
  if (address.digit !== null) {
    ctx.bus.emit("digit", { index: address.digit });
  } else if (address.drawing) {
    const greys = await unpackDrawing(address.drawing);
    if (greys) ctx.bus.emit("show", greys);
  }
}

/**
 * @param {ViewContext} ctx
 * @param {import("./url.js").Address} address that the page was opened with
 */
export function keepAddress(ctx, address) {
  const { store, bus, signal } = ctx;
  let { digit, drawing, camera } = address;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  let latest = 0;
  const home = ctx.scene?.camera().join(); // before the address moves it

  const write = () => {
    timer = undefined;
    history.replaceState(history.state, "", writeAddress(store.get(), { digit, drawing, camera }));
  };
  const soon = () => {
    timer ??= setTimeout(write, QUIET_MS);
  };
  const flush = () => {
    clearTimeout(timer);
    write();
  };
  bus.on("flush-address", flush, signal);

  store.subscribe((s, prev) => {
    if (KEPT.some(key => s[key] !== prev[key])) soon();
  }, signal);
  bus.on(
    "sample",
    sample => {
      digit = /** @type {{index: number}|null} */ (sample)?.index ?? null;
      soon();
    },
    signal,
  );
  bus.on(
    "drawing",
    async greys => {
      const mine = ++latest;
      const bytes = Uint8Array.from(/** @type {Uint8Array} */ (greys));
      const text = bytes.some(grey => grey > 0) ? await packDrawing(bytes) : null;
      if (mine !== latest) return; // a newer drawing is on its way
      drawing = text;
      soon();
    },
    signal,
  );
  ctx.scene?.onCamera(() => {
    const now = ctx.scene?.camera() ?? null;
    camera = now?.join() === home ? null : now;
    soon();
  }, signal);
  bus.on(
    "reset-view",
    () => {
      camera = null;
      soon();
    },
    signal,
  );
  bus.on(
    "copy-link",
    () => {
      flush();
      void copyLink(ctx);
    },
    signal,
  );
  addEventListener(
    "popstate",
    () => {
      const back = readAddress(location);
      store.set(back.state);
      void restore(ctx, back);
    },
    { signal },
  );
  addEventListener("pagehide", flush, { signal });
}

/** @param {ViewContext} ctx */
async function copyLink({ bus, t }) {
  try {
    await navigator.clipboard.writeText(location.href);
    bus.emit("toast", { text: t("toast.copied"), icon: "link" });
  } catch {
    // without a secure context there is no clipboard; the address bar has the link
    bus.emit("toast", { text: t("toast.link_in_bar"), icon: "link", kind: "warn" });
  }
}
