"""A picture remembers how it was made: its shot travels inside the file, as one text.

    Shot (preset, size, time, samples, engine, version) <-> PNG or TIFF text

It carries no date, so that the same shot gives the same file, byte for byte.
"""

import io
import json
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import png
from numpy.typing import NDArray
from PIL import PngImagePlugin, TiffImagePlugin

from cppn_gl._version import __version__
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError, integer, line, number, several, text
from cppn_gl.utils.files import open_plain

KEYWORD = "cppn_gl"
TIFF = (".tif", ".tiff")
MAX_SIDE = 2**20
MAX_PIXELS = 2**28  # 768 MiB of 8-bit RGB
MAX_TIME = 1e9
_RELATIVE_COLORIMETRIC = b"\x01"
_SUB, _UP = 1, 2  # PNG's filters: less the pixel to the left, less the one above
# A fifth of the time of level 6 on smooth pictures, for files a tenth larger (7 to 22 %).
_LEVEL = 4


@dataclass(frozen=True)
class Shot:
    """All that determines a picture: size in pixels (width, height), time in seconds, N×N samples.

    `engine` is what drew it, or "auto" before it is drawn.
    """

    preset: Preset
    size: tuple[int, int] = (640, 360)
    time: float = 0.0
    samples: int = 1
    engine: str = "auto"
    version: str = __version__

    @property
    def points(self) -> int:
        """Samples of all pixels."""
        return self.size[0] * self.size[1] * self.samples**2

    def to_text(self, *, ascii: bool = False) -> str:
        """The shot as JSON, its preset as TOML within. A TIFF's text holds ASCII alone."""
        document = {
            "version": self.version,
            "name": self.preset.name,
            "size": list(self.size),
            "time": self.time,
            "samples": self.samples,
            "engine": self.engine,
            "preset": self.preset.to_toml(),
        }
        return json.dumps(document, ensure_ascii=ascii)


def SIDES(value: Any) -> tuple[int, int]:  # noqa: N802 - a check, as those below
    """Width and height in pixels, of a picture drawn band by band; or ValueError."""
    width, height = several(integer(1, MAX_SIDE), 2, 2)(value)
    return width, height


def SIZE(value: Any) -> tuple[int, int]:  # noqa: N802
    """Width and height in pixels, not more in all than a memory holds; or ValueError."""
    width, height = SIDES(value)
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width}x{height} is more than {MAX_PIXELS} pixels (2²⁸), the limit")
    return width, height


TIME = number(-MAX_TIME, MAX_TIME)
SAMPLES = integer(1, 16)


def parse_shot(content: str, source: str) -> Shot:
    """The shot in a picture's text. Raises PresetError where it is not one."""
    try:
        document = json.loads(content)
        name = Path(line(200)(document["name"])).name.lstrip(".") or "preset"
        return Shot(
            preset=parse_preset(text(2**26)(document["preset"]), source=source, name=name),
            size=SIDES(document["size"]),
            time=TIME(document["time"]),
            samples=SAMPLES(document["samples"]),
            engine=text(40)(document["engine"]),
            version=text(40)(document["version"]),
        )
    except PresetError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        problem = f"the shot in this picture cannot be read ({type(error).__name__})"
        raise PresetError(problem, source=source) from None


def png_info(shot: Shot) -> PngImagePlugin.PngInfo:
    """What a PNG says before its pixels: that they are sRGB, and their shot."""
    info = PngImagePlugin.PngInfo()
    info.add(b"sRGB", _RELATIVE_COLORIMETRIC)
    info.add_itxt(KEYWORD, shot.to_text())
    return info


def png_rows(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(height, width, 3) pixels as PNG's rows (height, 1 + 3 width), filtered.

    Up shrinks smooth pictures best. The first row is filtered by Sub, for what stands above it may
    be another band.
    """
    rows = pixels.reshape(len(pixels), -1)
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[0, 0], filtered[0, 1:4] = _SUB, rows[0, :3]
    np.subtract(rows[0, 3:], rows[0, :-3], out=filtered[0, 4:])
    filtered[1:, 0] = _UP
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def write_png(file: BinaryIO, size: tuple[int, int], shot: Shot, pieces: Iterable[bytes]) -> None:
    """Write a PNG of (width, height) pixels, by the pieces of the zlib stream of its rows."""

    def chunks() -> Iterator[tuple[bytes, bytes]]:
        header = (*(side.to_bytes(4, "big") for side in size), b"\x08\x02\x00\x00\x00")
        yield b"IHDR", b"".join(header)  # 8 bits, RGB, no interlacing
        for kind, data, *_ in png_info(shot).chunks:
            yield kind, data
        for piece in pieces:
            yield b"IDAT", piece
        yield b"IEND", b""

    png.write_chunks(file, chunks())


def encode_png(pixels: NDArray[np.uint8], shot: Shot, *, level: int = _LEVEL) -> bytes:
    """PNG bytes of (height, width, 3) pixels, tagged sRGB, with their shot inside.

    Nearly all of it is done without Python's lock, so that other threads go on.
    """
    buffer = io.BytesIO()
    height, width, _ = pixels.shape
    write_png(buffer, (width, height), shot, [zlib.compress(png_rows(pixels).data, level)])
    return buffer.getvalue()


def read_shot(path: Path) -> Shot:
    """The shot inside a PNG or TIFF saved by cppn_gl. Raises PresetError, naming the file."""
    kind, read = ("TIFF", _tiff_text) if path.suffix.lower() in TIFF else ("PNG", _png_text)
    try:
        with open_plain(path) as file:
            content = read(file)
    except OSError as error:
        problem = error.strerror or f"not a sound {kind} picture"
        raise PresetError(problem, source=str(path)) from None
    except SyntaxError:
        raise PresetError(f"not a {kind} picture", source=str(path)) from None
    except (ValueError, EOFError, TypeError, struct.error, zlib.error) as error:
        raise PresetError(f"not a sound {kind} picture: {error}", source=str(path)) from None
    if content is None:
        problem = "no preset in this picture: it was not saved by cppn_gl"
        raise PresetError(problem, source=str(path))
    return parse_shot(content, str(path))


def _png_text(file: BinaryIO) -> str | None:
    # Not Image.open: it refuses large pictures, which are only to be decoded where a program
    # that saved the picture again moved the text behind the pixels.
    with PngImagePlugin.PngImageFile(file) as image:
        chunks: dict[Any, Any] = image.info if KEYWORD in image.info else image.text
    return str(chunks[KEYWORD]) if KEYWORD in chunks else None


def _tiff_text(file: BinaryIO) -> str | None:
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
