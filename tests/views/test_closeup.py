"""One unit alone: its own network gives the values that it has in the whole one."""

from typing import Any

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.engines.cpu.trace import inputs, trace
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.base import painted
from cppn_gl.views.units.closeup import closeup, network_of, unit_values
from cppn_gl.views.units.units import UnitsView

SMALL = {"width": 4, "network.grid": 24, "weight_scale": 1.2}
SIZE = (20, 12)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    ("keys", "unit"),
    [
        ({"depth": 4}, (2, 3)),
        ({"depth": 3}, (3, 1)),
        ({"structure": "vgg", "depth": 4}, (2, 1)),
        ({"structure": "vgg", "depth": 4}, (3, 2)),
        ({"structure": "inception", "depth": 3}, (6, 3)),
        ({"structure": "resnet", "depth": 4, "normalize.which": "hidden"}, (4, 1)),
        ({"structure": "conv", "depth": 4, "boost": [[1, 2, 3.0], [2, 1, -2.0]]}, (2, 0)),
    ],
)
def test_values_are_those_of_the_whole_network(
    keys: dict[str, Any], unit: tuple[int, int], before: bool
) -> None:
    scene = scene_of(Preset().replace(**SMALL, **keys))
    layer = at_once(trace(scene, SIZE))[unit[0] - 1]
    true = (layer.pre_activations if before else layer.units)[:, unit[1]]
    found = at_once(unit_values(scene, unit, SIZE, before=before))
    assert found.shape == SIZE[::-1]
    assert found.ravel() == pytest.approx(true, rel=2e-5, abs=2e-5)
    assert network_of(scene.network, unit).outputs == 1


def test_an_input_is_its_feature() -> None:
    scene = scene_of(Preset().replace(inputs=["x", "y"]))
    found = at_once(unit_values(scene, (0, 1), SIZE))
    assert found.ravel() == pytest.approx(inputs(scene, SIZE)[:, 1])


@pytest.mark.parametrize("size", [(1920, 1080), (320, 200), (500, 900), (700, 700), (30, 7)])
def test_picture_and_words_have_their_own_places(size: tuple[int, int]) -> None:
    where = closeup(size)
    left, top, right, bottom = where.picture
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert where.words[0] >= right or where.words[1] >= bottom
    if min(size) > 100:
        assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1], rel=0.02)
        assert (right - left) * (bottom - top) > 0.25 * size[0] * size[1]


@pytest.mark.parametrize("size", [(320, 200), (1, 1), (120, 300)])
def test_it_is_drawn_at_any_size(size: tuple[int, int]) -> None:
    preset = Preset().replace(view="units", structure="vgg", depth=3, **SMALL)
    scene = scene_of(preset.replace(**{"units.unit": (1, 2), "units.zoom": True}))
    view = UnitsView()
    picture = painted(view, scene, size)
    words = view.overlay(scene, size, (size[0] * 0.9, size[1] * 0.9))
    assert np.isfinite(picture).all()
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
