"""OpenEXR files: linear light as half or float, with the shot in attributes `cppn_gl` ….

The library OpenEXR is optional: the extra `exr`.
"""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl.output.png import Pixels
from cppn_gl.preset.containers import exr_attributes, is_whole_exr
from cppn_gl.preset.readers import EXR as READER
from cppn_gl.preset.shot import Shot, holds
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.extras import require
from cppn_gl.utils.files import open_plain

# x and y of red, green, blue and white: Rec. 709, whose primaries are those of sRGB.
_REC_709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
_LARGEST_HALF = 65504.0
_ROWS = 64  # converted at once


def linear(values: Float32) -> Float32:
    """Linear light of sRGB-encoded values (IEC 61966-2-1); negative ones as scRGB extends it."""
    size = np.abs(values)
    curve = ((size + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.copysign(np.where(size <= 0.04045, size / np.float32(12.92), curve), values)


def _channels(pixels: Pixels, bits: int) -> NDArray[Any]:
    """Linear channels of display values; colours are multiplied by alpha, as EXR expects."""
    channels = np.empty(pixels.shape, f"float{bits}")
    for top in range(0, len(pixels), _ROWS):  # the intermediate values of all would be large
        rows = pixels[top : top + _ROWS].astype(np.float32)
        rows[..., :3] = linear(rows[..., :3])
        rows[..., :3] *= rows[..., 3:] if rows.shape[2] == 4 else 1
        most = np.inf if bits == 32 else _LARGEST_HALF
        channels[top : top + _ROWS] = np.clip(rows, -most, most)
    return channels


class ExrFormat:
    """A Format: 16 bits are a half, 32 a float."""

    name, suffixes = READER.name, READER.suffixes
    largest = 2**29  # the library's own: coordinates are half an int
    bits: tuple[int, ...] = (16, 32)
    floats, alpha, library = True, True, "OpenEXR"

    def write(self, file: BinaryIO, pixels: Pixels, shot: Shot) -> None:
        """Write float32 pixels and their shot. Raises PresetError without the library."""
        require(self.name, self.library)
        import OpenEXR

        channels = _channels(pixels, shot.bits)
        header = {
            "compression": OpenEXR.ZIP_COMPRESSION,
            "type": OpenEXR.scanlineimage,
            "chromaticities": _REC_709,
            **exr_attributes(shot.to_text(ascii=True)),
        }
        OpenEXR.File(header, {"RGBA"[: channels.shape[2]]: channels}).write(file)

    def is_whole(self, path: Path, shot: Shot) -> bool:
        """Whether a file is the complete picture of a shot."""
        try:
            with open_plain(path) as file:
                return holds(path, shot) and is_whole_exr(file)
        except (OSError, EOFError, ValueError, struct.error):
            return False


EXR = ExrFormat()
