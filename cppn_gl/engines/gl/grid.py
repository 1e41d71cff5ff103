"""The engines `grid` and `grid-fragment`: networks whose units see their neighbours, by OpenGL."""

from contextlib import ExitStack
from typing import Any

from cppn_gl.engines.base import Device, Engine, Region
from cppn_gl.engines.gl.pipeline import NO_COMPUTE
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.network import OUTPUTS, Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Task

POINTWISE = "draws networks whose units see their neighbours, and not others"


class Grid(Engine):
    """Draws stage by stage, in textures of whole layers."""

    help = "convolutions layer by layer: compute shaders (OpenGL 4.3); `grid-fragment` needs 3.3"
    compiles = True
    grids = True

    def __init__(self, *, by_compute: bool):
        self.by_compute = by_compute
        self.name = "grid" if by_compute else "grid-fragment"

    def problem(self, network: Network | None, device: Device) -> str:
        if self.by_compute and not device.compute:
            return NO_COMPUTE
        if network is None:
            return ""
        if not network.by_grid:
            return POINTWISE
        return "" if network.outputs in OUTPUTS else f"draws {OUTPUTS} outputs"

    def rank(self, network: Network, device: Device) -> float:
        """First choice on a GPU. Where OpenGL is software, kernels of the processor are faster."""
        if device.software:
            return 0.0
        return 0.9 if self.by_compute else 0.5

    def rate_key(self, painter: Any, network: Network) -> RateKey:
        return self.name, network.width.bit_length()

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        from cppn_gl.engines.gl.grid_drawing import draw

        kind, owned = self.rate_key(painter, scene.network), ExitStack()
        steps = draw(painter, target, scene, region, kind, owned, by_compute=self.by_compute)
        return Stepping(steps, owned)

    def forget(self, painter: Any) -> None:
        from cppn_gl.engines.gl.grid_programs import GridPrograms

        painter.shared(GridPrograms, self.by_compute).forget()

    def _prepared(self, painter: Any, network: Network) -> tuple[Any, Any]:
        from cppn_gl.engines.gl.grid_programs import GridPrograms

        programs = painter.shared(GridPrograms, self.by_compute)
        return programs, programs.prepared(network)

    def program_key(self, painter: Any, network: Network, samples: int = 1) -> str:
        _, prepared = self._prepared(painter, network)
        return f"{self} {prepared.keys}"

    def ready(self, painter: Any, network: Network, samples: int = 1) -> bool:
        programs, prepared = self._prepared(painter, network)
        return bool(programs.ready(prepared))

    def compile(self, painter: Any, target: Any, scene: Scene, samples: int = 1) -> None:
        from cppn_gl.engines.gl.grid_drawing import Resampler

        programs, prepared = self._prepared(painter, scene.network)
        painter.shared(Resampler, scene.network.channels)
        for key in prepared.keys:
            programs.warm(prepared, key)
