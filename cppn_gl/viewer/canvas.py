"""The picture in the window: coarse at once, then fine, never longer than a slice of a frame.

    want(scene, size) -> a drawing at the scale that fits FIRST_SECONDS -> shown when whole
                      -> then, while nothing moves, finer ones up to full resolution
                      -> then SAMPLES × SAMPLES samples a pixel, band by band

The first drawing of a change is always finished, so that a held key shows something; a refinement
is dropped as soon as something else is wanted.
"""

import math
import time as wall

import moderngl

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.shader import ShaderError, Structure
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import HOST
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.utils.tasks import Task, within
from cppn_gl.viewer.engine_selector import EngineSelector, Pick
from cppn_gl.views import sampling, view_of
from cppn_gl.views.base import Stage

FIRST_SECONDS = 0.045  # a picture expected to take longer is shown coarser first
MAX_SCALE = 128
REFINE = 4  # each refinement is this much finer, or REFINE_SLOW where that would take SLOW_SECONDS
REFINE_SLOW, SLOW_SECONDS = 2, 4.0
SAMPLING_SECONDS = 60.0  # more samples that are expected to take longer are not drawn
VIEW_SECONDS = 8.0  # the same, of a view that is drawn whole
PATIENCE = 8.0  # seconds that more samples wait for the helper, who measures what draws fastest
BAND_SECONDS, BAND_PIXELS = 0.25, 2**18  # of a band, about and at most
FEWEST_ROWS = 8
PARTS = 3  # of a slice of time
VIEW_SCALE = 16  # at most, of views not drawn by pixel: what else they take gets no less

Wanted = tuple[Scene, tuple[int, int]]


class Canvas:
    """Draws what is wanted, a little at each frame, and holds the last whole picture."""

    def __init__(self, ctx: moderngl.Context, engines: EngineSelector, max_side: int):
        self._ctx, self._engines, self._max_side = ctx, engines, max_side
        self._painter = engines.painter
        self._wanted: Wanted | None = None
        self._drawing: _Part | None = None
        self._refused: set[Structure] = set()  # do not compile
        self._scale = 1  # of the last first drawing
        self.front: Planes | None = None
        self._front_of: Wanted | None = None
        self._sampled = 0  # rows of the picture shown that have all samples
        self._since = 0.0  # when full resolution was first shown
        self.scale = 0  # of the picture shown: 1 is full resolution, 0 none yet
        self.samples = 1  # N for N × N a pixel of the picture shown
        self.engine: Engine | None = None  # that drew it, most of it
        self.pictures = 0  # finished, ever
        self.changes = 0  # of what is shown, ever

    @property
    def finished(self) -> bool:
        """Whether what is wanted is shown at full resolution."""
        if self._front_of is None or self._front_of != self._wanted:
            return False
        return self.scale == self._finest(self._front_of[1])

    @property
    def shown(self) -> Scene | None:
        """The scene of the picture shown."""
        return self._front_of[0] if self._front_of else None

    @property
    def busy(self) -> bool:
        """Whether a drawing is under way."""
        return self._drawing is not None

    @property
    def current(self) -> bool:
        """Whether what is shown, perhaps coarsely, is what is wanted."""
        return self._front_of is not None and self._front_of == self._wanted

    @property
    def progress(self) -> float:
        """How much of the picture shown has all samples, from 0 to 1."""
        return self._sampled / self._front_of[1][1] if self._front_of else 0.0

    def rests(self, still: bool = True) -> bool:
        """Whether nothing is to be drawn until something else happens; `still` as in `advance`."""
        return self.finished and not self.busy and not (still and self._samples_due(False))

    def want(self, scene: Scene, size: tuple[int, int]) -> None:
        """Ask for a scene at `size` pixels. The same scene object again changes nothing."""
        if self._wanted is not None and self._wanted == (scene, size):
            return
        self._wanted = (scene, size)
        if self._drawing is not None and self._drawing.refines:
            self._drop()

    def invalidate(self) -> None:
        """Draw again what is wanted: the shaders have changed."""
        self._drop()
        self._refused.clear()
        self._front_of = None

    def advance(self, budget: float, *, still: bool = True, rest: bool = False) -> bool:
        """Draw for about `budget` seconds; True when another picture is shown.

        `still`: nothing moves, so that finer pictures are worth while. `rest`: for so long that
        nobody minds a moment of compiling. Raises ShaderError, once, where a shader that this
        network needs does not compile; the picture shown stays, and nothing of that structure is
        drawn until `invalidate`.
        """
        if self._wanted is None:
            return False
        pictures, scene = self.pictures, self._wanted[0]
        self._drop_outdone(rest)
        try:
            if self._drawing is None:
                self._drawing = self._next(still, rest)
            if self._drawing is not None:
                scene = self._drawing.of[0]
                if self._drawing.step(budget):
                    self._show(self._drawing)
        except ShaderError:
            self._refused.add(self._painter.structure(scene.network))
            self._drop()
            raise
        return self.pictures > pictures

    def _drop_outdone(self, rest: bool) -> None:
        """Begin a refinement again where what it waited for is compiled now."""
        part = self._drawing
        if part is not None and part.refines and part.pick.stand_in:
            better = self._engines.pick(part.of[0], part.samples, rest=rest)
            if better.engine != part.pick.engine:
                self._drop()

    def _next(self, still: bool, rest: bool) -> "_Part | None":
        """The next drawing: coarse for a new scene, finer for the one shown."""
        assert self._wanted is not None
        scene, size = self._wanted
        if self._refused and self._painter.structure(scene.network) in self._refused:
            return None
        if self.finished:
            return self._band(rest) if still and self._samples_due(rest) else None
        pick = self._compiled(scene, 1, rest)
        if pick is None:
            return None
        finest = self._finest(size)
        refines = self.current
        if refines:
            scale = self.scale // REFINE
            if self._expected(pick, scene, _pixels(size, max(1, scale))) > SLOW_SECONDS:
                scale = self.scale // REFINE_SLOW
        else:
            scale = self._scale = self._first_scale(pick, scene, size)
        scale = max(scale, finest)
        region = Region.of(_coarse(size, scale), shape=size)
        return self._part(pick, self._wanted, region, scale, refines=refines)

    def _part(
        self, pick: Pick, of: Wanted, region: Region, scale: int = 1, *, refines: bool = True
    ) -> "_Part":
        """Begin a whole picture, or some rows of one."""
        scene, view = of[0], view_of(of[0].preset)

        def engine_for(network: Network) -> Engine:
            return pick.engine if network is scene.network else self._ready_engine(network)

        sheet = Planes(self._ctx, region.part)
        task = sampling.begin(view, Stage(self._painter, engine_for), sheet, scene, region)
        part = _Part(task, pick, of, region, sheet, scale, refines=refines)
        if not view.by_pixel:  # or the engine itself is timed
            pixels = region.part[0] * region.part[1]
            part.work = pixels * len(region.jitters) * view.work(scene)
        return part

    def _ready_engine(self, network: Network) -> Engine:
        """What draws a network within a view without compiling in a frame."""
        pick = self._engines.pick_for(network)
        return HOST if pick.compiles else pick.engine

    def _compiled(self, scene: Scene, samples: int, rest: bool) -> Pick | None:
        """The pick for a drawing; None where its program took this turn."""
        pick = self._engines.pick(scene, samples, rest=rest)
        if pick.compiles:
            self._engines.compile(pick.key, scene, pick.engine, samples)
            return None
        return pick

    def _samples_due(self, rest: bool) -> bool:
        """Whether the picture shown is to get more samples, now."""
        if self._front_of is None or self.samples > 1 or self.scale > 1:
            return False
        scene, size = self._front_of
        view = view_of(scene.preset)
        pick = self._engines.pick(scene, view.samples if view.by_pixel else 1, rest=rest)
        left = _pixels(size, 1) * (1 - self.progress)
        seconds = self._expected(pick, scene, left * view.samples**2)
        if not view.by_pixel:
            return view.samples > 1 and seconds <= VIEW_SECONDS
        early = wall.perf_counter() - self._since < PATIENCE
        waits = early and (pick.stand_in or self._engines.pending)
        return not waits and seconds <= SAMPLING_SECONDS

    def _band(self, rest: bool) -> "_Part | None":
        """The next rows with all samples; all of them, where the view draws no parts."""
        assert self._front_of is not None
        scene, (width, height) = self._front_of
        view = view_of(scene.preset)
        pick = self._compiled(scene, view.samples if view.by_pixel else 1, rest)
        if pick is None:
            return None
        region, rows = Region.of((width, height), view.samples), height
        if view.by_pixel:
            seconds = self._expected(pick, scene, width * view.samples**2)  # of a row
            rows = min(int(BAND_SECONDS / seconds), BAND_PIXELS // width)
            rows = min(max(rows, FEWEST_ROWS), height - self._sampled)
        return self._part(pick, self._front_of, region.cut(0, self._sampled, width, rows))

    def _finest(self, size: tuple[int, int]) -> int:
        """The scale at which the planes fit the driver's limits: 1 for any real screen."""
        return max(1, math.ceil(max(size) / self._max_side))

    def _expected(self, pick: Pick, scene: Scene, pixels: float) -> float:
        """Seconds that an engine will take for so many pixels."""
        view = view_of(scene.preset)
        if not view.by_pixel:
            return pixels * view.work(scene) / self._painter.rate((view.name, None))
        kind = pick.engine.rate_key(self._painter, scene.network)
        return pixels * work_per_pixel(scene.network) / self._painter.rate(kind)

    def _first_scale(self, pick: Pick, scene: Scene, size: tuple[int, int]) -> int:
        """The power of two whose picture is expected within FIRST_SECONDS; sticky: no flicker."""
        seconds = self._expected(pick, scene, _pixels(size, 1))
        scale, most = 1, MAX_SCALE if view_of(scene.preset).by_pixel else VIEW_SCALE
        while scale < most and seconds / scale**2 > FIRST_SECONDS:
            scale *= 2
        if scale * 2 == self._scale and seconds / scale**2 > FIRST_SECONDS * 0.7:
            scale = self._scale
        return scale

    def _show(self, part: "_Part") -> None:
        self._drawing = None
        part.task.release()
        if part.work:
            kind = (view_of(part.of[0].preset).name, None)
            self._painter.measured(kind, part.work, part.seconds)
        self.changes += 1
        if part.samples > 1:
            assert self.front is not None
            self.front.paste(part.sheet, part.region.offset[1])
            part.sheet.release()
            self._sampled = part.region.offset[1] + part.region.part[1]
            if self._sampled < part.of[1][1]:
                return
        else:
            if self.front is not None:
                self.front.release()
            self.front, self._front_of, self._sampled = part.sheet, part.of, 0
            self.scale, self._since = part.scale, wall.perf_counter()
        self.samples, self.engine = part.samples, part.pick.engine
        self.pictures += 1

    def _drop(self) -> None:
        if self._drawing is not None:
            self._drawing.task.release()
            self._drawing.sheet.release()
            self._drawing = None

    def release(self) -> None:
        """Free the planes."""
        self._drop()
        if self.front is not None:
            self.front.release()
            self.front = None


class _Part:
    """A drawing under way: a whole picture, or some rows of one."""

    def __init__(
        self,
        task: Task,
        pick: Pick,
        of: Wanted,
        region: Region,
        sheet: Planes,
        scale: int,
        *,
        refines: bool,
    ):
        self.task, self.pick, self.of, self.sheet, self.scale = task, pick, of, sheet, scale
        self.region, self.samples, self.refines = region, region.samples, refines
        self.work = self.seconds = 0.0  # of a view: multiplications in all, and what they took

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when all is drawn.

        In parts, for a tile as long as the budget would overrun it by as much as it was misjudged.
        """
        started = wall.perf_counter()
        deadline = started + budget
        try:
            while not self.task.step(within(budget / PARTS)):
                if wall.perf_counter() >= deadline - budget / PARTS / 2:
                    return False
            return True
        finally:
            self.seconds += wall.perf_counter() - started


def _coarse(size: tuple[int, int], scale: int) -> tuple[int, int]:
    return max(1, -(-size[0] // scale)), max(1, -(-size[1] // scale))


def _pixels(size: tuple[int, int], scale: int) -> float:
    width, height = _coarse(size, scale)
    return float(width * height)
