// The start of a page whose picture is a sheet, or all layers of a network.

import { cellsOf, drawCells, hasCells, layoutOf, writeLabels } from "./cells.js";
import { start as startPage } from "./main.js";

/** As `start` of main.js. */
export function start(description, shaders) {
  const cells = { cellsOf, drawCells, hasCells, layoutOf, writeLabels };
  return startPage(description, shaders, cells);
}
