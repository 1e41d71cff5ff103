"""A view's whole picture, with OpenGL and without."""

import numpy as np
import pytest
from census import Census
from viewing import stage_of

from cppn_gl.engines.gl.context import ContextError
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.whole import whole
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.checks import PresetError
from cppn_gl.views import ALL
from cppn_gl.views.base import HostView, lay_over

SIZE = (65, 37)
PRESET = Preset().replace(depth=3, width=5, inputs=["x", "y", "t"], activation="relu", seed=3)
ON_HOST = [name for name in VIEWS if isinstance(ALL[name], HostView)]
ON_DEVICE = [name for name in VIEWS if name not in ON_HOST]


def scene(name: str):
    return scene_of(PRESET.replace(view=name), 0.3)


@pytest.mark.gl
@pytest.mark.parametrize("name", ON_HOST)
@pytest.mark.parametrize("samples", [1, 3])
def test_a_host_view_is_the_same_without_opengl(
    name: str, samples: int, renderer: Renderer
) -> None:
    for dtype in ("uint8", "float32"):
        alone = whole(ALL[name], scene(name), SIZE, samples=samples, dtype=dtype)
        with renderer.ctx:
            there = whole(
                ALL[name],
                scene(name),
                SIZE,
                samples=samples,
                dtype=dtype,
                stage=stage_of(renderer),
                presenter=renderer.presenter,
            )
        assert alone.dtype == there.dtype == np.dtype(dtype)
        assert alone.shape == (37, 65, 3)
        most = 1e-5 if dtype == "float32" else int(samples > 1)
        assert np.abs(alone.astype(float) - there).max() <= most


def test_there_are_both_kinds() -> None:
    assert {"units", "layers", "curves"} <= set(ON_HOST)
    assert {"picture", "sheet", "surface"} <= set(ON_DEVICE)


@pytest.mark.parametrize("name", ON_DEVICE)
def test_the_others_say_that_they_need_it(name: str) -> None:
    with pytest.raises(ContextError) as refused:
        whole(ALL[name], scene(name), SIZE)
    assert name in str(refused.value)
    assert "doctor" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["volume", "regions"])
def test_what_does_not_suit_is_told_first(name: str) -> None:
    unsuited = scene_of(PRESET.replace(view=name, inputs=["x", "y"], activation="tanh"))
    with pytest.raises(PresetError, match=f"^show.view: the view {name} needs"):
        whole(ALL[name], unsuited, SIZE)


@pytest.mark.gl
def test_words_lie_over_it(renderer: Renderer) -> None:
    of = scene("units")
    bare = ALL["units"]
    drawn = whole(bare, of, (320, 180))
    words = bare.overlay(of, (320, 180))
    opaque = words[..., 3] == 255
    assert opaque.mean() > 0.05
    assert (drawn[opaque] == words[opaque][:, :3]).all()
    assert np.array_equal(lay_over(drawn, words)[opaque], drawn[opaque])


@pytest.mark.gl
def test_more_pixels_than_the_driver_has(renderer: Renderer) -> None:
    most = renderer.painter.largest
    preset = PRESET.replace(view="gradient")
    with pytest.raises(PresetError) as refused:
        renderer.render(preset, (most // 2 + 1, 1), samples=2)
    assert str(refused.value) == (
        f"size: {most // 2 + 1} pixels with 2×2 samples where the view gradient can have "
        f"{most // 2} a side"
    )


@pytest.mark.gl
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("when", ["begin", "step"])
def test_nothing_is_left_of_what_fails(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, samples: int, when: str
) -> None:
    class Failing:
        def __init__(self, planes: object):
            self.planes = planes

        def step(self, budget: float) -> bool:
            raise RuntimeError("half-way")

        def release(self) -> None:
            pass

    def begin(stage: object, planes: object, scene: object) -> Failing:
        if when == "begin":
            raise RuntimeError("half-way")
        return Failing(planes)

    monkeypatch.setattr(ALL["gradient"], "begin", begin)
    counted = Census(monkeypatch)
    with pytest.raises(RuntimeError, match="half-way"):
        renderer.render(PRESET.replace(view="gradient"), SIZE, samples=samples)
    assert counted.alive() == {}
