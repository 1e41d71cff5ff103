"""What to draw, and how much work that is."""

import dataclasses
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from cppn_gl.nn.features import Clock, constant
from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.preset.preset import Preset, T, Viewport


@dataclass(frozen=True)
class Scene:
    """A network, where to look, what time it is; and all else that a preset says of the picture."""

    network: Network
    view: Viewport
    clock: Clock
    preset: Preset = dataclasses.field(default_factory=Preset)

    def options(self, kind: type[T]) -> T:
        """A view's options, by their class."""
        return self.preset.options(kind)


def scene_of(preset: Preset, time: float = 0.0, network: Network | None = None) -> Scene:
    """A preset at a time, as it is then; `network` where that of `preset` is drawn already."""
    now = preset.at(time)
    if network is None or (now.spec, now.normalize) != (preset.spec, preset.normalize):
        network = now.network()
    return Scene(network, now.view, now.animation.clock(time), now)


def scene_bytes(scene: Scene, *args: object, **named: object) -> float:
    """The memory of a scene's network, whatever else an entry of a cache is asked by."""
    return network_bytes(scene.network)


def identity(network: Network, clock: Clock) -> Hashable:
    """What a network's values depend on besides the place; on time only where an input does."""
    constants = tuple(constant(name, clock, network.latent) for name in network.inputs)
    return network.digest, constants


def work_per_pixel(network: Network) -> float:
    """Multiplications for one pixel; an activation counts as a few."""
    return work_of(layer.weight.shape for layer in network.drawn)


def work_of(shapes: Iterable[tuple[int, ...]]) -> float:
    """The same, of layers of so many rows and columns."""
    return sum(rows * (columns + 8) for rows, columns in shapes) + 25
