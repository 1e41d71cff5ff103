"""Readers of the preset and shot stored in picture files: one row per file format.

The writers are in `output.formats`.
"""

import os
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cppn_gl.utils import xmp
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain

KEYWORD = "cppn_gl"
MAX_TEXT = 2**26  # bytes of a shot's text
MAX_PARTS = 2**18  # chunks or attributes of a file that are looked at


class NoPresetError(PresetError):
    """A picture that holds no preset."""


@dataclass(frozen=True)
class Reader:
    """Reads one file format.

    `suffixes`: in lower case with their dot, the usual one first. `text` returns the shot's text,
    or None if the file has none. It raises SyntaxError for another format, and OSError, ValueError,
    EOFError, TypeError, struct.error or zlib.error for a damaged file.
    """

    name: str
    suffixes: tuple[str, ...]
    text: Callable[[BinaryIO], str | None]


def _png_text(file: BinaryIO) -> str | None:
    from PIL import PngImagePlugin  # Pillow is slow to import, and only pictures need it

    # Not Image.open, which rejects large pictures. Pixels are decoded only if another program has
    # saved the picture again and moved the text behind them.
    with PngImagePlugin.PngImageFile(file) as image:
        chunks: dict[Any, Any] = image.info if KEYWORD in image.info else image.text
    return str(chunks[KEYWORD]) if KEYWORD in chunks else None


def _tiff_text(file: BinaryIO) -> str | None:
    from PIL import TiffImagePlugin

    # The tags only, for the same reason. The header of a BigTIFF has 16 bytes.
    header = file.read(8)
    if header[2:4] in (b"+\0", b"\0+"):
        header += file.read(8)
    tags = TiffImagePlugin.ImageFileDirectory_v2(header)
    file.seek(tags.next)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about other, damaged tags
        tags.load(file)
    text = tags.get(TiffImagePlugin.IMAGEDESCRIPTION)
    return text if isinstance(text, str) and '"preset"' in text else None


def _webp_text(file: BinaryIO) -> str | None:
    """The text in the XMP chunk of a still or animated WebP; no other chunk is read."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise SyntaxError("no WebP")
    for _ in range(MAX_PARTS):
        chunk = file.read(8)
        if not chunk:
            return None
        kind, length = struct.unpack("<4sI", chunk)
        if kind == b"XMP ":
            return xmp.text_in(_exactly(file, length))
        file.seek(length + length % 2, os.SEEK_CUR)
    raise ValueError("too many chunks")


def _exr_text(file: BinaryIO) -> str | None:
    """The text in the attribute KEYWORD of an EXR's header; the pixels are not read."""
    if file.read(4) != b"\x76\x2f\x31\x01":
        raise SyntaxError("no EXR")
    file.seek(4, os.SEEK_CUR)  # version and flags
    for _ in range(MAX_PARTS):
        name = _word(file)
        if not name:
            return None
        kind = _word(file)
        (length,) = struct.unpack("<i", file.read(4))
        if length < 0:
            raise ValueError("an attribute of negative length")
        if (name, kind) == (KEYWORD.encode(), b"string"):
            return _exactly(file, length).decode()
        file.seek(length, os.SEEK_CUR)
    raise ValueError("too many attributes")


def _word(file: BinaryIO) -> bytes:
    """A name in an EXR's header: at most 255 bytes, and a null byte."""
    word = b""
    while (byte := file.read(1)) != b"\0":
        if not byte or len(word) == 255:
            raise EOFError("its header has no end")
        word += byte
    return word


def _exactly(file: BinaryIO, length: int) -> bytes:
    if length > MAX_TEXT:
        raise ValueError(f"a text of more than {MAX_TEXT >> 20} MiB")
    content = file.read(length)
    if len(content) < length:
        raise EOFError("it ends too early")
    return content


PNG = Reader("PNG", (".png",), _png_text)
TIFF = Reader("TIFF", (".tif", ".tiff"), _tiff_text)
WEBP = Reader("WebP", (".webp",), _webp_text)
EXR = Reader("EXR", (".exr",), _exr_text)


def is_others(path: Path) -> bool:
    """Whether a PNG picture has no preset before its pixels, which are not read, or decoded.

    False for what is no PNG picture.
    """
    from PIL import PngImagePlugin

    try:
        with open_plain(path) as file, PngImagePlugin.PngImageFile(file) as image:
            return KEYWORD not in image.info
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error, zlib.error):
        return False


READERS = [PNG, TIFF, WEBP, EXR]  # the first one also reads files with unknown suffixes


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
        problem = error.strerror or f"a damaged {reader.name} picture"
        raise PresetError(problem, source=str(path)) from None
    except SyntaxError:
        raise PresetError(f"not a {reader.name} picture", source=str(path)) from None
    except (ValueError, EOFError, TypeError, struct.error, zlib.error) as error:
        problem = f"a damaged {reader.name} picture: {error}"
        raise PresetError(problem, source=str(path)) from None
    if content is None:
        problem = "no preset in this picture: it was not saved by cppn_gl"
        raise NoPresetError(problem, source=str(path))
    return content
