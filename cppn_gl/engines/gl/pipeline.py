"""Descriptions of shader programs, and the base class of engines that use one. No GL calls here.

Pipeline, Structure -> programs.Programs -> Program
"""

from dataclasses import dataclass
from typing import Any

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.packing import UNROLLED_WIDTH, frame_block
from cppn_gl.engines.gl.shader import LANES
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Task

TOO_WIDE = f"supports at most {UNROLLED_WIDTH} units per layer"
NO_COMPUTE = "needs OpenGL 4.3"


@dataclass(frozen=True)
class Pipeline:
    """A shader file, and the number of `pixels` that an invocation draws.

    `name`: the key of its rates; `baked`: the weights are literals in the source.
    """

    name: str
    file: str = "picture.frag"
    pixels: int = LANES
    baked: bool = False

    @property
    def by_compute(self) -> bool:
        return self.file.endswith(".comp")

    @property
    def dual(self) -> bool:
        """Whether it evaluates dual numbers, for derivatives."""
        return not self.file.startswith("picture.")

    @property
    def lanes(self) -> int:
        """Adjacent pixels per vector of the shader."""
        return min(LANES, self.pixels)

    @property
    def groups(self) -> int:
        """Vectors per invocation."""
        return self.pixels // self.lanes


FRAGMENT = Pipeline("fragment")


def wide(network: Network | None) -> bool:
    """Whether a network's rows are too long to be unrolled."""
    return network is not None and network.width > UNROLLED_WIDTH


class ShaderEngine(Engine):
    """An engine that draws a picture by one shader program."""

    compiles = True

    def __init__(self, pipeline: Pipeline):
        self.name, self.pipeline = pipeline.name, pipeline

    def serves(self, network: Network) -> bool:
        return not wide(network)  # far slower than matrix products

    def rate_key(self, painter: Any, network: Network) -> RateKey:
        return self.name, painter.structure(network)

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        from cppn_gl.engines.gl.drawing import draw

        return Stepping(draw(painter, target, scene, region, self.pipeline))

    def program_key(self, painter: Any, network: Network, samples: int = 1) -> str:
        # Accumulating needs another program, or blending, for which drivers compile again.
        additive = " additive" if samples > 1 else ""
        return super().program_key(painter, network, samples) + additive

    def ready(self, painter: Any, network: Network, samples: int = 1) -> bool:
        of = painter.structure(network)
        return bool(painter.programs.ready(of, self.pipeline, network, additive=samples > 1))

    def compile(self, painter: Any, target: Any, scene: Scene, samples: int = 1) -> None:
        # Many drivers compile at the first draw call, some only when a pixel is drawn.
        program = painter.load(scene, self.pipeline, additive=samples > 1)
        painter.frame(frame_block(scene, Region.of(target.size)))
        program.draw(target, (0, 0, 1, 1), additive=samples > 1)
        painter.ctx.finish()
