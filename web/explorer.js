// What is explored, and the actions that keys and buttons are bound to, as viewer/explorer.py; it
// knows nothing of the page. A change makes a new preset and adds it to the history. An action that
// is not possible changes nothing and sets `message`.

import { History } from "./history.js";
import { clamp, digits, ladder, onLadder, tidy, written } from "./ladder.js";
import { depthOf, layerPicture } from "./layers.js";

export const ZOOM_STEP = 2 ** (1 / 4);
export const SCALE_STEP = 2 ** (1 / 16);
export const PAN_STEP = 0.125; // extents
export const TIME_STEP = 0.125; // seconds
export const LARGE = 4; // steps of zoom, weight scale, pan and time with Shift
export const LAYERS = 5; // steps of the depth with Shift
export const UNITS = 8; // the same of the width
export const MIN_SCALE = 1e-4; // limits of the weight scale for keys
export const MAX_SCALE = 1000;
export const MIN_EXTENT = 1e-6;
export const MAX_EXTENT = 1e6;

const FIXED = "this preset fixes the weights: only the view and time can be changed";
const NAMES = {
  "network.depth": "depth", "network.width": "width", "network.weight_scale": "weight scale",
  "network.activation": "activation", "network.init": "initialisation", "network.seed": "seed",
  "color.mapping": "colour", "view.extent": "extent", "view.center": "centre",
};

// The preset explored, its history, time, the layer shown and the last message.
export class Explorer {
  // `changed`: called after each change of what is shown.
  constructor(preset, { time = 0, running = true, changed = () => {} } = {}) {
    this.loaded = preset;
    this.time = time;
    this.running = running; // not paused, whether or not anything depends on time
    this.message = "";
    this.gesture = null; // identifies the held key or drag; null outside a gesture
    this.cursor = [0, 0]; // local coordinates (u, v), the fixed point of a zoom
    this.history = new History({ preset, home: viewOf(preset, time), layer: 0 });
    this.changed = changed;
    this._entered = []; // moments to return to
    this._scaleBase = 0; // the weight scale that the ladder of steps started from
    this._zoom = null; // the view where a zoom began, its cursor, and the view now
    this._seen = [null, null]; // a moment, and the preset of its picture
  }

  get preset() {
    return this.history.now.preset;
  }

  // The preset of the picture on the screen: that of one layer, if one is shown.
  get shown() {
    const now = this.history.now;
    if (!now.layer) return now.preset;
    if (this._seen[0] !== now) this._seen = [now, layerPicture(now.preset, now.layer)];
    return this._seen[1];
  }

  // Whether time runs and the picture depends on it.
  get moving() {
    return this.running && this.preset.moves;
  }

  // The part of the plane that is shown now: {center: [x, y], extent}.
  get view() {
    return viewOf(this.preset, this.time);
  }

  // The magnification relative to the view that the preset had first.
  get zoom() {
    return this.history.now.home.extent / this.view.extent;
  }

  // The number of layers of the network now.
  get layers() {
    return depthOf(this.preset, this.time);
  }

  // Whether many pictures are shown, each in a cell.
  get sheet() {
    return !["picture", null].includes(this.preset.get("show.view"));
  }

  // The range of a key: {least, most, low, high, factor, whole, help}, or {choices}; null for a key
  // that changes nothing.
  limits(key) {
    const given = key === "network.seed" && this.preset.at(this.time).spec.kind === "given";
    return given ? null : this.preset.limits(key);
  }

  // Whether the preset has a key that changes it; if not, the message says why.
  has(key) {
    if (this.limits(key)) return true;
    this.message = FIXED;
    return false;
  }

  // The names that a key can have; null for a key that the preset does not have.
  choices(key) {
    const other = key === "network.activation" ? "network.output_activation" : key;
    const row = this.limits(other);
    return row && row.choices;
  }

  // The value of a key now: animated ones move.
  value(key) {
    const { spec, view } = this.preset.at(this.time);
    const now = { "network.depth": spec.depth, "network.width": spec.width,
      "network.weight_scale": spec.weightScale, "view.extent": view.extent }[key];
    return now === undefined ? this.preset.get(key) : now;
  }

  // Change keys of the preset. `say`: the message, instead of the keys and values in words.
  change(keys, say = "") {
    const before = this.preset;
    let preset;
    try {
      preset = before.replace(keys);
    } catch (error) {
      this.message = error.message;
      return;
    }
    this.message = say || changeWords(keys);
    const { home, layer } = this.history.now;
    this._look({ preset, home, layer: layer < depthOf(preset, this.time) ? layer : 0 });
  }

  _look(moment) {
    this.history.add(moment, this.gesture);
    this.changed();
  }

  // Depth, width, weights

  deeper(large) {
    this._step("network.depth", large ? LAYERS : 1);
  }

  shallower(large) {
    this._step("network.depth", large ? -LAYERS : -1);
  }

  wider(large) {
    this._step("network.width", large ? UNITS : 1);
  }

  narrower(large) {
    this._step("network.width", large ? -UNITS : -1);
  }

  _step(key, by) {
    if (!this.has(key)) return;
    const { least, most } = this.limits(key);
    const old = this.value(key);
    const value = clamp(old + by, least, most);
    if (value !== old) this.change({ [key]: value });
    else this.message = `the ${NAMES[key]} ranges from ${least} to ${most}`;
  }

  stronger(large) {
    this._scale(large ? LARGE : 1);
  }

  weaker(large) {
    this._scale(large ? -LARGE : -1);
  }

  _scale(steps) {
    if (!this.has("network.weight_scale")) return;
    const old = this.value("network.weight_scale");
    if (old < MIN_SCALE && steps > 0) {
      this.change({ "network.weight_scale": MIN_SCALE });
      return;
    }
    if (!onLadder(old, this._scaleBase, SCALE_STEP)) this._scaleBase = old;
    for (let count = Math.abs(steps); count > 0; count--) { // as many as the limits allow
      const scale = ladder(old, this._scaleBase, SCALE_STEP, Math.sign(steps) * count);
      if (scale >= MIN_SCALE && scale <= MAX_SCALE) {
        this.change({ "network.weight_scale": scale });
        return;
      }
    }
    this.message = `the weight scale ranges from ${MIN_SCALE} to ${MAX_SCALE}`;
  }

  double_scale(large) {
    if (!this.has("network.weight_scale")) return;
    const old = this.value("network.weight_scale");
    const scale = old * (large ? 0.5 : 2); // exact: one undoes the other
    if (scale >= MIN_SCALE && scale <= MAX_SCALE) this.change({ "network.weight_scale": scale });
    else this.message = `the weight scale ranges from ${MIN_SCALE} to ${MAX_SCALE}`;
  }

  next_activation(large) {
    this._next("network.activation", large);
  }

  next_init(large) {
    this._next("network.init", large);
  }

  next_color(large) {
    this._next("color.mapping", large);
  }

  _next(key, backwards) {
    const choices = this.choices(key);
    if (!choices) {
      this.message = FIXED;
      return;
    }
    const at = choices.indexOf(choiceOf(this.preset.get(key)));
    const count = choices.length;
    this.change({ [key]: choices[(at + (backwards ? -1 : 1) + count) % count] });
  }

  random_seed() {
    if (this.has("network.seed")) this.change({ "network.seed": freshSeed() });
  }

  // Zoom and pan

  zoom_in(large) {
    this.zoomBy(large ? LARGE : 1);
  }

  zoom_out(large) {
    this.zoomBy(large ? -LARGE : -1);
  }

  // Zoom in by `steps`, or out by negative ones; the point under the cursor stays fixed.
  zoomBy(steps) {
    const { view } = this;
    const extent = ladder(view.extent, this.history.now.home.extent, ZOOM_STEP, -steps);
    if (!(extent >= MIN_EXTENT && extent <= MAX_EXTENT)) {
      this.message = `the extent ranges from ${MIN_EXTENT} to ${MAX_EXTENT}`;
      return;
    }
    this.zoomTo(extent);
  }

  // Make the extent another; the point under the cursor stays fixed.
  zoomTo(extent, cursor = this.cursor) {
    const { view } = this;
    // Computed from where the zoom about this cursor began, so that in and out cancel exactly.
    if (!this._zoom || !same(this._zoom[1], cursor) || !sameView(this._zoom[2], view)) {
      this._zoom = [view, cursor, view];
    }
    const [start] = this._zoom;
    let { center } = start;
    if (extent !== start.extent) {
      center = center.map((c, k) => tidy(c + cursor[k] * (start.extent - extent)));
    }
    this.change({ "view.center": center, "view.extent": extent }, this._zoomWords(extent));
    this._zoom = [start, cursor, this.view];
  }

  _zoomWords(extent) {
    return `zoom ${written(this.history.now.home.extent / extent, 3)}×`;
  }

  // Look at {center, extent}, which a gesture of fingers gives.
  lookAt({ center, extent }) {
    const changes = { "view.center": center.map(tidy) };
    const zooms = extent !== this.view.extent;
    if (zooms) changes["view.extent"] = clamp(digits(extent, 6), MIN_EXTENT, MAX_EXTENT);
    this.change(changes, zooms ? this._zoomWords(extent) : " ");
  }

  // Move the centre by (du, dv) in local coordinates: 1 is half the shorter side.
  panBy(du, dv) {
    const { center, extent } = this.view;
    this.change({ "view.center": [tidy(center[0] + du * extent), tidy(center[1] + dv * extent)] });
  }

  pan_right(large) {
    this.panBy(PAN_STEP * (large ? LARGE : 1), 0);
  }

  pan_left(large) {
    this.panBy(-PAN_STEP * (large ? LARGE : 1), 0);
  }

  pan_up(large) {
    this.panBy(0, PAN_STEP * (large ? LARGE : 1));
  }

  pan_down(large) {
    this.panBy(0, -PAN_STEP * (large ? LARGE : 1));
  }

  // Back to the view that the preset had first.
  reset_view() {
    const { center, extent } = this.history.now.home;
    this.change({ "view.center": center, "view.extent": extent }, "zoom 1×");
  }

  // Layers and cells

  layer_up(large) {
    this._page(large ? LAYERS : 1);
  }

  layer_down(large) {
    this._page(large ? -LAYERS : -1);
  }

  _page(steps) {
    const { preset, home, layer } = this.history.now;
    if (this.sheet) {
      this.message = "layers are shown one by one of one picture: open a cell";
      return;
    }
    const last = this.layers;
    const next = clamp((layer || last) + steps, 1, last);
    this.message = next < last ? `layer ${next} of ${last}` : "the whole network";
    if (next !== (layer || last)) this._look({ preset, home, layer: next < last ? next : 0 });
  }

  // Open another preset, at `time` unless that is null; `leave` returns.
  open(preset, words, time = null) {
    this._entered.push({ moment: this.history.now, time: time === null ? null : this.time });
    if (time !== null) this.time = time;
    this._look({ preset, home: viewOf(preset, this.time), layer: 0 });
    this.message = words;
  }

  enter() {
    if (!this.history.now.layer) {
      this.message = "nothing to open here";
      return;
    }
    const opened = this.shown;
    this.open(opened, `now a network of depth ${this.history.now.layer}`);
  }

  leave() {
    const entered = this._entered.pop();
    if (!entered) {
      this.message = "nothing was opened that this could return from";
      return;
    }
    if (entered.time !== null) this.time = entered.time;
    this._look({ ...entered.moment });
  }

  get inside() {
    return this._entered.length > 0;
  }

  // The preset as it was loaded.
  restore() {
    this._entered = [];
    const { loaded } = this;
    this._look({ preset: loaded, home: viewOf(loaded, this.time), layer: 0 });
    this.message = "the preset as it was at first";
  }

  // Time

  pause() {
    if (!this._moves()) return;
    this.running = !this.running;
    this.message = this.running ? "" : "paused";
    this.changed();
  }

  _moves() {
    if (!this.preset.moves) {
      this.message = "nothing moves: no time input (t, cos_t, sin_t) and no animated key";
    }
    return this.preset.moves;
  }

  time_on(large) {
    this._stepTime(large ? LARGE : 1);
  }

  time_back(large) {
    this._stepTime(large ? -LARGE : -1);
  }

  _stepTime(steps) {
    if (this._moves()) this.seek((Math.round(this.time / TIME_STEP) + steps) * TIME_STEP);
  }

  // Pause at a time in seconds.
  seek(time) {
    this.running = false;
    this.time = time;
    this.message = `time ${written(time)} s`;
    this.changed();
  }

  // Time moves on, unless it is paused.
  tick(seconds) {
    if (this.moving) this.time += seconds;
  }

  // Seconds after which what moves returns, as the time's slider spans them.
  get span() {
    const { preset } = this;
    const seconds = preset.get("animation.duration") || preset.get("animation.loop") || 12;
    const walks = (preset.get("animation.walk") || []).length > 0;
    const moves = walks || Boolean(preset.document.animate);
    return moves && preset.get("animation.ending") === "bounce" ? 2 * seconds : seconds;
  }

  // History

  history_back() {
    this._walk(-1);
  }

  history_on() {
    this._walk(1);
  }

  _walk(by) {
    const moved = this.history.step(by);
    const [place, count] = this.history.place;
    const end = by < 0 ? "start of the history" : "end of the history";
    this.message = moved ? `history: ${place} of ${count}` : end;
    if (moved) this.changed();
  }
}

// One name of a key's value: of a list of activations the first.
export function choiceOf(value) {
  return Array.isArray(value) ? value[0] : value;
}

// A seed by chance, short enough to be remembered.
export function freshSeed() {
  return BigInt(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
}

function viewOf(preset, time) {
  const { center, extent } = preset.at(time).view;
  return { center: [...center], extent };
}

function same(a, b) {
  return a[0] === b[0] && a[1] === b[1];
}

function sameView(a, b) {
  return a.extent === b.extent && same(a.center, b.center);
}

function changeWords(keys) {
  return Object.keys(keys).filter((key) => !(key === "view.center" && "view.extent" in keys))
    .map((key) => `${NAMES[key] || key} ${valueWords(keys[key])}`).join(", ");
}

function valueWords(value) {
  if (Array.isArray(value)) return value.map(valueWords).join(", ");
  return typeof value === "number" ? written(value, 6) : String(value);
}
