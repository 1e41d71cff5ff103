"""Small drawings in the panel: icons, activation curves, densities of weights, strips of colours.

Each draws into the current imgui window, within a rectangle (x, y, width, height) in pixels.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate
from cppn_gl.preset.color import Color, strip
from cppn_gl.viewer.gui.style import ACCENT, CHANGED

CURVE_POINTS = 53
MIXED = 4  # activations whose curves are drawn over each other, at most
CURVE_BOX = (-2.6, 2.6, -1.15, 1.45)  # x and y shown of an activation
DENSITY_POINTS = 25
STRIP = 96  # colours of a strip
CHANGED_ON_LIGHT = (0.72, 0.38, 0.0)
PROBLEM = (0.93, 0.36, 0.33)

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Vec = imgui.ImVec2


def ink(alpha: float = 1.0) -> int:
    """The colour of text, more or less opaque."""
    return imgui.get_color_u32(imgui.Col_.text, alpha)


def tint(rgb: tuple[float, float, float], alpha: float = 1.0) -> int:
    return imgui.get_color_u32(imgui.ImVec4(*rgb, alpha))


def accent(alpha: float = 1.0) -> int:
    return tint(ACCENT, alpha)


def changed(alpha: float = 1.0) -> int:
    """The colour of what differs from the loaded preset: darker on light ground."""
    dark = imgui.get_style().color_(imgui.Col_.text).x > 0.5
    return tint(CHANGED if dark else CHANGED_ON_LIGHT, alpha)


def polyline(points: Sequence[tuple[float, float]], color: int, thickness: float) -> None:
    draw = imgui.get_window_draw_list()
    draw.add_polyline([Vec(x, y) for x, y in points], color, thickness, 0)


# Activations and initialisations


@lru_cache(maxsize=64)
def _curve(name: str) -> tuple[tuple[float, float], ...]:
    """Points of an activation's curve in the unit square, y down: the part within CURVE_BOX."""
    left, right, bottom, top = CURVE_BOX
    x = np.linspace(left, right, CURVE_POINTS)
    y = activate(name, x)
    inside = (bottom <= y) & (y <= top)
    x, y = x[inside], y[inside]
    across, down = (x - left) / (right - left), (top - y) / (top - bottom)
    return tuple(zip(across.tolist(), down.tolist(), strict=True))


def curve(name: str | Sequence[str], box: Box, color: int) -> None:
    """An activation's curve, or those of the first few, with the axes faintly."""
    x, y, width, height = box
    left, right, bottom, top = CURVE_BOX
    zero_x, zero_y = x - left / (right - left) * width, y + top / (top - bottom) * height
    polyline(((x, zero_y), (x + width, zero_y)), ink(0.18), 1)
    polyline(((zero_x, y), (zero_x, y + height)), ink(0.18), 1)
    for one in (name,) if isinstance(name, str) else name[:MIXED]:
        points = [(x + a * width, y + b * height) for a, b in _curve(one)]
        polyline(points, color, max(1.2, height * 0.075))


@lru_cache(maxsize=8)
def _density(distribution: str) -> tuple[tuple[float, float], ...]:
    """A density of standard deviation 1: places from -3 to 3, heights relative to a normal's."""
    if distribution == "uniform":
        end, height = math.sqrt(3), math.sqrt(2 * math.pi / 12)
        return ((-3, 0), (-end, 0), (-end, height), (end, height), (end, 0), (3, 0))
    x = np.linspace(-3, 3, DENSITY_POINTS)
    return tuple(zip(x.tolist(), np.exp(-x * x / 2).tolist(), strict=True))


def density(distribution: str, relative: float, box: Box, color: int) -> None:
    """The density of weights; `relative`: their σ in that of the widest density that fits."""
    x, y, width, height = box
    polyline(((x, y + height), (x + width, y + height)), ink(0.18), 1)
    scale = width / 6 * min(relative, 1.2)
    points = [
        (x + width / 2 + place * scale, y + height * (1 - 0.92 * high))
        for place, high in _density(distribution)
    ]
    polyline(points, color, max(1.2, height * 0.075))


# Colours


@lru_cache(maxsize=128)
def strip_pixels(color: Color) -> NDArray[np.uint8]:
    """The colours of a mapping, (1, STRIP, 4)."""
    shown = np.clip(strip(color, STRIP), 0, 1)
    return np.round(np.hstack([shown, np.ones((STRIP, 1), np.float32)])[None] * 255).astype(
        np.uint8
    )


def color_strip(gui: Any, color: Color, box: Box) -> None:
    """A mapping's colours, in a rectangle with rounded corners."""
    x, y, width, height = box
    texture = gui.texture(f"strip {color.mapping}", strip_pixels(color), color)
    ends = Vec(x, y), Vec(x + width, y + height)
    draw = imgui.get_window_draw_list()
    inset = 0.5 / STRIP
    draw.add_image_rounded(
        texture, *ends, Vec(inset, 0), Vec(1 - inset, 1), 0xFFFFFFFF, height * 0.2
    )
    draw.add_rect(*ends, ink(0.25), height * 0.2)


# Icons: each in a square


def icon(name: str, box: Box, color: int) -> None:
    """An icon: undo, dice, play, next, first, pause, left, right, down, close, search …"""
    x, y, size, _ = box
    thin = max(1.0, size * 0.09)
    draw = imgui.get_window_draw_list()

    def at(a: float, b: float) -> Point:
        return x + a * size, y + b * size

    def lines(*points: Point) -> None:
        polyline([at(*point) for point in points], color, thin)

    def triangle(a: Point, b: Point, c: Point) -> None:
        draw.add_triangle_filled(Vec(*at(*a)), Vec(*at(*b)), Vec(*at(*c)), color)

    if name == "undo":
        draw.path_arc_to(Vec(*at(0.52, 0.54)), size * 0.27, -2.6, 2.1, 16)
        draw.path_stroke(color, thin)
        triangle((0.14, 0.42), (0.46, 0.46), (0.24, 0.18))
    elif name == "dice":
        draw.add_rect(Vec(*at(0.14, 0.14)), Vec(*at(0.86, 0.86)), color, size * 0.16, thin)
        for a, b in ((0.33, 0.33), (0.67, 0.33), (0.5, 0.5), (0.33, 0.67), (0.67, 0.67)):
            draw.add_circle_filled(Vec(*at(a, b)), size * 0.07, color)
    elif name == "play":
        triangle((0.28, 0.18), (0.28, 0.82), (0.82, 0.5))
    elif name == "next":
        triangle((0.2, 0.2), (0.2, 0.8), (0.66, 0.5))
        draw.add_rect_filled(Vec(*at(0.68, 0.2)), Vec(*at(0.82, 0.8)), color)
    elif name == "first":
        triangle((0.8, 0.2), (0.8, 0.8), (0.34, 0.5))
        draw.add_rect_filled(Vec(*at(0.18, 0.2)), Vec(*at(0.32, 0.8)), color)
    elif name == "pause":
        for a in (0.25, 0.58):
            draw.add_rect_filled(Vec(*at(a, 0.2)), Vec(*at(a + 0.17, 0.8)), color)
    elif name == "search":
        draw.add_circle(Vec(*at(0.43, 0.43)), size * 0.26, color, 0, thin)
        lines((0.62, 0.62), (0.86, 0.86))
    else:
        strokes: dict[str, list[tuple[Point, ...]]] = {
            "left": [((0.6, 0.22), (0.34, 0.5), (0.6, 0.78))],
            "right": [((0.4, 0.22), (0.66, 0.5), (0.4, 0.78))],
            "down": [((0.22, 0.38), (0.5, 0.64), (0.78, 0.38))],
            "close": [((0.26, 0.26), (0.74, 0.74)), ((0.74, 0.26), (0.26, 0.74))],
            "plus": [((0.5, 0.2), (0.5, 0.8)), ((0.2, 0.5), (0.8, 0.5))],
            "check": [((0.2, 0.52), (0.42, 0.74), (0.8, 0.26))],
        }
        for stroke in strokes[name]:
            lines(*stroke)
