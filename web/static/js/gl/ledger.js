// Everything that is made on the GPU, counted, so that a test can assert that all of it goes.

/**
 * @typedef {object} Ledger
 * @property {WebGL2RenderingContext} gl
 * @property {() => WebGLBuffer} buffer
 * @property {() => WebGLTexture} texture
 * @property {() => WebGLVertexArrayObject} vertexArray
 * @property {() => WebGLFramebuffer} framebuffer
 * @property {() => WebGLRenderbuffer} renderbuffer
 * @property {(vertex: string, fragment: string) => WebGLProgram} program
 * @property {() => Record<string, number>} counts live objects by kind
 * @property {() => void} dispose
 */

/**
 * @param {WebGL2RenderingContext} gl
 * @returns {Ledger}
 */
export function createLedger(gl) {
  /** @type {Record<string, number>} */
  const live = { buffers: 0, textures: 0, vertexArrays: 0, framebuffers: 0, renderbuffers: 0, programs: 0 };
  /** @type {(() => void)[]} */
  const frees = [];

  /**
   * @template T
   * @param {string} kind
   * @param {T} made
   * @param {(made: T) => void} free
   * @returns {T}
   */
  function enter(kind, made, free) {
    live[kind]++;
    frees.push(() => {
      free(made);
      live[kind]--;
    });
    return made;
  }

  return {
    gl,
    buffer: () => enter("buffers", gl.createBuffer(), b => gl.deleteBuffer(b)),
    texture: () => enter("textures", gl.createTexture(), t => gl.deleteTexture(t)),
    vertexArray: () => enter("vertexArrays", gl.createVertexArray(), v => gl.deleteVertexArray(v)),
    framebuffer: () => enter("framebuffers", gl.createFramebuffer(), f => gl.deleteFramebuffer(f)),
    renderbuffer: () => enter("renderbuffers", gl.createRenderbuffer(), r => gl.deleteRenderbuffer(r)),
    program: (vertex, fragment) => enter("programs", link(gl, vertex, fragment), p => gl.deleteProgram(p)),
    counts: () => ({ ...live }),
    dispose() {
      for (const free of frees.splice(0)) free();
    },
  };
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 */
function link(gl, vertex, fragment) {
  const program = gl.createProgram();
  const shaders = [compile(gl, gl.VERTEX_SHADER, vertex), compile(gl, gl.FRAGMENT_SHADER, fragment)];
  for (const shader of shaders) gl.attachShader(program, shader);
  gl.linkProgram(program);
  for (const shader of shaders) gl.deleteShader(shader);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`link: ${gl.getProgramInfoLog(program)}`);
  return program;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} kind
 * @param {string} source
 */
function compile(gl, kind, source) {
  const shader = gl.createShader(kind);
  if (!shader) throw new Error("no shader: the context is lost");
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
    throw new Error(`compile: ${gl.getShaderInfoLog(shader)}`);
  return shader;
}

/**
 * Locations of a program's uniforms by name.
 * @param {WebGL2RenderingContext} gl
 * @param {WebGLProgram} program
 * @returns {Record<string, WebGLUniformLocation|null>}
 */
export function uniforms(gl, program) {
  /** @type {Record<string, WebGLUniformLocation|null>} */
  const found = {};
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
  for (let i = 0; i < count; i++) {
    const name = gl.getActiveUniform(program, i)?.name.replace("[0]", "");
    if (name) found[name] = gl.getUniformLocation(program, name);
  }
  return found;
}
