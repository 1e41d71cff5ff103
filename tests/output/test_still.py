"""The still picture in a page: small, and like the picture."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from cppn_gl import load_preset, render
from cppn_gl.output.web.still import MAX_BYTES, still_of
from cppn_gl.preset.shot import Shot


@pytest.mark.parametrize("name", ["default", "petal"])
def test_a_still_is_small_and_like_the_picture(name: str) -> None:
    preset = load_preset(name)
    head, _, text = still_of(Shot(preset)).partition(",")
    assert head == "data:image/webp;base64"
    data = base64.b64decode(text)
    assert len(data) <= MAX_BYTES
    with Image.open(io.BytesIO(data)) as image:
        shown = np.asarray(image, float)
        assert image.size[0] >= 240
    whole = render(preset, size=(shown.shape[1], shown.shape[0])).astype(float)
    assert shown.shape == whole.shape
    assert np.abs(shown - whole)[..., -1].mean() < 12
