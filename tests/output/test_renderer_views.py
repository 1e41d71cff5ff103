"""A view's whole picture, with OpenGL and without."""

import numpy as np
import pytest
from census import Census
from rows import NUMPY
from seers import seen_by
from viewing import stage_of

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import finish
from cppn_gl.views import ALL, sampling
from cppn_gl.views.base import CPUView, lay_over

SIZE = (65, 37)
PRESET = Preset().replace(depth=3, width=5, inputs=["x", "y", "t"], activation="relu", seed=3)
ON_CPU = [name for name in VIEWS if isinstance(ALL[name], CPUView)]
ON_DEVICE = [name for name in VIEWS if not ALL[name].on_cpu(NUMPY)]


def scene(name: str):
    return scene_of(seen_by(name, PRESET), 0.3)


@pytest.mark.gl
@pytest.mark.parametrize("name", ON_CPU)
@pytest.mark.parametrize("samples", [1, 3])
def test_a_host_view_is_the_same_without_opengl(
    name: str, samples: int, renderer: Renderer
) -> None:
    preset = seen_by(name, PRESET)
    for dtype in ("uint8", "float32"):
        with Renderer("numpy") as one:
            alone = one.render(preset, SIZE, 0.3, samples=samples, dtype=dtype)
            assert one.ctx is None
        there = renderer.render(preset, SIZE, 0.3, samples=samples, dtype=dtype)
        assert alone.dtype == there.dtype == np.dtype(dtype)
        assert alone.shape == (37, 65, 3)
        assert np.array_equal(alone, there)
    with renderer.ctx:  # as the window draws it
        planes, region = Planes(renderer.ctx, SIZE), Region.of(SIZE, samples)
        task = sampling.begin(ALL[name], stage_of(renderer), planes, scene(name), region)
        finish(task)
        drawn = lay_over(planes.read(), ALL[name].overlay(scene(name), SIZE))
        task.release()
        planes.release()
    assert np.abs(drawn - there).max() < 1e-5


def test_there_are_both_kinds() -> None:
    assert {"units", "layers", "curves"} <= set(ON_CPU)
    assert {"sheet", "surface"} <= set(ON_DEVICE)


@pytest.mark.parametrize("name", ON_DEVICE)
def test_the_others_say_that_they_need_it(name: str) -> None:
    with Renderer("numpy") as one:
        one.fallback = ContextError("None is here.", "Run `python -m cppn_gl doctor`.")
        with pytest.raises(ContextError) as refused:
            one.render(PRESET.replace(view=name), SIZE)
    assert name in str(refused.value)
    assert "doctor" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["volume", "regions"])
def test_what_does_not_suit_is_told_first(name: str) -> None:
    unsuited = PRESET.replace(view=name, inputs=["x", "y"], activation="tanh")
    with (
        Renderer("numpy") as one,
        pytest.raises(PresetError, match=f"^show.view: the view {name} needs"),
    ):
        one.render(unsuited, SIZE)


@pytest.mark.gl
def test_words_lie_over_it(renderer: Renderer) -> None:
    of = scene("units")
    bare = ALL["units"]
    drawn = renderer.render(PRESET.replace(view="units"), (320, 180), 0.3)
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
        f"size: {most // 2 + 1} pixels with 2×2 samples are too many: the limit of the view "
        f"gradient is {most // 2} a side"
    )


@pytest.mark.gl
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("when", ["begin", "step"])
def test_nothing_is_left_of_what_fails(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, samples: int, when: str
) -> None:
    class Failing:
        fraction = 0.0

        def step(self, deadline: float) -> bool:
            raise RuntimeError("half-way")

        def release(self) -> None:
            pass

    def begin(*args: object) -> Failing:
        if when == "begin":
            raise RuntimeError("half-way")
        return Failing()

    monkeypatch.setattr(ALL["gradient"], "begin", begin)
    counted = Census(monkeypatch)
    with pytest.raises(RuntimeError, match="half-way"):
        renderer.render(PRESET.replace(view="gradient"), SIZE, samples=samples)
    assert counted.alive() == {}
