"""The line between classes: where the two largest outputs are equal, or the only one is 0.5.

    network, view, clock, size -> levels() on a coarse grid -> lines() -> polylines in pixels

Marching squares on the pre-activations of the last layer, which are not flat where the network is
sure. A crossing on an edge is then moved to where the network itself has it.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.evaluator import Evaluator
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.cpu.products import BLOCK, in_order
from cppn_gl.nn.features import Clock
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import work_per_pixel
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Float64, Size

CELL = 9.0  # pixels of a cell's side, where there are at least FINE cells
FINE, COARSE = 112, 20  # cells along the picture's shorter side, at least; for large networks
WORK = 1e8  # multiplications for the grid of a picture of PIXELS, unless it is COARSE
PIXELS = 2**20
MOVES = 2  # of each crossing towards the network's own

Lines = list[Float64]  # of (N, 2) places, x to the right, y down
Levels = Callable[[Float64], Float64]  # places (N, 2) in the grid -> (N, classes)


def boundary(network: Network, view: Viewport, clock: Clock, size: Size) -> Lines:
    """The polylines between classes in a picture of a size, in pixels."""
    aspect = max(size) / min(size)
    work = WORK * max(1.0, size[0] * size[1] / PIXELS)
    most = np.sqrt(work / work_per_pixel(network) / aspect)
    fine = max(FINE, min(size) / CELL)
    cell = min(size) / float(np.clip(most, COARSE, fine))  # in pixels
    columns, rows = (int(np.ceil(side / cell)) + 2 for side in size)
    cells = columns, rows
    extent = view.extent * min(cells) * cell / min(size)
    evaluate = evaluator(network, dataclasses.replace(view, extent=extent), clock)

    def levels(places: Float64) -> Float64:
        return _levels(evaluate, places, cells)

    across, down = np.meshgrid(np.arange(columns), np.arange(rows))
    grid = np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float64)
    found = lines(levels(grid).reshape(rows, columns, -1), levels)
    corner = (np.array(size) - np.array(cells) * cell) / 2
    return [(line + 0.5) * cell + corner for line in found]


def _levels(evaluate: Evaluator, places: Float64, cells: Size) -> Float64:
    """The pre-activations of each class at places of the grid; of one output z: -z and z."""
    count = len(places)
    blocks = -(-count // BLOCK)
    padded = np.zeros((blocks * BLOCK, 2))
    padded[:count] = places
    whole = np.floor(padded).astype(np.int64)
    part = padded - whole
    pixels = (whole[:, 1] * cells[0] + whole[:, 0]).reshape(blocks, BLOCK)
    jitter = part[:, 0].reshape(blocks, BLOCK), part[:, 1].reshape(blocks, BLOCK)
    y = evaluate.coordinates(pixels, cells, jitter)
    z = [pre for _, pre, _ in evaluate.walk(y)][-1]
    assert z is not None
    found = in_order(z, count).astype(np.float64)
    return np.concatenate([-found, found], axis=1) if found.shape[1] == 1 else found


def lines(values: Float64, levels: Levels | None = None) -> Lines:
    """Polylines between the regions where each of (rows, columns, classes) values is the largest.

    In units of cells. `levels`: the values at any places, by which crossings are made exact.
    """
    rows, columns, _ = values.shape
    largest = values.argmax(axis=2)
    index = np.arange(rows * columns).reshape(rows, columns)
    ends = np.concatenate(
        [
            np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], axis=1),
            np.stack([index[:-1].ravel(), index[1:].ravel()], axis=1),
        ]
    )
    of = largest.ravel()[ends]
    crossed = np.flatnonzero(
        (of[:, 0] != of[:, 1])
        & np.isfinite(values.reshape(-1, values.shape[2])[ends]).all(axis=(1, 2))
    )
    if not len(crossed):
        return []
    points = np.full((len(ends), 2), np.nan)
    points[crossed] = _crossings(values, ends[crossed], of[crossed], levels)
    known = np.isfinite(points[:, 0])
    flat = rows * (columns - 1)
    along, down = known[:flat].reshape(rows, -1), known[flat:].reshape(-1, columns)
    edges = np.arange(len(ends))
    sides = np.stack(  # top, right, bottom, left
        [
            edges[:flat].reshape(rows, -1)[:-1],
            edges[flat:].reshape(-1, columns)[:, 1:],
            edges[:flat].reshape(rows, -1)[1:],
            edges[flat:].reshape(-1, columns)[:, :-1],
        ],
        axis=2,
    )
    count = along[:-1].astype(int) + along[1:] + down[:, :-1] + down[:, 1:]
    plain = sides[count == 2]
    crossed_sides = plain[known[plain]].reshape(-1, 2)
    links: list[tuple[int, int]] = [(a, b) for a, b in crossed_sides.tolist()]
    middles: list[Float64] = []
    for row, column in zip(*np.nonzero(count > 2), strict=True):
        own = [int(edge) for edge in sides[row, column] if known[edge]]
        corners = values[row : row + 2, column : column + 2].reshape(4, -1)
        classes = np.unique(corners.argmax(axis=1))
        if len(own) == 4 and len(classes) == 2:
            links += _saddle(own, corners, classes)
        else:  # a point where several classes meet
            center = len(ends) + len(middles)
            middles.append(points[own].mean(axis=0))
            links += [(edge, center) for edge in own]
    every = np.concatenate([points, *(middle[None] for middle in middles)])
    return [every[chain] for chain in chained(links)]


def _crossings(
    values: Float64, ends: NDArray[np.int64], of: NDArray[np.int64], levels: Levels | None
) -> Float64:
    """Where the difference of two classes is 0 on each edge, (N, 2)."""
    columns, rows = values.shape[1], np.arange(len(ends))
    flat = values.reshape(-1, values.shape[2])

    def difference(values: Float64) -> Float64:
        return np.asarray(values[rows, of[:, 0]] - values[rows, of[:, 1]])

    low, high = difference(flat[ends[:, 0]]), difference(flat[ends[:, 1]])
    first, last = (
        np.stack([ends[:, k] % columns, ends[:, k] // columns], axis=1).astype(np.float64)
        for k in (0, 1)
    )
    a, b = np.zeros(len(ends)), np.ones(len(ends))
    for move in range(MOVES + 1):
        with np.errstate(all="ignore"):
            share = low / (low - high)
        at = a + np.where(np.isfinite(share), share, 0.5) * (b - a)
        places = first + at[:, None] * (last - first)
        if levels is None or move == MOVES:
            break
        middle = difference(levels(places))  # regula falsi keeps the crossing between a and b
        left = middle >= 0
        a, low = np.where(left, at, a), np.where(left, middle, low)
        b, high = np.where(left, b, at), np.where(left, high, middle)
    return np.asarray(places)


def _saddle(
    own: Sequence[int], corners: Float64, classes: NDArray[np.int64]
) -> list[tuple[int, int]]:
    """The two lines of a cell whose opposite corners are of the same class: around its middle's."""
    top, right, bottom, left = own
    difference = corners[:, classes[0]] - corners[:, classes[1]]
    joined = (difference.mean() > 0) == (difference[0] > 0)  # the middle is like the upper left
    return [(top, right), (bottom, left)] if joined else [(top, left), (right, bottom)]


def chained(links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Links between points as chains that end where one or several other lines do, or closed."""
    near: dict[int, list[int]] = {}
    for a, b in links:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    through = {point for point, others in near.items() if len(others) == 2}
    chains: list[list[int]] = []
    for start in [*sorted(near.keys() - through), *sorted(through)]:
        while near[start]:
            chains.append(_followed(near, start, through))
    return chains


def _followed(near: dict[int, list[int]], start: int, through: set[int]) -> list[int]:
    """From a point on to the next end, whose links are taken from `near`."""
    chain, at = [start], start
    while near[at]:
        after = near[at].pop()
        near[after].remove(at)
        chain.append(after)
        at = after
        if at == start or at not in through:
            break
    return chain
