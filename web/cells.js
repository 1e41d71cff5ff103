// Sheets and the view `layers`: a picture of many networks, each cell a preset of its own. Cells
// are laid out as cppn_gl/views/sheet_layout.py and cells.py do it.
//
//   description, preset, time -> cellsOf() -> Grid -> layoutOf() -> Layout: boxes and labels
//   Grid, Layout -> drawCells() -> target;  writeLabels() -> HTML over the canvas;  Layout.at(x, y)

import { layerPicture } from "./layers.js";
import { opaque, withLayers } from "./network.js";
import { MAX_SEED } from "./seed.js";
import { rint } from "./elementary.js";

export const GROUND = [12 / 255, 14 / 255, 18 / 255]; // where there is no picture

// Of a sheet, as in sheet_layout.py.
const MIN_FONT = 8;
const LEAST = 2.5;
const EMPTY = 30;
const MARGIN = 3;
const CAPTION = 1.6;
const WORTH = 1.05; // factor on the side of cells for which they are arranged anew
// Of layers, as in cells.py and layers.py.
const EMPTY_COST = 0.5;
const TOLERANCE = 1.25;
const [GAP, LAYER_MARGIN, LEAST_SIDE] = [0.0125, 2, 5];
const [LAYER_CAPTION, MOST_CAPTION] = [1.5, 0.22];
const DIGIT = 0.6; // width of a digit in font sizes
const RMS_RANGE = 2.5; // pre-activations of ± so many root mean squares are shown as 0 and 1
const TINY = 1e-30;

const kept = new WeakMap(); // preset -> its grid

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

function sheetOf(of, preset) {
  const base = preset.replace({ "show.view": "picture" });
  const seed = preset.get("network.seed");
  const cells = of.cells.map(({ label, keys, layer = 0, time = null }, k) => {
    const seeds = of.seeds ? { "network.seed": (seed + BigInt(k)) % (MAX_SEED + 1n) } : {};
    const whole = base.replace({ ...seeds, ...keys });
    return { preset: layer ? layerPicture(whole, layer) : whole, time, label };
  });
  return { ...of, cells };
}

function layersOf(of, preset, count) {
  const base = preset.replace({ "show.view": "picture" });
  const cells = Array.from({ length: count }, (_, k) => ({
    preset: layerPicture(base, k + 1), time: null, label: `layer ${k + 1} of ${count}`,
  }));
  return { ...of, cells };
}

function depthOf(preset, time) {
  const { spec } = preset.at(time);
  return spec.kind === "given" ? spec.layers.length : spec.depth;
}

// Where cells and labels are in a picture of `shape`, in pixels. `boxes`: [left, top, width,
// height] of each cell, not rounded. `shapeOf`: [width, height] of a cell for which its value range
// is measured. `stacked`: the height of each of a cell's two pictures, or null.
export class Layout {
  constructor(fields) {
    Object.assign(this, { font: 0, labels: [], stacked: null, round: rint }, fields);
  }

  // The same in a coarser or finer picture.
  scaled([width, height]) {
    const [across, down] = [width / this.shape[0], height / this.shape[1]];
    if (across === 1 && down === 1) return this;
    const boxes = this.boxes.map(([x, y, w, h]) => [x * across, y * down, w * across, h * down]);
    return new Layout({ ...this, shape: [width, height], boxes, gap: this.gap * down,
      caption: this.caption * down, labels: [] });
  }

  // A cell in whole pixels: [left, top, width, height].
  box(index) {
    const [x, y, w, h] = this.boxes[index];
    const [left, top] = [this.round(x), this.round(y)];
    return [left, top, Math.max(1, this.round(x + w) - left), Math.max(1, this.round(y + h) - top)];
  }

  // The index of the cell at a pixel; -1 in gaps and outside.
  at(x, y) {
    return this.boxes.findIndex(
      ([left, top, w, h]) => x >= left && x < left + w && y >= top && y < top + h);
  }
}

// The layout in a picture of a size. `adapt`: where cells become larger by that, a sheet with one
// axis may have another number of columns than in Python, and one with two axes may be turned.
export function layoutOf(grid, shape, { adapt = false } = {}) {
  if (grid.view === "layers") return layersLayout(grid, shape);
  let best = sheetLayout(grid, shape, grid.columns);
  const others = [];
  if (adapt && grid.rows > 1 && grid.columns > 1 && !folded(grid)) {
    others.push(turnedLayout(grid, shape));
  } else if (adapt) {
    grid.cells.forEach((_, k) => others.push(sheetLayout(grid, shape, k + 1)));
  }
  for (const found of others) if (found.cell[0] > best.cell[0] * WORTH) best = found;
  return best;
}

// The layout with rows as columns.
function turnedLayout(grid, shape) {
  const order = Array.from(grid.cells, (_, k) => {
    const [row, column] = [Math.floor(k / grid.rows), k % grid.rows];
    return column * grid.columns + row;
  });
  const lines = Math.max(...grid.row_labels.map((label) => label.length));
  const fonts = Object.entries(grid.fonts).map(([font, { rows, columns, ...others }]) => (
    [font, { ...others, rows: columns, columns: rows * lines }]));
  const turned = {
    ...grid, rows: grid.columns, columns: grid.rows, fonts: Object.fromEntries(fonts),
    row_labels: grid.column_labels.map((label) => [label]),
    column_labels: grid.row_labels.map((label) => label.join(" ")),
    cells: order.map((k) => grid.cells[k]),
  };
  const layout = sheetLayout(turned, shape, turned.columns);
  const boxes = [];
  order.forEach((k, at) => { boxes[k] = layout.boxes[at]; });
  return new Layout({ ...layout, boxes });
}

// Whether each cell has its own label.
function folded(grid) {
  return ![...grid.row_labels.flat(), ...grid.column_labels].some(Boolean);
}

function sheetLayout(grid, shape, columns) {
  const own = folded(grid) || columns !== grid.columns;
  const rows = Math.ceil(grid.cells.length / columns);
  const [[wide, high], { gap }] = [grid.cell, grid];
  const margins = 2 * MARGIN * gap - gap;
  const bare = [columns * (wide + gap) + margins, rows * (high + gap) + margins];
  const roomsOf = (font) => {
    if (!font) return [0, 0, 0];
    const above = rint(CAPTION * font);
    if (own) return [0, 0, grid.cells.some(({ label }) => label) ? above : 0];
    const widest = Math.ceil(grid.fonts[font].rows);
    return [widest ? widest + font : 0, grid.column_labels.some(Boolean) ? above : 0, 0];
  };
  const whole = ([left, above, caption], scale = 1) =>
    [scale * bare[0] + left, scale * bare[1] + above + rows * caption];
  const fits = (scale, font) => {
    if (scale * Math.min(wide, high) < LEAST * font) return false;
    const widths = grid.fonts[font];
    const lines = own ? 1 : Math.max(...grid.row_labels.map((label) => label.length));
    const room = [scale * (wide + gap), scale * (high + gap)];
    const widest = own ? widths.cells : widths.columns;
    return widest + 0.6 * font <= room[0] && lines * widths.line <= room[1];
  };
  let rooms = roomsOf(grid.font);
  let scale = Math.min(...whole(rooms).map((side, k) => shape[k] / side));
  let font = Math.floor(grid.font * scale);
  if (font >= MIN_FONT || !grid.font) {
    rooms = rooms.map((room) => room * scale);
  } else {
    for (font of [MIN_FONT, 0]) {
      rooms = roomsOf(font);
      scale = Math.min(...whole(rooms, 0).map((side, k) => (shape[k] - side) / bare[k]));
      if (!font || (Math.min(...shape) > EMPTY && fits(scale, font))) break;
    }
  }
  const [left, above, caption] = rooms;
  const used = whole(rooms, scale);
  const cell = [wide * scale, high * scale];
  const start = [0, 1].map((k) => (shape[k] - used[k]) / 2 + MARGIN * gap * scale + rooms[k]);
  const pitch = [cell[0] + gap * scale, cell[1] + gap * scale + caption];
  const boxes = grid.cells.map((_, k) => {
    const [row, column] = [Math.floor(k / columns), k % columns];
    return [start[0] + column * pitch[0], start[1] + row * pitch[1] + caption, ...cell];
  });
  const layout = new Layout({ shape, boxes, cell, gap: gap * scale, caption, font,
    shapeOf: grid.cell });
  layout.labels = own ? cellLabels(grid, layout) : headLabels(grid, layout, left, above);
  return layout;
}

// The widths of labels at a font size, from those at the nearest size that was measured.
function widthsAt(grid, font) {
  if (grid.fonts[font]) return grid.fonts[font];
  const { rows, columns, cells, line } = grid.fonts[grid.font];
  const [a, b, c] = [rows, columns, cells].map((width) => (width / grid.font) * font);
  return { rows: a, columns: b, cells: c, line: Math.ceil((line / grid.font) * font) };
}

// Each cell's label above it, if all fit. `anchor`: which of the words is at (x, y).
function cellLabels(grid, layout) {
  const { font, cell, caption } = layout;
  if (!font) return [];
  const { cells, line } = widthsAt(grid, font);
  if (cells > cell[0] || line * 0.8 > caption) return [];
  return grid.cells.map(({ label }, k) => {
    const [x, y] = layout.boxes[k];
    return { text: label, x, y: y - Math.floor(font / 4), anchor: "left bottom" };
  });
}

// Labels above the columns and left of the rows: of each all, where they fit, or none.
function headLabels(grid, layout, left, above) {
  const { font, cell, gap, boxes } = layout;
  if (!font) return [];
  const { rows, columns, line } = widthsAt(grid, font);
  const labels = [];
  if (columns <= cell[0] + gap / 2 && line * 0.8 <= above) {
    grid.column_labels.forEach((text, k) => {
      const [x, y, w] = boxes[k];
      labels.push({ text, x: x + w / 2, y: y - Math.floor(font / 4), anchor: "middle bottom" });
    });
  }
  const most = Math.max(...grid.row_labels.map((lines) => lines.length));
  if (rows <= left && most * line <= cell[1] + gap) {
    grid.row_labels.forEach((lines, row) => {
      const [x, y, , h] = boxes[row * grid.columns];
      const text = lines.join("\n");
      labels.push({ text, x: x - font * 0.6, y: y + h / 2, anchor: "right middle" });
    });
  }
  return labels.filter(({ text }) => text);
}

// Cells in reading order that fill a picture, with few of them empty.
function arranged(count, [width, height], stacked, caption) {
  const aspect = width / height;
  const low = Math.min(1, aspect) / TOLERANCE;
  const high = Math.max(1, aspect) * TOLERANCE;
  const cost = (columns) => {
    const rows = Math.ceil(count / columns);
    const cell = (aspect * rows * stacked) / columns;
    const off = Math.max(0, Math.log(low / cell), Math.log(cell / high));
    return off + (EMPTY_COST * (rows * columns - count)) / count;
  };
  let columns = 1;
  for (let k = 2; k <= count; ++k) if (cost(k) < cost(columns)) columns = k;
  const rows = Math.ceil(count / columns);
  let gap = Math.min(width, height) * GAP;
  const least = Math.min(width / columns, height / rows / stacked);
  if (least < LEAST_SIDE * gap || gap < 0.5) gap = 0;
  const margin = LAYER_MARGIN * gap;
  const pitch = [(width - 2 * margin + gap) / columns, (height - 2 * margin + gap) / rows];
  const side = [pitch[0] - gap, pitch[1] - gap - caption];
  const boxes = Array.from({ length: count }, (_, k) => [
    margin + (k % columns) * pitch[0],
    margin + caption + Math.floor(k / columns) * pitch[1],
    ...side,
  ]);
  return { boxes, gap, side };
}

function layersLayout({ cells, before, output }, shape) {
  const count = cells.length;
  const stacked = before ? 2 : 1;
  const font = rint(Math.max(Math.min(shape[0] / 64, shape[1] / 40), MIN_FONT));
  let caption = rint(LAYER_CAPTION * font);
  let found = arranged(count, shape, stacked, 0);
  const room = Math.max(1, Math.ceil(found.side[0]));
  const forms = before
    ? [(k) => [`layer ${k}, before ${output}`, `after ${output}`], (k) => [`${k}, before`, "after"]]
    : [(k) => [`layer ${k}`], (k) => [`${k}`]];
  const fits = (form) => Math.max(...form(count).map((word) => word.length)) * DIGIT * font <= room;
  const form = forms.find(fits);
  if (caption > (MOST_CAPTION * found.side[1]) / stacked || !form) caption = 0;
  else found = arranged(count, shape, stacked, caption);
  const layout = new Layout({ shape, ...found, cell: found.side, caption, font,
    round: (x) => Math.floor(x + 0.5), stacked: before });
  const [wide, high] = pictureSize(layout);
  layout.shapeOf = [wide, high];
  const chip = 2.7 * font < 0.75 * wide && 1.25 * font < 0.5 * high;
  if (!caption && chip) {
    const inset = Math.max(2, Math.floor(font / 3));
    layout.labels = found.boxes.map(([x, y], k) => (
      { text: `${k + 1}`, x: x + inset, y: y + inset, anchor: "left top", chip }));
  } else if (caption) {
    layout.labels = found.boxes.flatMap(([x, y, , h], k) => {
      const edges = [y, y + h - high];
      return form(k + 1).map((text, n) => (
        { text, x, y: edges[n] - Math.floor(font / 5), anchor: "left bottom" }));
    });
  }
  return layout;
}

// The size of a layer's picture in whole pixels; less than half a cell where there are two.
function pictureSize(layout) {
  const [, , w, h] = layout.boxes[0];
  const [wide, high] = [w, h].map((side) => Math.max(1, Math.ceil(side)));
  if (!layout.stacked) return [wide, high];
  return [wide, Math.max(1, Math.floor((high - layout.gap - layout.caption) / 2))];
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
    done = await paint({ engine, target, options, layout }, grid, time);
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

// The same for the sums before the output's activation: 0 is mid grey.
async function before({ engine, target, options }, { moment, scene }, planes, at, room) {
  const { painter, colorist } = engine;
  const { layers, scales } = scene.network;
  const last = { ...layers[layers.length - 1], activation: "identity" };
  const network = withLayers(scene.network, [...layers.slice(0, -1), last], scales);
  const size = [planes.width, planes.height];
  if (!(await painter.draw({ ...scene, network }, planes, { size, ...options }))) return false;
  const outputs = await painter.read(planes);
  if (!outputs) return false;
  let [sum, count] = [0, 0];
  for (let k = 0; k < outputs.length; k += planes.channels) {
    const [r, g, b] = [outputs[k], outputs[k + 1], outputs[k + 2]];
    if (r === 1 && g === 0 && b === 1) continue; // not finite
    sum += r * r + g * g + b * b;
    count += 3;
  }
  const half = RMS_RANGE * Math.max(count ? Math.sqrt(sum / count) : 0, TINY);
  const range = { low: [-half, -half, -half], high: [half, half, half], ends: [-3e38, 3e38] };
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
      transform: `translate(${shift[0]}%, ${shift[1]}%)`, whiteSpace: "pre", lineHeight: 1.25,
      textAlign: side === "right" ? "right" : "left",
      fontSize: `${(layout.font * height) / down}px`, color: chip ? "#fff" : "rgb(190 198 208)",
    });
    if (chip) {
      const background = "rgb(12 14 18 / .75)";
      Object.assign(node.style, { background, padding: "0 .25em", borderRadius: ".25em" });
    }
    return node;
  });
  root.replaceChildren(...made);
}
