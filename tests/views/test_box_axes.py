"""Axes over a box: which edges, smooth lines, numbers that have room."""

import numpy as np
import pytest

from cppn_gl.views.solid.box_axes import (
    BoxAxis,
    Letters,
    axes_overlay,
    font_size,
    line,
    near_edges,
    outline,
)
from cppn_gl.views.solid.camera import Camera

AXES = (BoxAxis("x", -2.0, 2.0), BoxAxis("y", 0.0, 1.0), BoxAxis("", 0.0, 1.0))


def drawn(size: tuple[int, int], tilt: float = 30, turn: float = 30, **options) -> np.ndarray:
    words = np.zeros((size[1], size[0], 4), np.uint8)
    axes_overlay(words, Camera(turn, tilt, 4.0, size), AXES, 0.5, **options)
    return words


@pytest.mark.parametrize("turn", [0, 30, 100, 200, 300])
@pytest.mark.parametrize("tilt", [-40, 5, 30, 80])
def test_the_edges_drawn_are_those_that_nothing_hides(turn: float, tilt: float) -> None:
    camera = Camera(turn, tilt, 4.0, (400, 300))
    corners = np.array([(x, y) for x in (-1, 1) for y in (-1, 1)], float)
    towards = camera.eye[:2] / np.hypot(*camera.eye[:2])
    for axis in (0, 1):
        low, high = outline(camera, 0.5)[axis]
        assert high[axis] - low[axis] == 2
        assert towards @ (low + high)[:2] >= -1e-9
    left = camera.project([outline(camera, 0.5)[2][0] * (1, 1, 0)])[0, 0]
    others = camera.project(np.hstack([corners, np.zeros((4, 1))]))[:, 0]
    assert left == pytest.approx(others.min())


def test_nine_edges_of_a_box_are_in_front() -> None:
    camera = Camera(30, 30, 4.0, (400, 300))
    edges = near_edges(camera, 1.0)
    farthest = min(
        (np.array((x, y, z)) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)),
        key=lambda c: c @ camera.axes[2],
    )
    assert len(edges) == 9
    assert not any(np.array_equal(end, farthest) for edge in edges for end in edge)


@pytest.mark.parametrize("end", [(150.0, 40.0), (20.0, 90.0), (80.0, 10.5), (10.5, 80.0)])
def test_a_line_has_the_ink_of_its_length_times_its_width(end: tuple[float, float]) -> None:
    words = np.zeros((120, 200, 4), np.uint8)
    line(words, (10.5, 10.5), end, (1, 2, 3), 2.0)
    length = np.hypot(end[0] - 10.5, end[1] - 10.5)
    assert words[..., 3].sum() / 255 == pytest.approx(2.0 * length, rel=0.06)


def test_a_line_that_leaves_the_picture_is_cut() -> None:
    words = np.zeros((20, 30, 4), np.uint8)
    line(words, (-50, -10), (80, 40), (1, 2, 3), 1.0)
    line(words, (500, 10), (600, 10), (1, 2, 3), 1.0)
    assert words[..., 3].any()


def test_numbers_are_few_and_a_rounding_error_is_zero() -> None:
    assert [text for _, text, _ in BoxAxis("x", -0.3, 0.3000000001).ticks()] == ["−0.3", "0", "0.3"]


def test_numbers_have_the_digits_that_a_deep_zoom_needs() -> None:
    ticks = BoxAxis("x", 0.51234567 - 1e-6, 0.51234567 + 1e-6).ticks()
    assert len({text for _, text, _ in ticks}) == 3


def test_a_mark_takes_the_place_of_the_number_next_to_it() -> None:
    ticks = BoxAxis("t", 0.0, 2.0, 1.1).ticks()
    assert [text for _, text, _ in ticks] == ["0", "2", "t = 1.1"]
    assert ticks[-1][0] == pytest.approx(0.1)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (500, 500), (1920, 1080)])
def test_letters_are_legible_and_not_loud(size: tuple[int, int]) -> None:
    assert 8 <= font_size(size) <= 20


def test_a_thumbnail_has_lines_and_no_words() -> None:
    letters = Letters((90, 60))
    letters.heading("title")
    assert not letters.mask.any()
    assert drawn((90, 60))[..., 3].any()


def test_words_never_cover_each_other() -> None:
    letters = Letters((400, 300))
    letters.heading("first")
    once = letters.mask.copy()
    letters.heading("other")
    assert np.array_equal(letters.mask, once)


def test_a_title_is_written_over_the_box() -> None:
    plain, titled = drawn((400, 300)), drawn((400, 300), title="their sum")
    assert titled[:25, 150:250, 3].any()
    assert not plain[:25, 150:250, 3].any()
