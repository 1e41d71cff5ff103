// Sheets and the view `layers`: a picture of many networks, each cell a preset of its own.
//
//   description, preset, time -> cellsOf() -> Grid -> layoutOf() -> Layout: boxes and labels
//   Grid, Layout -> drawCells() -> target;  writeLabels() -> HTML over the canvas;  Layout.at(x, y)

import { CHIP, LABEL, LEADING } from "./cell_layout.js";
import { before, layersLayout, layersOf, pictureSize } from "./layer_cells.js";
import { depthOf } from "./layers.js";
import { opaque } from "./network.js";
import { sheetLayoutOf, sheetOf } from "./sheet_cells.js";

export const GROUND = [12 / 255, 14 / 255, 18 / 255]; // where there is no picture

const kept = new WeakMap(); // preset -> its grid
const layouts = new WeakMap(); // grid -> its last layout

// Whether a preset is shown as cells.
export function hasCells(description, preset) {
  return Boolean(description.cells) && preset.get("show.view") === description.cells.view;
}

// The cells of a preset at a time: {view, columns, rows, cells: [{preset, time, label}], …}. A
// cell's time is null where it is that of the sheet.
export function cellsOf(description, preset, time) {
  const of = description.cells;
  const count = of.view === "sheet" ? of.cells.length : depthOf(preset, time);
  const key = `${of.view} ${count}`;
  const found = kept.get(preset);
  if (found && found.key === key) return found.grid;
  const grid = of.view === "sheet" ? sheetOf(of, preset) : layersOf(of, preset, count);
  kept.set(preset, { key, grid });
  return grid;
}

// The layout in a picture of a size. `adapt`: as for a window, where a sheet may have other columns
// than in Python. The last one of each grid is kept: the same is asked for picture after picture.
export function layoutOf(grid, shape, { adapt = false } = {}) {
  const key = `${shape} ${adapt}`;
  const found = layouts.get(grid);
  if (found && found.key === key) return found.layout;
  const layout = grid.view === "layers" ? layersLayout(grid, shape)
    : sheetLayoutOf(grid, shape, adapt);
  layouts.set(grid, { key, layout });
  return layout;
}

// Draw all cells into a new target of the layout's shape; null if cancelled. `options.partial` is
// given the target after each cell.
//
// `engine`: {painter, colorist, scene: async (preset, time, cancelled) -> {moment, scene}}.
export async function drawCells(engine, grid, layout, time, options = {}) {
  const target = engine.colorist.target(...layout.shape);
  let done = false;
  try {
    engine.colorist.fill(target, GROUND);
    done = await paint({ engine, target, options, layout, ground: GROUND }, grid, time);
  } finally {
    if (!done) target.release();
  }
  return done ? target : null;
}

// Draw all cells; false if cancelled.
async function paint(job, grid, time) {
  const { engine, layout, options } = job;
  const layers = grid.view === "layers";
  let planes = null;
  try {
    for (const [index, cell] of grid.cells.entries()) {
      const [left, top, wide, high] = layout.box(index);
      const size = layers ? pictureSize(layout) : [wide, high];
      const at = cell.time === null ? time : cell.time;
      const found = await engine.scene(cell.preset, at, options.cancelled);
      if (!found) return false;
      if (layers) found.scene = { ...found.scene, network: opaque(found.scene.network) };
      const { channels } = found.scene.network;
      if (!planes || !isSize(planes, size) || planes.channels !== channels) {
        if (planes) planes.release();
        planes = engine.painter.planes(...size, channels);
      }
      const below = layout.stacked ? Math.max(0, high - size[1]) : 0;
      const room = [Math.min(size[0], wide), Math.min(size[1], high - below)];
      if (layout.stacked && !(await before(job, found, planes, [left, top], room))) return false;
      if (!(await into(job, found, planes, [left, top + below], room))) return false;
      if (options.partial) options.partial(job.target);
    }
    return true;
  } finally {
    if (planes) planes.release();
  }
}

const isSize = ({ width, height }, size) => width === size[0] && height === size[1];

// Draw a picture at a place of the target; false if cancelled.
async function into({ engine, target, options, layout }, { moment, scene }, planes, at, room) {
  const { painter, colorist } = engine;
  const range = await colorist.range(moment, scene, layout.shapeOf, options);
  if (!range) return false;
  const size = [planes.width, planes.height];
  if (!(await painter.draw(scene, planes, { size, ...options }))) return false;
  colorist.draw(planes, target, moment.color, range, { at, room, ground: GROUND });
  return true;
}

const SHIFTS = { left: 0, top: 0, middle: -50, right: -100, bottom: -100 };

// Labels as HTML over a canvas that has `height` CSS pixels. Labels of before are removed.
export function writeLabels(root, layout, height) {
  const [across, down] = layout.shape;
  const made = layout.labels.map(({ text, x, y, anchor, chip }) => {
    const [side, edge] = anchor.split(" ");
    const node = document.createElement("span");
    node.textContent = text;
    const shift = [SHIFTS[side], SHIFTS[edge]];
    Object.assign(node.style, {
      position: "absolute", left: `${(100 * x) / across}%`, top: `${(100 * y) / down}%`,
      transform: `translate(${shift[0]}%, ${shift[1]}%)`, whiteSpace: "pre", lineHeight: LEADING,
      textAlign: side === "right" ? "right" : "left",
      fontSize: `${(layout.font * height) / down}px`, color: chip ? "#fff" : LABEL,
    });
    if (chip) {
      Object.assign(node.style, { background: CHIP, padding: "0 .25em", borderRadius: ".25em" });
    }
    return node;
  });
  root.replaceChildren(...made);
}
