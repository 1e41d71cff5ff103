"""The picture's rectangle, and places in it."""

import pytest

from cppn_gl.viewer.layout import Rect, picture_rect, popup_rect

SIZE = (1000, 600)


def test_without_a_panel_the_picture_fills_the_window_above_the_strip() -> None:
    assert picture_rect(SIZE, panel=0, strip=0, covers=True) == Rect(0, 0, 1000, 600)
    assert picture_rect(SIZE, panel=0, strip=80, covers=False) == Rect(0, 0, 1000, 520)


def test_a_picture_with_words_makes_room_for_the_panel() -> None:
    assert picture_rect(SIZE, panel=300, strip=0, covers=False) == Rect(0, 0, 700, 600)
    assert picture_rect(SIZE, panel=300, strip=0, covers=True) == Rect(0, 0, 1000, 600)


def test_a_narrow_window_is_covered() -> None:
    assert picture_rect((300, 200), panel=250, strip=0, covers=False) == Rect(0, 0, 300, 200)
    assert picture_rect((300, 200), panel=300, strip=400, covers=False).size == (300, 0)


@pytest.mark.parametrize("rect", [Rect(0, 0, 400, 200), Rect(10, 20, 200, 300)])
def test_local_coordinates_span_the_shorter_side(rect: Rect) -> None:
    middle = rect.x + rect.width / 2, rect.y + rect.height / 2
    assert rect.local(*middle) == (0, 0)
    u, v = rect.local(rect.x, rect.y)  # the upper left corner
    shorter = min(rect.size)
    assert (u, v) == (-rect.width / shorter, rect.height / shorter)
    assert (rect.x, rect.y) in rect
    assert (rect.x + rect.width, rect.y) not in rect


def test_a_popup_lies_wholly_in_the_window() -> None:
    assert popup_rect(SIZE, Rect(200, -90, 150, 220)) == Rect(200, 0, 150, 220)
    assert popup_rect(SIZE, Rect(940, 500, 150, 220)) == Rect(850, 380, 150, 220)
    assert popup_rect(SIZE, Rect(-20, 10, 1200, 700)) == Rect(0, 0, 1200, 700)  # its start


def test_a_popup_leaves_in_sight_what_it_can() -> None:
    title = Rect(0, 0, 300, 150)
    assert popup_rect(SIZE, Rect(250, 20, 200, 200), [title]) == Rect(250, 150, 200, 200)
    assert popup_rect(SIZE, Rect(310, 20, 200, 200), [title]) == Rect(310, 20, 200, 200)
    below = Rect(0, 300, 300, 300)
    assert popup_rect(SIZE, Rect(250, 20, 200, 200), [title, below]) == Rect(250, 20, 200, 200)
    assert popup_rect(SIZE, Rect(250, 160, 200, 120), [title, below]) == Rect(250, 160, 200, 120)
