"""Pages draw what `render` draws: their pixels are compared, in a real browser, from files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import open_file

from cppn_gl.output.renderer import Renderer
from cppn_gl.output.web.page import page_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot

pytestmark = pytest.mark.browser

SIZE = (128, 72)
TIMES = (0.3, 2.5)
SLOW = ("neylon-27", "wide-120")  # compared once
OFF, SHARE = 2, 0.001  # levels of 255, and the share of values that may differ by more

RELU = {"network.activation": "relu", "network.init": "he_normal", "network.weight_scale": 1.0}
PRESETS: dict[str, Preset] = {
    name: load_preset(name)
    for name in (
        "default",
        "neylon-27",
        "wide-120",
        "scale-animated",
        "walk",
        "complexity-deep-relu",
        "single-sigmoid",
        "two-layers",
        "loop",
    )
}
PRESETS |= {
    "relu": Preset().replace(depth=6, width=12, **RELU),
    "mapping": Preset().replace(**{"color.mapping": "viridis", "color.stretch": "minmax"}),
    "alpha": Preset().replace(outputs=4, depth=5, seed=3),
    "grey": Preset().replace(outputs=1, depth=5, seed=3),
}


@pytest.fixture(scope="module")
def drawer() -> Any:
    with Renderer("numpy") as renderer:
        yield renderer


def pixels_of(page: Any, time: float) -> Any:
    """What `cppn.render` resolves to: (height, width, 4)."""
    found = page.evaluate(
        """async ([width, height, time]) => {
          const pixels = await cppn.render(width, height, time);
          return [pixels.constructor.name, Array.from(pixels)];
        }""",
        [*SIZE, time],
    )
    assert found[0] == "Uint8Array"
    return np.array(found[1], np.uint8).reshape(SIZE[1], SIZE[0], 4)


@pytest.mark.parametrize("name", PRESETS)
def test_the_pixels_of_a_page_are_those_of_render(
    page: Any, drawer: Renderer, name: str, tmp_path: Path
) -> None:
    preset = PRESETS[name]
    path = tmp_path / "page.html"
    path.write_bytes(page_of(Shot(preset, SIZE)))
    page.set_viewport_size({"width": 300, "height": 200})  # little of its own to draw
    open_file(page, path)
    for time in TIMES[: 1 if name in SLOW else 2]:
        drawn = pixels_of(page, time)
        expected = drawer.render(preset, SIZE, time)
        channels = expected.shape[2]
        off = np.abs(drawn[..., :channels].astype(int) - expected.astype(int))
        assert (off > OFF).mean() <= SHARE, (time, off.max())
        assert channels == 4 or (drawn[..., 3] == 255).all()
    assert page.evaluate("document.getElementById('problem').textContent") == ""
