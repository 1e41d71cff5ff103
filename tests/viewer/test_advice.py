"""Advice: what is wrong with a picture, and a key that has been tried and mends it."""

import re

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.viewer.advice import Adviser, advice
from cppn_gl.viewer.explorer import Explorer

SIZE = (640, 400)
MEANT = {"signal-fading", "signal-saturated", "order"}  # to be without a picture
DEEP = load_preset("neylon-27")


def of(preset: Preset, home: Viewport | None = None, **names: str) -> str:
    return at_once(advice(preset, 0.0, SIZE, home or preset.view, names))


@pytest.mark.parametrize("size", [(300, 200), (960, 600)])
@pytest.mark.parametrize("name", [name for name in shipped() if name not in MEANT])
def test_no_shipped_preset_needs_advice(name: str, size: tuple[int, int]) -> None:
    preset = load_preset(name)
    assert at_once(advice(preset, 0.0, size, preset.view, {})) == ""


def test_a_faded_signal_is_raised() -> None:
    faded = DEEP.replace(weight_scale=0.31)
    assert of(faded).startswith("signal has faded: ] raises the weight scale (0.31 → about 0.5")
    assert of(load_preset("signal-fading")).startswith("signal has faded: ]")


def test_keys_are_named_as_on_the_users_keyboard() -> None:
    assert ": + raises" in of(DEEP.replace(weight_scale=0.31), **{"]": "+"})


def test_static_is_lowered() -> None:
    words = of(DEEP.replace(weight_scale=2.0))
    assert words.startswith("static, neighbouring pixels are unrelated: [ lowers")


def test_static_is_not_told_where_no_single_pixel_shows_a_point() -> None:
    preset = DEEP.replace(weight_scale=2.0)
    assert of(preset.replace(**{"show.view": "layers"})) == ""
    assert of(preset.replace(**{"show.view": "gradient"})) != ""


def test_overflow_is_lowered() -> None:
    assert of(DEEP.replace(activation="relu", weight_scale=20.0)).startswith(
        "the numbers overflow: ["
    )


def test_saturated_outputs_are_lowered() -> None:
    words = of(DEEP.replace(activation="softplus", weight_scale=0.62))
    assert words.startswith("outputs are saturated, stuck at an end of their range: [ lowers")


def test_a_view_too_close_or_too_far_leads_back() -> None:
    near = DEEP.replace(extent=1e-4)
    assert of(near, DEEP.view).startswith("hardly any contrast this close: - zooms out, 0 returns")
    siren = load_preset("siren")
    far = siren.replace(extent=1e5)
    assert of(far, siren.view).startswith("static this far out: = zooms in, 0 returns")


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_advised_mends_the_picture(activation: str, init: str) -> None:
    preset = DEEP.replace(depth=12, width=20, activation=activation, init=init)
    for scale in (0.02, 0.2, 2.0, 30.0):
        tried = preset.replace(weight_scale=scale)
        words = of(tried)
        if not words:
            continue
        found = re.search(r"([][]) \w+ the weight scale \(.* → about (.*)\)", words)
        if found is None:  # no weight scale would do: deep sigmoid networks drift to an end
            assert activation in ("sigmoid", "gaussian")
            layers = re.search(r": ↓ removes layers \(about (\d+) would do\)", words)
            assert layers or words.endswith(": Z goes back")
            assert layers is None or of(tried.replace(depth=int(layers[1]))) == ""
            continue
        better = float(found[2])
        assert (better > scale) == (found[1] == "]")
        again = of(preset.replace(weight_scale=better))
        assert again == "" or float(again.rpartition(" ")[2].rstrip(")")) == pytest.approx(
            better, rel=0.2
        )


def test_normalised_networks_are_helped_by_what_still_counts() -> None:
    preset = load_preset("complexity-deep-relu").replace(**{"color.stretch": "none"})
    which = preset.replace(**{"normalize.which": "hidden"})
    assert "] raises the weight scale" in of(which.replace(weight_scale=1e-4))


def test_where_no_weight_can_be_changed_another_key_is_named() -> None:
    first = Layer(np.array([[1.0, 0.0]] * 3), np.zeros(3), "tanh")
    last = Layer(np.zeros((3, 3)), np.zeros(3), "sigmoid")
    given = Preset(spec=Layers((first, first_of_three(), last)))
    assert of(given) == "signal has faded: PgDn shows earlier layers, such as 2"
    flat = Preset(spec=Layers((last,), ("x", "y", "one")))
    assert of(flat) == "signal has faded: Z goes back"


def first_of_three() -> Layer:
    return Layer(np.eye(3), np.zeros(3), "tanh")


def test_an_adviser_measures_once_and_follows() -> None:
    explorer, adviser = Explorer(DEEP), Adviser()
    explorer.window = SIZE
    asked = []

    def names() -> dict[str, str]:
        asked.append(1)
        return {}

    def measure() -> str:
        scene = scene_of(explorer.shown, explorer.time)
        adviser.follow(explorer, scene.preset, scene.network, names)
        while adviser.busy:
            adviser.advance()
        return adviser.words

    assert measure() == ""
    assert measure() == ""
    assert len(asked) == 1
    explorer.change(weight_scale=0.2)
    assert measure().startswith("signal has faded")
    explorer.change(weight_scale=0.62)
    assert measure() == ""
    assert len(asked) == 3
