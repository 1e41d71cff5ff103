// Colours: planes of outputs to a picture of 8 bits, and that to the canvas.
//
//   moment, scene -> Colorist.range() -> value range {low, high, ends}
//   planes, colours, range -> draw() -> target, RGBA of 8 bits, row 0 on top -> present(), pixels()
//
// `color`: the keys of [color], and `mappings`, as describe_color() in Python gives them.

import { Program, Target, cover, freeTexture, texture } from "./gl.js";
import { MAX_COLORS, SIZE, flatInks, levelsOf, paletteOf } from "./palettes.js";
import { gridOf, measured, stretchedRange } from "./stretch.js";
import { defaultRange } from "./value_range.js";

const STROKES = 450; // in the shorter side of a picture; a stroke is one pixel at least
const CHECKS = [0.6, 0.65]; // the greys behind a picture with alpha
const [SQUARES, MIN_SQUARE] = [45, 4]; // of the checkerboard along the shorter side; in pixels
const MAX_MEASURED = 64; // views of one network

// Whether a pixel's colour depends on its neighbours.
const edged = (row, color) => Boolean(levelsOf(row, color) || color.isolines);

// What colours a Color makes: {row, index, levels, palette, inks}; the last ones are kept.
function prepared(color, kept) {
  const row = color.mappings[color.mapping];
  const key = JSON.stringify([color.mapping, row.ink && color.hue, color.palette, color.inks]);
  if (!kept.has(key)) {
    if (kept.size >= 32) kept.clear();
    const palette = paletteOf(row, color);
    const inks = new Float32Array(3 * MAX_COLORS);
    inks.set(flatInks(row, color, palette).flat());
    const index = Object.keys(color.mappings).indexOf(color.mapping);
    kept.set(key, { row, index, levels: levelsOf(row, color), palette, inks });
  }
  return kept.get(key);
}

export class Colorist {
  // `shaders`: the texts of shader_texts() in Python; `painter` measures outputs.
  constructor(gl, shaders, painter) {
    this.gl = gl;
    this.shaders = shaders;
    this.painter = painter;
    this.prepared = new Map();
    this._reset();
    gl.canvas.addEventListener("webglcontextrestored", () => this._reset());
    gl.canvas.addEventListener("contextrestored", () => this._reset());
  }

  _reset() {
    this.programs = new Map();
    this.measured = new WeakMap(); // network -> key of a view -> bounds
    this.palette = null; // the texture, and what is in it
    this.held = null;
  }

  // The value range of a picture of `size`, of which only the ratio matters. Null if cancelled.
  async range(moment, scene, size, { cancelled, budget } = {}) {
    const { color } = moment;
    const { network, view, clock } = scene;
    const { activation } = network.layers[network.layers.length - 1];
    if (color.stretch === "none") return defaultRange(color, activation);
    const grid = gridOf(size);
    const key = JSON.stringify([view, clock, grid]);
    const known = this.measured.get(network) || new Map();
    if (!known.has(key)) {
      const planes = this.painter.planes(...grid, network.channels);
      try {
        const done = await this.painter.draw(scene, planes, { size: grid, cancelled, budget });
        if (!done) return null;
        const outputs = await this.painter.read(planes);
        if (!outputs) return null;
        if (known.size >= MAX_MEASURED) known.clear();
        known.set(key, measured(outputs, network.channels));
        this.measured.set(network, known);
      } finally {
        planes.release();
      }
    }
    return stretchedRange(color, activation, known.get(key));
  }

  // A picture of RGBA, each of 8 bits.
  target(width, height) {
    const made = new Target(this.gl, this.gl.RGBA8, width, height);
    return Object.assign(made, { width, height, alpha: false });
  }

  // Fill a picture with one colour, [red, green, blue].
  fill(target, [red, green, blue]) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.framebuffer);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(red, green, blue, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  // Colour planes into a target, at [left, top] of it; returns the target. `room`: [width, height]
  // of the planes that are shown, if not all. `noise`: where color.dither wants it. `ground`: what
  // lies behind alpha, else the target has it.
  draw(planes, target, color, range, { at = [0, 0], room, noise = false, ground = null } = {}) {
    const { gl } = this;
    const { row, index, levels, palette, inks } = prepared(color, this.prepared);
    const { width, height, channels } = planes;
    const program = this._program("colors", {
      ALPHA: Number(channels === 4),
      LINES: Number(Boolean(color.isolines)),
      ...(edged(row, color) ? { FLAT: 1 } : {}),
    });
    const set = setter(gl, program);
    planes.textures.forEach((plane, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, plane);
    });
    ["red", "green", "blue", "alpha"].forEach((name, unit) => set("1i", `${name}_plane`, unit));
    gl.activeTexture(gl.TEXTURE4);
    this._hold(palette);
    set("1i", "palette", 4);
    const one = row.channels === 1;
    const low = one ? Array(3).fill(range.low[0]) : range.low;
    const factor = [0, 1, 2].map((k) => 1 / (range.high[one ? 0 : k] - range.low[one ? 0 : k]));
    const box = row.box || [[0, 1], [0, 1], [0, 1]];
    set("1i", "mapping", index);
    set("1i", "through", palette ? 1 : 0);
    set("3fv", "box_low", box.map(([least]) => least));
    set("3fv", "box_size", box.map(([least, most]) => Math.fround(most) - Math.fround(least)));
    set("1i", "levels", levels);
    set("3fv", "inks", inks);
    set("3fv", "low", low);
    set("3fv", "factor", factor);
    set("1i", "mean", one ? 1 : 0);
    set("1i", "invert", color.invert ? 1 : 0);
    set("2iv", "corner", at);
    set("2iv", "last", [width - 1, height - 1]);
    set("1i", "noisy", noise && color.dither && !levels ? 1 : 0);
    set("4fv", "ground", ground ? [...ground, 1] : [0, 0, 0, 0]);
    if (color.isolines) {
      const ends = range.ends.map((end) => Math.min(Math.max(end / color.isolines, -3e38), 3e38));
      set("1f", "apart", color.isolines);
      set("1f", "stroke", Math.max(1, Math.min(width, height) / STROKES));
      set("2fv", "ends", ends);
    }
    cover(gl, target.framebuffer, target.texels, [...at, ...(room || [width, height])]);
    target.alpha = target.alpha || (channels === 4 && !ground);
    return target;
  }

  // Show a picture, scaled to [width, height] pixels, on the canvas; with alpha on a checkerboard.
  // `place` [left, top, width, height]: where the picture is, in those pixels.
  present(target, [width, height], { framebuffer = null, place = [0, 0, width, height] } = {}) {
    const { gl } = this;
    const set = setter(gl, this._program("present", { ALPHA: Number(target.alpha) }));
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, target.textures[0]);
    set("1i", "picture", 0);
    set("2iv", "target_size", [width, height]);
    set("4fv", "place", place);
    set("1i", "square", Math.max(MIN_SQUARE, Math.floor(Math.min(width, height) / SQUARES)));
    set("2fv", "checks", CHECKS);
    cover(gl, framebuffer, [width, height], [0, 0, width, height]);
  }

  // The bytes of a picture, row 0 on top. Null if the context is lost.
  pixels(target) {
    return target.read(Uint8Array);
  }

  release() {
    for (const program of this.programs.values()) program.release();
    freeTexture(this.gl, this.palette);
    this._reset();
  }

  _program(name, definitions) {
    const head = Object.entries(definitions).map(([what, value]) => `#define ${what} ${value}\n`);
    const key = name + head.join("");
    if (!this.programs.has(key)) {
      const text = head.join("") + this.shaders[name];
      const program = new Program(this.gl, name, this.shaders.full, text).finish();
      this.programs.set(key, program);
    }
    return this.programs.get(key);
  }

  // Bind the texture of palettes, with this one in it; with any other for null.
  _hold(palette) {
    const { gl } = this;
    if (!this.palette) this.palette = texture(gl, gl.RGBA32F, SIZE, 1);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    if (!palette || palette === this.held) return;
    const texels = new Float32Array(palette.flatMap((rgb) => [...rgb, 1]));
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SIZE, 1, gl.RGBA, gl.FLOAT, texels);
    this.held = palette;
  }
}

// A function that sets a uniform of a program, if it has it.
function setter(gl, program) {
  gl.useProgram(program.program);
  return (kind, name, value) => gl[`uniform${kind}`](program.location(name), value);
}
