"""Signed distances of a picture's pixels to the outline of a shape, finer than pixels.

    field, negative inside -> where it changes its sign -> distances in pixels, negative inside

The outline is that of marching squares: it crosses the lines between neighbouring pixel centres
where linear interpolation of the field is 0, and is straight between two crossings. The distance
to the crossings is exact for every pixel: along its column or row first, then over parabolas
(Felzenszwalb and Huttenlocher's transform, Theory of Computing 8, 2012). Within NEAR pixels that to
the lines between them is, too; farther away the difference is less than 0.07 pixels.
"""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float64

NEAR = 4  # pixels
# The sides of a cell (top, right, bottom, left) that a piece joins, and whether it is one of two if
# the first corner hangs together with the third: else it is if they do not; None: never.
_PAIRS = ((0, 1, True), (2, 3, True), (0, 3, False), (1, 2, False), (0, 2, None), (1, 3, None))


def signed_distances(field: Float64) -> Float64 | None:
    """Distances (height, width) to the outline; None if there is none."""
    inside = field < 0
    if inside.all() or not inside.any():
        return None
    squared = np.minimum(_to_crossings(field), _to_crossings(field.T).T)
    _refine(squared, field)
    distances = np.sqrt(squared)
    return np.where(inside, -distances, distances)


def _to_crossings(field: Float64) -> Float64:
    """The squared distances to the crossings between neighbours in a column."""
    height, width = field.shape
    place = _crossing(field[:-1], field[1:]) + np.arange(height - 1)[:, None]  # NaN where none
    above, below = np.full(field.shape, -np.inf), np.full(field.shape, np.inf)
    above[1:] = np.maximum.accumulate(np.where(np.isnan(place), -np.inf, place), axis=0)
    last = np.where(np.isnan(place), np.inf, place)[::-1]
    below[:-1] = np.minimum.accumulate(last, axis=0)[::-1]
    rows = np.arange(height)[:, None]
    column = np.minimum(rows - above, below - rows) ** 2
    squared = column.copy()
    for away in range(1, width):
        if away * away >= squared.max():
            break
        moved = column + away * away
        np.minimum(squared[:, away:], moved[:, :-away], out=squared[:, away:])
        np.minimum(squared[:, :-away], moved[:, away:], out=squared[:, :-away])
    return np.asarray(squared)


def _crossing(first: Float64, second: Float64) -> Float64:
    """Where the field is 0 between two neighbours, from 0 to 1; NaN if it keeps its sign."""
    crosses = (first < 0) != (second < 0)
    return np.where(crosses, first / np.where(crosses, first - second, 1), np.nan)


def _refine(squared: Float64, field: Float64) -> None:
    """Lower the squared distances near the outline to those of its straight pieces."""
    height, width = field.shape
    row, column, start, end = _pieces(field)
    step = end - start
    length = np.maximum((step**2).sum(axis=1), 1e-12)
    for down in range(-NEAR, NEAR + 2):
        for right in range(-NEAR, NEAR + 2):
            at = np.stack([row + down, column + right], axis=1)
            t = np.clip(((at - start) * step).sum(axis=1) / length, 0, 1)
            found = ((at - start - t[:, None] * step) ** 2).sum(axis=1)
            good = (at >= 0).all(axis=1) & (at[:, 0] < height) & (at[:, 1] < width)
            np.minimum.at(squared, (at[good, 0], at[good, 1]), found[good])


def _pieces(field: Float64) -> tuple[NDArray[np.int64], NDArray[np.int64], Float64, Float64]:
    """The straight pieces of the outline: row and column of their cells, and their two ends."""
    corners = field[:-1, :-1], field[:-1, 1:], field[1:, 1:], field[1:, :-1]
    row, column = np.mgrid[: corners[0].shape[0], : corners[0].shape[1]]
    sides = [
        np.stack([row + _at(down, a, b), column + _at(along, a, b)], axis=-1)
        for a, b, down, along in (
            (corners[0], corners[1], 0.0, None),
            (corners[1], corners[2], None, 1.0),
            (corners[3], corners[2], 1.0, None),
            (corners[0], corners[3], None, 0.0),
        )
    ]
    cut = [~np.isnan(side).any(axis=-1) for side in sides]
    four = np.logical_and.reduce(cut)
    # Where all four sides are cut, the mean decides which corners hang together.
    joined = (corners[0] + corners[1] + corners[2] + corners[3] < 0) == (corners[0] < 0)
    found = []
    for a, b, with_four in _PAIRS:
        other = np.zeros_like(four) if with_four is None else joined == with_four
        used = cut[a] & cut[b] & (~four | other)
        found.append((row[used], column[used], sides[a][used], sides[b][used]))
    parts = [np.concatenate(part) for part in zip(*found, strict=True)]
    return parts[0], parts[1], parts[2], parts[3]


def _at(fixed: float | None, first: Float64, second: Float64) -> Float64:
    """Along a side of a cell: where it is cut. Across it: `fixed`, NaN if it is not cut."""
    crossing = _crossing(first, second)
    return crossing if fixed is None else np.where(np.isnan(crossing), np.nan, fixed)
