"""Pictures drawn in tiles by every engine: tiles are invisible, and drawings are independent."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from rows import EACH, EXACT, FRAGMENT, NATIVE, NUMPY, TILED

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.cpu import native
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import within

pytestmark = pytest.mark.gl

SIZE = (37, 21)  # not a multiple of a texel or a workgroup
PRESET = Preset().replace(depth=3, width=5, inputs=["x", "y", "r"], center=[0.3, 0.1], seed=1)
SOME = (FRAGMENT, TILED, NATIVE, NUMPY)

each = pytest.mark.parametrize("engine", EACH)


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The native engine needs several calls even for such small pictures."""
    monkeypatch.setattr(native, "MAX_RUN", 16)


@pytest.fixture(scope="module")
def renderer(compute_shaders: None) -> Iterator[Renderer]:
    with Renderer("fragment") as one:
        assert one.ctx is not None
        with one.ctx:
            yield one
            assert one.ctx.error == "GL_NO_ERROR"


def scene(preset: Preset = PRESET, time: float = 0.0) -> Scene:
    return Scene(preset.network(), preset.view, preset.animation.clock(time))


def slow(renderer: Renderer) -> None:
    """Set rates so low that each tile has the minimum size."""
    renderer.painter._rates.clear()
    renderer.painter._last = dict.fromkeys(EXACT, 1.0)


def finished(drawing: Any, budget: float = 0.25) -> np.ndarray:
    while not drawing.step(within(budget)):
        pass
    picture: np.ndarray = drawing.planes.read()
    drawing.planes.release()
    return picture


def drawn(renderer: Renderer, engine: Engine, preset: Preset = PRESET, **keys: Any) -> np.ndarray:
    return finished(begun(renderer, engine, preset, **keys))


def begun(
    renderer: Renderer,
    engine: Engine,
    preset: Preset = PRESET,
    planes: tuple[int, int] = SIZE,
    region: Region | None = None,
) -> Any:
    """A drawing by an engine, with its planes."""
    target = Planes(renderer.ctx, planes)
    drawing: Any = engine.begin(
        renderer.painter, target, scene(preset), region or Region.of(planes)
    )
    drawing.planes = target
    return drawing


@each
@pytest.mark.parametrize("samples", [1, 2])
def test_tiles_do_not_show(renderer: Renderer, engine: Engine, samples: int) -> None:
    whole = drawn(renderer, engine, region=Region.of(SIZE, samples))
    slow(renderer)
    drawing = begun(renderer, engine, region=Region.of(SIZE, samples))
    steps = 0
    while not drawing.step(0.0):
        steps += 1
        assert steps < 2000
    assert steps >= 2
    assert drawing.step(0.0)  # draws nothing more
    assert finished(drawing).tobytes() == whole.tobytes()


@each
def test_samples_are_all_there_and_none_twice(renderer: Renderer, engine: Engine) -> None:
    white = PRESET.replace(weight_scale=0, bias_scale=0, output_activation="cos")
    for samples in (1, 2, 3, 5):
        picture = drawn(renderer, engine, white, region=Region.of(SIZE, samples))
        assert np.allclose(picture, 1, atol=1e-6)


@each
def test_an_offset_shows_a_part(renderer: Renderer, engine: Engine) -> None:
    whole = drawn(renderer, engine)
    part = drawn(renderer, engine, planes=(18, 7), region=Region.of(SIZE).cut(5, 3, 18, 7))
    assert np.abs(part - whole[3:10, 5:23]).max() < 1e-6


@each
def test_nothing_is_written_beside_the_planes(renderer: Renderer, engine: Engine) -> None:
    """A compute shader's last invocations exceed the picture, which must not affect the next."""
    for size in ((1, 1), (3, 5), (5, 1), (33, 2), (64, 9)):
        picture = drawn(renderer, engine, planes=size)
        assert picture.shape == (size[1], size[0], 3)
        expected = drawn(renderer, NUMPY, planes=size)
        assert np.abs(picture - expected).max() < 5e-6


def test_drawings_by_all_engines_at_once_do_not_disturb_each_other(renderer: Renderer) -> None:
    capabilities, network = renderer.chooser.capabilities, scene().network
    engines = [e for e in EXACT.values() if not e.problem(network, capabilities)]
    presets = [PRESET.replace(seed=k, depth=2 + k % 3) for k in range(len(engines))]
    expected = [drawn(renderer, *pair) for pair in zip(engines, presets, strict=True)]
    slow(renderer)
    drawings = [
        begun(renderer, engine, preset) for engine, preset in zip(engines, presets, strict=True)
    ]
    while not all(drawing.done for drawing in drawings):
        for drawing in drawings:
            drawing.step(0.0)
    for drawing, picture in zip(drawings, expected, strict=True):
        assert finished(drawing).tobytes() == picture.tobytes()


@each
def test_the_rate_is_kept_under_the_kind_that_others_ask_for(
    renderer: Renderer, engine: Engine
) -> None:
    slow(renderer)
    drawn(renderer, engine)
    kind = engine.rate_key(renderer.painter, scene().network)
    assert list(renderer.painter._rates) == [kind]
    assert renderer.painter.rate(kind) > 1


def test_a_step_draws_as_much_as_its_budget_allows(renderer: Renderer) -> None:
    renderer.painter._rates.clear()
    renderer.painter._last = dict.fromkeys(EXACT, 1e30)  # one tile
    planes = Planes(renderer.ctx, SIZE)
    drawing = FRAGMENT.begin(renderer.painter, planes, scene(), Region.of(SIZE))
    assert drawing.step(within(60.0))
    planes.release()


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("engine", [e for e in EACH if e.values[0] in SOME])
def test_how_much_is_drawn_grows_from_none_to_all(
    renderer: Renderer, engine: Engine, samples: int
) -> None:
    assert renderer.ctx is not None
    planes = Planes(renderer.ctx, (160, 120))
    drawing = engine.begin(renderer.painter, planes, scene(), Region.of((160, 120), samples))
    found = [drawing.fraction]
    while not drawing.step(0.0):
        found.append(drawing.fraction)
    planes.release()
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] < drawing.fraction == 1
