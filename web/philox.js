// Random draws, bit for bit those of cppn_gl/nn/draws.py: a pure function of (seed, layer, row,
// column).
//
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011) turns a counter into four 32-bit words; the
// maps below turn a word into a uniform or a normal number by +, -, *, / and sqrt alone.

import { Cache } from "./cache.js";
import { exponentOf, horner } from "./elementary.js";

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
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
    13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597,
    5394.196021424751, 687.1870074920579, 42.31333070160091, 1,
  ],
];
const TAIL = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506,
    1.2704582524523684, 3.6478483247632045, 5.769497221460691,
    4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457,
    0.14810397642748008, 0.6897673349851, 1.6763848301838038,
    2.053191626637759, 1,
  ],
];
const ODD = Array.from({ length: 12 }, (_, k) => 1 / (23 - 2 * k));

function ratio(r, [top, bottom]) {
  return horner(r, top) / horner(r, bottom);
}

// The natural logarithm of p in (0, 1) by 2 artanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2)).
function log(p) {
  let e = exponentOf(p);
  let m = p * 2 ** -e;
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
