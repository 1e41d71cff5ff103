// How weights lie in uniform blocks or in a texture: the counterpart of engines/gl/packing.py.
//
//   network -> chooseLayout() -> pack(), layersBlock()   network, view, clock -> frameBlock()
//
// A network is {layers: [{rows, columns, weight, bias, activation}], scales, inputs, outputs,
// channels …}, its weights unscaled; see network.js. Sizes are in vec4s where nothing else is said.

import { ACTIVATIONS } from "./activations.js";

export const MAX_WIDTH = 512; // units of a layer
export const MAX_DRAWN = 70; // layers
export const MAX_INPUTS = 64;
// Bytes of a block, and the width of a texture: all that WebGL 2 promises.
export const BLOCK_BYTES = 16384;
export const TEXTURE_WIDTH = 2048;
// Binding points of the uniform blocks; those of the weights follow.
export const BINDINGS = { Frame: 0, Layers: 1, First: 2 };
export const WEIGHTS_BINDING = 3;

const MAX_DEPTH = 64;
const UNROLLED_WIDTH = 64;
const UNROLLED_ROWS = 2;
const LOOPED_ROWS = 8;
const BLOCKS = 4; // chosen by a chain of comparisons; a texture is faster than more of them
const MAX_ITERATIONS = 60000; // llvmpipe ends all loops of an invocation after 65,536

export function roundUp(n, multiple) {
  return Math.ceil(n / multiple) * multiple;
}

// The [rows, columns] of all layers; the output layer has a row for each channel.
export function shapesOf(network) {
  const shapes = network.layers.map(({ rows, columns }) => [rows, columns]);
  shapes[shapes.length - 1][0] = network.channels;
  return shapes;
}

// Multiplications at a pixel, an activation counting as 8.
export function workPerPixel(network) {
  return network.layers.reduce((sum, { rows, columns }) => sum + rows * (columns + 8), 25);
}

// {units, rows, chunks, blocks, blockSize}, as Layout in packing.py. Blocks: 0 for a texture, which
// it is always if `blocks` is false.
export function chooseLayout(network, blocks = true) {
  const hidden = network.layers.slice(0, -1).map((layer) => layer.rows);
  const width = Math.max(0, ...hidden, network.channels);
  const shapes = shapesOf(network).slice(1);
  const blockSize = BLOCK_BYTES / 16;
  let layout;
  if (width <= UNROLLED_WIDTH) {
    const units = roundUp(width, width <= 32 ? 4 : 8);
    layout = { units, rows: UNROLLED_ROWS, chunks: units / 4, blocks: 0, blockSize };
  } else {
    layout = looped(width, shapes, blockSize);
  }
  let needed = 0;
  for (const [r, c] of shapes) needed += Math.ceil(r / layout.rows) * stride(layout, c);
  const count = Math.max(1, Math.ceil(needed / blockSize));
  layout.blocks = !blocks || count > BLOCKS ? 0 : count === 1 ? 1 : BLOCKS;
  return layout;
}

// Enough chunks that all loops together stay within MAX_ITERATIONS.
function looped(width, shapes, blockSize) {
  let units, chunks;
  for (chunks of [2, 4, 8, 16, 32]) {
    units = roundUp(width, Math.max(LOOPED_ROWS, 4 * chunks));
    let iterations = MAX_WIDTH + Math.max(MAX_DEPTH, shapes.length) * 4 * chunks;
    for (const [rows, columns] of shapes) {
      iterations += Math.ceil(rows / LOOPED_ROWS) * (1 + Math.ceil(columns / (4 * chunks)));
    }
    if (iterations <= MAX_ITERATIONS) break;
  }
  // units must not equal 4 · chunks, which means unrolled
  return { units: Math.max(units, 8 * chunks), rows: LOOPED_ROWS, chunks, blocks: 0, blockSize };
}

// Whether one iteration covers a whole row.
export function unrolled(layout) {
  return layout.units === 4 * layout.chunks;
}

// The vec4s of a group of rows with `columns` columns.
export function stride(layout, columns) {
  const padded = unrolled(layout) ? layout.units : roundUp(columns, 4 * layout.chunks);
  return Math.ceil(layout.rows / 4) + (layout.rows * padded) / 4;
}

// The unscaled weights of layers 2 to depth as a Float32Array; every block, or row of the texture,
// is whole.
export function pack(network, layout) {
  const shapes = shapesOf(network);
  let total = 0;
  const starts = shapes.map(([rows, columns], i) => {
    const start = total;
    if (i > 0) total += Math.ceil(rows / layout.rows) * stride(layout, columns);
    return start;
  });
  total = Math.max(total, 1, layout.blocks * layout.blockSize);
  const packed = new Float32Array(4 * (layout.blocks ? total : roundUp(total, TEXTURE_WIDTH)));
  for (let i = 1; i < shapes.length; i++) {
    packLayer(network.layers[i], shapes[i][0], layout, packed, 4 * starts[i]);
  }
  return packed;
}

// For each group of rows: the biases, then for each four columns a vec4 of each row.
function packLayer(layer, rows, layout, packed, start) {
  const { weight, bias, columns } = layer;
  const left = unrolled(layout) ? layout.units - roundUp(columns, layout.rows) : 0;
  const biases = Math.ceil(layout.rows / 4);
  const size = 4 * stride(layout, columns);
  const padded = roundUp(rows, layout.rows);
  for (let row = 0; row < padded; row++) {
    const from = Math.min(row, layer.rows - 1);
    const group = start + Math.floor(row / layout.rows) * size;
    const r = row % layout.rows;
    packed[group + r] = bias[from];
    for (let column = 0; column < columns; column++) {
      const place = left + column;
      const at = 4 * (biases + Math.floor(place / 4) * layout.rows + r) + (place % 4);
      packed[group + at] = weight[from * columns + column];
    }
  }
}

// The Layers block: (rows, columns, first vec4, activation) and the two scales of each layer.
export function layersBlock(network, layout) {
  const block = new ArrayBuffer(MAX_DRAWN * 32);
  const shape = new Int32Array(block, 0, MAX_DRAWN * 4);
  const scale = new Float32Array(block, MAX_DRAWN * 16);
  const names = Object.keys(ACTIVATIONS);
  let first = 0;
  shapesOf(network).forEach(([rows, columns], i) => {
    shape.set([rows, columns, first, names.indexOf(network.layers[i].activation)], 4 * i);
    scale.set(network.scales[i], 4 * i);
    if (i > 0) first += Math.ceil(rows / layout.rows) * stride(layout, columns);
  });
  return block;
}

// [low, factor]: alpha is (output 4 - low) · factor.
export function alphaRange(network) {
  const { bounded, span } = ACTIVATIONS[network.layers[network.layers.length - 1].activation];
  const [low, high] = bounded ? span : [0, 1];
  return [low, 1 / (high - low)];
}

// The Frame block of one sample at each pixel's centre: `size` of the whole picture and `offset` of
// the target's first pixel in it, in pixels; `waves`: its end, an ArrayBuffer (see fold.js).
export function frameBlock(network, view, size, offset, waves) {
  const block = new Uint8Array(64 + waves.byteLength);
  const integers = new Int32Array(block.buffer, 0, 16);
  const floats = new Float32Array(block.buffer, 0, 16);
  integers.set([...size, ...offset]);
  floats.set([0, 0, ...view.center, view.extent, Math.hypot(...view.center), 1], 4);
  integers.set([network.layers.length, network.outputs, 0], 11);
  floats.set(alphaRange(network), 14);
  block.set(new Uint8Array(waves), 64);
  return block;
}
