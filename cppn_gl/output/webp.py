"""WebP files: lossless RGB or RGBA of 8 bits, with the shot in their EXIF data."""

from pathlib import Path
from typing import BinaryIO

from cppn_gl.output.png import Pixels
from cppn_gl.preset.containers import exif
from cppn_gl.preset.readers import WEBP as READER
from cppn_gl.preset.shot import Shot, holds


class WebpFormat:
    """A Format."""

    name, suffixes = READER.name, READER.suffixes
    largest = 16383
    bits: tuple[int, ...] = (8,)
    floats, alpha, library = False, True, ""

    def write(self, file: BinaryIO, pixels: Pixels, shot: Shot) -> None:
        """Write pixels and their shot; transparent pixels keep their colours."""
        from PIL import Image

        text = exif(shot.to_text(ascii=True))
        Image.fromarray(pixels).save(file, "WEBP", lossless=True, exact=True, exif=text)

    def is_whole(self, path: Path, shot: Shot) -> bool:
        """Whether a file is the complete picture of a shot, which is its last chunk."""
        return holds(path, shot)


WEBP = WebpFormat()
