"""Tiles of structures: parts of one picture of all channels, cut and resampled."""

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.units.tiles import part_of, resampled
from cppn_gl.views.units.unit_samples import sample_units


def ramp(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y], axis=2)


def test_the_same_size_is_the_same() -> None:
    assert resampled(ramp(7, 5), (7, 5)) == pytest.approx(ramp(7, 5))


def test_a_ramp_is_sampled_at_the_centres_of_the_pixels() -> None:
    found = resampled(ramp(40, 20), (10, 5))
    assert found[0, :, 0] == pytest.approx(4 * np.arange(10) + 1.5)
    assert found[:, 0, 1] == pytest.approx(4 * np.arange(5) + 1.5)


def test_a_part_is_the_middle() -> None:
    found = resampled(ramp(40, 20), (10, 10), (20, 20))
    assert found[0, :, 0] == pytest.approx(10 + 2 * np.arange(10) + 0.5)


def test_an_overflow_does_not_spread() -> None:
    values = ramp(8, 8)
    values[3, 3] = np.inf
    assert np.isinf(resampled(values, (8, 8))).sum() == 2
    assert not np.isnan(resampled(values, (5, 3))).any()


@pytest.mark.parametrize("tile", [(12, 12), (30, 8)])
def test_a_tile_shows_the_largest_part_of_its_shape(tile: tuple[int, int]) -> None:
    """Of the inputs x and y, which are exact everywhere."""
    scene = scene_of(
        Preset().replace(structure="conv", depth=2, width=3, extent=0.5, **{"network.grid": 16})
    )
    samples = at_once(sample_units(scene, (48, 24)))
    x, y = part_of(samples, 0, tile).reshape(tile[1], tile[0], 2).transpose(2, 0, 1)
    aspect = tile[0] / tile[1]
    half = min(1.0, 0.5 * aspect), min(0.5, 1.0 / aspect)
    assert x[0] == pytest.approx(((np.arange(tile[0]) + 0.5) / tile[0] * 2 - 1) * half[0])
    assert y[:, 0] == pytest.approx((1 - (np.arange(tile[1]) + 0.5) / tile[1] * 2) * half[1])
