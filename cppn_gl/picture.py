"""A picture remembers how it was made: its shot travels inside the PNG, as one text chunk.

    Shot (preset, size, time, samples, engine, version) <-> PNG text

It carries no date, so that the same shot gives the same file, byte for byte.
"""

import io
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from cppn_gl._version import __version__
from cppn_gl.parsing import open_plain, parse_preset
from cppn_gl.preset import Preset
from cppn_gl.schema import PresetError, integer, line, number, several, text

KEYWORD = "cppn_gl"
MAX_SIDE = 2**20
MAX_PIXELS = 2**28  # 768 MiB of 8-bit RGB
MAX_TIME = 1e9
_RELATIVE_COLORIMETRIC = b"\x01"


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

    def to_text(self) -> str:
        """The shot as JSON, its preset as TOML within."""
        document = {
            "version": self.version,
            "name": self.preset.name,
            "size": list(self.size),
            "time": self.time,
            "samples": self.samples,
            "engine": self.engine,
            "preset": self.preset.to_toml(),
        }
        return json.dumps(document, ensure_ascii=False)


def SIDES(value: Any) -> tuple[int, int]:  # noqa: N802 - a check, as those below
    """Width and height in pixels, or ValueError."""
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
            size=SIZE(document["size"]),
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


def encode_png(pixels: NDArray[np.uint8], shot: Shot, *, level: int = 6) -> bytes:
    """PNG bytes of (height, width, 3) pixels, tagged sRGB, with their shot inside."""
    info = PngImagePlugin.PngInfo()
    info.add(b"sRGB", _RELATIVE_COLORIMETRIC)
    info.add_itxt(KEYWORD, shot.to_text())
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info, compress_level=level)
    return buffer.getvalue()


def read_shot(path: Path) -> Shot:
    """The shot inside a PNG saved by cppn_gl. Raises PresetError, naming the file."""
    try:
        # Not Image.open: it refuses large pictures, which are only to be decoded where a program
        # that saved the picture again moved the text behind the pixels.
        with open_plain(path) as file, PngImagePlugin.PngImageFile(file) as image:
            chunks: dict[Any, Any] = image.info if KEYWORD in image.info else image.text
    except OSError as error:
        problem = error.strerror or "not a sound PNG picture"
        raise PresetError(problem, source=str(path)) from None
    except SyntaxError:
        raise PresetError("not a PNG picture", source=str(path)) from None
    except (ValueError, EOFError, struct.error, zlib.error) as error:
        raise PresetError(f"not a sound PNG picture: {error}", source=str(path)) from None
    if KEYWORD not in chunks:
        problem = "no preset in this picture: it was not saved by cppn_gl"
        raise PresetError(problem, source=str(path))
    return parse_shot(str(chunks[KEYWORD]), str(path))
