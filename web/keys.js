// The table of key bindings, from which the help is made; a key has the action that it has in the
// window (cppn_gl/viewer/bindings.py). Letters are bound by their label, punctuation by its
// position on a US keyboard, "?" by what is typed. Shift is no part of a key: it makes the step
// larger.

// Keys and actions in the same order. `repeats`: whether holding the key repeats the action.
export const BINDINGS = [
  { keys: "Up Down", actions: "deeper shallower", help: "depth (layers) ±1 (Shift ±5)",
    repeats: true },
  { keys: "Right Left", actions: "wider narrower", help: "width (units) ±1 (Shift ±8)",
    repeats: true },
  { keys: "] [", actions: "stronger weaker", help: "weight scale up / down", repeats: true },
  { keys: "D", actions: "double_scale", help: "weight scale ×2 (Shift ÷2)", repeats: true },
  { keys: "= -", actions: "zoom_in zoom_out", help: "zoom in / out at the cursor", repeats: true },
  { keys: "Alt+Right Alt+Left Alt+Up Alt+Down", actions: "pan_right pan_left pan_up pan_down",
    help: "pan", repeats: true },
  { keys: "PageUp PageDown", actions: "layer_up layer_down", help: "show next / previous layer",
    repeats: true },
  { keys: "0", actions: "reset_view", help: "reset zoom and position" },
  { keys: "A", actions: "next_activation", help: "next activation function", repeats: true },
  { keys: "I", actions: "next_init", help: "next weight initialisation", repeats: true },
  { keys: "C", actions: "next_color", help: "next colour mapping", repeats: true },
  { keys: "R", actions: "random_seed", help: "new random network (seed)", repeats: true },
  { keys: "Z X", actions: "history_back history_on", help: "back / forward in the history",
    repeats: true },
  { keys: "Space", actions: "pause", help: "pause / resume time" },
  { keys: ", .", actions: "time_back time_on", help: "step time back / forward", repeats: true },
  { keys: "Enter", actions: "enter", help: "open the cell under the cursor, or the layer shown" },
  { keys: "Backspace", actions: "leave", help: "return from what was opened" },
  // In the window this is Tab, which in a browser goes from one button to the next.
  { keys: "`", actions: "next_overlay", help: "text / panel / picture alone" },
  { keys: "F11", actions: "toggle_fullscreen", help: "full screen" },
  { keys: "F2", actions: "screenshot", help: "save the picture" },
  { keys: "Ctrl+S", actions: "save_preset", help: "save the preset as TOML" },
  { keys: "?", actions: "explain", help: "what am I seeing?" },
  { keys: "H", actions: "toggle_help", help: "this help" },
  { keys: "Esc", actions: "escape", help: "close what is open" },
];

export const GESTURES = [
  ["drag", "move the picture"],
  ["wheel, pinch", "zoom in / out there"],
  ["double tap", "zoom in there, ×2"],
  ["tap, click", "show the text again; in a sheet: open the cell"],
];

const NAMED = {
  ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right", " ": "Space",
  Escape: "Esc", Enter: "Enter", Backspace: "Backspace", PageUp: "PageUp", PageDown: "PageDown",
  F2: "F2", F11: "F11", "?": "?",
};
const PLACES = {
  BracketRight: "]", BracketLeft: "[", Equal: "=", Minus: "-", Comma: ",", Period: ".",
  Backquote: "`", NumpadAdd: "=", NumpadSubtract: "-",
};
const SYMBOLS = { Up: "↑", Down: "↓", Left: "←", Right: "→", PageUp: "PgUp", PageDown: "PgDn" };

// Key to {action, binding}; throws an Error where a key is bound twice.
export function byKey(bindings = BINDINGS) {
  const table = new Map();
  for (const binding of bindings) {
    const actions = binding.actions.split(" ");
    binding.keys.split(" ").forEach((key, at) => {
      if (table.has(key)) throw new Error(`key ${key} is bound twice`);
      table.set(key, { action: actions[at], binding });
    });
  }
  return table;
}

// The table's name of the key of a KeyboardEvent; "" for one that cannot be bound.
export function keyName({ key, code = "", ctrlKey, metaKey, altKey }) {
  const name = NAMED[key] || latin(key) || digit(code) || PLACES[code] || mark(key, code)
    || latin(code.replace(/^Key/, ""));
  return name && (ctrlKey || metaKey ? "Ctrl+" : "") + (altKey ? "Alt+" : "") + name;
}

// Whether the element that has the focus uses a key itself: a text field, a slider, a button.
export function usesKey(element, key) {
  if (!element || !element.matches) return false;
  if (/^(Esc|F\d+|Ctrl\+S)$/.test(key)) return false;
  if (element.matches("textarea, select, input:not([type=range])")) return true;
  if (element.matches("input")) return /^(Up|Down|Left|Right|PageUp|PageDown)$/.test(key);
  return element.matches("button, summary, a") && /^(Space|Enter)$/.test(key);
}

// Rows [keys, what they do] of the help. `labels`: what the user's keyboard prints, by place.
export function helpRows(labels = {}) {
  return GESTURES.concat(BINDINGS.map(({ keys, help }) => [shown(keys, labels), help]));
}

// The key of an action as the help writes it.
export function keyOf(action) {
  for (const [key, one] of byKey()) if (one.action === action) return SYMBOLS[key] || key;
  return "";
}

// What the user's keyboard prints at the places of punctuation, where the browser tells.
export async function keyboardLabels() {
  const labels = {};
  try {
    const map = await navigator.keyboard.getLayoutMap();
    for (const code in PLACES) {
      const label = map.get(code);
      if (label && !latin(label) && !code.startsWith("Num")) labels[PLACES[code]] = label;
    }
  } catch {
    // A frame of another page, or a browser that does not tell: as on a US keyboard.
  }
  return labels;
}

function shown(keys, labels) {
  if (keys.startsWith("Alt+Right")) return "Alt+arrows";
  return keys.split(" ").map((key) => SYMBOLS[key] || labels[key] || key).join(" ");
}

function latin(text) {
  return /^[a-z]$/i.test(text) ? text.toUpperCase() : "";
}

function digit(code) {
  const found = /^(?:Digit|Numpad)(\d)$/.exec(code);
  return found ? found[1] : "";
}

// Punctuation by its label, where a keyboard has it in the place of a letter.
function mark(key, code) {
  return code.startsWith("Key") && Object.values(PLACES).includes(key) ? key : "";
}
