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
from cppn_gl.views.boundary import boundary
from cppn_gl.views.strokes import Disc, Stroke, layer_of_strokes

RADIUS, LEAST = 0.0088, 1.5  # of a point, in shorter sides of the picture; in pixels
CROWDED = 0.3  # in mean distances of the points in sight, if that is less
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
    network = scene.network.trained
    shown = identity(network, scene.clock) if lined else None
    if marked == "none" and not lined:
        return None

    def draw() -> Words:
        strokes = _line(scene, size) if lined else []
        discs = _points(data, scene.view, size, box, tests=marked == "all")
        left, top, right, bottom = box
        around = left - EDGE, top - EDGE, right + EDGE, bottom + EDGE
        image = layer_of_strokes(around, strokes, discs if marked != "none" else [])
        return np.ascontiguousarray(np.asarray(image)[EDGE:-EDGE, EDGE:-EDGE])

    return _kept.get((data.digest, marked, shown, scene.view, size, box), draw)


def _line(scene: Scene, size: Size) -> list[Stroke]:
    """The boundary: a dark line on a light one, to be seen on any ground."""
    width = max(1.0, LINE_WIDTH * min(size))
    found = boundary(scene.network.trained, scene.view, scene.clock, size)
    # On a grid, so that aggdraw, which has 32 bits, rounds alike in every part of the picture.
    found = [np.round(line * GRID) / GRID for line in found]
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
    if len(inside) > 1:
        sides = np.ptp(inside, axis=0)
        largest = min(largest, CROWDED * math.sqrt(max(sides.prod(), 1.0) / len(inside)) + 0.5)
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
