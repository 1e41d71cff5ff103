"""Headless rendering of presets and networks: `Renderer.render`, with or without OpenGL.

Preset or Network -> Scene -> View.begin(), region by region -> planes -> float32 or integer pixels
"""

import operator
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.choosing import Chooser
from cppn_gl.engines.gl.context import ContextError, ContextInfo, describe, open_context
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import ShaderError
from cppn_gl.engines.gl.stream import FinishedPicture, Mosaic, PendingPicture
from cppn_gl.engines.gl.targets import Planes, Presenter
from cppn_gl.engines.names import (
    AUTO,
    ENGINES,
    STAND_IN,
    WITHOUT_OPENGL,
    cpu_engine,
    engine_name,
    requested_engine,
    without_opengl,
)
from cppn_gl.engines.tuning import Choice
from cppn_gl.nn.network import Network
from cppn_gl.preset.animation import TIME
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of, shown_network
from cppn_gl.preset.shot import SAMPLES, SIDES, SIZE
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.quantising import quantise, shifted, sixteen_bits
from cppn_gl.utils.tasks import SECONDS, Stepping, Task, within
from cppn_gl.utils.threads import thread_count
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage, View, lay_over
from cppn_gl.views.sampling import begin, settled

__all__ = ["Choice", "Renderer", "RendererInfo", "render"]

Part = tuple[int, int, int, int]  # left, top, width, height, in pixels

MIN_TIMED = (160, 90)  # pixels: the smallest picture that engines are timed on
DTYPES = ("uint8", "uint16", "float32")
REGION = 2048  # pixels a side; a larger picture is drawn in regions of this size to bound memory
LARGEST = 16_384  # pixels × samples a side, without OpenGL; OpenGL's own limit is similar


@dataclass(frozen=True)
class RendererInfo:
    """What draws: the requested engine, the name of the renderer, the context's limits.

    `engine` is "auto" if the engine is chosen for each network (`Renderer.engine_for`); without
    OpenGL it is the name of the engine that draws instead, and `context` is None.
    """

    engine: str
    renderer: str
    context: ContextInfo | None


class Renderer:
    """Draws presets and networks with its own headless context, which is reused between calls.

    `engine` is one of `names.engine_names()`. "auto" is the engine that was measured to be fastest
    on this machine, or an estimate if nothing was measured; without OpenGL it is native or
    NumPy, with a RuntimeWarning and the reason in `fallback`. The environment variable
    CPPN_GL_ENGINE replaces "auto". Raises PresetError for a wrong value of it, of CPPN_GL_ISA or of
    CPPN_GL_THREADS, ContextError if the engine needs OpenGL and it is not
    available, ValueError for an unknown engine.

    Its own context is current only while it draws, so several renderers can be used alternately and
    from any thread. If a `context` is passed, the caller makes it current.

    `report(activity, fraction)` is called during long work; the fraction done, from 0 to 1, is
    None if unknown.
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
            engine = requested_engine()
        # Wrong environment variables are errors now, not while drawing.
        native.library()
        thread_count()
        self._asked = engine
        self.report: Callable[[str, float | None], None] = lambda activity, fraction: None
        self.fallback: ContextError | None = None
        self._given, self._owned = context, context is None
        self._shaders = shaders
        self._lock = threading.RLock()
        self._released = False
        self._cpu = cpu_engine(engine)  # the requested engine, if it needs no OpenGL
        self.ctx = context if self._cpu is None else None
        if self._cpu is None and context is None:
            try:
                self.ctx = open_context()
            except ContextError as error:
                if engine != "auto":
                    raise
                self.fallback = error
                words = f"drawing with {without_opengl().display_name}: {error}"
                warnings.warn(words, RuntimeWarning, stacklevel=2)
        self._planes: Planes | None = None
        if self.ctx is None:
            drawer = self._cpu or without_opengl()
            check_cpu_engine(drawer)
            self.info = RendererInfo(str(drawer), drawer.renderer, None)
            return
        try:
            with self._current():
                self._open(self.ctx, glsl)
        except BaseException:
            if self._owned:
                self.ctx.release()
            raise

    def _open(self, ctx: moderngl.Context, glsl: int | None) -> None:
        context = describe(ctx)
        self.info = RendererInfo(self._asked, context.renderer, context)
        version = glsl or (420 if ctx.version_code >= 420 else 330)
        self.presenter = self._presenter()
        self.painter = Painter(ctx, version, self._shaders, software=context.software)
        self.chooser = Chooser(
            self.painter, context, self._asked, report=lambda activity: self.report(activity, None)
        )
        if problem := self.chooser.problem:
            raise ContextError(
                f"The engine {self._asked} {problem}; {context.renderer} has OpenGL "
                f"{context.version_code // 100}.{context.version_code // 10 % 10}.",
                f"Use the engine {STAND_IN}.",
                "engine",
            )

    def _open_late(self) -> None:
        """Open OpenGL although the engine does not use it, for a view that draws with it."""
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
        """Exclude other threads."""
        with self._lock:
            if self._released:
                raise RuntimeError("this renderer has been released")
            yield

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Exclude other threads, with this renderer's own context current."""
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
        samples: Samples = 1,
        dtype: str = "uint8",
        part: Part | None = None,
        overlay: bool = True,
    ) -> NDArray[Any]:
        """The picture as (height, width, 3), row 0 on top: display values, sRGB-encoded.

        The view `picture` of a network with four outputs is (height, width, 4): the fourth is
        alpha, straight (not premultiplied).

        `size` is (width, height) in pixels, `time` in seconds. `samples` is N for N×N samples per
        pixel, or "auto" for as many as each part of the picture needs, up to 8×8; a view that is
        not drawn pixel by pixel then has a fixed N. `dtype` is "uint8" (round(255 v), or with noise
        if the preset's colours are dithered), "uint16" (round(65535 v)) or "float32" (before
        quantisation; colours are not clamped at one sample). A pixel whose value is not finite is
        magenta, (1, 0, 1), and opaque.
        `part` = (left, top, width, height) in pixels returns only that rectangle, with the same
        values as in the whole picture. Views that draw pixel by pixel then draw nothing else, so
        `size` may exceed what can be drawn at once; sheets draw only the cells in it; other views
        are drawn whole and cropped. `overlay`: with the view's lines and text over the picture.
        """
        if dtype not in DTYPES:
            raise ValueError(f"dtype {dtype!r} is not one of {', '.join(map(repr, DTYPES))}")
        scene = _scene(what, TIME(time))
        view, samples = view_of(scene.preset), SAMPLES(samples)
        size = SIDES(tuple(size)) if part is not None and view.unbounded else SIZE(tuple(size))
        part = _inside(part or (0, 0, *size), size)
        region = settled(view, Region.of(size, samples))
        if view.by_part:
            region = region.cut(*part)
        with self._held():
            self.check(scene.preset, size, samples)
            engine = self._engine(scene.network)
        pixels: NDArray[Any]
        if view.on_cpu(engine):
            task = Stepping(view.paint_region(scene, engine, region))
            self._run(task, view, engine)
            assert task.result is not None
            pixels = task.result
            if dtype == "uint8":
                boxes = view.dithered(scene.preset, size)
                pixels = quantise(pixels, shifted(boxes, region.offset))
        else:
            self._open_late()
            with self._current():
                pixels = self._draw(view, scene, region, dtype)
        if not view.by_part:
            pixels = _cut(pixels, part)
        if overlay:
            left, top, width, height = part
            box = left, top, left + width, top + height
            pixels = lay_over(pixels, view.overlay_of(scene, size, box))
        return sixteen_bits(np.asarray(pixels)) if dtype == "uint16" else pixels

    def begin(
        self,
        what: Preset | Network,
        size: tuple[int, int] = (640, 360),
        time: float = 0.0,
        *,
        samples: Samples = 1,
        dtype: str = "uint8",
    ) -> PendingPicture:
        """Start `render` without waiting for the pixels; another may be started first.

        Only pictures of 8 bits, of views drawn pixel by pixel with OpenGL, do not wait.
        """
        scene = _scene(what, TIME(time))
        view = view_of(scene.preset)
        with self._held():
            engine = self._engine(scene.network)
        if view.on_cpu(engine) or not view.by_pixel or dtype != "uint8":
            pixels = self.render(what, size, time, samples=samples, dtype=dtype)
            return FinishedPicture(pixels)
        region = Region.of(SIZE(tuple(size)), SAMPLES(samples))
        with self._current():
            drawn = self._regions(view, scene, region)
            boxes = view.dithered(scene.preset, region.size)
            regions = [
                (place, self.presenter.start(planes, shifted(boxes, place)))
                for place, planes in drawn
            ]
        return Mosaic(region.size, regions, self._current)

    def check(self, preset: Preset, size: tuple[int, int] = (1, 1), samples: Samples = 1) -> None:
        """Raise the error of `render` if a preset's view cannot be drawn. Draws nothing."""
        view = view_of(preset)
        samples = settled(view, Region.of((1, 1), samples)).samples
        if self.fallback is not None and not view.on_cpu(without_opengl()):
            message = f"The view {view.name} needs OpenGL: {self.fallback.message}"
            raise ContextError(message, self.fallback.hint)
        if problem := view.unfit(preset):
            raise PresetError(f"the view {view.name} {problem}", key="show.view")
        largest = self.painter.largest if self.ctx is not None else LARGEST
        if max(size) * samples > largest and not view.unbounded:
            raise PresetError(
                f"{max(size)} pixels with {samples}×{samples} samples are too many: the limit of "
                f"the view {view.name} is {largest // samples} a side",
                key="size",
            )

    def _engine(self, network: Network) -> Engine:
        return ENGINES[self.engine_for(network.on_plane).engine]

    def engine_for(self, what: Preset | Network) -> Choice:
        """The exact name of the engine that draws a preset or network, and why it was chosen."""
        with self._lock:  # another thread may be opening OpenGL
            if self.ctx is None:
                return self._without_opengl(_network(what))
            return self.chooser.engine_for(_network(what))

    def _without_opengl(self, network: Network) -> Choice:
        """The engine that draws a network if none that needs OpenGL can."""
        if self._cpu is None:
            return Choice(str(without_opengl(network)), "no OpenGL")
        if problem := self._cpu.problem(network, WITHOUT_OPENGL):
            return Choice(str(without_opengl(network)), f"{self._cpu} {problem}")
        return Choice(str(self._cpu), "requested")

    def forget(self, what: Preset | Network) -> None:
        """Forget what is kept of a network's pictures for other samples and colours, to time it."""
        with self._current():
            self._engine(_network(what)).forget(getattr(self, "painter", None))

    def tune(self, what: Preset | Network, size: tuple[int, int] = (640, 360)) -> Choice:
        """Time the engines on a preset, store the fastest, and return it.

        The result applies to all networks of the same structure. It is stored in the file
        `tuning_path`, which can be deleted. Compiles every candidate, which takes a few seconds.
        """
        if self.ctx is None:
            return self.engine_for(what)
        scene = _scene(what)
        if scene.preset.classifies:
            return self.engine_for(what)
        with self._current():
            width, height = SIZE(tuple(size))
            timed = (max(width, MIN_TIMED[0]), max(height, MIN_TIMED[1]))
            return self.chooser.tune(scene, timed, self._planes_for(scene))

    def plan(
        self,
        what: Preset | Network,
        points: float,
        *,
        samples: Samples = 1,
        bakes: bool = True,
    ) -> Choice:
        """Choose the engine for a job of one network, and draw with it from now on.

        `points` is the number of samples in all frames, `samples` as in `render`. For a long job
        the engines are measured first. A baked program is used if it saves more time than its
        compilation costs; never for a network that changes over time, since each frame would be
        compiled. Nothing is measured for a view that does not use engines, and nothing baked for a
        view that draws other networks too, or without `bakes`. Long compilations run in another
        process, with a time limit unless a baked engine was requested.
        """
        if self.ctx is None:
            return self.engine_for(what)
        if isinstance(what, Preset) and what.network_moves:
            return self.engine_for(what)
        scene = _scene(what)
        view = view_of(scene.preset)
        samples = 2 if samples == "auto" else samples
        if scene.preset.classifies or not view.by_engine:
            return self.engine_for(what)
        with self._current():
            if self._asked in ENGINES:
                self.chooser.compile_requested(scene, samples)
                return self.engine_for(what)
            return self.chooser.settle(
                scene, points, self._planes_for(scene), bakes=bakes and view.bakes, samples=samples
            )

    @property
    def tuning_path(self) -> Path | None:
        """The file with the measurements; None without OpenGL or a home directory."""
        with self._lock:
            return self.chooser.cache.path if self.ctx is not None else None

    def _run(
        self, task: Task, view: View, engine: Engine, before: float = 0.0, fraction: float = 1.0
    ) -> None:
        """Run a task, a `fraction` of the picture of which `before` is done, and report."""
        activity = f"drawing with {engine}" if view.by_pixel else f"drawing the view {view.name}"
        try:
            if not view.by_pixel:
                self.report(activity, None)
            while not task.step(within(SECONDS)):
                if view.by_pixel or task.fraction:
                    self.report(activity, before + fraction * task.fraction)
        finally:
            task.release()

    def _draw(self, view: View, scene: Scene, region: Region, dtype: str) -> NDArray[Any]:
        """The pixels of a region as uint8, or as float32 for any other dtype."""
        width, height = region.part
        eight = dtype == "uint8"
        shape = height, width, scene.network.channels
        picture = np.empty(shape, np.uint8 if eight else np.float32)
        boxes = view.dithered(scene.preset, region.size) if eight else ()
        boxes = shifted(boxes, region.offset)
        for (right, down), planes in self._regions(view, scene, region):
            here = shifted(boxes, (right, down))
            pixels = self.presenter.read(planes, here) if eight else planes.read()
            if planes.size == (width, height):
                picture = pixels
            else:
                picture[down : down + planes.size[1], right : right + planes.size[0]] = pixels
        return picture

    def _regions(
        self, view: View, scene: Scene, region: Region
    ) -> Iterator[tuple[tuple[int, int], Planes]]:
        """The offset of each part in a region, and its planes, which the next part reuses."""
        base, (width, height) = scene.network.on_plane, region.part
        engine = self._engine(base)
        stage = Stage(self.painter, lambda network: self.chooser.engine_within(base, network))
        side = REGION if view.unbounded else max(width, height)
        for down in range(0, height, side):
            for right in range(0, width, side):
                part = region.cut(right, down, min(side, width - right), min(side, height - down))
                planes = self._region(part.part, base.channels)
                before = down * width + right * planes.size[1]
                fraction = planes.size[0] * planes.size[1] / (width * height)
                try:
                    task = begin(view, stage, planes, scene, part)
                    self._run(task, view, engine, before / (width * height), fraction)
                except BaseException:
                    self._free_region()
                    raise
                yield (right, down), planes
        if side > REGION:
            self._free_region()

    def reload(self, network: Network) -> None:
        """Reload the shader files. If any fails, keeps the old ones and raises ShaderError."""
        with self._current():
            fresh = self._presenter(self.presenter)
            try:
                self.painter.reload(network)
            except ShaderError:
                fresh.release()
                raise
            self.presenter.release()
            self.presenter = fresh

    def _presenter(self, like: Presenter | None = None) -> Presenter:
        assert self.ctx is not None
        return Presenter(self.ctx, self._shaders, like)

    def _planes_for(self, scene: Scene) -> Callable[[tuple[int, int]], Planes]:
        return partial(self._region, channels=scene.network.channels)

    def _region(self, size: tuple[int, int], channels: int = 3) -> Planes:
        held = self._planes
        if held is None or (held.size, held.channels) != (size, channels):
            self._free_region()
            assert self.ctx is not None
            held = self._planes = Planes(self.ctx, size, channels)
        return held

    def _free_region(self) -> None:
        if self._planes is not None:
            self._planes.release()
            self._planes = None

    def release(self) -> None:
        """Release all resources, including the renderer's own context."""
        with self._lock:
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


def check_cpu_engine(engine: Engine) -> None:
    """Raise ContextError if an engine that runs on the CPU can draw nothing here."""
    if problem := engine.problem(None, WITHOUT_OPENGL):
        hint = f"Use the engine {without_opengl()}."
        raise ContextError(f"The engine {engine} {problem}.", hint, "engine")


def _network(what: Preset | Network) -> Network:
    """The network that an engine is chosen for."""
    network = what.complete() if isinstance(what, Network) else shown_network(what)
    return network.on_plane


def _scene(what: Preset | Network, time: float = 0.0) -> Scene:
    """The scene of a preset, or of a network with the default view and colours, or TypeError."""
    if not isinstance(what, Preset | Network):
        raise TypeError(f"expected a Preset or a Network, not {type(what).__name__}")
    if isinstance(what, Network):
        return scene_of(Preset(), time, what.complete())
    return scene_of(what, time)


def _cut(picture: NDArray[Any], part: Part) -> NDArray[Any]:
    left, top, width, height = part
    return picture[top : top + height, left : left + width]


def _inside(part: Sequence[int], size: tuple[int, int]) -> Part:
    """The part as integers. Raises ValueError if it is not inside the picture."""
    if len(part) != 4:
        raise ValueError(f"part {tuple(part)}; expected (left, top, width, height)")
    left, top, width, height = (operator.index(n) for n in part)
    if not (0 <= left < left + width <= size[0] and 0 <= top < top + height <= size[1]):
        raise ValueError(f"part {tuple(part)} is not within the {size[0]}×{size[1]} pixels")
    return left, top, width, height


def render(what: Preset | Network, size: tuple[int, int] = (640, 360), **options: Any) -> Any:
    """Render one picture with a temporary Renderer; the options are those of `Renderer.render`."""
    with Renderer() as renderer:
        return renderer.render(what, size, **options)
