// Units as point sprites: one primitive a unit instead of six triangles, painted with a top and a
// front. For software renderers, which spend their time on setting up triangles (measured under
// SwiftShader: 0.45 µs a triangle, 9,134 boxes 24 ms a frame, the same as points 6 ms), while
// things move and boxes are a few pixels large. A still picture is always made of boxes.
import { HEAD, PLACE, UNIT } from "./glsl.js";
import { uniforms } from "./ledger.js";

/** @typedef {import("./ledger.js").Ledger} Ledger */
/** @typedef {import("./units.js").LayerLook} LayerLook */

/**
 * @typedef {object} SpriteView
 * @property {number} focal device px of one world unit at distance 1
 * @property {number} pitch radians
 * @property {number} distance of the eye from the middle
 * @property {number} flatScale device px of one unit in the flat view
 */

const LARGEST = 9; // device px of a box: larger ones show that a sprite has no sides

const VERTEX = `${HEAD}${PLACE}${UNIT}
uniform vec4 u_sprite; // px of a world unit at distance 1, cos and sin of the pitch, px of a flat unit
flat out vec4 v_colour;
flat out vec3 v_shape; // half width, half height, lower end of the top face: shares of half the sprite

void main() {
  Unit u = readUnit(gl_VertexID);
  // What is under the level of value 0 the background's lid hides: fewer pixels to paint.
  u.low = max(u.low, min(u_height.z - 4.0, u.high - 3.0));
  vec3 centre = vec3(u.at.x, u_height.x + (u.low + u.high) * 0.5, u.at.y);
  gl_Position = place(centre, vec2(u.at.x, u_page.x - u.at.z), u_mix);
  vec2 reach;
  float top = 1.0;
  if (u_mix >= 1.0) {
    // Gaps of a fraction of a pixel would come and go: whole cells, with the bed's share in their colour.
    if (u_plate.z > 0.5 && u_state.w == 0 && u.half_.x > 0.0 && u.half_.x < u_grid.z * 0.5) {
      u.half_ = vec2(u_grid.z * 0.5);
      u.colour = mix(u_bed, u.colour, 0.82);
    }
    reach = max(u.half_ * u_sprite.w, 0.5);
    gl_Position.z = gl_VertexID == u_state.x || gl_VertexID == u_state.y ? -0.5 : 0.0;
  } else {
    float px = u_sprite.x / gl_Position.w;
    float up = (u.high - u.low) * 0.5 * u_sprite.y;
    float lid = u.half_.x * abs(u_sprite.z);
    reach = max(vec2(u.half_.x, up + lid) * px, 0.5);
    top = (lid - up) / (up + lid);
    // As deep as if it stood up to the layer's highest: the lid of the background, which may be
    // higher than the unit, must not cut it.
    vec3 over = vec3(centre.x, u_height.x + u_height.z + abs(u_height.w) + 3.0, centre.z);
    vec4 near = u_matrix * vec4(over + normalize(u_eye - centre) * (u.half_.x * 1.6 + 2.0), 1.0);
    gl_Position.z = near.z / near.w * gl_Position.w;
  }
  float half_ = max(reach.x, reach.y);
  gl_PointSize = u.half_.x > 0.0 ? half_ * 2.0 : 0.0;
  if (u.half_.x <= 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  v_shape = vec3(reach / half_, top * reach.y / half_);
  v_colour = vec4(u.colour.rgb, 1.0);
}`;

const FRAGMENT = `${HEAD}
flat in vec4 v_colour;
flat in vec3 v_shape;
out vec4 colour;
void main() {
  vec2 at = gl_PointCoord * 2.0 - 1.0;
  if (abs(at.x) > v_shape.x || abs(at.y) > v_shape.y) discard;
  colour = vec4(v_colour.rgb * (at.y > v_shape.z ? 0.66 : 1.0), 1.0);
}`;

/** @param {Ledger} ledger */
export function createSprites(ledger) {
  const { gl } = ledger;
  const program = ledger.program(VERTEX, FRAGMENT);
  const at = uniforms(gl, program);
  const array = ledger.vertexArray();
  const buffer = ledger.buffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
  gl.bindVertexArray(null);
  /** @type {{first: number, count: number}[]} */
  let parts = [];
  return {
    program,
    at,
    /** The units that stand out of their maps. @param {import("../scene/background.js").Background} b */
    setBackground(b) {
      parts = b.layers;
      gl.bindVertexArray(array);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, b.units, gl.DYNAMIC_DRAW);
      gl.bindVertexArray(null);
    },
    /** Whether sprites may stand in for a layer's boxes. @param {LayerLook} look @param {SpriteView} view */
    serves(look, view) {
      if (look.mix >= 1) return true;
      const px = (look.place.size * view.focal) / view.distance;
      return look.mix <= 0 && look.place.plates > 0 && view.pitch > 0.05 && px < LARGEST;
    },
    /** @param {SpriteView} view */
    begin(view) {
      gl.bindVertexArray(array);
      gl.uniform4f(at.u_sprite, view.focal, Math.cos(view.pitch), Math.sin(view.pitch), view.flatScale);
    },
    /** @param {LayerLook} look @param {boolean} lidded the background is painted already */
    draw(look, lidded) {
      const { layer, channels, rows, columns } = look.place;
      const part = parts[layer];
      if (lidded && part) gl.drawElements(gl.POINTS, part.count, gl.UNSIGNED_INT, part.first * 4);
      else gl.drawArrays(gl.POINTS, 0, channels * rows * columns);
    },
  };
}
