"""The picture in the window, drawn progressively in time slices that keep the window responsive.

    want(scene, size) -> a coarse drawing, expected within FIRST_SECONDS -> shown when complete
                      -> then, while nothing moves, refinements up to full resolution
                      -> then samples × samples for each pixel, band by band

The first drawing after a change is always finished, so that a held key shows intermediate
pictures; a refinement is dropped as soon as a different scene is requested.
"""

import dataclasses
import math
import time as wall

import moderngl

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError, Structure
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import without_opengl
from cppn_gl.engines.rates import RateKey
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import Options
from cppn_gl.utils.arrays import Box
from cppn_gl.utils.tasks import Task, within
from cppn_gl.viewer.engine_selector import EngineSelector, Pick
from cppn_gl.views import sampling, view_of
from cppn_gl.views.base import Stage
from cppn_gl.views.sampling import samples_of

FIRST_SECONDS = 0.045  # a picture expected to take longer is first drawn at a coarser scale
MAX_SCALE = 128
REFINE = 4  # factor between scales, or REFINE_SLOW if the next one is expected to take SLOW_SECONDS
REFINE_SLOW, SLOW_SECONDS = 2, 4.0
SAMPLING_SECONDS = 60.0  # supersampling expected to take longer is skipped
VIEW_SECONDS = 8.0  # the same, for a view that is not drawn in bands
PATIENCE = 8.0  # seconds that supersampling waits for the helper to find the fastest engine
BAND_SECONDS, BAND_PIXELS = 0.25, 2**18  # a band's expected time and largest size
FEWEST_ROWS = 8
PARTS = 3  # steps in a time slice
CHEAPER = 1.5  # a coarser picture of a network on grids has to be so many times cheaper
VIEW_SCALE = 16  # the coarsest scale of views with costs that do not shrink with the pixels

Wanted = tuple[Scene, tuple[int, int]]


class Canvas:
    """Draws the requested scene, one time slice per frame, and holds the last complete picture."""

    def __init__(self, ctx: moderngl.Context, engines: EngineSelector, max_side: int):
        self._ctx, self._engines, self._max_side = ctx, engines, max_side
        self._painter = engines.painter
        self._wanted: Wanted | None = None
        self._drawing: _Part | None = None
        self._refused: set[Structure | str] = set()  # structures whose shaders do not compile
        self._scale = 1  # of the last drawing that was no refinement
        self.front: Planes | None = None
        self._front_of: Wanted | None = None
        self._stale = False  # the view has more to show of the scene that is shown
        self._sampled = 0  # supersampled rows of the picture shown
        self._since = 0.0  # when the picture shown was finished
        # Of the picture shown:
        self.scale = 0  # 1 at full resolution, 0 before the first picture
        self.samples = 1  # N for N × N samples per pixel
        self.engine: Engine | None = None  # that drew it
        # Counters, which only increase:
        self.pictures = 0  # finished pictures
        self.changes = 0  # updates of the planes, bands included

    @property
    def finished(self) -> bool:
        """Whether the requested scene is shown at full resolution."""
        if self._front_of is None or not self.current:
            return False
        return self.scale == self._finest(self._front_of[1])

    @property
    def shown(self) -> Scene | None:
        """The scene of the picture shown."""
        return self._front_of[0] if self._front_of else None

    def dithered(self, size: tuple[int, int]) -> tuple[Box, ...]:
        """The boxes that are dithered when the picture is shown at `size` pixels."""
        shown = self.shown
        return view_of(shown.preset).dithered(shown.preset, size) if shown else ()

    @property
    def busy(self) -> bool:
        """Whether a drawing is under way."""
        return self._drawing is not None

    @property
    def current(self) -> bool:
        """Whether the requested scene is shown, at any scale."""
        return self._front_of is not None and self._front_of == self._wanted and not self._stale

    @property
    def progress(self) -> float:
        """The supersampled fraction of the picture shown, from 0 to 1."""
        return self._sampled / self._front_of[1][1] if self._front_of else 0.0

    @property
    def progress_words(self) -> str:
        """How far the picture under way is: "refining, 40 %"; "" if none is, or nothing is known.

        Of a refinement, the fraction of the pixels computed so far.
        """
        part = self._drawing
        if part is None or self._front_of is None:
            return ""
        done = part.done = max(part.done, part.task.fraction)
        if not part.refines:
            return _percent("drawing", done)
        if part.samples > 1:
            top, rows = part.region.offset[1], part.region.part[1]
            done = (top + done * rows) / max(1, part.of[1][1])
            return _percent("refining edges", done)
        finest = self._finest(part.of[1])
        before, after = ((finest / scale) ** 2 for scale in (max(1, self.scale), part.scale))
        return _percent("refining", before + done * (after - before))

    def rests(self, still: bool = True) -> bool:
        """Whether nothing is left to draw for the requested scene; `still` as in `advance`."""
        return self.finished and not self.busy and not (still and self._samples_due(False))

    def want(self, scene: Scene, size: tuple[int, int]) -> None:
        """Request a scene at `size` pixels. Repeating the last request changes nothing."""
        old, new = self._wanted, (scene, size)
        if old is not None and (old == new or _same_picture(old, new)):
            self._wanted = new
            if self._front_of == old:
                self._front_of = new
                if _dither(old) != _dither(new):  # the same planes are another picture
                    self.changes += 1
                    self.pictures += 1
            if self._drawing is not None and self._drawing.of == old:
                self._drawing.of = new
            return
        self._wanted = new
        if self._drawing is not None and self._drawing.refines:
            self._drop()

    def invalidate(self) -> None:
        """Draw the requested scene again, after the shaders have changed."""
        self._drop()
        self._refused.clear()
        self._front_of = None

    def repaint(self) -> None:
        """Draw the requested scene again, since its view has found more; until then it stays."""
        self._drop()
        self._stale = True

    def advance(self, budget: float, *, still: bool = True, rest: bool = False) -> bool:
        """Draw for about `budget` seconds; True when another picture is finished.

        `still`: nothing moves, so that refinement is worthwhile. `rest`: nothing has moved for
        long enough that a short pause for compiling is acceptable. Raises ShaderError, once, if a
        shader that this network needs does not compile; the last picture stays, and no network
        of that structure is drawn until `invalidate`.
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
        """Drop a stand-in engine's refinement once a better engine is compiled."""
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
            next_ = Region.of(_coarse(size, max(1, scale)), shape=size)
            if self._expected(pick, scene, next_) > SLOW_SECONDS:
                scale = self.scale // REFINE_SLOW
        else:
            scale = self._scale = self._first_scale(pick, scene, size)
        scale = max(scale, finest)
        draft = samples_of(scene) > 1  # supersampling follows
        region = Region.of(_coarse(size, scale), shape=size, draft=draft)
        return self._part(pick, self._wanted, region, scale, refines=refines)

    def _part(
        self, pick: Pick, of: Wanted, region: Region, scale: int = 1, *, refines: bool = True
    ) -> "_Part":
        """Begin to draw a region of a picture."""
        scene, view = of[0], view_of(of[0].preset)

        def engine_for(network: Network) -> Engine:
            return pick.engine if network is scene.network else self._ready_engine(network)

        planes = Planes(self._ctx, region.part, scene.network.channels)
        task = sampling.begin(view, Stage(self._painter, engine_for), planes, scene, region)
        part = _Part(task, pick, of, region, planes, scale, refines=refines)
        if not view.by_pixel:  # views drawn pixel by pixel are timed by their engine
            part.work = view.effort(scene, region)
        return part

    def _ready_engine(self, network: Network) -> Engine:
        """An engine that draws one of a view's networks without compiling first."""
        pick = self._engines.pick_for(network)
        return without_opengl(network) if pick.compiles else pick.engine

    def _compiled(self, scene: Scene, samples: int, rest: bool) -> Pick | None:
        """The engine for a drawing; None if this turn was used to compile its program."""
        pick = self._engines.pick(scene, samples, rest=rest)
        if pick.compiles:
            self._engines.compile(pick.key, scene, pick.engine, samples)
            return None
        return pick

    def _samples_due(self, rest: bool) -> bool:
        """Whether to supersample the picture shown now."""
        if self._front_of is None or self.samples > 1 or self.scale > 1:
            return False
        scene, size = self._front_of
        view = view_of(scene.preset)
        samples = samples_of(scene)
        if samples == 1:
            return False
        pick = self._engines.pick(scene, samples if view.by_pixel else 1, rest=rest)
        rows = size[1] - self._sampled
        left = Region.of(size, samples).cut(0, self._sampled, size[0], rows)
        seconds = self._expected(pick, scene, left) if rows else 0.0
        if not view.by_pixel:
            return seconds <= VIEW_SECONDS
        early = wall.perf_counter() - self._since < PATIENCE
        waits = early and (pick.stand_in or self._engines.pending)
        return not waits and seconds <= SAMPLING_SECONDS

    def _band(self, rest: bool) -> "_Part | None":
        """Begin the next band of supersampled rows: all rows for a view that draws no bands."""
        assert self._front_of is not None
        scene, (width, height) = self._front_of
        view = view_of(scene.preset)
        samples = samples_of(scene)
        pick = self._compiled(scene, samples if view.by_pixel else 1, rest)
        if pick is None:
            return None
        region, rows = Region.of((width, height), samples), height
        if scene.network.by_grid:  # a band has a margin, which would be evaluated again and again
            rows -= self._sampled
        elif view.by_pixel:
            seconds = self._expected(pick, scene, region.cut(0, 0, width, 1))
            rows = min(int(BAND_SECONDS / seconds), BAND_PIXELS // width)
            rows = min(max(rows, FEWEST_ROWS), height - self._sampled)
        return self._part(pick, self._front_of, region.cut(0, self._sampled, width, rows))

    def _finest(self, size: tuple[int, int]) -> int:
        """The scale at which the planes fit the driver's size limit: 1 for any real screen."""
        return max(1, math.ceil(max(size) / self._max_side))

    def _expected(self, pick: Pick, scene: Scene, region: Region) -> float:
        """The seconds that drawing a region is expected to take."""
        return view_of(scene.preset).effort(scene, region) / self._painter.rate(
            _kind(pick, scene, self._painter)
        )

    def _first_scale(self, pick: Pick, scene: Scene, size: tuple[int, int]) -> int:
        """The finest power of two expected within FIRST_SECONDS.

        With hysteresis: the scale of a moving picture does not flicker between two values.
        """
        view = view_of(scene.preset)
        if not view.coarsens or scene.preset.input.live:  # a camera's pictures are all sharp
            return 1
        most = MAX_SCALE if view.by_pixel else VIEW_SCALE

        by_grid = view.on_lattice(scene)
        whole = 0.0 if by_grid else self._expected(pick, scene, Region.of(size))

        def seconds(scale: int) -> float:
            if not by_grid:
                return whole / scale**2
            return self._expected(pick, scene, Region.of(_coarse(size, scale), shape=size))

        scale = 1
        while scale < most and seconds(scale) > FIRST_SECONDS:
            scale *= 2
        if by_grid:  # all taps are evaluated, however coarse the picture is
            least = CHEAPER * seconds(scale)
            while scale > 1 and seconds(scale // 2) < least:
                scale //= 2
        if scale * 2 == self._scale and seconds(scale) > FIRST_SECONDS * 0.7:
            scale = self._scale
        return scale

    def _show(self, part: "_Part") -> None:
        self._drawing = None
        part.task.release()
        if part.work:
            kind = _kind(part.pick, part.of[0], self._painter)
            self._painter.record(kind, part.work, part.seconds)
        self.changes += 1
        if part.samples > 1:
            assert self.front is not None
            self.front.paste(part.planes, part.region.offset[1])
            part.planes.release()
            self._sampled = part.region.offset[1] + part.region.part[1]
            if self._sampled < part.of[1][1]:
                return
        else:
            if self.front is not None:
                self.front.release()
            self.front, self._front_of, self._sampled = part.planes, part.of, 0
            self._stale = False
            self.scale, self._since = part.scale, wall.perf_counter()
        self.samples, self.engine = part.samples, part.pick.engine
        self.pictures += 1

    def _drop(self) -> None:
        if self._drawing is not None:
            self._drawing.task.release()
            self._drawing.planes.release()
            self._drawing = None

    def release(self) -> None:
        """Free the planes."""
        self._drop()
        if self.front is not None:
            self.front.release()
            self.front = None


def _kind(pick: Pick, scene: Scene, painter: Painter) -> RateKey:
    """The key of the rate at which a scene is drawn."""
    view = view_of(scene.preset)
    if view.by_pixel:
        return pick.engine.rate_key(painter, scene.network)
    return view.name, "grid" if view.on_lattice(scene) else None


class _Part:
    """A drawing in progress: a picture, or a band of its rows."""

    def __init__(
        self,
        task: Task,
        pick: Pick,
        of: Wanted,
        region: Region,
        planes: Planes,
        scale: int,
        *,
        refines: bool,
    ):
        self.task, self.pick, self.of, self.planes, self.scale = task, pick, of, planes, scale
        self.region, self.samples, self.refines = region, region.samples, refines
        self.done = 0.0  # the largest fraction told
        self.work = self.seconds = 0.0  # multiplications (views that are timed), and time spent

    def step(self, budget: float) -> bool:
        """Draw for about `budget` seconds; True when finished.

        In several steps: a tile sized for the whole budget would overrun it by the full error of
        the estimate.
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


def _same_picture(old: Wanted, new: Wanted) -> bool:
    """Whether two requests differ only in what their view does not show, such as a selected unit.

    Views that may show more than their own options are not compared. Noise is added when the
    picture is shown.
    """
    (a, _), (b, _) = old, new
    view, options = view_of(a.preset), view_of(a.preset).row.options or Options
    return (
        view.by_pixel
        and a.network is b.network
        and (old[1], a.view, a.clock) == (new[1], b.view, b.clock)
        and dataclasses.replace(a.preset.color, dither=_dither(new)) == b.preset.color
        and a.preset.show == b.preset.show
        and a.preset.options(options) == b.preset.options(options)
    )


def _dither(wanted: Wanted) -> bool:
    return wanted[0].preset.color.dither


def _percent(what: str, done: float) -> str:
    """Progress in words; without a number as long as none is known."""
    return f"{what}, {100 * done:.0f} %" if done > 0 else what


def _coarse(size: tuple[int, int], scale: int) -> tuple[int, int]:
    return max(1, -(-size[0] // scale)), max(1, -(-size[1] // scale))
