"""WebP files: no value is lost, with or without alpha, and the shot is in their EXIF data."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from cppn_gl.output.formats import check_size, encode
from cppn_gl.output.webp import WEBP
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import WEBP as READER
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError

SHOT = Shot(Preset(title="< × & ]]>").replace(depth=3), (7, 5))


def pixels(channels: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
def test_every_value_comes_back(channels: int) -> None:
    values = pixels(channels)
    if channels == 4:
        values[:2, ..., 3] = 0  # whose colours stay
    with Image.open(io.BytesIO(encode(WEBP, values, SHOT))) as image:
        assert np.array_equal(np.asarray(image), values)


def test_the_shot_is_exif_that_other_programs_read() -> None:
    data = encode(WEBP, pixels(3), SHOT)
    assert READER.text(io.BytesIO(data)) == SHOT.to_text(ascii=True)
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif()[ExifTags.Base.ImageDescription] == SHOT.to_text(ascii=True)
    assert data == encode(WEBP, pixels(3), SHOT)


def test_its_limit_is_named() -> None:
    check_size(WEBP, (16383, 1))
    with pytest.raises(PresetError, match="limit of WebP is 16383 pixels a side"):
        check_size(WEBP, (1, 16384))
