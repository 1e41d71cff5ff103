"""Animated GIF and WebP, which play forever.

Pillow encodes the frames. The containers are made here, frame by frame: Pillow would hold all of
them in memory.

Formats: GIF89a (CompuServe, 1990); WebP container specification (Google, RFC 9649).
"""

import io
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cppn_gl.output.films import EncodingError, Film, Frame, Quality, check_rate, check_sides
from cppn_gl.preset.containers import exif
from cppn_gl.preset.readers import GIF as GIF_READER
from cppn_gl.preset.readers import WEBP as WEBP_READER
from cppn_gl.utils.checks import integer

if TYPE_CHECKING:
    from PIL.Image import Image

HELD = 2**28  # bytes of frames that share a palette
SAMPLED = 2**16  # pixels that a palette is made from
COLORS = 256


class _Clock:
    """How long each frame lasts, in whole units, whose sum is off by at most half a unit."""

    def __init__(self, units: int, fps: Fraction):
        self._step, self._frames = units / fps, 0

    def tick(self) -> int:
        """The units that the next frame lasts."""
        self._frames += 1
        return round(self._frames * self._step) - round((self._frames - 1) * self._step)


class GifFormat:
    """Frames of 256 colours: one palette for all that fit in HELD bytes, dithered."""

    name, suffixes, fps = GIF_READER.name, GIF_READER.suffixes, 25
    even = False
    quality: Quality | None = None

    def check(self, size: tuple[int, int], fps: Fraction) -> None:
        check_sides(self.name, size, 65_535)
        why = "since browsers play a GIF's shorter delays slowly"
        check_rate(self.name, fps, Fraction(1, 600), 50, why)

    def begin(self, file: BinaryIO, film: Film) -> "GifEncoder":
        return GifEncoder(file, film)


class GifEncoder:
    def __init__(self, file: BinaryIO, film: Film):
        self._file, self._clock = file, _Clock(100, film.fps)
        self._held: list[Frame] = []
        file.write(b"GIF89a" + struct.pack("<2H3B", *film.shot.size, 0x70, 0, 0))
        file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")  # repeat forever
        file.write(b"!\xfe" + _blocks(film.shot.to_text().encode()))

    def add(self, frame: Frame) -> None:
        self._held.append(frame)
        if len(self._held) * frame.nbytes >= HELD:
            self._write()

    def finish(self) -> None:
        self._write()
        self._file.write(b";")

    def _write(self) -> None:
        """Encode the held frames with the palette that suits them."""
        if not self._held:
            return
        from PIL import Image

        # Colours as far apart as those of the frames, of which error diffusion can mix any of them:
        # with median cut, what is outside of all becomes lone bright dots. Its noise moves, but
        # ordered noise and none leave contours.
        pixels = np.concatenate(
            [frame.reshape(-1, 3) for frame in self._held[:: _stride(self._held)]]
        )
        pixels = pixels[:: -(-len(pixels) // SAMPLED)]
        palette = Image.fromarray(pixels[None]).quantize(COLORS, Image.Quantize.MAXCOVERAGE)
        for frame in self._held:
            picture = Image.fromarray(frame).quantize(palette=palette)
            delay = struct.pack("<H", self._clock.tick())
            self._file.write(b"!\xf9\x04\0" + delay + b"\0\0" + _gif_image(picture))
        self._held = []


def _stride(frames: list[Frame]) -> int:
    """Every which frame a palette is made from: at most 32 of them."""
    return -(-len(frames) // 32)


def _gif_image(picture: "Image") -> bytes:
    """The block of one image, with a palette of its own."""
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", optimize=False, interlace=False)
    data = buffer.getvalue()
    size = data[10] & 7
    start = 13 + (6 << size)
    return data[start : start + 9] + bytes([0x80 | size]) + data[13:start] + data[start + 10 : -1]


def _blocks(data: bytes) -> bytes:
    """Data in sub-blocks of at most 255 bytes, and the one that ends them."""
    pieces = (data[k : k + 255] for k in range(0, len(data), 255))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


class WebpFormat:
    """Frames of full colour, each for itself; the shot's text is in the chunk EXIF."""

    name, suffixes, fps = WEBP_READER.name, WEBP_READER.suffixes, 30
    even = False
    quality: Quality | None = Quality(
        "quality", "a higher one is better; 100 loses nothing", integer(1, 100), 90
    )

    def check(self, size: tuple[int, int], fps: Fraction) -> None:
        check_sides(self.name, size, 16_383)
        why = "since browsers play a WebP's shorter delays slowly"
        check_rate(self.name, fps, Fraction(1, 16_000), 90, why)

    def begin(self, file: BinaryIO, film: Film) -> "WebpEncoder":
        return WebpEncoder(file, film)


class WebpEncoder:
    def __init__(self, file: BinaryIO, film: Film):
        self._file, self._clock, self._film = file, _Clock(1000, film.fps), film
        self._canvas = b"".join(_three(side - 1) for side in film.shot.size)
        file.write(b"RIFF\0\0\0\0WEBP")  # its length follows when it is known
        file.write(_chunk(b"VP8X", b"\x0a\0\0\0" + self._canvas))  # with EXIF, animated
        file.write(_chunk(b"ANIM", b"\0\0\0\0\0\0"))  # no background; repeat forever

    def add(self, frame: Frame) -> None:
        from PIL import Image

        buffer, quality = io.BytesIO(), self._film.quality
        how: dict[str, Any] = (
            {"lossless": True, "quality": 75} if quality == 100 else {"quality": quality}
        )
        Image.fromarray(frame).save(buffer, "WEBP", **how)
        head = _three(0) * 2 + self._canvas + _three(self._clock.tick()) + b"\x02"  # replaces all
        self._file.write(_chunk(b"ANMF", head + buffer.getvalue()[12:]))

    def finish(self) -> None:
        self._file.write(_chunk(b"EXIF", exif(self._film.shot.to_text(ascii=True))))
        size = self._file.tell() - 8
        if size >= 2**32:
            raise EncodingError("more than 4 GiB, the limit of WebP; choose a smaller size")
        self._file.seek(4)
        self._file.write(struct.pack("<I", size))


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


GIF, WEBP = GifFormat(), WebpFormat()
