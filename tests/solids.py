"""Helpers for tests of surfaces and volumes: small networks, and a view's picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from rows import FRAGMENT

from cppn_gl.engines.base import Region
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
    region: Region | None = None,
) -> np.ndarray:
    """The picture of a preset's view, without the overlay."""
    with staged(renderer) as stage:
        planes = Planes(renderer.ctx, size)
        scene = scene or scene_of(preset, time)
        drawing = view_of(preset).begin(stage, planes, scene, region)
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


def edge_places(pixels: np.ndarray, rough: np.ndarray, reach: int = 5) -> np.ndarray:
    """Where an edge crosses each column, in pixels, by how much of each pixel lies below it.

    pixels (height, width, 3); rough (width,): about the edge's row in each column.
    """
    found = []
    for column, row in enumerate(rough):
        top, low = int(row) - reach, int(row) + reach + 1
        part = pixels[top:low, column].astype(float)
        step = part[-1] - part[0]
        below = np.clip((part - part[0]) @ step / (step @ step), 0, 1)
        found.append(low - below.sum())
    return np.array(found)


def roughness(places: np.ndarray) -> float:
    """The root mean square, in pixels, of an edge's distance from a smooth curve."""
    x = np.linspace(-1, 1, len(places))
    curve = np.polynomial.Polynomial.fit(x, places, 7)
    return float(np.sqrt(np.mean((places - curve(x)) ** 2)))
