"""The weights of the network diagram as lines: which are shown, which is pointed at, drawing them.

Drawn, unit -> Wires: the lines of a unit, or the strongest of each layer -> at(place) -> Handle
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.preset.given import Unit
from cppn_gl.viewer.layout import Rect
from cppn_gl.viewer.network_map import Drawn, Plan, of_unit
from cppn_gl.views.units.diagram import NEGATIVE, POSITIVE

OF_UNIT = 48  # lines to a unit, and from it
WIDTHS = 0.6, 2.4  # of lines, in pixels at a font size of 15: the weakest, the strongest
FAINT = 0.16  # opacity of the weakest line


@dataclass(frozen=True)
class Handle:
    """A number that can be dragged: a weight, or for no source the bias of the target."""

    target: Unit
    source: int | None


class Wires:
    """The lines shown: those of one unit, or the strongest of each layer. Weakest first."""

    def __init__(self, drawn: Drawn, unit: Unit | None):
        board = drawn.plan
        found: list[tuple[Unit, Unit, float]] = []  # target, source, relative weight
        self.dense = unit is None
        self._graph = isinstance(drawn.scene.network, GraphNetwork)
        if unit is not None:
            found = of_unit(drawn.scene.network, unit, OF_UNIT)
        else:
            for layer, strong in enumerate(drawn.lines, 1):
                columns = strong.targets, strong.sources, strong.weights
                found += [
                    ((layer, int(t)), (strong.layer, int(s)), float(w))
                    for t, s, w in zip(*columns, strict=True)
                ]
        self._of = [line for line in found if line[2] or not self.dense]
        starts = [middle(board, source) for _, source, _ in self._of]
        ends = [middle(board, target) for target, _, _ in self._of]
        self._starts = np.array(starts, np.float64).reshape(-1, 2)
        self._ends = np.array(ends, np.float64).reshape(-1, 2)

    def at(self, place: tuple[float, float], near: float) -> Handle | None:
        """The line at a place; of several, the nearest. None in a graph: its lines are kernels."""
        if not self._of or self._graph:
            return None
        along = self._ends - self._starts
        from_start = np.array(place) - self._starts
        length = np.maximum((along**2).sum(axis=1), 1e-9)
        part = np.clip((from_start * along).sum(axis=1) / length, 0, 1)
        apart = np.hypot(*(from_start - part[:, None] * along).T)
        best = int(apart.argmin())
        if apart[best] > near:
            return None
        target, source, _ = self._of[best]
        return Handle(target, source[1])

    def paint(
        self,
        pen: Any,
        rect: Rect,
        unit: float,
        strengths: Sequence[NDArray[np.float64]] | None,
        handle: Handle | None,
        opacity: float = 1.0,
    ) -> None:
        """Draw them; `strengths`: of the units at the pointer, which light up their lines."""
        scale = unit / 15
        inks = [[c / 255 for c in sign] for sign in (NEGATIVE, POSITIVE)]
        faint = opacity * (0.55 if self.dense else 1.0)
        held = None
        for line, start, end in zip(self._of, self._starts, self._ends, strict=True):
            target, (layer, source), weight = line
            strength = abs(weight)
            visible = (FAINT + (1 - FAINT) * strength) * faint
            if strengths is not None and source < len(strengths[layer]):
                visible *= 0.15 + 1.1 * float(strengths[layer][source])
            thick = scale * (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * strength)
            if handle == Handle(target, source):
                held = start, end, inks[weight > 0]
                continue
            shade = color(inks[weight > 0], min(visible, 1.0))
            pen.add_line(at(rect, *start), at(rect, *end), shade, thick)
        if held is not None:
            start, end, own = held
            pen.add_line(at(rect, *start), at(rect, *end), ink(0.9), scale * 4.5)
            pen.add_line(at(rect, *start), at(rect, *end), color(own, 1), scale * 2.5)


def middle(board: Plan, unit: Unit) -> tuple[float, float]:
    """The centre of a unit's tile."""
    left, top, right, bottom = board.box(unit)
    return (left + right) / 2, (top + bottom) / 2


def at(rect: Rect, x: float, y: float) -> Any:
    """A place in a rectangle, for imgui."""
    return imgui.ImVec2(rect.x + x, rect.y + y)


def color(rgb: Sequence[float], opacity: float) -> int:
    """A colour of sRGB values from 0 to 1, for imgui."""
    return int(imgui.get_color_u32(imgui.ImVec4(rgb[0], rgb[1], rgb[2], opacity)))


def ink(opacity: float) -> int:
    """The colour of text."""
    return int(imgui.get_color_u32(imgui.Col_.text, opacity))


def cross(pen: Any, place: Any, unit: float) -> None:
    """Mark a place on a picture of any colours."""
    arm = 0.35 * unit
    for shade, thick in ((0xC0000000, 3.0), (0xFFFFFFFF, 1.2)):
        for dx, dy in ((arm, 0.0), (0.0, arm)):
            start = imgui.ImVec2(place.x - dx, place.y - dy)
            pen.add_line(start, imgui.ImVec2(place.x + dx, place.y + dy), shade, thick)
