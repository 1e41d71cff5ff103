"""Wide networks drawn with NumPy into planes: the same picture, in slices, and nothing compiled."""

from collections.abc import Iterator

import numpy as np
import pytest
from windowless import windowless

from cppn_gl.geometry import pixel_points, pixel_points_at
from cppn_gl.host_drawing import FEWEST, HostDrawing
from cppn_gl.painter import Scene
from cppn_gl.preset import Preset
from cppn_gl.renderer import Renderer
from cppn_gl.targets import Planes
from cppn_gl.viewer.canvas import Canvas

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


def test_points_by_number_are_those_of_the_grid() -> None:
    x, y = pixel_points(SIZE, (0.4, -0.2), 1.7)
    numbered = pixel_points_at(np.arange(SIZE[0] * SIZE[1]), SIZE, (0.4, -0.2), 1.7)
    assert np.array_equal(numbered, [x.ravel(), y.ravel()])


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
    assert steps == -(-SIZE[0] * SIZE[1] // FEWEST)
    assert renderer.painter.programs.compiled == compiled
    expected = renderer.render(WIDE, SIZE, 0.7, dtype="float32")
    assert np.abs(planes.read() - expected).max() < 5e-6
    planes.release()


@pytest.mark.parametrize(
    ("width", "software", "compiles"), [(90, True, 0), (8, True, 1), (90, False, 1)]
)
def test_the_canvas_draws_wide_networks_so_on_a_software_renderer(
    renderer: Renderer, width: int, software: bool, compiles: int
) -> None:
    assert renderer.ctx is not None
    preset = WIDE.replace(width=width, activation="gaussian" if software else "cos")
    before = renderer.painter.programs.compiled
    canvas = Canvas(renderer.ctx, renderer.painter, 4096, software=software)
    canvas.want(scene(preset), SIZE)
    while not canvas.finished:
        canvas.advance(0.01)
    assert renderer.painter.programs.compiled - before == compiles
    assert canvas.front is not None
    expected = renderer.render(preset, SIZE, 0.7, dtype="float32")
    assert np.abs(canvas.front.read() - expected).max() < 5e-6
    canvas.release()
