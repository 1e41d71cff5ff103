"""Draws views without a window, in steps, as the window does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from rows import EXACT

from cppn_gl import Preset, Renderer
from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.tasks import within
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage


def stage_of(renderer: Renderer) -> Stage:
    return Stage(
        renderer.painter, lambda network: EXACT[renderer.chooser.engine_for(network).engine]
    )


@contextmanager
def begun(
    renderer: Renderer,
    preset: Preset,
    size: tuple[int, int],
    time: float = 0.0,
    region: Region | None = None,
) -> Iterator[Any]:
    """A view's drawing in progress; its planes are freed at the end. `region`: of that size."""
    assert renderer.ctx is not None
    with renderer.ctx as ctx:
        planes = Planes(ctx, size)
        stage, scene = stage_of(renderer), scene_of(preset, time)
        drawing: Any = view_of(preset).begin(stage, planes, scene, region)
        drawing.planes = planes
        yield drawing
        planes.release()


def viewed(
    renderer: Renderer,
    preset: Preset,
    size: tuple[int, int],
    time: float = 0.0,
    budget: float = 0.01,
    region: Region | None = None,
) -> np.ndarray:
    """The picture of a preset's view, (height, width, 3) float32."""
    with begun(renderer, preset, size, time, region) as drawing:
        while not drawing.step(within(budget)):
            pass
        return drawing.planes.read()
