"""Pixel coordinates: the conventions, at sizes small enough to write out."""

import numpy as np
import pytest

from cppn_gl.engines.geometry import pixel_points, sample_jitters


def test_x_runs_right_and_y_up_from_pixel_centres() -> None:
    x, y = pixel_points((4, 2))
    assert x.tolist() == [[-1.5, -0.5, 0.5, 1.5]] * 2
    assert y.tolist() == [[0.5] * 4, [-0.5] * 4]


def test_the_shorter_side_spans_the_extent_around_the_centre() -> None:
    for size in [(64, 16), (16, 64), (16, 16), (5, 9)]:
        x, y = pixel_points(size, (10.0, -3.0), 2.5)
        shorter = x[0] if size[0] <= size[1] else y[:, 0]
        half = 2.5 / min(size)  # of a pixel
        assert np.abs(shorter[0] - shorter[-1]) + 2 * half == pytest.approx(5)
        assert x.mean() == pytest.approx(10)
        assert y.mean() == pytest.approx(-3)
        assert x[0, 1] - x[0, 0] == pytest.approx(y[0, 0] - y[1, 0])  # square pixels


def test_one_pixel_lies_at_the_centre() -> None:
    x, y = pixel_points((1, 1), (0.25, -7.0), 1e-6)
    assert (x.item(), y.item()) == (0.25, -7.0)


def test_rows_are_a_part_of_the_whole() -> None:
    whole = pixel_points((5, 7), (0.1, 0.2), 3.0)
    part = pixel_points((5, 7), (0.1, 0.2), 3.0, rows=slice(2, 5))
    for w, p in zip(whole, part, strict=True):
        assert np.array_equal(w[2:5], p)


def test_columns_are_a_part_of_the_whole() -> None:
    whole = pixel_points((9, 7), (0.1, 0.2), 3.0)
    part = pixel_points((9, 7), (0.1, 0.2), 3.0, rows=slice(2, 5), columns=slice(4, 9))
    for w, p in zip(whole, part, strict=True):
        assert np.array_equal(w[2:5, 4:9], p)


def test_jitter_moves_right_and_down_by_pixels() -> None:
    x0, y0 = pixel_points((6, 4))
    x1, y1 = pixel_points((6, 4), jitter=(0.25, 0.5))
    assert np.allclose(x1 - x0, 0.25 * 0.5)  # a pixel is 2 / 4 wide
    assert np.allclose(y1 - y0, -0.5 * 0.5)


def test_one_sample_is_the_pixel_centre() -> None:
    assert sample_jitters(1) == [(0.0, 0.0)]


@pytest.mark.parametrize("n", [2, 3, 16])
def test_samples_are_centres_of_equal_squares(n: int) -> None:
    jitters = np.array(sample_jitters(n))
    assert len(np.unique(jitters, axis=0)) == n * n
    assert np.allclose(jitters.mean(axis=0), 0)
    assert np.abs(jitters).max() == pytest.approx(0.5 - 0.5 / n)
