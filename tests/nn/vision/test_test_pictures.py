"""Pictures of a data set's tests as input images: "fashion-mnist:17"."""

from pathlib import Path

import numpy as np
import pytest
from stripes import digits

from cppn_gl.nn.image_file import Input
from cppn_gl.nn.vision import image_sets
from cppn_gl.preset.network_file import packed, unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_sets, "PLACE", digits(tmp_path / "fashion-mnist"))


def test_they_are_known_by_their_number() -> None:
    found = Input("fashion-mnist:2")
    assert found.stored.size == (5, 4)
    np.testing.assert_array_equal(found.stored.pixels.ravel(), np.arange(40, 60))
    assert found != Input("fashion-mnist:1")
    assert image_sets.test_class(1) == "trousers"


@pytest.mark.parametrize("name", ["fashion-mnist:-1", "fashion-mnist:x", "mnist:1"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(PresetError, match="no image"):
        Input(name)


def test_only_those_there_are() -> None:
    with pytest.raises(PresetError, match="fashion-mnist has tests 0 to 4"):
        Input("fashion-mnist:5")


def test_a_picture_carries_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {"network.inputs": ("grey",), "input.image": "fashion-mnist:3"}
    preset = Preset().replace(**keys)
    document = packed(preset)
    monkeypatch.setattr(image_sets, "PLACE", tmp_path / "none")
    again = unpacked(document)
    assert again.input == preset.input
    assert again.input.image == "fashion-mnist:3"
