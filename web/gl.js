// WebGL 2 in small pieces: programs, textures, buffers, targets, fences. Nothing here waits: what
// takes a while is a promise, and the page goes on.

const OPENING = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
`;
const PATIENCE = 60000; // ms after which a device counts as hung
const BRISK = 4; // ms in which it is asked again and again: timers take as long at least

// The numbers of WebGL objects that exist, for tests.
export const alive = { programs: 0, textures: 0, buffers: 0, targets: 0 };

export class ShaderError extends Error {}

// Of a text that the driver refuses.
export class CompileError extends ShaderError {}

export function pause(ms) {
  return new Promise((resume) => setTimeout(resume, ms));
}

// The end of the current task of the page, without a timer's delay.
function soon() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resume) => {
    port1.onmessage = () => {
      port1.close();
      resume();
    };
    port2.postMessage(0);
  });
}

// A program, compiled in the background where the browser can do that. `name`: of the text, for
// messages; `fragment`: a text without #version, behind its head.
export class Program {
  constructor(gl, name, vertex, fragment) {
    this.gl = gl;
    this.name = name;
    this.parallel = gl.getExtension("KHR_parallel_shader_compile");
    this.program = gl.createProgram();
    this.locations = new Map();
    this.sources = [vertex, fragment].map((text) => OPENING + text);
    this.shaders = [gl.VERTEX_SHADER, gl.FRAGMENT_SHADER].map((kind, k) => {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, this.sources[k]);
      gl.compileShader(shader);
      gl.attachShader(this.program, shader);
      return shader;
    });
    gl.linkProgram(this.program);
    alive.programs++;
  }

  // Whether `finish` takes no time.
  get compiled() {
    const { gl, parallel } = this;
    if (!this.shaders || !parallel || gl.isContextLost()) return true;
    return gl.getProgramParameter(this.program, parallel.COMPLETION_STATUS_KHR);
  }

  // Wait for the compiler. Throws ShaderError with the first error's line.
  finish() {
    const { gl, program, shaders } = this;
    if (!shaders) return this;
    this.shaders = null;
    const linked = gl.getProgramParameter(program, gl.LINK_STATUS) || gl.isContextLost();
    const logs = linked ? [] : shaders.map((shader) => gl.getShaderInfoLog(shader));
    const message = linked ? "" : gl.getProgramInfoLog(program);
    for (const shader of shaders) gl.deleteShader(shader);
    if (!linked) {
      const at = logs.findIndex((log) => log);
      const log = at < 0 ? message : logs[at];
      const problem = explained(this.name, log, this.sources[Math.max(at, 0)]);
      this.release();
      throw new CompileError(problem);
    }
    this.sources = null;
    return this;
  }

  location(name) {
    const { gl, program, locations } = this;
    if (!locations.has(name)) locations.set(name, gl.getUniformLocation(program, name));
    return locations.get(name);
  }

  // Bind a uniform block to its point, if the program has it.
  bind(block, point) {
    const index = this.gl.getUniformBlockIndex(this.program, block);
    if (index !== this.gl.INVALID_INDEX) this.gl.uniformBlockBinding(this.program, index, point);
  }

  release() {
    if (!this.program) return;
    this.gl.deleteProgram(this.program);
    this.program = null;
    alive.programs--;
  }
}

// The first error of a driver's log in one line, with the line of the text that it means.
function explained(name, log, source) {
  const [, line, what] = /ERROR: \d+:(\d+): (.*)/.exec(log || "") || [];
  if (!line) return `${name}: ${(log || "").trim().split("\n")[0] || "the driver gave no reason"}`;
  return `${name}, line ${line}: ${what} — ${source.split("\n")[line - 1].trim().slice(0, 120)}`;
}

// A texture of a sized format that takes the nearest texel.
export function texture(gl, format, width, height) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  }
  for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
    gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
  }
  alive.textures++;
  return made;
}

export function freeTexture(gl, made) {
  if (!made) return;
  gl.deleteTexture(made);
  alive.textures--;
}

export function buffer(gl) {
  alive.buffers++;
  return gl.createBuffer();
}

export function freeBuffer(gl, made) {
  if (!made) return;
  gl.deleteBuffer(made);
  alive.buffers--;
}

// A framebuffer of a format's textures, `width` × `height` texels each, row 0 first in memory.
export class Target {
  constructor(gl, format, width, height, count = 1) {
    this.gl = gl;
    this.texels = [width, height];
    this.textures = [];
    this.framebuffer = gl.createFramebuffer();
    alive.targets++;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    const attachments = [];
    for (let k = 0; k < count; k++) {
      const plane = texture(gl, format, width, height);
      const place = gl.COLOR_ATTACHMENT0 + k;
      gl.framebufferTexture2D(gl.FRAMEBUFFER, place, gl.TEXTURE_2D, plane, 0);
      this.textures.push(plane);
      attachments.push(place);
    }
    gl.drawBuffers(attachments);
    const status = gl.checkFramebufferStatus(gl.FRAMEBUFFER);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    if (status !== gl.FRAMEBUFFER_COMPLETE && !gl.isContextLost()) {
      this.release();
      throw new ShaderError(`no room for a picture of ${width} × ${height} texels (${status})`);
    }
  }

  // The bytes of a texture: a promise of `kind` (Uint8Array, Uint32Array), row 0 first. Null if the
  // context is lost.
  async read(kind, attachment = 0) {
    const { gl } = this;
    const [width, height] = this.texels;
    const data = new kind(4 * width * height);
    const whole = kind === Uint32Array;
    const store = buffer(gl);
    try {
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, store);
      gl.bufferData(gl.PIXEL_PACK_BUFFER, data.byteLength, gl.STREAM_READ);
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
      gl.readBuffer(gl.COLOR_ATTACHMENT0 + attachment);
      const format = whole ? gl.RGBA_INTEGER : gl.RGBA;
      gl.readPixels(0, 0, width, height, format, whole ? gl.UNSIGNED_INT : gl.UNSIGNED_BYTE, 0);
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      if (!(await finished(gl))) return null;
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, store);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, data);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    } finally {
      freeBuffer(gl, store);
    }
    return data;
  }

  release() {
    if (!this.framebuffer) return;
    const { gl } = this;
    gl.deleteFramebuffer(this.framebuffer);
    this.framebuffer = null;
    alive.targets--;
    for (const plane of this.textures) freeTexture(gl, plane);
    this.textures = [];
  }
}

// Wait until the device has done all it was told, without blocking the page. False if the context
// is lost. Throws ShaderError if the device hangs.
export async function finished(gl) {
  const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (!sync) return false;
  gl.flush();
  const started = performance.now();
  try {
    for (;;) {
      if (performance.now() - started < BRISK) await soon();
      else await pause(0);
      if (gl.isContextLost()) return false;
      const status = gl.clientWaitSync(sync, 0, 0);
      if (status === gl.WAIT_FAILED) return false;
      if (status !== gl.TIMEOUT_EXPIRED) return true;
      if (performance.now() - started > PATIENCE) throw new ShaderError("the graphics driver does not answer");
    }
  } finally {
    gl.deleteSync(sync);
  }
}

// Draw a triangle over a part [left, top, width, height] of a target, in texels.
export function cover(gl, framebuffer, [width, height], [x, y, columns, rows]) {
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.viewport(0, 0, width, height);
  gl.disable(gl.BLEND);
  gl.enable(gl.SCISSOR_TEST);
  gl.scissor(x, y, columns, rows);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  gl.disable(gl.SCISSOR_TEST);
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
}

// What the device is: whether it is the CPU, and the largest side of a texture.
export function deviceOf(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const software = /swiftshader|llvmpipe|software|basic render/i.test(name);
  return { name, software, largest: gl.getParameter(gl.MAX_TEXTURE_SIZE) };
}
