"""The volume view: three inputs as a translucent volume, with the moving slice in it.

Scene -> VolumeSlices (the network, once) -> a 3D texture } ray marching, strip by strip -> planes
      -> FieldDrawing (the slice)         -> a texture    }

The 3D texture is cached: camera, opacity, threshold and clipping only repeat the ray marching.
"""

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
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Task, left
from cppn_gl.views.base import Size, Stage, View, Words
from cppn_gl.views.solid.box_axes import PALE, BoxAxis, axes_overlay
from cppn_gl.views.solid.camera import Camera, dragged, zoomed
from cppn_gl.views.solid.field import FieldDrawing
from cppn_gl.views.solid.render_targets import RenderTarget, RenderTargets
from cppn_gl.views.solid.space import LIGHT, VolumeSlices, third_input, third_name

# Least shorter side of a picture in pixels: points along a side of its volume.
SIDES = {0: 32, 100: 48, 200: 64, 400: 96, 800: 128}
SLICES = (64, 128, 192, 256, 384, 512)  # points along a side of the slice's picture
SHARP = 0.7  # of them per pixel of the shorter side, at most
VOLUMES = 4  # cached
STEPS = 1.4  # ray marching steps per voxel
LENS = 1.75  # focal length: the box is as high as it is wide
ROWS = 8  # of the first strip
HIGH, LOW = (0.13, 0.14, 0.165), (0.045, 0.05, 0.065)  # of the background


def volume_side(size: Size) -> int:
    """Points along a side of the volume in a picture of a size."""
    return [side for least, side in SIDES.items() if min(size) >= least][-1]


def slice_side(size: Size) -> int:
    """Points along a side of the slice's picture."""
    return max([side for side in SLICES if side <= SHARP * min(size)], default=SLICES[0])


class VolumeView(View):
    """Three inputs as a volume."""

    colors = True

    def problem(self, preset: Preset) -> str:
        if third_name(preset.spec.inputs) is None:
            return "needs a third input: t, or a latent constant such as z0, in network.inputs"
        return ""

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        return VolumeDrawing(stage, planes, scene)

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
        camera = Camera.of(scene.options(VolumeOptions), size, LENS)
        axes_overlay(words, camera, axes, 1.0, ink=PALE, boxed=True)
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
    """A volume being drawn: its slices unless cached, the moving slice, then the rays."""

    fraction = 0.0  # progress is unknown

    def __init__(self, stage: Stage, planes: Planes, scene: Scene):
        self._planes = planes
        self._stage, self._scene = stage, scene
        channel = scene.options(VolumeOptions).channel if scene.network.outputs == 3 else "all"
        self._slices = VolumeSlices(stage, scene, volume_side(planes.size), channel)
        self._moving: FieldDrawing | None = None
        self._next = 0  # row to draw
        self._rate = 0.0  # rows per second
        self._done = False

    def step(self, deadline: float) -> bool:
        """Draw until about `deadline`; True when the picture is complete."""
        if self._done:
            return True
        painter = self._stage.painter
        renderer = painter.shared(VolumeRenderer)
        ranges = self._slices.measure(deadline)
        if ranges is None:
            return False
        volume = renderer.held.find(self._slices.key)
        while volume is None:
            if self._slices.step(deadline):
                volume = renderer.make(self._slices)
            elif wall.perf_counter() >= deadline:
                return False
        moving = None
        if self._scene.options(VolumeOptions).slice:
            if self._moving is None:
                self._moving = FieldDrawing(
                    self._stage,
                    self._scene,
                    slice_side(self._planes.size),
                    color=self._scene.preset.color,
                    ends=ranges.ends,
                )
            moving = self._moving.step(deadline)
            if moving is None:
                return False
        targets = painter.shared(RenderTargets)
        target = targets.find(self)
        if target is None:
            target, self._next = targets.target(self, self._planes.size), 0
        self._prepare(renderer.rays, volume, moving)
        return self._march(renderer.rays, targets, target, deadline)

    def release(self) -> None:
        """Nothing to do: all objects are cached for the next drawing."""

    def _prepare(self, rays: Pass, volume: Volume, moving: Any) -> None:
        size, options = self._planes.size, self._scene.options(VolumeOptions)
        camera = Camera.of(options, size, LENS)
        right, up, _ = camera.axes
        side = volume.texture.size[0]
        low = options.left, options.front, options.bottom
        high = options.right, options.back, options.top
        if moving is not None:
            rays.set(slice_picture=moving.texture)
        rays.set(
            volume=volume.texture,
            slice_side=moving.texture.size[0] if moving is not None else 1,
            target_size=size,
            half_size=camera.half_size,
            right=tuple(right),
            up=tuple(up),
            eye=tuple(camera.eye),
            clip_low=tuple(np.minimum(low, high)),
            clip_high=tuple(np.maximum(low, high)),
            opacity=options.opacity,
            threshold=options.threshold,
            stride=2 / (STEPS * side),
            sliced=moving is not None,
            slice_at=third_input(self._scene).place,
            stroke=max(0.3, min(size) / 1200),
            pixel=2 * camera.half_size[1] / size[1],
            light=tuple(LIGHT),
            high=HIGH,
            low=LOW,
        )

    def _march(
        self, rays: Pass, targets: RenderTargets, target: RenderTarget, deadline: float
    ) -> bool:
        width, height = self._planes.size
        ctx = self._stage.painter.ctx
        while self._next < height:
            rows = max(4, int(left(deadline) * self._rate)) if self._rate else ROWS
            rows = min(rows, height - self._next)
            started = wall.perf_counter()
            rays.draw(target.drawn, (0, 0, width, height), (0, self._next, width, rows))
            ctx.finish()
            self._rate = rows / max(wall.perf_counter() - started, 1e-6)
            self._next += rows
            if wall.perf_counter() >= deadline and self._next < height:
                return False
        targets.copy(target, self._planes)
        targets.give_back(self)
        self._done = True
        return True
