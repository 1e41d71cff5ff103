"""The engine of matrix products on the processor."""

from typing import Any

from cppn_gl.engines.base import SURE, Device, Engine, Region
from cppn_gl.engines.gl.pipeline import wide
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Task

FEW_UNITS = 16  # up to which a shader is as fast on a processor as matrix products


class NumPy(Engine):
    """Draws with NumPy: everywhere, everything, and at once."""

    name = "numpy"
    title = "NumPy"
    help = "matrix products on all cores of the processor, without OpenGL"
    on_cpu = True

    def rank(self, network: Network, device: Device) -> float:
        """Where a processor draws anyway it multiplies matrices best; wide ones far faster than
        shaders, which compile for seconds."""
        if not device.software:
            return 0.0
        return SURE if wide(network) else 0.7 if network.width > FEW_UNITS else 0.05

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        """Begin to draw."""
        from cppn_gl.engines.cpu.drawing import draw

        kind = self.rate_key(painter, scene.network)
        return Stepping(draw(painter, target, scene, region, kind))
