"""Pictures from presets, headless: `Renderer.render`, with OpenGL or without.

Preset or Network -> Scene -> Drawing, region by region -> planes -> float32 or uint8 pixels
"""

import warnings
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
from cppn_gl.picture import SAMPLES, SIZE, TIME
from cppn_gl.preset import Preset
from cppn_gl.schema import nearest
from cppn_gl.shader import ShaderError, compose
from cppn_gl.targets import Planes, Presenter

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
        self.ctx = context
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
        found = describe(self.ctx)
        self.info = RendererInfo("fragment", found.renderer, found)
        version = glsl or (420 if self.ctx.version_code >= 420 else 330)
        self.painter = Painter(self.ctx, version, shaders)
        self.presenter = self._presenter()

    def render(
        self,
        what: Preset | Network,
        size: tuple[int, int] = (640, 360),
        time: float = 0.0,
        *,
        samples: int = 1,
        dtype: str = "uint8",
    ) -> NDArray[Any]:
        """The picture as (height, width, 3), row 0 on top: display values, sRGB-encoded.

        `size` is (width, height) in pixels, `time` in seconds, `samples` N for N×N samples a
        pixel. `dtype` is "uint8" (round(255 v)) or "float32" (before quantisation; not clamped
        at one sample). A pixel whose value is not a finite number is magenta, (1, 0, 1).
        """
        if dtype not in ("uint8", "float32"):
            raise ValueError(f"dtype {dtype!r} is not 'uint8' or 'float32'")
        preset = what if isinstance(what, Preset) else Preset()
        network = what if isinstance(what, Network) else what.network()
        size = SIZE(tuple(int(side) for side in size))
        time, samples = TIME(time), SAMPLES(samples)
        if self.ctx is None:
            picture = numpy_engine.draw(network, preset.view, preset.animation, size, time, samples)
            return numpy_engine.quantise(picture) if dtype == "uint8" else picture
        scene = Scene(network, preset.view, preset.animation.clock(time))
        width, height = size
        picture = np.empty((height, width, 3), dtype)
        for top in range(0, height, REGION):
            for left in range(0, width, REGION):
                part = (min(REGION, width - left), min(REGION, height - top))
                planes = self._region(part)
                drawing = Drawing(
                    self.painter, planes, scene, size=size, offset=(left, top), samples=samples
                )
                while not drawing.step(DRAW_SECONDS):
                    pass
                pixels = self.presenter.read(planes) if dtype == "uint8" else planes.read()
                picture[top : top + part[1], left : left + part[0]] = pixels
        return picture

    def reload(self, network: Network) -> None:
        """Read the shader files again. Raises ShaderError, and keeps the old ones, if any fails."""
        assert self.ctx is not None
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
        if self.ctx is None:
            return
        if self._planes is not None:
            self._planes.release()
            self._planes = None
        self.painter.release()
        self.presenter.release()
        if self._owned:
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


def render(what: Preset | Network, size: tuple[int, int] = (640, 360), **options: Any) -> Any:
    """One picture by a renderer of its own; the options are those of `Renderer.render`."""
    with Renderer() as renderer:
        return renderer.render(what, size, **options)
