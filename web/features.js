// Input features at a point, as cppn_gl/nn/features.py: the inputs of layer 1.
//
// clock: {time, speed, loop}; latent: the numbers z0, z1 …; period: that of sin_x, cos_4y …

import { cosine, rint, sine, sineOfTurns } from "./elementary.js";

export const PRODUCTS = { x2: [0, 0], y2: [1, 1], xy: [0, 1] }; // of which axes: 0 for x, 1 for y
export const TURN = 2 * Math.PI; // the default period
const MAX_LATENTS = 64;
const MAX_HARMONIC = 2 ** 16;

// The wave of "sin_x" or "cos_4y": {axis, harmonic, quarter, kind}; null if `name` is not one. A
// cosine is a sine that is `quarter` = 1 quarter of a turn ahead.
export function wave(name) {
  const match = /^(sin|cos)_([1-9]\d{0,4})?([xy])$/.exec(name);
  const harmonic = match ? Number(match[2] || 1) : 0;
  if (!match || match[2] === "1" || harmonic > MAX_HARMONIC) return null;
  const quarter = match[1] === "cos" ? 1 : 0;
  return { axis: "xy".indexOf(match[3]), harmonic, quarter, kind: `wave_${match[3]}` };
}

// The angle of a wave at a value of x, or y, in turns, from -1/2 to 1/2 before the quarter. x is
// reduced by multiples of the period without rounding.
export function turnsOf(wave, x, period) {
  let rest = x % period;
  if (Math.abs(rest) > period / 2) rest -= Math.sign(rest) * period;
  const turns = (rest / period) * wave.harmonic;
  return turns - rint(turns);
}

// Those of the inputs that are not affine in x and y: r, the products, then the waves.
export function curved(inputs) {
  return [
    ...inputs.filter((name) => name === "r"),
    ...inputs.filter((name) => name in PRODUCTS),
    ...inputs.filter((name) => wave(name)),
  ];
}

// The kinds of the curved inputs, in the order of `curved`: wave_x, wave_y, or their names.
export function kinds(inputs) {
  return curved(inputs).map((name) => (wave(name) || { kind: name }).kind);
}

// 3 for "z3"; -1 if `name` is not a latent constant.
function latentIndex(name) {
  const index = /^z(0|[1-9]\d?)$/.test(name) ? Number(name.slice(1)) : MAX_LATENTS;
  return index < MAX_LATENTS ? index : -1;
}

// The number of latent constants that `inputs` need: one more than the largest index.
export function latentCount(inputs) {
  return inputs.reduce((most, name) => Math.max(most, latentIndex(name) + 1), 0);
}

// The value of a feature that is the same at every point; null for the others.
export function constant(name, clock, latent) {
  const index = latentIndex(name);
  if (index >= 0) return latent[index];
  if (name === "one") return 1;
  if (name === "t") return clock.speed * clock.time;
  if (name !== "cos_t" && name !== "sin_t") return null;
  const turns = (clock.time / clock.loop) % 1;
  const angle = TURN * (turns < 0 ? turns + 1 : turns);
  return name === "cos_t" ? cosine(angle) : sine(angle);
}

// The features at points x, y, (N) each: Float64Array (N · inputs), point by point.
export function features(inputs, x, y, clock, latent, period) {
  const columns = inputs.map((name) => {
    const value = constant(name, clock, latent);
    const periodic = wave(name);
    if (value !== null) return () => value;
    if (periodic) {
      const along = periodic.axis === 0 ? x : y;
      return (k) => sineOfTurns(turnsOf(periodic, along[k], period), periodic.quarter);
    }
    if (name === "r") return (k) => Math.sqrt(x[k] * x[k] + y[k] * y[k]);
    if (name in PRODUCTS) {
      const [one, other] = PRODUCTS[name].map((axis) => (axis === 0 ? x : y));
      return (k) => one[k] * other[k];
    }
    const along = name === "x" ? x : y;
    return (k) => along[k];
  });
  const found = new Float64Array(x.length * inputs.length);
  for (let k = 0, at = 0; k < x.length; k++) {
    for (const column of columns) found[at++] = column(k);
  }
  return found;
}
