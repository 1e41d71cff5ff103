"""Pictures one behind the other: the next is being drawn while the last is being read.

    shots -> begin() -> drawn, and on the way into a buffer -> pixels() -> (height, width, 3)

A picture's pixels travel into a buffer of the driver's own, so that nobody waits for them until
they are asked for, when the next picture is under way.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import moderngl
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
T = TypeVar("T")

MOST_IDLE = 2  # buffers kept for the next pictures: one being filled, one being read


class ReadbackPool:
    """Readings on one context, and the buffers they take turns with."""

    def __init__(self, ctx: moderngl.Context):
        self.ctx = ctx
        self._idle: list[Any] = []  # buffers, all of one size

    def start(
        self,
        source: moderngl.Framebuffer,
        unpack: Callable[[Pixels], Pixels],
        *,
        components: int = 3,
        dtype: str = "f1",
    ) -> "Readback":
        """Begin to read a framebuffer, as it will be when what was asked for is drawn.

        `components` and `dtype` as moderngl has them, "f1" for 8-bit pixels, "u4" for packed ones.
        `unpack` makes pixels of all its bytes, in its rows' order.
        """
        width, height = source.size
        size = width * height * components * int(dtype[1:])
        if self._idle and self._idle[-1].size != size:
            self.release()
        buffer = self._idle.pop() if self._idle else self.ctx.buffer(reserve=size)
        source.read_into(buffer, components=components, alignment=1, dtype=dtype)
        return Readback(self, buffer, unpack)

    def recycle(self, buffer: Any) -> None:
        """Keep a buffer for a later reading, or free it."""
        if len(self._idle) < MOST_IDLE and all(idle.size == buffer.size for idle in self._idle):
            self._idle.append(buffer)
        else:
            buffer.release()

    def release(self) -> None:
        """Free the buffers that are not in use."""
        for buffer in self._idle:
            buffer.release()
        self._idle = []


class Readback:
    """Pixels on their way from a framebuffer. They can be had once, or dropped."""

    def __init__(self, readbacks: ReadbackPool, buffer: Any, unpack: Callable[[Pixels], Pixels]):
        self._readbacks, self._buffer, self._unpack = readbacks, buffer, unpack

    def pixels(self) -> Pixels:
        """The (height, width, 3) pixels, waiting for them."""
        data = np.empty(self._buffer.size, np.uint8)
        self._buffer.read_into(data)
        self.drop()
        return self._unpack(data)

    def drop(self) -> None:
        """Do without the pixels. Does nothing once they were had."""
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            self._readbacks.recycle(buffer)


class PendingPicture(Protocol):
    """A picture begun. Its pixels can be had once, or dropped."""

    def pixels(self) -> Pixels:
        """The (height, width, 3) pixels, row 0 on top, waiting for them."""

    def drop(self) -> None:
        """Do without the pixels. Does nothing once they were had."""


class FinishedPicture:
    """A picture that was drawn at once."""

    def __init__(self, pixels: Pixels):
        self._pixels = pixels

    def pixels(self) -> Pixels:
        """The pixels."""
        pixels, self._pixels = self._pixels, self._pixels[:0]
        return pixels

    def drop(self) -> None:
        """Do without the pixels."""
        self._pixels = self._pixels[:0]


class Mosaic:
    """A picture of `size` pixels in regions: where each lies (left, top), and its reading.

    `current` holds the context current that they are read on.
    """

    def __init__(
        self,
        size: tuple[int, int],
        regions: list[tuple[tuple[int, int], Readback]],
        current: Callable[[], AbstractContextManager[None]],
    ):
        self._size, self._regions, self._current = size, regions, current

    def pixels(self) -> Pixels:
        """The pixels of all regions, waiting for them."""
        with self._current():
            if len(self._regions) == 1:
                return self._regions[0][1].pixels()
            picture = np.empty((self._size[1], self._size[0], 3), np.uint8)
            for (left, top), reading in self._regions:
                pixels = reading.pixels()
                picture[top : top + len(pixels), left : left + pixels.shape[1]] = pixels
        return picture

    def drop(self) -> None:
        """Do without the pixels."""
        with self._current():
            for _, reading in self._regions:
                reading.drop()


def pipelined(
    begin: Callable[[T], PendingPicture], shots: Iterable[T]
) -> Generator[Pixels, None, None]:
    """The pictures of some shots, in order, each asked for when the next has been begun.

    Two pictures are alive in here at the most: one begun, one that is handed over.
    """
    waiting: list[PendingPicture] = []
    try:
        for shot in shots:
            waiting.append(begin(shot))
            if len(waiting) > 1:
                yield waiting.pop(0).pixels()
        while waiting:
            yield waiting.pop(0).pixels()
    finally:
        for coming in waiting:
            coming.drop()
