"""Colours that part at 0: symmetrical in lightness, in order, and honest about their ends."""

import numpy as np
import pytest

from cppn_gl.utils import colormaps
from cppn_gl.views.units.diverging import (
    CUT,
    RMS_RANGE,
    STEPS,
    bound,
    input_reaches,
    palette,
    reach_of,
    tinted,
)


def luminance(colors: np.ndarray) -> np.ndarray:
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_they_are_those_of_the_mapping_without_its_darkest_ends() -> None:
    ends, last = np.array([CUT, 0.5, 1 - CUT]), colormaps.SIZE - 1
    table = colormaps.diverging()
    expected = [np.interp(ends * last, np.arange(last + 1), row) for row in table.T]
    assert np.allclose(palette()[[0, STEPS, -1]], np.transpose(expected), atol=1e-6)


def test_zero_is_neutral_and_the_sides_are_cold_and_warm() -> None:
    middle = palette()[STEPS]
    assert np.ptp(middle) < 0.03
    cold, warm = palette()[0], palette()[-1]
    assert cold[2] > cold[0] + 0.4
    assert warm[0] > warm[2] + 0.4


def test_both_sides_darken_alike_from_zero_on() -> None:
    light = luminance(palette())
    assert (np.diff(light[: STEPS + 1]) > 0).all()
    assert (np.diff(light[STEPS:]) < 0).all()
    assert np.abs(light - light[::-1]).max() < 0.06


def test_values_take_their_colours_in_order() -> None:
    values = np.float32([-9, -2, -1, 0, 1, 2, 9])
    found = tinted(values, 2.0)
    places = [0, 0, STEPS // 2, STEPS, STEPS + STEPS // 2, 2 * STEPS, 2 * STEPS]
    assert np.array_equal(found, palette()[places])


def test_nan_is_magenta_and_infinity_is_clipped() -> None:
    found = tinted(np.float32([[np.nan, np.inf], [-np.inf, 0]]), 1.0)
    assert found[0, 0].tolist() == [1, 0, 1]
    assert np.array_equal(found[0, 1], palette()[-1])
    assert np.array_equal(found[1, 0], palette()[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("tanh", 1), ("sin", 1), ("sigmoid", 1), ("gaussian", 1), ("atan", np.pi / 2), ("relu", None)],
)
def test_bounds(name: str, expected: float | None) -> None:
    assert bound(name) == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_the_reach_of_an_unbounded_layer_is_a_multiple_of_its_rms() -> None:
    values = np.float32([1] * 999 + [1000])
    assert reach_of(values, "tanh") == pytest.approx(1)
    true = RMS_RANGE * np.sqrt(np.mean(values.astype(float) ** 2))
    assert reach_of(values, "relu") == pytest.approx(true)
    assert reach_of(np.float32([0, 3, -4]), None) == 4
    assert reach_of(np.float32([np.nan, np.inf, 2])) == 2
    assert reach_of(np.zeros(3, np.float32)) == 1


def test_products_among_the_inputs_give_each_its_own_reach() -> None:
    x = np.linspace(-6, 6, 50, dtype=np.float32)
    values = np.stack([x, np.sin(x), x * x], axis=1)
    each = input_reaches(["x", "sin_x", "x2"], values)
    assert each.tolist() == [reach_of(column) for column in values.T]
    assert np.ptp(input_reaches(["x", "sin_x"], values[:, :2])) == 0
    shown = tinted(values, each)
    assert np.array_equal(shown[:, 1], tinted(values[:, 1], each[1]))
