"""The points that a network learns, and the line between classes, over pictures of the plane.

    Scene, size, part -> marks_of() -> RGBA pixels of that part of the picture

Training points are filled, test points are hollow. Their size follows the picture's and their
density. Pixels are kept by what they show: new weights draw at most the line again.
"""

import math
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.training.data import Dataset
from cppn_gl.preset.learned import value_span
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import RGB, Box, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.class_colors import CLASS_COLORS, scale_color
from cppn_gl.views.base import Words
from cppn_gl.views.boundary import Lines, boundary
from cppn_gl.views.strokes import Disc, Stroke, layer_of_strokes

RADIUS, LEAST = 0.0086, 0.9  # of a point, in shorter sides of the picture; in pixels
CROWDED = 0.9  # in median distances to the nearest point, if that is less
SMALLEST = 0.55  # of the radius without a crowd
COUNTED = 512  # points whose distances are measured
RING, HOLE = 1.34, 0.55  # radii of the ring around a point and of a test point's hole
DEEPER = 0.16  # of DARK that a class's colour is mixed with: a point is seen on its own area
MOST = 20_000  # points drawn
GRID = 64  # places of a line in a pixel
EDGE = 4  # pixels drawn around a part: at the edge of what it draws aggdraw rounds in another way
LIGHT: RGB = (255, 255, 255)
DARK: RGB = (24, 26, 34)
GREY: RGB = (84, 90, 104)
LINE_WIDTH, CASING = 1 / 420, 2.2  # in shorter sides; of the light line under it, in line widths
KEPT = 160 * MB

_kept: LRUCache[Hashable, Words] = LRUCache(KEPT, lambda key, words: words.nbytes)
_lines: LRUCache[Hashable, Lines] = LRUCache(4)  # of whole pictures, for their parts


def has_marks(preset: Preset) -> bool:
    """Whether points or a boundary lie over a preset's picture of the plane."""
    return preset.learns and (preset.train.marks != "none" or preset.train.boundary)


def marks_of(scene: Scene, size: Size, part: Box | None = None) -> Words | None:
    """Points and boundary over a part (default: all) of a picture of `size`; None for nothing."""
    preset = scene.preset
    if not has_marks(preset):
        return None
    data, train, box = preset.dataset, preset.train, part or (0, 0, *size)
    marked = train.marks if data.kind in ("classes", "values") else "none"
    lined = train.boundary and data.kind in ("classes", "distance")

    def points() -> Words:
        return _drawn(box, [], _points(data, scene.view, size, box, tests=marked == "all"))

    key = data.digest, marked, scene.view, size, box
    found = None if marked == "none" else _kept.get(key, points)
    if not lined:
        return found
    line = identity(scene.network.trained, scene.clock)
    return _kept.get((*key, line), lambda: under(_drawn(box, _line(scene, size), []), found))


def under(line: Words, points: Words | None) -> Words:
    """A line with points over it."""
    if points is None:
        return line
    laid = points.copy()
    inked = np.flatnonzero(line.view(np.uint32))  # few pixels, found four bytes at a time
    flat, upper, lower = (array.reshape(-1, 4) for array in (laid, points, line))
    top, below = upper[inked].astype(np.float32), lower[inked].astype(np.float32)
    over, rest = top[:, 3:], below[:, 3:] * (1 - top[:, 3:] / 255)
    alpha = over + rest
    mixed = (top[:, :3] * over + below[:, :3] * rest) / np.maximum(alpha, 1)
    flat[inked] = np.round(np.concatenate([mixed, alpha], axis=1))
    return laid


def _drawn(box: Box, strokes: list[Stroke], discs: list[Disc]) -> Words:
    left, top, right, bottom = box
    around = left - EDGE, top - EDGE, right + EDGE, bottom + EDGE
    image = np.asarray(layer_of_strokes(around, strokes, discs))
    return np.ascontiguousarray(image[EDGE:-EDGE, EDGE:-EDGE])


def _line(scene: Scene, size: Size) -> list[Stroke]:
    """The boundary: a dark line on a light one, to be seen on any ground."""
    width, network = max(1.0, LINE_WIDTH * min(size)), scene.network.trained
    key = identity(network, scene.clock), scene.view, size

    def found_lines() -> Lines:
        # On a grid, so that aggdraw, which has 32 bits, rounds alike in every part of the picture.
        found = boundary(network, scene.view, scene.clock, size)
        return [np.round(line * GRID) / GRID for line in found]

    found = _lines.get(key, found_lines)
    casing = [Stroke(line, LIGHT, CASING * width, opacity=0.45) for line in found]
    return [*casing, *(Stroke(line, DARK, width) for line in found)]


def inks(data: Dataset) -> NDArray[np.int64]:
    """The colour of each point, (N, 3), 0 to 255."""
    if data.labels is not None:
        deep = np.array(CLASS_COLORS) * (1 - DEEPER) + np.array(DARK) * DEEPER
        return deep.round().astype(np.int64)[data.labels]
    low, high = value_span(data)
    places = (np.asarray(data.values, np.float64).mean(axis=1) - low) * 2 / (high - low) - 1
    return np.array([scale_color(place) for place in places.tolist()])


def placed(data: Dataset, view: Viewport, size: Size) -> Float64:
    """The points in pixels of a picture of the plane, (N, 2): x to the right, y down."""
    scale = min(size) / (2 * view.extent)
    across = size[0] / 2 + (np.asarray(data.x) - view.center[0]) * scale
    down = size[1] / 2 - (np.asarray(data.y) - view.center[1]) * scale
    return np.stack([across, down], axis=1)


def radius_of(places: Float64, size: Size) -> float:
    """The radius of the points in pixels, less where many are in sight."""
    largest = RADIUS * min(size)
    inside = places[((places > 0) & (places < size)).all(axis=1)]
    some = inside[:COUNTED]
    if len(some) > 1:
        away = np.square(some[:, None] - some).sum(axis=2)
        np.fill_diagonal(away, np.inf)
        near = math.sqrt(float(np.median(away.min(axis=1))) * len(some) / len(inside))
        largest = max(SMALLEST * largest, min(largest, CROWDED * near))
    return max(largest, LEAST)


def _points(data: Dataset, view: Viewport, size: Size, box: Box, *, tests: bool) -> list[Disc]:
    places, colors = placed(data, view, size), inks(data)
    count = min(len(places) if tests else data.training, MOST)
    radius = radius_of(places[:count], size)
    reach = RING * radius + 1
    low, high = np.array(box[:2]) - reach, np.array(box[2:]) + reach
    near = np.flatnonzero(((places[:count] > low) & (places[:count] < high)).all(axis=1))
    ring = GREY if data.labels is None else LIGHT  # values near the middle are light
    outer, inner = (round(part * radius * GRID) / GRID for part in (RING, HOLE))
    radius = round(radius * GRID) / GRID
    found = []
    for number in near[::-1].tolist():  # training points over the others
        x, y = (np.round(places[number] * GRID) / GRID).tolist()
        red, green, blue = colors[number].tolist()
        found += [
            Disc((x, y), outer, ring, 0.9),
            Disc((x, y), radius, (red, green, blue)),
        ]
        if number >= data.training:
            found.append(Disc((x, y), inner, LIGHT))
    return found
