"""Products and 8-bit values of every instruction set, against float64 and exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library

pytestmark = pytest.mark.native

NAN = 0x7FC00000  # the only representation of it in results


@pytest.fixture(scope="module")
def libraries() -> list[Library]:
    """The library for each instruction set of this processor, portable first."""
    return [Library(native.PATH, isa) for isa in Library(native.PATH).isas]


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
