"""Several samples a pixel for any view: it is drawn N times as large, and averaged.

N×N samples a pixel are the centres of N×N squares of it, which are just those pixels. A view made
of other views' pictures has these sampled, each by itself: their words keep their size.

View -> planes N times as large -> mean.frag, some rows at a time -> planes
"""

import time as wall

import numpy as np

from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import Scene
from cppn_gl.views.base import Drawing, OfPictures, Picture, Stage, View
from cppn_gl.views.shading import Shading

AT_ONCE = 2**18  # pixels of the large planes


def begin(view: View, stage: Stage, planes: Planes, scene: Scene, samples: int = 1) -> Drawing:
    """Begin a view's drawing into planes, with N×N samples a pixel."""
    if samples == 1:
        return view.begin(stage, planes, scene)
    if isinstance(view, OfPictures):
        return view.begin(stage, planes, scene, samples)
    return Sampled(view, stage, planes, scene, samples)


class Sampled:
    """A drawing of N times the size, averaged when it is whole."""

    def __init__(self, view: View, stage: Stage, planes: Planes, scene: Scene, samples: int):
        self.planes, self._painter, self._samples = planes, stage.painter, samples
        width, height = planes.size
        self._rows = max(1, AT_ONCE // (width * samples**2))
        self._top = 0  # row to be averaged
        self._fine = Planes(stage.painter.ctx, (width * samples, height * samples), planes.shape)
        try:
            self._inner = view.begin(stage, self._fine, scene)
        except BaseException:
            self._fine.release()
            raise

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when all is in the planes."""
        deadline = wall.perf_counter() + budget
        height = self.planes.size[1]
        if self._top == height:
            return True
        if self._top == 0 and not self._inner.step(budget):
            return False
        mean = self._painter.shared(Shading, "mean.frag")
        while self._top < height:
            rows = min(self._rows, height - self._top)
            mean(self.planes, self._fine.textures, self._top, rows, samples=self._samples)
            self._painter.ctx.finish()
            self._top += rows
            if wall.perf_counter() >= deadline:
                break
        return self._top == height

    def release(self) -> None:
        """Free the large planes."""
        self._inner.release()
        self._fine.release()


def mean_of_samples(fine: Picture, samples: int) -> Picture:
    """A picture of N times the size as one of its own size: clamped, then averaged."""
    height, width = fine.shape[0] // samples, fine.shape[1] // samples
    boxes = np.clip(fine, 0, 1).reshape(height, samples, width, samples, 3)
    return np.asarray(boxes.mean(axis=(1, 3), dtype=np.float32))
