"""The plot of a cut through a surface: heights along y, at the view's centre.

Its frame is the square that the surface seen from above has in a subplot of the same size, so that
both have the same scale along y.
"""

from dataclasses import replace

import numpy as np
from PIL import Image

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import MAX_EXTENT
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import RGB, Float64, Size
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.base import Words
from cppn_gl.views.solid.box_axes import INK, TICK, BoxAxis, Letters, line, overlay_letters
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.solid.field import WEIGHTS
from cppn_gl.views.solid.heights import Subplot
from cppn_gl.views.strokes import Stroke, layer_of_strokes
from cppn_gl.views.text import width

CUT: RGB = (214, 62, 36)  # colour of the cut
PANE, RULE = (241, 242, 244), (208, 212, 217)
POINTS = 4  # pixels from point to point of the curve


def cut_stroke(size: Size) -> float:
    """Half the width of the cut's line in a picture of a size, in pixels."""
    return max(0.8, min(size) / 360)


def cut_values(scene: Scene, subplot: Subplot, places: Float64) -> Float64:
    """Heights from 0 to 1 at places from -1 to 1 along y; not a number where outputs are not."""
    network, view = subplot.network, scene.view
    if network.by_grid:
        outputs = _along(network, scene, places)
    else:
        y = view.center[1] + view.extent * places
        x = np.full_like(y, view.center[0])
        outputs = network.evaluate(network.features(x, y, scene.clock))
    values = np.broadcast_to(outputs, (len(places), 3)) @ np.array(WEIGHTS[subplot.channel])
    low, high = subplot.span
    heights: Float64 = np.clip((values - low) / (high - low), 0, 1)
    return heights


def _along(network: Network, scene: Scene, places: Float64) -> Float64:
    """The outputs of a network on a grid at places along y, between points of one column."""
    count = len(places) | 1  # odd, so that a column lies in the middle
    wide = replace(scene.view, extent=min(scene.view.extent * count / (count - 1), MAX_EXTENT))
    column = Region.of((count, count)).cut(count // 2, 0, 1, count)
    found = at_once(GridEvaluator(network, wide, scene.clock).outputs(column))[::-1, 0]
    known = np.linspace(-1, 1, count)
    return np.stack([np.interp(places, known, values) for values in found.T], axis=1)


def plot_cut(
    words: Words, scene: Scene, subplot: Subplot, camera: Camera, axes: tuple[BoxAxis, BoxAxis]
) -> None:
    """Draw the plot into a part of an overlay. `camera`: from above; `axes`: of y and heights."""
    left, bottom, _ = camera.project([(-1, -1, 0)])[0]
    right, top, _ = camera.project([(1, 1, 0)])[0]
    inside = words[round(top) : round(bottom), round(left) : round(right)]
    inside[:] = (*PANE, 255)
    for k in range(5):
        x, y = left + (right - left) * k / 4, top + (bottom - top) * k / 4
        line(words, (x, top), (x, bottom), RULE, 1.0)
        line(words, (left, y), (right, y), RULE, 1.0)
    letters = Letters(camera.size, subplot.letters)
    thickness = letters.thickness
    for axis, start, end, across in (
        (axes[0], (left, bottom), (right, bottom), (0.0, 1.0)),
        (axes[1], (left, bottom), (left, top), (-1.0, 0.0)),
    ):
        out = (thickness / 2 + 0.5) * np.array(across)
        low, high = np.array(start) + out, np.array(end) + out
        line(words, low, high, INK, thickness)
        for place, number, _ in axis.ticks():
            pixel = low + (high - low) * (place + 1) / 2
            line(words, pixel, pixel + np.array(across) * TICK * letters.font_size, INK, thickness)
            letters.beside(pixel, np.array(across), number)
    letters.beside(
        np.array([0.27 * left + 0.73 * right, bottom]), np.array((0.0, 1.0)), axes[0].title
    )
    # Above its axis, from where the numbers are.
    wide = width(axes[1].title, letters.font_size) / 2
    letters.write(axes[1].title, max(left - letters.leading, 0) + wide, top - letters.leading)
    places = np.linspace(-1, 1, max(8, round(right - left) // POINTS))
    heights = cut_values(scene, subplot, places)
    x, y = left + (right - left) * (places + 1) / 2, bottom + (top - bottom) * heights
    stroke = 2 * cut_stroke(camera.size)
    curve = Stroke(np.stack([x, y], axis=1), CUT, stroke)
    _lay_stroke(words, curve, (left - stroke, top - stroke, right + stroke, bottom + stroke))
    overlay_letters(words, letters, INK)


def _lay_stroke(words: Words, stroke: Stroke, around: tuple[float, float, float, float]) -> None:
    """Draw a line over what is in a part of the overlay."""
    box = max(0, round(around[0])), max(0, round(around[1])), round(around[2]), round(around[3])
    part = words[box[1] : box[3], box[0] : box[2]]
    if part.size:
        box = (*box[:2], box[0] + part.shape[1], box[1] + part.shape[0])
        below = Image.fromarray(np.ascontiguousarray(part))
        part[:] = np.asarray(Image.alpha_composite(below, layer_of_strokes(box, [stroke])))
