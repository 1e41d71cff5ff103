"""Where tiles lie: apart, inside, as large as there is room for, and found under the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.views.units.dashboard import Dashboard, dashboard

SIZES = st.tuples(st.integers(60, 1920), st.integers(60, 1200))
COUNTS = st.lists(st.integers(1, 60), min_size=2, max_size=30).map(tuple)


def units(board: Dashboard) -> list[tuple[int, int]]:
    return [(c.layer, index) for c in board.columns for index in range(c.count)]


@given(COUNTS, SIZES, st.booleans(), st.integers(0, 5))
def test_each_unit_is_found_under_its_tile(
    counts: tuple[int, ...], size: tuple[int, int], connected: bool, first: int
) -> None:
    board = dashboard(counts, size, first=first, connected=connected)
    if min(board.pitch) < 1:  # tiles of less than a pixel cannot be told apart
        return
    for unit in units(board):
        left, top, right, bottom = board.box(unit)
        assert board.at(((left + right) / 2, (top + bottom) / 2)) == unit
        assert board.at((left + 0.01, top + 0.01)) == unit
        assert board.at((right - 0.01, bottom - 0.01)) == unit


@given(COUNTS, SIZES, st.booleans())
def test_tiles_lie_in_their_area_and_none_on_another(
    counts: tuple[int, ...], size: tuple[int, int], connected: bool
) -> None:
    board = dashboard(counts, size, connected=connected)
    if min(board.pitch) < 1:
        return
    boxes = [board.box(unit) for unit in units(board)]
    area = board.area
    for left, top, right, bottom in boxes:
        assert area[0] - 1 <= left < right <= area[2] + 1
        assert area[1] - 1 <= top < bottom <= area[3] + 1
        assert 0 <= board.tile[0] - (right - left) <= 1
        assert 0 <= board.tile[1] - (bottom - top) <= 1
    taken = {(x, y) for left, top, _, _ in boxes for x, y in [(left, top)]}
    assert len(taken) == len(boxes)


@given(COUNTS, SIZES, st.floats(-5, 1925), st.floats(-5, 1205))
def test_what_is_found_at_a_place_holds_it(
    counts: tuple[int, ...], size: tuple[int, int], x: float, y: float
) -> None:
    board = dashboard(counts, size)
    if min(board.pitch) < 1:
        return
    holding = [
        unit
        for unit in units(board)
        for left, top, right, bottom in [board.box(unit)]
        if left <= x < right and top <= y < bottom
    ]
    assert [board.at((x, y))] == (holding or [None])


@pytest.mark.parametrize("size", [(960, 600), (1920, 1080)])
def test_large_networks_have_tiles_that_can_be_seen(size: tuple[int, int]) -> None:
    for counts in ((2, *[30] * 26, 3), (2, *[100] * 9, 3)):
        board = dashboard(counts, size)
        assert min(board.tile) >= 12
        used = board.tile[0] * board.tile[1] * sum(counts)
        whole = (board.area[2] - board.area[0]) * (board.area[3] - board.area[1])
        assert used > 0.5 * whole


def test_few_units_are_not_wrapped() -> None:
    assert all(column.columns == 1 for column in dashboard((2, 3), (960, 600)).columns)
    board = dashboard((2, 10, 3), (960, 600), connected=True)
    assert all(column.columns == 1 for column in board.columns)


def test_connections_have_room() -> None:
    plain, connected = (dashboard((2, 10, 3), (960, 600), connected=c) for c in (False, True))
    gaps = [b.box((1, 0))[0] - b.box((0, 0))[2] for b in (plain, connected)]
    assert gaps[1] > connected.tile[0]
    assert gaps[1] > gaps[0]


def test_the_panel_is_beside_the_tiles_or_beneath_them() -> None:
    wide, tall = dashboard((2, 9, 3), (960, 600)), dashboard((2, 9, 3), (400, 900))
    assert wide.panel[0] >= wide.area[2]
    assert tall.panel[1] >= tall.area[3]


@given(COUNTS, st.tuples(st.integers(200, 1920), st.integers(200, 1200)), st.sampled_from([2, 3]))
def test_all_lies_in_proportion_at_any_size(
    counts: tuple[int, ...], size: tuple[int, int], times: int
) -> None:
    """So that samples can be averaged, and words lie over a coarse picture."""
    one, large = dashboard(counts, size), dashboard(counts, (times * size[0], times * size[1]))
    for unit in units(one):
        pairs = zip(one.box(unit), large.box(unit), strict=True)
        assert all(abs(times * a - b) <= 2 * times for a, b in pairs)
    for side in (0, 2, 3):  # its top is level with words, which have a size of their own
        assert abs(times * one.panel[side] - large.panel[side]) <= times
