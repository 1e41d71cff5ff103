// The cells of a sheet, laid out as cppn_gl/views/sheet_layout.py does it.

import { Layout, MIN_FONT } from "./cell_layout.js";
import { rint } from "./elementary.js";
import { layerPicture } from "./layers.js";
import { MAX_SEED } from "./seed.js";

const LEAST = 2.5;
const EMPTY = 30;
const MARGIN = 3;
const CAPTION = 1.6;
const WORTH = 1.05; // factor on the side of cells for which they are arranged anew

export function sheetOf(of, preset) {
  const base = preset.replace({ "show.view": "picture" });
  const seed = preset.get("network.seed");
  const cells = of.cells.map(({ label, keys, layer = 0, time = null }, k) => {
    const seeds = of.seeds ? { "network.seed": (seed + BigInt(k)) % (MAX_SEED + 1n) } : {};
    const whole = base.replace({ ...seeds, ...keys });
    return { preset: layer ? layerPicture(whole, layer) : whole, time, label };
  });
  return { ...of, cells };
}

// The layout in a picture of a size. `adapt`: where cells become larger by that, a sheet with one
// axis may have another number of columns than in Python, and one with two axes may be turned.
export function sheetLayoutOf(grid, shape, adapt) {
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
