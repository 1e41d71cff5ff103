"""Three inputs as a volume: a cloud in a box, and the moving slice in its place.

Scene -> VolumeSlices (the network, once) -> a texture -> rays, strip by strip -> planes
      -> FieldDrawing (the slice)         ->

The texture is kept: turning the eye, opacity, threshold and clipping only march again.
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
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import VolumeOptions
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Task, left
from cppn_gl.views.base import Size, Stage, View, Words
from cppn_gl.views.solid.box_axes import PALE, Axis, axes_overlay
from cppn_gl.views.solid.camera import Camera, dragged, zoomed
from cppn_gl.views.solid.field import FieldDrawing
from cppn_gl.views.solid.render_targets import RenderTarget, RenderTargets
from cppn_gl.views.solid.space import LIGHT, VolumeSlices, third_name, third_of

# The shorter side of a picture in pixels from which a volume has so many points along a side.
SIDES = {0: 32, 100: 48, 200: 64, 400: 96, 800: 128}
SLICES = (64, 128, 192, 256, 384, 512)  # points along a side of the slice's picture
SHARP = 0.7  # of them for each pixel of the shorter side, at most
VOLUMES = 4  # kept
STEPS = 1.4  # of a ray along the box, for each point along a side of the volume
LENS = 1.75  # of the eye: the box is as high as it is wide
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
        """A third input is needed."""
        if third_name(preset.spec.inputs) is None:
            return "needs a third input: t, or a latent constant such as z0, in network.inputs"
        return ""

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        """Begin to draw."""
        return VolumeDrawing(stage, planes, scene)

    def work(self, scene: Scene) -> float:
        """About as many points as a picture has pixels, and a ray for each pixel.

        The points are evaluated once only; but the first picture has to wait for them.
        """
        return 1.8 * work_per_pixel(scene.network) + 800

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The box's axes."""
        words = np.zeros((size[1], size[0], 4), np.uint8)
        (x, y), extent, third = scene.view.center, scene.view.extent, third_of(scene)
        mark = third.now if scene.options(VolumeOptions).slice else None
        axes = (
            Axis("x", x - extent, x + extent),
            Axis("y", y - extent, y + extent),
            Axis(third.name, third.low, third.high, mark),
        )
        camera = Camera.of(scene.options(VolumeOptions), size, LENS)
        axes_overlay(words, camera, axes, 1.0, ink=PALE, boxed=True)
        return words

    def drag(self, preset: Preset, du: float, dv: float) -> dict[str, Any] | None:
        """Turn and tilt."""
        return dragged(preset.options(VolumeOptions), du, dv)

    def zoom(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """The distance of the eye."""
        return zoomed(preset.options(VolumeOptions), steps)


@dataclass
class Volume:
    """A texture of a volume. `network` is kept for its arrays' ids."""

    texture: Any
    network: Network

    def release(self) -> None:
        """Free the texture."""
        self.texture.release()


class Observatory:
    """The volumes of a painter, and the program that looks at them."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        folder = painter.programs.folder
        self.rays = Pass.load(painter.ctx, "volume.frag", folder=folder)
        self.held: LRUCache[Any, Volume] = LRUCache(VOLUMES, free=Volume.release)
        self.made = 0  # ever: the tests count

    def make(self, slices: VolumeSlices, network: Network) -> Volume:
        """The volume of slices that are all there."""
        side = len(slices.voxels)
        texture = self._ctx.texture3d((side, side, side), 4, slices.voxels.tobytes())
        texture.filter = moderngl.LINEAR, moderngl.LINEAR
        texture.repeat_x = texture.repeat_y = texture.repeat_z = False
        self.made += 1
        return self.held.put(slices.key, Volume(texture, network))

    def release(self) -> None:
        """Free everything."""
        self.held.clear()
        self.rays.release()


class VolumeDrawing:
    """A volume being drawn: its slices where they are not kept, the moving one, then the rays."""

    fraction = 0.0  # it does not tell

    def __init__(self, stage: Stage, planes: Planes, scene: Scene):
        self._planes = planes
        self._stage, self._scene = stage, scene
        channel = scene.options(VolumeOptions).channel if scene.network.outputs == 3 else "all"
        self._slices = VolumeSlices(stage, scene, volume_side(planes.size), channel)
        self._moving: FieldDrawing | None = None
        self._next = 0  # row to march
        self._rate = 0.0  # rows a second
        self._done = False

    def step(self, deadline: float) -> bool:
        """Draw until about `deadline`; True when all is drawn."""
        if self._done:
            return True
        painter = self._stage.painter
        there = painter.shared(Observatory)
        ranges = self._slices.measure(deadline)
        if ranges is None:
            return False
        volume = there.held.find(self._slices.key)
        while volume is None:
            if self._slices.step(deadline):
                volume = there.make(self._slices, self._scene.network)
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
        self._prepare(there.rays, volume, moving)
        return self._march(there.rays, targets, target, deadline)

    def release(self) -> None:
        """All that it draws with is kept, for the next."""

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
            spread=camera.spread,
            right=tuple(right),
            up=tuple(up),
            eye=tuple(camera.eye),
            clip_low=tuple(np.minimum(low, high)),
            clip_high=tuple(np.maximum(low, high)),
            opacity=options.opacity,
            threshold=options.threshold,
            stride=2 / (STEPS * side),
            sliced=moving is not None,
            slice_at=third_of(self._scene).place,
            stroke=max(0.3, min(size) / 1200),
            pixel=2 * camera.spread[1] / size[1],
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
        targets.spread(target, self._planes)
        targets.give_back(self)
        self._done = True
        return True
