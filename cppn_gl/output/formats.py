"""Formats of picture files: one row for each. To add one, write its class in a file of its own.

A picture can be opened again as a preset where `preset.readers` has a row for its kind of file.
"""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cppn_gl.output.png import PNG
from cppn_gl.output.tiff import TIFF
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError


class Format(Protocol):
    """Writes one kind of file.

    `name` is what it is called; `suffixes` are in lower case with their dot, the usual one first.
    `largest` is how many pixels a side can have.
    """

    name: str
    suffixes: tuple[str, ...]
    largest: int

    def write(self, file: BinaryIO, pixels: NDArray[np.uint8], shot: Shot) -> None:
        """Write (height, width, 3) pixels, row 0 on top, sRGB-encoded, and their shot.

        The same arguments give the same bytes.
        """


@runtime_checkable
class BandedFormat(Format, Protocol):
    """A format that can also be joined from compressed bands of rows, as posters are.

    A row is `lead` bytes and the pixels.
    """

    lead: int

    def filtered(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A band's (height, width, 3) pixels as the rows that are compressed."""

    def write_bands(self, file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
        """Write the file of a shot from its bands' zlib streams in order, `rows` rows in each."""


FORMATS: list[Format] = [PNG, TIFF]
SUFFIX = PNG.suffixes[0]  # of pictures whose names are made up here


def format_of(path: Path) -> Format:
    """The format that a file's name asks for. Raises CaptureError where there is none."""
    for one in FORMATS:
        if path.suffix.lower() in one.suffixes:
            return one
    raise CaptureError(path, f"not the name of a {format_names()} file; expected FILE{SUFFIX}")


def format_names() -> str:
    """The names of all formats: "PNG or TIFF"."""
    *others, last = (one.name for one in FORMATS)
    return f"{', '.join(others)} or {last}" if others else last


def check_size(one: Format, size: tuple[int, int]) -> None:
    """Raise PresetError where a format cannot hold (width, height) pixels."""
    if max(size) > one.largest:
        problem = f"{size[0]}x{size[1]} is more than the {one.largest} pixels a side of {one.name}"
        raise PresetError(problem, key="size")


def encode(one: Format, pixels: NDArray[np.uint8], shot: Shot) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    one.write(buffer, pixels, shot)
    return buffer.getvalue()
