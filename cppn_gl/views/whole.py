"""A view's picture, headless: all of it, with its words, as pixels in memory.

Scene -> View.begin() -> planes -> pixels -> View.overlay() over them
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.context import ContextError
from cppn_gl.numpy_engine import quantise
from cppn_gl.scene import Scene
from cppn_gl.schema import PresetError
from cppn_gl.targets import Planes, Presenter
from cppn_gl.views.base import HostView, Picture, Size, Stage, View, lay_over, painted
from cppn_gl.views.sampling import begin, mean_of_samples

DRAW_SECONDS = 0.25  # in one go; Windows resets a GPU after 2 s


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
    check(view, scene)
    if stage is None or presenter is None:
        pixels: NDArray[Any] = _on_host(view, scene, size, samples)
        pixels = quantise(pixels) if dtype == "uint8" else pixels
    else:
        pixels = _by_stage(view, stage, presenter, scene, size, samples, dtype)
    return lay_over(pixels, view.overlay(scene, size))


def check(view: View, scene: Scene) -> None:
    """Raise PresetError where a preset cannot be seen so."""
    if problem := view.problem(scene.preset):
        raise PresetError(f"the view {view.name} {problem}", key="show.view")


def _by_stage(
    view: View,
    stage: Stage,
    presenter: Presenter,
    scene: Scene,
    size: Size,
    samples: int,
    dtype: str,
) -> NDArray[Any]:
    largest = stage.painter.largest
    if max(size) * samples > largest:
        raise PresetError(
            f"{max(size)} pixels with {samples}×{samples} samples where the view {view.name} "
            f"can have {largest // samples} a side",
            key="--size",
        )
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
        raise ContextError(
            f"The view {view.name} draws with OpenGL, which is not to be had here.",
            "Use --view picture, or see `python -m cppn_gl doctor`.",
        )
    if samples == 1:
        return painted(view, scene, size)
    fine = painted(view, scene, (size[0] * samples, size[1] * samples), size)
    return mean_of_samples(np.asarray(fine), samples)
