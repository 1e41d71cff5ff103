"""Signed distances against those of shapes whose distance is known."""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.training.distances import NEAR, signed_distances
from cppn_gl.utils.arrays import Float64

ROW, COLUMN = np.mgrid[:60, :90].astype(float)


def check(field: Float64, exact: Float64, near: float, far: float) -> None:
    found = signed_distances(field)
    assert found is not None
    away = np.abs(found - exact)
    assert away[np.abs(exact) <= NEAR - 1].max() < near
    assert away.max() < far
    assert ((found < 0) == (field < 0)).all()


def test_straight_outlines_are_exact_at_any_angle_between_pixels() -> None:
    for a, b in ((1.0, 0.0), (0.0, 1.0), (0.6, 0.8), (-0.8, 0.6), (0.1, 0.995)):
        field = (a * (COLUMN - 44.3) + b * (ROW - 28.9)) / np.hypot(a, b)
        middle = np.abs(a * (ROW - 28.9) - b * (COLUMN - 44.3)) < 15  # whose foot is in the picture
        found = signed_distances(field)
        assert found is not None
        assert np.abs(found - field)[middle & (np.abs(field) < NEAR - 1)].max() < 1e-9
        assert np.abs(found - field)[middle].max() < 0.07


def test_a_disc_seen_by_a_smooth_edge_is_found_within_a_tenth_of_a_pixel() -> None:
    exact = np.hypot(ROW - 30.2, COLUMN - 40.7) - 17.6
    check(exact, exact, 0.02, 0.08)
    check(np.clip(exact, -0.5, 0.5), exact, 0.1, 0.12)


def brute_force(inside: NDArray[np.bool_]) -> Float64:
    """Distances of pixels to the midpoints between neighbours of different sides."""
    ends = []
    for axis in (0, 1):
        both = np.argwhere(np.diff(inside.astype(int), axis=axis)).astype(float)
        both[:, axis] += 0.5
        ends.append(both)
    at = np.argwhere(np.ones_like(inside))
    away = np.sqrt(((at[:, None] - np.concatenate(ends)[None]) ** 2).sum(-1)).min(1)
    return away.reshape(inside.shape)


def test_distances_to_pixel_edges_are_those_of_a_search_through_all() -> None:
    inside = np.random.default_rng(2).random((23, 31)) < 0.02
    inside[4:9, 20:28] = True
    found = signed_distances(np.where(inside, -1.0, 1.0))
    assert found is not None
    brute = brute_force(inside)
    assert (np.abs(found) <= brute + 1e-9).all()
    assert (brute - np.abs(found)).max() < 0.5 * np.sqrt(2)
    assert np.abs(np.abs(found) - brute)[brute > NEAR + 1].max() < 0.07


def test_one_side_alone_has_no_outline() -> None:
    assert signed_distances(np.ones((5, 5))) is None
    assert signed_distances(-np.ones((5, 5))) is None
