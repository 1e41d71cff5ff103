"""Data sets that are drawn: points of the plane in [-6, 6] with a class or a value each.

    DATA_SETS["spiral"].make(points, classes, noise, Draws(seed, points)) -> x, y, label or value

The formulas of circle, xor, gauss, spiral, plane and bumps are those of the TensorFlow Playground
(Smilkov, Carter and others 2016, src/dataset.ts, Apache License 2.0), and so is what noise does:
in most sets it displaces the point whose class or value is asked for, not the point that is shown.
Its positive examples are class 1. Point i of k classes is meant for class i mod k, where a set can
choose. The arithmetic is that of IEEE 754, so that a set is the same to the bit everywhere.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.draws import POINT, normal, uniform, words
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.elementary import sines

MAX_CLASSES = 10
MAX_POINTS = 2**18  # of a set, or of a table
RADIUS = 6.0  # half the side of the square that the points are in
COLUMNS = 8  # random words for each point
PADDING = 0.3  # distance of points from the line between two classes

Points = tuple[Float64, Float64, NDArray[np.int64] | Float64]  # x, y, and class or value


class Draws:
    """The random numbers of a set's points: column j of point i is word (i, j) of kind POINT."""

    def __init__(self, seed: int, points: int):
        self._words = words(seed, 0, POINT, points, COLUMNS)
        self.index = np.arange(points)

    def uniform(self, column: int, low: float, high: float) -> Float64:
        """U(low, high), (points,)."""
        half = (high - low) / 2
        return np.asarray((low + half) + half * uniform(self._words[:, column]))

    def normal(self, column: int) -> Float64:
        """N(0, 1), (points,)."""
        return normal(self._words[:, column])

    def displaced(self, x: Float64, y: Float64, reach: float) -> tuple[Float64, Float64]:
        """Points moved by U(-reach, reach) in x and y."""
        return x + self.uniform(6, -reach, reach), y + self.uniform(7, -reach, reach)


Make = Callable[[int, int, float, Draws], Points]


class DrawnSet(NamedTuple):
    """A row of DATA_SETS. `help`: what the points show. `classes`: their usual number; 0: values.

    `most`: the largest number of classes. `regression`: the set meant by this name where values are
    to be learned.
    """

    name: str
    help: str
    make: Make
    classes: int = 2
    most: int = 2
    regression: str = ""

    @property
    def kind(self) -> str:
        return "classes" if self.classes else "values"


def _polar(r: Float64, turns: Float64) -> tuple[Float64, Float64]:
    """Points at a radius and an angle, from the y axis, clockwise, as in the Playground."""
    return r * sines(turns), r * sines(turns, 1)


def _distance(x: Float64, y: Float64) -> Float64:
    return np.asarray(np.sqrt(x * x + y * y))


def _circle(points: int, classes: int, noise: float, draws: Draws) -> Points:
    inside = draws.index % 2 == 1
    unit = draws.uniform(0, 0, 1)
    r = np.where(inside, 2.5 * unit, 3.5 + 1.5 * unit)
    x, y = _polar(r, draws.uniform(1, 0, 1))
    return x, y, (_distance(*draws.displaced(x, y, 5 * noise)) < 2.5).astype(np.int64)


def _xor(points: int, classes: int, noise: float, draws: Draws) -> Points:
    x, y = (_padded(draws.uniform(column, -5, 5)) for column in (0, 1))
    moved = draws.displaced(x, y, 5 * noise)
    return x, y, (moved[0] * moved[1] >= 0).astype(np.int64)


def _padded(x: Float64) -> Float64:
    return np.asarray(x + np.where(x > 0, PADDING, -PADDING))


def _gauss(points: int, classes: int, noise: float, draws: Draws) -> Points:
    label = draws.index % 2
    center = 4.0 * label - 2
    deviation = np.sqrt(0.5 + 7 * noise)
    return center + deviation * draws.normal(0), center + deviation * draws.normal(1), label


def _spiral(points: int, classes: int, noise: float, draws: Draws) -> Points:
    label, step = draws.index % classes, draws.index // classes
    along = step * classes / points
    x, y = _polar(5 * along, 1.75 * along + (classes + 1 - label) % classes / classes)
    return *draws.displaced(x, y, noise), label


def _moons(points: int, classes: int, noise: float, draws: Draws) -> Points:
    label = draws.index % 2
    turns = draws.uniform(0, 0, 0.5)
    cos, sin = sines(turns, 1), sines(turns)
    x = np.where(label == 1, cos, 1 - cos) - 0.5
    y = np.where(label == 1, sin, 0.5 - sin) - 0.25
    return *draws.displaced(x * (10 / 3), y * (10 / 3), 2 * noise), label


def _rings(points: int, classes: int, noise: float, draws: Draws) -> Points:
    wide = 5.5 / classes
    meant = draws.index % classes
    r = wide * (meant + draws.uniform(0, 0.15, 0.85))
    x, y = _polar(r, draws.uniform(1, 0, 1))
    away = _distance(*draws.displaced(x, y, wide * noise))
    return x, y, np.minimum(away / wide, classes - 1).astype(np.int64)


def _checkerboard(points: int, classes: int, noise: float, draws: Draws) -> Points:
    side = 3.0
    x, y = (_in_cells(draws.uniform(column, -RADIUS, RADIUS), side) for column in (0, 1))
    i, j = (_cell(moved, side) for moved in draws.displaced(x, y, side * noise))
    return x, y, (i + (1 if classes == 2 else 2) * j) % classes


def _stripes(points: int, classes: int, noise: float, draws: Draws) -> Points:
    side = 2 * RADIUS / (classes * -(-6 // classes))  # six stripes or more
    across = _in_cells(draws.uniform(0, -RADIUS, RADIUS), side)
    along = draws.uniform(1, -RADIUS, RADIUS)
    label = _cell(across + draws.uniform(6, -side * noise, side * noise), side) % classes
    # A square turned to the direction (0.8, 0.6), as large as it fits.
    return (4 * across - 3 * along) / 7, (3 * across + 4 * along) / 7, label


def _in_cells(x: Float64, side: float) -> Float64:
    """Coordinates moved away from the borders of cells, which begin at -RADIUS."""
    start = side * _cell(x, side) - RADIUS
    return np.asarray(start + side * (0.08 + 0.84 * ((x - start) / side)))


def _cell(x: Float64, side: float) -> NDArray[np.int64]:
    return np.asarray(np.floor((x + RADIUS) / side).astype(np.int64))


def _blobs(points: int, classes: int, noise: float, draws: Draws) -> Points:
    label = draws.index % classes
    x, y = _polar(np.full(points, 4.0), label / classes)
    deviation = np.sqrt(0.25 + 2.5 * noise)
    return x + deviation * draws.normal(0), y + deviation * draws.normal(1), label


def _beside(function: Callable[[Float64], Float64]) -> Make:
    """A set of points above (class 1) and below y = f(x), |f| <= 5."""

    def make(points: int, classes: int, noise: float, draws: Draws) -> Points:
        x, unit = draws.uniform(0, -RADIUS, RADIUS), draws.uniform(1, 0, 1)
        line = function(x)
        above = line + PADDING + (RADIUS - PADDING - line) * unit
        below = line - PADDING - (RADIUS - PADDING + line) * unit
        y = np.where(draws.index % 2 == 1, above, below)
        moved = draws.displaced(x, y, 3 * noise)
        return x, y, (moved[1] > function(moved[0])).astype(np.int64)

    return make


def _valued(function: Callable[[Float64, Float64], Float64]) -> Make:
    """A set of points with the values of a function of x and y."""

    def make(points: int, classes: int, noise: float, draws: Draws) -> Points:
        x, y = (draws.uniform(column, -RADIUS, RADIUS) for column in (0, 1))
        return x, y, function(*draws.displaced(x, y, RADIUS * noise))

    return make


_BUMPS = ((-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1))


def _bumps(x: Float64, y: Float64) -> Float64:
    value = np.zeros_like(x)
    for cx, cy, sign in _BUMPS:  # none overlaps another: the sum is the largest of them
        value += sign * np.maximum(0, 1 - _distance(x - cx, y - cy) / 2)
    return value


def _turned(x: Float64) -> Float64:
    """x in turns, for `sines`."""
    return np.asarray(x * (0.5 / np.pi))


DATA_SETS: dict[str, DrawnSet] = {
    row.name: row
    for row in (
        DrawnSet("circle", "a disc, and a ring around it", _circle),
        DrawnSet("xor", "quadrants: where x and y have the same sign, and where not", _xor),
        DrawnSet("gauss", "two clouds of normal distributions", _gauss, regression="bumps"),
        DrawnSet("spiral", "spirals, one arm for each class", _spiral, most=MAX_CLASSES),
        DrawnSet("moons", "two half circles, each reaching into the other", _moons),
        DrawnSet("rings", "rings around each other, each a class", _rings, 3, MAX_CLASSES),
        DrawnSet("checkerboard", "four by four squares", _checkerboard, most=MAX_CLASSES),
        DrawnSet("stripes", "oblique stripes", _stripes, most=MAX_CLASSES),
        DrawnSet("blobs", "clouds on a circle, each a class", _blobs, 5, MAX_CLASSES),
        DrawnSet("sine", "above or below 3 sin x", _beside(lambda x: 3 * sines(_turned(x)))),
        DrawnSet("parabola", "above or below x²/4 - 4", _beside(lambda x: x * x / 4 - 4)),
        DrawnSet(
            "cubic", "above or below (x³ - 16 x)/24", _beside(lambda x: x * (x * x - 16) / 24)
        ),
        DrawnSet("steps", "above or below a staircase", _beside(lambda x: 2 * np.floor(x / 3) + 1)),
        DrawnSet("vee", "above or below |x| - 3", _beside(lambda x: np.abs(x) - 3)),
        DrawnSet("peak", "above or below 14/(2 + x²) - 3", _beside(lambda x: 14 / (2 + x * x) - 3)),
        DrawnSet(
            "chirp",
            "above or below 3 sin(x²/4), whose waves become shorter",
            _beside(lambda x: 3 * sines(_turned(x * x / 4))),
        ),
        DrawnSet("plane", "values: (x + y)/10", _valued(lambda x, y: (x + y) / 10), 0, 0),
        DrawnSet(
            "bumps", "values: six cones of radius 2, up and down in turn", _valued(_bumps), 0, 0
        ),
        DrawnSet("saddle", "values: x y / 36", _valued(lambda x, y: x * y / 36), 0, 0),
        DrawnSet(
            "ripples",
            "values: cos(2π r/4), a wave around the centre",
            _valued(lambda x, y: sines(_distance(x, y) / 4, 1)),
            0,
            0,
        ),
    )
}
