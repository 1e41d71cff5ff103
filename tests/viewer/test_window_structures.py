"""Structures in the live window: real keys, and a click in the network diagram."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desktop import Desktop

from cppn_gl.preset.show import UnitsOptions

pytestmark = [pytest.mark.window, pytest.mark.gl]

PRESET = """
format = 1
title = "Modules"
[network]
structure = "vgg"
depth = 4
width = 4
grid = 40
inputs = ["red", "green", "blue"]
activation = "relu"
init = "he_normal"
seed = 3
[normalize]
which = "hidden"
"""


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    path = tmp_path / "modules.toml"
    path.write_text(PRESET)
    opened = Desktop(display, tmp_path, str(path), "--size", "1100x600", hud=True)
    yield opened
    opened.close()


def test_keys_and_clicks(desktop: Desktop) -> None:
    desktop.finished()
    desktop.key("m")
    desktop.shows(lambda preset: preset.spec.structure == "inception", "Inception")
    assert "inception · depth 4 × width 4" in desktop.tells("facts", "image cat")
    desktop.key("shift+m")
    desktop.shows(lambda preset: preset.spec.structure == "vgg", "VGG again")
    desktop.key("Up", "bracketright", "bracketright")
    desktop.shows(lambda p: p.spec.depth == 5 and p.spec.weight_scale > 1, "deeper, stronger")
    desktop.move(300, 200)
    desktop.tells("pointer", "red ")

    desktop.key("question")
    desktop.tells("page", "convolution")
    desktop.key("m", "m", "m", "m")  # through dense layers, while their page is open
    desktop.shows(lambda preset: preset.spec.structure == "conv", "another one")
    desktop.key("shift+m", "shift+m", "shift+m", "shift+m", "question")
    desktop.shows(lambda preset: preset.spec.structure == "vgg", "VGG, explained")

    desktop.finished()
    desktop.key("Tab")
    desktop.place("network")
    desktop.click("name of layer 3")
    shown = desktop.shows(lambda preset: preset.show.view == "units", "the units of a stage")
    assert shown.options(UnitsOptions).layer == 3
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""
