// Stepping of values without drift, as utils/ladder.py: as many steps back as forth give the same
// number again. And numbers as the page writes them.

// `value` moved by `steps` rungs of base·factor^n, of six digits; between rungs it is multiplied.
export function ladder(value, base, factor, steps) {
  if (!onLadder(value, base, factor)) return digits(value * factor ** steps, 6);
  return rung(base, factor, nearest(value, base, factor) + steps);
}

export function onLadder(value, base, factor) {
  return value > 0 && base > 0 && value === rung(base, factor, nearest(value, base, factor));
}

// A coordinate clamped to ±1e6, without rounding noise: 0.3, not 0.30000000000000004.
export function tidy(coordinate) {
  const places = 15 - Math.floor(Math.log10(Math.max(1, Math.abs(coordinate))));
  return clamp(Number(coordinate.toFixed(places)), -1e6, 1e6) + 0;
}

export function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

// A number rounded to so many significant digits.
export function digits(value, count) {
  return Number(value.toPrecision(count));
}

// A number as text of at most `count` significant digits, with the sign that is as wide as a plus.
export function written(value, count = 4) {
  const size = Math.abs(value);
  const text = size >= 1e6 || (size && size < 1e-4) ? value.toExponential(count - 1)
    : String(digits(value, count));
  return text.replace(/-/g, "\u2212");
}

function rung(base, factor, number) {
  return number === 0 ? base : digits(base * factor ** number, 6);
}

function nearest(value, base, factor) {
  return Math.round(Math.log(value / base) / Math.log(factor));
}
