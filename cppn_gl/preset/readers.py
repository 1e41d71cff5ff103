"""Readers of the preset and shot stored in picture files: one row per file format.

The writers are in `output.formats`.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cppn_gl.preset.containers import exr_text, gif_text, mp4_text, webm_text, webp_exif
from cppn_gl.preset.pages import page_text
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain

KEYWORD = "cppn_gl"


class NoPresetError(PresetError):
    """A picture that holds no preset."""


@dataclass(frozen=True)
class Reader:
    """Reads one file format.

    `suffixes`: in lower case with their dot, the usual one first. `text` returns the shot's text,
    or None if the file has none. It raises SyntaxError for another format, and OSError, ValueError,
    EOFError, TypeError, struct.error or zlib.error for a damaged file. `kind` is the word for such
    a file.
    """

    name: str
    suffixes: tuple[str, ...]
    text: Callable[[BinaryIO], str | None]
    kind: str = "picture"


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
    exif = webp_exif(file)
    return None if exif is None else _tiff_text(io.BytesIO(exif))


PNG = Reader("PNG", (".png",), _png_text)
TIFF = Reader("TIFF", (".tif", ".tiff"), _tiff_text)
MP4 = Reader("MP4", (".mp4", ".m4v"), mp4_text, "video")
WEBM = Reader("WebM", (".webm",), webm_text, "video")
GIF = Reader("GIF", (".gif",), gif_text)
WEBP = Reader("WebP", (".webp",), _webp_text)  # still or animated; written by containers.exif
EXR = Reader("EXR", (".exr",), exr_text)
PAGE = Reader("HTML", (".html", ".htm"), page_text, "page")


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
    except (ValueError, EOFError, TypeError, struct.error, zlib.error) as error:
        problem = f"a damaged {reader.name} {reader.kind}: {error}"
        raise PresetError(problem, source=str(path)) from None
    if content is None:
        problem = f"no preset in this {reader.kind}: it was not saved by cppn_gl"
        raise NoPresetError(problem, source=str(path))
    return content
