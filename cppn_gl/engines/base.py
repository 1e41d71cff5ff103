"""What every engine is given to draw: a region of a picture.

Region.of(size, samples) -> .cut(left, top, width, height) -> a part of it
"""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

from cppn_gl.engines.geometry import sample_jitters

Size = tuple[int, int]  # width, height in pixels
Jitter = tuple[float, float]  # of a sample within its pixel: right and down of its centre


@dataclass(frozen=True)
class Region:
    """A part of a picture of `size`, and the samples of its pixels; all in pixels.

    `offset`: where it lies in the picture, from the left and from the top; `part`: its own size.
    `shape` is the size of the picture that this is a coarse, or a finer, one of: what is measured
    over the whole picture is measured for that, so that it is the same at every size.
    """

    size: Size
    offset: Size
    part: Size
    jitters: tuple[Jitter, ...]
    shape: Size

    @classmethod
    def of(cls, size: Size, samples: int = 1, shape: Size | None = None) -> "Region":
        """The whole of a picture, with samples × samples a pixel."""
        return cls(size, (0, 0), size, tuple(sample_jitters(samples)), shape or size)

    def cut(self, left: int, top: int, width: int, height: int) -> "Region":
        """A part of this region."""
        offset = self.offset[0] + left, self.offset[1] + top
        return dataclasses.replace(self, offset=offset, part=(width, height))

    @property
    def samples(self) -> int:
        """N, for N × N samples a pixel."""
        return math.isqrt(len(self.jitters))

    @property
    def adds(self) -> bool:
        """Whether several samples add up, each clamped; a single one is written as it is."""
        return len(self.jitters) > 1

    def each_sample(self) -> Iterator["Region"]:
        """The same with one sample a pixel, for each of its samples."""
        for jitter in self.jitters:
            yield dataclasses.replace(self, jitters=(jitter,))
