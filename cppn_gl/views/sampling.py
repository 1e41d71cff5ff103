"""Supersampling of any view: it is drawn N times as large, and averaged.

The N×N samples of a pixel are the centres of its N×N subpixels. In a view composed of other views'
pictures each of these is sampled by itself, so that their text keeps its size. Samples "auto" are
adaptive (engines/adaptive.py) in views that are drawn pixel by pixel; other views have a fixed N.

View -> planes N times as large -> mean.frag, some rows at a time -> planes
"""

from contextlib import ExitStack
from functools import partial

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Steps, Task, during
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage, View
from cppn_gl.views.shading import Shading

AT_ONCE = 2**18  # pixels of the enlarged planes averaged in one step


def begin(
    view: View, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
) -> Task:
    """Begin to draw a region, by default the whole picture, with the region's samples."""
    region = settled(view, region or Region.of(planes.size))
    how = view.begin if view.samples_itself else partial(enlarged, view)
    return how(stage, planes, scene, region)


def settled(view: View, region: Region) -> Region:
    """The region with the view's fixed number of samples, if it is adaptive and the view is not."""
    if view.samples_itself or not region.adaptive:
        return region
    return region.sampled(view.auto or view.samples)


def samples_of(scene: Scene) -> int:
    """N of the N×N samples per pixel of a window's final picture.

    Of a network on grids what "auto" stands for: more of them cost a finer lattice.
    """
    samples = view_of(scene.preset).samples
    if not scene.network.by_grid:
        return samples
    from cppn_gl.engines.grid import SAMPLES  # dense networks need not load it

    return min(samples, SAMPLES)


def enlarged(view: View, stage: Stage, planes: Planes, scene: Scene, region: Region) -> Task:
    """Begin to draw a whole picture, N times as large where it has N×N samples per pixel.

    A view that draws an adaptive region itself does so.
    """
    region = settled(view, region)
    if region.samples == 1:
        return view.begin(stage, planes, scene, region)
    owned = ExitStack()
    width, height, samples = *planes.size, region.samples
    size = width * samples, height * samples
    fine = Region.of(size, shape=region.shape, overlay=region.overlay)
    large = Planes(stage.painter.ctx, fine.size)
    owned.callback(large.release)
    try:
        task = view.begin(stage, large, scene, fine)
    except BaseException:
        owned.close()
        raise
    return Stepping(_averaged(stage.painter, task, large, planes, samples, owned), owned)


def _averaged(
    painter: Painter, task: Task, fine: Planes, planes: Planes, samples: int, owned: ExitStack
) -> Steps[None]:
    """Draw the enlarged picture, then average it some rows at a time."""
    yield from during(task, owned)
    width, height = planes.size
    most = max(1, AT_ONCE // (width * samples**2))
    for top in range(0, height, most):
        yield
        rows = min(most, height - top)
        mean = painter.shared(Shading, "mean.frag")
        mean(planes, fine.textures, top, rows, samples=samples)
        painter.ctx.finish()
    owned.close()
