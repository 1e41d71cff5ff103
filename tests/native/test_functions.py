"""The library's functions against float64 and exact arithmetic, for every instruction set."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS, Array, activate, derivative
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library

pytestmark = pytest.mark.native

NAN = 0x7FC00000

# The greatest error of a function and of its derivative: units in the last place, or this number
# where that is more. Far tails count little: gaussian(9) is 7e-36.
EXACT = (0.0, 0.0)
ERRORS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "identity": (EXACT, EXACT),
    "relu": (EXACT, EXACT),
    "leaky_relu": ((1, 0), (0.5, 0)),
    "elu": ((4, 0), (1, 0)),
    "gelu": ((3, 8e-8), (2, 2.5e-7)),
    "softplus": ((4, 0), (3, 0)),
    "tanh": ((5, 0), (4, 0)),
    "sigmoid": ((3, 0), (4, 0)),
    "sin": ((2, 0), (2, 0)),
    "cos": ((2, 0), (2, 0)),
    "gaussian": ((5, 5e-9), (5, 2e-8)),
    "atan": ((3, 0), (3, 1.1e-36)),
    "abs": (EXACT, EXACT),
}


@pytest.fixture(scope="module")
def libraries() -> list[Library]:
    """The library for each instruction set of this processor, portable first."""
    return [Library(native.PATH, isa) for isa in Library(native.PATH).isas]


def arguments() -> Float32:
    """Numbers of every binade and both signs, usual ones at random, and a grid."""
    rng = np.random.default_rng(0)
    exponents = np.arange(1, 255, dtype=np.uint32)[:, None] << 23
    binades = (exponents | rng.integers(0, 1 << 23, (254, 100), dtype=np.uint32)).ravel()
    ends = np.concatenate([exponents.ravel(), exponents.ravel() | 0x7FFFFF])
    subnormal = np.arange(1, 1 << 23, 99991, dtype=np.uint32)
    bits = np.concatenate([binades, ends, subnormal])
    usual = np.float32(4) * rng.standard_normal(100_000, np.float32)
    grid = np.linspace(-110, 110, 44_001, dtype=np.float32)
    zeros = np.array([0, -0.0], np.float32)
    return np.concatenate([bits.view(np.float32), -bits.view(np.float32), usual, grid, zeros])


Pair = tuple[Callable[[Library, str, Float32], Float32], Callable[[str, Array], Array], int]
PAIRS: dict[str, Pair] = {
    "function": (Library.activate, activate, 0),
    "derivative": (Library.differentiate, derivative, 1),
}


def test_every_activation_has_a_bound_of_its_error_and_a_number(libraries: list[Library]) -> None:
    assert set(ERRORS) == set(ACTIVATIONS)
    numbers = [libraries[0].activation(name) for name in ACTIVATIONS]
    assert sorted(number for number in numbers if number is not None) == list(range(len(numbers)))
    assert libraries[0].activation("none") is None


@pytest.mark.parametrize("which", PAIRS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_function_is_as_exact_as_stated(name: str, which: str, libraries: list[Library]) -> None:
    ours, truth, column = PAIRS[which]
    x = arguments()
    expected = truth(name, x.astype(np.float64))
    with np.errstate(over="ignore"):
        rounded = expected.astype(np.float32)
    values = [ours(library, name, x) for library in libraries]
    assert all(y.tobytes() == values[0].tobytes() for y in values)
    infinite = np.isinf(rounded)
    assert np.array_equal(values[0][infinite], rounded[infinite])
    finite = ~infinite
    error = np.abs(values[0][finite] - expected[finite])
    ulps, floor = ERRORS[name][column]
    # NumPy's spacing of the greatest floats overflows.
    unit = np.spacing(np.minimum(np.abs(rounded[finite]), np.float32(2.0**127))).astype(np.float64)
    bound = np.maximum(ulps * unit, floor)
    worst = int(np.argmax(error - bound))
    assert error[worst] <= bound[worst], (x[finite][worst], error[worst] / unit[worst])


@pytest.mark.parametrize("which", PAIRS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_function_has_its_limits_and_one_nan(
    name: str, which: str, libraries: list[Library]
) -> None:
    ours, truth, _ = PAIRS[which]
    ends = np.array([np.inf, -np.inf], np.float32)
    bits = np.array([0x7FC00000, 0xFFC00000, 0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001], np.uint32)
    x = np.concatenate([ends, bits.view(np.float32)] * 5)  # at every place of a vector
    with np.errstate(invalid="ignore"):  # a signalling NaN
        expected = truth(name, x.astype(np.float64))
    for library in libraries:
        y = ours(library, name, x)
        assert np.array_equal(np.isnan(y), np.isnan(expected))
        assert np.allclose(y, expected, rtol=0, atol=3e-7, equal_nan=True)
        assert set(y[np.isnan(y)].view(np.uint32).tolist()) <= {NAN}


def fma(a: Float32, b: Float32, c: Float32) -> Float32:
    """a · b + c, rounded once: the float64 sum is rounded to odd, then to float32."""
    product, addend = a.astype(np.float64) * b.astype(np.float64), c.astype(np.float64)  # exact
    total = product + addend
    part = total - product
    rest = (product - (total - part)) + (addend - part)  # what rounding the sum lost
    bits = total.view(np.int64).copy()
    inexact = (rest != 0) & (bits % 2 == 0)
    bits[inexact] += np.where((rest > 0) == (total > 0), 1, -1)[inexact]
    return bits.view(np.float64).astype(np.float32)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (7, 5), (13, 33), (17, 129), (3, 512), (512, 2)])
def test_a_layer_is_fused_multiply_adds_in_order(
    shape: tuple[int, int], bias: bool, libraries: list[Library]
) -> None:
    rng = np.random.default_rng(shape)
    rows, columns = shape
    weight = rng.standard_normal(shape, np.float32)
    start = rng.standard_normal(rows, np.float32) if bias else np.zeros(rows, np.float32)
    units = rng.standard_normal((101, columns), np.float32)
    sums = np.broadcast_to(start, (len(units), rows))
    for c in range(columns):
        sums = fma(weight[:, c], units[:, c : c + 1], sums)
    truth = units.astype(np.float64) @ weight.T.astype(np.float64) + start
    size = np.abs(units) @ np.abs(weight.T) + np.abs(start)
    assert np.all(np.abs(sums - truth) <= (columns + 1) * 2.0**-24 * size)
    for library in libraries:
        layer = library.dense_layer(weight, start if bias else None, "tanh")
        out = np.empty((len(units), rows), np.float32)
        library.dense(layer, units, out)
        assert out.tobytes() == sums.tobytes()


def test_sums_that_overflow_are_infinite_or_one_nan(libraries: list[Library]) -> None:
    weight = np.array([[1, 0], [1, 1], [1, -1]], np.float32)
    units = np.array([[3e38, 3e38], [np.inf, np.inf], [-np.nan, 1]], np.float32)
    for library in libraries:
        out = np.empty((3, 3), np.float32)
        library.dense(library.dense_layer(weight, None, "identity"), units, out)
        expected = [[3e38, np.inf, 0], [np.nan, np.inf, np.nan], [np.nan] * 3]
        assert np.array_equal(out, np.array(expected, np.float32), equal_nan=True)
        assert set(out[np.isnan(out)].view(np.uint32).tolist()) == {NAN}


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 37)])
def test_float64_products_are_exactly_rounded_multiply_adds(
    shape: tuple[int, int], libraries: list[Library]
) -> None:
    rng = np.random.default_rng(shape)
    weight, units = rng.standard_normal(shape), rng.standard_normal((11, shape[1]))
    expected = np.zeros((len(units), len(weight)))
    for point, unit in enumerate(units):
        for row, weights in enumerate(weight):
            total = 0.0
            for w, x in zip(weights, unit, strict=True):
                total = float(Fraction(w) * Fraction(x) + Fraction(total))
            expected[point, row] = total
    for library in libraries:
        assert library.dense64(weight, units).tobytes() == expected.tobytes()


def test_the_widest_float64_products_are_numpys(libraries: list[Library]) -> None:
    rng = np.random.default_rng(1)
    weight, units = rng.standard_normal((9, 512)), rng.standard_normal((17, 512))
    first = libraries[0].dense64(weight, units)
    assert np.allclose(first, units @ weight.T, rtol=0, atol=1e-12)
    assert all(o.dense64(weight, units).tobytes() == first.tobytes() for o in libraries)


def test_display_values_are_rounded_and_clamped(libraries: list[Library]) -> None:
    halves = (np.arange(-2, 258, dtype=np.float64) + 0.5).astype(np.float32) / np.float32(255)
    near = [np.nextafter(halves, np.float32(end)) for end in (-9, 9)]
    rng = np.random.default_rng(2)
    beyond = np.array([-np.inf, -3e38, -1, -0.0, 0, 1, 1.0000001, 2, 1e9, 3e38, np.inf], np.float32)
    usual = rng.uniform(-0.1, 1.1, 50_001).astype(np.float32)
    values = np.concatenate([halves, *near, beyond, usual])
    expected = np.clip(values, 0, 1) * np.float32(255) + np.float32(0.5)
    for library in libraries:
        out = np.empty(values.shape, np.uint8)
        library.quantise(values, out)
        assert np.array_equal(out, expected.astype(np.uint8))  # which truncates
        library.quantise(np.full(len(out), np.nan, np.float32), out)
        assert not out.any()
