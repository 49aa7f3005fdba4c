// Binary frames: the page's half of the wire format whose specification is
// internal/trace/frame.go. Blocks are typed-array views into the message, without a copy.
// This is done on the main thread: a LeNet frame has 9 kB and is decoded in well under
// 0.1 ms, less than handing it to a worker and back costs.

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").FrameBlock} FrameBlock */

const MAGIC = 0x5643;
const VERSION = 1;
const FRAME_HEADER = 24;
const BLOCK_HEADER = 32;
const ALIGN = 8;
const MAX_BYTES = 256 * 1024;
const MAX_LEVEL = 15;

export const KIND_INPUT = 1;
export const KIND_ACTIVATIONS = 2;
export const FLAG_LAST = 1;
export const FLAG_BLANK = 2;
export const FLAG_EDITED = 4;
const ALL_FLAGS = FLAG_LAST | FLAG_BLANK | FLAG_EDITED;

/** Sides of a drawing. */
export const DRAWING = 28;

/** A message that is no frame of this version. */
export class FrameError extends Error {
  /**
   * @param {string} code the same short name as in internal/trace/frame.go
   * @param {string} text
   */
  constructor(code, text) {
    super(text);
    this.name = "FrameError";
    this.code = `frame_${code}`;
  }
}

const align = (/** @type {number} */ n) => Math.ceil(n / ALIGN) * ALIGN;

/**
 * Decodes one whole frame.
 * @param {ArrayBuffer} buffer stays in use: the blocks' bytes are views into it
 * @returns {Frame}
 * @throws {FrameError}
 */
export function decodeFrame(buffer) {
  const view = new DataView(buffer);
  const count = checkHeader(view);
  let at = FRAME_HEADER + BLOCK_HEADER * count;
  if (at > buffer.byteLength) throw new FrameError("block_count", `${count} blocks are announced`);
  /** @type {FrameBlock[]} */
  const blocks = [];
  for (let i = 0; i < count; i++) {
    const block = decodeBlock(view, FRAME_HEADER + BLOCK_HEADER * i, at);
    const end = at + block.bytes.length;
    at = align(end);
    if (at > buffer.byteLength) throw new FrameError("payload", "the last payload is not filled up");
    for (let p = end; p < at; p++) {
      if (view.getUint8(p) !== 0) throw new FrameError("padding", `the gap after block ${i} is not zero`);
    }
    blocks.push(block);
  }
  if (at !== buffer.byteLength) throw new FrameError("trailing", "bytes follow the last block");
  return {
    kind: view.getUint8(3),
    run: view.getUint32(4, true),
    unit: view.getUint32(8, true),
    flags: view.getUint16(14, true),
    blocks,
  };
}

/**
 * Checks the frame's header and returns the number of blocks.
 * @param {DataView} view
 */
function checkHeader(view) {
  const bytes = view.byteLength;
  if (bytes > MAX_BYTES) throw new FrameError("size", `${bytes} bytes are above the limit`);
  if (bytes < FRAME_HEADER) throw new FrameError("short", `${bytes} bytes are no frame`);
  if (view.getUint16(0, true) !== MAGIC) throw new FrameError("magic", "the message is no frame");
  if (view.getUint8(2) !== VERSION) {
    throw new FrameError("version", `version ${view.getUint8(2)} is not ${VERSION}`);
  }
  const kind = view.getUint8(3);
  if (kind !== KIND_INPUT && kind !== KIND_ACTIVATIONS) throw new FrameError("kind", `unknown kind ${kind}`);
  if (view.getUint16(14, true) & ~ALL_FLAGS) throw new FrameError("flags", "unknown flags");
  if (view.getUint32(16, true) !== bytes) throw new FrameError("length", "the length is not the message's");
  if (view.getUint32(20, true) !== 0) throw new FrameError("reserved", "a reserved field is not zero");
  return view.getUint16(12, true);
}

/**
 * @param {DataView} view the frame
 * @param {number} h offset of the block's header
 * @param {number} start where the payload must start
 * @returns {FrameBlock}
 */
function decodeBlock(view, h, start) {
  const u16 = (/** @type {number} */ at) => view.getUint16(h + at, true);
  const u32 = (/** @type {number} */ at) => view.getUint32(h + at, true);
  const [layer, level, channel0, channels, width, height] = [u16(0), u16(2), u16(4), u16(6), u16(8), u16(10)];
  const min = view.getFloat32(h + 12, true);
  const scale = view.getFloat32(h + 16, true);
  const size = u32(24);
  if (level > MAX_LEVEL) throw new FrameError("level", `level ${level} is above ${MAX_LEVEL}`);
  if (channels === 0 || width === 0 || height === 0) throw new FrameError("shape", "a block is empty");
  if (channel0 + channels > 0x10000) throw new FrameError("shape", "too many channels");
  if (!Number.isFinite(min) || !Number.isFinite(scale) || scale < 0) {
    throw new FrameError("affine", "min and scale must be finite and scale not negative");
  }
  if (u32(28) !== 0) throw new FrameError("reserved", "a reserved field is not zero");
  if (size !== channels * width * height)
    throw new FrameError("block_size", "the size does not fit the shape");
  if (u32(20) !== start) throw new FrameError("offset", `the payload does not start at ${start}`);
  if (start + size > view.byteLength) throw new FrameError("payload", "the payload ends after the frame");
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, size);
  return { layer, level, channel0, channels, width, height, min, scale, bytes };
}

/**
 * Encodes a frame.
 * @param {Frame} frame
 * @returns {ArrayBuffer}
 */
export function encodeFrame(frame) {
  const heads = FRAME_HEADER + BLOCK_HEADER * frame.blocks.length;
  const total = frame.blocks.reduce((sum, b) => sum + align(b.bytes.length), heads);
  const buffer = new ArrayBuffer(total);
  const view = new DataView(buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint8(3, frame.kind);
  view.setUint32(4, frame.run, true);
  view.setUint32(8, frame.unit, true);
  view.setUint16(12, frame.blocks.length, true);
  view.setUint16(14, frame.flags, true);
  view.setUint32(16, total, true);
  let at = heads;
  frame.blocks.forEach((b, i) => {
    const h = FRAME_HEADER + BLOCK_HEADER * i;
    [b.layer, b.level, b.channel0, b.channels, b.width, b.height].forEach((v, k) => {
      view.setUint16(h + 2 * k, v, true);
    });
    view.setFloat32(h + 12, b.min, true);
    view.setFloat32(h + 16, b.scale, true);
    view.setUint32(h + 20, at, true);
    view.setUint32(h + 24, b.bytes.length, true);
    new Uint8Array(buffer, at, b.bytes.length).set(b.bytes);
    at = align(at + b.bytes.length);
  });
  return buffer;
}

/**
 * Encodes one drawing.
 * @param {number} run the client's number of the drawing
 * @param {Uint8Array} greys 28×28, row by row, 0 = paper, 255 = ink
 * @returns {ArrayBuffer}
 */
export function encodeInput(run, greys) {
  if (greys.length !== DRAWING * DRAWING) {
    throw new RangeError(`a drawing has ${DRAWING * DRAWING} greys, not ${greys.length}`);
  }
  const block = {
    layer: 0,
    level: 0,
    channel0: 0,
    channels: 1,
    width: DRAWING,
    height: DRAWING,
    min: 0,
    scale: 1 / 255,
    bytes: greys,
  };
  return encodeFrame({ kind: KIND_INPUT, run, unit: 0, flags: 0, blocks: [block] });
}
