// Palettes: colours along values from 0 to 1, as cppn_gl/utils/colormaps.py and preset/color.py make
// them, in float64. A palette is an array of SIZE colours [red, green, blue], from 0 to 1.
//
//   row of the mappings, keys of [color] -> paletteOf() -> palette, or null
//                                        -> flatInks() -> the flat colours

export const SIZE = 257; // entries
export const MAX_COLORS = 16;

// OKLab by Björn Ottosson: L, a, b to cube roots of cone responses, those to linear light; and back.
const ROOTS = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.291485548],
];
const LINEAR = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.707614701],
];
const CONES = inverse(LINEAR);
const LAB = inverse(ROOTS);

const times = (matrix, v) => matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
const clamp = (x) => Math.min(Math.max(x, 0), 1);
const places = (count, end) => Array.from({ length: count }, (_, k) => (k * end) / (count - 1));

function inverse([a, b, c]) {
  const cross = (u, v) =>
    [0, 1, 2].map((k) => u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3]);
  const columns = [cross(b, c), cross(c, a), cross(a, b)];
  const size = a.reduce((sum, x, k) => sum + x * columns[0][k], 0);
  return [0, 1, 2].map((row) => columns.map((column) => column[row] / size));
}

// Linear light to sRGB values, clipped to the gamut; and back.
function encode(x) {
  const inside = clamp(x);
  return inside <= 0.0031308 ? 12.92 * inside : 1.055 * Math.pow(inside, 1 / 2.4) - 0.055;
}
const decode = (x) => (x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4));

const fromOklab = (lab) => times(LINEAR, times(ROOTS, lab).map((x) => x * x * x)).map(encode);
const toOklab = (color) => times(LAB, times(CONES, color.map(decode)).map(Math.cbrt));

// "#102040" as [red, green, blue].
function display(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) / 255);
}

// Colours interpolated linearly at a place from 0 to their number - 1.
function between(colors, place) {
  const below = Math.min(Math.floor(place), colors.length - 2);
  const rest = place - below;
  return colors[below].map((x, k) => x * (1 - rest) + colors[below + 1][k] * rest);
}

// A palette through evenly spaced colours such as "#102040", mixed in OKLab.
export function gradient(stops) {
  const lab = stops.map((stop) => toOklab(display(stop)));
  return places(SIZE, stops.length - 1).map((place) => fromOklab(between(lab, place)));
}

// Ink of a hue in degrees, on paper: dark to light.
export function ink(hue) {
  const angle = (hue * Math.PI) / 180;
  return places(SIZE, 1).map((place) => {
    const chroma = 0.015 + 0.11 * Math.sqrt(1 - place * place);
    return fromOklab([
      0.34 + 0.63 * place,
      chroma * Math.cos(angle),
      chroma * Math.sin(angle),
    ]);
  });
}

// The palette of a table in hexadecimal: differences of 8 bits, channel by channel.
export function unpacked(table) {
  const bytes = table.match(/../g).map((byte) => parseInt(byte, 16));
  const count = bytes.length / 3;
  const knots = Array.from({ length: count }, () => [0, 0, 0]);
  for (let channel = 0; channel < 3; ++channel) {
    let value = 0;
    for (let k = 0; k < count; ++k) {
      value = (value + bytes[channel * count + k]) % 256;
      knots[k][channel] = value / 255;
    }
  }
  return places(SIZE, count - 1).map((place) => between(knots, place));
}

// The palette of a mapping; null for a mapping without one.
export function paletteOf(row, keys) {
  if (row.plates) return null;
  if (row.own) return gradient(ownColors(row, keys));
  if (row.stops) return gradient(row.stops);
  if (row.ink) return ink(keys.hue);
  return row.table ? unpacked(row.table) : null;
}

const ownColors = (row, keys) => (keys.palette.length ? keys.palette : row.own);

// The number of flat steps of each channel; 0: continuous.
export function levelsOf(row, keys) {
  return keys.inks || (row.plates ? 2 : 0);
}

// The flat colours of a palette; or paper and three plates; or none.
export function flatInks(row, keys, palette) {
  if (row.plates) return plates(ownColors(row, keys));
  const count = levelsOf(row, keys);
  if (!palette || !count) return [];
  const stops = row.own ? ownColors(row, keys) : row.stops || [];
  if (count <= stops.length) {
    return Array.from({ length: count }, (_, k) =>
      display(stops[Math.floor((k * (stops.length - 1)) / (count - 1))]),
    );
  }
  const last = palette[SIZE - 1];
  const apart = Math.max(...palette[0].map((x, k) => Math.abs(x - last[k])));
  const turns = apart < 2 / 255 ? count : count - 1; // cyclic: its ends are the same colour
  return Array.from({ length: count }, (_, k) =>
    between(palette, (k / turns) * (SIZE - 1)).map((x) => Math.floor(x * 255 + 0.5) / 255),
  );
}

// The lightest colour, as paper, and three others, the most vivid, as inks, in their order.
function plates(colors) {
  const shown = colors.map(display);
  const labs = shown.map(toOklab);
  const vivid = labs.map(([light, a, b]) => light * Math.hypot(a, b));
  const paper = labs.reduce((best, lab, k) => (lab[0] > labs[best][0] ? k : best), 0);
  const others = shown.map((_, k) => k).filter((k) => k !== paper);
  others.sort((j, k) => vivid[k] - vivid[j]);
  const used = others.slice(0, 3).sort((j, k) => j - k);
  const inks = [0, 1, 2].map((k) => shown[used[Math.floor((k * used.length) / 3)]]);
  return [shown[paper], ...inks];
}
