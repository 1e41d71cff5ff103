// The sliders and menus of the panel: each shows a key of the preset, and changes it.

import { make, write } from "./dom.js";
import { digits } from "./ladder.js";

const STOPS = 1000; // places of a slider of factors
const DIGITS = 3; // of its values

// Where a value lies on a slider: 0 to 1. `range`: {low, high, factor}.
export function place(value, { low, high, factor }) {
  if (high <= low) return 0;
  if (factor) return Math.log(Math.max(value, low) / low) / Math.log(high / low);
  return (Math.min(Math.max(value, low), high) - low) / (high - low);
}

// The value at a place of a slider, with no more digits than the place determines.
export function atPlace(where, { low, high, factor, whole }) {
  if (where <= 0 || where >= 1) return where <= 0 ? low : high;
  const value = factor ? digits(low * (high / low) ** where, DIGITS) : low + where * (high - low);
  return whole ? Math.floor(value + 0.5) : value;
}

// A range that reaches to the value it shows.
export function reaching(range, value) {
  if (range.factor && !(value > 0)) return range;
  return { ...range, low: Math.min(range.low, value), high: Math.max(range.high, value) };
}

let count = 0;

// A row of the panel with a slider. `of`: range() -> {low, high, factor, whole}, or null for a row
// that is hidden; value(); text(value), beside it and for screen readers; set(value); begin() and
// end() of a gesture; key, if it shows one.
export class Slider {
  constructor(label, help, of) {
    this.of = of;
    this._held = false;
    this._range = null; // while it is held it stays
    const id = `slider-${count++}`;
    this.input = make("input", { type: "range", id, min: 0, step: 1 });
    this.output = make("output", { for: id });
    this.row = make("div", { class: "row", title: help || null },
      make("label", { for: id }, label), this.input, this.output);
    this.input.addEventListener("input", () => this._moved());
    this.input.addEventListener("change", () => this._released());
  }

  _moved() {
    if (!this._held) this.of.begin();
    this._held = true;
    this.of.set(atPlace(Number(this.input.value) / Number(this.input.max), this._range));
  }

  _released() {
    if (this._held) this.of.end();
    this._held = false;
  }

  // Show the value as it is now.
  refresh() {
    const range = this.of.range();
    this.row.hidden = !range;
    if (!range) return;
    const value = this.of.value();
    if (!this._held) this._range = reaching(range, value);
    const { low, high, factor, whole } = this._range;
    const stops = whole && !factor ? high - low : STOPS;
    const where = place(value, this._range);
    if (Number(this.input.max) !== stops) this.input.max = stops;
    if (!this._held) this.input.value = Math.round(where * stops);
    this.input.style.setProperty("--place", where);
    const text = this.of.text(value);
    write(this.output, text);
    if (this.input.getAttribute("aria-valuetext") !== text) {
      this.input.setAttribute("aria-valuetext", text);
    }
  }
}

// A row with a menu. `of`: choices() -> names, or null for a row that is hidden; value();
// set(name); key.
export class Menu {
  constructor(label, help, of) {
    this.of = of;
    const id = `menu-${count++}`;
    this.select = make("select", { id, onchange: () => of.set(this.select.value) });
    this.row = make("div", { class: "row", title: help || null },
      make("label", { for: id }, label), this.select);
  }

  refresh() {
    const names = this.of.choices();
    this.row.hidden = !names;
    if (!names) return;
    if (this.select.options.length !== names.length) {
      this.select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
    }
    if (this.select.value !== this.of.value()) this.select.value = this.of.value();
  }
}
