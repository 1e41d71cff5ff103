"""The volume view: three inputs as a translucent volume, with the moving slice in it.

Scene -> VolumeSlices (the network, once) -> a 3D texture } ray marching, strip by strip -> planes
      -> FieldDrawing (the slice)         -> a texture    }

The 3D texture is cached: camera, opacity, threshold and clipping only repeat the ray marching.
"""

import dataclasses
import time as wall
from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import VolumeOptions
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Stepping, Steps, Task, left
from cppn_gl.views.base import Stage, View, Words
from cppn_gl.views.solid.box_axes import PALE, BoxAxis, axes_overlay, font_size, label_room
from cppn_gl.views.solid.camera import Camera, dragged, zoomed
from cppn_gl.views.solid.field import FieldDrawing
from cppn_gl.views.solid.render_targets import RenderTargets
from cppn_gl.views.solid.space import LIGHT, VolumeSlices, ranges, third_input, third_name

# Least shorter side of a picture in pixels: points along a side of its volume.
SIDES = {0: 32, 100: 48, 200: 64, 400: 96, 800: 128}
SLICES = (64, 128, 192, 256, 384, 512)  # points along a side of the slice's picture
SHARP = 0.7  # of them per pixel of the shorter side, at most
VOLUMES = 4  # cached
STEPS = 1.4  # ray marching steps per voxel
ROWS = 8  # of the first strip
HIGH, LOW = (0.13, 0.14, 0.165), (0.045, 0.05, 0.065)  # of the background


def volume_side(size: Size) -> int:
    """Points along a side of the volume in a picture of a size."""
    return [side for least, side in SIDES.items() if min(size) >= least][-1]


def slice_side(size: Size) -> int:
    """Points along a side of the slice's picture."""
    return max([side for side in SLICES if side <= SHARP * min(size)], default=SLICES[0])


def camera_of(preset: Preset, size: Size) -> Camera:
    """The camera of a volume in a picture of a size."""
    return Camera.framing(preset.options(VolumeOptions), size, 1.0, label_room(font_size(size)))


class VolumeView(View):
    """Three inputs as a volume."""

    colors = continuous = True

    def problem(self, preset: Preset) -> str:
        if third_name(preset.spec.inputs) is None:
            return "needs a third input: t, or a latent constant such as z0, in network.inputs"
        return ""

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        overlay = region.overlay if region else planes.size
        return Stepping(VolumeDrawing(stage, planes, scene, overlay).steps())

    def work(self, scene: Scene) -> float:
        """About one voxel and one ray per pixel.

        The voxels are evaluated only once, but the first picture waits for them.
        """
        return 1.8 * work_per_pixel(scene.network) + 800

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        words = np.zeros((size[1], size[0], 4), np.uint8)
        (x, y), extent, third = scene.view.center, scene.view.extent, third_input(scene)
        mark = third.now if scene.options(VolumeOptions).slice else None
        axes = (
            BoxAxis("x", x - extent, x + extent),
            BoxAxis("y", y - extent, y + extent),
            BoxAxis(third.name, third.low, third.high, mark),
        )
        camera = camera_of(scene.preset, size)
        axes_overlay(words, camera, axes, 1.0, letters=font_size(size), ink=PALE, boxed=True)
        return words

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        return dragged(preset.options(VolumeOptions), du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        return zoomed(preset.options(VolumeOptions), steps)


@dataclass
class Volume:
    texture: Any

    def release(self) -> None:
        self.texture.release()


class VolumeRenderer:
    """The cached volumes of a painter, and the ray marching program."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        folder = painter.programs.folder
        self.rays = Pass.load(painter.ctx, "volume.frag", folder=folder)
        self.held: LRUCache[Any, Volume] = LRUCache(VOLUMES, free=Volume.release)
        self.made = 0  # in total, for tests

    def make(self, slices: VolumeSlices) -> Volume:
        """The volume of complete slices."""
        side = len(slices.voxels)
        texture = self._ctx.texture3d((side, side, side), 4, slices.voxels.tobytes())
        texture.filter = moderngl.LINEAR, moderngl.LINEAR
        texture.repeat_x = texture.repeat_y = texture.repeat_z = False
        self.made += 1
        return self.held.put(slices.key, Volume(texture))

    def release(self) -> None:
        self.held.clear()
        self.rays.release()


class VolumeDrawing:
    """Draws a volume: its slices unless cached, the moving slice, then the rays."""

    def __init__(self, stage: Stage, planes: Planes, scene: Scene, overlay: Size):
        self._planes = planes
        self._camera = dataclasses.replace(camera_of(scene.preset, overlay), size=planes.size)
        self._stage, self._scene = stage, scene

    def steps(self) -> Steps[None]:
        """Draw the picture; again what is released between two steps."""
        painter, scene, size = self._stage.painter, self._scene, self._planes.size
        options = scene.options(VolumeOptions)
        channel = options.channel if scene.network.outputs == 3 else "all"
        found = yield from ranges(scene, channel)
        slices = VolumeSlices(self._stage, scene, volume_side(size), channel, found)
        how: Any = {"color": scene.preset.color, "value_range": found.value_range}
        moving = FieldDrawing(self._stage, scene, slice_side(size), **how)
        top, rate = 0, 0.0  # the next row, and rows per second
        while top < size[1]:
            deadline = yield top / size[1]
            volume = painter.shared(VolumeRenderer).held.find(slices.key)
            if volume is None:
                yield from slices.steps()
                painter.shared(VolumeRenderer).make(slices)
                continue
            field = moving.find() if options.slice else None
            if options.slice and field is None:
                yield from moving.steps()
                continue
            rays, targets = painter.shared(VolumeRenderer).rays, painter.shared(RenderTargets)
            target = targets.find(self)
            if target is None:
                target, top = targets.target(self, size), 0
            self._prepare(rays, volume, field)
            rows = min(max(4, int(left(deadline) * rate)) if rate else ROWS, size[1] - top)
            started = wall.perf_counter()
            rays.draw(target.drawn, (0, 0, *size), (0, top, size[0], rows))
            painter.ctx.finish()
            rate = rows / max(wall.perf_counter() - started, 1e-6)
            top += rows
            if top == size[1]:
                targets.copy(target, self._planes)
                targets.give_back(self)

    def _prepare(self, rays: Pass, volume: Volume, moving: Any) -> None:
        size, options = self._planes.size, self._scene.options(VolumeOptions)
        camera = self._camera
        right, up, _ = camera.axes
        side = volume.texture.size[0]
        clip = (options.left, options.right), (options.front, options.back)
        low, high = zip(*map(sorted, (*clip, (options.bottom, options.top))), strict=True)
        place = third_input(self._scene).place
        if moving is not None:
            rays.set(slice_picture=moving.texture)
        rays.set(
            volume=volume.texture,
            slice_side=moving.texture.size[0] if moving is not None else 1,
            target_size=size,
            half_size=camera.half_size,
            shift=camera.shift,
            right=tuple(right),
            up=tuple(up),
            eye=tuple(camera.eye),
            clip_low=low,
            clip_high=high,
            opacity=options.opacity,
            threshold=options.threshold,
            stride=2 / (STEPS * side),
            sliced=moving is not None and low[2] <= place <= high[2],
            slice_at=place,
            hidden=tuple(np.where(abs(camera.eye) > 1, -np.sign(camera.eye), 0.0)),
            stroke=max(0.3, min(size) / 1200),
            pixel=2 * camera.half_size[1] / size[1],
            light=tuple(LIGHT),
            high=HIGH,
            low=LOW,
        )
