"""What a format of videos and animated pictures is: encoders that take frames one by one.

Film (what the file remembers, its rate and quality) + frames in order -> Encoder -> file
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import Integer, PresetError

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """What an encoder has to know besides the frames.

    `shot`: of the first frame; the file stores its text, and all frames have its size. `fps`:
    frames per second. `quality`: in the format's own measure, as `Quality` says.
    """

    shot: Shot
    fps: Fraction
    quality: int = 0


@dataclass(frozen=True)
class Quality:
    """A format's measure of quality: its name, what it is, its range and usual value.

    Formats whose measures have the same name share what it is and its usual value.
    """

    name: str
    words: str
    check: Integer
    usual: int


class Encoder(Protocol):
    """Encodes the frames of one file."""

    def add(self, frame: Frame) -> None:
        """Encode the next frame: (height, width, 3) uint8, row 0 on top, sRGB-encoded."""

    def finish(self) -> None:
        """Write what is left. Without it, the file is incomplete."""


class VideoFormat(Protocol):
    """Writes one type of file.

    `name` is the format's name; `suffixes` are lower-case with the dot, the usual one first.
    `fps`: the usual rate. `quality`: None if there is no choice. `even`: whether width and height
    have to be. The same frames give the same bytes on the same machine.
    """

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]: ...

    @property
    def fps(self) -> int: ...

    @property
    def quality(self) -> Quality | None: ...

    @property
    def even(self) -> bool: ...

    def check(self, size: tuple[int, int], fps: Fraction) -> None:
        """Raise PresetError, key "size" or "fps", if it cannot hold such frames.

        Also if a library is missing. Must be fast.
        """

    def begin(self, file: BinaryIO, film: Film) -> Encoder:
        """Start a file. `file` is seekable and has a name. Raises EncodingError."""


class EncodingError(RuntimeError):
    """An encoder's own words, in one line."""


def rate(fps: float) -> Fraction:
    """Frames per second as a fraction: 29.97 -> 2997/100, 30000/1001 -> itself."""
    return Fraction(fps).limit_denominator(1001)


def check_sides(
    name: str, size: tuple[int, int], largest: int, area: int = 2**32, *, even: bool = False
) -> None:
    """Raise PresetError if a side or the area is too large, or odd where `even` is needed."""
    width, height = size
    problem = ""
    if max(size) > largest:
        problem = f"is too large: the limit of {name} is {largest} pixels a side"
    elif width * height > area:
        problem = f"is too large: the limit of {name} is {area} pixels, as in 8192x4352"
    elif even and (width % 2 or height % 2):
        near = "x".join(str(max(2, side - side % 2)) for side in size)
        problem = f"has an odd side; {name} needs an even width and height: the nearest is {near}"
    if problem:
        raise PresetError(f"{width}x{height} {problem}", key="size")


def check_rate(name: str, fps: Fraction, least: Fraction, most: int, why: str) -> None:
    """Raise PresetError for fewer or more frames per second than a format can have."""
    if not least <= fps <= most:
        much = "few" if fps < least else "many"
        bound = f"at least {float(least):.2g}" if fps < least else f"at most {most}, {why}"
        raise PresetError(f"{float(fps):g} is too {much} for {name}: {bound}", key="fps")
