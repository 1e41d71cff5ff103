"""PNG files: RGB or RGBA of 8 or 16 bits, tagged as sRGB, with the shot embedded as text."""

import io
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl.output.bands import joined
from cppn_gl.preset.containers import KEYWORD
from cppn_gl.preset.readers import PNG as READER
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.files import open_plain

Pixels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]

_RELATIVE_COLORIMETRIC = b"\x01"
_SUB, _UP = 1, 2  # filter types: minus the pixel to the left, minus the pixel above
COLOR_TYPES = {3: 2, 4: 6}  # by the number of channels: RGB, RGBA
_END = b"IEND\xaeB`\x82"
# On smooth pictures a fifth of the time of level 6, for files about a tenth larger (7 to 22 %).
_LEVEL = 4


def png_info(shot: Shot) -> list[tuple[bytes, bytes]]:
    """The chunks before the pixels: sRGB, and the shot as uncompressed text."""
    text = f"{KEYWORD}\0\0\0\0\0{shot.to_text()}".encode()
    return [(b"sRGB", _RELATIVE_COLORIMETRIC), (b"iTXt", text)]


def png_rows(pixels: Pixels) -> NDArray[np.uint8]:
    """(height, width, 3 or 4) pixels as filtered PNG rows of bytes, (height, 1 + bytes of a row).

    The filter Up compresses smooth pictures best. The first row is filtered by Sub, because the row
    above it may belong to another band.
    """
    rows = pixels.reshape(len(pixels), -1)
    if rows.dtype != np.uint8:
        rows = rows.astype(">u2").view(np.uint8)
    step = pixels.shape[2] * pixels.dtype.itemsize
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[0, 0], filtered[0, 1 : 1 + step] = _SUB, rows[0, :step]
    np.subtract(rows[0, step:], rows[0, :-step], out=filtered[0, 1 + step :])
    filtered[1:, 0] = _UP
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def write_png(file: BinaryIO, size: tuple[int, int], shot: Shot, pieces: Iterable[bytes]) -> None:
    """Write a PNG of (width, height) pixels from the pieces of its rows' zlib stream."""
    import png  # here: --help does not need it

    def chunks() -> Iterator[tuple[bytes, bytes]]:
        sides = b"".join(side.to_bytes(4, "big") for side in size)
        yield b"IHDR", sides + bytes([shot.bits, COLOR_TYPES[shot.channels], 0, 0, 0])
        yield from png_info(shot)
        for piece in pieces:
            yield b"IDAT", piece
        yield b"IEND", b""

    png.write_chunks(file, chunks())


def encode_png(pixels: Pixels, shot: Shot, *, level: int = _LEVEL) -> bytes:
    """The PNG file of (height, width, 3 or 4) pixels and their shot.

    Most of the work releases the GIL, so that other threads continue.
    """
    buffer = io.BytesIO()
    height, width, _ = pixels.shape
    write_png(buffer, (width, height), shot, [zlib.compress(png_rows(pixels).data, level)])
    return buffer.getvalue()


def is_whole_png(path: Path, shot: Shot) -> bool:
    """Whether a file is the complete picture of a shot.

    It is not parsed, which keeps this fast for thousands of frames.
    """
    expected = shot.to_text().encode()
    try:
        with open_plain(path) as file:
            head = file.read(len(expected) + 512)  # the text comes before the pixels
            file.seek(-len(_END), os.SEEK_END)
            return expected in head and file.read() == _END
    except OSError:
        return False


class PngFormat:
    """A BandedFormat."""

    name, suffixes = READER.name, READER.suffixes
    largest = 2**31 - 1
    bits: tuple[int, ...] = (8, 16)
    floats, alpha, library = False, True, ""
    lead, filtered, is_whole = 1, staticmethod(png_rows), staticmethod(is_whole_png)

    def write(self, file: BinaryIO, pixels: Pixels, shot: Shot) -> None:
        """Write pixels and their shot, all rows in one chunk."""
        file.write(encode_png(pixels, shot))

    def write_bands(self, file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
        """Write the file of a shot, the rows of each band in one chunk."""
        width, height = shot.size
        length = 1 + shot.channels * width * shot.bits // 8  # of a row
        lengths = [min(rows, height - top) * length for top in range(0, height, rows)]
        write_png(file, shot.size, shot, joined(streams, lengths))


PNG = PngFormat()
