"""PNG files: tagged sRGB, their shot before the pixels, the same bytes for the same shot."""

import io

import numpy as np
import png
import pytest
from PIL import Image

from cppn_gl.output.png import encode_png
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
SHOT = Shot(Preset(title="×").replace(depth=3), (7, 5))


def test_a_picture_is_tagged_srgb_and_carries_no_date() -> None:
    chunks = list(png.Reader(bytes=encode_png(PIXELS, SHOT)).chunks())  # which checks their sums
    assert [kind for kind, _ in chunks] == [b"IHDR", b"sRGB", b"iTXt", b"IDAT", b"IEND"]
    assert dict(chunks)[b"sRGB"] == b"\x01"


def test_the_shot_is_international_text_that_is_not_compressed() -> None:
    with Image.open(io.BytesIO(encode_png(PIXELS, SHOT))) as image:
        assert image.info["cppn_gl"] == SHOT.to_text()
        assert "×" in image.info["cppn_gl"]


def test_the_same_shot_gives_the_same_bytes() -> None:
    assert encode_png(PIXELS, SHOT) == encode_png(PIXELS.copy(), SHOT)
    with Image.open(io.BytesIO(encode_png(PIXELS, SHOT, level=1))) as image:
        assert np.array_equal(np.asarray(image), PIXELS)


@pytest.mark.parametrize("bits", [8, 16])
def test_four_channels_are_rgba(bits: int) -> None:
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.arange(5 * 7 * 4, dtype=kind).reshape(5, 7, 4) * kind(257 if bits == 16 else 1)
    clear = Shot(Preset().replace(depth=3, outputs=4), (7, 5), bits=bits)
    width, height, rows, info = png.Reader(bytes=encode_png(pixels, clear)).read()
    assert (width, height, info["bitdepth"], info["alpha"]) == (7, 5, bits, True)
    assert np.array_equal(np.vstack([np.array(row) for row in rows]).reshape(5, 7, 4), pixels)
