// Random draws, bit for bit those of cppn_gl/nn/draws.py: a pure function of (seed, layer, row,
// column).
//
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011) turns a counter into four 32-bit words; the
// maps below turn a word into a uniform or a normal number by +, -, *, / and sqrt alone.

import { Cache } from "./cache.js";
import { horner } from "./elementary.js";

export const WEIGHT = 0;
export const BIAS = 1;
export const LATENT = 2;
export const SHIFT = 3;
export const GAIN = 4;

const draws = new Cache(2 ** 25);

// The upper 32 bits of a product of 32-bit numbers, by halves.
function high(a, b) {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const first = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) >>> 0;
  const second = (Math.imul(a0, b1) + (first & 0xffff)) >>> 0;
  return (Math.imul(a1, b1) + (first >>> 16) + (second >>> 16)) | 0;
}

// Philox4x32 with ten rounds: four words of a counter and two of a key -> out[0] to out[3].
export function philox4x32(c0, c1, c2, c3, k0, k1, out) {
  for (let round = 0; round < 10; round++) {
    const high0 = high(0xd2511f53, c0);
    const high1 = high(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    c0 = high1 ^ c1 ^ k0;
    c1 = Math.imul(0xcd9e8d57, c2);
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

// Random words of a seed (BigInt) and a layer: Uint32Array (rows · columns), row-major. A smaller
// block equals the corner of a larger one.
export function words(seed, layer, kind, rows, columns) {
  const k0 = Number(BigInt.asIntN(32, seed));
  const k1 = Number(BigInt.asIntN(32, seed >> 32n));
  const found = new Uint32Array(rows * columns);
  const block = new Uint32Array(4);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      if (column % 4 === 0) philox4x32(column / 4, row, layer, kind, k0, k1, block);
      found[at] = block[column % 4];
    }
  }
  return found;
}

// U(-1, 1): odd multiples of 2^-24 from the upper 24 bits of a word; never 0 or ±1.
export function uniform(word) {
  return ((word >>> 8) * 2 + (1 - 2 ** 24)) * 2 ** -24;
}

// The rational approximations of Wichura's AS 241 (1988), the highest power first.
const CENTRAL = [
  [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ],
  [
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1,
  ],
];
const TAIL = [
  [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
    1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
    4.6303378461565452959, 1.42343711074968357734,
  ],
  [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
    0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
    2.05319162663775882187, 1,
  ],
];
const ODD = Array.from({ length: 12 }, (_, k) => 1 / (23 - 2 * k));

function ratio(r, [top, bottom]) {
  return horner(r, top) / horner(r, bottom);
}

// The natural logarithm of p in (0, 1) by 2 artanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2)).
function log(p) {
  let m = p;
  let e = 0;
  while (m < 0.5) {
    m *= 2;
    e--;
  }
  if (m < 0.7071067811865476) {
    m *= 2;
    e--;
  }
  const s = (m - 1) / (m + 1);
  return 2 * s * horner(s * s, ODD) + e * 0.6931471805599453;
}

// N(0, 1): the quantile of (word + 1/2) / 2^32.
export function normal(word) {
  const p = (word + 0.5) * 2 ** -32;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(0.180625 - q * q, CENTRAL);
  const tail = ratio(Math.sqrt(-log(Math.min(p, 1 - p))) - 1.6, TAIL);
  return q < 0 ? -tail : tail;
}

function mapped(words, of) {
  const drawn = new Float32Array(words.length);
  for (let k = 0; k < drawn.length; k++) drawn[k] = of(words[k]);
  return drawn;
}

// Draws from "uniform" or "normal": Float32Array (rows · columns), row-major, which is shared: do
// not write to it.
export function draw(seed, layer, kind, rows, columns, distribution) {
  const of = distribution === "uniform" ? uniform : normal;
  return draws.get(
    [seed, layer, kind, rows, columns, distribution].join(),
    () => mapped(words(seed, layer, kind, rows, columns), of),
    (array) => array.byteLength + 200,
  );
}

// Row 0 of such a block: Float32Array (columns).
export function drawRow(seed, layer, kind, columns, distribution) {
  return draw(seed, layer, kind, 1, columns, distribution);
}
