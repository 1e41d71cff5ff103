"""The engine `fragment`, which every OpenGL 3.3 driver supports."""

from cppn_gl.engines.base import Device
from cppn_gl.engines.gl.pipeline import FRAGMENT, ShaderEngine
from cppn_gl.nn.network import Network


class Fragment(ShaderEngine):
    """Draws by picture.frag."""

    help = "a fragment shader, four pixels at once; OpenGL 3.3 is enough"

    def __init__(self) -> None:
        super().__init__(FRAGMENT)

    def rank(self, network: Network, device: Device) -> float:
        """Behind compute shaders on a GPU, whose fragment throughput may be much lower."""
        return 0.6 if device.software else 0.3
