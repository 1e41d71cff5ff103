"""Compressed bands of a picture's rows, one file each, concatenated into one picture.

    pixels of some rows -> filtered rows -> a zlib stream -> the band's file
    the bands' files, in order -> one picture, without compressing anything again

A band is a complete zlib stream whose final block is empty. A TIFF takes it unchanged as a strip.
For a PNG, the two-byte header, the final block and the checksum are removed, and the rest becomes
part of one longer stream. The checksum detects damaged band files.
"""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cppn_gl.preset.shot import Shot, usual_samples
from cppn_gl.utils.files import open_plain

BAND = 2**22  # samples in a band: seconds to draw, 12 MiB of pixels at one sample per pixel
GRID_BAND = 2**24  # pixels, at most, of a band of a network whose units see their neighbours
MIN_ROWS = 8  # a band of fewer rows hardly compresses

# RFC 1950: 32 KiB window, default level. RFC 1951: an empty final block with fixed codes.
_HEADER, _LAST = b"\x78\x9c", b"\x03\x00"
_BASE = 65521  # the modulus of Adler-32, RFC 1950


def band_rows(shot: Shot) -> int:
    """The number of pixel rows in each band of this picture; the last band may have fewer."""
    width, height = shot.size
    rows = max(MIN_ROWS, BAND // (width * usual_samples(shot.samples)))
    if shot.preset.spec.structured:
        from cppn_gl.engines.grid import fewest_rows  # needs OpenGL's library, which help does not
        from cppn_gl.views import view_of

        if not view_of(shot.preset).by_pixel:
            return min(rows, height)
        now = shot.preset.at(shot.time)
        rows = max(rows, fewest_rows(now.network(), now.view, shot.size, GRID_BAND))
    return min(rows, height)


def compress(data: memoryview) -> bytes:
    """A band's zlib stream: complete non-final blocks, then an empty final block."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    blocks = [deflate.compress(data), deflate.flush(zlib.Z_SYNC_FLUSH)]
    return b"".join([_HEADER, *blocks, _LAST, _checksum(zlib.adler32(data))])


def is_intact(path: Path, length: int) -> bool:
    """Whether a band's file exists, unpacks to `length` bytes and has a valid checksum."""
    try:
        with open_plain(path) as file:
            data = file.read(length + length // 64 + 256)  # more than deflate ever adds
        inflate = zlib.decompressobj()
        unpacked = len(inflate.decompress(data, length + 1))
    except (OSError, zlib.error):
        return False
    empty_final_block = data.endswith(_LAST + data[-4:])
    whole = inflate.eof and not inflate.unused_data and empty_final_block
    return unpacked == length and whole


def joined(streams: Iterable[bytes], lengths: Iterable[int]) -> Iterator[bytes]:
    """Join the bands' zlib streams into one, piece by piece; `lengths`: unpacked, in bytes."""
    total = 1
    yield _HEADER
    for stream, length in zip(streams, lengths, strict=True):
        total = _combine_adler32(total, int.from_bytes(stream[-4:], "big"), length)
        yield stream[len(_HEADER) : -len(_LAST) - 4]
    yield _LAST + _checksum(total)


def _checksum(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _combine_adler32(first: int, second: int, length: int) -> int:
    """Adler-32 of two concatenated strings, from that of each and the second's length in bytes."""
    # Low half: 1 + Σ bytes. High half: Σ of the running low halves; the second's started at 1.
    low1, low2 = first & 0xFFFF, second & 0xFFFF
    high = (first >> 16) + (second >> 16) + length * (low1 - 1)
    return high % _BASE << 16 | (low1 + low2 - 1) % _BASE
