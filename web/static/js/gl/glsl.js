// What the programs share.
import { BYTES_SHIFT, BYTES_WIDE, CHANNELS_SHIFT, CHANNELS_WIDE } from "./store.js";

export const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
`;

// A point that is known in the world and in the flat view.
// u_flat: middle of the stage in flat units, then clip units per flat unit in x and y.
export const PLACE = `
uniform mat4 u_matrix;
uniform vec4 u_flat;

// Clip coordinates; k = 0 is the world seen by the camera, 1 the flat view, between them
// every vertex goes its straight way on the screen.
vec4 place(vec3 world, vec2 flat_, float k) {
  vec4 deep = u_matrix * vec4(world, 1.0);
  if (k <= 0.0) return deep;
  vec3 page = vec3((flat_ - u_flat.xy) * u_flat.zw, 0.0);
  if (k >= 1.0) return vec4(page, 1.0);
  vec3 seen = deep.xyz / max(deep.w, 1.0);
  return vec4(mix(seen, page, k), 1.0);
}
`;

// One unit of a layer: where it stands, from where to where its bar reaches, its colour.
// The sums are those of js/scene/place.js. Quotients are taken in floats, as software renderers
// divide integers one by one.
export const UNIT = `
uniform usampler2D u_bytes;
uniform sampler2D u_channels;
uniform sampler2D u_ramp;
uniform vec3 u_eye;
uniform float u_mix;
uniform int u_unit;      // of the layer's first unit in the byte store
uniform int u_channel;   // of its first channel in the table of channels
uniform vec4 u_shape;    // channels, rows, columns, maps side by side
uniform vec4 u_grid;     // pitch in x, pitch in z, cell, edge of a box
uniform vec4 u_height;   // plane, floor, base, relief
uniform vec4 u_page;     // flat: middle, pitch, height of a unit (0: as wide), rows of maps
uniform vec4 u_plate;    // half width, half depth, plates, 1 if one plate is under all maps
uniform vec4 u_bed;      // colour of the plates
uniform vec4 u_grey;     // colour of a map that is switched off
uniform ivec4 u_state;   // unit under the pointer, pinned unit, windows revealed (-1 all), 1 if hidden
uniform int u_signed;

// Middle of a map's place on the plane (x, z), and how far down in the flat view.
vec3 placeMap(float channel) {
  float band = floor((channel + 0.5) / u_shape.w);
  float line = band - (u_page.w - 1.0) * 0.5;
  return vec3((channel - band * u_shape.w - (u_shape.w - 1.0) * 0.5) * u_grid.x, line * u_grid.y, line * u_page.y);
}

struct Unit { vec3 at; vec2 half_; float low; float high; vec4 colour; }; // half_: world, flat height

// Bar and colour of a byte of the store, on the scale of its channel.
void readByte(inout Unit u, int at, int channel) {
  int entry = u_channel + channel;
  float byte = float(texelFetch(u_bytes, ivec2(at & ${BYTES_WIDE - 1}, at >> ${BYTES_SHIFT}), 0).r);
  // min, scale, low end of the colour scale, 1 / its length; negative if the map is switched off
  vec4 affine = texelFetch(u_channels, ivec2(entry & ${CHANNELS_WIDE - 1}, entry >> ${CHANNELS_SHIFT}), 0);
  float level = clamp((affine.x + byte * affine.y - affine.z) * abs(affine.w), u_signed == 1 ? -1.0 : 0.0, 1.0);
  int index = u_signed == 1 ? 128 + int(floor(level * 127.0 + 0.5)) : int(level * 255.0 + 0.5);
  u.colour = affine.w < 0.0 ? u_grey : texelFetch(u_ramp, ivec2(index, u_signed), 0);
  float reach = u_height.z + u_height.w * level;
  u.low = min(u_height.y, reach);
  u.high = max(max(u_height.y, reach), u.low + 3.0);
}

Unit readUnit(int unit) {
  Unit u;
  float area = u_shape.y * u_shape.z;
  float channel = floor((float(unit) + 0.5) / area);
  float inMap = float(unit) - channel * area;
  float row = floor((inMap + 0.5) / u_shape.z);
  vec2 inner = (vec2(inMap - row * u_shape.z, row) - (u_shape.zy - 1.0) * 0.5) * u_grid.z;
  u.at = placeMap(channel) + inner.xyy;
  u.half_ = vec2(u_grid.w, u_page.z > 0.0 ? u_page.z : u_grid.w) * 0.5;

  readByte(u, u_unit + unit, int(channel));
  if (unit == u_state.x || unit == u_state.y) { // 9 grows to 12
    u.half_ *= vec2(12.0 / 9.0, u_page.z > 0.0 ? 1.12 : 12.0 / 9.0);
    u.high += 3.0;
  }
  if (u_state.w == 1) { u.half_ = vec2(0.5); u.low = 0.0; u.high = 1.0; } // the ghost of a hidden layer
  if (u_state.z >= 0 && int(area > 1.5 ? inMap : channel) >= u_state.z) { u.half_ = vec2(0.0); u.high = u.low; }
  return u;
}
`;
