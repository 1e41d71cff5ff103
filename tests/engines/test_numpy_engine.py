"""Networks drawn with NumPy into planes: the same picture in any steps, without compiling."""

from collections.abc import Iterator

import numpy as np
import pytest
from rows import NUMPY
from windowless import windowless

from cppn_gl.engines import coloring
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.products import Blocks
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.rates import Rates
from cppn_gl.nn.network import Layer
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import at_once, finish, within
from cppn_gl.utils.threads import thread_count

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
    size = (75, 61)
    planes = Planes(renderer.ctx, size)
    compiled = renderer.painter.programs.compiled
    drawing = NUMPY.begin(renderer.painter, planes, scene(WIDE), Region.of(size))
    steps = 1
    while not drawing.step(0.0):  # one layer of one block per core
        steps += 1
    assert steps == -(-len(Blocks.covering(size)) // thread_count()) * WIDE.spec.depth
    assert renderer.painter.programs.compiled == compiled
    expected = renderer.render(WIDE, size, 0.7, dtype="float32")
    assert np.abs(planes.read() - expected).max() < 5e-6
    planes.release()


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("budget", [0.0, 1e-3, 10.0])
@pytest.mark.parametrize("width", [1, 9, 30, 90, 130])
def test_pixels_do_not_depend_on_the_steps(
    renderer: Renderer, width: int, budget: float, samples: int
) -> None:
    assert renderer.ctx is not None
    of = scene(WIDE.replace(width=width))
    for size, part in (
        ((75, 61), (0, 0, 75, 61)),
        ((75, 61), (0, 13, 75, 21)),
        ((1100, 9), (7, 2, 500, 5)),
    ):
        planes, region = Planes(renderer.ctx, part[2:]), Region.of(size, samples).cut(*part)
        drawing = NUMPY.begin(renderer.painter, planes, of, region)
        while not drawing.step(within(budget)):
            pass
        assert np.array_equal(planes.read(), at_once(coloring.paint(Rates(), of, NUMPY, region)))
        planes.release()


@pytest.mark.parametrize("samples", [1, 2])
def test_a_part_of_a_picture(renderer: Renderer, samples: int) -> None:
    assert renderer.ctx is not None
    left, top, width, height = 7, 5, 20, 9
    planes = Planes(renderer.ctx, (width, height))
    region = Region.of(SIZE, samples).cut(left, top, width, height)
    finish(NUMPY.begin(renderer.painter, planes, scene(WIDE), region))
    whole = renderer.render(WIDE, SIZE, 0.7, samples=samples, dtype="float32")
    part = whole[top : top + height, left : left + width]
    assert np.abs(planes.read() - part).max() < 5e-6
    planes.release()


def test_wide_layers_are_scaled_one_at_a_time(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert renderer.ctx is not None
    planes, scaled = Planes(renderer.ctx, SIZE), []
    scale = Layer.scaled
    monkeypatch.setattr(
        Layer, "scaled", lambda layer, *scales: scaled.append(layer) or scale(layer, *scales)
    )
    one = scene(WIDE.replace(weight_scale=0.21))
    drawing = NUMPY.begin(renderer.painter, planes, one, Region.of(SIZE))
    for number in range(1, WIDE.spec.depth):
        assert not drawing.step(0.0)
        assert len(scaled) == number
    assert drawing.step(0.0)
    assert len(scaled) == WIDE.spec.depth
    planes.release()
