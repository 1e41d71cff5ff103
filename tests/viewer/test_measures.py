"""The numbers of a tour's captions are those of the network explored."""

import math

import numpy as np
import pytest

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.tour import MEASURES
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.measures import UNKNOWN, Measures
from cppn_gl.views.plots.strength import measure

PRESET = load_preset("signal-fading")


def measured(explorer: Explorer) -> Measures:
    measures = Measures()
    measures.follow(explorer)
    assert measures.busy
    assert measures.advance(60.0)
    assert not measures.busy
    return measures


def test_they_agree_with_the_signal_view_and_the_weights() -> None:
    explorer = Explorer(PRESET)
    measures, signal = measured(explorer), measure(scene_of(PRESET))
    weights = np.concatenate([layer.weight.ravel() for layer in PRESET.network().layers[1:]])
    expected = {
        "sigma": weights.astype(np.float64).std(),
        "units": 30,
        "root": math.sqrt(30),
        "gain": signal.gain,
        "growth": signal.growth,
        "left": signal.unit_std[-2] / signal.unit_std[1],
        "saturated": signal.saturated[1:-1].mean(),
        "saturated_first": signal.saturated[1],
        "contrast": signal.unit_std[-1],
        "layer": 24,
        "zoom": 1.0,
        "time": 0.0,
        "paused": False,
    }
    assert set(expected) == set(MEASURES)
    for name, value in expected.items():
        assert measures.value(explorer, name) == pytest.approx(value), name


def test_keys_of_the_preset_by_either_name() -> None:
    explorer = Explorer(load_preset("three-planes"))
    measures = Measures()
    assert measures.value(explorer, "surface.relief") == 0.5
    assert measures.written(explorer, "extent") == "4"
    assert measures.written(explorer, "view.extent") == "4"
    assert measures.written(explorer, "show.view") == "surface"
    assert measures.written(explorer, "loop") == "12"


def test_what_takes_long_is_measured_in_slices() -> None:
    explorer, measures = Explorer(PRESET), Measures()
    assert measures.written(explorer, "gain") == UNKNOWN
    measures.follow(explorer)
    slices = 1
    while not measures.advance(0.0):
        slices += 1
    assert slices > PRESET.spec.depth
    assert measures.written(explorer, "gain") != UNKNOWN
    measures.follow(explorer)
    assert not measures.busy  # once for each network


def test_a_change_while_measuring_is_measured_next() -> None:
    explorer, measures = Explorer(PRESET), Measures()
    measures.follow(explorer)
    measures.advance(0.0)
    explorer.act("stronger")
    measures.follow(explorer)
    assert measures.advance(60.0)
    assert measures.value(explorer, "gain") == pytest.approx(measure(scene_of(PRESET)).gain)
    measures.follow(explorer)
    assert measures.advance(60.0)
    now = measure(scene_of(explorer.preset))
    assert measures.value(explorer, "gain") == pytest.approx(now.gain)


def test_shares_are_written_in_per_cent() -> None:
    explorer = Explorer(load_preset("signal-saturated"))
    assert measured(explorer).written(explorer, "saturated") == "50 %"
    explorer = Explorer(load_preset("signal-kept").replace(weight_scale=0.42))
    assert measured(explorer).written(explorer, "saturated_first") == "less than 1 %"
