// The textures: bytes of every unit, what the bytes of each channel mean, and the colour ramps.
import { rampTable } from "../scene/ramps.js";

/** @typedef {import("./ledger.js").Ledger} Ledger */

export const BYTES_SHIFT = 11;
export const BYTES_WIDE = 1 << BYTES_SHIFT; // the byte store is this wide; a power of two, so that shaders need not divide
export const CHANNELS_SHIFT = 10;
export const CHANNELS_WIDE = 1 << CHANNELS_SHIFT;

/**
 * Makes a texture that is only ever fetched texel by texel.
 * @param {Ledger} ledger
 * @param {number} slot
 */
function plainTexture({ gl, ...ledger }, slot) {
  const texture = ledger.texture();
  gl.activeTexture(gl.TEXTURE0 + slot);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return texture;
}

/**
 * @param {Ledger} ledger
 * @param {number} units of the whole net
 * @param {number} channels of the whole net
 */
export function createStoreTextures(ledger, units, channels) {
  const { gl } = ledger;
  const lines = Math.max(1, Math.ceil((units + channels) / BYTES_WIDE)); // after the units a background for each channel
  const bytes = new Uint8Array(lines * BYTES_WIDE);
  const tableLines = Math.max(1, Math.ceil(channels / CHANNELS_WIDE));
  const table = new Float32Array(tableLines * CHANNELS_WIDE * 4);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const textures = [0, 1, 2].map(slot => plainTexture(ledger, slot));
  const use = (/** @type {number} */ slot) => {
    gl.activeTexture(gl.TEXTURE0 + slot);
    gl.bindTexture(gl.TEXTURE_2D, textures[slot]);
  };
  use(0);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8UI, BYTES_WIDE, lines);
  use(1);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, CHANNELS_WIDE, tableLines);
  use(2);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 256, 2);
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, 2, gl.RGBA, gl.UNSIGNED_BYTE, rampTable());

  return {
    /**
     * @param {Uint8Array} all every unit, in layer order
     * @param {Uint8Array} lids background of every channel
     */
    loadBytes(all, lids) {
      bytes.set(all.subarray(0, units));
      bytes.set(lids, units);
      use(0);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, BYTES_WIDE, lines, gl.RED_INTEGER, gl.UNSIGNED_BYTE, bytes);
    },
    /**
     * @param {number} entry channel counted over the net
     * @param {{min: number, scale: number}} affine value = min + byte × scale
     * @param {{lo: number, hi: number}} range of the colour scale
     * @param {boolean} signed
     * @param {boolean} off
     */
    setChannel(entry, affine, range, signed, off) {
      const at = entry * 4;
      const from = signed ? 0 : range.lo;
      const length = signed ? Math.max(Math.abs(range.lo), Math.abs(range.hi)) : range.hi - range.lo;
      table[at] = affine.min;
      table[at + 1] = affine.scale;
      table[at + 2] = from;
      const slope = length > 0 ? 1 / length : 1e-9;
      table[at + 3] = off ? -slope : slope; // the sign says that the map is switched off
    },
    loadChannels() {
      use(1);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, CHANNELS_WIDE, tableLines, gl.RGBA, gl.FLOAT, table);
    },
    bind() {
      for (const slot of [0, 1, 2]) use(slot);
    },
  };
}
