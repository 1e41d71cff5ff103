"""A picture's rows as compressed bands, each in a file of its own, joined to one picture.

    pixels of some rows -> filtered rows -> a zlib stream -> a band's file
    the bands' files, in order -> one picture, without compressing anything again

A band's stream ends in an empty last block. Without its two bytes of header, that block and its
checksum it can stand within a longer stream, as a PNG wants it; as it is, it is a TIFF's strip.
The checksum tells whether a band's file is sound.
"""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cppn_gl.preset.shot import Shot
from cppn_gl.utils.files import open_plain

BAND = 2**22  # points in a band: seconds to draw, 12 MiB of pixels at one sample
MIN_ROWS = 8  # a band of fewer would hardly shrink

# RFC 1950: 32 KiB window, default level. RFC 1951: a last block of fixed codes, and its end.
_HEADER, _LAST = b"\x78\x9c", b"\x03\x00"
_BASE = 65521  # of Adler-32, RFC 1950


def band_rows(shot: Shot) -> int:
    """How many rows of pixels a band of this picture has; the last may have fewer."""
    width, height = shot.size
    return min(max(MIN_ROWS, BAND // (width * shot.samples**2)), height)


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
