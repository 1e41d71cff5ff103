"""Wide networks drawn with NumPy into planes: the same picture, in slices, and nothing compiled."""

from collections.abc import Iterator

import numpy as np
import pytest
from windowless import windowless

from cppn_gl.engines.cpu.drawing import FEWEST, MOST, ONE_THREAD, RETRY, HostDrawing, Threads
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene

pytestmark = pytest.mark.gl

SIZE = (31, 17)
WIDE = Preset().replace(depth=4, width=90, inputs=["x", "r", "y", "t"], weight_scale=0.3, seed=8)
WIDE = WIDE.replace(center=(0.4, -0.2), extent=1.7)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


def scene(preset: Preset) -> Scene:
    return Scene(preset.network(), preset.view, preset.animation.clock(0.7))


def test_planes_give_back_what_was_written(renderer: Renderer) -> None:
    assert renderer.ctx is not None
    planes = Planes(renderer.ctx, SIZE)
    picture = np.random.default_rng(1).random((SIZE[1], SIZE[0], 3), dtype=np.float32)
    planes.write(picture)
    assert np.array_equal(planes.read(), picture)
    planes.release()


def test_it_is_the_picture_that_the_shader_draws(renderer: Renderer) -> None:
    assert renderer.ctx is not None
    planes = Planes(renderer.ctx, SIZE)
    compiled = renderer.painter.programs.compiled
    drawing = HostDrawing(renderer.painter, planes, scene(WIDE))
    steps = 1
    while not drawing.step(0.0):  # a slice at a time, however small
        steps += 1
    layers = WIDE.spec.depth  # each is a step, and is scaled in one, the last one but a moment ago
    assert steps >= -(-SIZE[0] * SIZE[1] // FEWEST) * layers + layers - 1
    assert renderer.painter.programs.compiled == compiled
    expected = renderer.render(WIDE, SIZE, 0.7, dtype="float32")
    assert np.abs(planes.read() - expected).max() < 5e-6
    planes.release()


@pytest.mark.parametrize("samples", [1, 2])
def test_a_part_of_a_picture(renderer: Renderer, samples: int) -> None:
    assert renderer.ctx is not None
    left, top, width, height = 7, 5, 20, 9
    planes = Planes(renderer.ctx, (width, height))
    drawing = HostDrawing(
        renderer.painter, planes, scene(WIDE), size=SIZE, offset=(left, top), samples=samples
    )
    while not drawing.step(0.01):
        pass
    whole = renderer.render(WIDE, SIZE, 0.7, samples=samples, dtype="float32")
    part = whole[top : top + height, left : left + width]
    assert np.abs(planes.read() - part).max() < 5e-6
    planes.release()


def test_narrow_networks_are_multiplied_in_one_thread(renderer: Renderer) -> None:
    assert renderer.ctx is not None
    for width in (1, 16, 40, 90):
        planes = Planes(renderer.ctx, SIZE)
        drawing = HostDrawing(renderer.painter, planes, scene(WIDE.replace(width=width)))
        most = drawing._most()
        assert 1 <= most <= MOST
        assert most * width**2 <= ONE_THREAD or most == MOST
        planes.release()


def test_it_learns_whether_several_threads_are_faster() -> None:
    threads = Threads()
    assert threads.one(10.0)
    threads.measured(True, 5e9)
    assert not threads.one(10.0)
    threads.measured(False, 1e9)
    assert not threads.one(10.0)  # the slower, now and then
    assert all(threads.one(10.0 + k / 10 * RETRY) for k in range(1, 10))
    assert not threads.one(10.01 + RETRY)
    for _ in range(5):
        threads.measured(False, 2e10)
    assert not threads.one(10.02 + RETRY)
    assert threads.one(10.03 + 2 * RETRY)


def test_wide_layers_are_scaled_in_slices(renderer: Renderer) -> None:
    assert renderer.ctx is not None
    planes = Planes(renderer.ctx, SIZE)
    wanted = scene(WIDE.replace(weight_scale=0.21))
    drawing = HostDrawing(renderer.painter, planes, wanted)
    drawing.step(0.0)
    assert "layers" not in vars(wanted.network)
    for _ in range(wanted.network.depth):
        drawing.step(0.0)
    assert "layers" in vars(wanted.network)
    planes.release()
