// Elementary functions with the same bits as cppn_gl/utils/elementary.py, on every machine.
//
// They use only +, -, *, / and square roots, as Sun's fdlibm (1993): browsers round those of Math
// differently.

// In two parts, the first with trailing zeros, so that small multiples of it are exact.
const HALF_PI = [1.57079632673412561417, 6.07710050650619224932e-11];
const LOG2 = [6.9314718036912381649e-1, 1.90821492927058770002e-10];

const SINE = [
  1.58969099521155010221e-10, -2.50507602534068634195e-8, 2.75573137070700676789e-6,
  -1.98412698298579493134e-4, 8.33333333332248946124e-3,
];
const COSINE = [
  -1.13596475577881948265e-11, 2.08757232129817482790e-9, -2.75573143513906633035e-7,
  2.48015872894767294178e-5, -1.38888888888741095749e-3, 4.16666666666666019037e-2,
];
const SIXTH = 1.66666666666666324348e-1;
const EXP = [
  4.13813679705723846039e-8, -1.65339022054652515390e-6, 6.61375632143793436117e-5,
  -2.77777777770155933842e-3, 1.66666666666666019037e-1,
];
const LOG = [
  1.479819860511658591e-1, 1.531383769920937332e-1, 1.818357216161805012e-1,
  2.222219843214978396e-1, 2.857142874366239149e-1, 3.999999999940941908e-1,
  6.666666666666735130e-1,
];
const ARCTAN = [
  1.62858201153657823623e-2, -3.65315727442169155270e-2, 4.97687799461593236017e-2,
  -5.83357013379057348645e-2, 6.66107313738753120669e-2, -7.69187620504482999495e-2,
  9.09088713343650656196e-2, -1.11111104054623557880e-1, 1.42857142725034663711e-1,
  -1.99999999998764832476e-1, 3.33333333333329318027e-1,
];
// arctan(0), arctan(1/2), arctan(1), arctan(3/2), arctan(infinity), in two parts.
const ARCS = [
  [0, 0],
  [4.63647609000806093515e-1, 2.26987774529616870924e-17],
  [7.85398163397448278999e-1, 3.06161699786838301793e-17],
  [9.82793723247329054082e-1, 1.39033110312309984516e-17],
  [1.570796326794896558, 6.12323399573676603587e-17],
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

// x · 2^n, without a rounding between the two where the result is a normal number.
export function scaled(x, n) {
  const factor = n < 0 ? 2 ** -8 : 2 ** 8;
  for (let k = Math.abs(n) >> 3; k > 0; k--) x *= factor;
  return n < 0 ? x / (1 << (-n & 7)) : x * (1 << (n & 7));
}

// The exponent n of x = m · 2^n, 1/2 <= m < 1, of a positive normal number.
export function exponentOf(x) {
  return ((new Uint32Array(new Float64Array([x]).buffer)[1] >>> 20) & 0x7ff) - 1022;
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
  return scaled(1 - (low - (r * c) / (2 - c) - high), n);
}

// The natural logarithm of a positive number.
export function logarithm(x) {
  let n = exponentOf(x);
  let m = scaled(x, -n);
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

// x to the power of a number, x >= 0; a few ulp for small results.
export function power(x, exponent) {
  return x > 0 ? exponential(exponent * logarithm(x)) : 0;
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
