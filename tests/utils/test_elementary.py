"""Elementary functions against those of the math library, to 1 ulp, and in float32."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.utils.elementary import (
    MAX_ANGLE,
    arctangent,
    arctangents,
    around,
    cosine,
    exponential,
    exponentials,
    geometric,
    logarithm,
    power,
    sine,
)

ANGLES = [*np.linspace(-20, 20, 4001).tolist(), *np.geomspace(1e-9, MAX_ANGLE, 3000).tolist()]


def ulps(found: float, expected: float) -> float:
    return abs(found - expected) / math.ulp(expected)


@pytest.mark.parametrize(
    ("function", "judge", "numbers"),
    [
        (sine, math.sin, ANGLES),
        (cosine, math.cos, ANGLES),
        (exponential, math.exp, np.linspace(-700, 700, 5001).tolist()),
        (logarithm, math.log, [*np.geomspace(1e-300, 1e300, 5001), *np.linspace(0.5, 2, 5000)]),
    ],
)
def test_they_are_those_of_the_math_library(
    function: Callable[[float], float], judge: Callable[[float], float], numbers: list[float]
) -> None:
    assert max(ulps(function(x), judge(x)) for x in map(float, numbers)) <= 1


@given(st.floats(0, 1e6), st.floats(1e-6, 1e6))
def test_the_arctangent_is_that_of_the_math_library(y: float, x: float) -> None:
    assert math.isclose(arctangent(y, x), math.atan2(y, x), rel_tol=5e-16, abs_tol=1e-300)
    assert arctangent(x, 0.0) == math.pi / 2


def test_known_values_are_exact() -> None:
    assert (sine(0.0), cosine(0.0), exponential(0.0), logarithm(1.0)) == (0, 1, 1, 0)
    assert (sine(math.pi / 2), cosine(math.pi), arctangent(1, 1)) == (1, -1, math.pi / 4)
    assert power(0.0, 2.4) == 0


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_powers_and_means_are_near_those_of_the_math_library(
    a: float, b: float, fraction: float
) -> None:
    assert power(a, 2.4) == pytest.approx(a**2.4, rel=1e-14)
    expected = a ** (1 - fraction) * b**fraction
    assert geometric(a, b, fraction) == pytest.approx(expected, rel=1e-14)


def test_arrays_go_round_in_float32() -> None:
    turns = np.linspace(-1.5, 1.5, 100001).astype(np.float32)
    cos, sin = around(turns)
    assert cos.dtype == sin.dtype == np.float32
    angle = 2 * np.pi * turns.astype(np.float64)
    assert np.abs(cos - np.cos(angle)).max() < 2e-7
    assert np.abs(sin - np.sin(angle)).max() < 2e-7


def test_exponentials_of_arrays_are_those_of_the_math_library() -> None:
    x = np.concatenate([np.linspace(-80, 80, 9999), np.linspace(-1, 1, 999)]).astype(np.float32)
    assert np.abs(exponentials(x) / np.exp(x.astype(float)) - 1).max() < 1e-6
    assert (exponentials(np.float32([-1e9, 1e9])) == exponentials(np.float32([-80, 80]))).all()


def test_arctangents_of_arrays_are_those_of_the_math_library() -> None:
    large = 10.0 ** np.arange(-9, 16)
    x = np.concatenate([np.linspace(-20, 20, 9999), large, -large]).astype(np.float32)
    assert np.abs(arctangents(x) - np.arctan(x.astype(float))).max() < 1e-6
