"""PNG files: 8-bit RGB, tagged sRGB, with their shot inside."""

import io
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl.output.bands import joined
from cppn_gl.preset.readers import KEYWORD
from cppn_gl.preset.readers import PNG as READER
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.files import open_plain

_RELATIVE_COLORIMETRIC = b"\x01"
_SUB, _UP = 1, 2  # filters: less the pixel to the left, less the one above
_END = b"IEND\xaeB`\x82"
# A fifth of the time of level 6 on smooth pictures, for files a tenth larger (7 to 22 %).
_LEVEL = 4


def png_info(shot: Shot) -> list[tuple[bytes, bytes]]:
    """The chunks before the pixels: that they are sRGB, and their shot, which is not compressed."""
    text = f"{KEYWORD}\0\0\0\0\0{shot.to_text()}".encode()
    return [(b"sRGB", _RELATIVE_COLORIMETRIC), (b"iTXt", text)]


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
    import png  # here: help needs none

    def chunks() -> Iterator[tuple[bytes, bytes]]:
        header = (*(side.to_bytes(4, "big") for side in size), b"\x08\x02\x00\x00\x00")
        yield b"IHDR", b"".join(header)  # 8 bits, RGB, no interlacing
        yield from png_info(shot)
        for piece in pieces:
            yield b"IDAT", piece
        yield b"IEND", b""

    png.write_chunks(file, chunks())


def encode_png(pixels: NDArray[np.uint8], shot: Shot, *, level: int = _LEVEL) -> bytes:
    """PNG bytes of (height, width, 3) pixels, with their shot inside.

    Nearly all of it is done without Python's lock, so that other threads go on.
    """
    buffer = io.BytesIO()
    height, width, _ = pixels.shape
    write_png(buffer, (width, height), shot, [zlib.compress(png_rows(pixels).data, level)])
    return buffer.getvalue()


def is_whole_png(path: Path, shot: Shot) -> bool:
    """Whether a file is the whole picture of a shot. Does not parse it: there may be thousands."""
    expected = shot.to_text().encode()
    try:
        with open_plain(path) as file:
            head = file.read(len(expected) + 512)  # the text stands before the pixels
            file.seek(-len(_END), os.SEEK_END)
            return expected in head and file.read() == _END
    except OSError:
        return False


class PngFormat:
    """A BandedFormat."""

    name, suffixes = READER.name, READER.suffixes
    largest = 2**31 - 1
    lead, filtered = 1, staticmethod(png_rows)

    def write(self, file: BinaryIO, pixels: NDArray[np.uint8], shot: Shot) -> None:
        """Write pixels and their shot; all rows in one chunk."""
        file.write(encode_png(pixels, shot))

    def write_bands(self, file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
        """Write the file of a shot; the rows of each band in a chunk of their own."""
        width, height = shot.size
        lengths = [min(rows, height - top) * (1 + 3 * width) for top in range(0, height, rows)]
        write_png(file, shot.size, shot, joined(streams, lengths))


PNG = PngFormat()
