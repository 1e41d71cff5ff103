"""Words of overlays: letters of a legible size, on a ground that any picture lets read."""

import numpy as np
import pytest
from PIL import ImageDraw

from cppn_gl.views.lettering import MIN_FONT, canvas, chip, letters, room


def test_letters_grow_with_the_picture() -> None:
    assert letters((60, 40)) == MIN_FONT
    one = letters((960, 600))
    assert 14 <= one <= 16
    for times in (2, 3, 4, 8):
        assert letters((960 * times, 600 * times)) == times * one


def test_room_is_what_letters_take() -> None:
    wide, high = room(15, "layer 12")
    assert room(15, "layer 12layer 12")[0] == pytest.approx(2 * wide, abs=1)
    assert 15 <= high <= 24


def test_a_chip_covers_its_place_alone() -> None:
    image = canvas((100, 60))
    chip(ImageDraw.Draw(image), (20, 10), "12", 12)
    covered = np.asarray(image)[..., 3] > 0
    wide, high = room(12, "12")
    assert covered[10 + high // 2, 22]
    rows, columns = covered.any(axis=1).nonzero()[0], covered.any(axis=0).nonzero()[0]
    assert (rows[0], rows[-1]) == (10, 10 + high - 1)
    assert columns[0] == 20
    assert columns[-1] == pytest.approx(20 + wide + 6, abs=1)
