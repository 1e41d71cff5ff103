"""Shapes of pictures and of stages' units."""

from typing import NamedTuple

MAX_SIDE = 4096  # rows or columns of a picture, or of a kernel
MAX_CHANNELS = 65536  # of a picture, or of a stage; also the largest number of a stage


class Shape(NamedTuple):
    """Of a picture, or of a stage's units."""

    channels: int
    rows: int
    columns: int

    @property
    def size(self) -> int:
        """The number of values."""
        return self.channels * self.rows * self.columns

    def __str__(self) -> str:
        return "×".join(map(str, self))
