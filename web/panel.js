// The panel beside the picture: what is shown in words, sliders, menus and buttons.

import { make, tool, write } from "./dom.js";
import { choiceOf } from "./explorer.js";
import { keyOf } from "./keys.js";
import { clamp, digits, written } from "./ladder.js";
import { Menu, Slider } from "./sliders.js";

const ZOOM = { low: 0.1, high: 1000, factor: true }; // of the zoom's slider
const MAX_SEED = 60; // characters of a seed that is shown

// The panel in the page's elements. `does`: perform(action); change(does), what a slider changes;
// begin() and end() of a gesture; reset(), copy(), alone(), close(): what buttons do.
export class Panel {
  constructor(explorer, find, does) {
    this.explorer = explorer;
    this.does = does;
    this.title = find("title");
    this.description = find("description");
    this.words = make("div", { id: "words" });
    this.rows = [
      this._time(),
      this._slider("network.weight_scale", "weight scale", (value) => written(value)),
      this._slider("network.depth", "depth", String),
      this._slider("network.width", "width", String),
      this._zoom(),
      this._menu("network.activation", "activation"),
      this._menu("network.init", "init"),
      this._menu("color.mapping", "colours"),
    ];
    this.seed = this._seed();
    this.buttons = make("div", { class: "buttons" },
      this._button("Save picture", "screenshot"),
      this._button("Save preset", () => does.perform("save_preset")),
      this._button("Copy preset", does.copy), this._button("Step back", "history_back"),
      this._button("Reset", does.reset), this._button("Picture only", does.alone));
    find("head").append(tool("close", "hide the panel", does.close));
    const rows = this.rows.map((row) => row.row);
    find("controls").append(...rows.slice(0, 5), this.seed.row, ...rows.slice(5), this.buttons);
    this.description.after(this.words, make("button", { type: "button",
      onclick: () => does.perform("explain") }, "What am I seeing?"));
  }

  // Show everything as it is now.
  refresh() {
    const { explorer } = this;
    const { preset, shown, time } = explorer;
    write(this.description, String(shown.get("description") || ""));
    this.tick();
    const [title, ...lines] = shown.words(time);
    write(this.title, title);
    while (this.words.children.length > lines.length) this.words.lastChild.remove();
    while (this.words.children.length < lines.length) this.words.append(make("p"));
    lines.forEach((line, at) => write(this.words.children[at], line));
    const seed = explorer.limits("network.seed") ? String(preset.get("network.seed")) : "";
    this.seed.row.hidden = !seed;
    if (document.activeElement !== this.seed.field) this.seed.field.value = seed;
  }

  // Show what changes with time only.
  tick() {
    const { preset, loaded } = this.explorer;
    for (const row of this.rows) {
      row.refresh();
      const changed = row.of.key
        && String(preset.get(row.of.key)) !== String(loaded.get(row.of.key));
      row.row.classList.toggle("changed", Boolean(changed));
    }
  }

  _gesture(of) {
    return { begin: this.does.begin, end: this.does.end, ...of };
  }

  _slider(key, label, text) {
    const { explorer } = this;
    const limits = () => explorer.limits(key);
    const range = () => {
      const row = limits();
      return row && { low: row.low ?? row.least, high: row.high ?? row.most, factor: row.factor,
        whole: row.whole };
    };
    const set = (value) => this.does.change(() => {
      explorer.change({ [key]: clamp(value, limits().least, limits().most) });
    });
    const value = () => Number(explorer.value(key));
    const found = limits();
    const of = this._gesture({ key, range, value, text, set });
    return new Slider(label, found && found.help, of);
  }

  _zoom() {
    const { explorer } = this;
    const set = (zoom) => this.does.change(() => {
      explorer.zoomTo(digits(explorer.history.now.home.extent / zoom, 6), [0, 0]);
    });
    return new Slider("zoom", "how much nearer than at first", this._gesture({
      key: "view.extent", range: () => ZOOM, value: () => explorer.zoom, set,
      text: (zoom) => `${written(zoom, 3)}×`,
    }));
  }

  _time() {
    const { explorer } = this;
    const within = () => explorer.time - explorer.span * Math.floor(explorer.time / explorer.span);
    const range = () => (explorer.preset.moves ? { low: 0, high: explorer.span } : null);
    const set = (time) => this.does.change(() => {
      const turns = Math.floor(explorer.time / explorer.span);
      // The end of a span is not yet the start of the next.
      const least = turns * explorer.span;
      explorer.seek(clamp(digits(least + time, 9), least, least + explorer.span * 0.9999));
    });
    const text = () => `${explorer.time.toFixed(1)} s`.replace("-", "\u2212");
    return new Slider("time", "in seconds; the slider is one loop", this._gesture({
      range, value: within, text, set,
    }));
  }

  _menu(key, label) {
    const { explorer } = this;
    return new Menu(label, "", {
      key,
      choices: () => explorer.choices(key),
      value: () => choiceOf(explorer.preset.get(key)),
      set: (name) => this.does.change(() => explorer.change({ [key]: name })),
    });
  }

  _seed() {
    const { explorer } = this;
    const field = make("input", { id: "seed", type: "text", autocomplete: "off",
      autocapitalize: "off", spellcheck: "false", enterkeyhint: "go", maxlength: 200,
      title: "a number, or any words" });
    const set = () => {
      if (field.value.trim() && field.value !== String(explorer.preset.get("network.seed"))) {
        const words = field.value.slice(0, MAX_SEED);
        this.does.change(() => explorer.change({ "network.seed": field.value }, `seed ${words}`));
      }
      this.refresh();
    };
    field.addEventListener("change", set);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        set();
        field.value = String(explorer.preset.get("network.seed"));
        field.select();
      }
    });
    const row = make("div", { class: "row" }, make("label", { for: "seed" }, "seed"), field,
      tool("dice", "new seed", () => this.does.perform("random_seed")));
    return { row, field };
  }

  // A button of text: an action, which may have a key, or a function.
  _button(text, action) {
    const named = typeof action === "string";
    const does = named ? () => this.does.perform(action) : action;
    const button = make("button", { type: "button", onclick: does }, text);
    const key = named && keyOf(action);
    if (key) button.append(make("kbd", { "aria-hidden": "true" }, key));
    return button;
  }
}
