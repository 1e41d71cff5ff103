"""Helpers for tests of surfaces and volumes: small networks, and a view's picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from rows import FRAGMENT

from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.tasks import within
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage

GAMMA = 2.2


def explicit(*layers: tuple[Any, Any, str], inputs: tuple[str, ...] = ("x", "y"), **show: Any):
    """A preset with explicit layers (weight, bias, activation) and options of its view."""
    spec = Layers(tuple(Layer(np.array(w), np.array(b), name) for w, b, name in layers), inputs)
    return Preset(spec).replace(**{f"show.{name}": value for name, value in show.items()})


def constant(value: float, inputs: tuple[str, ...] = ("x", "y"), **show: Any) -> Preset:
    """A preset whose one output, from 0 to 1, is the same everywhere."""
    inside = min(max(value, 1e-12), 1 - 1e-12)
    bias = np.log(inside / (1 - inside))
    return explicit(([[0.0] * len(inputs)], [bias], "sigmoid"), inputs=inputs, **show)


@contextmanager
def staged(renderer: Renderer) -> Iterator[Stage]:
    """A stage in a renderer's context."""
    assert renderer.ctx is not None
    with renderer.ctx:
        yield Stage(renderer.painter, lambda network: FRAGMENT)


def drawn(
    renderer: Renderer,
    preset: Preset,
    size: tuple[int, int],
    time: float = 0.0,
    *,
    budget: float = 1.0,
    scene: Scene | None = None,
) -> np.ndarray:
    """The picture of a preset's view, without the overlay."""
    with staged(renderer) as stage:
        planes = Planes(renderer.ctx, size)
        scene = scene or scene_of(preset, time)
        drawing = view_of(preset).begin(stage, planes, scene)
        for _ in range(10_000):
            if drawing.step(within(budget)):
                break
        else:
            raise AssertionError("the drawing does not finish")
        assert drawing.step(within(budget))
        pixels = planes.read()
        planes.release()
    return pixels


def at(pixels: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The pixel at (x, y), with y down."""
    return pixels[int(place[1]), int(place[0])]


def hue(color: np.ndarray) -> np.ndarray:
    """The fractions of red, green and blue light, which shading changes little."""
    light = np.clip(color, 1e-3, 1) ** GAMMA
    return light / light.sum(axis=-1, keepdims=True)
