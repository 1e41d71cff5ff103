"""An output as a lit height field in perspective, coloured by its height or by the picture.

The network is drawn on a grid, which is kept: turning the eye draws the sheet again (mesh.py) and
evaluates nothing. From straight above it is a map, which the pointer reads.
"""

from typing import Any

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.features import features
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.utils.tasks import Task
from cppn_gl.views.base import Hit, Size, Stage, View, Words
from cppn_gl.views.solid.box_axes import Axis, axes_overlay
from cppn_gl.views.solid.camera import dragged, zoomed
from cppn_gl.views.solid.field import WEIGHTS
from cppn_gl.views.solid.heights import Plate, plates
from cppn_gl.views.solid.mesh import SurfaceDrawing, camera_of, painted


class SurfaceView(View):
    """The output as a height field."""

    colors = True

    def colored(self, preset: Preset) -> bool:
        """Where it is painted by the picture, and not by its height."""
        return painted(preset)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to draw."""
        return SurfaceDrawing(stage, planes, scene)

    def work(self, scene: Scene) -> float:
        """The grid has a quarter of the picture's pixels; the sheet costs some hundreds more."""
        return 0.25 * work_per_pixel(scene.network) + 500

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The box's axes, and the titles of plates."""
        words = np.zeros((size[1], size[0], 4), np.uint8)
        relief = scene.options(SurfaceOptions).relief
        for plate in plates(scene, size):
            left, top, width, height = plate.pixels(size)
            part = words[top : top + height, left : left + width]
            if part.size:
                camera = camera_of(plate, scene.preset, (width, height))
                axes_overlay(part, camera, _axes(scene, plate), relief, title=plate.title)
        return words

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """Where the pointer is in the plane, and the value there; on maps only."""
        for plate in plates(scene, size):
            left, top, width, height = plate.pixels(size)
            camera = camera_of(plate, scene.preset, (width, height))
            if camera.tilt != 90:
                continue
            across, high = camera.spread
            u = ((place[0] - left) / width * 2 - 1) * across
            v = (1 - (place[1] - top) / height * 2) * high
            turned = camera.axes[:2, :2].T @ (u, v)
            if max(abs(turned)) <= 1:
                return Hit(_said(scene, plate, *turned))
        return None

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """Turn and tilt."""
        return dragged(preset.options(SurfaceOptions), du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """The distance of the eye."""
        return zoomed(preset.options(SurfaceOptions), steps)


def _axes(scene: Scene, plate: Plate) -> tuple[Axis, Axis, Axis]:
    (x, y), extent = scene.view.center, scene.view.extent
    return (
        Axis("x", x - extent, x + extent),
        Axis("y", y - extent, y + extent),
        Axis("", *plate.span),
    )


def _said(scene: Scene, plate: Plate, u: float, v: float) -> str:
    """x, y and the value at a place of the square."""
    network, view = plate.network, scene.view
    x, y = view.center[0] + view.extent * u, view.center[1] + view.extent * v
    inputs = features(network.inputs, np.array([x]), np.array([y]), scene.clock, network.latent)
    outputs = np.broadcast_to(network.evaluate(inputs), (1, 3))
    value = float(outputs[0] @ np.array(WEIGHTS[plate.channel]))
    return f"x {x:.4g}  y {y:.4g}  value {value:.3g}"
