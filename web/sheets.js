// What lies over the page: the keys, what one sees, and a preset's text to copy.

import { make, tool } from "./dom.js";
import { helpRows, keyboardLabels } from "./keys.js";

// The page's dialog: one thing at a time.
export class Sheets {
  constructor(dialog) {
    this.dialog = dialog;
    this.name = "";
    dialog.addEventListener("close", () => { this.name = ""; });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // beside it
    });
  }

  get open() {
    return this.dialog.open;
  }

  close() {
    this.dialog.close();
  }

  // Show a sheet of a name, or close it if it is shown.
  toggle(name, title, ...content) {
    const same = this.open && this.name === name;
    if (this.open) this.dialog.close();
    if (same) return;
    this.name = name;
    const head = make("header", {}, make("h2", { id: "sheet-title" }, title),
      tool("close", "close", () => this.close()));
    this.dialog.replaceChildren(head, make("div", { class: "sheet" }, ...content));
    this.dialog.showModal();
    this.dialog.querySelector(".sheet").scrollTop = 0;
  }

  async help() {
    const labels = await keyboardLabels();
    const rows = helpRows(labels).map(([keys, text]) => make("div", {},
      make("dt", {}, ...keys.split(" ").map(keyed).flat()), make("dd", {}, text)));
    this.toggle("help", "Keys and gestures", make("dl", {}, ...rows));
  }

  explain(preset, time) {
    const paragraphs = explanation(preset, time).map((text) => make("p", {}, text));
    this.toggle("explain", "What am I seeing?", ...paragraphs);
  }

  // The text of a preset, selected, for where the clipboard is refused. `save`: keeps it as a file.
  text(text, save) {
    const area = make("textarea", { readonly: true, rows: 14, spellcheck: "false",
      "aria-label": "the preset as TOML" });
    area.value = text;
    const copy = () => {
      area.select();
      if (document.execCommand("copy")) this.close();
    };
    this.toggle("text", "The preset as TOML",
      make("p", {}, "The browser keeps the clipboard from this page. The text is selected: copy it "
        + "by Ctrl+C, or by a long press."),
      area, make("div", { class: "buttons" }, make("button", { type: "button", onclick: copy },
        "Copy"), make("button", { type: "button", onclick: save }, "Save as a file")));
    area.focus();
    area.select();
    area.scrollTop = 0;
  }
}

// What a preset shows, in paragraphs: its description, and how any such picture comes about.
export function explanation(preset, time) {
  const { spec } = preset.at(time);
  const moves = preset.moves ? ", again at each moment" : "";
  const drawn = spec.kind !== "given";
  const layers = drawn ? `${spec.depth} layers of ${spec.width} units`
    : `${spec.layers.length} layers`;
  const origin = drawn
    ? `Nothing of it was learned. The weights are drawn at random from the seed ${spec.seed}: the `
      + "same seed always gives this picture, another seed another one."
    : "Its weights are given, and stay as they are.";
  return [
    String(preset.get("description") || ""),
    `A neural network draws this picture while you look. It is asked about each pixel${moves}: `
      + `given ${listed(spec.inputs)}, it computes ${layers} and answers with a colour.`,
    origin,
    "It is no image of so many pixels but a function of the plane: move about, zoom in, and it is "
      + "computed anew, sharp at any size.",
  ].filter(Boolean);
}

const INPUTS = { r: "the distance r from the centre", t: "the time t", one: "the number 1" };

function listed(names) {
  const words = names.map((name) => INPUTS[name] || name);
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

function keyed(key) {
  return /^[a-z]/.test(key) ? [key, " "] : [make("kbd", {}, key), " "];
}
