"""A picture in any colours: raw outputs, sample by sample, and the shader that colours them.

begin() -> a plain drawing, where outputs are shown as they are
        -> ColorDrawing.step(budget): the range measured (stretch.py)
                                      -> for each sample: raw planes -> Recolor -> planes
"""

import time as wall

from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl import drawing
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.recolor import Recolor
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import FRAGMENT, Engine
from cppn_gl.engines.stretch import ending
from cppn_gl.preset.color import Ends
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping

FEWEST = 4096  # texels coloured at once


class ColorDrawing:
    """A picture being drawn, sample by sample: raw by an engine's drawing, then coloured.

    The arguments are those of `begin`. Another scene may be drawn between two steps.
    """

    def __init__(
        self,
        painter: Painter,
        planes: Planes,
        scene: Scene,
        engine: Engine = FRAGMENT,
        *,
        size: tuple[int, int] | None = None,
        offset: tuple[int, int] = (0, 0),
        samples: int = 1,
    ):
        self.painter, self.planes, self.scene, self.engine = painter, planes, scene, engine
        self.size, self.offset = size or planes.size, offset
        self.done = False
        self._jitters = sample_jitters(samples)
        self._samples = len(self._jitters)
        self._ending = Stepping(ending(scene, size or planes.shape))
        self._sample: drawing.AnyDrawing | None = None
        self._drawn = False  # the sample, raw
        self._row = 0  # the next to be coloured
        self._raw: Planes | None = Planes(painter.ctx, planes.size)
        if self._samples > 1:  # which add up; one writes over what is there
            planes.target.scissor = None  # type: ignore[assignment]
            planes.target.clear()

    @property
    def fraction(self) -> float:
        """How much is drawn, from 0 to 1."""
        sample = 1.0 if self._drawn else self._sample.fraction if self._sample else 0.0
        return (self._samples - len(self._jitters) + sample) / self._samples

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when all is drawn."""
        deadline = wall.perf_counter() + budget
        while not self.done:
            self._advance(deadline)
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def _advance(self, deadline: float) -> None:
        ends = self._ending.found
        if ends is None:
            self._ending.step(_left(deadline))
        elif self._drawn or self._draw(_left(deadline)):
            self._color(ends, _left(deadline))

    def _draw(self, seconds: float) -> bool:
        """Draw one sample raw; True when it is drawn."""
        assert self._raw is not None
        if self._sample is None:
            self._sample = drawing.begin(
                self.painter,
                self._raw,
                self.scene,
                self.engine,
                size=self.size,
                offset=self.offset,
                jitters=self._jitters[:1],
            )
        self._drawn = self._sample.step(seconds)
        return self._drawn

    def _color(self, ends: Ends, seconds: float) -> None:
        """Colour as many rows as fit into the time."""
        assert self._raw is not None
        recolor = self.painter.shared(Recolor)
        recolor.set(self.scene.preset.color, ends, self._samples)
        width, height = self.planes.texels
        rows = max(int(seconds * recolor.rate), FEWEST) // width
        rows = min(max(rows, 1), height - self._row)
        recolor.draw(self._raw, self.planes, self._row, rows, added=self._samples > 1)
        self._row += rows
        if self._row == height:
            self._row, self._sample, self._drawn = 0, None, False
            self._jitters = self._jitters[1:]
            if not self._jitters:
                self._finish()

    def _finish(self) -> None:
        self.release()
        self.done = True

    def release(self) -> None:
        """Free the raw planes."""
        if self._raw is not None:
            self._raw.release()
            self._raw = None


def _left(deadline: float) -> float:
    return max(deadline - wall.perf_counter(), 0.0)


def begin(
    painter: Painter,
    planes: Planes,
    scene: Scene,
    engine: Engine = FRAGMENT,
    *,
    size: tuple[int, int] | None = None,
    offset: tuple[int, int] = (0, 0),
    samples: int = 1,
) -> drawing.AnyDrawing | ColorDrawing:
    """The drawing of a scene by an engine, in the colours of its preset.

    `size`, `offset` and `samples` are those of `Drawing`. A stretch is that of a picture of `size`;
    without it that of the picture that these planes are a coarse one of, their `shape`.
    """
    if scene.preset.color.plain:
        return drawing.begin(
            painter, planes, scene, engine, size=size, offset=offset, samples=samples
        )
    return ColorDrawing(painter, planes, scene, engine, size=size, offset=offset, samples=samples)
