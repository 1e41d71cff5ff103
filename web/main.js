// The start of a page: an engine for its canvas, what `cppn` answers, and the page's controls.

import { Engine } from "./engine.js";
import { presetOf } from "./preset.js";
import { startPage } from "./ui.js";

/**
 * Start the page of a description, as Python wrote it; `shaders` are texts by name, `cells` what
 * cells.js exports, where the page shows cells.
 * Returns what `cppn` gives: `preset`, TOML of what is shown now, and `render(width, height, time)`.
 */
export function start(description, shaders, cells = null) {
  const root = document.getElementById("app");
  const engine = new Engine(document.getElementById("picture"), description, shaders,
    cells);
  const preset = presetOf(description);
  const page = startPage({ description, preset, engine, root });
  return {
    get preset() {
      return page.preset.toToml();
    },
    render: (width, height, time) => engine.pixels(page.preset, time, width, height),
  };
}
