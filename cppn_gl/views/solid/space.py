"""Voxels of the volume view: the network on a cubic grid over x, y and a third input.

    Scene -> ThirdInput (which input, its limits) -> Ranges (of values, of colours)
          -> VolumeSlices.steps() -> the bytes of a 3D texture

The third input is `t`, or else the first of z0, z1 …. Its values are divided into blocks as long as
the view's shorter side, one centred at 0; the block with the current value is shown.
"""

import dataclasses
import math
from collections.abc import Generator, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.stretch import measure
from cppn_gl.nn.activations import bounds
from cppn_gl.nn.features import constant, latent_index
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.network import Network
from cppn_gl.preset.color import NOT_A_NUMBER, ValueRange, broken, colored
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.preset.show import CHANNELS
from cppn_gl.preset.value_range import HUGE, default_range, stretched_range
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.base import Stage
from cppn_gl.views.solid.field import draw_square
from cppn_gl.views.solid.heights import Span, apart

LIGHT = np.array([-0.45, -0.5, 0.74])  # direction towards the light, fixed to the volume
AMBIENT = 0.3  # fraction of the light that is ambient
MEASURED = 25  # points along a side of the grid that ranges are measured on
SPOTS = 8  # of networks on grids
STEEP = 1.5  # change per half side at which shading is half strength

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class ThirdInput:
    """The third input: its name, the limits of the block shown, its current value."""

    name: str
    low: float
    high: float
    now: float

    @property
    def place(self) -> float:
        """The current value's position in the block, -1 to 1."""
        return 2 * (self.now - self.low) / (self.high - self.low) - 1

    def value(self, place: float) -> float:
        """The value at a position from -1 to 1."""
        return (self.low + self.high) / 2 + place * (self.high - self.low) / 2


def third_name(inputs: tuple[str, ...]) -> str | None:
    """The name of the third input, if there is one."""
    if "t" in inputs:
        return "t"
    return next((name for name in inputs if latent_index(name) is not None), None)


def third_input(scene: Scene) -> ThirdInput:
    name = third_name(scene.network.inputs)
    assert name is not None
    now = constant(name, scene.clock, scene.network.latent)
    assert now is not None
    extent = scene.view.extent
    block = math.floor((now + extent) / (2 * extent))
    return ThirdInput(name, (2 * block - 1) * extent, (2 * block + 1) * extent, now)


def fix_input(network: Network, name: str, value: float) -> Network:
    """The network with an input fixed at a value; it shares the weights' arrays."""
    inputs, latent = list(network.inputs), list(network.latent)
    index = latent_index(name)
    if index is None:  # t becomes a latent constant of its own
        index = next(k for k in range(len(inputs) + 1) if f"z{k}" not in inputs)
        inputs[inputs.index(name)] = f"z{index}"
    latent += [0.0] * (index + 1 - len(latent))
    latent[index] = value
    if isinstance(network, GraphNetwork):
        return network.changed(inputs=inputs, latent=latent)
    return Network(
        network.drawn,
        inputs,
        latent=latent,
        period=network.period,
        image=network.image,
        scales=network.scales,
    )


@dataclass(frozen=True)
class Ranges:
    """The values of density 0 and 1, and the value range of the colours."""

    span: Span
    value_range: ValueRange

    def fraction(self, values: Float32) -> Float32:
        """Values as fractions of the span, clipped to 0..1."""
        low, high = np.float32(self.span[0]), np.float32(self.span[1])
        return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def ranges(scene: Scene, channel: str) -> Generator[None, None, Ranges]:
    """The ranges of a volume: of its output activation, or measured over the block shown.

    They are measured on a grid of MEASURED³ points, whatever the volume's resolution.
    """
    third, color = third_input(scene), scene.preset.color
    # With t as the third input the ranges do not depend on the time, only on the block.
    held = dataclasses.replace(scene, network=fix_input(scene.network, third.name, 0.0))

    def values(size: tuple[int, int]) -> Generator[None, None, list[Float32]]:
        if scene.network.by_grid:
            return [(yield from _at_spots(scene, third))]
        found = np.zeros((MEASURED, size[1], size[0], 3), np.float32)
        for number, piece in enumerate(found):
            place = third.value((2 * number + 1) / MEASURED - 1)
            network = fix_input(scene.network, third.name, place)
            piece[:] = yield from evaluator(network, scene.view, scene.clock).picture(size)
        return [found.reshape(-1, 3)]

    span = bounds(scene.network.output_activation)
    if span is not None and color.stretch == "none":
        return Ranges(span, default_range(scene))
    what = "volume", third.low, third.high
    (known,) = yield from measure(held, (MEASURED, MEASURED), values, what)
    if channel != "all":
        known = {of: two[:, [CHANNELS.index(channel)] * 4] for of, two in known.items()}
    if span is None:
        low, high = known["minmax"][0, :3].min(), known["minmax"][1, :3].max()
        finite = bool(np.isfinite([low, high]).all())
        span = apart(max(float(low), -HUGE), min(float(high), HUGE)) if finite else (0.0, 1.0)
    return Ranges(
        span, default_range(scene) if color.stretch == "none" else stretched_range(scene, known)
    )


def _at_spots(scene: Scene, third: ThirdInput) -> Generator[None, None, Float32]:
    """The outputs (N, 3) of a network on a grid, at fewer points: all see their neighbours."""
    steps = scene.view.extent * ((2 * np.arange(SPOTS) + 1) / SPOTS - 1)
    right, up = (axis.ravel() for axis in np.meshgrid(steps, steps))
    x, y = scene.view.center[0] + right, scene.view.center[1] + up
    found = []
    for number in range(MEASURED):
        network = fix_input(scene.network, third.name, third.value((2 * number + 1) / MEASURED - 1))
        found.append(GridEvaluator(network, scene.view, scene.clock).values(x, y))
        yield
    return np.broadcast_to(np.concatenate(found), (MEASURED * SPOTS**2, 3))


class VolumeSlices:
    """The network on side³ points, slice by slice: after `steps`, the `voxels`.

    Voxels (side, side, side, 4) are bytes of lit red, green, blue and density, indexed by z, y
    (upwards), x. The density of one output is its fraction of the value range; that of three is the
    difference of their largest and smallest fraction, so that grey is transparent. Colours are the
    preset's.
    """

    def __init__(self, stage: Stage, scene: Scene, side: int, channel: str, ranges: Ranges):
        self._stage, self._scene, self._side = stage, scene, side
        self._channel, self._ranges = channel, ranges
        self._engine = stage.engine_for(scene.network)
        self._third = third_input(scene)
        self.voxels: Bytes = np.zeros((side, side, side, 4), np.uint8)
        self._kept: list[tuple[Float32, Float32]] = []  # the last three slices: density, colour
        self._next = 0

    @property
    def key(self) -> Hashable:
        """Everything that the voxels depend on."""
        held = fix_input(self._scene.network, self._third.name, 0.0)
        place = (self._scene.view, self._third.low, self._third.high)
        color = self._scene.preset.color
        what = identity(held, self._scene.clock), self._engine
        return what, place, self._side, self._channel, color

    def steps(self) -> Steps[None]:
        """Evaluate the slices that are missing."""
        while self._next < self._side:
            place = (2 * self._next + 1) / self._side - 1
            network = fix_input(self._scene.network, self._third.name, self._third.value(place))
            scene = dataclasses.replace(self._scene, network=network)
            planes = yield from draw_square(self, self._stage, scene, self._side, self._engine)
            self._keep(planes.read()[::-1])

    def _keep(self, picture: Float32) -> None:
        self._kept = [*self._kept[-2:], self._seen(picture.reshape(-1, 3))]
        self._next += 1
        if self._next > 1:
            self._shade(self._next - 2)
        if self._next == self._side:
            self._shade(self._next - 1)

    def _seen(self, values: Float32) -> tuple[Float32, Float32]:
        """Density (side, side) and colour (side, side, 3) of outputs (N, 3)."""
        found, color, wrong = self._ranges, self._scene.preset.color, broken(values)
        if self._channel != "all":
            values = values[:, [CHANNELS.index(self._channel)] * 3]
        fractions = found.fraction(values)
        if color.plain:
            colors = np.clip(values, 0, 1) if self._channel == "all" else fractions
        else:
            colors = colored(values, color, found.value_range)
        grey = self._scene.network.outputs == 1 or self._channel != "all"
        density = fractions[:, 0] if grey else fractions.max(axis=1) - fractions.min(axis=1)
        density = np.where(wrong, np.float32(1), density)
        colors = np.where(wrong[:, None], np.array(NOT_A_NUMBER, np.float32), colors)
        side = self._side
        return density.reshape(side, side), colors.reshape(side, side, 3)

    def _shade(self, number: int) -> None:
        """Light a slice by the gradient of the density, from its neighbours."""
        last = number == self._side - 1
        values, colors = self._kept[-1] if last else self._kept[-2]
        below = self._kept[-2][0] if last or number == 0 else self._kept[-3][0]
        if number == 0:
            below = values
        above = self._kept[-1][0]
        steps = 2.0 if 0 < number < self._side - 1 else 1.0
        half = self._side / 2  # voxels per half side
        along_y, along_x = (half * slope for slope in np.gradient(values))
        along_z = half * (above - below) / steps
        light = AMBIENT + (1 - AMBIENT) * shades(along_x, along_y, along_z)
        self.voxels[number, ..., :3] = np.round(255 * colors * light[..., None])
        self.voxels[number, ..., 3] = np.round(255 * values)


def shades(x: Any, y: Any, z: Any) -> Float32:
    """The light at each point, by the density's gradient: 1 where flat, less facing away."""
    steep = np.sqrt(x * x + y * y + z * z)
    light = LIGHT / np.linalg.norm(LIGHT)
    towards = -(x * light[0] + y * light[1] + z * light[2]) / np.maximum(steep, 1e-6)
    strength = steep / (steep + STEEP)
    return np.asarray(1 - strength * (0.5 - 0.5 * towards), np.float32)
