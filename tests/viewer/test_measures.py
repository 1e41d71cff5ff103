"""The numbers of a tour's captions are those of the network explored."""

import math
from contextlib import closing

import numpy as np
import pytest

from cppn_gl.nn.training.trainer import Trainer
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.tour import MEASURES
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.measures import UNKNOWN, Measures, Study
from cppn_gl.views.plots.strength import measure

PRESET = load_preset("signal-fading")
LEARNED = {"step", "rate", "loss", "test_loss", "accuracy", "test_accuracy", "dead"}
SEEING = {"stage", "channel", "sees", "top_class", "top_share", "second_class", "second_share"}


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
        "layers": 24,
        "receptive": 1,
        "area": 1,
        "parameters": PRESET.network().parameters,
        "zoom": 1.0,
        "time": 0.0,
        "paused": False,
    }
    assert set(expected) == set(MEASURES) - LEARNED - SEEING
    assert all(measures.value(explorer, name) is None for name in SEEING)
    for name, value in expected.items():
        assert measures.value(explorer, name) == pytest.approx(value), name


def test_they_agree_with_the_training_at_the_step_shown() -> None:
    changes = {"train.data": "circle", "train.points": 60, "train.rate": 0.03}
    preset = Preset().replace(depth=3, width=5, activation="relu", **changes)
    explorer, measures = Explorer(preset), Measures()
    assert measures.written(explorer, "accuracy") == UNKNOWN
    with closing(explorer.learning) as learning:
        explorer.set_rate(0.1)
        explorer.seek(8)  # which is on the run's grid of measures
        while learning.ready is None or learning.ready.step != 8:
            explorer.follow_training()
        trainer = Trainer(explorer.preset)
        trainer.step(8)
        found = {name: getattr(trainer, name) for name in LEARNED - {"step", "rate", "dead"}}
        found |= {"step": 8, "rate": 0.1, "dead": trainer.dead[:-1].mean()}
        for name, value in found.items():
            assert measures.value(explorer, name) == pytest.approx(value, abs=1e-6), name
        explorer.change(seed=1)  # a network of which nothing is known yet
        assert measures.value(explorer, "loss") is None


def test_nothing_is_measured_of_a_step_that_is_not_trained_yet() -> None:
    preset = Preset().replace(depth=3, width=5, **{"train.data": "circle", "train.points": 60})
    explorer, measures, study = Explorer(preset), Measures(), Study()
    with closing(explorer.learning) as learning:
        explorer.seek(50)
        assert explorer.network is None
        measures.follow(explorer)
        study.follow(explorer)
        assert not measures.busy
        assert not study.busy
        assert measures.written(explorer, "sigma") == UNKNOWN
        assert not explorer.preset.run.ready(50)  # a frame has not waited for it
        while learning.ready is None or learning.ready.step != 50:
            explorer.follow_training()
        assert explorer.network is learning.ready.network
        study.follow(explorer)
        assert study.advance(60.0)
        assert measured(explorer).written(explorer, "sigma") != UNKNOWN


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
