"""A grid of cells: it fills the picture, in reading order, and finds what lies under a pixel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.views.cells import LEAST, arranged

SIZES = st.tuples(st.integers(64, 2000), st.integers(64, 1500))


@given(st.integers(1, 64), SIZES, st.sampled_from([1, 2]))
def test_each_cell_is_found_under_its_pixels_and_lies_in_the_picture(
    count: int, size: tuple[int, int], stacked: int
) -> None:
    cells = arranged(count, size, stacked)
    for index in range(count):
        left, top, right, bottom = cells.box(index)
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert 0 <= cells.cell[0] - (right - left) <= 1
        assert 0 <= cells.cell[1] - (bottom - top) <= 1
        middle = ((left + right) / 2, (top + bottom) / 2)
        for place in ((left, top), (right - 0.01, bottom - 0.01), middle):
            assert cells.at(place) == index


@given(st.integers(1, 64), SIZES, st.floats(-10, 2010), st.floats(-10, 1510))
def test_what_is_found_at_a_place_holds_it(
    count: int, size: tuple[int, int], x: float, y: float
) -> None:
    cells = arranged(count, size)
    holding = [
        index
        for index in range(count)
        for left, top, right, bottom in [cells.box(index)]
        if left <= x < right and top <= y < bottom
    ]
    assert [cells.at((x, y))] == (holding or [None])


@given(st.integers(1, 64), SIZES)
def test_cells_fill_the_picture_and_are_neither_needles_nor_left_empty(
    count: int, size: tuple[int, int]
) -> None:
    cells = arranged(count, size)
    rows = -(-count // cells.columns)
    assert cells.columns * rows - count < cells.columns  # no row is empty
    used = cells.columns * rows * cells.pitch[0] * cells.pitch[1]
    assert used > 0.9 * size[0] * size[1]
    assert min(cells.side) >= LEAST * cells.gap * 0.7


@given(st.integers(1, 64), SIZES, st.sampled_from([1, 2]), st.integers(0, 12))
def test_captions_have_room_above_cells(
    count: int, size: tuple[int, int], stacked: int, caption: int
) -> None:
    bare, cells = arranged(count, size, stacked), arranged(count, size, stacked, caption)
    assert cells.columns == bare.columns
    assert cells.side[1] == pytest.approx(bare.side[1] - caption)
    assert cells.origin[1] >= caption
    assert cells.pitch[1] - cells.side[1] == pytest.approx(cells.gap + caption)


@given(st.integers(1, 64), SIZES, st.sampled_from([1, 2]), st.sampled_from([1, 2, 3, 8]))
def test_a_coarse_picture_has_the_same_cells_in_proportion(
    count: int, size: tuple[int, int], stacked: int, scale: int
) -> None:
    whole = arranged(count, size, stacked, 9.0)
    coarse = whole.scaled((-(-size[0] // scale), -(-size[1] // scale)), size)
    for index in range(count):
        pairs = zip(whole.box(index), coarse.box(index), strict=True)
        assert all(abs(a / scale - b) <= 2.5 for a, b in pairs)
    twice = whole.scaled((2 * size[0], 2 * size[1]), size)
    assert twice.side == pytest.approx([2 * side for side in whole.side])


def test_reading_order() -> None:
    cells = arranged(18, (960, 600))
    assert cells.columns == 6
    assert cells.box(1)[0] > cells.box(0)[2]
    assert cells.box(6)[:1] == cells.box(0)[:1]
    assert cells.box(6)[1] > cells.box(5)[3]


def test_pairs_are_twice_as_high() -> None:
    one, pair = arranged(24, (960, 600)), arranged(24, (960, 600), 2)
    assert pair.cell[1] / pair.cell[0] > one.cell[1] / one.cell[0]
