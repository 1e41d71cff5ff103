// Layer 1 with view and constant inputs folded into its weights, in float64: sharp at any zoom.
// Counterpart of cppn_gl/engines/fold.py, and of the waves of engines/gl/packing.py.
//
// Local coordinates u, v span [-1, 1] along the shorter side of the picture. A curved feature (r,
// sin_x …) enters as the change from its value at the view's centre, which is small in a deep zoom.

import { PRODUCTS, TURN, constant, curved, turnsOf, wave } from "./features.js";
import { exponentOf, rint, sineOfTurns } from "./elementary.js";
import { effective } from "./network.js";

const MAX_WIDTH = 512;
const AFFINE = 3; // coefficients of u, v and 1; those of the changes of curved features follow
const LARGEST = 3e38;
const POINT = 48; // bits of a wave's angle in fixed point: see features.glsl

// How a curved feature follows from local coordinates: {start, affine, factor} and of waves
// {wave, halfTurns, sine, cosine}. The feature is start + affine · (u, v) + factor · change.
function changeOf(name, center, extent, period) {
  if (name === "r") {
    const [x, y] = center;
    return { start: Math.sqrt(x * x + y * y), affine: [0, 0], factor: 1 };
  }
  if (name in PRODUCTS) {
    const [one, other] = PRODUCTS[name];
    const affine = [0, 0];
    affine[one] += extent * center[other];
    affine[other] += extent * center[one];
    return { start: center[one] * center[other], affine, factor: extent * extent };
  }
  const of = wave(name);
  const angle = turnsOf(of, center[of.axis], period);
  const sine = sineOfTurns(angle, of.quarter);
  return {
    start: sine,
    affine: [0, 0],
    factor: 1,
    wave: of,
    halfTurns: (of.harmonic * (extent / period)) / 2,
    sine,
    cosine: sineOfTurns(angle, of.quarter + 1),
  };
}

// Layer 1 as coefficients (A, B, C, R …) of local coordinates: a unit's pre-activation is
// A u + B v + C + R d + …, with the changes d … of the curved features in the order of `curved`.
// {unit: Float32Array (512 · 4) of A, B, C and R (0 without curved features), more: Float32Array
// (512 · columns) of the others, or null, columns}. Rows beyond the layer's repeat its last row.
export function firstLayer(network, center, extent, clock) {
  const { rows, columns: inputs, weight, bias } = effective(network, 0);
  const names = curved(network.inputs);
  const bent = names.map((name) => changeOf(name, center, extent, network.period));
  const width = AFFINE + Math.max(names.length, 1);
  const folded = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) folded[row * width + 2] = bias[row];
  network.inputs.forEach((name, column) => {
    const value = constant(name, clock, network.latent);
    const index = names.indexOf(name);
    const axis = name === "x" ? 0 : 1;
    for (let row = 0, at = 0; row < rows; row++, at += width) {
      const w = weight[row * inputs + column];
      if (value !== null) {
        folded[at + 2] += w * value;
      } else if (index >= 0) {
        const { start, affine, factor } = bent[index];
        folded[at + 2] += w * start;
        folded[at] += w * affine[0];
        folded[at + 1] += w * affine[1];
        folded[at + AFFINE + index] += w * factor;
      } else {
        folded[at + axis] += w * extent;
        folded[at + 2] += w * center[axis];
      }
    }
  });
  const columns = width - AFFINE - 1;
  const unit = new Float32Array(MAX_WIDTH * 4);
  const more = columns ? new Float32Array(MAX_WIDTH * columns) : null;
  for (let row = 0; row < MAX_WIDTH; row++) {
    const from = Math.min(row, rows - 1) * width;
    for (let k = 0; k < width; k++) {
      const value = Math.min(Math.max(folded[from + k], -LARGEST), LARGEST);
      if (k < 4) unit[row * 4 + k] = value;
      else more[row * columns + k - 4] = value;
    }
  }
  return { unit, more, columns };
}

// The end of the Frame block, for networks that have waves: uvec4 angle[N], vec4 wave[N] of the N
// curved features, as Uint8Array (32 N); empty without waves. Zeros for those that are none.
//
// size: [width, height] of the whole picture, offset: [left, top] of the part that is drawn, jitter:
// [right, down] of the sample from the pixel's centre, all in pixels. Angles are in fixed point,
// start and step of each in half turns · 2^bits: the upper 32 and the lower 16 of 48 bits.
export function waves(network, center, extent, size, offset, jitter = [0, 0]) {
  const names = curved(network.inputs);
  if (!names.some((name) => wave(name))) return new Uint8Array(0);
  const block = new ArrayBuffer(names.length * 32);
  const angles = new Uint32Array(block, 0, names.length * 4);
  const numbers = new Float32Array(block, names.length * 16);
  const side = Math.min(...size);
  const starts = [(1 - size[0] + 2 * jitter[0]) / side, (size[1] - 1 - 2 * jitter[1]) / side];
  const steps = [2 / side, -2 / side];
  names.forEach((name, k) => {
    const change = changeOf(name, center, extent, network.period);
    if (!change.wave) return;
    const { axis } = change.wave;
    const half = change.halfTurns;
    // Scaled so that all of the picture is within an eighth of a turn, if it is.
    const most = (half * (size[axis] + 2)) / side;
    const bits = POINT + Math.max(0, -3 - exponentOf(most));
    const [start, step] = [starts, steps].map((at) => BigInt(rint(half * at[axis] * 2 ** bits)));
    angles.set([...halves(start + BigInt(offset[axis]) * step), ...halves(step)], 4 * k);
    const unit = TURN * 2 ** (POINT - 32 - bits);
    numbers.set([unit, change.sine, change.cosine, 4 * Math.PI * half], 4 * k);
  });
  return new Uint8Array(block);
}

// The upper 32 and the lower 16 of the 48 bits of a BigInt.
function halves(fixed) {
  return [Number(BigInt.asUintN(32, fixed >> 16n)), Number(BigInt.asUintN(16, fixed))];
}
