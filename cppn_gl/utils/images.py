"""Image files of the user's, opened within bounds.

with opened_image(path) as image: … -> a Pillow image; whatever is wrong is a PresetError
    pixels_of(image, most)          -> its colours, upright: sRGB values in [0, 1]

What is transparent is seen on white; of an animation the first frame is taken.
"""

import contextlib
import io
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import open_plain

FORMATS = ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"]
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp")
MAX_BYTES, MAX_PIXELS = 2**28, 10**8
MAX_SIDE = 10**6  # pixels: Pillow has a pointer to each row, more than the pixels of a strip


@contextlib.contextmanager
def opened_image(path: Path | bytes) -> Iterator[Any]:
    """A Pillow image of one of FORMATS, to be decoded in the block: a file, or a file's bytes.

    Raises PresetError with the file, in one line, also for what decoding raises in the block.
    """
    source = "" if isinstance(path, bytes) else str(path)
    try:
        with io.BytesIO(path) if isinstance(path, bytes) else open_plain(path) as file:
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
        raise PresetError(error.strerror or "not a complete image", source=source) from None
    except MemoryError:
        raise PresetError("needs more memory than there is", source=source) from None
    except (ValueError, SyntaxError, EOFError, IndexError, KeyError) as error:
        problem = str(error) if isinstance(error, ValueError) else "not a complete image"
        raise PresetError(problem, source=source) from None


def _image(file: Any) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        if max(image.size) > MAX_SIDE:
            raise ValueError(f"an image of more than {MAX_SIDE:,} pixels a side")
    except UnidentifiedImageError:
        raise ValueError(f"not an image of a known format: {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"an image of more than {MAX_PIXELS:,} pixels") from None
    return image


def pixels_of(image: Any, most: int) -> Float32:
    """The colours (height, width, 3) of an image of at most about `most` pixels.

    A larger one is averaged down. It is upright, as its EXIF data say.
    """
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(image, in_place=True)  # which needs no second copy
    if image.mode == "F":
        raise ValueError("an image of floating-point values; expected 8 or 16 bits per channel")
    scale = math.sqrt(min(1.0, most / (image.width * image.height)))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    size = min(size[0], most), min(size[1], most)  # of a strip one pixel wide
    if image.mode.startswith("I"):  # 16 bits, which `convert` would clamp to 255
        deep = np.clip(np.asarray(image), 0, 0xFFFF).astype(np.float32) / 0xFFFF
        grey: Float32 = np.asarray(Image.fromarray(deep).resize(size, Image.Resampling.BOX))
        return np.repeat(grey[..., None], 3, axis=-1)
    clear = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    wanted = "RGBA" if clear else "RGB"
    image = image if image.mode == wanted else image.convert(wanted)
    image = image.resize(size, Image.Resampling.BOX)
    pixels = np.asarray(image, np.float32) / 255
    if clear:
        alpha = pixels[..., 3:]
        pixels = pixels[..., :3] * alpha + (1 - alpha)
    return np.asarray(pixels, np.float32)
