"""Shots: all that is needed to draw a saved picture again, stored as text inside its file.

    Shot (preset, size, time, samples, engine, version) <-> text inside a picture file

The text contains no date, so that the same shot gives the same file, byte for byte.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cppn_gl._version import __version__
from cppn_gl.preset.animation import TIME
from cppn_gl.preset.network_file import packed, unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import read_text
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import PresetError, choice, integer, line, several, show, text
from cppn_gl.utils.origin import NOWHERE, Origin

MAX_SIDE = 2**20
MAX_PIXELS = 2**28  # 768 MiB of 8-bit RGB
USUAL = 4  # samples in a pixel of a picture whose samples are "auto", on average: an estimate


@dataclass(frozen=True)
class Shot:
    """What determines a picture: size (width, height) in pixels, time in seconds, samples.

    `samples`: N for N×N samples per pixel, or "auto" for more where the picture needs them.
    `engine`: the engine that drew it, or "auto" before. `bits`: per channel, 8, 16 or 32 (float).
    `beside`: a file beside the picture with the weights that it would carry otherwise, and
    `image_beside`: with its input image.
    """

    preset: Preset
    size: tuple[int, int] = (640, 360)
    time: float = 0.0
    samples: Samples = 1
    engine: str = "auto"
    version: str = __version__
    bits: int = 8
    beside: str = ""
    image_beside: str = ""

    @property
    def dtype(self) -> str:
        """The type of the pixels' values."""
        return "float32" if self.bits == 32 else f"uint{self.bits}"

    @cached_property
    def channels(self) -> int:
        """3 for red, green and blue; 4 with alpha, which is straight (not premultiplied)."""
        return self.preset.at(self.time).channels

    @property
    def points(self) -> int:
        """The number of samples in all pixels; an estimate if they are "auto"."""
        return self.size[0] * self.size[1] * usual_samples(self.samples)

    def to_text(self, *, ascii: bool = False, whole: bool = False) -> str:
        """The shot as JSON, which contains the preset as TOML. `ascii`: for TIFF.

        It is all that is needed to draw the shot, but for weights that a picture may not carry;
        `whole`: with these, for the user's own processes. See `packed`.
        """
        document = {
            "version": self.version,
            "name": self.preset.name,
            "size": list(self.size),
            "time": self.time,
            "samples": self.samples,
            "engine": self.engine,
            **({"bits": self.bits} if self.bits != 8 else {}),
            **packed(self.preset, whole=whole, beside=self.beside, image_beside=self.image_beside),
        }
        if whole:
            beside = {"beside": self.beside, "image_beside": self.image_beside}
            document |= {name: file for name, file in beside.items() if file}
        return json.dumps(document, ensure_ascii=ascii)


def SIDES(value: Any) -> tuple[int, int]:  # noqa: N802 - a check, as TIME and SAMPLES
    """A check: width and height in pixels of a picture that is drawn in bands."""
    width, height = several(integer(1, MAX_SIDE), 2, 2)(value)
    return width, height


def SIZE(value: Any) -> tuple[int, int]:  # noqa: N802
    """A check: width and height in pixels of a picture that is held in memory."""
    width, height = SIDES(value)
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width}x{height} is more than {MAX_PIXELS} pixels (2²⁸), the limit")
    return width, height


BITS = choice((8, 16, 32))
_COUNT = integer(1, 16)


def SAMPLES(value: Any) -> Samples:  # noqa: N802
    """A check: N for N×N samples per pixel, or "auto"."""
    if isinstance(value, str) and value == "auto":
        return "auto"
    try:
        return _COUNT(value)
    except ValueError:
        low, high = _COUNT.low, _COUNT.high
        problem = f"{show(value)} is neither an integer from {low} to {high} nor auto"
        raise ValueError(problem) from None


def usual_samples(samples: Samples) -> int:
    """The number of samples in a pixel; an estimate of the mean for "auto"."""
    return USUAL if samples == "auto" else samples**2


def parse_shot(content: str, source: str, origin: Origin = NOWHERE) -> Shot:
    """The shot in a picture's text. Raises PresetError if it is not one.

    `origin` says which files it may name: none by default.
    """
    try:
        document = json.loads(content)
        name = Path(line(200)(document["name"])).name.lstrip(".") or "preset"
        return Shot(
            preset=unpacked(document, source=source, name=name, origin=origin),
            size=SIDES(document["size"]),
            time=TIME(document["time"]),
            samples=SAMPLES(document["samples"]),
            engine=text(40)(document["engine"]),
            version=text(40)(document["version"]),
            bits=BITS(document.get("bits", 8)),
            beside=line(200)(document.get("beside", "")),
            image_beside=line(200)(document.get("image_beside", "")),
        )
    except PresetError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        problem = f"the shot in this picture cannot be read ({type(error).__name__})"
        raise PresetError(problem, source=source) from None


def read_shot(path: Path, *, network: Path | None = None) -> Shot:
    """The shot inside a picture saved by cppn_gl. Raises PresetError with the file.

    It may name network files beside it or below. `network` is read instead of one that it names.
    """
    return parse_shot(read_text(path), str(path), Origin(path.parent, network=network))


def shot_in(path: Path) -> Shot | None:
    """The shot inside a picture saved by cppn_gl; None for any other file."""
    try:
        return read_shot(path)
    except PresetError:
        return None


def holds(path: Path, shot: Shot) -> bool:
    """Whether a file tells of exactly this shot."""
    try:
        return read_text(path) in (shot.to_text(), shot.to_text(ascii=True))
    except PresetError:
        return False
