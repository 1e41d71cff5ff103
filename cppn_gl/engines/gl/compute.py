"""The engines `compute-N`: compute shaders that draw N pixels per invocation."""

from cppn_gl.engines.base import Device
from cppn_gl.engines.gl.pipeline import NO_COMPUTE, TOO_WIDE, Pipeline, ShaderEngine, wide
from cppn_gl.nn.network import Network

# The N that are measured. A CPU reads each weight once for all pixels of an invocation, while a GPU
# has few registers for the units of many pixels.
ON_PROCESSOR, ON_GPU = (4, 8, 16), (1, 2, 4)


class Compute(ShaderEngine):
    """Draws by picture.comp, with 1 to 16 pixels per invocation."""

    help = "a compute shader (OpenGL 4.3), 1 to 16 pixels at once: compute-1 to compute-16"

    def __init__(self, pixels: int):
        super().__init__(Pipeline(f"compute-{pixels}", "picture.comp", pixels))

    def problem(self, network: Network | None, device: Device) -> str:
        if not device.compute:
            return NO_COMPUTE
        # steps.glsl, for wide networks, has a single group
        too_wide = wide(network) and self.pipeline.groups > 1
        return super().problem(network, device) or (TOO_WIDE if too_wide else "")

    def rank(self, network: Network, device: Device) -> float:
        """The best on a GPU except for wide networks."""
        tried, first = (ON_PROCESSOR, 8) if device.software else (ON_GPU, 1)
        if self.pipeline.pixels not in tried:
            return 0.0
        low, high = (0.1, 0.2) if device.software else (0.4, 0.6)
        return high if self.pipeline.pixels == (4 if wide(network) else first) else low
