"""The network diagram: connections between units as lines, by sign and magnitude of the weight.

Network, Dashboard -> connections() -> [Connection …], weakest first -> drawn() -> RGBA
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cppn_gl.nn.network import Network
from cppn_gl.utils.arrays import Box, Float64
from cppn_gl.views.strokes import Stroke, layer_of_strokes
from cppn_gl.views.units.dashboard import Dashboard, Unit
from cppn_gl.views.units.wiring import incoming, weighted

MOST = 400  # lines; more are indistinguishable
NEGATIVE, POSITIVE = (92, 148, 255), (255, 122, 84)
CLEAR, FAINTEST = 16, 0.3  # up to so many lines per layer are opaque; the least opacity of more
PASSED = 0.3  # strength of a connection that passes a unit on without a weight, among others
LEAST = 0.12  # opacity of a weight near 0
WIDTHS = 0.7, 2.6  # line widths in pixels, of the weakest and strongest, between large tiles


@dataclass(frozen=True)
class Connection:
    """From a unit to one that reads it. `weight`: relative to the layer's largest, -1 to 1."""

    source: Unit
    target: Unit
    weight: float


def connections(
    network: Network, board: Dashboard, only: Unit | None = None, most: int = MOST
) -> list[Connection]:
    """The `most` strongest connections, weakest first; with `only`, those of that unit.

    Strength is relative to the layer's largest weight, so that every layer is represented.
    """
    found: list[NDArray[np.float64]] = []  # (layer read, layer, source, target, weight)
    shown = {column.layer for column in board.columns}
    for layer in sorted(shown - {0}):
        fixed = 1.0 if only or weighted(network.stages[layer - 1]) else PASSED
        for read, weight in incoming(network, layer):
            if read not in shown or (only is not None and only[0] not in (read, layer)):
                continue
            relative = fixed * (weight / max(float(np.abs(weight).max()), 1e-30))
            at: tuple[Any, Any] = (slice(None), slice(None))
            if only is not None:
                at = (only[1], slice(None)) if only[0] == layer else (slice(None), only[1])
            places: NDArray[Any] = np.indices(relative.shape)
            rows, columns = places[0][at].ravel(), places[1][at].ravel()
            flat = relative[at].ravel()
            best = np.argsort(-np.abs(flat), kind="stable")[:most]
            ends = (np.full(len(best), one) for one in (read, layer))
            found.append(np.stack([*ends, columns[best], rows[best], flat[best]], 1))
    if not found:
        return []
    every = np.concatenate(found)
    every = every[np.argsort(-np.abs(every[:, -1]), kind="stable")[:most]][::-1]
    return [
        Connection((int(read), int(source)), (int(layer), int(target)), float(weight))
        for read, layer, source, target, weight in every
        if weight
    ]


def drawn(lines: list[Connection], board: Dashboard, size: tuple[int, int]) -> Image.Image:
    """The lines as an RGBA overlay for a picture of `size`."""
    overlay = Image.new("RGBA", size, (0, 0, 0, 0))
    layers = {line.target[0] for line in lines}
    thick = min(board.font_size / 15, board.pitch[0] / 24, board.pitch[1] / 15)
    faint = min(1.0, max(FAINTEST, (CLEAR * len(layers) / max(1, len(lines))) ** 0.5))
    edge = math.ceil(thick * WIDTHS[1]) + 1
    units = {unit for line in lines for unit in (line.source, line.target)}
    boxes = {unit: board.box(unit) for unit in units}
    fronts = {unit: board.kernel_box(unit) or box for unit, box in boxes.items()}
    for layer in sorted(layers):
        some = [line for line in lines if line.target[0] == layer]
        strength = np.array([abs(line.weight) for line in some])
        widths = thick * (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * strength)
        opacities = (LEAST + (1 - LEAST) * strength) * faint
        ends = np.array([_ends(boxes[line.source], fronts[line.target]) for line in some])
        strokes = [
            Stroke(points, POSITIVE if line.weight > 0 else NEGATIVE, width, opacity=opacity)
            for line, points, width, opacity in zip(
                some, _longer(ends, widths), widths.tolist(), opacities.tolist(), strict=True
            )
        ]
        left, right = round(ends[..., 0].min()), round(ends[..., 0].max())
        top = max(0, int(ends[..., 1].min() - edge))
        box = (left, top, max(left + 1, right), int(ends[..., 1].max() + edge))
        overlay.alpha_composite(layer_of_strokes(box, strokes), (left, top))
    return overlay


def behind(overlay: Image.Image, board: Dashboard) -> None:
    """Leave the lines out where there are tiles: those that skip a layer pass behind it."""
    for column in (*board.columns, *board.kernels):
        for index in range(column.count):
            left, top, right, bottom = board.box_in(column, index)
            overlay.paste((0, 0, 0, 0), (left, top, right, bottom))


def _ends(source: Box, target: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """The middles of the sides of two tiles that face each other, (x, y) each."""
    return (source[2], (source[1] + source[3]) / 2), (target[0], (target[1] + target[3]) / 2)


def _longer(ends: Float64, widths: Float64) -> Float64:
    """Lines (N, 2, 2) lengthened so that they end along the tiles' sides when clipped there."""
    step = ends[:, 1] - ends[:, 0]
    across, down = step.T
    share = widths / 2 * np.abs(down) / np.maximum(1, across) / np.maximum(1, np.hypot(*step.T))
    added = share[:, None] * step
    return np.stack([ends[:, 0] - added, ends[:, 1] + added], axis=1)
