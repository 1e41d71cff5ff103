"""Several samples a pixel: the mean of a larger picture, on any size, a few rows at a time."""

import numpy as np
import pytest
from census import Census
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from viewing import stage_of

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.arrays import Samples, Size
from cppn_gl.utils.tasks import Stepping, Steps, Task, within
from cppn_gl.views import sampling, view_of
from cppn_gl.views.base import CPUView, Picture, mean_of_samples

SCENE = scene_of(Preset())


class Noise(CPUView):
    """Numbers of its own for every pixel, some of them beyond what can be shown."""

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        rows, columns = np.mgrid[: size[1], : size[0]]
        picture = np.stack([np.sin(a * columns + b * rows * columns) for a, b in KINDS], axis=2)
        for _ in range(3):
            yield
        return (1.5 * picture).astype(np.float32)


KINDS = ((1.7, 0.3), (2.9, 0.7), (0.4, 1.9))


def naive(fine: np.ndarray, samples: int) -> np.ndarray:
    height, width = fine.shape[0] // samples, fine.shape[1] // samples
    found = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):
            part = fine[y * samples : (y + 1) * samples, x * samples : (x + 1) * samples]
            found[y, x] = np.clip(part, 0, 1).mean(axis=(0, 1))
    return found


def sampled(renderer: Renderer, size: Size, samples: Samples, budget: float = 1.0) -> np.ndarray:
    assert renderer.ctx is not None
    with renderer.ctx as ctx:
        planes = Planes(ctx, size)
        drawing = sampling.begin(
            Noise(), stage_of(renderer), planes, SCENE, Region.of(size, samples)
        )
        while not drawing.step(within(budget)):
            pass
        assert drawing.step(within(budget))
        drawing.release()
        pixels = planes.read()
        planes.release()
    return pixels


def fine(size: Size, samples: int) -> np.ndarray:
    steps = Noise().paint(SCENE, (size[0] * samples, size[1] * samples))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


sizes = st.tuples(st.integers(1, 23), st.integers(1, 17))


@given(size=sizes, samples=st.integers(2, 16))
def test_the_mean_in_memory(size: Size, samples: int) -> None:
    large = fine(size, samples)
    found = mean_of_samples(large, samples)
    assert found.dtype == np.float32
    assert np.abs(found - naive(large, samples)).max() < 1e-6


@pytest.mark.gl
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(size=sizes, samples=st.integers(1, 16), budget=st.sampled_from([0.0, 1.0]))
def test_the_mean_on_the_device(
    renderer: Renderer, size: Size, samples: int, budget: float
) -> None:
    found, large = sampled(renderer, size, samples, budget), fine(size, samples)
    expected = large if samples == 1 else naive(large, samples)
    assert np.abs(found - expected).max() < 1e-6


@pytest.mark.gl
def test_one_sample_is_the_drawing_itself(renderer: Renderer) -> None:
    with renderer.ctx as ctx:
        planes = Planes(ctx, (4, 3))
        drawing = sampling.begin(Noise(), stage_of(renderer), planes, SCENE)
        assert drawing.done or isinstance(drawing, Stepping)
        planes.release()


@pytest.mark.gl
def test_a_large_mean_is_made_some_rows_at_a_step(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "AT_ONCE", 4 * 20 * 2)  # two rows of 20 pixels
    expected = naive(fine((20, 9), 2), 2)
    with renderer.ctx as ctx:
        planes = Planes(ctx, (20, 9))
        drawing = sampling.begin(Noise(), stage_of(renderer), planes, SCENE, Region.of((20, 9), 2))
        count = 1
        while not drawing.step(0.0):
            count += 1
        assert count == 3 + 5
        assert np.abs(planes.read() - expected).max() < 1e-6
        drawing.release()
        planes.release()


def test_a_view_that_is_not_drawn_by_pixel_has_a_fixed_number() -> None:
    region, view = Region.of((20, 9), "auto"), Noise()
    assert sampling.settled(view, region) == Region.of((20, 9), 1)
    view.auto = 3
    assert sampling.settled(view, region) == Region.of((20, 9), 3)
    assert sampling.settled(view, Region.of((20, 9), 3)).samples == 3
    picture = view_of(Preset())
    assert sampling.settled(picture, region) == region


@pytest.mark.gl
def test_it_is_drawn_with_that_number(renderer: Renderer) -> None:
    found = sampled(renderer, (20, 9), "auto")
    assert np.array_equal(found, sampled(renderer, (20, 9), Noise.samples))


@pytest.mark.gl
@pytest.mark.parametrize("steps", [0, 2, 9])
def test_nothing_is_left_when_it_is_dropped(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    sampled(renderer, (2, 2), 2)  # the program is kept
    with renderer.ctx as ctx:
        planes = Planes(ctx, (20, 9))
        counted = Census(monkeypatch)
        drawing = sampling.begin(Noise(), stage_of(renderer), planes, SCENE, Region.of((20, 9), 2))
        for _ in range(steps):
            drawing.step(0.0)
        drawing.release()
        assert counted.alive() == {}
        planes.release()


@pytest.mark.gl
def test_nothing_is_left_of_what_cannot_begin(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Noise):
        def begin(self, *args: object) -> Task:
            raise RuntimeError("it does not begin")

    with renderer.ctx as ctx:
        planes = Planes(ctx, (20, 9))
        counted = Census(monkeypatch)
        with pytest.raises(RuntimeError):
            sampling.begin(Broken(), stage_of(renderer), planes, SCENE, Region.of((20, 9), 2))
        assert counted.alive() == {}
        planes.release()
