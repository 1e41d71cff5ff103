"""Where the cells of a sheet lie: exactly at its natural size, in proportion at any other."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.views.lettering import room
from cppn_gl.views.sheet_layout import (
    EMPTY,
    MARGIN,
    SheetLayout,
    folded,
    natural_size,
    sheet_layout,
)
from cppn_gl.views.text import MIN_FONT, line_height, width


def preset_of(rows: str = "depth=1:3", cols: str = "seed=1:4", **sweep: object) -> Preset:
    keys = {f"sweep.{name}": value for name, value in sweep.items()}
    return Preset().replace(rows=rows, cols=cols, **keys)


def layout_of(preset: Preset, size: tuple[int, int]) -> SheetLayout:
    return sheet_layout(preset, cells(preset), size)


def natural(preset: Preset) -> tuple[SheetLayout, tuple[int, int]]:
    size = natural_size(preset, cells(preset))
    return layout_of(preset, size), size


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("gap", [0, 1, 4, 31])
@pytest.mark.parametrize(
    ("rows", "cols", "wrap"),
    [
        ("depth=1:3", "seed=1:4", 0),
        ("depth=1:3", "", 0),
        ("", "seed=1:4", 0),
        ("", "seed=1:32", 8),
        ("seed=1:7", "", 3),
        ("", "", 0),
    ],
)
def test_at_its_natural_size_each_cell_has_its_own_pixels(
    rows: str, cols: str, wrap: int, gap: int, labels: bool
) -> None:
    preset = preset_of(rows, cols, wrap=wrap, gap=gap, labels=labels, cell=(50, 33))
    layout, size = natural(preset)
    grid = layout.grid
    boxes = [layout.box(cell.row, cell.column) for cell in grid.cells]
    assert all((right - left, bottom - top) == (50, 33) for left, top, right, bottom in boxes)
    left, above = layout.heads
    margin, caption = MARGIN * gap, layout.caption
    assert size == (
        left + grid.columns * (50 + gap) - gap + 2 * margin,
        above + grid.rows * (33 + gap + caption) - gap + 2 * margin,
    )
    for cell, box in zip(grid.cells, boxes, strict=True):
        assert box[0] == left + margin + cell.column * (50 + gap)
        assert box[1] == above + margin + caption + cell.row * (33 + gap + caption)
    assert ((left, above) == (0, 0)) == (not labels or folded(grid))
    assert (caption > 0) == (labels and folded(grid) and len(grid.cells) > 1)


def test_heads_have_room_for_the_longest_word() -> None:
    preset = preset_of("activation=tanh,leaky_relu", "seed=1:3", cell=(120, 90))
    layout, _ = natural(preset)
    broken, _ = natural(preset_of("which=none,hidden", "seed=1:3", cell=(120, 90)))
    assert broken.rows[1] == ("normalised:", "hidden")
    assert broken.heads[0] < room(broken.font_size, "normalised: hidden")[0]
    assert layout.heads[0] >= room(layout.font_size, "leaky_relu")[0]
    assert layout.heads[1] >= room(layout.font_size, "seed 1")[1]
    rows_only, _ = natural(preset_of("depth=1:3", ""))
    assert rows_only.heads[1] == 0
    columns_only, _ = natural(preset_of("", "depth=1:3"))
    assert columns_only.heads[0] == 0


def test_letters_grow_with_cells_and_stay_legible() -> None:
    points = [natural(preset_of(cell=(side, side)))[0].font_size for side in (16, 60, 160, 900)]
    assert points == sorted(points)
    assert MIN_FONT <= points[0] < points[-1] <= 30
    assert natural(preset_of(labels=False))[0].font_size == 0
    assert layout_of(preset_of(), (EMPTY, 400)).font_size == 0  # too small for words


sheets = st.builds(
    preset_of,
    rows=st.sampled_from(["", "depth=1:3", "depth=1:9", "weight_scale=0.5,1"]),
    cols=st.sampled_from(["", "seed=1:2", "seed=1:13", "activation=relu,tanh,sin"]),
    wrap=st.sampled_from([0, 0, 2, 5]),
    gap=st.sampled_from([0, 1, 4, 20]),
    labels=st.booleans(),
    cell=st.tuples(st.integers(16, 200), st.integers(16, 200)),
)
sizes = st.tuples(st.integers(1, 900), st.integers(1, 900))


@given(preset=sheets, size=sizes)
def test_it_fills_the_picture_one_way_and_stands_in_the_middle(
    preset: Preset, size: tuple[int, int]
) -> None:
    layout = layout_of(preset, size)
    grid = layout.grid
    first, last = layout.box(0, 0), layout.box(grid.rows - 1, grid.columns - 1)
    left, top = first[0] - layout.heads[0], first[1] - layout.heads[1] - layout.caption
    right, bottom = size[0] - last[2], size[1] - last[3]
    assume(min(layout.cell) >= 1)
    assert abs(left - right) <= 1.5
    assert abs(top - bottom) <= 1.5
    assert min(left, right, top, bottom) >= -1
    margin = MARGIN * layout.gap
    assert min(abs(left - margin), abs(top - margin)) <= 1.01  # it fills the width, or the height
    natural_cell = preset.sweep.cell
    assert layout.cell[0] / layout.cell[1] == pytest.approx(natural_cell[0] / natural_cell[1])


@given(preset=sheets, size=sizes)
def test_room_is_kept_for_words_that_are_there_only(preset: Preset, size: tuple[int, int]) -> None:
    layout, font_size = layout_of(preset, size), layout_of(preset, size).font_size
    left, above = layout.heads
    if not font_size:
        assert (left, above, layout.caption) == (0, 0, 0)
    elif font_size == MIN_FONT and size != natural(preset)[1]:
        rows = [width(line, font_size) for lines in layout.rows for line in lines]
        columns = [width(label, font_size) for label in layout.grid.column_labels]
        assert max(rows) <= left
        assert max(columns) <= layout.cell[0] + layout.gap
        assert 0.8 * line_height(font_size) <= max(above, layout.caption) or not any(columns)


@given(preset=sheets, size=sizes)
def test_cells_are_apart_and_as_large_as_each_other(preset: Preset, size: tuple[int, int]) -> None:
    layout = layout_of(preset, size)
    assume(min(layout.cell) >= 1)
    drawn = np.zeros((size[1], size[0]), int)
    for cell in layout.grid.cells:
        left, top, right, bottom = layout.box(cell.row, cell.column)
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert abs(right - left - layout.cell[0]) <= 1
        assert abs(bottom - top - layout.cell[1]) <= 1
        drawn[top:bottom, left:right] += 1
    assert drawn.max() == 1


@given(preset=sheets, size=sizes, scale=st.sampled_from([2, 4, 8, 128]))
def test_a_coarse_picture_has_the_same_cells_in_proportion(
    preset: Preset, size: tuple[int, int], scale: int
) -> None:
    coarse = tuple(-(-side // scale) for side in size)
    one = layout_of(preset, size)
    other = one.scaled(coarse, size)
    share = tuple(a / b for a, b in zip(coarse, size, strict=True))
    row, column = one.grid.rows - 1, one.grid.columns - 1
    for k, (found, whole) in enumerate(
        zip(other.box(row, column), one.box(row, column), strict=True)
    ):
        assert abs(found - whole * share[k % 2]) <= 1.5


@given(preset=sheets, size=sizes, data=st.data())
def test_what_lies_at_a_pixel_is_what_is_drawn_there(
    preset: Preset, size: tuple[int, int], data: st.DataObject
) -> None:
    layout = layout_of(preset, size)
    assume(min(layout.cell) >= 1)
    places = st.tuples(st.integers(-2, size[0] + 1), st.integers(-2, size[1] + 1))
    for x, y in data.draw(st.lists(places, min_size=30, max_size=30)):
        drawn = None
        for cell in layout.grid.cells:
            left, top, right, bottom = layout.box(cell.row, cell.column)
            if left <= x < right and top <= y < bottom:
                drawn = cell
        found = layout.at((x + 0.5, y + 0.5))
        if found != drawn:  # an edge half way between two pixels may be rounded either way
            assert _on_an_edge(layout, (x + 0.5, y + 0.5))


def _on_an_edge(layout: SheetLayout, place: tuple[float, float]) -> bool:
    edges = []
    for axis, count in ((0, layout.grid.columns), (1, layout.grid.rows)):
        start = layout.origin[axis] + layout.heads[axis] + (0, layout.caption)[axis]
        lows = [start + k * layout.pitch[axis] for k in range(count)]
        edges += [abs(place[axis] - e) for low in lows for e in (low, low + layout.cell[axis])]
    return min(edges) < 1e-6


def test_beyond_the_cells_there_is_nothing() -> None:
    layout, size = natural(preset_of("", "seed=1:7", wrap=3, gap=4))
    assert layout.at((-1e9, -1e9)) is None
    assert layout.at((1e9, 1e9)) is None
    assert layout.at((2, 2)) is None  # a gap
    last = layout.box(2, 0)
    assert layout.at((last[0], last[1])) == layout.grid.cells[6]
    assert layout.at((last[2] + 10, last[1] + 10)) is None  # the last row is short
    for x, y in itertools.product((math.inf, -math.inf), (0, 10)):
        assert layout.at((x, y)) is None
    assert layout.at(size) is None
