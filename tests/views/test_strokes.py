"""Lines: even along their length, joined, within their box, at any width and length."""

import numpy as np
import pytest
from PIL import Image

from cppn_gl.views import strokes
from cppn_gl.views.strokes import Stroke, draw_strokes, layer_of_strokes, rounded

WHITE = (255, 255, 255)
BLACK = (0, 0, 0)


def coverage(
    points: object, width: float, size: tuple[int, int] = (200, 200), **keys: float
) -> np.ndarray:
    """The coverage of a line's pixels, 0 to 1, (height, width)."""
    image = Image.new("RGB", size)
    stroke = Stroke(np.asarray(points, np.float64), WHITE, width, **keys)
    draw_strokes(image, (0, 0, *size), [stroke], BLACK)
    return np.asarray(image)[..., 0] / 255


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0, 3.3, 8.0])
@pytest.mark.parametrize("slope", [0.03, 0.31, 0.77, 1.0])
@pytest.mark.parametrize("count", [2, 40, 1000])
def test_a_line_is_even_along_its_length(width: float, slope: float, count: int) -> None:
    """Without beads: every column has the same ink, that of a band `width` wide."""
    x = np.linspace(-20, 220, count)
    ink = coverage(np.stack([x, 20.3 + slope * x * 0.7], axis=1), width).sum(axis=0)[5:-5]
    wanted = width * np.hypot(1, 0.7 * slope)
    assert ink.mean() == pytest.approx(wanted, rel=0.02, abs=0.02)
    assert ink.std() < 0.03 * wanted + 0.01


@pytest.mark.parametrize("size", [(300, 200), (960, 600), (2560, 1440), (3840, 2160)])
def test_a_curve_is_even_at_every_size(size: tuple[int, int]) -> None:
    x = np.linspace(0, size[0], 1600)
    slope = 0.4 * size[1] / size[0] * 9 * np.cos(9 * x / size[0])
    width = size[0] / 480
    points = np.stack([x, size[1] * (0.5 + 0.4 * np.sin(9 * x / size[0]))], axis=1)
    ink = coverage(points, width, size).sum(axis=0)
    wanted = np.interp(np.arange(size[0]) + 0.5, x, width * np.hypot(1, slope))
    assert np.abs(ink - wanted)[8:-8].max() < 0.05 * width + 0.25


def test_a_narrow_line_is_paler_and_as_even() -> None:
    ends = [(-5, 3), (205, 190)]
    thick, thin = coverage(ends, 1.0), coverage(ends, 0.25)
    assert thin.sum() == pytest.approx(thick.sum() / 4, rel=0.03)


@pytest.mark.parametrize("angle", [10, 45, 90, 135, 170, 179])
def test_joins_are_round(angle: float) -> None:
    """Around a corner the line reaches as far as half its width, and not much farther."""
    center, width = np.array([100.0, 100.0]), 20.0
    arms = np.radians([90 - (180 - angle) / 2, 90 + (180 - angle) / 2])
    ends = [center + 80 * np.array([np.cos(arm), np.sin(arm)]) for arm in arms]
    drawn = coverage([ends[0], center, ends[1]], width)
    rows = np.flatnonzero(drawn[:, 95:105].max(axis=1) > 0.5)
    assert rows.min() == pytest.approx(90, abs=1.5)
    assert drawn[100, 100] == 1  # no hole


def test_a_turn_back_ends_in_half_a_disc() -> None:
    points = rounded(np.array([(20.0, 100.0), (100.0, 100.0), (20.0, 100.0)]))
    assert np.abs(np.diff(points, axis=0)).max() <= 80
    drawn = coverage([(20, 100), (100, 100), (20, 100)], 20)
    assert drawn[100, 104] == 1
    assert drawn[:, 112:].max() == 0


def test_nothing_is_drawn_outside_the_box() -> None:
    image = Image.new("RGB", (120, 90), BLACK)
    zigzag = np.stack([np.linspace(-50, 200, 40), np.tile([-300.0, 400.0], 20)], axis=1)
    draw_strokes(image, (30, 20, 80, 60), [Stroke(zigzag, WHITE, 5), Stroke(zigzag, WHITE, 2, 6)])
    inked = np.asarray(image).any(axis=2)
    inside = inked[20:60, 30:80]
    assert inside.any()
    assert inked.sum() == inside.sum()


def test_what_is_there_stays_around_a_line() -> None:
    image = Image.new("RGB", (60, 40), (10, 60, 90))
    draw_strokes(image, (0, 0, 60, 40), [Stroke(np.array([(0, 20.5), (60, 20.5)]), WHITE, 1.0)])
    rows = np.asarray(image)[:, 30]
    assert (rows[20] == 255).all()
    assert (np.delete(rows, 20, axis=0) == (10, 60, 90)).all()


@pytest.mark.parametrize("far", [1e3, 1e6, 1e12, 1e300])
def test_far_points_leave_the_rest_where_it_is(far: float) -> None:
    drawn = coverage([(20, 100), (60, 100), (60.001, -far), (140, -far), (140, 100), (180, 100)], 2)
    assert drawn[99:101, 25:55].min() > 0.99
    assert drawn[:95, 59:61].mean() > 0.9  # up and away
    assert drawn[:95, 80:120].max() == 0


def test_a_long_line_oscillates_without_harm() -> None:
    x = np.linspace(0, 200, 100_000)
    drawn = coverage(np.stack([x, 100 + 60 * np.sin(40 * x)], axis=1), 1.0)
    assert drawn[60:140, 5:-5].min() > 0.9
    assert drawn[:35].max() == drawn[165:].max() == 0


def test_dense_lines_are_drawn_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.linspace(0, 200, 900)
    points = np.stack([x, 100 + 60 * np.sin(2 * x)], axis=1)
    exact = coverage(points, 1.0)
    monkeypatch.setattr(strokes, "_LONG", 0)
    fast = coverage(points, 1.0)
    assert fast.mean() == pytest.approx(exact.mean(), rel=0.15)


def test_gaps_dashes_and_dots() -> None:
    line = [(0, 50), (80, 50), (np.nan, 50), (120, 50), (200, 50)]
    row = coverage(line, 4)[49]
    assert row[:79].min() > 0.99
    assert row[81:119].max() == 0
    row = coverage([(0, 50), (200, 50)], 4, dash=10)[49]
    assert row.mean() == pytest.approx(0.5, abs=0.05)
    drawn = coverage([(50, 50), (150, 50)], 2, dots=6)
    assert drawn[45:55, 50].min() == drawn[45:55, 150].min() == 1
    assert drawn[:43].max() == 0
    assert coverage([(100, 50)], 8)[50, 100] == 1  # a lone point
    assert coverage(np.full((3, 2), np.nan), 4).max() == 0


def test_a_transparent_layer_has_the_lines_colours() -> None:
    blue, red = (40, 90, 250), (250, 90, 40)
    points = np.array([(0.0, 20.0), (60.0, 20.0)])
    layer = layer_of_strokes(
        (0, 0, 60, 60),
        [Stroke(points, blue, 10, opacity=0.5), Stroke(points + 20, red, 10)],
    )
    pixels = np.asarray(layer).astype(int)
    assert pixels[5, 30].tolist() == [0, 0, 0, 0]
    assert np.abs(pixels[20, 30] - (*blue, 128)).max() <= 2
    assert np.abs(pixels[40, 50] - (*red, 255)).max() <= 1


def test_the_upper_line_hides_the_lower_one() -> None:
    up, down = np.array([(0.0, 60.0), (60.0, 0.0)]), np.array([(0.0, 0.0), (60.0, 60.0)])
    for first, last in ((WHITE, (0, 0, 255)), ((0, 0, 255), WHITE)):
        layer = layer_of_strokes((0, 0, 60, 60), [Stroke(up, first, 8), Stroke(down, last, 8)])
        assert np.asarray(layer)[30, 30].tolist() == [*last, 255]
