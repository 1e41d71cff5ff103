"""A picture in any colours: raw outputs, sample by sample, and the shader that colours them.

begin() -> an engine's own task, where outputs are shown as they are
        -> the range measured (stretch.py), then for each sample: raw planes -> Recolor -> planes
"""

from contextlib import ExitStack

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl import drawing
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.recolor import Recolor
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import FRAGMENT, Engine
from cppn_gl.engines.stretch import ending
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Steps, Task, during, left

FEWEST = 4096  # texels coloured at once


def begin(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    engine: Engine = FRAGMENT,
    region: Region | None = None,
) -> Task:
    """Begin to draw a region, or else the whole picture, in the colours of its preset."""
    region = region or Region.of(planes.size)
    if scene.preset.color.plain:
        return drawing.begin(painter, planes, scene, engine, region)
    owned = ExitStack()
    raw = Planes(painter.ctx, planes.size)
    owned.callback(raw.release)
    return Stepping(_draw(painter, planes, scene, engine, region, raw, owned), owned)


def _draw(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    engine: Engine,
    region: Region,
    raw: Planes,
    owned: ExitStack,
) -> Steps[None]:
    """Draw each sample raw, then colour it. Another scene may be drawn between two steps."""
    ends = yield from ending(scene, region.shape)
    width, height = planes.texels
    if region.adds:  # a single sample writes over what is there
        planes.target.scissor = None  # type: ignore[assignment]
        planes.target.clear()
    for number, sample in enumerate(region.each_sample()):
        task = drawing.begin(painter, raw, scene, engine, sample)
        yield from during(task, owned, number, len(region.jitters))
        row = 0
        while row < height:
            deadline = yield
            recolor = painter.kept("recolor", lambda: Recolor(painter.ctx, painter.programs.folder))
            recolor.set(scene.preset.color, ends, len(region.jitters))
            rows = max(1, max(int(left(deadline) * recolor.rate), FEWEST) // width)
            rows = min(rows, height - row)
            recolor.draw(raw, planes, row, rows, added=region.adds)
            row += rows
    owned.close()
