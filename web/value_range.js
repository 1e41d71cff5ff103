// The values of outputs that become 0 and 1, if nothing was measured: of the colour mapping, or of the
// output activation. As default_range of cppn_gl/preset/value_range.py.
//
// `ends`: where outputs end; there are no contour lines there.

import { ACTIVATIONS } from "./activations.js";

const ENDLESS = [-3e38, 3e38];

// The range without a stretch. `color`: of a moment; `activation`: the output's.
export function defaultRange(color, activation) {
  const last = ACTIVATIONS[activation];
  const [low, high] = color.mappings[color.mapping].span || last.span;
  const ends = last.bounded ? last.span : ENDLESS;
  return { low: [low, low, low], high: [high, high, high], ends: [...ends] };
}
