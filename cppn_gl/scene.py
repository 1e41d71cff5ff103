"""What to draw, and how much work that is."""

import dataclasses
from dataclasses import dataclass

from cppn_gl.features import Clock
from cppn_gl.network import Network
from cppn_gl.preset import Preset, View


@dataclass(frozen=True)
class Scene:
    """A network, where to look, what time it is; and all else that a preset says of the picture."""

    network: Network
    view: View
    clock: Clock
    preset: Preset = dataclasses.field(default_factory=Preset)


def scene_of(preset: Preset, time: float = 0.0, network: Network | None = None) -> Scene:
    """A preset at a time; `network` where it is drawn already."""
    return Scene(
        network if network is not None else preset.network(),
        preset.view,
        preset.animation.clock(time),
        preset,
    )


def work_per_pixel(network: Network) -> float:
    """Multiplications for one pixel; an activation counts as a few."""
    layers = network.drawn
    return sum(layer.weight.size + 8 * len(layer.bias) for layer in layers) + 25
