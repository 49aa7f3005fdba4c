// Where a frame is drawn: straight to the canvas, or with four samples a pixel through a
// framebuffer. Software renderers draw without samples while things move.

/** @typedef {import("./ledger.js").Ledger} Ledger */

/** @param {Ledger} ledger */
export function createTarget(ledger) {
  const { gl } = ledger;
  const samples = Math.min(4, gl.getParameter(gl.MAX_SAMPLES));
  const framebuffer = ledger.framebuffer();
  const colour = ledger.renderbuffer();
  const depth = ledger.renderbuffer();
  let width = 0;
  let height = 0;

  /** @param {number} w @param {number} h */
  function resize(w, h) {
    if (w === width && h === height) return;
    width = w;
    height = h;
    gl.bindRenderbuffer(gl.RENDERBUFFER, colour);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, samples, gl.RGBA8, w, h);
    gl.bindRenderbuffer(gl.RENDERBUFFER, depth);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, samples, gl.DEPTH_COMPONENT24, w, h);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, colour);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth);
  }

  return {
    /** @param {boolean} fine @param {number} w device px @param {number} h */
    begin(fine, w, h) {
      if (fine) resize(w, h);
      gl.bindFramebuffer(gl.FRAMEBUFFER, fine ? framebuffer : null);
      gl.viewport(0, 0, w, h);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    },
    /** @param {boolean} fine @param {number} w @param {number} h */
    end(fine, w, h) {
      if (!fine) return;
      gl.bindFramebuffer(gl.READ_FRAMEBUFFER, framebuffer);
      gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
      gl.blitFramebuffer(0, 0, w, h, 0, 0, w, h, gl.COLOR_BUFFER_BIT, gl.NEAREST);
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    },
  };
}
