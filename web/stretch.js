// The values of outputs that become 0 and 1, measured over the view, as cppn_gl/engines/stretch.py
// and preset/value_range.py do it. Pages whose colours are not stretched come without it.
//
//   picture's size -> gridOf() -> size of a small picture, outputs of it -> measured() -> bounds
//   defaultRange(), bounds -> stretchedRange() -> {low: [3], high: [3], ends: [2]}

import { rint } from "./elementary.js";
import { defaultRange } from "./value_range.js";

const POINTS = 128 * 128;
const MAX_SIDE = 4096;
const CLIPPED_PERCENT = 2; // on each side by the percentile stretch
const MIN_WIDTH = 1e-5; // of a range, relative to its values
const HUGE = 1e37;

// The grid's [width, height] for a picture of a size: about POINTS in all.
export function gridOf([width, height]) {
  const ratio = Math.sqrt(width / height);
  const side = Math.sqrt(POINTS);
  return [side * ratio, side / ratio].map((x) => Math.min(Math.max(rint(x), 1), MAX_SIDE));
}

// The bounds of outputs, {minmax, percentile}: each [low, high], of red, green, blue and their mean.
// `outputs`: `channels` values a pixel; pixels marked as NaN do not count. Null without any.
export function measured(outputs, channels) {
  const count = outputs.length / channels;
  const four = [0, 1, 2, 3].map(() => new Float64Array(count));
  let used = 0;
  for (let at = 0; at < outputs.length; at += channels) {
    const [r, g, b] = [outputs[at], outputs[at + 1], outputs[at + 2]];
    if (r === 1 && g === 0 && b === 1) continue;
    four[0][used] = r;
    four[1][used] = g;
    four[2][used] = b;
    four[3][used++] = r / 3 + g / 3 + b / 3;
  }
  if (!used) return null;
  const sorted = four.map((values) => values.subarray(0, used).sort());
  const at = (percent) => sorted.map((values) => percentile(values, percent));
  return {
    minmax: [at(0), at(100)],
    percentile: [at(CLIPPED_PERCENT), at(100 - CLIPPED_PERCENT)],
  };
}

// A percentile of sorted values, interpolated linearly.
function percentile(sorted, percent) {
  const place = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(place);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return low + (high - low) * (place - below);
}

// The range with a stretch. `bounds`: by `measured`.
export function stretchedRange(color, activation, bounds) {
  const base = defaultRange(color, activation);
  const row = color.mappings[color.mapping];
  const [low, high] = bounds
    ? bounds[color.stretch].map((four) =>
        row.channels === 3 ? four.slice(0, 3) : [four[3], four[3], four[3]],
      )
    : [[NaN], [NaN]];
  if (![...low, ...high].every(Number.isFinite)) return base; // no finite value in the view
  const center = row.signed ? (base.low[0] + base.high[0]) / 2 : null;
  return { ...widened(low, high, center), ends: base.ends };
}

// A range of at least MIN_WIDTH, symmetric about `center` if there is one.
function widened(low, high, center) {
  const found = { low: [], high: [] };
  for (let k = 0; k < 3; ++k) {
    const [least, most] = [low[k], high[k]].map((x) => Math.min(Math.max(x, -HUGE), HUGE));
    const middle = center === null ? (least + most) / 2 : center;
    const narrowest = MIN_WIDTH * Math.max(Math.abs(least), Math.abs(most), MIN_WIDTH);
    const half = Math.max(most - middle, middle - least, narrowest);
    found.low.push(middle - half);
    found.high.push(middle + half);
  }
  return found;
}
