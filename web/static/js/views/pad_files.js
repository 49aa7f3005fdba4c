// Pictures of a digit: by the button, by drop, by paste.

import { SampleError, sendPicture } from "../digit/samples.js";
import { must } from "../dom.js";

/**
 * @param {HTMLElement} root
 * @param {import("../digit/sketch.js").Sketch} sketch
 * @param {import("../types.js").ViewContext} ctx
 * @param {AbortSignal} signal
 */
export function attachFiles(root, sketch, ctx, signal) {
  const { t, bus, store } = ctx;
  /** @type {HTMLInputElement} */
  const input = must(root, ".pad-file");

  const open = async (/** @type {File|undefined} */ file) => {
    if (!file) return;
    try {
      sketch.put(await sendPicture(file, store.get().centred, t, signal), null);
    } catch (error) {
      if (signal.aborted) return;
      const text = error instanceof SampleError && error.message ? error.message : t("pad.offline");
      bus.emit("toast", { text, icon: "warn", kind: "bad" });
    }
  };

  must(root, "[data-act=image]").addEventListener("click", () => input.click(), { signal });
  input.addEventListener(
    "change",
    () => {
      open(input.files?.[0]);
      input.value = ""; // so that the same file can be chosen again
    },
    { signal },
  );

  attachDrop(root, open, signal);
  document.addEventListener(
    "paste",
    event => {
      const file = [...(event.clipboardData?.files ?? [])].find(f => f.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      open(file);
    },
    { signal },
  );
}

/**
 * @param {HTMLElement} root
 * @param {(file: File|undefined) => void} open
 * @param {AbortSignal} signal
 */
function attachDrop(root, open, signal) {
  const drop = (/** @type {boolean} */ over) => root.toggleAttribute("data-drop", over);
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") === true;
  root.addEventListener(
    "dragover",
    event => {
      if (!hasFile(event)) return;
      event.preventDefault();
      drop(true);
    },
    { signal },
  );
  root.addEventListener(
    "dragleave",
    event => {
      if (!root.contains(/** @type {Node|null} */ (event.relatedTarget))) drop(false);
    },
    { signal },
  );
  root.addEventListener(
    "drop",
    event => {
      drop(false);
      if (!hasFile(event)) return;
      event.preventDefault();
      open(event.dataTransfer?.files[0]);
    },
    { signal },
  );
}
