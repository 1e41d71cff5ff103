// The cells of the view `layers`, laid out as cppn_gl/views/cells.py and layers.py do it.

import { Layout, MIN_FONT } from "./cell_layout.js";
import { rint } from "./elementary.js";
import { layerPicture } from "./layers.js";
import { withLayers } from "./network.js";

const EMPTY_COST = 0.5;
const TOLERANCE = 1.25;
const [GAP, LAYER_MARGIN, LEAST_SIDE] = [0.0125, 2, 5];
const [LAYER_CAPTION, MOST_CAPTION] = [1.5, 0.22];
const DIGIT = 0.6; // width of a digit in font sizes
const RMS_RANGE = 2.5; // pre-activations of ± so many root mean squares are shown as 0 and 1
const TINY = 1e-30;

export function layersOf(of, preset, count) {
  const base = preset.replace({ "show.view": "picture" });
  const cells = Array.from({ length: count }, (_, k) => ({
    preset: layerPicture(base, k + 1), time: null, label: `layer ${k + 1} of ${count}`,
  }));
  return { ...of, cells };
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

export function layersLayout({ cells, before, output }, shape) {
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
export function pictureSize(layout) {
  const [, , w, h] = layout.boxes[0];
  const [wide, high] = [w, h].map((side) => Math.max(1, Math.ceil(side)));
  if (!layout.stacked) return [wide, high];
  return [wide, Math.max(1, Math.floor((high - layout.gap - layout.caption) / 2))];
}

// The same for the sums before the output's activation: 0 is mid grey.
export async function before({ engine, target, options, ground }, { moment, scene }, planes, at, room) {
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
  colorist.draw(planes, target, moment.color, range, { at, room, ground });
  return true;
}
