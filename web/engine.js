// The engine of a page: a preset at a time to a picture, on the page's canvas or as pixels.
//
//   preset.at(time) -> network -> Painter -> planes -> Colorist -> picture -> canvas, or pixels
//
// Pictures are drawn one after another, each in strips between which the page goes on.

import { Colorist } from "./color.js";
import { networkOf } from "./network.js";
import { normalized } from "./normalize.js";
import { Painter } from "./painter.js";

const NO_WEBGL = "this browser, or its graphics driver, has no WebGL 2";
const CONTEXT = {
  alpha: false, antialias: false, depth: false, stencil: false,
  powerPreference: "high-performance",
};
const never = () => false;

export class Engine {
  // `description`: as Python wrote it; `shaders`: texts by name; `cells`: what cells.js exports, or
  // null where nothing shows cells. Throws an Error without WebGL 2.
  constructor(canvas, description, shaders, cells = null) {
    const gl = canvas.getContext("webgl2", CONTEXT);
    if (!gl) throw new Error(NO_WEBGL);
    this.canvas = canvas;
    this.gl = gl;
    this.description = description;
    this.cells = cells;
    this.painter = new Painter(gl, shaders);
    this.colorist = new Colorist(gl, shaders, this.painter);
    this.planes = null; // of the last picture, kept for the next
    this.front = null; // the last picture
    this.scene = null; // and what it shows
    this.turn = Promise.resolve();
    this.wanted = 0; // pixels that are waited for: pictures of the canvas give way
    canvas.addEventListener("webglcontextrestored", () => {
      this.planes = this.front = null;
    });
  }

  // Pixels a second that the last picture's network was drawn at; 0 before it is known.
  get rate() {
    return this.scene ? this.painter.rate(this.scene) : 0;
  }

  // A picture to be presented, which the next one replaces; null if cancelled. `partial` is given a
  // picture of cells as each of them is drawn.
  picture(preset, time, { width, height, cancelled = never, partial = never }) {
    return this._next(async () => {
      const picture = await this._drawn(preset, time, [width, height], {
        cancelled: () => this.wanted > 0 || cancelled(), noise: true, adapt: true, partial,
      });
      if (!picture) return null;
      if (this.front && this.front !== picture) this.front.release();
      this.front = picture;
      return picture;
    });
  }

  // Show a picture on the canvas, as large as that is.
  present(picture) {
    const { width, height } = this.canvas;
    this.colorist.present(picture, [width, height]);
  }

  // A picture's pixels: RGBA, a byte each, row 0 on top, one sample a pixel, without dither.
  pixels(preset, time, width, height) {
    this.wanted++;
    return this._next(async () => {
      const most = this.painter.device.largest;
      if (![width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= most)) {
        throw new RangeError(`${width} × ${height} pixels; each side is from 1 to ${most}`);
      }
      const picture = await this._drawn(preset, time, [width, height], { cancelled: never });
      const pixels = picture && (await this.colorist.pixels(picture));
      if (picture && picture !== this.front) picture.release();
      if (!pixels) throw new Error("the graphics driver was reset: try again");
      return pixels;
    }).finally(() => this.wanted--);
  }

  // Ask for the fastest program for what is shown; it is compiled in the background.
  async settle() {
    await this._next(async () => {}); // what was asked for tells how fast the device is
    return this.scene ? this.painter.settle(this.scene) : false;
  }

  // Run a job after those that were asked for before.
  _next(job) {
    const done = this.turn.then(job);
    this.turn = done.catch(() => {});
    return done;
  }

  async _drawn(preset, time, size, { cancelled, noise = false, adapt = false, partial = never }) {
    const { cells, description, painter: { epoch } } = this;
    if (cells && cells.hasCells(description, preset)) {
      this.scene = null; // no program is the fastest for all cells
      const grid = cells.cellsOf(description, preset, time);
      const { clientWidth, clientHeight } = this.canvas;
      // In the window labels have sizes in CSS pixels, and cells stay where they are when the
      // picture is coarser.
      const shape = adapt && clientWidth > 0 ? [clientWidth, clientHeight] : size;
      const layout = cells.layoutOf(grid, shape, { adapt });
      const means = {
        painter: this.painter,
        colorist: this.colorist,
        scene: (...what) => this._scene(...what),
      };
      const scaled = layout.scaled(size);
      const drawn = await cells.drawCells(means, grid, scaled, time, {
        cancelled, partial: (target) => partial(Object.assign(target, { layout })),
      });
      return drawn && epoch === this.painter.epoch ? Object.assign(drawn, { layout }) : null;
    }
    const found = await this._scene(preset, time, cancelled);
    if (!found) return null;
    const { moment, scene } = found;
    const planes = this._planesOf(size, scene.network.channels);
    const range = await this.colorist.range(moment, scene, size, { cancelled });
    if (!range || !(await this.painter.draw(scene, planes, { size, cancelled }))) return null;
    if (epoch !== this.painter.epoch) return null;
    if (noise) this.scene = scene; // not that of pixels, which are asked for beside the canvas
    const target = noise ? this._target(size) : this.colorist.target(...size);
    return this.colorist.draw(planes, target, moment.color, range, { noise });
  }

  // What a preset shows at a time: {moment, scene}; null if cancelled.
  async _scene(preset, time, cancelled = never) {
    const moment = preset.at(time);
    const { spec, view, clock, normalize } = moment;
    const drawn = networkOf(spec);
    // Only pages that may normalise have what it takes.
    const network = normalize ? await normalized(drawn, normalize, spec.seed, cancelled) : drawn;
    return network && { moment, scene: { network, view, clock } };
  }

  _planesOf([width, height], channels) {
    const kept = this.planes;
    const fits = kept && kept.width === width && kept.height === height;
    if (!fits || kept.channels !== channels) {
      if (kept) kept.release();
      this.planes = null;
      this.planes = this.painter.planes(width, height, channels);
    }
    return this.planes;
  }

  // The last picture, to be drawn over, if it has this size; else a new one.
  _target([width, height]) {
    const { front } = this;
    if (!front || front.width !== width || front.height !== height || front.layout) {
      return this.colorist.target(width, height);
    }
    front.alpha = false;
    return front;
  }
}
