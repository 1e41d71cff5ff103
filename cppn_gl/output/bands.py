"""A picture's rows as compressed bands, each in a file of its own, joined to one PNG or TIFF.

    pixels of some rows -> filtered rows -> a zlib stream -> a band's file
    the bands' files, in order -> one picture, without compressing anything again

A band's stream ends in an empty last block. Without its two bytes of header, that block and its
checksum it can stand within a longer stream, as a PNG wants it; as it is, it is a TIFF's strip.
The checksum tells whether a band's file is sound.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl._version import __version__
from cppn_gl.preset.shot import KEYWORD, TIFF, Shot, png_rows, write_png
from cppn_gl.utils.files import open_plain

Bytes = NDArray[np.uint8]

# RFC 1950: 32 KiB window, default level. RFC 1951: a last block of fixed codes, and its end.
_HEADER, _LAST = b"\x78\x9c", b"\x03\x00"
_BASE = 65521  # of Adler-32, RFC 1950


def compress(data: memoryview) -> bytes:
    """A band's stream: all blocks whole and none of them last, then an empty one that is."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    blocks = [deflate.compress(data), deflate.flush(zlib.Z_SYNC_FLUSH)]
    return b"".join([_HEADER, *blocks, _LAST, _checksum(zlib.adler32(data))])


def is_sound(path: Path, length: int) -> bool:
    """Whether a band's file is there and whole: `length` bytes, of the right checksum."""
    try:
        with open_plain(path) as file:
            data = file.read(length + length // 64 + 256)  # more than deflate ever adds
        inflate = zlib.decompressobj()
        found = len(inflate.decompress(data, length + 1))
    except (OSError, zlib.error):
        return False
    ends = data.endswith(_LAST + data[-4:])
    return found == length and inflate.eof and not inflate.unused_data and ends


def joined(streams: Iterable[bytes], lengths: Iterable[int]) -> Iterator[bytes]:
    """The pieces of one stream made of bands', whose data have those lengths in bytes."""
    total = 1
    yield _HEADER
    for stream, length in zip(streams, lengths, strict=True):
        total = _together(total, int.from_bytes(stream[-4:], "big"), length)
        yield stream[len(_HEADER) : -len(_LAST) - 4]
    yield _LAST + _checksum(total)


def _checksum(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _together(first: int, second: int, length: int) -> int:
    """Adler-32 of two data, one behind the other, by theirs and the second's length in bytes."""
    # Low half: 1 + Σ bytes. High half: Σ of the low halves, of which the second's began at 1.
    low, more = first & 0xFFFF, second & 0xFFFF
    high = (first >> 16) + (second >> 16) + length * (low - 1)
    return high % _BASE << 16 | (low + more - 1) % _BASE


def _less_left(pixels: Bytes) -> Bytes:
    """(height, width, 3) pixels less those to the left: TIFF's predictor."""
    filtered = pixels.copy()
    filtered[:, 1:] -= pixels[:, :-1]
    return filtered


def _write_png(file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
    width, height = shot.size
    lengths = [min(rows, height - top) * (1 + 3 * width) for top in range(0, height, rows)]
    write_png(file, shot.size, shot, joined(streams, lengths))


def _write_tiff(file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
    import tifffile

    with tifffile.TiffWriter(file, bigtiff=True, byteorder="<") as writer:
        writer.write(
            iter(streams),
            shape=(shot.size[1], shot.size[0], 3),
            dtype=np.uint8,
            photometric="rgb",
            rowsperstrip=rows,
            compression="adobe_deflate",
            predictor=True,
            description=shot.to_text(ascii=True),
            software=f"{KEYWORD} {__version__}",
            metadata=None,
        )


@dataclass(frozen=True)
class Encoding:
    """How a kind of file keeps its pixels.

    A row is `lead` bytes and the pixels; `filtered` makes such rows of (height, width, 3) pixels.
    `write` makes the file of a shot, the rows of a band, and the bands' streams in order.
    """

    name: str
    lead: int
    filtered: Callable[[Bytes], Bytes]
    write: Callable[[BinaryIO, Shot, int, Iterable[bytes]], None]

    def encode(self, pixels: NDArray[Any]) -> bytes:
        """The stream of a band of (height, width, 3) pixels."""
        return compress(self.filtered(pixels).data)


_PNG = Encoding("png", 1, png_rows, _write_png)
_TIFF = Encoding("tiff", 0, _less_left, _write_tiff)


def encoding_of(path: Path) -> Encoding:
    """The encoding that a file's name asks for."""
    if path.suffix.lower() not in TIFF:
        return _PNG
    import tifffile  # noqa: F401 - where it lacks, that is said now and not after hours

    return _TIFF
