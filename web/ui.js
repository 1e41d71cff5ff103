// The page: joins the explorer, the frame loop, keys, fingers, the panel and the engine.
//
//   key, finger, slider -> Explorer (a new preset, a time) -> Loop -> engine -> canvas

import { labelled, make, tool, write } from "./dom.js";
import { Explorer, MAX_EXTENT, MIN_EXTENT } from "./explorer.js";
import { byKey, keyName, usesKey } from "./keys.js";
import { Loop } from "./pace.js";
import { Panel } from "./panel.js";
import { Pointer } from "./pointer.js";
import { copied, download, fileName, png } from "./saving.js";
import { Sheets } from "./sheets.js";

const MOST = 4096; // device pixels of a side that are drawn
const SHOWN = 3500; // milliseconds that a message stays
const IDLE = 2500; // the same of the buttons in full screen
const SETTLED = 600; // without a change, before the engine may prepare for this network
const TOLD = 250; // between two updates of the words while time runs
// Actions of the table of keys that are the page's own; the others are the explorer's.
export const ACTIONS = ["next_overlay", "toggle_help", "explain", "escape", "toggle_fullscreen",
  "screenshot", "save_preset", "enter"];
const OVERLAYS = ["text", "panel", "nothing"];
const LESS_MOTION = "(prefers-reduced-motion: reduce)";

// Starts the page in `root`, the page's main element. Returns an object with what is shown.
export function startPage({ description, preset, engine, root }) {
  const page = new Page(description, preset, engine, root);
  page.start();
  return page;
}

class Page {
  constructor(description, preset, engine, root) {
    this.engine = engine;
    this.root = root;
    this.given = description;
    this.find = (id) => root.querySelector(`#${id}`);
    this.canvas = this.find("picture");
    this.stage = this.find("stage");
    this.still = matchMedia(LESS_MOTION);
    this.explorer = new Explorer(preset, {
      time: description.time || 0, running: !this.still.matches, changed: () => this._changed(),
    });
    this.name = fileName(description.name || "cppn_gl");
    this.sheets = new Sheets(this.find("sheet"));
    this._keys = byKey();
    this._gesture = 0;
    this._size = [0, 0];
    this._told = 0;
    this._settled = false; // the engine was asked to prepare for what is shown
    this._unnamed = true; // the canvas has no words for what it shows now
    this._timers = {};
    this._layout = null; // of the cells that are shown
    this._written = ""; // their labels
    this._pointed = null; // where the mouse is on the picture, in CSS pixels
    this.loop = new Loop({
      size: () => this._size,
      moving: () => this.explorer.moving,
      tick: (seconds) => this.explorer.tick(seconds),
      draw: (width, height, cancelled) => this._draw(width, height, cancelled),
      show: (...picture) => this._show(...picture),
      rate: () => Number(engine.rate) || 0,
      progress: (long) => { this.find("progress").hidden = !long; },
      fail: (error) => this.fail(error),
    });
  }

  get preset() {
    return this.explorer.shown;
  }

  get time() {
    return this.explorer.time;
  }

  start() {
    const begin = () => this.begin();
    const end = () => { this.explorer.gesture = null; };
    const change = (does) => this._act(does);
    const perform = (action) => this.perform(action);
    this.panel = new Panel(this.explorer, this.find, {
      begin, end, change, perform,
      copy: () => this.copy().catch((error) => this.fail(error)),
      reset: () => this._act(() => this.explorer.restore()),
      alone: () => this.overlay("nothing"),
      close: () => this.overlay("text"),
    });
    this._dock();
    this._listen();
    const first = () => this.overlay(this._firstOverlay());
    first();
    // A frame of another page may have no size yet.
    if (!window.innerWidth) window.addEventListener("resize", first, { once: true });
    this.canvas.hidden = false;
    this.pointer = new Pointer(this.canvas, {
      view: () => this.explorer.view,
      look: (view) => this._act(() => this.explorer.lookAt(view)),
      begin, end, change,
      limits: [MIN_EXTENT, MAX_EXTENT],
      point: (uv, place) => {
        this.explorer.cursor = uv || [0, 0];
        this._pointed = place;
      },
      zoom: (steps, uv) => this._act(() => this._zoomAt(steps, uv)),
      click: (x, y) => this._clicked(x, y),
      frame: (x, y) => this._frame(x, y),
      double: (uv) => this._own(() => this._zoomAt(4, uv)),
    });
    this._measure();
    this.panel.refresh();
    this._words();
    if (!this.explorer.running && this.explorer.preset.moves) {
      this.say("paused: this system asks for less motion. Play starts it.");
    }
    this._changed();
    this.loop.run();
  }

  // Changes from now on are one step of the history, until the next `begin`.
  begin() {
    this.explorer.gesture = ++this._gesture;
  }

  // Perform an action of the table of keys.
  async perform(action, large = false) {
    if (!ACTIONS.includes(action)) {
      this._act(() => this.explorer[action](large));
      return;
    }
    try {
      await this[`do_${action}`](large);
    } catch (error) {
      this.fail(error);
    }
  }

  // Say something: for a while, or until something else is said.
  say(text, briefly = true) {
    const message = this.find("message");
    write(message, text);
    message.classList.toggle("shown", Boolean(text.trim()));
    this._later("message", briefly ? SHOWN : 2 ** 30, () => message.classList.remove("shown"));
  }

  // Something went wrong: a line on the page says it.
  fail(error) {
    write(this.find("problem"), `This did not work: ${error.message || error}`);
  }

  // What lies over the picture or beside it: text, panel or nothing.
  overlay(name) {
    const left = this.find("panel").contains(document.activeElement) && name !== "panel";
    this.root.dataset.overlay = name;
    this.root.dataset.idle = "";
    const open = name === "panel";
    labelled(this.tools.panel, open ? "hide the panel" : "show the panel");
    this.tools.panel.setAttribute("aria-expanded", open);
    if (left) this.tools.panel.focus({ preventScroll: true });
    if (name === "nothing") {
      this.say("a click or a tap brings the text back");
      this.canvas.focus({ preventScroll: true });
    }
  }

  _own(does) {
    this.begin();
    this._act(does);
    this.explorer.gesture = null;
  }

  // Do something to the explorer, and say what it says.
  _act(does) {
    this.explorer.message = "";
    try {
      does();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.say(this.explorer.message);
    this._refresh();
  }

  // Actions of the page itself

  do_next_overlay() {
    const at = OVERLAYS.indexOf(this.root.dataset.overlay);
    this.overlay(OVERLAYS[(at + 1) % OVERLAYS.length]);
  }

  do_toggle_help() {
    this.sheets.help();
  }

  do_explain() {
    this.sheets.explain(this.explorer.shown, this.explorer.time);
  }

  do_escape() {
    if (this.sheets.open) this.sheets.close();
    else this.overlay("text");
  }

  async do_toggle_fullscreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.root.requestFullscreen();
  }

  async do_screenshot() {
    const { shown, time } = this.explorer;
    const [width, height] = this._size;
    this.say("saving: the picture moves on when it is done …", false);
    const pixels = await this.engine.pixels(shown, time, width, height);
    const shot = { version: "page", name: this.name, size: [width, height], time, samples: 1,
      engine: "webgl", preset: shown.toToml() };
    const { cells } = this.engine; // null where nothing shows any
    const { labels = [], font } = cells && cells.hasCells(this.given, shown)
      ? cells.layoutOf(cells.cellsOf(this.given, shown, time), [width, height]) : {};
    const image = { pixels, width, height, labels, font };
    download(await png(image, JSON.stringify(shot)), `${this.name}.png`);
    this.say(`saved ${this.name}.png, ${width} × ${height}`);
  }

  do_save_preset() {
    const text = this.explorer.shown.toToml();
    download(new Blob([text], { type: "application/toml" }), `${this.name}.toml`);
    this.say(`saved ${this.name}.toml`);
  }

  async copy() {
    const text = this.explorer.shown.toToml();
    if (await copied(text)) this.say("copied: the preset as TOML");
    else this.sheets.text(text, () => this.do_save_preset());
  }

  // Drawing

  _draw(width, height, cancelled) {
    const { shown, time } = this.explorer;
    const { dataset } = this.root;
    const partial = (picture) => {
      if (dataset.drawn && dataset.drawn !== "part") return; // a whole picture is better
      this._present(picture, width, height);
      dataset.drawn = "part";
    };
    return this.engine.picture(shown, time, { width, height, cancelled, partial });
  }

  _present(picture, width, height) {
    const { canvas } = this;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.engine.present(picture);
    this._labels(picture.layout || null);
  }

  _show(picture, width, height, sharp) {
    this._present(picture, width, height);
    this.root.dataset.drawn = sharp ? "sharp" : "coarse";
    if (!this._settled) {
      this._settled = true;
      this._later("settle", SETTLED, () => {
        this.engine.settle().catch((error) => this.fail(error));
      });
    }
    const now = performance.now();
    if (sharp || now - this._told > TOLD) {
      this._told = now;
      if (this.explorer.moving) this._refresh();
    }
  }

  _changed() {
    this._unnamed = true;
    write(this.find("problem"), "");
    this._touch();
    this._settled = false;
  }

  // What is on the screen is no longer what is to be shown.
  _touch() {
    const { dataset } = this.root;
    if (dataset.drawn && dataset.drawn !== "part") dataset.drawn = "before";
    this.loop.touch();
  }

  _measure(entry = null) {
    const box = entry && entry.devicePixelContentBoxSize && entry.devicePixelContentBoxSize[0];
    const { clientWidth, clientHeight } = this.stage;
    const ratio = window.devicePixelRatio || 1;
    const about = [clientWidth * ratio, clientHeight * ratio];
    const exact = box ? [box.inlineSize, box.blockSize] : about;
    // Some browsers tell CSS pixels where a device is only played.
    const size = exact.every((side, at) => Math.abs(side - about[at]) < 2) ? exact : about;
    const factor = Math.min(1, MOST / Math.max(...size, 1));
    const next = size.map((side) => Math.round(side * factor));
    if (next[0] === this._size[0] && next[1] === this._size[1]) return;
    this._size = next;
    this._touch();
  }

  // Words and controls

  _refresh() {
    this._later("words", 0, () => {
      this.panel.refresh();
      this._words();
    });
  }

  // What is shown, over the picture and for those who do not see it.
  _words() {
    const { shown, time, running, preset } = this.explorer;
    const [title, ...words] = shown.words(time);
    const { layer } = this.explorer.history.now;
    if (layer) words.unshift(`layer ${layer} of ${this.explorer.layers}`);
    const lines = [title, ...words];
    const hud = this.find("hud");
    if (hud.children.length !== lines.length) hud.replaceChildren(...lines.map(() => make("p")));
    lines.forEach((line, at) => write(hud.children[at], line));
    document.title = title;
    const label = lines.join(". ");
    // Not at each moment of what moves: screen readers would begin again and again.
    if (this._unnamed || !running) this.canvas.setAttribute("aria-label", label);
    this._unnamed = false;
    const { back, play, dice } = this.tools;
    back.hidden = !this.explorer.inside;
    play.hidden = !preset.moves;
    dice.hidden = !this.explorer.limits("network.seed");
    if (play.dataset.running !== String(running)) {
      play.dataset.running = running;
      labelled(play, running ? "pause" : "play", running ? "pause" : "play");
    }
  }

  _dock() {
    const perform = (action) => () => this.perform(action);
    this.tools = {
      back: tool("back", "return from what was opened", perform("leave")),
      play: tool("pause", "pause", perform("pause")),
      dice: tool("dice", "new seed", perform("random_seed")),
      full: tool("full", "full screen", perform("toggle_fullscreen")),
      help: tool("help", "keys and gestures", perform("toggle_help")),
      panel: tool("panel", "panel", () => {
        this.overlay(this.root.dataset.overlay === "panel" ? "text" : "panel");
      }),
    };
    this.tools.panel.setAttribute("aria-controls", "panel");
    this.tools.full.hidden = !document.fullscreenEnabled;
    const dock = this.find("dock");
    dock.append(...Object.values(this.tools));
    dock.hidden = false;
    this.find("hud").hidden = false;
  }

  // The panel is open at first where it leaves room for a picture.
  _firstOverlay() {
    const { innerWidth: width, innerHeight: height } = window;
    const beside = width >= 880 && height >= 480;
    const beneath = height > width && height >= 560;
    return beside || beneath ? "panel" : "text";
  }

  // Events

  _listen() {
    const observer = new ResizeObserver(([entry]) => this._measure(entry));
    try {
      observer.observe(this.stage, { box: "device-pixel-content-box" });
    } catch {
      observer.observe(this.stage);
    }
    window.addEventListener("resize", () => this._measure()); // another device pixel ratio
    this.canvas.addEventListener("webglcontextrestored", () => this.loop.touch());
    document.addEventListener("visibilitychange", () => this.loop.wake());
    document.addEventListener("keydown", (event) => this._keydown(event));
    document.addEventListener("keyup", () => { this.explorer.gesture = null; });
    document.addEventListener("fullscreenchange", () => this._fullscreen());
    document.addEventListener("pointermove", () => this._awake(), { passive: true });
    document.addEventListener("pointerdown", () => this._awake(), { passive: true });
    this.still.addEventListener("change", () => {
      if (this.still.matches && this.explorer.moving) this.perform("pause");
    });
  }

  _keydown(event) {
    const key = keyName(event);
    const found = this._keys.get(key);
    if (!found || event.isComposing) return;
    const { action, binding } = found;
    const closes = action === "toggle_help" || action === "explain";
    if (this.sheets.open && !(closes && !usesKey(document.activeElement, key))) return;
    if (!this.sheets.open && usesKey(document.activeElement, key)) return;
    event.preventDefault();
    if (event.repeat && !binding.repeats) return;
    if (!event.repeat) this.begin();
    this._awake();
    this.perform(action, event.shiftKey);
  }

  _zoomAt(steps, uv) {
    const { cursor } = this.explorer;
    this.explorer.cursor = uv;
    this.explorer.zoomBy(steps);
    this.explorer.cursor = cursor;
  }

  _clicked(x, y) {
    if (this.root.dataset.overlay === "nothing") this.overlay("text");
    else if (this._layout) this._own(() => this._enter([x, y]));
  }

  do_enter() {
    if (this._layout) this._own(() => this._enter(this._pointed));
    else this._act(() => this.explorer.enter());
  }

  // Open the cell at a place.
  _enter(place) {
    const { explorer, _layout: layout } = this;
    const index = place ? layout.at(...this._pixel(...place)) : -1;
    const { cells } = this.engine.cells.cellsOf(this.given, explorer.shown, explorer.time);
    const cell = cells[index];
    if (!cell) explorer.message = "a click on a cell opens it";
    else explorer.open(cell.preset, `${cell.label}; Backspace returns`, cell.time);
  }

  // The pixel of the picture at a place in CSS pixels.
  _pixel(x, y) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const [across, down] = this._layout.shape;
    return [((x - left) * across) / width, ((y - top) * down) / height];
  }

  // The rectangle of the picture at a place: the whole, or that of a cell.
  _frame(x, y) {
    const whole = this.canvas.getBoundingClientRect();
    const { _layout: layout } = this;
    const index = layout ? layout.at(...this._pixel(x, y)) : -1;
    if (index < 0) return whole;
    const [left, top, width, height] = layout.boxes[index];
    const [across, down] = [whole.width / layout.shape[0], whole.height / layout.shape[1]];
    return { left: whole.left + left * across, top: whole.top + top * down,
      width: width * across, height: height * down };
  }

  // The labels of cells, over the picture.
  _labels(layout) {
    if (!layout && !this._layout) return;
    this._layout = layout;
    this.root.toggleAttribute("data-cells", Boolean(layout));
    const { clientHeight: height } = this.stage;
    const written = layout ? JSON.stringify([height, layout.shape, layout.labels]) : "";
    if (written === this._written) return;
    this._written = written;
    if (layout) this.engine.cells.writeLabels(this.find("labels"), layout, height);
    else this.find("labels").replaceChildren();
  }

  _fullscreen() {
    const full = Boolean(document.fullscreenElement);
    labelled(this.tools.full, full ? "leave full screen" : "full screen", full ? "small" : "full");
    if (full) this._before = this.root.dataset.overlay;
    this.overlay(full ? "text" : this._before || "text");
    this._awake();
  }

  // Buttons over a picture in full screen fade when nothing is touched.
  _awake() {
    this.root.dataset.idle = "";
    this._later("idle", IDLE, () => {
      if (document.fullscreenElement) this.root.dataset.idle = "idle";
    });
  }

  _later(name, milliseconds, does) {
    clearTimeout(this._timers[name]);
    this._timers[name] = setTimeout(does, milliseconds);
  }
}
