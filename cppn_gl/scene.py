"""What to draw, and how much work that is."""

from dataclasses import dataclass

from cppn_gl.features import Clock
from cppn_gl.network import Network
from cppn_gl.preset import View


@dataclass(frozen=True)
class Scene:
    """A network, where to look, what time it is."""

    network: Network
    view: View
    clock: Clock


def work_per_pixel(network: Network) -> float:
    """Multiplications for one pixel; an activation counts as a few."""
    layers = network.drawn
    return sum(layer.weight.size + 8 * len(layer.bias) for layer in layers) + 25
