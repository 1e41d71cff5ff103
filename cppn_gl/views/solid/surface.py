"""The surface view: an output as a lit height field, coloured by height or by the picture.

The network's values on a grid are cached: moving the camera draws the surface again (mesh.py) and
evaluates nothing. Seen from above it is a map with values under the pointer.
"""

from typing import Any

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.tasks import Stepping, Task
from cppn_gl.views.base import Hit, Stage, View, Words
from cppn_gl.views.solid.box_axes import (
    INK,
    BoxAxis,
    Letters,
    axes_overlay,
    font_size,
    overlay_letters,
)
from cppn_gl.views.solid.camera import dragged, zoomed
from cppn_gl.views.solid.cut_plot import plot_cut
from cppn_gl.views.solid.field import WEIGHTS
from cppn_gl.views.solid.heights import Subplot, subplots, values_at
from cppn_gl.views.solid.mesh import SurfaceDrawing, camera_of, painted
from cppn_gl.views.text import line_height, significant

SIGN = 1.4  # font size of signs, relative to that of a surface alone


class SurfaceView(View):
    """The output as a height field."""

    colors = continuous = True

    def colored(self, preset: Preset) -> bool:
        return painted(preset)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        region = region or Region.of(planes.size)
        return Stepping(SurfaceDrawing(stage, planes, scene, region).steps())

    def work(self, scene: Scene) -> float:
        """The grid has a quarter of the picture's pixels; the surface costs some hundreds more."""
        return 0.25 * work_per_pixel(scene.network) + 500

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The box's axes, the plot of a cut, titles of subplots and the signs between them."""
        words = np.zeros((size[1], size[0], 4), np.uint8)
        relief = scene.options(SurfaceOptions).relief
        for subplot in subplots(scene, size):
            left, top, width, height = subplot.pixels(size)
            part = words[top : top + height, left : left + width]
            camera, axes = camera_of(subplot, scene.preset, (width, height)), _axes(scene, subplot)
            if subplot.cut == "plot":
                plot_cut(part, scene, subplot, camera, axes[1:])
            elif part.size:
                axes_overlay(part, camera, axes, relief, letters=subplot.letters)
            _heading(words, subplot, size)
        return words

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """x, y and the value at a pixel, in subplots seen from above only."""
        for subplot in subplots(scene, size):
            left, top, width, height = subplot.pixels(size)
            camera = camera_of(subplot, scene.preset, (width, height))
            if camera.tilt != 90 or subplot.cut == "plot":
                continue
            turned = camera.ground((place[0] - left, place[1] - top))
            if max(abs(turned)) <= 1:
                return Hit(_value_text(scene, subplot, *turned))
        return None

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        return dragged(preset.options(SurfaceOptions), du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        return zoomed(preset.options(SurfaceOptions), steps)


def _heading(words: Words, subplot: Subplot, size: Size) -> None:
    """The title above a subplot, and the sign before it."""
    left, top, width, _ = subplot.pixels(size)
    found = Letters(size, subplot.titles)
    above = top - line_height(subplot.titles) / 2
    found.write(subplot.title, left + width / 2, above, style="bold")
    overlay_letters(words, found, INK)
    if subplot.sign:
        text, x, y = subplot.sign
        found = Letters(size, round(SIGN * font_size(size)))
        found.write(text, x * size[0], y * size[1])
        overlay_letters(words, found, INK)


def _axes(scene: Scene, subplot: Subplot) -> tuple[BoxAxis, BoxAxis, BoxAxis]:
    (x, y), extent = scene.view.center, scene.view.extent
    return (
        BoxAxis("x", x - extent, x + extent),
        BoxAxis("y", y - extent, y + extent),
        BoxAxis(subplot.quantity, *subplot.span),
    )


def _value_text(scene: Scene, subplot: Subplot, u: float, v: float) -> str:
    """x, y and the value at a point of the square."""
    network, view = subplot.network, scene.view
    x, y = view.center[0] + view.extent * u, view.center[1] + view.extent * v
    found = values_at(network, np.array([x]), np.array([y]), scene.clock)
    outputs = np.broadcast_to(found, (1, 3))
    value = float(outputs[0] @ np.array(WEIGHTS[subplot.channel]))
    return f"x {significant(x, 4)}  y {significant(y, 4)}  value {significant(value)}"
