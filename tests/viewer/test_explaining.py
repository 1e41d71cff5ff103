"""The page "What am I seeing?": true numbers, keys that exist, and nothing missing."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.cli.commands import LARGER
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.draws import INITS
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.network_file import with_network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.tasks import at_once
from cppn_gl.viewer.bindings import BINDINGS
from cppn_gl.viewer.explaining import (
    explanation,
    larger_command,
    network_words,
    open_command,
    with_keys,
)
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.measures import Findings, Study
from cppn_gl.viewer.typeset import ACCENT
from cppn_gl.views.units.unit_samples import sample_size, sample_units, summarize

ACTIONS = {action for binding in BINDINGS for action in binding.actions}


def page(preset: Preset, **keys: Any) -> str:
    explorer = Explorer(preset)
    paragraphs = explanation(explorer, preset.network(), **keys)
    return "\n".join("".join(run.words for run in one.runs) for one in paragraphs)


def said(**keys: Any) -> str:
    preset = Preset(spec=Random(**keys))
    return " ".join(network_words(preset, preset.network(), found(preset)))


def found(preset: Preset) -> Findings:
    study = Study()
    study.follow(Explorer(preset))
    assert study.busy
    while not study.advance(0.01):
        assert study.found is None
    assert study.found is not None
    return study.found


def test_a_film_that_loops_says_how_long_and_another_why_not() -> None:
    assert "returns after 24 s: a film of that length is a seamless loop" in page(
        load_preset("seven-dimensions")
    )
    assert "returns after 24 s" in page(load_preset("scale-animated"))  # 12 s up, 12 s down
    assert "the picture never returns" in page(Preset(spec=Random(inputs=("x", "y", "t"))))
    jumps = load_preset("scale-animated").replace(**{"animation.ending": "repeat"})
    assert "begins again, with a jump" in page(jumps)
    assert "seamless" not in page(jumps)
    assert "seamless" not in page(load_preset("embers"))


@pytest.mark.parametrize("row", VIEWS.values(), ids=lambda row: row.name)
def test_every_view_says_how_to_read_it_and_what_to_try_with_keys_that_exist(row: Any) -> None:
    assert len(row.reading) > 80
    assert len(row.tries) >= 2
    for words in row.tries:
        assert set(re.findall(r"\{(\w+)\}", words)) <= ACTIONS
        runs = with_keys(words)
        assert "{" not in "".join(run.words for run in runs)
    for named in re.findall(r"'(\w+)'", " ".join((row.reading, *row.tries))):
        assert row.options is not None
        assert hasattr(row.options(), named)


@pytest.mark.parametrize("view", VIEWS)
def test_no_key_is_suggested_that_the_network_does_not_have(view: str, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    np.savez(path, **{"0.weight": np.ones((4, 2)), "1.weight": np.ones((3, 4))})
    own = with_network(Preset(), path)
    given = Preset(spec=Layers(own.spec.network().layers))
    for preset, never in ((own, "RI←→"), (given, "RI←→↑↓A][")):
        shown = preset.replace(**{"show.view": view})
        bold = {
            run.words
            for one in explanation(Explorer(shown), shown.network())
            for run in one.runs
            if run.ink == ACCENT
        }
        assert not bold & set(never), bold
        assert "V" in bold
    assert "leaves out the file's last hidden layer" in page(own)
    assert "are those of the file net.npz. net.npz does not name its activations" in page(own)


def test_keys_are_those_of_the_users_keyboard() -> None:
    runs = with_keys("{stronger} and {deeper}.", {"]": "+"})
    assert [(run.words, run.style) for run in runs] == [
        ("+", "bold"),
        (" and ", "regular"),
        ("↑", "bold"),
        (".", "regular"),
    ]


@pytest.mark.parametrize("name", shipped())
def test_every_preset_is_explained(name: str) -> None:
    preset = load_preset(name)
    words = page(preset)
    assert preset.title in words
    assert preset.description.strip() in words
    assert VIEWS[preset.show.view].reading in words or preset.show.view == "picture"
    assert f"{preset.network().parameters:,} weights and biases" in words


def test_the_networks_numbers_are_its_own() -> None:
    words = said(depth=27, width=30, weight_scale=0.55, seed=303)
    assert "26 hidden layers of 30 units and an output layer of 3 units" in words
    assert "evenly from −0.55 to 0.55 (seed 303)" in words
    assert "σ = 0.318 (0.314 as drawn)" in words  # 0.55 / √3
    assert "√n·σ = 1.74" in words
    assert "one hidden layer of 30" not in words
    assert "1 hidden layer of 4 units" in said(depth=2, width=4)
    assert "one layer of 3 units" in said(depth=1)


def test_waves_are_told_together_and_tiles_for_what_they_are() -> None:
    words = said(inputs=("sin_x", "cos_y"))
    assert "Its inputs, sines and cosines of x and y with a period of 2π, go through" in words
    assert "a tile without a seam" in words
    names = [f"sin_{k}x" for k in (2, 4, 8, 16, 32)]
    words = said(inputs=("x", "sin_x", *names), period=2.0)
    told = "x and sines of x with a period of 2 (times 1 2 … 32 of its frequency)"
    assert told in words
    assert "seam" not in words
    assert "Its inputs, x, x² and x · y, go through" in said(inputs=("x", "x2", "xy"))


def test_the_factor_of_layer_1_is_told() -> None:
    assert "drawn by he_uniform, times 1; those of layer 1 times 30 (" in said(
        init="he_uniform", omega=30.0
    )


def test_whether_the_signal_fades_is_told() -> None:
    assert "the signal fades." in said(weight_scale=0.3, width=16, depth=9)
    assert "differences grow" in said(weight_scale=1.5, width=16, depth=9)
    assert "about kept" in said(weight_scale=0.6, width=16, depth=9)
    halved = said(weight_scale=0.8, width=16, depth=9, activation="sigmoid")
    assert "and sigmoid shrinks that" in halved
    assert "the signal fades." in halved


@pytest.mark.parametrize("scale", [0.31, 0.402])
def test_a_picture_that_fades_is_not_said_to_be_kept(scale: float) -> None:
    preset = load_preset("neylon-27").replace(weight_scale=scale)
    words = " ".join(network_words(preset, preset.network(), found(preset)))
    assert "the signal fades" in words
    assert "kept" not in words
    growth = float(re.search(r"spread ×([\d.]+)", words)[1])  # type: ignore[index]
    assert growth == pytest.approx(0.88 if scale == 0.31 else 0.976, abs=0.005)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_words_for_its_signal(activation: str) -> None:
    assert re.search(r"as drawn\).*(spread ×|overflow)", said(activation=activation, depth=6))


def test_units_that_are_saturated_are_listed_with_the_panels_numbers() -> None:
    preset = Preset(spec=Random(depth=4, width=8, weight_scale=1.5))
    preset = preset.replace(**{"show.view": "units", "units.layer": 3})
    explorer = Explorer(preset)
    study = Study()
    study.follow(explorer)
    while study.busy:
        study.advance(1.0)
    paragraphs = explanation(explorer, preset.network(), found=study.found)
    words = "\n".join("".join(run.words for run in one.runs) for one in paragraphs)
    assert "|value| > 0.975 (tanh)" in words
    line = re.search(r"layer 3: units (.*)", words)
    assert line is not None
    listed = [tuple(map(int, re.findall(r"\d+", one))) for one in line[1].split(", ")]
    scene = scene_of(preset)
    samples = at_once(sample_units(scene, sample_size(scene.network, 640 / 360)))
    shares = [100 * (summarize(samples, (3, k)).saturated or 0) for k in range(8)]
    assert [share for _, share in listed] == sorted((round(s) for s in shares), reverse=True)[
        : len(listed)
    ]
    assert all(round(shares[unit - 1]) == share for unit, share in listed)
    every = page(preset.replace(**{"units.layer": 0}), found=study.found)
    assert all(f"layer {k}: " in every for k in range(1, 5))


def test_a_saved_file_is_drawn_larger_in_the_same_shape() -> None:
    saved = [Path("folder"), Path("a b.png")]
    words = page(Preset(), saved=saved, size=(1280, 800), larger=LARGER)
    assert 'python -m cppn_gl render "a b.png" --size 3840x2400 -o BIG.png' in words
    command = larger_command(LARGER, Path("a.png"), (300, 200))
    assert command.endswith("a.png --size 3840x2560 -o BIG.png")


@pytest.mark.parametrize("init", INITS)
def test_every_initialisation_is_told(init: str) -> None:
    assert "random, drawn " in said(init=init)


def test_what_was_saved_advised_and_normalised_is_told() -> None:
    preset = Preset(name="name").replace(**{"normalize.which": "hidden"})
    saved = [Path("folder/a b.png")]
    words = page(preset, saved=saved, advice="press ]", facts=(("a", "b"),), engine="native")
    assert str(saved[0].resolve()) in words
    assert 'python -m cppn_gl "folder/a b.png"' in words
    assert {"press ]", "a · b", "native"} <= set(words.split("\n"))
    assert "mean 0 and standard deviation 1" in words
    assert open_command(Path("a.png")) == "python -m cppn_gl a.png"


def test_a_layer_shown_is_told() -> None:
    explorer = Explorer(load_preset("neylon-27"))
    explorer.layer_down()
    words = [p.runs[0].words for p in explanation(explorer, explorer.shown.network())]
    assert "Layer 26 is shown: the network cut off after it." in words
