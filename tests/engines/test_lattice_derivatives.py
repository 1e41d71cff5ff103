"""Derivatives at pixels: on the lattice of the picture, exact where pixels are its points."""

from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.cpu.grid_derivatives import GridDerivatives
from cppn_gl.engines.geometry import pixel_points
from cppn_gl.nn.features import Clock
from cppn_gl.nn.grid_derivatives import at_points
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.tasks import at_once

CLOCK = Clock(0.4)
PRESET = Preset().replace(
    structure="vgg", depth=4, width=6, inputs=["x", "y", "r", "t"], seed=4, **{"network.grid": 32}
)


def drawn(preset: Preset, size: tuple[int, int], part: Region | None = None) -> Float32:
    derivatives = GridDerivatives(preset.network(), preset.view, CLOCK)
    return at_once(derivatives.outputs(part or Region.of(size)))


def wanted(preset: Preset, size: tuple[int, int]) -> Float64:
    x, y = (a.ravel() for a in pixel_points(size, preset.view.center, preset.view.extent))
    jets = at_once(at_points(preset.network(), x, y, CLOCK))
    return np.asarray(jets.reshape(3, *size[::-1], -1))


@pytest.mark.parametrize(
    "change",
    [{}, {"center": [0.3, -0.1], "extent": 0.25}, {"structure": "inception"}, {"outputs": 1}],
    ids=str,
)
def test_they_are_the_references_where_pixels_are_points(change: dict[str, Any]) -> None:
    preset = PRESET.replace(**change)
    size = (14, 8) if "extent" in change else (20, 16)  # a whole number of pixels per tap, or taps
    preset = preset if "extent" in change else preset.replace(extent=0.5)
    found, reference = drawn(preset, size), wanted(preset, size)
    assert found.shape == reference.shape
    scale = np.abs(reference).max(axis=(1, 2, 3), keepdims=True)
    assert (np.abs(found - reference) < 2e-4 * scale).mean() > 0.995


def test_values_are_those_of_the_picture_between_points_too() -> None:
    region = Region.of((23, 17))
    values = at_once(GridEvaluator(PRESET.network(), PRESET.view, CLOCK).outputs(region))
    assert np.abs(drawn(PRESET, (23, 17))[0] - values).max() < 1e-5


def test_a_part_is_a_part_of_the_whole() -> None:
    whole, part = Region.of((24, 16)), Region.of((24, 16)).cut(5, 3, 11, 7)
    found = drawn(PRESET, (24, 16), whole)[:, 3:10, 5:16]
    assert np.abs(drawn(PRESET, (24, 16), part) - found).max() < 1e-4


def test_dense_networks_with_an_image_are_differentiated_at_their_pixels() -> None:
    preset = Preset().replace(inputs=["x", "red"], depth=3, width=5, **{"input.image": "chelsea"})
    found, reference = drawn(preset, (12, 8)), wanted(preset, (12, 8))
    assert np.abs(found - reference).max() < 1e-4 * np.abs(reference).max()
