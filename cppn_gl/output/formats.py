"""The table of picture file formats. To add a format, write its class in a new file and add a row.

A saved picture can be opened as a preset if `preset.readers` has a row for its file type.
"""

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from numpy.typing import NDArray

from cppn_gl.output.exr import EXR
from cppn_gl.output.png import PNG, Pixels
from cppn_gl.output.tiff import TIFF
from cppn_gl.output.webp import WEBP
from cppn_gl.preset.shot import Shot, shot_in
from cppn_gl.utils.alpha import over
from cppn_gl.utils.checks import PresetError, checked, choice
from cppn_gl.utils.extras import require
from cppn_gl.utils.files import CaptureError


class Format(Protocol):
    """Writes one type of file.

    `name` is the format's name; `suffixes` are lower-case with the dot, the usual one first;
    `largest` is the maximum side in pixels, `bits` the numbers of bits per channel it can hold.
    `floats`: it takes float32 pixels for any number of bits. `alpha`: it can hold a fourth channel;
    without it, `encode` lays such a picture over black.
    `library`: the optional one that it needs, or "".
    """

    name: str
    suffixes: tuple[str, ...]
    largest: int
    bits: tuple[int, ...]
    floats: bool
    alpha: bool
    library: str

    def write(self, file: BinaryIO, pixels: Pixels, shot: Shot) -> None:
        """Write (height, width, 3 or 4) pixels, row 0 on top, sRGB-encoded, and their shot.

        There are as many channels as the shot's; the fourth is alpha, straight. The same arguments
        give the same bytes.
        """

    def is_whole(self, path: Path, shot: Shot) -> bool:
        """Whether a file is the complete picture of a shot."""


@runtime_checkable
class BandedFormat(Format, Protocol):
    """A format that can also be assembled from compressed bands of rows, as posters are.

    `lead` is the number of bytes before the pixels of each filtered row.
    """

    lead: int

    def filtered(self, pixels: Pixels) -> NDArray[Any]:
        """The filtered rows, ready to be compressed, of a band's (height, width, 3 or 4) pixels."""

    def write_bands(self, file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
        """Write the file of a shot from its bands' zlib streams, in order, of `rows` rows each."""


FORMATS: list[Format] = [PNG, TIFF, WEBP, EXR]
SUFFIX = PNG.suffixes[0]  # of automatically named pictures


def format_of(path: Path) -> Format:
    """The format with the path's suffix. Raises CaptureError if there is none."""
    for candidate in FORMATS:
        if path.suffix.lower() in candidate.suffixes:
            return candidate
    raise CaptureError(path, f"not the name of a {format_names()} file; expected {file_names()}")


def format_named(name: str) -> Format:
    """The format of a name in lower case, such as "tiff". Raises PresetError."""
    named = {candidate.name.lower(): candidate for candidate in FORMATS}
    return named[checked(choice(tuple(named)), name, "format")]


def format_names() -> str:
    """The names of all formats: "PNG or TIFF"."""
    return _any_of([candidate.name for candidate in FORMATS])


def file_names() -> str:
    """The usual names of files of all formats: "FILE.png or FILE.tif"."""
    return _any_of([f"FILE{candidate.suffixes[0]}" for candidate in FORMATS])


def _any_of(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def check_size(format_: Format, size: tuple[int, int]) -> None:
    """Raise PresetError if a format cannot hold (width, height) pixels."""
    if max(size) > format_.largest:
        limit = f"the limit of {format_.name} is {format_.largest} pixels a side"
        raise PresetError(f"{size[0]}x{size[1]} is too large: {limit}", key="size")


def check_bits(format_: Format, bits: int) -> None:
    """Raise PresetError if a format cannot hold so many bits per channel."""
    if bits not in format_.bits:
        others = [candidate.name for candidate in FORMATS if bits in candidate.bits]
        problem = f"{format_.name} holds {' or '.join(map(str, format_.bits))} bits per channel"
        raise PresetError(f"{problem}; {' and '.join(others)} can hold {bits}", key="bits")


def fitting(format_: Format, shot: Shot, *, given: bool) -> Shot:
    """The shot with as many bits as the format can hold, no fewer than its own if possible.

    Raises PresetError if another number of bits was `given`, if the format cannot hold the shot's
    size, or if a library is missing.
    """
    require(format_.name, format_.library)
    check_size(format_, shot.size)
    if not given and shot.bits not in format_.bits:
        bits = next((held for held in format_.bits if held >= shot.bits), format_.bits[-1])
        shot = replace(shot, bits=bits)
    check_bits(format_, shot.bits)
    return shot


def is_picture(format_: Format, path: Path, shot: Shot, *, any_engine: bool) -> bool:
    """Whether a file is the complete picture of a shot. `any_engine`: whichever drew it."""
    if format_.is_whole(path, shot):
        return True
    found = shot_in(path) if any_engine else None
    return found is not None and format_.is_whole(path, replace(shot, engine=found.engine))


def pixel_type(format_: Format, shot: Shot) -> str:
    """The type of the pixels that a format expects: that of the shot, or "float32"."""
    return "float32" if format_.floats else shot.dtype


def encode(format_: Format, pixels: Pixels, shot: Shot) -> bytes:
    """A picture file's content."""
    buffer = io.BytesIO()
    format_.write(buffer, pixels if format_.alpha else over(pixels), shot)
    return buffer.getvalue()
