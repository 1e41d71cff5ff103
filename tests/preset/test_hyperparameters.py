"""Hyperparameters as axes: coordinates, values, and the keys that they set."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.preset.hyperparameters import AXES, factors_of, pixel_keys
from cppn_gl.preset.preset import Preset

PRESET = Preset().replace(
    **{"network.depth": 4, "train.data": "xor", "train.layer_rates": (1.0, 3.0)}
)
every = pytest.mark.parametrize("name", AXES)


def test_a_coordinate_is_a_logarithm() -> None:
    assert AXES["rate"].value(-1.0) == np.float32(0.1)
    assert AXES["rate"].value(0.0) == 1
    assert [AXES["momentum"].value(c) for c in (0.0, 1.0, 2.0)] == [
        0,
        np.float32(0.9),
        np.float32(0.99),
    ]


@every
def test_values_at_both_ends_are_accepted_and_none_lie_beyond(name: str) -> None:
    axis = AXES[name]
    for at in (axis.low, axis.high):
        keys = axis.keys(PRESET, axis.value(at))
        changed = PRESET.replace(**keys)
        assert changed.to_toml() != PRESET.to_toml() or at == 0
    assert math.isnan(axis.value(axis.high + 1e-9))
    assert math.isnan(axis.value(axis.low - 1e-9))


@every
@given(part=st.floats(0, 0.999))
def test_values_are_float32_and_grow(name: str, part: float) -> None:
    axis = AXES[name]
    at = axis.low + part * (axis.high - axis.low) * 0.8
    value, more = axis.value(at), axis.value(at + 1e-3 * (axis.high - axis.low))
    assert value == float(np.float32(value)) < more


@every
def test_the_spacing_is_that_of_float32(name: str) -> None:
    axis, at = AXES[name], 0.8
    gap = axis.spacing(at)
    assert 1e-9 < gap < 1e-5
    distinct = {axis.value(at + k * gap / 8) for k in range(800)}
    assert 95 <= len(distinct) <= 106


@every
def test_marks_are_where_their_values_are(name: str) -> None:
    axis = AXES[name]
    for at in (0.3, 1.0, 2.5):
        assert axis.coordinate(axis.value(at)) == pytest.approx(at, abs=1e-4)


def test_factors_are_those_of_all_layers() -> None:
    assert factors_of(PRESET) == (1, 3, 3, 3)
    assert factors_of(PRESET.replace(**{"train.layer_rates": ()})) == (1, 1, 1, 1)


def test_two_hyperparameters_may_be_of_one_key() -> None:
    keys = pixel_keys(PRESET, "first_rate", "last_rate", 7.0, 9.0)
    assert keys == {"train.layer_rates": (7, 3, 3, 9)}
    assert pixel_keys(PRESET, "last_rate", "first_rate", 9.0, 7.0) == keys
    assert pixel_keys(PRESET, "rate", "last_rate", 2.0, 9.0) == {
        "train.rate": 2,
        "train.layer_rates": (1, 3, 3, 9),
    }
