"""Pictures from presets, headless: `Renderer.render`, with OpenGL or without.

Preset or Network -> Scene -> View.begin(), region by region -> planes -> float32 or uint8 pixels
"""

import operator
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.choosing import Chooser
from cppn_gl.engines.cpu.picture import quantise
from cppn_gl.engines.gl.context import ContextError, ContextInfo, describe, open_context
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.stream import Coming, Mosaic, Ready
from cppn_gl.engines.gl.targets import Planes, Presenter
from cppn_gl.engines.names import AUTO, ENGINES, HOST, STAND_IN, engine_name, host_engine, wished
from cppn_gl.engines.tuning import Choice
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import SAMPLES, SIDES, SIZE, TIME
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import SECONDS, Stepping, Task, within
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage, View, lay_over
from cppn_gl.views.sampling import begin

__all__ = ["Choice", "Renderer", "RendererInfo", "render"]

Part = tuple[int, int, int, int]  # left, top, width, height, in pixels

LEAST = (160, 90)  # pixels of a picture that engines are timed on; less tells nothing
REGION = 2048  # pixels; a larger picture is drawn in regions, which bounds the memory
LARGEST = 16_384  # pixels × samples a side, without OpenGL, whose own limit is about that


@dataclass(frozen=True)
class RendererInfo:
    """What draws: the engine asked for, the renderer's name, the context's limits.

    `engine` is "auto" where it is chosen for each network (`Renderer.engine_for`), and "numpy"
    where there is nothing else; `context` is None without OpenGL.
    """

    engine: str
    renderer: str
    context: ContextInfo | None


class Renderer:
    """Draws presets and networks. Holds a headless context of its own, reused between calls.

    `engine`: "auto", which takes what was measured to be fastest here, or a first guess, and NumPy
    where no OpenGL is to be had, with a RuntimeWarning and the reason in `fallback`; or one of
    `names.engine_names()`. The environment variable CPPN_GL_ENGINE stands for "auto" where it is
    set. Raises ContextError where OpenGL is asked for and cannot be had, ValueError for an unknown
    engine.

    Its own context is current only while it draws, so that several renderers can be used by
    turns, and from any thread. A `context` that is given stays the caller's to make current.
    """

    def __init__(
        self,
        engine: str = "auto",
        *,
        context: moderngl.Context | None = None,
        glsl: int | None = None,
        shaders: Path | None = None,
    ):
        engine = engine_name(engine)
        if engine == AUTO:
            engine = wished()
        self._asked = engine
        # Told what takes its time, and how much of it is done, from 0 to 1, where that is known.
        self.report: Callable[[str, float | None], None] = lambda what, done: None
        self.fallback: ContextError | None = None
        self._given, self._owned = context, context is None
        self._shaders = shaders
        self._lock = threading.RLock()
        self._released = False
        self._host = host_engine(engine)  # that was asked for
        self.ctx = context if self._host is None else None
        if self._host is None and context is None:
            try:
                self.ctx = open_context()
            except ContextError as error:
                if engine != "auto":
                    raise
                self.fallback = error
                warnings.warn(f"drawing with NumPy: {error}", RuntimeWarning, stacklevel=2)
        self._planes: Planes | None = None
        if self.ctx is None:
            self.info = RendererInfo(str(self._host or HOST), f"NumPy {np.__version__}", None)
            return
        try:
            with self._current():
                self._open(self.ctx, glsl)
        except BaseException:
            if self._owned:
                self.ctx.release()
            raise

    def _open(self, ctx: moderngl.Context, glsl: int | None) -> None:
        found = describe(ctx)
        self.info = RendererInfo(self._asked, found.renderer, found)
        version = glsl or (420 if ctx.version_code >= 420 else 330)
        self.presenter = self._presenter()
        self.painter = Painter(ctx, version, self._shaders, software=found.software)
        self.chooser = Chooser(
            self.painter, found, self._asked, report=lambda what: self.report(what, None)
        )
        if problem := self.chooser.problem:
            raise ContextError(
                f"The engine {self._asked} {problem}; {found.renderer} has "
                f"{found.version_code // 100}.{found.version_code // 10 % 10}.",
                f"Use the engine {STAND_IN}.",
                "engine",
            )

    def _open_late(self) -> None:
        """Use OpenGL after all, for a view that draws with it what an engine on the host made."""
        with self._lock:
            if self.ctx is not None or self._released:
                return
            info, self.ctx = self.info, self._given or open_context()
            try:
                with self._current():
                    self._open(self.ctx, None)
            except BaseException:
                if self._owned:
                    self.ctx.release()
                self.ctx = None
                raise
            self.info = info

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold other threads off."""
        with self._lock:
            if self._released:
                raise RuntimeError("this renderer has been released")
            yield

    @contextmanager
    def _current(self) -> Iterator[None]:
        """The same, with this renderer's own context current."""
        with self._held():
            if self.ctx is None or not self._owned:
                yield
            else:
                with self.ctx:
                    yield

    def render(
        self,
        what: Preset | Network,
        size: tuple[int, int] = (640, 360),
        time: float = 0.0,
        *,
        samples: int = 1,
        dtype: str = "uint8",
        part: Part | None = None,
    ) -> NDArray[Any]:
        """The picture as (height, width, 3), row 0 on top: display values, sRGB-encoded.

        `size` is (width, height) in pixels, `time` in seconds, `samples` N for N×N samples a
        pixel. `dtype` is "uint8" (round(255 v)) or "float32" (before quantisation; not clamped
        at one sample). A pixel whose value is not a finite number is magenta, (1, 0, 1).
        `part` draws only (left, top, width, height) of it, in pixels: the same values as a cut
        from the whole, which may then be too large to draw; other views are drawn whole.
        """
        if dtype not in ("uint8", "float32"):
            raise ValueError(f"dtype {dtype!r} is not 'uint8' or 'float32'")
        scene = _scene(what, TIME(time))
        view, samples = view_of(scene.preset), SAMPLES(samples)
        size = SIDES(tuple(size)) if part is not None and view.by_pixel else SIZE(tuple(size))
        part = _inside(part or (0, 0, *size), size)
        region = Region.of(size, samples)
        if view.by_pixel:
            region = region.cut(*part)
        with self._held():
            self.check(scene.preset, size, samples)
            engine = self._engine(scene.network)
        pixels: NDArray[Any]
        if view.on_host(engine):
            task = Stepping(view.paint_region(scene, engine, region))
            self._run(task, view, engine)
            assert task.result is not None
            pixels = quantise(task.result) if dtype == "uint8" else task.result
        else:
            self._open_late()
            with self._current():
                pixels = self._draw(view, scene, region, dtype)
        pixels = lay_over(pixels, view.overlay(scene, size))
        return pixels if view.by_pixel else _cut(pixels, part)

    def begin(
        self,
        what: Preset | Network,
        size: tuple[int, int] = (640, 360),
        time: float = 0.0,
        *,
        samples: int = 1,
    ) -> Coming:
        """As `render`, in 8 bits, without waiting for the pixels: another can be begun first."""
        scene = _scene(what, TIME(time))
        view = view_of(scene.preset)
        with self._held():
            engine = self._engine(scene.network)
        if view.on_host(engine) or not view.by_pixel:
            return Ready(self.render(what, size, time, samples=samples))
        region = Region.of(SIZE(tuple(size)), SAMPLES(samples))
        with self._current():
            drawn = self._regions(view, scene, region)
            regions = [(place, self.presenter.start(planes)) for place, planes in drawn]
        return Mosaic(region.size, regions, self._current)

    def check(self, preset: Preset, size: tuple[int, int] = (1, 1), samples: int = 1) -> None:
        """Raise what `render` would refuse a preset's view for, before anything is drawn."""
        view = view_of(preset)
        if self.fallback is not None and not view.on_host(HOST):
            words = f"The view {view.name} needs OpenGL: {self.fallback.message}"
            raise ContextError(words, self.fallback.hint)
        if problem := view.problem(preset):
            raise PresetError(f"the view {view.name} {problem}", key="show.view")
        largest = self.painter.largest if self.ctx is not None else LARGEST
        if max(size) * samples > largest and not view.by_pixel:
            raise PresetError(
                f"{max(size)} pixels with {samples}×{samples} samples where the view {view.name} "
                f"can have {largest // samples} a side",
                key="size",
            )

    def _engine(self, network: Network) -> Engine:
        return ENGINES[self.engine_for(network).engine]

    def engine_for(self, what: Preset | Network) -> Choice:
        """The engine that draws a preset or network here, by its exact name, and why that one."""
        if self.ctx is None:
            return Choice(str(self._host or HOST), "asked for" if self._host else "no OpenGL")
        return self.chooser.engine_for(_network(what))

    def tune(self, what: Preset | Network, size: tuple[int, int] = (640, 360)) -> Choice:
        """Time the engines on this preset, remember the fastest, and return it.

        It is kept for all networks of the structure, in a file that can be deleted. Takes a second
        or a few; compiles each candidate.
        """
        if self.ctx is None:
            return self.engine_for(what)
        scene = _scene(what)
        with self._current():
            width, height = SIZE(tuple(size))
            least = (max(width, LEAST[0]), max(height, LEAST[1]))
            return self.chooser.tune(scene, least, self._region)

    def plan(self, what: Preset | Network, points: float, *, samples: int = 1) -> Choice:
        """Choose the engine for a long job of one network, and draw with it from now on.

        `points` are the pixels × samples² of all its frames, `samples` N for N×N of them a pixel.
        A job that is worth it measures the engines first; a baked program is taken where it saves
        more than its compilation costs, and never for a network that moves: each frame would be
        compiled. Nothing is measured for a view that does not draw by engines, or baked for one
        that draws other networks too. What is likely to compile for long does so in another
        process, within a limit; without one where a baked program was asked for.
        """
        if self.ctx is None:
            return self.engine_for(what)
        if isinstance(what, Preset) and what.network_moves:
            return self.engine_for(what)
        scene = _scene(what)
        view = view_of(scene.preset)
        if not view.by_engine:
            return self.engine_for(what)
        with self._current():
            if self._asked in ENGINES:
                self.chooser.compile_asked(scene, samples)
                return self.engine_for(what)
            return self.chooser.settle(
                scene, points, self._region, bakes=view.bakes, samples=samples
            )

    @property
    def tuning_path(self) -> Path | None:
        """The file of what was measured; None without OpenGL, or for a user without a home."""
        return self.chooser.cache.path if self.ctx is not None else None

    def _run(
        self, task: Task, view: View, engine: Engine, before: float = 0.0, share: float = 1.0
    ) -> None:
        """Do a task that is a share of the whole, and report."""
        what = f"drawing by {engine}" if view.by_pixel else f"drawing the view {view.name}"
        try:
            if not view.by_pixel:
                self.report(what, None)
            while not task.step(within(SECONDS)):
                if view.by_pixel:
                    self.report(what, before + share * task.fraction)
        finally:
            task.release()

    def _draw(self, view: View, scene: Scene, region: Region, dtype: str) -> NDArray[Any]:
        width, height = region.part
        picture = np.empty((height, width, 3), dtype)
        for (right, down), planes in self._regions(view, scene, region):
            pixels = self.presenter.read(planes) if dtype == "uint8" else planes.read()
            if planes.size == (width, height):
                picture = pixels
            else:
                picture[down : down + planes.size[1], right : right + planes.size[0]] = pixels
        return picture

    def _regions(
        self, view: View, scene: Scene, region: Region
    ) -> Iterator[tuple[tuple[int, int], Planes]]:
        """Where in a region each part lies, and its planes, which the next one draws over."""
        base, (width, height) = scene.network, region.part
        engine = self._engine(base)
        stage = Stage(self.painter, lambda network: self.chooser.engine_within(base, network))
        side = REGION if view.by_pixel else max(width, height)
        for down in range(0, height, side):
            for right in range(0, width, side):
                part = region.cut(right, down, min(side, width - right), min(side, height - down))
                planes = self._region(part.part)
                before = down * width + right * planes.size[1]
                share = planes.size[0] * planes.size[1] / (width * height)
                try:
                    task = begin(view, stage, planes, scene, part)
                    self._run(task, view, engine, before / (width * height), share)
                except BaseException:
                    self._free_region()
                    raise
                yield (right, down), planes
        if side > REGION:
            self._free_region()

    def reload(self, network: Network) -> None:
        """Read the shader files again. Raises ShaderError, and keeps the old ones, if any fails."""
        with self._current():
            fresh = self._presenter()
            try:
                self.painter.reload(network)
            except ShaderError:
                fresh.release()
                raise
            self.presenter.release()
            self.presenter = fresh

    def _presenter(self) -> Presenter:
        assert self.ctx is not None
        return Presenter(self.ctx, self._shaders)

    def _region(self, size: tuple[int, int]) -> Planes:
        if self._planes is None or self._planes.size != size:
            self._free_region()
            assert self.ctx is not None
            self._planes = Planes(self.ctx, size)
        return self._planes

    def _free_region(self) -> None:
        if self._planes is not None:
            self._planes.release()
            self._planes = None

    def release(self) -> None:
        """Free all that this renderer holds, its own context included."""
        if self._released:
            return
        with self._current():
            self._free_region()
            if self.ctx is not None:
                self.painter.release()
                self.presenter.release()
            self._released = True
        if self.ctx is not None and self._owned:
            self.ctx.release()
        self.ctx = None

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _network(what: Preset | Network) -> Network:
    return what if isinstance(what, Network) else what.network()


def _scene(what: Preset | Network, time: float = 0.0) -> Scene:
    """What to draw, or TypeError; a network alone is seen as a preset that says nothing else."""
    if not isinstance(what, Preset | Network):
        raise TypeError(f"a Preset or a Network can be drawn, not {type(what).__name__}")
    if isinstance(what, Network):
        return scene_of(Preset(), time, what)
    return scene_of(what, time)


def _cut(picture: NDArray[Any], part: Part) -> NDArray[Any]:
    left, top, width, height = part
    return picture[top : top + height, left : left + width]


def _inside(part: Sequence[int], size: tuple[int, int]) -> Part:
    """A part that lies within the picture, or ValueError."""
    left, top, width, height = (operator.index(n) for n in part)
    if not (0 <= left < left + width <= size[0] and 0 <= top < top + height <= size[1]):
        raise ValueError(f"part {tuple(part)} does not lie within {size[0]}×{size[1]} pixels")
    return left, top, width, height


def render(what: Preset | Network, size: tuple[int, int] = (640, 360), **options: Any) -> Any:
    """One picture by a renderer of its own; the options are those of `Renderer.render`."""
    with Renderer() as renderer:
        return renderer.render(what, size, **options)
