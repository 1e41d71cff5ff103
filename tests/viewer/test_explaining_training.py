"""What is told of a network that learns: its data, its step, how well it does, and its colours."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stripes

from cppn_gl.nn.training.trainer import Measures, Trainer
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.resources import resource
from cppn_gl.viewer.bindings import BINDINGS
from cppn_gl.viewer.explaining import network_words
from cppn_gl.viewer.explaining_images import seeing_words
from cppn_gl.viewer.explaining_training import color_words, learning_words, training_tries
from cppn_gl.viewer.explorer import Explorer

FEW = {"depth": 3, "width": 4, "train.points": 40, "train.steps": 2}
ANCHOR = str(resource("presets") / "anchor.png")
POINTS = [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [2.0, 2.0, 1.0], [1.0, 3.0, 0.0]]


def learner(data: str, **keys: Any) -> Preset:
    return Preset().replace(**{**FEW, "train.data": data, **keys})


def said(preset: Preset, measured: Measures | None = None) -> str:
    network = network_words(preset, preset.network())
    return " ".join([*network, *learning_words(preset, measured), color_words(preset)])


def test_data_steps_and_colours_of_two_classes() -> None:
    words = said(learner("circle", **{"train.optimizer": "adam", "train.rate": 0.01}))
    for part in (
        "gives one number, how much it holds the point for class 1 (blue) rather than class 0",
        "weights and biases were random",
        "they have been trained for 2 steps",
        "It learns the data set circle (a disc, and a ring around it): 20 points to learn from "
        "and 20 for tests",
        "A step takes 10 of these points at random",
        "here cross-entropy",
        "adam moves all weights",
        "now 0.01",
        "class 0 (orange) or class 1 (blue). The paler it is",
        "hollow ones are tests",
    ):
        assert part in words
    assert "Nothing has been trained" not in words
    assert "a grey" not in words


def test_at_step_0_nothing_has_been_trained_yet() -> None:
    words = said(learner("circle", **{"train.steps": 0, "train.test_fraction": 0.0}))
    assert "are random" in words
    assert "It has not been trained yet: this is step 0." in words
    assert "40 points to learn from." in words
    assert "Nothing has been trained" in " ".join(network_words(Preset(), Preset().network()))


@pytest.mark.parametrize(
    ("data", "keys", "part"),
    [
        ("rings", {}, "a number for each of 3 classes, of which the largest decides"),
        ("rings", {}, "class 0 (orange), class 1 (blue) or class 2 (green)"),
        ("bumps", {}, "gives one value"),
        ("bumps", {}, "Blue stands for high values"),
        ("own", {"train.own": POINTS}, "It learns points of your own: 2 points to learn from"),
        (ANCHOR, {"train.target": "picture"}, "the picture anchor.png"),
        (ANCHOR, {"train.target": "distance"}, "below 0 inside"),
    ],
    ids=["outputs", "classes", "a value", "values", "own", "picture", "distance"],
)  # fmt: skip
def test_other_data(data: str, keys: dict[str, Any], part: str) -> None:
    assert part in said(learner(data, **keys))


def test_a_colour_map_has_no_colours_of_classes() -> None:
    assert color_words(learner("circle", **{"color.mapping": "magma"})) == ""
    assert "training" not in color_words(learner("circle", **{"train.marks": "none"}))


def test_how_well_it_does_and_what_is_wrong() -> None:
    preset = learner("circle")
    measured = Trainer(preset).measures()
    few = dataclasses.replace(
        measured,
        loss=0.1,
        test_loss=0.4,
        accuracy=0.95,
        test_accuracy=0.7,
        dead=np.array([0.5, 0.25, 0.0]),
    )
    words = learning_words(preset, few)[-1]
    assert (
        "At step 2 the loss is 0.1, that of the tests 0.4; 95.0 % of the points are right" in words
    )
    assert "70.0 % of the tests" in words
    assert "part of what it knows is learned by heart" in words
    assert "38 % of the hidden units are dead" in words
    alike = dataclasses.replace(few, test_accuracy=0.94)
    assert "by heart" not in learning_words(preset, alike)[-1]
    values = dataclasses.replace(few, accuracy=None, test_accuracy=None)
    assert "by heart" in learning_words(preset, values)[-1]
    same = dataclasses.replace(measured, loss=0.1, test_loss=float("nan"), dead=np.zeros(3))
    words = learning_words(preset, same)[-1]
    assert not re.search("nan|tests|heart|dead", words)


@pytest.mark.parametrize("steps", [0, 2])
def test_of_pictures_it_tells_of_pictures(tmp_path: Path, steps: int) -> None:
    preset = stripes.learner(stripes.stripes(tmp_path / "lines", 8), **{"train.steps": steps})
    words = " ".join(learning_words(preset))
    assert "It learns to tell apart the 2 classes of lines: 12 pictures to learn from" in words
    assert "here cross-entropy" in words
    assert "point" not in words
    assert "{toggle_boundary}" not in " ".join(training_tries(preset))
    eye = Explorer(preset).eye
    told = " ".join(seeing_words(preset, eye, (1, 1)))
    assert ("are random" in told) == (not steps)
    assert ("trained for 2 steps" in told) == bool(steps)


def test_data_that_cannot_be_learned_are_told() -> None:
    (words,) = learning_words(learner("own"))
    assert words.startswith("It cannot learn: ")


@pytest.mark.parametrize(("data", "boundary"), [("circle", True), ("bumps", False)])
def test_keys_to_try_exist(data: str, boundary: bool) -> None:
    words = " ".join(training_tries(learner(data)))
    actions = {action for binding in BINDINGS for action in binding.actions}
    assert set(re.findall(r"\{(\w+)\}", words)) <= actions
    assert ("toggle_boundary" in words) == boundary
