// Units as boxes by vertex pulling: gl_VertexID names box and corner, the box finds its byte in
// the store. One indexed draw call for each layer; only the three faces that the eye can see.
import { HEAD, PLACE, UNIT } from "./glsl.js";
import { uniforms } from "./ledger.js";
import { createSprites } from "./sprites.js";

/** @typedef {import("./ledger.js").Ledger} Ledger */
/** @typedef {import("../scene/layout.js").Place} Place */
/** @typedef {import("../scene/lines.js").Ink} Ink */

// A box has 8 corners: bit 0 of the number says near in x, bit 1 in y, bit 2 in z. Corners 2, 1
// and 4 belong to one visible face each (top, side, front), so each is the last vertex of its
// face's two triangles, where "flat" colours are taken from (WebGL's provoking vertex).
const CORNERS = 8;
const TOP = [3, 7, 2, 7, 6, 2];
const SIDES = [3, 7, 1, 7, 5, 1, 6, 7, 4, 7, 5, 4];

const VERTEX = `${HEAD}${PLACE}${UNIT}
uniform int u_lid;       // of the bytes of the layer's backgrounds in the store, -1: plates are bare
uniform float u_lift;    // of the sides of signed units
flat out vec4 v_colour;

void main() {
  int box = gl_VertexID >> 3;
  int corner = gl_VertexID & 7;
  int plates = int(u_plate.z);
  int unit = box - plates;
  Unit u;
  if (box < plates) {
    u.at = u_plate.w > 0.5 ? vec3(0.0) : placeMap(float(box));
    u.half_ = vec2(1.0);
    u.low = -4.0;
    u.high = -1.0;
    u.colour = u_bed;
    if (u_lid >= 0) { // the units that do not stand out, as one; between them the bed shows
      readByte(u, u_lid + box, box);
      u.colour = mix(u_bed, u.colour, 0.82);
    }
  } else {
    u = readUnit(unit);
  }
  vec2 half_ = box < plates ? u_plate.xy : u.half_.xx;
  float flatHalf = box < plates ? u_plate.y : u.half_.y;
  if (box < plates && (u_state.w == 1 || u_state.z >= 0)) half_ = vec2(0.0); // a ghost, or not complete: a frame alone

  vec3 centre = vec3(u.at.x, u_height.x + (u.low + u.high) * 0.5, u.at.y);
  vec3 near = vec3(u_eye.x < centre.x ? -1.0 : 1.0, u_eye.y < centre.y ? -1.0 : 1.0, u_eye.z < centre.z ? -1.0 : 1.0);
  vec3 away = vec3(float(corner & 1), float((corner >> 1) & 1), float(corner >> 2)) * 2.0 - 1.0;
  vec3 world = centre + near * away * vec3(half_.x, (u.high - u.low) * 0.5, half_.y);
  // Flat: the top face alone; near maps the corner to the page whichever way the eye looks.
  vec2 page = vec2(u.at.x + near.x * away.x * half_.x, u_page.x - u.at.z - near.z * away.z * flatHalf);
  float side = u_signed == 1 ? 0.86 : 0.74; // the ends of the signed ramp are dark enough
  float front = u_signed == 1 ? 0.76 : 0.62;
  float shade = corner == 1 ? side : corner == 4 ? front : near.y < 0.0 ? 0.5 : 1.0;
  // Sides of dark bars are lifted off a dark stage; tops keep the exact colour.
  float dark = 1.0 - max(u.colour.r, max(u.colour.g, u.colour.b));
  float lift = corner == 1 || corner == 4 ? u_lift * dark * (1.0 - u_mix) : 0.0;
  v_colour = vec4(u.colour.rgb * mix(shade, 1.0, u_mix) + lift, 1.0);
  gl_Position = place(world, page, u_mix);
  // A lit unit is larger than its cell: in the flat view it must lie on top of its neighbours.
  if (u_mix >= 1.0 && unit >= 0 && (unit == u_state.x || unit == u_state.y)) gl_Position.z = -0.5;
}`;

const FRAGMENT = `${HEAD}
flat in vec4 v_colour;
out vec4 colour;
void main() { colour = v_colour; }`;

/**
 * What a layer looks like at this moment.
 * @typedef {object} LayerLook
 * @property {Place} place
 * @property {number} firstUnit
 * @property {number} firstChannel
 * @property {number} firstLid of its backgrounds in the byte store
 * @property {boolean} signed
 * @property {boolean} hidden
 * @property {number} shown windows revealed, −1 for all
 * @property {number} hover flat index of the unit under the pointer, −1 for none
 * @property {number} pin
 * @property {number} mix 0 world … 1 flat
 */

/** Whether a layer's background is painted as lids. @param {LayerLook} look */
function lidded(look) {
  return look.place.plates > 0 && look.shown < 0 && !look.hidden;
}

/** @typedef {{matrix: Float32Array, eye: number[], flat: number[], grey: Ink, lift: number, sprite: import("./sprites.js").SpriteView}} UnitsView */

/**
 * @param {Ledger} ledger
 * @param {number} mostBoxes of any layer
 */
export function createUnits(ledger, mostBoxes) {
  const { gl } = ledger;
  const boxes = ledger.program(VERTEX, FRAGMENT);
  const at = uniforms(gl, boxes);
  const kind = mostBoxes * CORNERS > 65535 ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT;
  const all = indexed(ledger, mostBoxes, [...TOP, ...SIDES], kind);
  const tops = indexed(ledger, mostBoxes, TOP, kind);
  const sprites = createSprites(ledger);

  return {
    setBackground: sprites.setBackground,
    /**
     * Every layer: one draw call each, two where sprites stand in for the boxes of its units.
     * @param {UnitsView} view
     * @param {LayerLook[]} looks
     * @param {(look: LayerLook) => Ink} bed
     * @param {boolean} draft sprites may stand in for small boxes
     * @returns {number} draw calls
     */
    draw(view, looks, bed, draft) {
      const small = looks.filter(look => draft && sprites.serves(look, view.sprite));
      begin(gl, boxes, at, view);
      for (const look of looks) {
        const p = look.place;
        const flat = look.mix >= 1;
        const count = p.plates + (small.includes(look) ? 0 : p.channels * p.rows * p.columns);
        if (count === 0) continue;
        gl.bindVertexArray(flat ? tops : all);
        setLayer(gl, at, look, bed(look));
        gl.uniform1f(at.u_lift, look.signed ? view.lift : 0);
        gl.uniform1i(at.u_lid, small.includes(look) && lidded(look) ? look.firstLid : -1);
        gl.drawElements(gl.TRIANGLES, count * (flat ? TOP.length : TOP.length + SIDES.length), kind, 0);
      }
      if (small.length > 0) {
        begin(gl, sprites.program, sprites.at, view);
        sprites.begin(view.sprite);
        for (const look of small) {
          setLayer(gl, sprites.at, look, bed(look));
          sprites.draw(look, lidded(look));
        }
      }
      return looks.length + small.length;
    },
  };
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {WebGLProgram} program
 * @param {Record<string, WebGLUniformLocation|null>} at
 * @param {UnitsView} view
 */
function begin(gl, program, at, view) {
  gl.useProgram(program);
  gl.uniform1i(at.u_bytes, 0);
  gl.uniform1i(at.u_channels, 1);
  gl.uniform1i(at.u_ramp, 2);
  gl.uniformMatrix4fv(at.u_matrix, false, view.matrix);
  gl.uniform3fv(at.u_eye, view.eye);
  gl.uniform4fv(at.u_flat, view.flat);
  gl.uniform4fv(at.u_grey, view.grey);
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {Record<string, WebGLUniformLocation|null>} at
 * @param {LayerLook} look
 * @param {Ink} bed
 */
function setLayer(gl, at, look, bed) {
  const p = look.place;
  gl.uniform1f(at.u_mix, look.mix);
  gl.uniform1i(at.u_unit, look.firstUnit);
  gl.uniform1i(at.u_channel, look.firstChannel);
  gl.uniform4f(at.u_shape, p.channels, p.rows, p.columns, p.across);
  gl.uniform4f(at.u_grid, p.pitchX, p.pitchZ, p.cell, p.size);
  gl.uniform4f(at.u_height, p.plane, p.floor, p.base, p.relief);
  gl.uniform4f(at.u_page, p.flatY, p.flatPitch, p.flatTall, Math.ceil(p.channels / p.across));
  gl.uniform4f(at.u_plate, p.plateX, p.plateZ, p.plates, p.plates !== p.channels ? 1 : 0);
  gl.uniform4fv(at.u_bed, bed);
  gl.uniform4i(at.u_state, look.hover, look.pin, look.shown, look.hidden ? 1 : 0);
  gl.uniform1i(at.u_signed, look.signed ? 1 : 0);
}

/**
 * A vertex array that is nothing but indices: the same pattern for every box.
 * @param {Ledger} ledger
 * @param {number} boxes
 * @param {number[]} pattern
 * @param {number} kind
 */
function indexed(ledger, boxes, pattern, kind) {
  const { gl } = ledger;
  const data =
    kind === gl.UNSIGNED_INT
      ? new Uint32Array(boxes * pattern.length)
      : new Uint16Array(boxes * pattern.length);
  for (let box = 0, i = 0; box < boxes; box++)
    for (const corner of pattern) data[i++] = box * CORNERS + corner;
  const array = ledger.vertexArray();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, ledger.buffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, data, gl.STATIC_DRAW);
  gl.bindVertexArray(null);
  return array;
}
