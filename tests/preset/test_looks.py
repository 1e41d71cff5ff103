"""Measures of a small picture, exact on every machine."""

import numpy as np
import pytest

from cppn_gl import Renderer, load_preset
from cppn_gl.preset.looks import HEIGHT, WIDTH, looks, thumbnail
from cppn_gl.preset.preset import Preset


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.broadcast_to(values, (HEIGHT, WIDTH))[..., None], 3, axis=2).astype("u1")


def test_an_even_picture_has_nothing_to_see() -> None:
    found = looks(grey(np.array(90)))
    assert (found.contrast, found.detail, found.edges, found.filled) == (0, 0, 0, 0)


def test_half_black_half_white_is_contrast_without_detail() -> None:
    found = looks(grey(255 * (np.arange(WIDTH) >= WIDTH // 2)))
    assert found.contrast == 0.5
    assert found.detail < 0.02
    assert found.filled == 0


def test_a_checkerboard_is_all_detail() -> None:
    row, column = np.indices((HEIGHT, WIDTH))
    found = looks(grey(255 * ((row + column) % 2)))
    assert (found.contrast, found.detail, found.edges, found.filled) == (0.5, 1, 1, 1)


def test_a_slow_gradient_has_no_edges() -> None:
    found = looks(grey(np.arange(WIDTH) * 5))
    assert found.edges == 5 / 255
    assert found.contrast > 0.2


@pytest.mark.parametrize(
    "name", ["default", "agate", "oklch", "rings", "siren", "creases", "ghost"]
)
def test_a_thumbnail_is_the_picture_that_engines_draw(name: str) -> None:
    preset = load_preset(name)
    with Renderer("numpy") as renderer:
        drawn = renderer.render(preset, (WIDTH, HEIGHT), time=1.5).astype(int)
    # The range of a stretch is measured on other points, and oklch has edges of its own.
    assert np.percentile(np.abs(thumbnail(preset, 1.5).astype(int) - drawn), 99) <= 3


def test_extreme_values_are_measured_too() -> None:
    preset = Preset().replace(
        activation="relu", weight_scale=1000.0, depth=12, extent=1e6, stretch="minmax"
    )
    assert looks(thumbnail(preset)).contrast >= 0
