// Animated keys, and walks between seeds, at a time: cppn_gl/preset/animate.py and animation.py.
//
// Integers are BigInts, floats are numbers.

import { arcBetween, arraysOf, blended } from "./interpolation.js";
import { cosine, geometric } from "./elementary.js";
import { Cache } from "./cache.js";

const EASINGS = {
  linear: (s) => s,
  smooth: (s) => s * s * (3 - 2 * s),
  in: (s) => s * s,
  out: (s) => s * (2 - s),
};

const legs = new Cache(2 ** 16);

// x modulo y as Python has it: from 0 to y.
export function modulo(x, y) {
  const rest = x % y;
  return rest < 0 ? rest + y : rest;
}

// Seconds of one pass through the values and seeds.
export function secondsOf(animation) {
  return animation.duration === undefined ? animation.loop : animation.duration;
}

// The fraction of a pass at a time in seconds, 0 to 1.
function fractionAt(animation, time) {
  const passes = time / secondsOf(animation);
  if (animation.ending === "stop") return Math.min(Math.max(passes, 0), 1);
  if (animation.ending === "bounce") return 1 - Math.abs(1 - modulo(passes, 2));
  return modulo(passes, 1);
}

// The values of a pass; a loop returns to the first.
function ring(animation, values) {
  return animation.ending === "loop" ? [...values, values[0]] : values;
}

// Linear or geometric interpolation, clamped to [a, b].
function mixed(a, b, fraction, factors) {
  if (a == b || fraction <= 0) return a;
  if (fraction >= 1) return b;
  const [from, to] = [Number(a), Number(b)];
  const value =
    factors && a > 0 && b > 0
      ? geometric(from, to, fraction)
      : (1 - fraction) * from + fraction * to;
  const [low, high] = a < b ? [a, b] : [b, a];
  return value < low ? low : value > high ? high : value;
}

function rounded(value) {
  return typeof value === "bigint" ? value : BigInt(Math.floor(value + 0.5));
}

// The value of a key at a fraction of a pass; `row` is that of the key among the preset's keys.
function valueAt(animation, values, fraction, row) {
  const { spacing, easing } = animation;
  const factors = spacing === "factors" || (spacing === "auto" && Boolean(row && row.factor));
  const passed = ring(animation, values);
  const index = Math.min(Math.floor(fraction * (passed.length - 1)), passed.length - 2);
  const eased = EASINGS[easing](fraction * (passed.length - 1) - index);
  const of = (a, b) => {
    const value = mixed(a, b, eased, factors);
    return row === undefined ? value : row.whole ? rounded(value) : Number(value);
  };
  const [a, b] = [passed[index], passed[index + 1]];
  return Array.isArray(a) ? a.map((one, k) => of(one, b[k])) : of(a, b);
}

// The angle at the end of each leg of a walk; for a single number, the distance.
function legEnds(layout, seeds) {
  const key = [JSON.stringify(layout), ...seeds].join();
  const make = () => {
    let total = 0;
    return seeds.slice(1).map((seed, k) => {
      const arc = arcBetween(arraysOf(layout, seeds[k]), arraysOf(layout, seed));
      const { start, end, angle } = arc;
      const numbers = layout.shapes.reduce((sum, [r, c]) => sum + r * (c + 1), layout.latents);
      const chord = start * start + end * end - 2 * start * end * cosine(angle);
      total += numbers > 1 ? angle : Math.sqrt(Math.max(chord, 0));
      return total;
    });
  };
  return legs.get(key, make, (ends) => 2 * key.length + 8 * ends.length);
}

// At a fraction of a walk: the leg, from 0, and the fraction of that leg.
function legAt(layout, seeds, fraction) {
  const ends = legEnds(layout, seeds);
  const angle = fraction * ends[ends.length - 1];
  const index = Math.min(ends.filter((end) => end <= angle).length, ends.length - 1);
  const start = index > 0 ? ends[index - 1] : 0;
  const end = ends[index];
  return [index, end > start ? Math.min((angle - start) / (end - start), 1) : 0];
}

// The animated keys with their values at a time in seconds: {"table.key": value}.
//
// tables: of the preset. keys: ranges of its keys. layout: which numbers a seed draws, see
// interpolation.js; null for given weights. latents: how many latent constants there are.
export function movedAt({ animation, animate = {} }, keys, layout, latents, time) {
  const fraction = fractionAt(animation, time);
  const found = {};
  for (const [key, values] of Object.entries(animate)) {
    found[key] = valueAt(animation, values, fraction, keys[key]);
  }
  if (animation.walk.length === 0) return found;
  const seeds = ring(animation, animation.walk);
  if (animation.walker === "latents" || layout === null) {
    const alone = { shapes: [], latents, distribution: "uniform" };
    const [index, part] = legAt(alone, seeds, fraction);
    const [latent] = blended(alone, seeds[index], seeds[index + 1], part).slice(-1);
    return { ...found, "network.latent": Array.from(latent) };
  }
  let [index, part] = legAt(layout, seeds, fraction);
  if (part === 1) [index, part] = [index + 1, 0];
  const between = part > 0 ? [seeds[index + 1], part] : undefined;
  return { ...found, "network.seed": seeds[index], "network.between": between };
}
