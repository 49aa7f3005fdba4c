// Lines of constant width on the screen, smooth by themselves; curved ones leave and arrive
// vertically, as in the mock-up. Lines lie in a texture and are pulled by gl_VertexID: software
// renderers start anew for each instance (20 µs each under SwiftShader), so there are none.
import { LINE_FLOATS } from "../scene/lines.js";
import { HEAD, PLACE } from "./glsl.js";
import { uniforms } from "./ledger.js";

/** @typedef {import("./ledger.js").Ledger} Ledger */
/** @typedef {import("../scene/lines.js").Lines} Lines */

/** Layers that can move apart in the passage; later ones move with the last. */
export const MIXES = 64;
const TEXELS = LINE_FLOATS / 4; // of one line
const PER_ROW = 256; // lines in a row of the texture
const SLOT = 3; // texture unit

// Points along a line, as a power of two of vertices (two a point), so that shaders need not divide.
const STRAIGHT = 2;
const CURVED = 5;
const MANY_CURVED = 4; // for more than MANY lines
const DRAFT_CURVED = 3; // for so many while a software renderer moves
const MANY = 160;

const VERTEX = `${HEAD}${PLACE}
uniform sampler2D u_lines; // from, flat from, to, flat to, colour, style
uniform float u_mixes[${MIXES}];
uniform vec2 u_size;  // CSS px
uniform int u_shift;
out vec4 v_colour;
out float v_off;      // px from the middle of the line
flat out float v_half;

vec3 onScreen(vec3 world, vec2 flat_, float layer, out bool behind) {
  vec4 clip = place(world, flat_, u_mixes[min(int(layer), ${MIXES - 1})]);
  behind = clip.w < 1e-3;
  return vec3(clip.xy / clip.w * 0.5 * u_size, clip.z / clip.w);
}

void main() {
  int line = gl_VertexID >> u_shift;
  int points = 1 << u_shift;
  int point = gl_VertexID & (points - 1);
  ivec2 texel = ivec2((line & ${PER_ROW - 1}) * ${TEXELS}, line / ${PER_ROW});
  vec4 p0 = texelFetch(u_lines, texel, 0);
  vec4 p1 = texelFetch(u_lines, texel + ivec2(1, 0), 0);
  vec4 p2 = texelFetch(u_lines, texel + ivec2(2, 0), 0);
  vec4 p3 = texelFetch(u_lines, texel + ivec2(3, 0), 0);
  vec4 style = vec4(p3.zw, texelFetch(u_lines, texel + ivec2(4, 0), 0).xy); // width px, curved, layer of from, layer of to
  v_colour = vec4(p2.zw, p3.xy);
  bool hiddenA, hiddenB;
  vec3 a = onScreen(p0.xyz, vec2(p0.w, p1.x), style.z, hiddenA);
  vec3 b = onScreen(p1.yzw, p2.xy, style.w, hiddenB);
  float s = float(point >> 1) / float((points >> 1) - 1);
  float side = float(point & 1) * 2.0 - 1.0;
  vec2 at = mix(a.xy, b.xy, s);
  vec2 way = b.xy - a.xy;
  if (style.y > 0.5) {
    float dy = (b.y - a.y) * 0.45;
    vec2 p = a.xy + vec2(0.0, dy);
    vec2 q = b.xy - vec2(0.0, dy);
    float r = 1.0 - s;
    at = r * r * r * a.xy + 3.0 * r * r * s * p + 3.0 * r * s * s * q + s * s * s * b.xy;
    way = r * r * (p - a.xy) + 2.0 * r * s * (q - p) + s * s * (b.xy - q);
  }
  vec2 along = length(way) > 1e-4 ? normalize(way) : vec2(1.0, 0.0);
  v_half = style.x * 0.5;
  v_off = side * (v_half + 0.5);
  if (style.y < 0.5) at += along * v_half * (s < 0.5 ? -1.0 : 1.0); // corners of outlines meet
  at += vec2(-along.y, along.x) * v_off;
  // Nearer by a hair than the top it lies on.
  float depth = mix(a.z, b.z, s) - 0.0006;
  bool gone = hiddenA || hiddenB || distance(a.xy, b.xy) < 0.3;
  gl_Position = gone ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(at / (0.5 * u_size), depth, 1.0);
}`;

const FRAGMENT = `${HEAD}
in vec4 v_colour;
in float v_off;
flat in float v_half;
out vec4 colour;
void main() {
  float cover = clamp(v_half + 0.5 - abs(v_off), 0.0, 1.0) * min(1.0, v_half * 2.0);
  float alpha = v_colour.a * cover;
  colour = vec4(v_colour.rgb * alpha, alpha); // premultiplied
}`;

/** @param {Ledger} ledger */
export function createLineProgram(ledger) {
  const { gl } = ledger;
  const program = ledger.program(VERTEX, FRAGMENT);
  const at = uniforms(gl, program);
  const strips = new Map(
    [STRAIGHT, DRAFT_CURVED, MANY_CURVED, CURVED].map(shift => [shift, createStrip(ledger, shift)]),
  );
  return {
    /** @param {{matrix: Float32Array, flat: number[], mixes: Float32Array, size: {width: number, height: number}}} view */
    begin(view) {
      gl.useProgram(program);
      gl.uniform1i(at.u_lines, SLOT);
      gl.uniformMatrix4fv(at.u_matrix, false, view.matrix);
      gl.uniform4fv(at.u_flat, view.flat);
      gl.uniform1fv(at.u_mixes, view.mixes);
      gl.uniform2f(at.u_size, view.size.width, view.size.height);
    },
    /** @param {LineStore} lines @param {boolean} draft @returns {number} draw calls */
    draw(lines, draft) {
      if (lines.count === 0) return 0;
      const many = draft ? DRAFT_CURVED : MANY_CURVED;
      const shift = !lines.curved ? STRAIGHT : lines.count > MANY ? many : CURVED;
      gl.uniform1i(at.u_shift, shift);
      lines.bind();
      strips.get(shift)?.draw(lines.count);
      return 1;
    },
  };
}

/**
 * Indices of lines as strips of triangles; grows with the longest list.
 * @param {Ledger} ledger
 * @param {number} shift log2 of the vertices of a line
 */
function createStrip(ledger, shift) {
  const { gl } = ledger;
  const array = ledger.vertexArray();
  const buffer = ledger.buffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
  gl.bindVertexArray(null);
  const vertices = 1 << shift;
  const perLine = (vertices / 2 - 1) * 6;
  let room = 0;

  /** @param {number} lines */
  function grow(lines) {
    room = Math.max(256, 2 * room, lines);
    const data = new Uint32Array(room * perLine);
    let i = 0;
    for (let line = 0; line < room; line++)
      for (let k = line * vertices; k < (line + 1) * vertices - 2; k += 2)
        for (const corner of [k, k + 1, k + 2, k + 2, k + 1, k + 3]) data[i++] = corner;
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, data, gl.STATIC_DRAW);
  }

  return {
    /** @param {number} lines */
    draw(lines) {
      gl.bindVertexArray(array);
      if (lines > room) grow(lines);
      gl.drawElements(gl.TRIANGLES, lines * perLine, gl.UNSIGNED_INT, 0);
    },
  };
}

/** @typedef {{curved: boolean, count: number, load: (lines: Lines) => void, bind: () => void}} LineStore */

/**
 * One list of lines on the GPU.
 * @param {Ledger} ledger
 * @param {boolean} curved
 * @returns {LineStore}
 */
export function createLineStore(ledger, curved) {
  const { gl } = ledger;
  const texture = ledger.texture();
  let rows = 0;
  const bind = () => {
    gl.activeTexture(gl.TEXTURE0 + SLOT);
    gl.bindTexture(gl.TEXTURE_2D, texture);
  };
  bind();
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  return {
    curved,
    count: 0,
    bind,
    load(lines) {
      this.count = lines.count;
      if (lines.count === 0) return;
      bind();
      const needed = Math.ceil(lines.count / PER_ROW);
      const wide = PER_ROW * TEXELS;
      if (needed > rows) {
        rows = needed;
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, wide, rows, 0, gl.RGBA, gl.FLOAT, null);
      }
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, wide, needed, gl.RGBA, gl.FLOAT, lines.data);
    },
  };
}
