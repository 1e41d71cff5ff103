"""Several samples a pixel for any view: it is drawn N times as large, and averaged.

N×N samples a pixel are the centres of N×N squares of it, which are just those pixels. A view made
of other views' pictures has these sampled, each by itself: their words keep their size.

View -> planes N times as large -> mean.frag, some rows at a time -> planes
"""

from contextlib import ExitStack
from functools import partial

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, Steps, Task, during
from cppn_gl.views.base import Stage, View
from cppn_gl.views.shading import Shading

AT_ONCE = 2**18  # pixels of the large planes


def begin(
    view: View, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
) -> Task:
    """Begin a view's drawing of a region, or else of the whole picture, with all its samples."""
    region = region or Region.of(planes.size)
    how = view.begin if view.samples_itself else partial(enlarged, view)
    return how(stage, planes, scene, region)


def enlarged(view: View, stage: Stage, planes: Planes, scene: Scene, region: Region) -> Task:
    """Begin a view's drawing of a whole picture, N times as large where it has N×N samples."""
    if region.samples == 1:
        return view.begin(stage, planes, scene, region)
    owned = ExitStack()
    width, height, samples = *planes.size, region.samples
    fine = Region.of((width * samples, height * samples), shape=region.shape)
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
    """Draw N times as large, then average some rows at a time."""
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
