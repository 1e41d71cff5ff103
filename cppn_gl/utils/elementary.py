"""Elementary functions that give the same bits on every machine.

Math libraries and NumPy round them differently, by version, platform and processor. These use only
+, -, *, / and square roots, which IEEE 754 defines to the bit. Those of one float are the functions
of Sun's fdlibm (1993), within about 1 ulp; those of arrays have float32's precision, but `sines`
has float64's.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32, Float64

Floats = NDArray[np.floating[Any]]

MAX_ANGLE = 1e5  # of sine and cosine

# In two parts, the first with trailing zeros, so that small multiples of it are exact.
_HALF_PI = 1.57079632673412561417, 6.07710050650619224932e-11
_LOG2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10

_SINE = (
    1.58969099521155010221e-10,
    -2.50507602534068634195e-08,
    2.75573137070700676789e-06,
    -1.98412698298579493134e-04,
    8.33333333332248946124e-03,
)
_COSINE = (
    -1.13596475577881948265e-11,
    2.08757232129817482790e-09,
    -2.75573143513906633035e-07,
    2.48015872894767294178e-05,
    -1.38888888888741095749e-03,
    4.16666666666666019037e-02,
)
_EXP = (
    4.13813679705723846039e-08,
    -1.65339022054652515390e-06,
    6.61375632143793436117e-05,
    -2.77777777770155933842e-03,
    1.66666666666666019037e-01,
)
_LOG = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)
_ARCTAN = (
    1.62858201153657823623e-02,
    -3.65315727442169155270e-02,
    4.97687799461593236017e-02,
    -5.83357013379057348645e-02,
    6.66107313738753120669e-02,
    -7.69187620504482999495e-02,
    9.09088713343650656196e-02,
    -1.11111104054623557880e-01,
    1.42857142725034663711e-01,
    -1.99999999998764832476e-01,
    3.33333333333329318027e-01,
)
# arctan(0), arctan(1/2), arctan(1), arctan(3/2), arctan(∞), in two parts.
_ARCS = (
    (0.0, 0.0),
    (4.63647609000806093515e-01, 2.26987774529616870924e-17),
    (7.85398163397448278999e-01, 3.06161699786838301793e-17),
    (9.82793723247329054082e-01, 1.39033110312309984516e-17),
    (1.57079632679489655800e00, 6.12323399573676603587e-17),
)
# Of r², for sin(π/2 r) / r and cos(π/2 r), |r| <= 1/2: fitted at Chebyshev nodes.
_SINE_OF_QUARTER = (-0.00460214921281, 0.0796802176478, -0.645963477665, 1.57079632195)
_COSINE_OF_QUARTER = (
    0.000903628058643,
    -0.0208600694963,
    0.253669203654,
    -1.23370054063,
    0.999999999952,
)

_EXP_SERIES = tuple(1 / math.factorial(k) for k in range(6, -1, -1))


def _horner(x: float, coefficients: tuple[float, ...]) -> float:
    total = 0.0
    for c in coefficients:
        total = total * x + c
    return total


def sine(x: float) -> float:
    """sin(x), |x| up to MAX_ANGLE."""
    return _sine(x, 0)


def cosine(x: float) -> float:
    """cos(x), |x| up to MAX_ANGLE."""
    return _sine(x, 1)


def _sine(x: float, quarters: int) -> float:
    n = round(x * (2 / math.pi))
    high, low = x - n * _HALF_PI[0], n * _HALF_PI[1]
    r = high - low  # in [-π/4, π/4], and `rest` is what rounding took off
    rest = (high - r) - low
    z = r * r
    if (n + quarters) % 2 == 0:
        cube = z * r
        p = _horner(z, _SINE)
        value = r - ((z * (0.5 * rest - cube * p) - rest) + cube * 1.66666666666666324348e-01)
    else:
        half = 0.5 * z
        w = 1 - half
        value = w + (((1 - w) - half) + (z * (z * _horner(z, _COSINE)) - r * rest))
    return -value if (n + quarters) % 4 >= 2 else value


def exponential(x: float) -> float:
    """exp(x), for results that float64 holds without loss."""
    n = round(x / math.log(2))
    high, low = x - n * _LOG2[0], n * _LOG2[1]
    r = high - low
    z = r * r
    c = r - z * _horner(z, _EXP)
    return math.ldexp(1 - ((low - r * c / (2 - c)) - high), n)


def logarithm(x: float) -> float:
    """The natural logarithm of a positive number."""
    m, n = math.frexp(x)
    if m < math.sqrt(0.5):
        m, n = 2 * m, n - 1
    f = m - 1
    s = f / (2 + f)
    z, half = s * s, 0.5 * f * f
    series = z * _horner(z, _LOG)
    return n * _LOG2[0] - ((half - (s * (half + series) + n * _LOG2[1])) - f)


def power(x: float, exponent: float) -> float:
    """x to the power of a number, x >= 0; a few ulp for small results."""
    return exponential(exponent * logarithm(x)) if x > 0 else 0.0


def geometric(a: float, b: float, fraction: float) -> float:
    """The geometric interpolation between positive numbers: a^(1 - fraction) b^fraction."""
    return exponential((1 - fraction) * logarithm(a) + fraction * logarithm(b))


def arctangent(y: float, x: float) -> float:
    """The angle of the direction (x, y), both >= 0 and not both 0: from 0 to π/2."""
    if 16 * y < 7 * x:
        t, arc = y / x, _ARCS[0]
    elif 16 * y < 11 * x:
        t, arc = (2 * y - x) / (2 * x + y), _ARCS[1]
    elif 16 * y < 19 * x:
        t, arc = (y - x) / (y + x), _ARCS[2]
    elif 16 * y < 39 * x:
        t, arc = (y - 1.5 * x) / (x + 1.5 * y), _ARCS[3]
    else:
        t, arc = -x / y, _ARCS[4]
    z = t * t
    return arc[0] - ((t * (z * _horner(z, _ARCTAN)) - arc[1]) - t)


def around(turns: Floats) -> tuple[Float32, Float32]:
    """The cosine and sine of angles in turns, to 1e-7; angles in float64 may be many turns."""
    quarters = np.rint(4 * turns)
    r = (4 * turns - quarters).astype(np.float32)  # the difference is exact
    z = r * r
    s = r * polynomial(z, _SINE_OF_QUARTER)
    c = polynomial(z, _COSINE_OF_QUARTER)
    n = quarters.astype(np.int64)
    odd = n & 1 == 1
    cos, sin = np.where(odd, s, c), np.where(odd, c, s)
    np.negative(cos, out=cos, where=(n + 1) & 2 == 2)
    np.negative(sin, out=sin, where=n & 2 == 2)
    return cos, sin


def sines(turns: Float64, quarter: int | NDArray[np.int64] = 0) -> Float64:
    """sin(2π turns + quarter · π/2) of an array in float64, within about 1e-16."""
    quarters = np.rint(4 * turns)
    r = (4 * turns - quarters) * (math.pi / 2)  # the difference is exact
    z = r * r
    cube = z * r
    s = r + cube * (polynomial(z, _SINE) * z - 1.66666666666666324348e-01)
    c = 1 - (0.5 * z - z * z * polynomial(z, _COSINE))
    n = quarters.astype(np.int64) + quarter
    value = np.where(n & 1 == 1, c, s)
    return np.asarray(np.negative(value, out=value, where=n & 2 == 2))


def exponentials(x: Float32) -> Float32:
    """exp(x) of an array, to 1e-6; x is clipped to [-80, 80]."""
    inside = np.clip(x, np.float32(-80), np.float32(80))
    n = np.rint(inside * np.float32(1 / math.log(2)))
    r = (inside - n * np.float32(0.693359375)) + n * np.float32(2.12194440e-4)
    return np.asarray(np.ldexp(polynomial(r, _EXP_SERIES), n.astype(np.int32)))


def arctangents(x: Float32) -> Float32:
    """arctan(x) of an array, to 1e-6, |x| up to 1e15."""
    for _ in range(3):  # each halves the angle
        x = np.asarray(x / (1 + np.sqrt(1 + x * x)), np.float32)
    return np.asarray(8 * x * polynomial(x * x, (1 / 9, -1 / 7, 1 / 5, -1 / 3, 1.0)))


def polynomial(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    """A polynomial of an array, in its precision; coefficients from the highest power down."""
    total = x * x.dtype.type(coefficients[0])
    for c in coefficients[1:-1]:
        total += x.dtype.type(c)
        total *= x
    total += x.dtype.type(coefficients[-1])
    return total
