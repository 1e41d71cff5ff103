"""Triangles that follow heights: no cracks, no gaps, close to the surface, few where it is flat."""

import numpy as np
import pytest

from cppn_gl.views.solid.triangles import adapted, uniform


def hilly(side: int) -> np.ndarray:
    x, y = np.meshgrid(*2 * [np.linspace(-1, 1, side, dtype=np.float32)])
    return np.exp(-8 * ((x - 0.2) ** 2 + y**2)) + 0.3 * np.tanh(20 * (y + 0.7 * x))


def areas(triangles: np.ndarray, side: int) -> np.ndarray:
    """Signed areas, positive if anticlockwise, in squares of the grid."""
    y, x = (part.astype(int) for part in divmod(triangles, side))
    (x, x1, x2), (y, y1, y2) = x.T, y.T
    return ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) / 2


def borders(triangles: np.ndarray) -> np.ndarray:
    """Edges that only one triangle has."""
    edges = np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    edges, count = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert count.max() <= 2
    return edges[count == 1]


@pytest.mark.parametrize("side", [3, 49, 65, 97, 193, 321])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 0.0])
def test_they_cover_the_square_once_without_cracks(side: int, tolerance: float) -> None:
    triangles = adapted(hilly(side), tolerance)
    assert areas(triangles, side).min() > 0
    assert areas(triangles, side).sum() == (side - 1) ** 2
    y, x = divmod(borders(triangles), side)
    outside = [(part == end).all(axis=1) for part in (x, y) for end in (0, side - 1)]
    assert np.any(outside, axis=0).all()


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3])
def test_they_are_as_close_to_the_surface_as_asked(tolerance: float) -> None:
    heights = hilly(129)
    triangles = adapted(heights, tolerance)
    for weights in ((0.5, 0.5, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5)):
        y, x = (part @ np.array(weights) for part in divmod(triangles, 129))
        exact = (np.abs(x - x.round()) < 1e-6) & (np.abs(y - y.round()) < 1e-6)
        flat = heights.ravel()[triangles] @ np.array(weights)
        there = heights[y.round().astype(int), x.round().astype(int)]
        assert exact.any()
        assert abs(flat - there)[exact].max() < 3 * tolerance


def test_a_plane_needs_few_and_a_hill_many_where_it_bends() -> None:
    plane = np.add.outer(np.arange(193.0), np.arange(193.0)).astype(np.float32)
    assert len(adapted(plane, 1e-3)) == 2 * 3 * 3
    x = np.linspace(-1, 1, 193, dtype=np.float32)
    edge = np.broadcast_to(np.tanh(30 * x), (193, 193)).astype(np.float32)
    triangles = adapted(edge, 1e-3)
    near = abs(triangles % 193 - 96.0).mean(axis=1) < 24
    assert len(triangles) < len(uniform(193)) / 3
    assert areas(triangles[near], 193).mean() < areas(triangles[~near], 193).mean() / 10


@pytest.mark.parametrize("step", [1, 2])
def test_equal_ones_cover_the_square(step: int) -> None:
    triangles = uniform(49, step)
    assert (areas(triangles, 49) == step**2 / 2).all()
    assert areas(triangles, 49).sum() == 48**2
