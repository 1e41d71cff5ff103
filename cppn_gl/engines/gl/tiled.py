"""The engine `tiled`: matrix products in compute shaders, for wide networks on GPUs."""

from typing import Any

from cppn_gl.engines.base import Device, Engine, Region
from cppn_gl.engines.gl.pipeline import NO_COMPUTE, wide
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Task


class Tiled(Engine):
    """Draws tiles of pixels, layer by layer."""

    name = "tiled"
    help = "matrix products in compute shaders, layer by layer: for wide networks on a GPU"
    compiles = True

    def problem(self, network: Network | None, device: Device) -> str:
        return super().problem(network, device) if device.tiled else NO_COMPUTE

    def rank(self, network: Network, device: Device) -> float:
        """The best on a GPU for wide networks."""
        if not wide(network):
            return 0.0
        return 0.05 if device.software else 0.8

    def serves(self, network: Network) -> bool:
        return wide(network)  # narrow networks leave most of a tile idle

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        from cppn_gl.engines.gl.tiled_drawing import draw

        kind = self.rate_key(painter, scene.network)
        return Stepping(draw(painter, target, scene, region, kind))
