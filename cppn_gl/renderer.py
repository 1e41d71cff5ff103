"""Pictures from presets, headless: `Renderer.render`, with OpenGL or without.

Preset or Network -> Scene -> Drawing, region by region -> planes -> float32 or uint8 pixels
"""

import operator
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl import numpy_engine
from cppn_gl.context import ContextError, ContextInfo, describe, open_context
from cppn_gl.network import Network
from cppn_gl.painter import Drawing, Painter, Scene
from cppn_gl.picture import SAMPLES, SIDES, SIZE, TIME
from cppn_gl.preset import Preset
from cppn_gl.schema import nearest
from cppn_gl.shader import ShaderError, compose
from cppn_gl.targets import Planes, Presenter

Part = tuple[int, int, int, int]  # left, top, width, height, in pixels

ENGINES = ("auto", "fragment", "numpy")
REGION = 2048  # pixels; a larger picture is drawn in regions, which bounds the memory
DRAW_SECONDS = 0.25  # one draw call; Windows resets a GPU after 2 s


@dataclass(frozen=True)
class RendererInfo:
    """What draws: the engine, the renderer's name, and the context's limits (None without GL)."""

    engine: str
    renderer: str
    context: ContextInfo | None


class Renderer:
    """Draws presets and networks. Holds a headless context of its own, reused between calls.

    `engine`: "fragment" (OpenGL), "numpy" (no OpenGL), or "auto": OpenGL where it is to be had,
    else NumPy, with a RuntimeWarning and the reason in `fallback`. Raises ContextError where
    "fragment" is asked for and cannot be had, ValueError for an unknown engine.

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
        if engine not in ENGINES:
            raise ValueError(f"no engine {engine!r}{nearest(engine, ENGINES)}")
        self.fallback: ContextError | None = None
        self._owned = context is None
        self._shaders = shaders
        self._lock = threading.RLock()
        self._released = False
        self.ctx = context if engine != "numpy" else None
        if engine != "numpy" and context is None:
            try:
                self.ctx = open_context()
            except ContextError as error:
                if engine != "auto":
                    raise
                self.fallback = error
                warnings.warn(f"drawing with NumPy: {error}", RuntimeWarning, stacklevel=2)
        self._planes: Planes | None = None
        if self.ctx is None:
            self.info = RendererInfo("numpy", f"NumPy {np.__version__}", None)
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
        self.info = RendererInfo("fragment", found.renderer, found)
        version = glsl or (420 if ctx.version_code >= 420 else 330)
        self.presenter = self._presenter()
        self.painter = Painter(ctx, version, self._shaders)

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Hold this renderer's own context current, and other threads off."""
        with self._lock:
            if self._released:
                raise RuntimeError("this renderer has been released")
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
        from the whole, which may then be too large to draw.
        """
        if dtype not in ("uint8", "float32"):
            raise ValueError(f"dtype {dtype!r} is not 'uint8' or 'float32'")
        preset = what if isinstance(what, Preset) else Preset()
        if not isinstance(what, Preset | Network):
            raise TypeError(f"a Preset or a Network can be drawn, not {type(what).__name__}")
        network = what if isinstance(what, Network) else what.network()
        size, time, samples = _sides(size, part), TIME(time), SAMPLES(samples)
        part = _inside(part or (0, 0, *size), size)
        with self._current():
            if self.ctx is not None:
                scene = Scene(network, preset.view, preset.animation.clock(time))
                return self._draw(scene, size, part, samples, dtype)
        clock = preset.animation.clock(time)
        picture = numpy_engine.draw(network, preset.view, clock, size, samples, part)
        return numpy_engine.quantise(picture) if dtype == "uint8" else picture

    def _draw(
        self, scene: Scene, size: tuple[int, int], part: Part, samples: int, dtype: str
    ) -> NDArray[Any]:
        left, top, width, height = part
        picture = np.empty((height, width, 3), dtype)
        for down in range(0, height, REGION):
            for right in range(0, width, REGION):
                region = (min(REGION, width - right), min(REGION, height - down))
                planes = self._region(region)
                offset = (left + right, top + down)
                drawing = Drawing(
                    self.painter, planes, scene, size=size, offset=offset, samples=samples
                )
                while not drawing.step(DRAW_SECONDS):
                    pass
                pixels = self.presenter.read(planes) if dtype == "uint8" else planes.read()
                picture[down : down + region[1], right : right + region[0]] = pixels
        return picture

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
        vertex, present = (compose(f, folder=self._shaders) for f in ("full.vert", "present.frag"))
        return Presenter(self.ctx, vertex, present)

    def _region(self, size: tuple[int, int]) -> Planes:
        if self._planes is None or self._planes.size != size:
            if self._planes is not None:
                self._planes.release()
            assert self.ctx is not None
            self._planes = Planes(self.ctx, size)
        return self._planes

    def release(self) -> None:
        """Free all that this renderer holds, its own context included."""
        if self._released:
            return
        with self._current():
            if self._planes is not None:
                self._planes.release()
                self._planes = None
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


def _sides(size: Sequence[int], part: Part | None) -> tuple[int, int]:
    """A size that can be drawn: its pixels are only limited where all of them are asked for."""
    return SIZE(tuple(size)) if part is None else SIDES(tuple(size))


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
