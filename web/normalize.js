// Normalisation, as cppn_gl/nn/normalize.py: each unit's pre-activation gets a mean and a standard
// deviation over the points of a region, folded into weights and biases, layer by layer.
//
// normalize: {which: "none" | "hidden" | "all", regionCenter: [x, y], regionExtent, grid, gain,
// gainSpread, shift, shiftSpread}. Inputs that depend on time are measured at time 0.

import { GAIN, SHIFT, drawRow } from "./philox.js";
import { effective, withLayers } from "./network.js";
import { ACTIVATIONS } from "./activations.js";
import { features } from "./features.js";

const START = { time: 0, speed: 1, loop: 12 };
const MAX_WEIGHT = 1e30;
// A unit whose standard deviation is below this fraction of its terms is constant but for rounding:
// it is only shifted.
const ROUNDING = 1e-9;
const SLICE = 8; // milliseconds of work between two pauses
const PORTION = 1e5; // multiplications between two looks at the clock

const results = new WeakMap(); // network -> {key, network}

// The network with its units normalised, drawn with gains and shifts of `seed` (BigInt); the same
// network if `normalize` is null or normalises none; null if `cancelled()` became true. It works in
// slices, and the page goes on between them.
export async function normalized(network, normalize, seed, cancelled = () => false) {
  if (!normalize || normalize.which === "none") return network;
  const key = [JSON.stringify(normalize), seed].join();
  const found = results.get(network);
  if (found && found.key === key) return found.network;
  const work = steps(network, normalize, seed);
  let step = work.next();
  while (!step.done) {
    await pause();
    if (cancelled()) return null;
    step = work.next();
  }
  results.set(network, { key, network: step.value });
  return step.value;
}

// The end of the current task of the page; unlike timers, without a delay.
function pause() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

// Yields after each slice of work; returns the network.
export function* steps(network, normalize, seed) {
  const ticker = tick();
  if (network.normalized) return given(network);
  const [x, y] = pointsOf(normalize);
  let units = features(network.inputs, x, y, START, network.latent, network.period);
  const last = network.layers.length - (normalize.which === "hidden" ? 1 : 0);
  const layers = [];
  for (let k = 0; k < network.layers.length; k++) {
    if (k >= last) {
      layers.push(effective(network, k));
      continue;
    }
    const { rows } = network.layers[k];
    const [gains, shifts] = [
      [GAIN, normalize.gain, normalize.gainSpread],
      [SHIFT, normalize.shift, normalize.shiftSpread],
    ].map(([kind, mean, spread]) =>
      Float64Array.from(drawRow(seed, k + 1, kind, rows, "normal"), (z) => mean + spread * z),
    );
    const [layer, pre] = yield* folded(effective(network, k), units, gains, shifts, ticker);
    layers.push(layer);
    const { apply } = ACTIVATIONS[layer.activation];
    units = pre;
    for (let i = 0; i < pre.length; i++) {
      units[i] = Math.fround(apply(Math.fround(pre[i])));
      if (i % 4096 === 0 && ticker()) yield;
    }
  }
  return withLayers(network, layers);
}

// A function that says whether a slice has passed since it last said so.
function tick() {
  let start = performance.now();
  return () => {
    if (performance.now() - start < SLICE) return false;
    start = performance.now();
    return true;
  };
}

// The network with the weights that came with the page: of each layer, its weights and its biases.
function given(network) {
  let at = 0;
  const take = (count) => network.normalized.subarray(at, (at += count));
  const layers = network.layers.map((layer) => ({
    ...layer,
    weight: take(layer.rows * layer.columns),
    bias: take(layer.rows),
  }));
  return withLayers(network, layers);
}

// x and y of the cell centres of the grid, (grid²,) each.
function pointsOf({ grid, regionCenter, regionExtent }) {
  const steps = Float64Array.from({ length: grid }, (_, k) => {
    return (((k + 0.5) / grid) * 2 - 1) * regionExtent;
  });
  const x = new Float64Array(grid * grid);
  const y = new Float64Array(grid * grid);
  for (let k = 0; k < x.length; k++) {
    x[k] = regionCenter[0] + steps[k % grid];
    y[k] = regionCenter[1] - steps[Math.floor(k / grid)];
  }
  return [x, y];
}

// The layer with pre-activations of standard deviation |gains| and mean `shifts`, (rows,); and these,
// point by point. `units` are its inputs, point by point, and are overwritten. A unit that is
// constant there keeps its weights.
function* folded(layer, units, gains, shifts, ticker) {
  const { rows, columns } = layer;
  const count = units.length / columns;
  const mean = new Float64Array(columns);
  const largest = new Float64Array(columns);
  for (let i = 0; i < units.length; i++) {
    mean[i % columns] += units[i];
    largest[i % columns] = Math.max(largest[i % columns], Math.abs(units[i]));
  }
  for (let k = 0; k < columns; k++) mean[k] /= count;
  // The old bias, and all that points have in common, cancel.
  for (let i = 0; i < units.length; i++) units[i] -= mean[i % columns];
  const weight = Float64Array.from(layer.weight);
  const raw = yield* product(weight, units, rows, columns, ticker);
  const sums = new Float64Array(rows);
  for (let i = 0; i < raw.length; i++) sums[i % rows] += raw[i] * raw[i];
  const bias = new Float32Array(rows);
  const middles = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const std = Math.sqrt(sums[row] / count);
    const of = weight.subarray(row * columns, (row + 1) * columns);
    let size = 0;
    for (let k = 0; k < columns; k++) size += Math.abs(of[k]) * largest[k];
    const factor = std > ROUNDING * size ? gains[row] / std : 1;
    // The bias is computed from the rounded weights, so that their rounding shifts no unit.
    let middle = 0;
    for (let k = 0; k < columns; k++) {
      of[k] = Math.fround(clipped(of[k] * factor));
      middle += of[k] * mean[k];
    }
    bias[row] = clipped(shifts[row] - middle) || 0;
    middles[row] = middle + bias[row];
  }
  const pre = yield* product(weight, units, rows, columns, ticker);
  for (let i = 0; i < pre.length; i++) pre[i] += middles[i % rows];
  return [{ ...layer, weight: Float32Array.from(weight), bias }, pre];
}

function clipped(value) {
  return Math.min(Math.max(value, -MAX_WEIGHT), MAX_WEIGHT);
}

// Units (count · columns) times the transpose of `weight` (rows · columns): (count · rows).
function* product(weight, units, rows, columns, ticker) {
  const count = units.length / columns;
  const found = new Float64Array(count * rows);
  const portion = Math.max(1, Math.floor(PORTION / (rows * columns)));
  for (let start = 0; start < count; start += portion) {
    multiply(weight, units, rows, columns, found, start, Math.min(start + portion, count));
    if (ticker()) yield;
  }
  return found;
}

function multiply(weight, units, rows, columns, found, start, end) {
  for (let point = start; point < end; point++) {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let k = 0, w = row * columns, u = point * columns; k < columns; k++) {
        sum += weight[w + k] * units[u + k];
      }
      found[point * rows + row] = sum;
    }
  }
}
