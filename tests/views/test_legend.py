"""Panels in the layout: round numbers, places, and what has room."""

import pytest

from cppn_gl.views.slopes.legend import LegendLayout, bar_at, bar_sides, points
from cppn_gl.views.ticks import log_ticks as ticks
from cppn_gl.views.ticks import short


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.02, "0.02"), (1.5, "1.5"), (40, "40"), (1234, "1234"), (3e-5, "3e-5")],
)
def test_numbers_are_short(value: float, words: str) -> None:
    assert short(value) == words
    assert len(short(value * 1.23456)) <= 7


@pytest.mark.parametrize(
    ("low", "high", "most"), [(0.011, 1.2, 7), (0.5, 30, 4), (1e-8, 1e4, 5), (3, 11, 3)]
)
def test_ticks_are_few_round_and_inside(low: float, high: float, most: int) -> None:
    found = ticks(low, high, most)
    assert 1 <= len(found) <= most
    assert all(low <= value <= high for value in found)
    assert found == sorted(found)
    assert all(
        f"{value:.0e}"[0] in "1235" and float(f"{value:.0e}") == pytest.approx(value)
        for value in found
    )


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (500, 500), (1920, 1080), (180, 320)])
def test_a_corner_lies_within_the_picture(size: tuple[int, int]) -> None:
    for lines in (2, 4, 7):
        layout = LegendLayout(size, lines)
        box, inner = layout.box, layout.inner()
        if size[0] < 200:
            assert box is inner is None
            continue
        assert box is not None
        assert inner is not None
        assert 0 < box[0] < inner[0] < inner[2] < box[2] < size[0]
        assert 0 < box[1] < inner[1] < inner[3] < box[3] < size[1]
        assert inner[3] - inner[1] == lines * layout.line


def test_what_is_too_high_is_left_out() -> None:
    assert LegendLayout((400, 130), 40).box is None


def test_letters_grow_with_the_picture() -> None:
    sizes = [
        points(size) for size in ((320, 180), (640, 360), (1280, 720), (1920, 1080), (8000, 8000))
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 9
    assert sizes[-1] <= 22


@pytest.mark.parametrize("count", [1, 3, 27, 64])
def test_bars_fill_the_box_in_order(count: int) -> None:
    box, end = (10, 0, 210, 50), 10
    for number in range(count):
        left, right = bar_sides(box, count, number)
        assert end <= left < right <= 210
        assert bar_at(box, count, (left + right) / 2) == number
        end = right
    assert bar_at(box, count, 9.0) is bar_at(box, count, 211.0) is None
