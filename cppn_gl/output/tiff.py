"""BigTIFF files: RGB or RGBA of 8 or 16 bits in compressed strips, the shot as description."""

from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cppn_gl._version import __version__
from cppn_gl.output.bands import band_rows, compress
from cppn_gl.output.png import Pixels
from cppn_gl.preset.readers import KEYWORD
from cppn_gl.preset.readers import TIFF as READER
from cppn_gl.preset.shot import Shot


class TiffFormat:
    """A BandedFormat."""

    name, suffixes = READER.name, READER.suffixes
    largest = 2**32 - 1
    bits: tuple[int, ...] = (8, 16)
    lead = 0

    def write(self, file: BinaryIO, pixels: Pixels, shot: Shot) -> None:
        """Write pixels and their shot, in the same strips as a poster of this shot."""
        rows = band_rows(shot)
        bands = (pixels[top : top + rows] for top in range(0, len(pixels), rows))
        self.write_bands(file, shot, rows, (compress(self.filtered(band).data) for band in bands))

    def filtered(self, pixels: Pixels) -> NDArray[Any]:
        """(height, width, 3 or 4) pixels minus those to the left: TIFF's horizontal predictor."""
        import tifffile  # noqa: F401 - if it is missing, fail at the first band, not after the last

        filtered: NDArray[Any] = pixels.astype(pixels.dtype.newbyteorder("<"))  # a copy
        filtered[:, 1:] -= pixels[:, :-1]
        return filtered

    def write_bands(self, file: BinaryIO, shot: Shot, rows: int, streams: Iterable[bytes]) -> None:
        """Write the file of a shot, each band as one strip."""
        import tifffile

        with tifffile.TiffWriter(file, bigtiff=True, byteorder="<") as writer:
            writer.write(
                iter(streams),
                shape=(shot.size[1], shot.size[0], shot.channels),
                dtype=np.dtype(shot.dtype),
                photometric="rgb",
                rowsperstrip=rows,
                compression="adobe_deflate",
                predictor=True,
                description=shot.to_text(ascii=True),
                software=f"{KEYWORD} {__version__}",
                metadata=None,
                extrasamples=["unassalpha"] if shot.channels == 4 else None,
            )


TIFF = TiffFormat()
