"""Two-step drawings: what they hold is freed, and little is held."""

import numpy as np
import pytest
from census import Census
from viewing import begun, stage_of, viewed

from cppn_gl import Preset, Renderer
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import scene_of
from cppn_gl.views import ALL
from cppn_gl.views.base import View
from cppn_gl.views.slopes.gbuffer import BAND_PIXELS, GBuffer, targets

PRESET = Preset().replace(depth=3, width=6, activation="relu")
NAMES = ["gradient", "regions", "sensitivity"]

pytestmark = pytest.mark.gl


@pytest.mark.parametrize("name", NAMES)
def test_a_view_leaves_nothing_behind(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    census = Census(monkeypatch)
    for width in (6, 20):
        with Renderer("fragment") as renderer:
            preset = PRESET.replace(view=name, width=width)
            viewed(renderer, preset, (20, 10))
            viewed(renderer, preset, (21, 10))
            with begun(renderer, preset, (40, 30)) as dropped:
                dropped.step(0.0)
            with begun(renderer, preset, (30, 20)) as other:
                other.step(0.0)
    assert census.alive() == {}


@pytest.mark.parametrize("name", NAMES)
def test_numbers_compile_nothing(renderer: Renderer, name: str) -> None:
    preset = PRESET.replace(view=name)
    viewed(renderer, preset, (20, 10))
    before = renderer.painter.programs.compiled
    for change in ({"seed": 4}, {"extent": 3.0}, {"layer": 1}, {"channel": "red"}, {"depth": 5}):
        viewed(renderer, preset.replace(**change), (20, 10))
    assert renderer.painter.programs.compiled == before


@pytest.mark.parametrize("name", NAMES)
def test_after_the_shaders_have_changed_it_draws_on(renderer: Renderer, name: str) -> None:
    preset = PRESET.replace(view=name)
    before = viewed(renderer, preset, (20, 10))
    renderer.reload(preset.network())
    assert np.array_equal(viewed(renderer, preset, (20, 10)), before)


def test_a_large_picture_takes_no_more_than_a_band(renderer: Renderer) -> None:
    assert renderer.ctx is not None
    with renderer.ctx as ctx:
        planes = Planes(ctx, (1000, 900))
        view: View = ALL["gradient"]
        preset = PRESET.replace(view="gradient", depth=1)
        drawing = view.begin(stage_of(renderer), planes, scene_of(preset))
        drawing.step(0.0)
        slots = renderer.painter.shared(targets, "G-buffer targets")._slots
        (lent,) = [held for _, held, user in slots if user is not None and user() is not None]
        (gbuffer,) = lent.targets
        assert isinstance(gbuffer, GBuffer)
        assert gbuffer.size[0] * gbuffer.size[1] <= BAND_PIXELS + 1000
        planes.release()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (5, 1), (3, 7)])
def test_any_size_is_drawn(renderer: Renderer, name: str, size: tuple[int, int]) -> None:
    for width in (6, 20):
        picture = viewed(renderer, PRESET.replace(view=name, width=width), size)
        assert picture.shape == (size[1], size[0], 3)
        assert np.isfinite(picture).all()
