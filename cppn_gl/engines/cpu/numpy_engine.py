"""The engine `numpy`: matrix products on the CPU."""

from typing import Any

from cppn_gl.engines.base import SURE, Device, Engine, Region
from cppn_gl.engines.gl.pipeline import wide
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Task

FEW_UNITS = 16  # up to this width a shader on the CPU is as fast as matrix products


class NumPy(Engine):
    """Draws every network with NumPy, without compiling."""

    name = "numpy"
    title = "NumPy"
    help = "matrix products on all cores of the processor, without OpenGL"
    on_cpu = True

    def rank(self, network: Network, device: Device) -> float:
        """First choice with software OpenGL: for wide networks far faster than shaders."""
        if not device.software:
            return 0.0
        return SURE if wide(network) else 0.7 if network.width > FEW_UNITS else 0.05

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        from cppn_gl.engines.cpu.drawing import draw

        kind = self.rate_key(painter, scene.network)
        return Stepping(draw(painter, target, scene, region, kind))
