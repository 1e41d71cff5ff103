"""A view's picture, headless: all of it, with its words, as pixels in memory.

Scene -> View.begin() -> planes -> pixels -> View.overlay() over them
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.picture import quantise
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.engines.gl.targets import Planes, Presenter
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.checks import PresetError
from cppn_gl.views.base import HostView, Picture, Size, Stage, View, lay_over, painted
from cppn_gl.views.sampling import begin, mean_of_samples

DRAW_SECONDS = 0.25  # in one go; Windows resets a GPU after 2 s
DOCTOR = "Run `python -m cppn_gl doctor`."
LARGEST = 16_384  # pixels × samples a side, without OpenGL, whose own limit is about that


def whole(
    view: View,
    scene: Scene,
    size: Size,
    *,
    samples: int = 1,
    dtype: str = "uint8",
    stage: Stage | None = None,
    presenter: Presenter | None = None,
) -> NDArray[Any]:
    """The (height, width, 3) pixels of a view, display values, uint8 or float32.

    `samples`: N×N a pixel. Without a `stage` (no OpenGL) only host views can be drawn. Raises
    PresetError where the preset cannot be seen so, ContextError where OpenGL is needed.
    """
    largest = stage.painter.largest if stage is not None else LARGEST
    check(view, scene.preset, size, samples, largest)
    if stage is None or presenter is None:
        pixels: NDArray[Any] = _on_host(view, scene, size, samples)
        pixels = quantise(pixels) if dtype == "uint8" else pixels
    else:
        pixels = _by_stage(view, stage, presenter, scene, size, samples, dtype)
    return lay_over(pixels, view.overlay(scene, size))


def check(view: View, preset: Preset, size: Size, samples: int, largest: int = LARGEST) -> None:
    """Raise PresetError where a preset cannot be seen so, or not in so many pixels."""
    if problem := view.problem(preset):
        raise PresetError(f"the view {view.name} {problem}", key="show.view")
    if max(size) * samples > largest:
        raise PresetError(
            f"{max(size)} pixels with {samples}×{samples} samples where the view {view.name} "
            f"can have {largest // samples} a side",
            key="size",
        )


def check_opengl(view: View, fallback: ContextError | None) -> None:
    """Raise ContextError where a view needs the OpenGL that there is not, for a reason."""
    if fallback is not None and not isinstance(view, HostView):
        raise ContextError(f"The view {view.name} needs OpenGL: {fallback.message}", fallback.hint)


def _by_stage(
    view: View,
    stage: Stage,
    presenter: Presenter,
    scene: Scene,
    size: Size,
    samples: int,
    dtype: str,
) -> NDArray[Any]:
    planes = Planes(stage.painter.ctx, size)
    drawing = None
    try:
        drawing = begin(view, stage, planes, scene, samples)
        while not drawing.step(DRAW_SECONDS):
            pass
        return presenter.read(planes) if dtype == "uint8" else planes.read()
    finally:
        if drawing is not None:
            drawing.release()
        planes.release()


def _on_host(view: View, scene: Scene, size: Size, samples: int) -> Picture:
    if not isinstance(view, HostView):
        raise ContextError(f"The view {view.name} needs OpenGL.", DOCTOR)
    if samples == 1:
        return painted(view, scene, size)
    fine = painted(view, scene, (size[0] * samples, size[1] * samples), size)
    return mean_of_samples(np.asarray(fine), samples)
