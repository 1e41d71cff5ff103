"""What the window asks about a network whose file does not say how it reads pictures."""

from pathlib import Path

import pytest

from cppn_gl.nn.vision.preprocess import NEEDED, Preprocess
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.asking import ASKED, KEYS, RECIPES, Asking


def asking() -> Asking:
    return Asking(Path("net.onnx"), "it asks")


def test_nothing_is_answered_before_the_user_does() -> None:
    of = asking()
    assert of.keys() == {}
    assert set(ASKED) == set(KEYS) == {*NEEDED, "labels"}
    with pytest.raises(PresetError, match="needs size, order, range, mean, std"):
        Preprocess().replace(of.keys()).complete("net.onnx")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda one: one.name)
def test_a_recipe_answers_and_what_it_leaves_open_is_asked(recipe: object) -> None:
    of = asking()
    of.take(recipe)  # type: ignore[arg-type]
    for name, answer in {"size": "32, 24", "order": "rgb"}.items():
        of.answers[name] = of.answers[name] or answer
    found = {name.partition(".")[2]: value for name, value in of.keys().items()}
    assert Preprocess().replace(found).complete().shape.channels == 3


def test_one_number_stands_for_all_channels() -> None:
    of = asking()
    of.answers |= {"size": "[28, 28]", "order": "grey", "range": "1", "mean": "0.5", "std": "0.5"}
    assert of.keys()["preprocess.mean"] == [0.5]
    of.answers["order"] = "rgb"
    assert of.keys()["preprocess.std"] == [0.5] * 3
    of.answers["order"] = "red, zero"
    assert of.keys()["preprocess.order"] == ["red", "zero"]
    assert of.keys()["preprocess.mean"] == [0.5] * 2


def test_what_is_no_number_is_told() -> None:
    of = asking()
    of.take(RECIPES[0])
    of.answers["size"] = "large"
    with pytest.raises(PresetError, match="'large' is not written in numbers"):
        of.keys()
