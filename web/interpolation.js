// Spherical interpolation between the draws of two seeds, as cppn_gl/nn/interpolation.py: one
// network turns into another at constant speed.
//
// A layout says which numbers a seed draws: {shapes: [[rows, columns], …] of the layers, latents,
// distribution}.

import { BIAS, LATENT, WEIGHT, draw, drawRow } from "./philox.js";
import { Cache } from "./cache.js";
import { arctangent, sine } from "./elementary.js";

const MIN_SINE = 1e-6; // of the angle; below it the interpolation is linear
const RUN = 128; // numbers that are summed with 8 partial sums

const arcs = new Cache(2 ** 16);

// The draws of a seed (BigInt): weight and bias of each layer, then the latent constants.
export function arraysOf(layout, seed) {
  const drawn = [];
  layout.shapes.forEach(([rows, columns], k) => {
    drawn.push(draw(seed, k + 1, WEIGHT, rows, columns, layout.distribution));
    drawn.push(drawRow(seed, k + 1, BIAS, rows, layout.distribution));
  });
  drawn.push(drawRow(seed, 0, LATENT, layout.latents, "uniform"));
  return drawn;
}

// The sum of the squares of values[k], first <= k < end, in the order of NumPy's sum of an array.
function squares(values, first, end) {
  const count = end - first;
  if (count > RUN) {
    const middle = first + (count >> 1) - ((count >> 1) % 8);
    return squares(values, first, middle) + squares(values, middle, end);
  }
  let total = 0;
  let k = first;
  if (count >= 8) {
    const part = new Float64Array(8);
    for (; k + 8 <= end; k += 8) {
      for (let lane = 0; lane < 8; lane++) part[lane] += values[k + lane] * values[k + lane];
    }
    const [a, b, c, d, e, f, g, h] = part;
    total = a + b + (c + d) + (e + f + (g + h));
  }
  for (; k < end; k++) total += values[k] * values[k];
  return total;
}

// The length of a vector given as several arrays.
function length(arrays) {
  return Math.sqrt(arrays.reduce((sum, values) => sum + squares(values, 0, values.length), 0));
}

// The numbers a / start + sign · b / end of several arrays, in float64.
function combined(a, b, start, end, sign) {
  return a.map((from, i) => {
    const to = b[i];
    const found = new Float64Array(from.length);
    for (let k = 0; k < found.length; k++) found[k] = from[k] / start + sign * (to[k] / end);
    return found;
  });
}

// The lengths of two vectors, each given as several arrays, and the angle between them, in radians.
export function arcBetween(a, b) {
  const start = length(a);
  const end = length(b);
  if (start === 0 || end === 0) return { start, end, angle: 0 };
  // 2 arctangent(|a' - b'|, |a' + b'|) of unit vectors a', b' is accurate for small angles too.
  const apart = length(combined(a, b, start, end, -1));
  const along = length(combined(a, b, start, end, 1));
  return { start, end, angle: 2 * arctangent(apart, along) };
}

// Factors on the two vectors at a fraction of the angle: [1, 0] at 0, [0, 1] at 1.
export function factors({ start, end, angle }, fraction) {
  const whole = sine(angle);
  if (whole < MIN_SINE || start === 0 || end === 0) return [1 - fraction, fraction];
  const size = (1 - fraction) * start + fraction * end;
  const one = sine((1 - fraction) * angle) / whole;
  const other = sine(fraction * angle) / whole;
  return [one * (size / start), other * (size / end)];
}

// `arraysOf`, interpolated from one seed to another.
export function blended(layout, seed, other, fraction) {
  const a = arraysOf(layout, seed);
  const b = arraysOf(layout, other);
  const key = [JSON.stringify(layout), seed, other].join();
  const [one, two] = factors(arcs.get(key, () => arcBetween(a, b), () => 2 * key.length), fraction);
  return a.map((array, i) => {
    const end = b[i];
    const mixed = new Float32Array(array.length);
    for (let k = 0; k < mixed.length; k++) mixed[k] = array[k] * one + end[k] * two;
    return mixed;
  });
}
