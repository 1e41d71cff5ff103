"""Triangles between the points of a square grid: few where it is flat, many where it bends.

    heights (side, side) -> adapted() -> triangles (N, 3) of points, numbered row by row

A hierarchy of right isosceles triangles, each halved at the middle of its longest side, as in
Evans, Kirkpatrick and Townsend, "Right-triangulated irregular networks", Algorithmica 30 (2001).
The error of a point is how far the surface is from it while the point is not a corner. It includes
the errors of all points that need it, so that triangles on both sides of an edge are halved
together and the surface has no cracks.
"""

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import Float32

PART = 8192  # triangles drawn in one call
LARGEST = 64  # longest legs of triangles, in grid steps

Indices = NDArray[np.uint32]


class Triangles:
    """An index buffer of triangles (N, 3), drawn in `parts` that take about the same time."""

    def __init__(self, ctx: moderngl.Context, indices: Indices):
        self._ctx, self._count = ctx, indices.size
        self._indices = ctx.buffer(indices.tobytes())
        self.parts = -(-len(indices) // PART)

    def draw(self, program: moderngl.Program, part: int) -> None:
        """Draw a part on the framebuffer in use."""
        first = 3 * PART * part
        vertices = self._ctx.vertex_array(program, [], index_buffer=self._indices)
        vertices.render(vertices=min(3 * PART, self._count - first), first=first)
        vertices.release()

    def release(self) -> None:
        self._indices.release()


def uniform(side: int, step: int = 1) -> Indices:
    """Two triangles for each square of `step` grid steps."""
    corner = np.arange(side * side, dtype=np.uint32).reshape(side, side)[:-1:step, :-1:step]
    cell = np.array([0, 1, side + 1, 0, side + 1, side], np.uint32) * np.uint32(step)
    return np.ascontiguousarray((corner.reshape(-1, 1) + cell).reshape(-1, 3))


def adapted(heights: Float32, tolerance: float) -> Indices:
    """Triangles that are at most about `tolerance` from all heights of the grid.

    The side of the grid is a multiple of a power of two, plus 1: the larger the power, the larger
    triangles may be.
    """
    side = len(heights)
    leg = min(LARGEST, (side - 1) & -(side - 1))
    error = _errors(heights, leg)
    triangles, done = _roots(side, leg), []
    for _ in range(2 * leg.bit_length() - 2):  # each halving shortens the legs by √2
        apex, one, other = triangles
        middle = (one + other) // 2
        halved = error[middle] > tolerance
        done.append(triangles[:, ~halved])
        apex, one, other, middle = (ends[halved] for ends in (apex, one, other, middle))
        triangles = np.concatenate(
            [np.stack([middle, apex, one]), np.stack([middle, other, apex])], axis=1
        )
    return np.ascontiguousarray(np.concatenate([*done, triangles], axis=1).T.astype(np.uint32))


def _roots(side: int, leg: int) -> NDArray[np.int64]:
    """The largest triangles, (3, N): apex and the two ends of the longest side, anticlockwise."""
    corner = np.arange(side * side).reshape(side, side)[::leg, ::leg]
    low_left, low_right = corner[:-1, :-1], corner[:-1, 1:]
    high_left, high_right = corner[1:, :-1], corner[1:, 1:]
    row, column = np.indices(low_left.shape)
    even = (row + column) % 2 == 0  # its diagonal rises
    rising = [
        np.stack([low_right[even], high_right[even], low_left[even]]),
        np.stack([high_left[even], low_left[even], high_right[even]]),
    ]
    falling = [
        np.stack([low_left[~even], low_right[~even], high_left[~even]]),
        np.stack([high_right[~even], high_left[~even], low_right[~even]]),
    ]
    return np.concatenate(rising + falling, axis=1)


def _errors(heights: Float32, leg: int) -> Float32:
    """The error of each point, flat, with those of the points that need it included."""
    error = np.zeros_like(heights)
    step = 2
    while step <= leg:
        half = step // 2
        # Middles of horizontal and vertical edges, which need the centres of the squares beside.
        for turned in (False, True):
            z, found = (heights.T, error.T) if turned else (heights, error)
            own = abs(z[::step, half::step] - (z[::step, :-half:step] + z[::step, step::step]) / 2)
            middle = found[::step, half::step]
            middle[:] = np.maximum(middle, own)
        # Centres of squares, of which every other one has a rising diagonal.
        z, centre = heights, error[half::step, half::step]
        rising = abs(
            z[half::step, half::step]
            - (z[:-half:step, :-half:step] + z[step::step, step::step]) / 2
        )
        falling = abs(
            z[half::step, half::step]
            - (z[:-half:step, step::step] + z[step::step, :-half:step]) / 2
        )
        row, column = np.indices(rising.shape)
        own = np.where((row + column) % 2 == 0, rising, falling)
        across, along = error[::step, half::step], error[half::step, ::step]
        for child in (across[:-1], across[1:], along[:, :-1], along[:, 1:], own):
            centre[:] = np.maximum(centre, child)
        if step < leg:  # which are needed by the other two corners of their square
            corner = error[::step, ::step]
            rises = (row + column) % 2 == 0
            for rows, columns, ends in (
                (slice(None, -1), slice(1, None), rises),
                (slice(1, None), slice(None, -1), rises),
                (slice(None, -1), slice(None, -1), ~rises),
                (slice(1, None), slice(1, None), ~rises),
            ):
                there = corner[rows, columns]
                there[:] = np.maximum(there, np.where(ends, centre, 0))
        step *= 2
    return error.ravel()
