"""What a page shows after it was changed by keys: the picture that Python draws of its preset."""

import base64
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import open_file
from numpy.typing import NDArray

from cppn_gl.output.renderer import Renderer
from cppn_gl.output.web.page import page_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot

pytestmark = pytest.mark.browser

SIZE = 48, 27
# Each is pressed once in a while; not those that pause, save or show words.
KEYS = ["ArrowUp", "ArrowDown", "ArrowRight", "ArrowLeft", "]", "[", "d", "=", "-", "Alt+ArrowUp"]
KEYS += ["Alt+ArrowRight", "a", "i", "c", "r", "r", "z", "Shift+ArrowUp", "PageDown", "0"]

SMALL = {"network.depth": 4, "network.width": 6, "color.dither": False}
PRESETS: dict[str, dict[str, Any]] = {
    "plain": {"inputs": ["x", "y", "r", "sin_2x", "z0", "xy"]},
    "normalised": {"normalize.which": "all", "normalize.grid": 16, "normalize.shift_spread": 1.0},
    "stretched": {"color.stretch": "minmax", "color.mapping": "oklch", "normalize.which": "hidden"},
    "walking": {"animation.walk": [5, 7, 9], "animate.network.weight_scale": [0.5, 2.0]},
}


def picture(page: Any, time: float) -> NDArray[np.uint8]:
    """What `cppn.render` answers, (height, width, 4)."""
    code = """async ([width, height, time]) =>
        btoa(String.fromCharCode(...await cppn.render(width, height, time)))"""
    text = page.evaluate(code, [*SIZE, time])
    found = np.frombuffer(base64.b64decode(text), np.uint8)
    return found.reshape(SIZE[1], SIZE[0], 4)


def shown(page: Any) -> Preset:
    return parse_preset(page.evaluate("cppn.preset"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_changed_page_shows_its_preset_as_python_does(
    page: Any, tmp_path: Path, name: str
) -> None:
    preset = load_preset("default").replace(**SMALL, **PRESETS[name])
    path = tmp_path / "page.html"
    path.write_bytes(page_of(Shot(preset, SIZE, 0.5)))
    open_file(page, path)
    assert shown(page).spec == preset.spec
    pick = random.Random(name)
    with Renderer("native") as renderer:
        for _ in range(4):
            for key in pick.choices(KEYS, k=4):
                page.keyboard.press(key)
            time = pick.uniform(0, 12)
            now = shown(page)
            found = picture(page, time)[..., :3].astype(int)
            differences = np.abs(found - renderer.render(now, SIZE, time)[..., :3])
            assert (differences <= 2).mean() >= 0.999, f"{differences.max()} of 255: {now}"
            assert now.spec != preset.spec
