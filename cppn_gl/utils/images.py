"""Image files of the user's, opened within bounds.

with opened_image(path) as image: … -> a Pillow image; whatever is wrong is a PresetError
"""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain

FORMATS = ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"]
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp")
MAX_BYTES, MAX_PIXELS = 2**28, 10**8


@contextlib.contextmanager
def opened_image(path: Path) -> Iterator[Any]:
    """A Pillow image of one of FORMATS, to be decoded in the block.

    Raises PresetError with the file, in one line, also for what decoding raises in the block.
    """
    try:
        with open_plain(path) as file:
            if file.seek(0, 2) > MAX_BYTES:
                raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
            file.seek(0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about its size, which is checked here
                with _image(file) as image:
                    yield image
    except PresetError:
        raise
    except OSError as error:
        raise PresetError(error.strerror or "not a complete image", source=str(path)) from None
    except (ValueError, SyntaxError, EOFError, MemoryError, IndexError, KeyError) as error:
        problem = str(error) if isinstance(error, ValueError) else "not a complete image"
        raise PresetError(problem, source=str(path)) from None


def _image(file: Any) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
    except UnidentifiedImageError:
        raise ValueError(f"not an image of a known format: {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"an image of more than {MAX_PIXELS:,} pixels") from None
    return image
