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
    const rows = helpRows(labels).map(([keys, text]) => make("tr", {},
      make("th", { scope: "row" }, ...keys.split(" ").map(keyed).flat()), make("td", {}, text)));
    this.toggle("help", "Keys and gestures", make("table", {}, make("tbody", {}, ...rows)));
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
  }
}

// What a preset shows, in paragraphs: its description, and how any such picture comes about.
export function explanation(preset, time) {
  const { spec } = preset.at(time);
  const moves = preset.moves ? " and for each moment" : "";
  const drawn = spec.kind !== "given";
  const layers = drawn ? `${spec.depth} layers of ${spec.width} units`
    : `${spec.layers.length} layers`;
  const origin = drawn
    ? `Nothing of it was learned. Its weights are drawn at random, from the seed ${spec.seed}: each `
      + "seed is another picture, and the same seed is always the same one."
    : "Its weights are those of a file, and stay as they are.";
  return [
    String(preset.get("description") || ""),
    `A neural network draws this picture while you look. For each pixel${moves} it gets `
      + `${listed(spec.inputs)}, computes ${layers} from it, and gives a colour.`,
    origin,
    "It is no image with a size but a function of the plane. So one can move about in it, and "
      + "zoom in, and there is always more.",
  ].filter(Boolean);
}

const INPUTS = { x: "its place x", y: "its place y", r: "its distance r from the centre",
  t: "the time t" };

function listed(names) {
  const words = names.map((name) => INPUTS[name] || name);
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

function keyed(key) {
  return /^[a-z]/.test(key) ? [key, " "] : [make("kbd", {}, key), " "];
}
