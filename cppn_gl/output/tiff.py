"""BigTIFF files: RGB or RGBA of 8, 16 or 32 bits in compressed strips, the shot as description.

32 bits are a float: display values, not clamped.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl._version import __version__
from cppn_gl.output.bands import band_rows, compress
from cppn_gl.output.png import Pixels
from cppn_gl.preset.containers import KEYWORD
from cppn_gl.preset.readers import TIFF as READER
from cppn_gl.preset.shot import Shot, holds


class TiffFormat:
    """A BandedFormat."""

    name, suffixes = READER.name, READER.suffixes
    largest = 2**32 - 1
    bits: tuple[int, ...] = (8, 16, 32)
    floats, alpha, library = False, True, ""
    lead = 0

    def write(self, file: BinaryIO, pixels: Pixels, shot: Shot) -> None:
        """Write pixels and their shot, in the same strips as a poster of this shot."""
        rows = band_rows(shot)
        bands = (pixels[top : top + rows] for top in range(0, len(pixels), rows))
        self.write_bands(file, shot, rows, (compress(self.filtered(band).data) for band in bands))

    def filtered(self, pixels: Pixels) -> NDArray[Any]:
        """(height, width, 3 or 4) pixels minus those to the left: TIFF's horizontal predictor."""
        import tifffile  # noqa: F401 - if it is missing, fail at the first band, not after the last

        if pixels.dtype == np.float32:
            return _float_rows(pixels)
        filtered: NDArray[Any] = pixels.astype(pixels.dtype.newbyteorder("<"))  # a copy
        filtered[:, 1:] -= pixels[:, :-1]
        return filtered

    def write_bands(self, file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
        """Write the file of a shot, each band as one strip."""
        import tifffile

        floats = shot.dtype == "float32"
        with tifffile.TiffWriter(file, bigtiff=True, byteorder="<") as writer:
            writer.write(
                iter(streams),
                shape=(shot.size[1], shot.size[0], shot.channels),
                dtype="int32" if floats else shot.dtype,
                photometric="rgb",
                rowsperstrip=rows,
                compression="adobe_deflate",
                predictor=True,
                description=shot.to_text(ascii=True),
                software=f"{KEYWORD} {__version__}",
                metadata=None,
                extrasamples=["unassalpha"] if shot.channels == 4 else None,
            )
        if floats:
            _call_floats(file)

    def is_whole(self, path: Path, shot: Shot) -> bool:
        """Whether a file is the complete picture of a shot: it reaches to the end of its strips."""
        import tifffile

        if not holds(path, shot):
            return False
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            return page.dataoffsets[-1] + page.databytecounts[-1] <= file.filehandle.size


def _float_rows(pixels: Pixels) -> NDArray[np.uint8]:
    """Rows of float32 pixels by the floating-point predictor (Adobe, TIFF Technical Note 3).

    The first bytes of all values of a row, with sign and exponent, then their second bytes, and so
    on; each byte minus that of the pixel to the left.
    """
    height, _, channels = pixels.shape
    planes = pixels.astype(">f4").view(np.uint8).reshape(height, -1, 4).transpose(0, 2, 1)
    before = planes.reshape(height, -1)
    rows = before.copy()
    rows[:, channels:] -= before[:, :-channels]
    return rows


def _call_floats(file: BinaryIO) -> None:
    """Turn a file of int32 with a horizontal predictor into one of floats with theirs.

    tifffile writes that predictor only with the library imagecodecs, even for finished strips.
    """
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as written:
        page = written.pages.first
        tags = page.tags
        tags["SampleFormat"].overwrite((tifffile.SAMPLEFORMAT.IEEEFP,) * page.samplesperpixel)
        tags["Predictor"].overwrite(tifffile.PREDICTOR.FLOATINGPOINT)


TIFF = TiffFormat()
