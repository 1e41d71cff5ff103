"""The window's picture: coarse at once, then fine, the renderer's own bytes in the end."""

from collections.abc import Iterator
from typing import Any

import moderngl
import numpy as np
import pytest
from windowless import windowless

from cppn_gl import painter as painting
from cppn_gl.network import NetworkSpec
from cppn_gl.painter import Drawing, Painter, Scene, work_per_pixel
from cppn_gl.preset import Preset, View
from cppn_gl.programs import Program
from cppn_gl.renderer import Renderer
from cppn_gl.shader import LANES, ShaderError, Structure
from cppn_gl.targets import Planes
from cppn_gl.viewer.canvas import FIRST_SECONDS, MAX_SCALE, Canvas

pytestmark = pytest.mark.gl

Size = tuple[int, int]
LONG = 60.0  # seconds: a drawing is done in one step
PRESET = Preset(spec=NetworkSpec(depth=3, width=5, inputs=("x", "y", "t"), seed=3))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


@pytest.fixture
def current(renderer: Renderer) -> Iterator[moderngl.Context]:
    """The context, free of errors in the end."""
    assert renderer.ctx is not None
    yield renderer.ctx
    assert renderer.ctx.error == "GL_NO_ERROR"


class Counted:
    """Planes that the canvas has made, and how many of them are not freed."""

    def __init__(self) -> None:
        self.sizes: list[Size] = []
        self.alive = 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    count = Counted()

    class CountedPlanes(Planes):
        def __init__(self, ctx: moderngl.Context, size: Size):
            super().__init__(ctx, size)
            count.sizes.append(size)
            count.alive += 1

        def release(self) -> None:
            super().release()
            count.alive -= 1

    monkeypatch.setattr("cppn_gl.viewer.canvas.Planes", CountedPlanes)
    return count


@pytest.fixture
def canvas(renderer: Renderer, current: moderngl.Context, counted: Counted) -> Iterator[Canvas]:
    one = Canvas(current, renderer.painter, 16384)
    yield one
    one.release()
    assert counted.alive == 0


def scene(preset: Preset = PRESET, time: float = 0.0) -> Scene:
    return Scene(preset.network(), preset.view, preset.animation.clock(time))


def expect(painter: Painter, of: Scene, size: Size, seconds: float) -> None:
    """Let the painter expect that a picture takes `seconds`, whatever it then measures."""
    kind = painter.structure(of.network)
    painter._rates[kind] = size[0] * size[1] * work_per_pixel(of.network) / seconds


def pixels(renderer: Renderer, canvas: Canvas) -> Any:
    assert canvas.front is not None
    return renderer.presenter.read(canvas.front)


def finish(canvas: Canvas) -> list[int]:
    """Draw until all is done; the scales of the pictures shown on the way."""
    scales = []
    for _ in range(100):
        if canvas.advance(LONG):
            scales.append(canvas.scale)
        elif not canvas.busy:
            return scales
    raise AssertionError("it never ends")


def until_shown(canvas: Canvas) -> None:
    """Draw, a tile at a time, until another picture is shown."""
    assert any(canvas.advance(0.0) for _ in range(10_000))


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
        (FIRST_SECONDS * 1e9, [MAX_SCALE, 16, 4, 1]),
    ],
)
def test_a_slow_picture_is_coarse_first(
    canvas: Canvas,
    renderer: Renderer,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    scales: list[int],
) -> None:
    monkeypatch.setattr(renderer.painter, "measured", lambda *args: None)
    # A tile is as large as the rate allows, so that the rate is for `_begin` alone to see.
    monkeypatch.setattr(Drawing, "step", whole)
    wanted, size = scene(), (70, 45)
    expect(renderer.painter, wanted, size, seconds)
    canvas.want(wanted, size)
    assert canvas.advance(LONG)
    assert canvas.scale == scales[0]
    assert canvas.front is not None
    assert canvas.front.size == (-(-70 // scales[0]), -(-45 // scales[0]))
    assert canvas.current
    assert canvas.finished == (scales[0] == 1)
    assert finish(canvas) == scales[1:]
    assert canvas.finished
    expected = renderer.render(PRESET, size=size)
    assert np.array_equal(pixels(renderer, canvas), expected)


def whole(self: Drawing, budget: float) -> bool:
    """Draw all in one tile, whatever was expected."""
    program = self.painter.load(self.scene)
    self.planes.target.use()
    self.planes.target.viewport = (0, 0, *self.planes.texels)
    self._frame()
    program.draw()
    self.done = True
    return True


def test_slices_of_time_give_the_same_bytes(canvas: Canvas, renderer: Renderer) -> None:
    wanted = scene(time=0.7)
    expect(renderer.painter, wanted, (61, 37), 1000.0)
    canvas.want(wanted, (61, 37))
    for _ in range(10_000):
        canvas.advance(0.0)  # one tile
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
    assert not canvas.advance(LONG)
    assert len(counted.sizes) == made


def one_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a drawing take many steps."""
    monkeypatch.setattr(painting.Painter, "measured", lambda *args: None)
    monkeypatch.setattr(painting.Painter, "rate", lambda self, kind: 1.0)


def test_the_first_drawing_is_finished_a_refinement_dropped(
    canvas: Canvas, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_tile(monkeypatch)
    size = (640, 360)
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
    assert counted.sizes[-1] == (40, 23)
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
    canvas = Canvas(current, renderer.painter, limit)
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
        view = View((k / 100, 0.0), 1.0 + k % 3)
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

    def refuse(kind: Structure) -> Program:
        if kind == broken:
            raise ShaderError("network.glsl:3: wrong")
        return get(kind)

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
    renderer: Renderer, current: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    speed, budget = 1e10, 0.001  # multiplications a second
    wanted = scene(Preset(spec=NetworkSpec(depth=64, width=512)))
    work = LANES * work_per_pixel(wanted.network)
    tiles: list[Size] = []
    measured = Painter.measured

    def drew(self: Program) -> None:  # nothing: how long it would take is worked out below
        self.warm = True

    def spy(self: Painter, kind: Structure, done: float, seconds: float) -> None:
        scissor = current.fbo.scissor if current.fbo else None
        assert scissor is not None
        tiles.append(scissor[2:])
        assert done == pytest.approx(scissor[2] * scissor[3] * work)
        measured(self, kind, done, done / speed)

    monkeypatch.setattr(Program, "draw", drew)
    monkeypatch.setattr(Painter, "measured", spy)
    canvas = Canvas(current, renderer.painter, 16384)
    canvas.want(wanted, (1280, 720))
    for _ in range(5):
        canvas.advance(budget)
    canvas.release()
    assert len(tiles) >= 5
    strip = painting.STRIP
    assert all(w * h <= strip * strip for w, h in tiles), tiles
    assert canvas.pictures <= 2  # 20 by 12 pixels, then finer
