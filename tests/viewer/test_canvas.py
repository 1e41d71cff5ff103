"""The window's progressive drawing: coarse first, then refined, finally the renderer's bytes."""

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest
from rows import COMPUTE, FRAGMENT, NUMPY
from windowless import windowless

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl import drawing as drawings
from cppn_gl.engines.gl import painter as painting
from cppn_gl.engines.gl.packing import frame_block
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.pipeline import Pipeline
from cppn_gl.engines.gl.programs import FragmentProgram, Program
from cppn_gl.engines.gl.recolor import Recolor
from cppn_gl.engines.gl.shader import LANES, ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network
from cppn_gl.nn.sources import Random
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.color import Color, ValueRange, colored
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import Scene, scene_of, work_per_pixel
from cppn_gl.utils.tasks import Steps
from cppn_gl.viewer import canvas as canvases
from cppn_gl.viewer.canvas import (
    FIRST_SECONDS,
    MAX_SCALE,
    PATIENCE,
    SAMPLING_SECONDS,
    Canvas,
)
from cppn_gl.viewer.engine_selector import Pick
from cppn_gl.views.picture import SAMPLES

pytestmark = pytest.mark.gl

Size = tuple[int, int]
LONG = 60.0  # seconds: a drawing is done in one step
PRESET = Preset(spec=Random(depth=3, width=5, inputs=("x", "y", "t"), seed=3))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


@pytest.fixture
def current(renderer: Renderer) -> Iterator[moderngl.Context]:
    """The context; fails if a test leaves a GL error."""
    assert renderer.ctx is not None
    yield renderer.ctx
    assert renderer.ctx.error == "GL_NO_ERROR"


class Engines:
    """An EngineSelector whose picks the tests set."""

    def __init__(self, painter: Painter):
        self.painter = painter
        self.engine: Engine = FRAGMENT
        self.stand_in = self.compiles = self.pending = False
        self.compiled: list[tuple[Engine, int]] = []

    def pick(self, of: Scene, samples: int = 1, *, rest: bool = False) -> Pick:
        return Pick(self.engine, "key", self.compiles, self.stand_in)

    def pick_for(self, network: Network) -> Pick:
        return Pick(self.engine, "key", compiles=False, stand_in=False)

    def compile(self, key: str, of: Scene, engine: Engine, samples: int) -> None:
        self.compiled.append((engine, samples))
        self.compiles = False


class Counted:
    """Counts the planes that the canvas has created and not freed."""

    def __init__(self) -> None:
        self.sizes: list[Size] = []
        self.alive = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    count = Counted()

    class CountedPlanes(Planes):
        def __init__(self, ctx: moderngl.Context, size: Size, channels: int = 3):
            super().__init__(ctx, size, channels)
            count.sizes.append(size)
            count.alive += 1

        def release(self) -> None:
            super().release()
            count.alive -= 1

    monkeypatch.setattr("cppn_gl.viewer.canvas.Planes", CountedPlanes)
    return count


@pytest.fixture
def engines(renderer: Renderer) -> Engines:
    return Engines(renderer.painter)


@pytest.fixture
def canvas(engines: Any, current: moderngl.Context, counted: Counted) -> Iterator[Canvas]:
    one = Canvas(current, engines, 16384)
    yield one
    one.release()
    assert counted.alive == 0


def scene(preset: Preset = PRESET, time: float = 0.0) -> Scene:
    return Scene(preset.network(), preset.view, preset.animation.clock(time))


def expect(painter: Painter, of: Scene, size: Size, seconds: float) -> None:
    """Make the painter expect `seconds` for a picture, whatever it measures."""
    kind = FRAGMENT.rate_key(painter, of.network)
    painter._rates[kind] = size[0] * size[1] * work_per_pixel(of.network) / seconds


def pixels(renderer: Renderer, canvas: Canvas) -> Any:
    assert canvas.front is not None
    return renderer.presenter.read(canvas.front)


def finish(canvas: Canvas) -> list[int]:
    """Draw until full resolution is shown; returns the scales of the pictures on the way."""
    scales = []
    for _ in range(100):
        if canvas.advance(LONG, still=False):
            scales.append(canvas.scale)
        elif not canvas.busy:
            return scales
    raise AssertionError("it never ends")


def until_shown(canvas: Canvas) -> None:
    """Draw tile by tile until another picture is shown."""
    assert any(canvas.advance(0.0, still=False) for _ in range(10_000))


def test_nothing_is_wanted_at_first(canvas: Canvas) -> None:
    assert not canvas.advance(LONG)
    assert not canvas.busy
    assert not canvas.finished
    assert canvas.front is None
    assert canvas.shown is None


def test_a_quick_picture_is_fine_at_once(canvas: Canvas, renderer: Renderer) -> None:
    wanted = scene()
    expect(renderer.painter, wanted, (48, 27), FIRST_SECONDS / 2)
    canvas.want(wanted, (48, 27))
    assert finish(canvas) == [1]
    assert canvas.finished
    assert canvas.current
    assert canvas.shown is wanted
    assert canvas.pictures == 1


@pytest.mark.parametrize(
    ("seconds", "scales"),
    [
        (FIRST_SECONDS * 3, [2, 1]),
        (FIRST_SECONDS * 15, [4, 1]),
        (FIRST_SECONDS * 60, [8, 2, 1]),
        (FIRST_SECONDS * 1e9, [128, 64, 32, 16, 8, 4, 2, 1]),  # REFINE_SLOW
    ],
)
def test_a_slow_picture_is_coarse_first(
    canvas: Canvas,
    renderer: Renderer,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    scales: list[int],
) -> None:
    monkeypatch.setattr(renderer.painter, "record", lambda *args: None)
    # The rate also determines the size of tiles, so it is set only while `_begin` runs.
    monkeypatch.setattr(drawings, "draw", whole)
    wanted, size = scene(), (70, 45)
    expect(renderer.painter, wanted, size, seconds)
    canvas.want(wanted, size)
    assert canvas.advance(LONG, still=False)
    assert canvas.scale == scales[0]
    assert canvas.front is not None
    assert canvas.front.size == (-(-70 // scales[0]), -(-45 // scales[0]))
    assert canvas.current
    assert canvas.finished == (scales[0] == 1)
    assert finish(canvas) == scales[1:]
    assert canvas.finished
    expected = renderer.render(PRESET, size=size)
    assert np.array_equal(pixels(renderer, canvas), expected)


def whole(
    painter: Painter, target: Planes, of: Scene, region: Region, pipeline: Pipeline
) -> Steps[None]:
    """Draw everything in one tile, whatever time was expected."""
    yield
    program = painter.load(of, pipeline)
    painter.frame(frame_block(of, region))
    program.draw(target, (0, 0, *target.texels))


def test_slices_of_time_give_the_same_bytes(canvas: Canvas, renderer: Renderer) -> None:
    wanted = scene(time=0.7)
    expect(renderer.painter, wanted, (61, 37), 1000.0)
    canvas.want(wanted, (61, 37))
    for _ in range(10_000):
        canvas.advance(0.0, still=False)  # one tile
        if canvas.finished:
            break
    expected = renderer.render(PRESET, size=(61, 37), time=0.7)
    assert np.array_equal(pixels(renderer, canvas), expected)


def test_the_same_again_changes_nothing(canvas: Canvas, counted: Counted) -> None:
    wanted = scene()
    canvas.want(wanted, (40, 20))
    finish(canvas)
    made = len(counted.sizes)
    canvas.want(wanted, (40, 20))
    canvas.want(Scene(wanted.network, wanted.view, wanted.clock), (40, 20))
    assert canvas.finished
    assert not canvas.advance(LONG, still=False)
    assert len(counted.sizes) == made


def one_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a drawing take many steps."""
    monkeypatch.setattr(painting.Painter, "record", lambda *args: None)
    monkeypatch.setattr(painting.Painter, "rate", lambda self, kind: 1.0)


def test_the_first_drawing_is_finished_a_refinement_dropped(
    canvas: Canvas, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_tile(monkeypatch)
    size = (6400, 3600)
    first, second, third = (scene(time=float(k)) for k in range(3))
    canvas.want(first, size)
    assert not canvas.advance(0.0)
    canvas.want(second, size)
    assert canvas.busy
    until_shown(canvas)
    assert canvas.shown is first  # a held key shows something
    assert not canvas.current
    until_shown(canvas)
    assert canvas.shown is second
    assert canvas.scale == MAX_SCALE
    assert not canvas.advance(0.0)  # finer
    assert counted.sizes[-1] == (100, 57)  # REFINE_SLOW
    assert counted.alive == 2
    canvas.want(third, size)
    assert not canvas.busy
    assert counted.alive == 1
    until_shown(canvas)
    assert canvas.shown is third
    assert canvas.scale == MAX_SCALE


def test_the_same_wanted_again_does_not_drop_a_refinement(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_tile(monkeypatch)
    wanted = scene()
    canvas.want(wanted, (640, 360))
    until_shown(canvas)
    canvas.advance(0.0)
    canvas.want(wanted, (640, 360))
    assert canvas.busy


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (37, 1), (3, 2), (5, 5), (127, 31), (33, 64)])
def test_any_size(canvas: Canvas, renderer: Renderer, size: Size) -> None:
    canvas.want(scene(), size)
    finish(canvas)
    assert np.array_equal(pixels(renderer, canvas), renderer.render(PRESET, size=size))


@pytest.mark.parametrize("limit", [100, 64, 33, 10])
@pytest.mark.parametrize("seconds", [1e-3, 1e3])
def test_no_side_is_longer_than_the_driver_allows(
    renderer: Renderer, current: moderngl.Context, counted: Counted, limit: int, seconds: float
) -> None:
    engines: Any = Engines(renderer.painter)
    canvas = Canvas(current, engines, limit)
    wanted, size = scene(), (100, 41)
    expect(renderer.painter, wanted, size, seconds)
    canvas.want(wanted, size)
    finish(canvas)
    assert canvas.finished
    assert canvas.scale == -(-100 // limit)
    assert max(side for made in counted.sizes for side in made) <= limit
    canvas.release()
    assert counted.alive == 0


def test_a_new_size_is_drawn_anew(canvas: Canvas) -> None:
    wanted = scene()
    canvas.want(wanted, (40, 20))
    finish(canvas)
    canvas.want(wanted, (50, 20))
    assert not canvas.current
    finish(canvas)
    assert canvas.front is not None
    assert canvas.front.size == (50, 20)


def test_nothing_leaks(
    canvas: Canvas, renderer: Renderer, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_tile(monkeypatch)
    network = PRESET.network()
    for k in range(200):
        view = Viewport((k / 100, 0.0), 1.0 + k % 3)
        canvas.want(Scene(network, view, PRESET.animation.clock(0.0)), (90 + k % 2, 50))
        for _ in range(k % 7):
            canvas.advance(0.0)
        assert counted.alive <= 2
    canvas.release()
    assert counted.alive == 0
    assert len(renderer.painter.programs) == 1
    assert len(counted.sizes) > 50


def test_invalidate_draws_again_and_keeps_the_old_meanwhile(canvas: Canvas) -> None:
    wanted = scene()
    canvas.want(wanted, (40, 20))
    finish(canvas)
    front, pictures = canvas.front, canvas.pictures
    canvas.invalidate()
    assert canvas.front is front
    assert not canvas.finished
    finish(canvas)
    assert canvas.finished
    assert canvas.pictures > pictures


def test_the_first_scale_does_not_flicker(canvas: Canvas, renderer: Renderer) -> None:
    scales = []
    for k, seconds in enumerate([1.5, 0.95, 1.05, 0.9, 0.6]):
        wanted = scene(time=float(k))
        expect(renderer.painter, wanted, (48, 27), FIRST_SECONDS * seconds)
        canvas.want(wanted, (48, 27))
        until_shown(canvas)
        scales.append(canvas.scale)
    assert scales == [2, 2, 2, 2, 1]


def test_a_shader_that_does_not_compile_is_told_once(
    canvas: Canvas, renderer: Renderer, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = scene()
    canvas.want(good, (40, 20))
    finish(canvas)
    bad = scene(PRESET.replace(activation="sin"))
    get, broken = renderer.painter.programs.get, renderer.painter.structure(bad.network)

    def refuse(kind: Any, *args: Any, **keys: Any) -> Program:
        if kind == broken:
            raise ShaderError("network.glsl:3: wrong")
        return get(kind, *args, **keys)

    monkeypatch.setattr(renderer.painter.programs, "get", refuse)
    canvas.want(bad, (40, 20))
    with pytest.raises(ShaderError):
        canvas.advance(LONG)
    for k in range(3):
        canvas.want(scene(PRESET.replace(activation="sin"), time=float(k)), (40, 20))
        assert not canvas.advance(LONG)
    assert canvas.shown is good
    assert counted.alive == 1
    canvas.want(good, (40, 20))
    assert canvas.finished
    canvas.want(bad, (40, 20))
    monkeypatch.setattr(renderer.painter.programs, "get", get)
    canvas.invalidate()
    finish(canvas)
    assert canvas.shown is bad


def test_a_huge_network_is_drawn_in_small_tiles(
    renderer: Renderer, current: moderngl.Context, engines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    speed, budget = 1e10, 0.001  # multiplications a second
    wanted = scene(Preset(spec=Random(depth=64, width=512)))
    work = LANES * work_per_pixel(wanted.network)
    tiles: list[Size] = []
    record = Painter.record

    def drew(self: Program, planes: Any, rect: Any, *, additive: bool = False) -> None:
        self.drawn = {
            False: True,
            True: True,
        }  # nothing: how long it would take is worked out below
        if rect[2]:
            tiles.append(rect[2:])

    def spy(self: Painter, kind: Any, done: float, seconds: float) -> None:
        assert done == pytest.approx(tiles[-1][0] * tiles[-1][1] * work)
        record(self, kind, done, done / speed)

    monkeypatch.setattr(FragmentProgram, "draw", drew)
    monkeypatch.setattr(Painter, "record", spy)
    canvas = Canvas(current, engines, 16384)
    canvas.want(wanted, (1280, 720))
    for _ in range(5):
        canvas.advance(budget)
    canvas.release()
    assert len(tiles) >= 5
    strip = drawings.STRIP
    assert all(w * h <= strip * strip for w, h in tiles), tiles
    assert canvas.pictures <= 3  # 10 by 6 pixels, then finer


@pytest.mark.parametrize("size", [(101, 67), (257, 31), (33, 120)])
@pytest.mark.parametrize("kind", ["minmax", "percentile"])
@pytest.mark.parametrize("view", ["picture", "signal", "layers", "sheet"])
def test_coarse_and_fine_pictures_are_stretched_alike(
    canvas: Canvas,
    renderer: Renderer,
    monkeypatch: pytest.MonkeyPatch,
    view: str,
    kind: str,
    size: Size,
) -> None:
    """A point has exactly the same colour at every scale."""
    preset = PRESET.replace(view=view, stretch=kind, mapping="magma", depth=3, cols="seed=1:3")
    ends: list[ValueRange] = []

    def spy(values: np.ndarray, color: Color, of: ValueRange) -> np.ndarray:
        ends.append(of)
        return colored(values, color, of)

    def seen(self: Recolor, color: Color, of: ValueRange, *others: Any) -> None:
        ends.append(of)
        chosen(self, color, of, *others)

    chosen = Recolor.set
    monkeypatch.setattr(Recolor, "set", seen)
    monkeypatch.setattr("cppn_gl.views.layers.colored", spy)
    monkeypatch.setattr(Canvas, "_first_scale", lambda *args: 64)
    canvas.want(scene_of(preset), size)
    assert finish(canvas) == [64, 16, 4, 1]
    sampled(canvas)
    assert len(ends) >= 4
    assert len({repr(of) for of in ends}) == (3 if view in ("layers", "sheet") else 1)


# More samples


def sampled(canvas: Canvas) -> None:
    """Draw until the picture is supersampled."""
    for _ in range(1000):
        canvas.advance(LONG)
        if canvas.rests():
            return
    raise AssertionError("it never ends")


@pytest.mark.parametrize("engine", [FRAGMENT, NUMPY, COMPUTE[4]])
def test_at_rest_it_has_all_samples(
    canvas: Canvas, engines: Engines, renderer: Renderer, counted: Counted, engine: Engine
) -> None:
    engines.engine = engine
    wanted = scene(time=0.3)
    canvas.want(wanted, (62, 45))
    finish(canvas)
    assert (canvas.samples, canvas.progress) == (1, 0.0)
    assert not canvas.rests()
    assert canvas.rests(still=False)
    pictures, changes = canvas.pictures, canvas.changes
    sampled(canvas)
    assert (canvas.samples, canvas.progress) == (SAMPLES, 1.0)
    assert canvas.finished
    assert canvas.engine == engine
    assert canvas.pictures == pictures + 1
    assert canvas.changes > changes
    assert not canvas.advance(LONG)
    expected = renderer.render(PRESET, (62, 45), 0.3, samples=SAMPLES)
    assert np.abs(pixels(renderer, canvas).astype(int) - expected).max() <= 1
    assert counted.alive == 1


def test_a_picture_with_alpha_has_it_from_the_draft_to_all_samples(
    canvas: Canvas, engines: Engines, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    preset = PRESET.replace(outputs=4, extent=3.0, mapping="oklch")
    size = (62, 45)
    monkeypatch.setattr(canvases, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(canvases, "BAND_PIXELS", 10 * size[0])
    canvas.want(scene_of(preset), size)
    until_shown(canvas)
    assert canvas.scale > 1
    assert pixels(renderer, canvas).shape[2] == 4
    finish(canvas)
    assert np.array_equal(pixels(renderer, canvas), renderer.render(preset, size))
    sampled(canvas)
    expected = renderer.render(preset, size, samples=SAMPLES)
    assert np.abs(pixels(renderer, canvas).astype(int) - expected).max() <= 1
    canvas.want(scene_of(preset.replace(outputs=3)), size)
    finish(canvas)
    assert pixels(renderer, canvas).shape[2] == 3


def test_samples_come_band_by_band_and_are_dropped_when_something_moves(
    canvas: Canvas, renderer: Renderer, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvases, "BAND_SECONDS", 0.0)
    size = (40, 3 * canvases.FEWEST_ROWS + 1)
    canvas.want(scene(), size)
    finish(canvas)
    before, rows = pixels(renderer, canvas), canvases.FEWEST_ROWS
    assert not canvas.advance(LONG)  # a band is no picture
    assert canvas.progress == rows / size[1]
    expected = renderer.render(PRESET, size, samples=SAMPLES)
    now = pixels(renderer, canvas)
    assert np.array_equal(now[:rows], expected[:rows])
    assert np.array_equal(now[rows:], before[rows:])
    canvas.advance(0.0)
    other = scene(time=1.0)
    canvas.want(other, size)
    assert not canvas.busy
    finish(canvas)
    assert canvas.shown is other
    assert (canvas.samples, canvas.progress) == (1, 0.0)
    assert counted.alive == 1


def test_what_moves_gets_no_samples(canvas: Canvas) -> None:
    canvas.want(scene(), (40, 30))
    finish(canvas)
    for _ in range(3):
        assert not canvas.advance(LONG, still=False)
    assert not canvas.busy
    assert canvas.samples == 1


@pytest.mark.parametrize(("share", "samples"), [(0.9, SAMPLES), (1.1, 1)])
def test_samples_that_would_take_minutes_are_not_drawn(
    canvas: Canvas,
    renderer: Renderer,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    samples: int,
) -> None:
    monkeypatch.setattr(renderer.painter, "record", lambda *args: None)
    wanted, size = scene(), (24, 16)
    canvas.want(wanted, size)
    finish(canvas)
    expect(renderer.painter, wanted, size, share * SAMPLING_SECONDS / SAMPLES**2)
    for _ in range(10_000):
        canvas.advance(0.05)
        if canvas.rests():
            break
    assert canvas.samples == samples


def test_samples_wait_a_while_for_the_helper(
    canvas: Canvas, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines.pending = True
    canvas.want(scene(), (40, 30))
    finish(canvas)
    canvas.advance(LONG)
    assert canvas.rests()
    assert canvas.samples == 1
    canvas._since -= PATIENCE
    assert not canvas.rests()
    sampled(canvas)
    assert canvas.samples == SAMPLES


# Engines


def test_compiling_has_a_turn_of_its_own(canvas: Canvas, engines: Engines) -> None:
    engines.compiles = True
    canvas.want(scene(), (40, 30))
    assert not canvas.advance(LONG)
    assert engines.compiled == [(FRAGMENT, 1)]
    assert not canvas.busy
    assert canvas.advance(LONG)
    engines.compiles = True
    canvas.advance(LONG)
    assert engines.compiled[1:] == [(FRAGMENT, SAMPLES)]


def test_a_refinement_by_a_stand_in_gives_way(
    canvas: Canvas, engines: Engines, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_tile(monkeypatch)
    engines.engine, engines.stand_in = NUMPY, True
    canvas.want(scene(), (640, 360))
    until_shown(canvas)
    assert canvas.engine == NUMPY
    canvas.advance(0.0)
    assert canvas.busy
    engines.engine, engines.stand_in = FRAGMENT, False
    made = len(counted.sizes)
    until_shown(canvas)
    assert canvas.engine == FRAGMENT
    assert counted.sizes[made] == counted.sizes[made - 1]  # the same again


def test_a_first_picture_by_a_stand_in_is_finished(
    canvas: Canvas, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_tile(monkeypatch)
    engines.engine, engines.stand_in = NUMPY, True
    canvas.want(scene(), (640, 360))
    canvas.advance(0.0)
    engines.engine, engines.stand_in = FRAGMENT, False
    until_shown(canvas)
    assert canvas.engine == NUMPY


def test_the_progress_told_only_grows(
    canvas: Canvas, renderer: Renderer, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, size = scene(), (301, 200)
    expect(renderer.painter, of, size, 100 * FIRST_SECONDS)
    engines.engine = NUMPY
    canvas.want(of, size)
    assert canvas.progress_words == ""
    told: list[str] = []
    for _ in range(100_000):
        canvas.advance(0.0, still=True)
        if canvas.progress_words:
            told.append(canvas.progress_words)
        if canvas.rests():
            break
    numbers: dict[str, list[int]] = {}
    for words in told:
        what, _, number = words.partition(", ")
        numbers.setdefault(what, []).append(int(number.rstrip(" %") or 0))
    assert "refining edges" in numbers
    assert all(found == sorted(found) for found in numbers.values())
    assert canvas.progress_words == ""
