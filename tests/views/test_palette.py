"""Perceptually uniform colours."""

import numpy as np
import pytest

from cppn_gl.views.slopes.palette import heat, inks, oklch


def test_known_colours() -> None:
    assert np.allclose(oklch(1.0, 0.0, 0.0), 1, atol=1e-3)
    assert np.allclose(oklch(0.0, 0.0, 0.0), 0)
    assert np.allclose(oklch(0.62796, 0.25768, 29.234), [[1, 0, 0]], atol=2e-3)  # sRGB's red
    assert np.allclose(oklch(0.45201, 0.31321, 264.052), [[0, 0, 1]], atol=2e-3)


def test_heat_grows_lighter_step_by_step() -> None:
    colors = heat().astype(float)
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()
    assert light[0] < 0.01
    assert light[-1] > 0.85
    assert np.abs(np.diff(colors, axis=0)).max() < 0.02


@pytest.mark.parametrize("count", [1, 2, 7, 63])
def test_inks_differ(count: int) -> None:
    colors = inks(count)
    assert colors.shape == (count, 3)
    assert len(np.unique(colors, axis=0)) == count
    assert 0 <= colors.min() <= colors.max() <= 1


def test_no_layers_have_no_inks() -> None:
    assert inks(0).shape == (0, 3)
