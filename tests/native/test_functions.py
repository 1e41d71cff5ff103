"""The native library's activations and derivatives against their formulas in float64."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS, activate, bounds, derivative
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import PATH, Library

pytestmark = pytest.mark.native

NAN = 0x7FC00000  # the only representation of it in results
ROWS = [(name, order) for name in ACTIVATIONS for order in (0, 1)]

# Where only the absolute error is small: tails below 1e-7 and results that underflow.
ABSOLUTE = {("gelu", 0), ("gelu", 1), ("gaussian", 0), ("gaussian", 1), ("atan", 1)}

# Of all float32 numbers, the one nearest to a multiple of π/2: 30 bits cancel.
NEAREST = math.ldexp(16367173, 72)


def native(name: str, order: int, x: Float32, isa: str = "portable") -> Float32:
    """The activation (order 0) or its derivative (order 1) by an instruction set."""
    library = Library(PATH, isa)
    function: Callable[[str, Float32], Float32]
    function = library.differentiate if order else library.activate
    return function(name, x)


def truth(name: str, order: int, x: Float32) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # signaling NaNs
        return (derivative if order else activate)(name, x.astype(np.float64))


def every_binade() -> Float32:
    """The first, second, middle and last numbers of each binade: (2048,), with inf and NaN."""
    signs_and_exponents = np.arange(512, dtype=np.uint32)[:, None] << 23
    mantissas = np.array([0, 1, 1 << 22, (1 << 23) - 1], np.uint32)
    return (signs_and_exponents | mantissas).ravel().view(np.float32)


def arguments() -> Float32:
    """Every binade, a million floats of any bits, and a million ordinary ones."""
    rng = np.random.default_rng(1)
    any_bits = rng.integers(0, 1 << 32, 1_000_000, np.uint32).view(np.float32)
    ordinary = rng.uniform(-20, 20, 1_000_000).astype(np.float32)
    multiples = np.arange(-1000, 1000) * (math.pi / 4)
    special = [NEAREST, -NEAREST, 1e5, np.nextafter(np.float32(1e5), np.float32(2e5)), *multiples]
    return np.concatenate([every_binade(), any_bits, ordinary, np.float32(special)])


@pytest.mark.parametrize(("name", "order"), ROWS)
def test_it_is_its_formula_at_any_float(name: str, order: int) -> None:
    x = arguments()
    expected, found = truth(name, order, x), native(name, order, x)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert (found.view(np.uint32)[np.isnan(found)] == NAN).all()
    infinite = np.isinf(expected)
    np.testing.assert_array_equal(found[infinite], expected[infinite])
    found, expected = (values[np.isfinite(expected)] for values in (found, expected))
    error = np.abs(found - expected)
    assert (error <= 3e-7 * np.maximum(np.abs(expected), 1)).all()
    if (name, order) not in ABSOLUTE:
        _, exponent = np.frexp(expected)
        assert (error / np.ldexp(1.0, np.maximum(exponent, -125) - 24)).max() < 5  # ulp


@pytest.mark.parametrize(("name", "order"), ROWS)
def test_each_instruction_set_gives_the_same_bytes(name: str, order: int) -> None:
    x = arguments()
    expected = native(name, order, x)
    for isa in Library(PATH).isas:
        assert native(name, order, x, isa).tobytes() == expected.tobytes(), isa
        # Neither the place of a number nor its neighbours change its value.
        odd = np.ascontiguousarray(x[len(x) - 37 :: -1])
        assert native(name, order, odd, isa).tobytes() == expected[len(x) - 37 :: -1].tobytes(), isa
        for count in range(34):
            few = native(name, order, x[5 : 5 + count], isa)
            assert few.tobytes() == expected[5 : 5 + count].tobytes(), (isa, count)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if bounds(name)])
def test_a_bounded_one_never_leaves_its_range(name: str) -> None:
    low, high = np.float32(bounds(name))
    found = native(name, 0, arguments())
    found = found[~np.isnan(found)]
    assert (low <= found.min(), found.max() <= high) == (True, True)


@pytest.mark.parametrize(("odd", "names"), [(1, ("tanh", "sin", "atan")), (0, ("cos", "gaussian"))])
def test_symmetries_are_exact(odd: int, names: tuple[str, ...]) -> None:
    x = arguments()
    for name in names:
        for order in (0, 1):
            sign = np.float32(-1 if odd ^ order else 1)
            left, right = native(name, order, -x), sign * native(name, order, x)
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("order", [0, 1])
def test_large_angles_are_reduced_exactly(order: int) -> None:
    x = np.float32([NEAREST, -NEAREST, 3.4028235e38, 1e22, 100001, 2**60])
    expected = [(math.cos if order else math.sin)(value) for value in x.tolist()]
    np.testing.assert_allclose(native("sin", order, x), expected, rtol=2e-7)
