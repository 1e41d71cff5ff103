// Elementary functions with the same bits as cppn_gl/utils/elementary.py, on every machine.
//
// They use only +, -, *, / and square roots, as Sun's fdlibm (1993): browsers round those of Math
// differently.

// In two parts, the first with trailing zeros, so that small multiples of it are exact.
const HALF_PI = [1.5707963267341256, 6.077100506506192e-11];
const LOG2 = [0.6931471803691238, 1.9082149292705877e-10];

const SINE = [
  1.58969099521155e-10, -2.5050760253406863e-8, 2.7557313707070068e-6,
  -0.0001984126982985795, 0.00833333333332249,
];
const COSINE = [
  -1.1359647557788195e-11, 2.087572321298175e-9, -2.7557314351390663e-7,
  2.480158728947673e-5, -0.001388888888887411, 0.0416666666666666,
];
const SIXTH = 0.16666666666666632;
const EXP = [
  4.1381367970572385e-8, -1.6533902205465252e-6, 6.613756321437934e-5,
  -0.0027777777777015593, 0.16666666666666602,
];
const LOG = [
  0.14798198605116586, 0.15313837699209373, 0.1818357216161805,
  0.22222198432149784, 0.2857142874366239, 0.3999999999940942,
  0.6666666666666735,
];
const ARCTAN = [
  0.016285820115365782, -0.036531572744216916, 0.049768779946159324,
  -0.058335701337905735, 0.06661073137387531, -0.0769187620504483,
  0.09090887133436507, -0.11111110405462356, 0.14285714272503466,
  -0.19999999999876483, 0.3333333333333293,
];
// arctan(0), arctan(1/2), arctan(1), arctan(3/2), arctan(infinity), in two parts.
const ARCS = [
  [0, 0],
  [0.4636476090008061, 2.2698777452961687e-17],
  [0.7853981633974483, 3.061616997868383e-17],
  [0.982793723247329, 1.3903311031230998e-17],
  [1.5707963267948966, 6.123233995736766e-17],
];

// A polynomial by its coefficients, the highest power first.
export function horner(x, coefficients) {
  let total = coefficients[0];
  for (let k = 1; k < coefficients.length; k++) total = total * x + coefficients[k];
  return total;
}

// The nearest integer; of two, the even one.
export function rint(x) {
  if (!(Math.abs(x) < 2 ** 52)) return x;
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

const NUMBER = new Float64Array(1);
const WORDS = new Uint32Array(NUMBER.buffer);

// The exponent n of x = m · 2^n, 1/2 <= m < 1, of a positive normal number.
export function exponentOf(x) {
  NUMBER[0] = x;
  return ((WORDS[1] >>> 20) & 0x7ff) - 1022;
}

// sin(x), |x| up to 1e5.
export function sine(x) {
  return shifted(x, 0);
}

// cos(x), |x| up to 1e5.
export function cosine(x) {
  return shifted(x, 1);
}

function shifted(x, quarters) {
  const n = rint(x * (2 / Math.PI));
  const high = x - n * HALF_PI[0];
  const low = n * HALF_PI[1];
  const r = high - low; // in [-π/4, π/4], and `rest` is what rounding took off
  const rest = high - r - low;
  const z = r * r;
  let value;
  if (((n + quarters) & 1) === 0) {
    const cube = z * r;
    value = r - (z * (0.5 * rest - cube * horner(z, SINE)) - rest + cube * SIXTH);
  } else {
    const half = 0.5 * z;
    const w = 1 - half;
    value = w + (1 - w - half + (z * (z * horner(z, COSINE)) - r * rest));
  }
  return ((n + quarters) & 2) === 2 ? -value : value;
}

// sin(2π turns + quarter · π/2), for |turns| up to 2^29.
export function sineOfTurns(turns, quarter) {
  const quarters = rint(4 * turns);
  const r = (4 * turns - quarters) * (Math.PI / 2); // the difference is exact
  const z = r * r;
  const n = quarters + quarter;
  const value =
    (n & 1) === 1
      ? 1 - (0.5 * z - z * z * horner(z, COSINE))
      : r + z * r * (horner(z, SINE) * z - SIXTH);
  return (n & 2) === 2 ? -value : value;
}

// exp(x), for results that float64 holds without loss.
export function exponential(x) {
  const n = rint(x / Math.LN2);
  const high = x - n * LOG2[0];
  const low = n * LOG2[1];
  const r = high - low;
  const z = r * r;
  const c = r - z * horner(z, EXP);
  return (1 - (low - (r * c) / (2 - c) - high)) * 2 ** n;
}

// The natural logarithm of a positive number.
export function logarithm(x) {
  let n = exponentOf(x);
  let m = x * 2 ** -n;
  if (m < Math.SQRT1_2) {
    m *= 2;
    n -= 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const half = 0.5 * f * f;
  const series = z * horner(z, LOG);
  return n * LOG2[0] - (half - (s * (half + series) + n * LOG2[1]) - f);
}

// The geometric interpolation between positive numbers: a^(1 - fraction) b^fraction.
export function geometric(a, b, fraction) {
  return exponential((1 - fraction) * logarithm(a) + fraction * logarithm(b));
}

// The angle of the direction (x, y), both >= 0 and not both 0: from 0 to π/2.
export function arctangent(y, x) {
  const [t, arc] =
    16 * y < 7 * x
      ? [y / x, ARCS[0]]
      : 16 * y < 11 * x
        ? [(2 * y - x) / (2 * x + y), ARCS[1]]
        : 16 * y < 19 * x
          ? [(y - x) / (y + x), ARCS[2]]
          : 16 * y < 39 * x
            ? [(y - 1.5 * x) / (x + 1.5 * y), ARCS[3]]
            : [-x / y, ARCS[4]];
  const z = t * t;
  return arc[0] - (t * (z * horner(z, ARCTAN)) - arc[1] - t);
}
