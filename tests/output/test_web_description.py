"""What a page shows, as a document; and which presets have a page."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.sources import Layers
from cppn_gl.output.web.description import (
    MAX_CARRIED,
    MAX_WALKED,
    MAX_WEIGHTS,
    VIEWS,
    alone,
    check_page,
    describe,
    describe_network,
)
from cppn_gl.preset.library import load_preset, names, shipped
from cppn_gl.preset.pages import MAX_BYTES
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.resources import resource

# Which shipped presets have no page, by what their line says.
REFUSED = {
    "show.view: a page does not show": [
        *("anchor", "attribution", "attribution-sheet", "best-pictures"),
        *("boundary-deep", "boundary-deepest", "boundary-linear", "boundary-minibatch"),
        *("boundary-momentum", "boundary-one-datum", "boundary-relu", "boundary-scale"),
        *("boundary-tanh", "boundary-zoom", "chelsea", "dream"),
        *("eyes", "feature", "feature-pixels", "feature-sheet", "first-kernels", "gradient"),
        *("imagined-flamingo", "imagined-network", "landscape", "landscape-path"),
        *("landscape-random", "landscape-surface", "learn-bumps", "learn-plane"),
        *("learn-progress", "length-scale", "lighthouse", "lighthouse-raw", "network-diagram"),
        *("occlusion", "order-chaos-edges", "order-chaos-relu", "order-chaos-tanh"),
        *("scale-too-large", "scale-too-small"),
        *("photograph-units", "receptive", "relu-curve", "relu-regions", "relu-star"),
        *("s-curves", "sensitivity", "sigmoid-figure", "signal-fading", "signal-kept"),
        *("signal-saturated", "squeezenet", "three-planes", "train-fashion", "units-dashboard"),
        *("volume-color", "volume-grey", "warp-circle-2", "warp-circle-3", "warp-random"),
        *("warp-spirals", "warp-spirals-plane"),
    ],
    "network.structure: a page shows networks of dense layers, not structures": [
        *("blocks", "convnets-color", "convnets-grey", "convolutions-deep-relu"),
        *("convolutions-deep-sigmoid", "convolutions-wide-relu", "convolutions-wide-sigmoid"),
        *("grid-sheet", "kernels-sheet", "photograph-inception", "photograph-sheet"),
        *("photograph-vgg", "structures-sheet"),
    ],
    "train.data: a page shows no network that learns": [
        *("learn-circle", "learn-data", "learn-gauss", "learn-spiral", "learn-spiral-features"),
        *("learn-xor", "learn-scales", "landscape-optimizers", "landscape-rates"),
    ],
    "network.inputs: a page has no image, which the inputs red green blue need": [
        "photograph-colors"
    ],
}


def refusal(preset: Preset) -> str:
    """The line by which a page of a preset is refused; "" if there is one."""
    try:
        check_page(preset)
    except PresetError as error:
        return str(error)
    return ""


def floats(text: str) -> Any:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_shipped_presets_have_a_page_or_one_line_that_says_why_not() -> None:
    said = {name: refusal(load_preset(name)) for name in names()}
    expected = {name: line for line, some in REFUSED.items() for name in some}
    assert {name for name, line in said.items() if line} == set(expected)
    for name, line in expected.items():
        assert said[name].startswith(line), name
        assert "\n" not in said[name]


def test_every_table_of_a_shipped_preset_can_be_json() -> None:
    for name in shipped():
        preset = load_preset(name)
        if not refusal(preset) and preset.normalize.which == "none":
            document = describe(Shot(preset))
            assert json.loads(json.dumps(document, allow_nan=False))["name"] == name


@pytest.mark.parametrize("name", ["default", "random"])
def test_a_drawn_network_travels_as_its_keys(name: str) -> None:
    preset = load_preset(name, seed=2**63 - 1)
    document = describe(Shot(preset, (64, 36), 1.5))
    assert document["network"]["seed"] == str(preset.spec.seed)
    assert document["network"]["activation"] == list(preset.spec.hidden_activations)
    assert document["tables"]["network"]["seed"] == {"int": str(preset.spec.seed)}
    assert document["tables"]["view"]["extent"] == preset.view.extent
    assert (document["size"], document["time"]) == ([64, 36], 1.5)
    assert len(json.dumps(document)) < 30_000


def test_weights_of_layers_travel_to_the_bit() -> None:
    layers = Preset().replace(depth=3, width=5).network().layers
    document = describe(Shot(Preset(Layers(layers))))
    arrays = [array.ravel() for layer in layers for array in (layer.weight, layer.bias)]
    assert (floats(document["network"]["weights"]) == np.concatenate(arrays)).all()
    assert document["network"]["layers"][0] == {"rows": 5, "columns": 2, "activation": "tanh"}
    assert "layers" not in document["tables"]["network"]


def test_a_files_weights_travel_as_they_are_used_and_no_path_does(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    Preset().replace(depth=3, width=5).network().save(path)
    preset = Preset(File.of({"file": str(path), "weight_scale": 0.5, "depth": 2}))
    document = describe(Shot(preset))
    layers = preset.network().layers
    assert floats(document["network"]["weights"])[:2].tolist() == layers[0].weight[0].tolist()
    assert str(tmp_path) not in json.dumps(document)
    assert alone(preset).network().layers[1].bias.tolist() == layers[1].bias.tolist()


def test_an_image_that_no_input_sees_stays_at_home(tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes((resource("presets") / "cat.png").read_bytes())
    preset = Preset().replace(image=str(path))
    assert not refusal(preset)
    assert "mine" not in json.dumps(describe(Shot(preset)))
    assert alone(preset) == Preset()


def test_normalised_weights_are_those_of_the_shots_time() -> None:
    preset = Preset().replace(depth=3, width=5, which="all")
    preset = preset.replace(**{"animate.network.seed": [1, 9]})
    document = describe(Shot(preset, time=12.0))
    network = preset.at(12.0).network()
    assert floats(document["normalized"])[:10].tolist() == network.layers[0].weight.ravel().tolist()
    assert describe(Shot(Preset()))["normalized"] is None
    sheet = preset.replace(view="sheet", rows="depth=2,3")
    assert describe(Shot(sheet))["normalized"] is None


def test_ranges_are_those_of_the_key_tables() -> None:
    keys = describe(Shot(Preset().replace(**{"animate.surface.turn": [0.0, 9.0]})))["keys"]
    depth, extent = keys["network.depth"], keys["view.extent"]
    assert (depth["least"], depth["most"], depth["low"], depth["high"]) == (1, 64, 1, 40)
    assert (extent["least"], extent["most"], extent["factor"]) == (1e-6, 1e6, True)
    assert keys["network.seed"]["most"] == {"int": str(2**63 - 1)}
    assert "whole" in depth
    assert "whole" not in extent
    assert keys["surface.turn"] == {}


@pytest.mark.parametrize("view", ["units", "surface", "warp"])
def test_other_views_are_refused_in_one_line(view: str) -> None:
    line = refusal(Preset().replace(view=view))
    assert line == f"show.view: a page does not show {view}; it shows {', '.join(VIEWS)}"


def test_weights_that_may_not_be_passed_on_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    Preset().replace(depth=3, width=5).network().save(path)
    preset = Preset(File.of({"file": str(path), "redistribute": False}))
    assert refusal(preset).startswith("network.redistribute: a page carries the weights")


def test_animated_factors_of_a_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    Preset().replace(depth=3, width=5).network().save(path)
    preset = Preset(File.of({"file": str(path)}))
    preset = preset.replace(**{"animate.network.weight_scale": [0.5, 1.0]})
    assert refusal(preset).startswith("animate.network.weight_scale: a page does not change this")


def test_too_many_weights_are_refused() -> None:
    large = Preset().replace(depth=10, width=512)
    assert refusal(large) == f"network: 2104323 weights; a page draws at most {MAX_WEIGHTS}"
    assert not refusal(large.replace(depth=9))
    growing = Preset().replace(depth=2, width=512, **{"animate.network.depth": [2, 10]})
    assert "2104323 weights" in refusal(growing)
    normal = large.replace(depth=6, which="hidden")
    assert refusal(normal) == f"network: 1053699 weights; a page carries at most {MAX_CARRIED}"
    # Those of layers and normalised ones in base64, and as lines of TOML.
    assert MAX_CARRIED * (2 * 4 * 4 / 3 + 26) < MAX_BYTES


def test_walks_that_would_take_long_to_measure_are_refused() -> None:
    walk = Preset().replace(width=128, **{"animation.walk": tuple(range(85))})
    assert refusal(walk) == (
        f"animation.walk: 85 seeds of 99843 weights each; a page draws at most {MAX_WALKED} of them"
    )
    assert not refusal(walk.replace(**{"animation.walk": tuple(range(84))}))


def test_a_sheet_is_refused_for_any_of_its_cells() -> None:
    sheet = Preset().replace(view="sheet", rows="structure=mlp,conv")
    assert refusal(sheet).startswith("network.structure: a page shows networks of dense layers")
    assert not refusal(Preset().replace(view="sheet", rows="depth=2,3"))


def test_the_network_of_a_moment_is_described() -> None:
    preset = Preset().replace(**{"animation.walk": (1, 2)})
    spec = describe_network(preset.at(3.0))
    assert spec["between"][0] == "2"
    assert 0 < spec["between"][1] < 1
