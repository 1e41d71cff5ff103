"""Panels in the corner: places, and what has room."""

import numpy as np
import pytest

from cppn_gl.views.slopes.legend import GRID_LINE, Legend, LegendLayout, bar_at, bar_sides


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
        LegendLayout(size, 1).font_size
        for size in ((320, 180), (640, 360), (1280, 720), (1920, 1080), (3840, 2160), (8000, 8000))
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 9
    assert sizes[-1] == round(8000 / 60)


@pytest.mark.parametrize("count", [1, 3, 27, 64])
def test_bars_fill_the_box_in_order(count: int) -> None:
    box, end = (10, 0, 210, 50), 10
    for number in range(count):
        left, right = bar_sides(box, count, number)
        assert end <= left < right <= 210
        assert bar_at(box, count, (left + right) / 2) == number
        end = right
    assert bar_at(box, count, 9.0) is bar_at(box, count, 211.0) is None


@pytest.mark.parametrize("count", [3, 18, 60])
@pytest.mark.parametrize("size", [(640, 360), (960, 600), (3840, 2160)])
def test_bars_have_lines_with_numbers_beside_them(
    count: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = LegendLayout(size, 10, wide=25)
    inner = layout.inner()
    assert inner is not None
    box = inner[0] + 60, inner[1] + 3 * layout.line, inner[2], inner[3]
    legend, written = Legend(layout), []
    monkeypatch.setattr(legend, "words", lambda x, y, line, **how: written.append((x, line)))
    legend.bars(box, [0.067 * (1 - 0.9 * k / count) for k in range(count)], 1)
    picture = legend.pixels()
    for number in range(count):
        left, right = bar_sides(box, count, number)
        top = box[3] - round((1 - 0.9 * number / count) * (box[3] - box[1]))
        assert (picture[top + 1 : box[3], left:right, :3] > 80).any(axis=1).all()  # the bar
    assert (picture == GRID_LINE).all(axis=-1)[:, box[0] : box[2]].any()
    assert [line for _, line in written] == ["0.02", "0.04", "0.06"]
    assert all(x < box[0] for x, _ in written)


def test_an_unknown_bar_is_magenta() -> None:
    legend = Legend(LegendLayout((640, 360), 10, wide=25))
    legend.bars((400, 200, 600, 300), [1.0, np.nan, 0.5], 0)
    left, right = bar_sides((400, 200, 600, 300), 3, 1)
    assert (legend.pixels()[200:300, left:right] == (255, 0, 255, 255)).all()
