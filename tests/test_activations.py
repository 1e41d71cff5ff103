"""Each activation against a formula of its own, at ordinary and at impossible arguments."""

import math
import re
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from cppn_gl.activations import ACTIVATIONS, activate
from cppn_gl.resources import resource

FORMULAS: dict[str, Callable[[float], float]] = {
    "identity": lambda x: x,
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu": lambda x: x if x > 0 else x / 100,
    "elu": lambda x: x if x > 0 else 2 * math.exp(x / 2) * math.sinh(x / 2),
    "gelu": lambda x: x * NormalDist().cdf(x),
    "softplus": lambda x: math.log(1 + math.exp(x)) if x < 30 else x,
    "tanh": lambda x: 1 - 2 / (math.exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "sin": lambda x: math.cos(x - math.pi / 2),
    "cos": lambda x: math.sin(x + math.pi / 2),
    "gaussian": lambda x: math.exp(-(x**2)),
    "atan": lambda x: math.copysign(math.acos(1 / math.sqrt(1 + x * x)), x),
    "abs": lambda x: math.sqrt(x * x),
}

# At minus infinity and at infinity.
LIMITS = {
    "identity": (-math.inf, math.inf),
    "relu": (0, math.inf),
    "leaky_relu": (-math.inf, math.inf),
    "elu": (-1, math.inf),
    "gelu": (0, math.inf),
    "softplus": (0, math.inf),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "sin": (math.nan, math.nan),
    "cos": (math.nan, math.nan),
    "gaussian": (0, 0),
    "atan": (-math.pi / 2, math.pi / 2),
    "abs": (math.inf, math.inf),
}


def test_every_activation_of_the_table_is_tested() -> None:
    assert set(ACTIVATIONS) == set(FORMULAS), "FORMULAS above wants a formula for each"
    assert set(ACTIVATIONS) == set(LIMITS), "LIMITS above wants the limits of each"


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_its_formula(name: str) -> None:
    x = np.concatenate([np.linspace(-9, 9, 181), [-1e-3, 1e-3, -0.01, 25.0, -25.0]])
    expected = [FORMULAS[name](float(value)) for value in x]
    assert np.allclose(activate(name, x), expected, rtol=1e-12, atol=1e-13)
    single = activate(name, x.astype(np.float32))
    assert single.dtype == np.float32
    assert np.allclose(single, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_argument_is_too_large(name: str, dtype: type) -> None:
    large = np.array([-np.inf, -1e30, -1e5, -89, 89, 1e5, 1e30, np.inf], dtype)
    values = activate(name, large)
    low, high = (np.array(limit, dtype) for limit in LIMITS[name])
    assert values.dtype == dtype
    np.testing.assert_equal(values[[0, -1]], np.array([low, high]))
    assert np.isfinite(values[1:-1]).all()
    if ACTIVATIONS[name].bounded:
        assert np.abs(values[1:-1]).max() <= 1.5708


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_not_a_number_stays_none(name: str) -> None:
    assert np.isnan(activate(name, np.array([np.nan]))).all()


def test_an_empty_array_stays_empty() -> None:
    for name in ACTIVATIONS:
        assert activate(name, np.zeros((0, 3))).shape == (0, 3)


def test_bounded_says_whether_the_range_is() -> None:
    for name, (low, high) in LIMITS.items():
        assert ACTIVATIONS[name].bounded == (not math.isinf(low) and not math.isinf(high))


def test_the_shaders_name_the_same_activations() -> None:
    text = (resource("shaders") / "activations.glsl").read_text("utf-8")
    assert set(re.findall(r"REAL activation_(\w+)\(REAL x\)", text)) == set(ACTIVATIONS)


def test_each_row_says_its_formula_in_words() -> None:
    assert all(row.formula for row in ACTIVATIONS.values())
