// Buttons that open a small panel beside them. One is open at a time; Esc and a press outside
// close it, arrows walk through its items.

/**
 * @param {HTMLElement} root holds [aria-controls] buttons and their panels
 * @param {AbortSignal} signal
 */
export function wireMenus(root, signal) {
  const buttons = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-opens]")]);
  const panel = (/** @type {HTMLElement} */ b) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-panel="${b.dataset.opens}"]`));
  const close = (/** @type {HTMLElement} */ b, /** @type {boolean} */ refocus) => {
    if (b.getAttribute("aria-expanded") !== "true") return;
    b.setAttribute("aria-expanded", "false");
    panel(b).hidden = true;
    if (refocus) b.focus();
  };
  const closeAll = () => {
    for (const b of buttons) close(b, false);
  };

  for (const button of buttons) {
    button.addEventListener(
      "click",
      () => {
        const open = button.getAttribute("aria-expanded") === "true";
        closeAll();
        if (open) return;
        button.setAttribute("aria-expanded", "true");
        panel(button).hidden = false;
        items(panel(button))[0]?.focus({ preventScroll: true });
      },
      { signal },
    );
    const area = panel(button);
    area.addEventListener(
      "keydown",
      e => {
        if (e.key === "Escape") {
          e.stopPropagation();
          close(button, true);
        } else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
          e.preventDefault();
          const all = items(area);
          const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
          all[(at + (e.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]?.focus();
        }
      },
      { signal },
    );
    area.addEventListener(
      "click",
      e => {
        const item = /** @type {Element} */ (e.target).closest("[role=menuitem]");
        if (item) close(button, true);
      },
      { signal },
    );
    area.addEventListener(
      "focusout",
      e => {
        const to = /** @type {Node|null} */ (e.relatedTarget);
        if (to && !area.contains(to) && to !== button) close(button, false);
      },
      { signal },
    );
  }
  document.addEventListener(
    "pointerdown",
    e => {
      const inside = buttons.some(
        b => b.contains(/** @type {Node} */ (e.target)) || panel(b).contains(/** @type {Node} */ (e.target)),
      );
      if (!inside) closeAll();
    },
    { signal },
  );
}

/** @param {HTMLElement} panel @returns {HTMLElement[]} */
function items(panel) {
  return [...panel.querySelectorAll("button, input")].filter(e => e instanceof HTMLElement);
}
