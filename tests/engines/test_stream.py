"""Asynchronous readback: pictures in order and complete, few buffers, no leaks."""

import contextlib
from collections.abc import Iterator

import moderngl
import numpy as np
import pytest

from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.stream import (
    FinishedPicture,
    Mosaic,
    Pixels,
    Readback,
    ReadbackPool,
    pipelined,
)


@pytest.fixture(scope="module")
def ctx() -> Iterator[moderngl.Context]:
    ctx = open_context()
    with ctx:
        yield ctx
    ctx.release()


def picture(number: int, size: tuple[int, int] = (5, 3)) -> Pixels:
    return np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)


def reading(ctx: moderngl.Context, readbacks: ReadbackPool, pixels: Pixels) -> Readback:
    """A readback of a framebuffer with these pixels, which is then overwritten."""
    height, width, _ = pixels.shape
    target = ctx.framebuffer([ctx.texture((width, height), 3, pixels.tobytes(), alignment=1)])
    begun = readbacks.start(target, lambda data: data.reshape(height, width, 3))
    target.clear(0.5, 0.5, 0.5)
    for owned in (*target.color_attachments, target):
        owned.release()
    return begun


class Log:
    """Begins pictures that consist of a number only, and logs their method calls."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []

    def begin(self, number: int) -> "Logged":
        self.events.append(("begin", number))
        return Logged(self, number)


class Logged:
    def __init__(self, log: Log, number: int):
        self.log, self.number = log, number

    def pixels(self) -> Pixels:
        self.log.events.append(("pixels", self.number))
        return np.full((1, 1, 3), self.number, np.uint8)

    def drop(self) -> None:
        self.log.events.append(("drop", self.number))


@pytest.mark.gl
def test_a_readback_has_the_pixels_of_when_it_was_begun(ctx: moderngl.Context) -> None:
    readbacks = ReadbackPool(ctx)
    begun = [reading(ctx, readbacks, picture(k)) for k in range(3)]
    for k, one in enumerate(begun):
        assert np.array_equal(one.pixels(), picture(k))
    readbacks.release()
    assert ctx.error == "GL_NO_ERROR"


@pytest.mark.gl
def test_two_buffers_take_turns(ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = moderngl.Context.buffer

    def counted(*args: object, **keys: object) -> moderngl.Buffer:
        made.append(make(*args, **keys))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(moderngl.Context, "buffer", counted)
    readbacks = ReadbackPool(ctx)
    shown = pipelined(lambda k: reading(ctx, readbacks, picture(k)), range(9))
    assert all(np.array_equal(pixels, picture(k)) for k, pixels in enumerate(shown))
    assert len(made) == 2
    other = reading(ctx, readbacks, picture(9, (4, 4)))  # of another size: the old ones are freed
    assert np.array_equal(other.pixels(), picture(9, (4, 4)))
    readbacks.release()
    assert len(made) == 3
    assert {type(buffer.mglo).__name__ for buffer in made} == {"InvalidObject"}


@pytest.mark.gl
def test_a_dropped_readback_returns_its_buffer(ctx: moderngl.Context) -> None:
    readbacks = ReadbackPool(ctx)
    first = reading(ctx, readbacks, picture(1))
    buffer = first._buffer
    first.drop()
    first.drop()
    again = reading(ctx, readbacks, picture(2))
    assert again._buffer is buffer
    assert np.array_equal(again.pixels(), picture(2))
    readbacks.release()


@pytest.mark.gl
@pytest.mark.parametrize("parts", [1, 4])
def test_regions_make_one_picture(ctx: moderngl.Context, parts: int) -> None:
    whole, readbacks, held = picture(3, (7, 5)), ReadbackPool(ctx), []

    @contextlib.contextmanager
    def current() -> Iterator[None]:
        held.append(True)
        yield

    corners = (
        [(0, 0, 7, 5)] if parts == 1 else [(0, 0, 4, 3), (4, 0, 3, 3), (0, 3, 4, 2), (4, 3, 3, 2)]
    )
    regions = [
        (
            (left, top),
            reading(ctx, readbacks, whole[top : top + height, left : left + width].copy()),
        )
        for left, top, width, height in corners
    ]
    mosaic = Mosaic((7, 5), regions, current)
    assert np.array_equal(mosaic.pixels(), whole)
    mosaic.drop()
    assert held
    readbacks.release()


def test_the_next_is_begun_before_the_last_is_read() -> None:
    log = Log()
    assert [int(pixels[0, 0, 0]) for pixels in pipelined(log.begin, range(3))] == [0, 1, 2]
    begun = [("begin", 0), ("begin", 1), ("pixels", 0), ("begin", 2), ("pixels", 1), ("pixels", 2)]
    assert log.events == begun


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures(count: int) -> None:
    assert len(list(pipelined(Log().begin, range(count)))) == count


def test_pictures_that_are_not_taken_are_dropped() -> None:
    log = Log()
    with contextlib.closing(pipelined(log.begin, range(9))) as pictures:
        next(pictures)
    assert log.events[-1] == ("drop", 1)


def test_a_picture_that_cannot_be_begun_drops_the_one_before() -> None:
    log = Log()

    def begin(number: int) -> Logged:
        if number == 1:
            raise ZeroDivisionError
        return log.begin(number)

    with pytest.raises(ZeroDivisionError):
        list(pipelined(begin, range(3)))
    assert log.events == [("begin", 0), ("drop", 0)]


def test_a_finished_picture_is_read_once() -> None:
    ready = FinishedPicture(picture(4))
    assert np.array_equal(ready.pixels(), picture(4))
    assert ready.pixels().size == 0  # no longer referenced
    ready.drop()
