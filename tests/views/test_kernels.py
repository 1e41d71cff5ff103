"""Kernels as small pictures: white at 0, in colour for images, as large as there is room for."""

import numpy as np
import pytest

from cppn_gl.views.units.diverging import palette
from cppn_gl.views.units.kernels import colored, contact_sheet, fitted, pictures_of, tile_of

WHITE = palette()[len(palette()) // 2]


def test_a_tap_is_a_pixel_of_the_diverging_colours() -> None:
    kernel = np.float32([[[0, 2], [-2, 1]]])
    ((name, picture),) = pictures_of(kernel, ("x",), 2.0)
    assert name == "x"
    assert picture[0, 0] == pytest.approx(WHITE)
    assert picture[0, 1] == pytest.approx(palette()[-1])
    assert picture[1, 0] == pytest.approx(palette()[0])


def test_red_green_and_blue_are_also_a_picture_in_colour() -> None:
    names = ("x", "red", "green", "blue")
    kernel = np.zeros((4, 3, 3), np.float32)
    kernel[1, 0, 0], kernel[3, 0, 0] = 2, -2
    picture = colored(kernel, names, 2.0)
    assert picture is not None
    assert picture[0, 0].tolist() == [1, 0.5, 0]
    assert picture[1, 1].tolist() == [0.5, 0.5, 0.5]
    assert [name for name, _ in pictures_of(kernel, names, 2.0)] == ["RGB", *names]
    assert [name for name, _ in pictures_of(kernel, names, 2.0, both=False)] == ["RGB", "x"]
    assert colored(kernel, ("x", "y", "red", "green"), 2.0) is None


@pytest.mark.parametrize("count", [1, 2, 5, 32, 300])
@pytest.mark.parametrize("room", [(300, 100), (80, 200), (20, 11), (9, 9)])
def test_kernels_fit_into_their_room(count: int, room: tuple[int, int]) -> None:
    across, tap, apart = fitted(count, 3, room)
    if not tap:
        return
    picture = np.zeros((3, 3, 3), np.float32)
    high, wide, _ = contact_sheet([picture] * count, across, tap, apart).shape
    assert wide <= room[0]
    assert high <= room[1]


def test_few_kernels_stand_in_one_row() -> None:
    assert fitted(4, 3, (400, 400))[0] == 4
    assert fitted(1, 3, (30, 30)) == (1, 10, 0)
    assert fitted(1, 3, (2, 2))[1] == 0


def test_the_sheet_has_every_kernel_in_reading_order() -> None:
    pictures = [np.full((1, 1, 3), k / 8, np.float32) for k in range(1, 4)]
    sheet = contact_sheet(pictures, 2, 4, 1)
    assert sheet.shape == (9, 9, 3)
    assert [float(sheet[y, x, 0]) for y, x in ((0, 0), (0, 5), (5, 0))] == [0.125, 0.25, 0.375]


def test_a_tile_holds_the_kernels_of_a_unit() -> None:
    kernel = np.full((2, 3, 3), 1.0, np.float32)
    tile = tile_of(kernel, ("x", "y"), 1.0, (40, 30))
    assert tile is not None
    assert tile.shape == (30, 40, 3)
    red = (np.abs(tile - palette()[-1]) < 1e-6).all(axis=2)
    assert red.sum() == 2 * 9 * 36  # taps of 6 pixels: 2 × 18 and a gap of 3
    assert tile_of(kernel, ("x", "y"), 1.0, (5, 2)) is None
