"""Plots: where panels lie, and the pixels that their lines pass through."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cppn_gl.utils.arrays import RGB
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.canvas import PlotCanvas
from cppn_gl.views.plots.plot import Frame, Line, Plot, arrange

SIZES = [(1, 1), (20, 20), (3000, 40), (40, 3000), (320, 180), (960, 600), (500, 500), (400, 900)]


def curve(color: RGB = (255, 255, 255), **keys: object) -> Line:
    x = np.linspace(-2, 2, 801)
    return Line(x, np.sin(3 * x), color, **keys)  # type: ignore[arg-type]


def test_a_curve_passes_through_the_pixels_of_its_points() -> None:
    frame = Frame(Plot((-2, 2), (-1.2, 1.2)), (10, 5, 310, 185))
    canvas = PlotCanvas((320, 200), 10)
    canvas.lines(frame, [curve((250, 40, 90), width=2.5)])
    for x in np.linspace(-1.9, 1.9, 39):
        across, down = frame.place(np.array([x]), np.sin(3 * np.array([x])))
        pixel = canvas.pixels[int(down[0]), int(across[0])]
        assert np.abs(pixel.astype(int) - (250, 40, 90)).max() < 40, x


def test_lines_are_smooth_and_stay_in_their_frame() -> None:
    frame = Frame(Plot((-2, 2), (-0.5, 0.5)), (40, 30, 200, 100))
    canvas = PlotCanvas((240, 130), 10)
    canvas.lines(frame, [curve()])
    changed = (canvas.pixels != np.array(plot.GROUND)).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= 30
    assert rows.max() < 100
    assert columns.min() >= 40
    assert columns.max() < 200
    shades = np.unique(canvas.pixels[changed][:, 0])
    assert len(shades) > 6  # of grey, between the line and the ground


def test_not_a_number_is_a_gap_and_a_lone_point_a_dot() -> None:
    frame = Frame(Plot((0, 10), (-1, 1)), (0, 0, 100, 40))
    x = np.linspace(0, 10, 101)
    y = np.where((x > 3) & (x < 7), np.nan, 0.0)
    canvas = PlotCanvas((100, 40), 10)
    canvas.lines(frame, [Line(x, y, plot.INK)])
    middle = (canvas.pixels[18:22] != np.array(plot.GROUND)).any(axis=(0, 2))
    assert middle[:28].all()
    assert not middle[34:66].any()
    assert middle[72:].all()
    dot = PlotCanvas((100, 40), 10)
    dot.lines(frame, [Line(np.array([5.0]), np.array([0.0]), plot.INK)])
    assert tuple(dot.pixels[20, 50]) == plot.INK


def test_infinite_and_huge_values_draw_without_a_warning() -> None:
    frame = Frame(Plot((0, 1), (-1, 1)), (0, 0, 60, 40))
    x = np.linspace(0, 1, 5)
    for y in ([0, 1e300, -1e300, np.inf, 0], [np.nan] * 5):
        PlotCanvas((60, 40), 10).lines(frame, [Line(x, np.array(y), plot.INK, dashed=True)])


def test_dashes_leave_gaps() -> None:
    frame = Frame(Plot((0, 1), (-1, 1)), (0, 0, 200, 20))
    canvas = PlotCanvas((200, 20), 10)
    canvas.lines(frame, [Line(np.array([0.0, 1.0]), np.zeros(2), plot.INK, dashed=True)])
    on = canvas.pixels[10, :, 0] > 120
    assert 0.3 < on.mean() < 0.7


def test_a_logarithmic_axis_places_equal_ratios_equally_far_apart() -> None:
    frame = Frame(Plot((0, 1), (0.01, 100), log=True), (0, 0, 100, 80))
    down = frame.place(np.zeros(5), np.array([0.01, 0.1, 1, 10, 100]))[1]
    assert down == pytest.approx([80, 60, 40, 20, 0])
    assert frame.place(np.zeros(1), np.zeros(1))[1][0] == np.inf  # 0 lies infinitely low


def test_pixels_and_values_are_each_others_inverse() -> None:
    frame = Frame(Plot((-3, 5), (0, 1)), (17, 3, 220, 90))
    across = frame.place(np.array([1.7]), np.zeros(1))[0][0]
    assert frame.value(across) == pytest.approx(1.7)
    assert frame.holds((17, 3))
    assert not frame.holds((220, 50))
    assert not frame.holds((50, 90))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (3, 2)])
def test_panels_lie_inside_the_box_and_apart(size: tuple[int, int], shape: tuple[int, int]) -> None:
    panel = Plot((-2, 2), (-1, 1), (curve(label="a curve"),), ("a title",), "x", legend=True)
    rows = arrange([[panel] * shape[1]] * shape[0], (0, 0, *size), plot.font_size(size))
    frames = [frame for row in rows for frame in row]
    assert len(frames) == shape[0] * shape[1]
    canvas = PlotCanvas(size, plot.font_size(size))
    for frame in frames:
        left, top, right, bottom = frame.box
        assert 0 <= left <= right <= size[0]
        assert 0 <= top <= bottom <= size[1]
        canvas.panel(frame)
    for one, other in itertools.combinations(frames, 2):
        assert one.box[2] <= other.box[0] or one.box[3] <= other.box[1]


def test_words_are_there_where_they_have_room_and_inside_the_picture() -> None:
    panel = Plot((-5, 5), (-1, 1), (), ("a title that is long", "short"), "x")
    size = (400, 300)
    frame = arrange([[panel]], (0, 0, *size), 10)[0][0]
    assert frame.words
    canvas = PlotCanvas(size, 10)
    canvas.panel(frame)
    changed = (canvas.pixels != np.array(plot.GROUND)).any(axis=2)
    assert changed[: frame.box[1] - 2].any()  # the title
    assert changed[frame.box[3] + 2 :].any()  # numbers along x
    assert changed[:, : frame.box[0] - 2].any()  # numbers along y
    assert not changed[0].any()
    assert not changed[-1].any()
    assert not changed[:, 0].any()
    assert not changed[:, -1].any()
    assert not arrange([[panel]], (0, 0, 60, 40), 8)[0][0].words


def named(count: int) -> tuple[Line, ...]:
    return tuple(Line(np.arange(2.0), np.zeros(2), plot.INK, label="a curve") for _ in range(count))


@pytest.mark.parametrize("size", [(300, 200), (640, 400), (960, 600), (2560, 1440)])
def test_a_legend_lies_below_the_axis_and_within_the_panels_width(size: tuple[int, int]) -> None:
    panel = Plot((0, 1), (-1, 1), named(3), x_word="x", legend=True)
    font_size = plot.font_size(size)
    (frame,) = arrange([[panel]], (0, 0, *size), font_size)[0]
    assert sum(map(len, frame.keys)) == 3
    with_legend, without = PlotCanvas(size, font_size), PlotCanvas(size, font_size)
    with_legend.panel(frame)
    without.panel(replace(frame, keys=()))
    rows, columns = np.nonzero((with_legend.pixels != without.pixels).any(axis=2))
    assert frame.box[3] + 1.5 * font_size < rows.min()
    assert rows.max() < size[1] - 1
    assert columns.min() >= frame.box[0]
    assert columns.max() <= frame.box[2]


def test_a_legend_without_room_is_left_out() -> None:
    panel = Plot((0, 1), (-1, 1), named(200), legend=True)
    assert not arrange([[panel]], (0, 0, 960, 600), 16)[0][0].keys


def test_letters_and_lines_grow_with_the_picture() -> None:
    one = plot.font_size((960, 600))
    assert plot.font_size((3840, 2400)) == pytest.approx(4 * one, abs=2)
    small, large = PlotCanvas((9, 9), one), PlotCanvas((9, 9), 4 * one)
    assert large.unit == pytest.approx(4 * small.unit)
    assert large.hair == pytest.approx(4 * small.hair, abs=2)


@pytest.mark.parametrize("count", [1, 3, 8, 9, 60, 512])
def test_colours_of_lines_differ_and_are_seen_on_the_ground(count: int) -> None:
    colors = plot.palette(count)
    assert len(colors) == count
    if count <= 60:
        assert len(set(colors)) == count
    lightness = np.array(colors) @ (0.2126, 0.7152, 0.0722)
    assert lightness.min() > 90
    if count > 8:
        assert (np.diff(lightness) >= -1.5).all()  # in order with any kind of colour vision
