"""Readers of the preset and shot stored in picture files: one row per file format.

The writers are in `output.formats`.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cppn_gl.preset.containers import (
    exr_text,
    gif_text,
    mp4_text,
    png_text,
    tiff_text,
    webm_text,
    webp_text,
)
from cppn_gl.preset.pages import page_text
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain

_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


class NoPresetError(PresetError):
    """A picture that holds no preset."""


@dataclass(frozen=True)
class Reader:
    """Reads one file format.

    `suffixes`: in lower case with their dot, the usual one first. `text` returns the shot's text,
    or None if the file has none. It raises SyntaxError for another format, and OSError, ValueError,
    EOFError, struct.error or zlib.error for a damaged file. `kind` is the word for such a file.
    """

    name: str
    suffixes: tuple[str, ...]
    text: Callable[[BinaryIO], str | None]
    kind: str = "picture"


PNG = Reader("PNG", (".png",), png_text)
TIFF = Reader("TIFF", (".tif", ".tiff"), tiff_text)
MP4 = Reader("MP4", (".mp4", ".m4v"), mp4_text, "video")
WEBM = Reader("WebM", (".webm",), webm_text, "video")
GIF = Reader("GIF", (".gif",), gif_text)
WEBP = Reader("WebP", (".webp",), webp_text)  # still or animated; written by containers.exif
EXR = Reader("EXR", (".exr",), exr_text)
PAGE = Reader("HTML", (".html", ".htm"), page_text, "page")


def is_others(path: Path) -> bool:
    """Whether a PNG picture has no preset before its pixels, which are not read.

    False for what is no PNG picture.
    """
    try:
        with open_plain(path) as file:
            return png_text(file, whole=False) is None
    except _DAMAGED:
        return False


# The first one also reads files with unknown suffixes.
READERS = [PNG, TIFF, WEBP, EXR, MP4, WEBM, GIF, PAGE]


def suffixes() -> tuple[str, ...]:
    """The suffixes of all readable formats."""
    return tuple(suffix for reader in READERS for suffix in reader.suffixes)


def read_text(path: Path) -> str:
    """The shot's text in a picture file. Raises PresetError with the file."""
    suffix = path.suffix.lower()
    reader = next((row for row in READERS if suffix in row.suffixes), READERS[0])
    try:
        with open_plain(path) as file:
            content = reader.text(file)
    except OSError as error:
        problem = error.strerror or f"a damaged {reader.name} {reader.kind}"
        raise PresetError(problem, source=str(path)) from None
    except SyntaxError:
        article = "an" if reader.name[0] in "EHM" else "a"  # an EXR, an HTML, an MP4
        problem = f"not {article} {reader.name} {reader.kind}"
        raise PresetError(problem, source=str(path)) from None
    except _DAMAGED as error:
        problem = f"a damaged {reader.name} {reader.kind}: {error}"
        raise PresetError(problem, source=str(path)) from None
    if content is None:
        problem = f"no preset in this {reader.kind}: it was not saved by cppn_gl"
        raise NoPresetError(problem, source=str(path))
    return content
