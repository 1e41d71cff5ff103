"""Asynchronous readback: the next picture is drawn while the pixels of the last are transferred.

    shots -> begin() -> PendingPicture (being copied to a pixel buffer) -> pixels()

Pixels are copied to a buffer object of the driver. The program waits for them only when it asks for
them, and by then it has begun the next picture.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import moderngl
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
T = TypeVar("T")

MAX_IDLE = 2  # buffers kept for the next pictures: one being filled, one being read


class ReadbackPool:
    """Starts readbacks on one context, reusing their buffers."""

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
        """Begin to read a framebuffer, after the draw calls issued so far.

        `components`, `dtype`: as in moderngl; "f1" for 8-bit pixels, "u4" for packed ones.
        `unpack` converts the framebuffer's bytes, in its order of rows, to pixels.
        """
        width, height = source.size
        size = width * height * components * int(dtype[1:])
        if self._idle and self._idle[-1].size != size:
            self.release()
        buffer = self._idle.pop() if self._idle else self.ctx.buffer(reserve=size)
        source.read_into(buffer, components=components, alignment=1, dtype=dtype)
        return Readback(self, buffer, unpack)

    def recycle(self, buffer: Any) -> None:
        """Keep a buffer for a later readback, or free it."""
        if len(self._idle) < MAX_IDLE and all(idle.size == buffer.size for idle in self._idle):
            self._idle.append(buffer)
        else:
            buffer.release()

    def release(self) -> None:
        """Free the idle buffers."""
        for buffer in self._idle:
            buffer.release()
        self._idle = []


class Readback:
    """Pixels being transferred from a framebuffer, to be read once or dropped."""

    def __init__(self, readbacks: ReadbackPool, buffer: Any, unpack: Callable[[Pixels], Pixels]):
        self._readbacks, self._buffer, self._unpack = readbacks, buffer, unpack

    def pixels(self) -> Pixels:
        """Wait for the (height, width, 3 or 4) pixels."""
        data = np.empty(self._buffer.size, np.uint8)
        self._buffer.read_into(data)
        self.drop()
        return self._unpack(data)

    def drop(self) -> None:
        """Discard the pixels, if they have not been read."""
        buffer, self._buffer = self._buffer, None
        if buffer is not None:
            self._readbacks.recycle(buffer)


class PendingPicture(Protocol):
    """A picture that was begun. Its pixels can be read once or dropped."""

    def pixels(self) -> Pixels:
        """Wait for the (height, width, 3 or 4) pixels, row 0 on top."""

    def drop(self) -> None:
        """Discard the pixels, if they have not been read."""


class FinishedPicture:
    """A PendingPicture that is complete from the start."""

    def __init__(self, pixels: Pixels):
        self._pixels = pixels

    def pixels(self) -> Pixels:
        pixels, self._pixels = self._pixels, self._pixels[:0]
        return pixels

    def drop(self) -> None:
        self._pixels = self._pixels[:0]


class Mosaic:
    """A PendingPicture of `size` pixels that consists of regions: ((left, top), picture).

    `current`: a context manager that makes the OpenGL context current.
    """

    def __init__(
        self,
        size: tuple[int, int],
        regions: list[tuple[tuple[int, int], PendingPicture]],
        current: Callable[[], AbstractContextManager[None]],
    ):
        self._size, self._regions, self._current = size, regions, current

    def pixels(self) -> Pixels:
        with self._current():
            if len(self._regions) == 1:
                return self._regions[0][1].pixels()
            picture: Pixels | None = None
            for (left, top), reading in self._regions:
                pixels = reading.pixels()
                if picture is None:
                    picture = np.empty((*self._size[::-1], pixels.shape[2]), np.uint8)
                picture[top : top + len(pixels), left : left + pixels.shape[1]] = pixels
        assert picture is not None
        return picture

    def drop(self) -> None:
        with self._current():
            for _, reading in self._regions:
                reading.drop()


def pipelined(
    begin: Callable[[T], PendingPicture], shots: Iterable[T]
) -> Generator[Pixels, None, None]:
    """Yield the pictures of shots in order, each after the next one has been begun.

    Holds at most two pictures: one begun, one being handed over.
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
        for picture in waiting:
            picture.drop()
