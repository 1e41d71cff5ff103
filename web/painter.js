// Draws the outputs of networks, in strips that keep the page and the device responsive.
//
//   scene {network, view: {center, extent}, clock} -> Painter.draw() -> Planes: the bits of float32
//
// Two forms of program: `loop` draws any network of a structure. `literal` draws one network, some
// times as fast where a CPU draws, and is compiled on request; it draws pixels, woven into planes.

import { firstLayer, waves } from "./fold.js";
import { CompileError, Program, ShaderError, Target, alive, buffer, cover, deviceOf, finished, freeBuffer,
  freeTexture, pause, texture } from "./gl.js";
import { BINDINGS, MAX_INPUTS, MAX_WIDTH, TEXTURE_WIDTH, WEIGHTS_BINDING, chooseLayout, frameBlock,
  layersBlock, pack, unrolled, workPerPixel } from "./layout.js";
import { literalSources, loopSources, structureOf } from "./shader.js";

const MAX_PROGRAMS = 12;
const MAX_LITERALS = 4000; // weights: more take too long to compile
const LANES = 4; // pixels that a fragment of a loop program draws
const STRIP = 40; // ms that a draw call may take
const FIRST_WORK = 4e6; // multiplications of a program's first draw call
const AHEAD = 2; // draw calls that the device has at a time, so that it never waits for the page
const ROWS = 128; // of the pixels that are woven into planes at a time
const GROWTH = 4; // at most, from one draw call to the next
const SLOW = 12e6; // pixels/s: 30 pictures/s of 640×360 in half of the time

// The outputs of a picture: a texture for each channel, whose texels hold four adjacent pixels.
export class Planes {
  constructor(gl, width, height, channels) {
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.target = new Target(gl, gl.RGBA32UI, Math.ceil(width / 4), height, channels);
  }

  get textures() {
    return this.target.textures;
  }

  get framebuffer() {
    return this.target.framebuffer;
  }

  release() {
    this.target.release();
  }
}

export class Painter {
  // `shaders`: the texts of shader_texts() in Python.
  constructor(gl, shaders) {
    this.gl = gl;
    this.shaders = shaders;
    this.device = deviceOf(gl);
    this.compilations = 0; // for tests
    this.uploads = 0;
    this.literal = true; // whether programs with literals may be made
    this.slow = SLOW; // pixels/s below which they are
    this.epoch = 0; // counts contexts: what was made in an older one is gone
    this._reset();
    const canvas = gl.canvas;
    for (const prefix of ["webgl", ""]) {
      canvas.addEventListener(`${prefix}contextlost`, (event) => event.preventDefault());
      canvas.addEventListener(`${prefix}contextrestored`, () => {
        this.epoch++;
        this._reset();
      });
    }
  }

  _reset() {
    this.programs = new Map(); // key -> entry, the least recently used first
    this.blocks = {};
    this.weights = null; // {layers, layout, buffer | texture}
    this.curved = null;
    this.pixels = null; // what a program with literals draws to
    this.weaves = {};
    this.last = null; // the job whose numbers are in the blocks
    this.settling = null; // the promise of settle()
    this.wanted = null; // the scene to be served next
  }

  // How many programs there are, and other WebGL objects of this module and others, for tests.
  get counts() {
    return { ...alive, cached: this.programs.size };
  }

  planes(width, height, channels) {
    return new Planes(this.gl, width, height, channels);
  }

  // Draw a part of a picture: `size` of the whole picture, `offset` of the planes in it and `rect`
  // [left, top, width, height] of the planes, in pixels; `budget`: ms of a draw call. Resolves to
  // whether it is done: not if `cancelled()` says so, or if the context is lost.
  async draw(scene, planes, { size, offset = [0, 0], rect, budget = STRIP, cancelled } = {}) {
    const { epoch } = this;
    let entry = null;
    const stop = () => (cancelled && cancelled()) || this.gl.isContextLost()
      || epoch !== this.epoch || !planes.framebuffer || (entry && !entry.program.program);
    entry = await this._program(scene, stop);
    if (!entry || stop()) return false;
    const job = this._job(scene, entry, planes, size || [planes.width, planes.height], offset);
    const [left, top, width, height] = rect || [0, 0, planes.width, planes.height];
    const first = left >> 2;
    const columns = Math.ceil((left + width) / 4) - first;
    const work = 4 * workPerPixel(scene.network); // of a texel
    if (!(await this._warm(entry, scene)) || stop()) return false;
    const most = entry.literal ? ROWS : height;
    const waiting = []; // strips that the device draws while the next is made
    let [x, y, rows] = [0, 0, 0];
    let ended = performance.now();
    while (y < height || waiting.length) {
      if (stop()) return false;
      if (y < height && waiting.length < AHEAD) {
        const texels = Math.max(1, Math.floor(entry.chunk / work));
        if (x === 0) rows = Math.min(evenRows(texels / columns), most, height - y);
        const wide = Math.min(Math.max(1, Math.floor(texels / rows)), columns - x);
        this._strip(job, [first + x, top + y, wide, rows]);
        const done = finished(this.gl);
        done.catch(() => {}); // of one that is not waited for
        const drawn = { started: performance.now(), texels: wide * rows, done };
        waiting.push(drawn);
        x += wide;
        if (x >= columns) [x, y] = [0, y + rows];
        continue;
      }
      const { started, texels, done } = waiting.shift();
      if (!(await done)) return false;
      const now = performance.now();
      record(entry, texels, work, now - Math.max(started, ended), budget);
      ended = now;
    }
    return true;
  }

  // The planes as float32, (height × width × channels), row 0 on top. Null if the context is lost.
  async read(planes) {
    const { width, height, channels } = planes;
    const outputs = new Float32Array(width * height * channels);
    const across = 4 * Math.ceil(width / 4);
    for (let channel = 0; channel < channels; channel++) {
      const bits = await planes.target.read(Uint32Array, channel);
      if (!bits) return null;
      const plane = new Float32Array(bits.buffer);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          outputs[(y * width + x) * channels + channel] = plane[y * across + x];
        }
      }
    }
    return outputs;
  }

  // Measured pixels/s of the program that draws a scene; 0 if it has drawn nothing yet.
  rate(scene) {
    const entry = this._best(scene.network);
    return entry && entry.rate ? entry.rate : 0;
  }

  // Ask for the fastest program of a scene's network, if the device is slow. Resolves when it can
  // be used, to whether it has literals. Of scenes asked for meanwhile the last one is served.
  async settle(scene) {
    this.wanted = scene;
    if (this.settling) return this.settling;
    const settling = this._settle().finally(() => {
      if (this.settling === settling) this.settling = null; // not that of a newer context
    });
    this.settling = settling;
    return settling;
  }

  async _settle() {
    const { epoch } = this;
    let served = false;
    while (this.wanted && epoch === this.epoch) {
      const scene = this.wanted;
      this.wanted = null;
      const key = literalKey(scene.network);
      let entry = this.programs.get(key);
      served = !!entry || (this.literal && this._worthwhile(scene));
      if (!served) continue;
      try {
        if (!entry) entry = this._compile(key, scene.network, true);
        const stop = () => epoch !== this.epoch;
        served = (await this._finish(entry, stop)) && (await this._warm(entry, scene));
      } catch (error) {
        if (!(error instanceof ShaderError)) throw error;
        served = false; // the other form draws as well
        if (error instanceof CompileError) this.literal = false; // too much for this driver
      }
    }
    return served;
  }

  _worthwhile({ network }) {
    const weights = network.layers.slice(1).reduce((n, { rows, columns }) => n + rows * columns, 0);
    const rate = this.rate({ network });
    return weights <= MAX_LITERALS && unrolled(chooseLayout(network)) && rate > 0 && rate < this.slow;
  }

  release() {
    for (const { program } of this.programs.values()) program.release();
    for (const block of Object.values(this.blocks)) freeBuffer(this.gl, block);
    if (this.weights) this._freeWeights();
    freeTexture(this.gl, this.curved);
    if (this.pixels) this.pixels.release();
    for (const weave of Object.values(this.weaves)) weave.release();
    this._reset();
  }

  // The entry of the faster program of those that can be used at once; undefined if none can.
  _best(network) {
    const loop = this.programs.get(this._loopKey(network));
    const literal = this.programs.get(literalKey(network));
    if (!literal || !literal.warm) return loop;
    return loop && literal.rate && literal.rate < loop.rate ? loop : literal;
  }

  _layout(network) {
    return chooseLayout(network, !this.device.software); // a CPU checks every index of a block
  }

  _loopKey(network) {
    return JSON.stringify(structureOf(network, this._layout(network)));
  }

  // The entry of the program that draws a scene, compiled if it has to be; null if stopped.
  async _program({ network }, stop) {
    const best = this._best(network);
    const key = best ? best.key : this._loopKey(network);
    const entry = best || this._compile(key, network, false);
    this.programs.delete(key);
    this.programs.set(key, entry);
    return (await this._finish(entry, stop)) ? entry : null;
  }

  _compile(key, network, literal) {
    const { gl, shaders } = this;
    const layout = literal ? chooseLayout(network, false) : this._layout(network);
    const structure = structureOf(network, layout);
    const most = gl.getParameter(gl.MAX_VARYING_VECTORS) || 0; // 0 where the context is lost
    const sources = literal
      ? literalSources(shaders, structure, network, most)
      : loopSources(shaders, structure, LANES);
    const program = new Program(gl, "picture", ...sources);
    const entry = { key, program, structure, literal, chunk: FIRST_WORK, rate: 0 };
    this.compilations++;
    this.programs.set(key, entry);
    for (const [old, { program: unused }] of this.programs) {
      if (this.programs.size <= MAX_PROGRAMS) break;
      unused.release();
      this.programs.delete(old);
    }
    return entry;
  }

  // Wait for an entry's program. False if stopped. Throws ShaderError.
  async _finish(entry, stop) {
    if (entry.ready) return true;
    while (!entry.program.compiled) {
      if (stop()) return false;
      await pause(2);
    }
    if (!entry.program.program) return false; // released meanwhile
    try {
      entry.program.finish();
    } catch (error) {
      this.programs.delete(entry.key);
      throw error;
    }
    const { program } = entry;
    for (const [name, point] of Object.entries(BINDINGS)) program.bind(name, point);
    for (let k = 0; k < entry.structure.layout.blocks; k++) {
      program.bind(`Weights${k}`, WEIGHTS_BINDING + k);
    }
    this.gl.useProgram(program.program);
    this.gl.uniform1i(program.location("weights"), 0);
    this.gl.uniform1i(program.location("curved_weights"), 1);
    entry.ready = true;
    return true;
  }

  // Draw a texel: most drivers compile when a program first draws. False if the context is lost.
  async _warm(entry, scene) {
    if (entry.warm) return true;
    const planes = this.planes(4, 1, scene.network.channels);
    try {
      this._strip(this._job(scene, entry, planes, [4, 1], [0, 0]), [0, 0, 1, 1]);
      entry.warm = await finished(this.gl);
    } finally {
      planes.release();
    }
    return entry.warm;
  }

  // All that the strips of a picture have in common.
  _job(scene, entry, planes, size, offset) {
    const { network, view, clock } = scene;
    const { center, extent } = view;
    const angles = waves(network, center, extent, size, offset, [0, 0]);
    const { layout } = entry.structure;
    return {
      entry,
      planes,
      network,
      layout,
      frame: frameBlock(network, view, size, offset, angles),
      layers: layersBlock(network, layout),
      first: firstLayer(network, center, extent, clock),
    };
  }

  // Draw [left, top, width, height] texels.
  _strip(job, rect) {
    const { gl } = this;
    const { entry, planes } = job;
    // First what binds textures of its own.
    const pixels = entry.literal && this._pixels(4 * planes.target.texels[0]);
    if (this.last !== job) this._upload(job);
    gl.useProgram(entry.program.program);
    const { weights, curved } = this;
    for (const [unit, made] of [[0, weights.texture], [1, curved]]) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, made || null);
    }
    for (const [name, point] of Object.entries(BINDINGS)) {
      gl.bindBufferBase(gl.UNIFORM_BUFFER, point, this.blocks[name]);
    }
    const bytes = 16 * job.layout.blockSize;
    for (let k = 0; weights.buffer && k < job.layout.blocks; k++) {
      gl.bindBufferRange(gl.UNIFORM_BUFFER, WEIGHTS_BINDING + k, weights.buffer, k * bytes, bytes);
    }
    if (!entry.literal) {
      cover(gl, planes.framebuffer, planes.target.texels, rect);
      return;
    }
    const [x, y, wide, rows] = rect;
    gl.uniform2i(entry.program.location("corner"), 4 * x, y);
    cover(gl, pixels.framebuffer, pixels.texels, [0, 0, 4 * wide, rows]);
    const weave = this._weave(planes.channels);
    gl.useProgram(weave.program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, pixels.textures[0]);
    gl.uniform2i(weave.location("corner"), x, y);
    cover(gl, planes.framebuffer, planes.target.texels, rect);
  }

  // A target for ROWS rows of pixels, at least `width` wide.
  _pixels(width) {
    if (!this.pixels || this.pixels.texels[0] < width) {
      if (this.pixels) this.pixels.release();
      this.pixels = new Target(this.gl, this.gl.RGBA32UI, width, ROWS);
    }
    return this.pixels;
  }

  // The program that weaves pixels into planes; it is tiny, and compiled at once.
  _weave(channels) {
    if (!this.weaves[channels]) {
      const source = `#define ALPHA ${Number(channels === 4)}\n${this.shaders.weave}`;
      this.weaves[channels] = new Program(this.gl, "weave", this.shaders.full, source).finish();
    }
    return this.weaves[channels];
  }

  _upload(job) {
    const { gl } = this;
    for (const [name, data] of [
      ["Frame", job.frame],
      ["Layers", job.layers],
      ["First", job.first.unit],
    ]) {
      if (!this.blocks[name]) this.blocks[name] = buffer(gl);
      gl.bindBuffer(gl.UNIFORM_BUFFER, this.blocks[name]);
      gl.bufferData(gl.UNIFORM_BUFFER, data, gl.DYNAMIC_DRAW);
    }
    if (!job.entry.literal) this._uploadWeights(job);
    else if (!this.weights) this.weights = {};
    if (job.first.more) this._uploadCurved(job.first);
    this.last = job;
  }

  _uploadWeights({ network: { layers }, network, layout }) {
    const { gl, weights } = this;
    const same = weights && weights.layers && sameLayout(weights.layout, layout);
    if (same && weights.layers.length === layers.length) {
      const equal = ({ weight, bias }, k) => {
        return weight === layers[k].weight && bias === layers[k].bias;
      };
      if (weights.layers.every(equal)) return;
    }
    const data = pack(network, layout);
    const rows = layout.blocks ? 0 : data.length / 4 / TEXTURE_WIDTH;
    if (!weights || weights.rows !== rows) {
      if (weights) this._freeWeights();
      this.weights = { rows };
      if (rows) this.weights.texture = texture(gl, gl.RGBA32F, TEXTURE_WIDTH, rows);
      else this.weights.buffer = buffer(gl);
    }
    Object.assign(this.weights, { layers, layout });
    if (rows) {
      gl.bindTexture(gl.TEXTURE_2D, this.weights.texture);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, TEXTURE_WIDTH, rows, gl.RGBA, gl.FLOAT, data);
    } else {
      gl.bindBuffer(gl.UNIFORM_BUFFER, this.weights.buffer);
      gl.bufferData(gl.UNIFORM_BUFFER, data, gl.DYNAMIC_DRAW);
    }
    this.uploads++;
  }

  _freeWeights() {
    freeTexture(this.gl, this.weights.texture);
    freeBuffer(this.gl, this.weights.buffer);
    this.weights = null;
  }

  // Layer 1's weights of curved features beyond the first, four in a texel.
  _uploadCurved({ more, columns }) {
    const { gl } = this;
    if (!this.curved) this.curved = texture(gl, gl.RGBA32F, MAX_INPUTS / 4, MAX_WIDTH);
    const across = 4 * Math.ceil(columns / 4);
    const texels = new Float32Array(MAX_WIDTH * across);
    for (let row = 0; row < MAX_WIDTH; row++) {
      texels.set(more.subarray(row * columns, (row + 1) * columns), row * across);
    }
    gl.bindTexture(gl.TEXTURE_2D, this.curved);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, across / 4, MAX_WIDTH, gl.RGBA, gl.FLOAT, texels);
  }
}

function sameLayout(a, b) {
  return a.units === b.units && a.chunks === b.chunks && a.blocks === b.blocks;
}

// A number of rows: software renderers draw 2 × 2 fragments.
function evenRows(rows) {
  return rows < 2 ? 1 : 2 * Math.floor(rows / 2);
}

// Learn from a draw call of some texels how much the next one may draw, and pixels/s.
function record(entry, texels, work, ms, budget) {
  const part = (texels * work) / entry.chunk; // the end of a picture is less than a chunk
  if (part > 0.5 || ms > budget) {
    const factor = Math.min(Math.max(budget / Math.max(ms, 1), 1 / GROWTH), GROWTH);
    entry.chunk = Math.max(1, texels * work * factor);
  }
  const rate = (4000 * texels) / Math.max(ms, 0.1);
  const weight = Math.min(1, ms / budget);
  entry.rate = entry.rate ? entry.rate + (rate - entry.rate) * 0.5 * weight : rate;
}

const hashes = new WeakMap();

// A hash of an array's bits, in 53 bits.
function hashOf(array) {
  if (!hashes.has(array)) {
    const bits = new Uint32Array(array.buffer, array.byteOffset, array.length);
    let [a, b] = [0x811c9dc5, 0x9e3779b9];
    for (const word of bits) {
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b ^ word, 0x85ebca6b);
      b ^= b >>> 13;
    }
    hashes.set(array, `${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}`);
  }
  return hashes.get(array);
}

// What a program with literals depends on.
function literalKey({ layers, inputs, outputs }) {
  const parts = layers.map(({ rows, weight, bias, activation }, k) => {
    return k ? `${hashOf(weight)} ${hashOf(bias)} ${activation}` : `${rows} ${activation}`;
  });
  return [inputs.join(), outputs, ...parts].join();
}
