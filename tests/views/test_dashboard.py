"""Where tiles lie: apart, inside, as large as there is room for, and found under the cursor."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.views.units.dashboard import Dashboard, arranged, dashboard, pins

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


BRANCHED = (((0, 2),), ((4, 16),), ((1, 4), (2, 4), (3, 4), (5, 4)), ((6, 16),), ((7, 3),))


@pytest.mark.parametrize("size", [(1280, 720), (320, 200), (500, 900), (97, 61)])
@pytest.mark.parametrize("kernels", [frozenset(), frozenset({1, 2, 3})])
@pytest.mark.parametrize("connected", [False, True])
def test_branches_lie_one_below_another(
    size: tuple[int, int], kernels: frozenset[int], connected: bool
) -> None:
    board = arranged(BRANCHED, size, connected, kernels=kernels, lines=2)
    boxes = [board.box(unit) for unit in units(board)]
    boxes += [board.box_in(column, k) for column in board.kernels for k in range(column.count)]
    area = board.area
    for left, top, right, bottom in boxes:
        assert area[0] - 1 <= left < right <= area[2] + 1
        assert area[1] - 1 <= top < bottom <= area[3] + 1
    assert len(set(boxes)) == len(boxes)
    one, two = (board.box((layer, 0)) for layer in (1, 2))
    assert one[0] == two[0]
    assert board.box((1, 3))[3] < two[1]
    for layer in kernels:
        kernel, unit = board.kernel_box((layer, 2)), board.box((layer, 2))
        assert kernel is not None
        assert kernel[2] <= unit[0] + 1
        assert kernel[1::2] == unit[1::2]
        assert board.kernel_at((kernel[0] + 0.5, kernel[1] + 0.5)) == (layer, 2)
    assert board.kernel_box((6, 0)) is None


def test_many_branches_of_one_unit_have_a_place() -> None:
    board = arranged((((0, 1),), tuple((k, 1) for k in range(1, 60)), ((60, 1),)), (200, 100))
    assert len({board.box((k, 0)) for k in range(61)}) == 61


@pytest.mark.parametrize("size", [(1280, 720), (500, 900)])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_pinned_units_have_a_strip_below_the_tiles(size: tuple[int, int], count: int) -> None:
    groups = (((0, 2),), ((1, 12),), ((2, 3),))
    board = arranged(groups, size, pinned=count)
    assert board.strip is not None
    assert arranged(groups, size).strip is None
    bottom = max(board.box(unit)[3] for unit in units(board))
    boxes = pins(board.strip, count, size[0] / size[1])
    for left, right in pairwise(boxes):
        assert left[2] <= right[0]
    for box in boxes:
        assert bottom <= box[1]
        assert board.strip[0] - 1 <= box[0]
        assert box[2] <= board.strip[2] + 1
        assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(size[0] / size[1], rel=0.1)
