"""Three inputs as a space: the network on a cubic grid over x, y and a third input.

    Scene -> Third (which input, from where to where) -> VolumeSlices.step() -> bytes of a texture

The third input is `t`, or else the first of z0, z1 …. It spans as much as the shorter side of the
view, in whole blocks around 0, so that the moving slice is always in the block that is shown.
"""

import dataclasses
import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.features import constant, latent_index
from cppn_gl.network import Network
from cppn_gl.scene import Scene
from cppn_gl.views.base import Stage
from cppn_gl.views.solid.field import Square, identity

LIGHT = np.array([-0.45, -0.5, 0.74])  # towards it, in the volume: it turns with what it shines on
STEEP = 1.5  # change for a half side, of a slope that is shaded half

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Third:
    """The third input: its name, the block of its values that is shown, its value now."""

    name: str
    low: float
    high: float
    now: float

    @property
    def place(self) -> float:
        """Where in the block it is now, from -1 to 1."""
        return 2 * (self.now - self.low) / (self.high - self.low) - 1

    def value(self, place: float) -> float:
        """Its value at a place from -1 to 1."""
        return (self.low + self.high) / 2 + place * (self.high - self.low) / 2


def third_name(inputs: tuple[str, ...]) -> str | None:
    """The input that makes a volume of a picture, if there is one."""
    if "t" in inputs:
        return "t"
    return next((name for name in inputs if latent_index(name) is not None), None)


def third_of(scene: Scene) -> Third:
    """The third input of a scene."""
    name = third_name(scene.network.inputs)
    assert name is not None
    now = constant(name, scene.clock, scene.network.latent)
    assert now is not None
    extent = scene.view.extent
    block = math.floor((now + extent) / (2 * extent))
    return Third(name, (2 * block - 1) * extent, (2 * block + 1) * extent, now)


def level(network: Network, name: str, value: float) -> Network:
    """The network with its third input held at a value; its weights stay the same arrays."""
    inputs, latent = list(network.inputs), list(network.latent)
    index = latent_index(name)
    if index is None:  # t becomes a latent constant of its own
        index = next(k for k in range(len(inputs) + 1) if f"z{k}" not in inputs)
        inputs[inputs.index(name)] = f"z{index}"
    latent += [0.0] * (index + 1 - len(latent))
    latent[index] = value
    return Network(network.drawn, inputs, latent=latent, scales=network.scales)


class VolumeSlices:
    """The network on side³ points, slice by slice; `voxels` (side, side, side, 4) when all is done.

    Voxels are red, green, blue and the shade, in bytes; z, then y from below, then x.
    """

    def __init__(self, stage: Stage, scene: Scene, side: int, channel: str):
        self._stage, self._scene, self._side = stage, scene, side
        self._channel = channel
        self._third = third_of(scene)
        self.voxels: Bytes = np.zeros((side, side, side, 4), np.uint8)
        self._values: list[Floats] = []  # the last few slices of what is shaded
        self._next = 0
        self._square: Square | None = None

    @property
    def key(self) -> Hashable:
        """All that the voxels depend on; valid as long as the network's arrays are kept."""
        held = level(self._scene.network, self._third.name, 0.0)
        place = (self._scene.view, self._third.low, self._third.high)
        return identity(held, self._scene.clock), place, self._side, self._channel

    def step(self, budget: float) -> bool:
        """Evaluate for about `budget` seconds; True when all is there."""
        if self._next == self._side:
            return True
        if self._square is None:
            place = (2 * self._next + 1) / self._side - 1
            network = level(self._scene.network, self._third.name, self._third.value(place))
            scene = dataclasses.replace(self._scene, network=network)
            self._square = Square(self._stage, scene, self._side)
        planes = self._square.step(budget)
        if planes is not None:
            self._keep(planes.read()[::-1])
            self._square = None
        return self._next == self._side

    def _keep(self, picture: Floats) -> None:
        colors = np.clip(np.nan_to_num(picture), 0, 1)
        if self._channel != "all":
            number = ("red", "green", "blue").index(self._channel)
            colors = np.repeat(colors[..., number : number + 1], 3, axis=2)
        self.voxels[self._next, ..., :3] = np.round(255 * colors)
        grey = self._scene.network.outputs == 1 or self._channel != "all"
        shaded = colors[..., 0] if grey else colors.max(axis=2) - colors.min(axis=2)
        self._values = [*self._values[-2:], shaded]
        self._next += 1
        if self._next > 1:
            self._shade(self._next - 2)
        if self._next == self._side:
            self._shade(self._next - 1)

    def _shade(self, number: int) -> None:
        """Shade a slice by the slopes of what its neighbours hold."""
        last = number == self._side - 1
        values = self._values[-1] if last else self._values[-2]
        below = self._values[-2] if last or number == 0 else self._values[-3]
        if number == 0:
            below = values
        above = self._values[-1]
        steps = 2.0 if 0 < number < self._side - 1 else 1.0
        half = self._side / 2  # steps in a half side
        along_y, along_x = (half * slope for slope in np.gradient(values))
        along_z = half * (above - below) / steps
        self.voxels[number, ..., 3] = np.round(255 * shades(along_x, along_y, along_z))


def shades(x: Any, y: Any, z: Any) -> Floats:
    """How much light places get, by the slopes there: 1 where flat, less where turned away."""
    steep = np.sqrt(x * x + y * y + z * z)
    light = LIGHT / np.linalg.norm(LIGHT)
    towards = -(x * light[0] + y * light[1] + z * light[2]) / np.maximum(steep, 1e-6)
    share = steep / (steep + STEEP)
    return np.asarray(1 - share * (0.5 - 0.5 * towards), np.float32)
