"""The small drawings of the panel."""

import numpy as np
import pytest

from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.preset.color import MAPPINGS, Color
from cppn_gl.viewer.gui.drawings import _curve, strip_pixels


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_curve_is_the_function_and_is_not_flattened_at_the_edge(name: str) -> None:
    across, down = np.array(_curve(name)).T
    assert len(across) > 20
    assert min(across.min(), down.min()) >= 0
    assert max(across.max(), down.max()) <= 1
    steps = np.diff(across)
    assert np.allclose(steps, steps[0])  # one piece
    if name in ("identity", "tanh", "sigmoid", "atan", "softplus"):
        assert np.all(np.diff(down) < 0)


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_strip_shows_the_colours_of_the_mapping(name: str) -> None:
    plain, inverted = (strip_pixels(Color(name, invert)) for invert in (False, True))
    assert plain.shape[0] == 1
    assert plain.shape[2] == 4
    least = 4 if Color(name).levels else 40
    assert len(np.unique(plain[0], axis=0)) >= least
    assert np.all(np.abs(plain[..., :3].astype(int) + inverted[..., :3] - 255) <= 1)
    assert np.all(plain[..., 3] == 255)
