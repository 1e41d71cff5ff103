"""The picture view: the outputs as colours at every point."""

from cppn_gl.engines import coloring
from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import WITHOUT_OPENGL
from cppn_gl.engines.rates import Rates
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Box, Samples, Size
from cppn_gl.utils.tasks import Steps, Task
from cppn_gl.views.base import Picture, Stage, View, Words
from cppn_gl.views.marks import has_marks, marks_of

PART, GRID_PART = 2**16, 2**22  # pixels of a part; at most, of a network on grids
SAMPLES = 4  # N of the N×N samples per pixel of the window's final picture
_RATES = Rates()  # of the engines that need no OpenGL, shared by all renderers


class PictureView(View):
    """The network's outputs as colours, drawn by the fastest engine."""

    samples = SAMPLES
    plane = True
    bakes = True
    by_part = by_pixel = unbounded = True
    samples_itself = True
    own_shaders = letters = False
    colors = continuous = True

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        engine = stage.engine_for(scene.network)
        region = region or Region.of(planes.size)
        return coloring.begin(stage.painter, planes, scene, engine, region)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The points that the network learns, and the boundary between classes."""
        return marks_of(scene, size)

    def overlay_of(self, scene: Scene, size: Size, part: Box) -> Words | None:
        return marks_of(scene, size, part)

    def lettered(self, preset: Preset) -> bool:
        return self.letters or has_marks(preset)

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        why = engine.differs or engine.problem(preset.network(), WITHOUT_OPENGL)
        return why and f"the engine {engine} {why}"

    def parts(self, preset: Preset, size: Size) -> list[Box]:
        """Bands of rows, higher ones of a network whose units see their neighbours."""
        width, height = size
        rows = max(1, PART // width)
        if preset.spec.structured:
            from cppn_gl.engines.grid import fewest_rows  # dense networks need not load it

            rows = max(rows, fewest_rows(preset.network(), preset.view, size, GRID_PART))
        return [(0, top, width, min(top + rows, height)) for top in range(0, height, rows)]

    def on_cpu(self, engine: Engine) -> bool:
        return engine.on_cpu

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        return coloring.paint(_RATES, scene, engine, region)
