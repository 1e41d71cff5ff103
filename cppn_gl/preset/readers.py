"""What reads the shot's text out of a picture's file: one row for each kind of file.

The formats that write such files are in `output.formats`; a kind that is only read needs none.
"""

import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain

KEYWORD = "cppn_gl"


@dataclass(frozen=True)
class Reader:
    """Reads one kind of file.

    `name` is what it is called; `suffixes` are in lower case with their dot, the usual one first.
    `text` returns the shot's text, or None where the file has none. On a file of another kind it
    raises SyntaxError; on a damaged one OSError, ValueError, EOFError, TypeError, struct.error or
    zlib.error.
    """

    name: str
    suffixes: tuple[str, ...]
    text: Callable[[BinaryIO], str | None]


def _png_text(file: BinaryIO) -> str | None:
    from PIL import PngImagePlugin  # here, as all of Pillow: only pictures need it

    # Not Image.open: it refuses large pictures, which are only to be decoded where a program
    # that saved the picture again moved the text behind the pixels.
    with PngImagePlugin.PngImageFile(file) as image:
        chunks: dict[Any, Any] = image.info if KEYWORD in image.info else image.text
    return str(chunks[KEYWORD]) if KEYWORD in chunks else None


def _tiff_text(file: BinaryIO) -> str | None:
    from PIL import TiffImagePlugin

    # The tags alone, for the same reason. A BigTIFF's header is 16 bytes.
    header = file.read(8)
    if header[2:4] in (b"+\0", b"\0+"):
        header += file.read(8)
    tags = TiffImagePlugin.ImageFileDirectory_v2(header)
    file.seek(tags.next)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other tags, damaged ones
        tags.load(file)
    found = tags.get(TiffImagePlugin.IMAGEDESCRIPTION)
    return found if isinstance(found, str) and '"preset"' in found else None


PNG = Reader("PNG", (".png",), _png_text)
TIFF = Reader("TIFF", (".tif", ".tiff"), _tiff_text)
READERS = [PNG, TIFF]  # the first one also reads files of other names


def suffixes() -> tuple[str, ...]:
    """The suffixes of all files that can be read."""
    return tuple(suffix for reader in READERS for suffix in reader.suffixes)


def read_text(path: Path) -> str:
    """The shot's text in a picture's file. Raises PresetError, naming the file."""
    suffix = path.suffix.lower()
    reader = next((one for one in READERS if suffix in one.suffixes), READERS[0])
    try:
        with open_plain(path) as file:
            content = reader.text(file)
    except OSError as error:
        problem = error.strerror or f"not a sound {reader.name} picture"
        raise PresetError(problem, source=str(path)) from None
    except SyntaxError:
        raise PresetError(f"not a {reader.name} picture", source=str(path)) from None
    except (ValueError, EOFError, TypeError, struct.error, zlib.error) as error:
        problem = f"not a sound {reader.name} picture: {error}"
        raise PresetError(problem, source=str(path)) from None
    if content is None:
        problem = "no preset in this picture: it was not saved by cppn_gl"
        raise PresetError(problem, source=str(path))
    return content
