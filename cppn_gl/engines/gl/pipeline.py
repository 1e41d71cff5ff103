"""Programs that draw pictures, as they are described, and the engines that draw by one. No GL here.

Pipeline, Structure -> programs.Programs -> a program
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

TOO_WIDE = f"draws up to {UNROLLED_WIDTH} units"
NO_COMPUTE = "needs OpenGL 4.3"


@dataclass(frozen=True)
class Pipeline:
    """A shader's file, and how many `pixels` an invocation draws at once.

    `name`: under which its rates are kept. `baked`: the weights are literals of its text.
    """

    name: str
    file: str = "picture.frag"
    pixels: int = LANES
    baked: bool = False

    @property
    def by_compute(self) -> bool:
        """Whether it is a compute shader."""
        return self.file.endswith(".comp")

    @property
    def dual(self) -> bool:
        """Whether it draws derivatives too."""
        return not self.file.startswith("picture.")

    @property
    def lanes(self) -> int:
        """Pixels side by side that one vector of the shader holds."""
        return min(LANES, self.pixels)

    @property
    def groups(self) -> int:
        """How many such vectors an invocation draws."""
        return self.pixels // self.lanes


FRAGMENT = Pipeline("fragment")


def wide(network: Network | None) -> bool:
    """Whether rows are too long to be unrolled."""
    return network is not None and network.width > UNROLLED_WIDTH


class ShaderEngine(Engine):
    """An engine that draws each pixel by one program."""

    compiles = True

    def __init__(self, pipeline: Pipeline):
        self.name, self.pipeline = pipeline.name, pipeline

    def serves(self, network: Network) -> bool:
        """Wide networks are by far faster as matrix products."""
        return not wide(network)

    def rate_key(self, painter: Any, network: Network) -> RateKey:
        """By structure."""
        return self.name, painter.structure(network)

    def begin(self, painter: Any, target: Any, scene: Scene, region: Region) -> Task:
        """Begin to draw, tile by tile."""
        from cppn_gl.engines.gl.drawing import draw

        return Stepping(draw(painter, target, scene, region, self.pipeline))

    def program_key(self, painter: Any, network: Network, samples: int = 1) -> str:
        """Several samples add up: a program of its own, or blending, which is compiled apart."""
        added = " added" if samples > 1 else ""
        return super().program_key(painter, network, samples) + added

    def ready(self, painter: Any, network: Network, samples: int = 1) -> bool:
        """Whether the program has been drawn with."""
        of = painter.structure(network)
        return bool(painter.programs.ready(of, self.pipeline, network, additive=samples > 1))

    def compile(self, painter: Any, target: Any, scene: Scene, samples: int = 1) -> None:
        """Many drivers compile at the first draw, some not before a pixel is drawn."""
        program = painter.load(scene, self.pipeline, additive=samples > 1)
        painter.frame(frame_block(scene, Region.of(target.size)))
        program.draw(target, (0, 0, 1, 1), additive=samples > 1)
        painter.ctx.finish()
