"""The network diagram: connections between units as lines, by sign and magnitude of the weight.

Network, Dashboard -> connections() -> [Connection …], weakest first -> drawn() -> RGBA
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.nn.network import Network
from cppn_gl.views.units.dashboard import Dashboard, Unit

MOST = 400  # lines; more are indistinguishable
FINE = 2  # enlargement of the image for anti-aliasing
NEGATIVE, POSITIVE = (92, 148, 255), (255, 122, 84)
CLEAR, FAINTEST = 16, 0.3  # up to so many lines per layer are opaque; the least opacity of more
WIDTHS = 0.7, 2.6  # line widths in pixels, of the weakest and strongest, between large tiles


@dataclass(frozen=True)
class Connection:
    """From a unit to one of the next layer. `weight`: relative to the layer's largest, -1 to 1."""

    source: Unit
    target: Unit
    weight: float


def connections(
    network: Network, board: Dashboard, only: Unit | None = None, most: int = MOST
) -> list[Connection]:
    """The `most` strongest connections, weakest first; with `only`, those of that unit.

    Strength is relative to the layer's largest weight, so that every layer is represented.
    """
    found: list[NDArray[np.float64]] = []  # (layer, source, target, weight)
    for column in board.columns[1:]:
        layer = column.layer
        if only is not None and only[0] not in (layer - 1, layer):
            continue
        weight = network.layers[layer - 1].weight
        relative = weight / max(float(np.abs(weight).max()), 1e-30)
        at: tuple[Any, Any] = (slice(None), slice(None))
        if only is not None:
            at = (only[1], slice(None)) if only[0] == layer else (slice(None), only[1])
        places: NDArray[Any] = np.indices(relative.shape)
        rows, columns = places[0][at], places[1][at]
        flat = relative[at].ravel()
        best = np.argsort(-np.abs(flat), kind="stable")[:most]
        where = np.full(len(best), layer)
        found.append(np.stack([where, columns.ravel()[best], rows.ravel()[best], flat[best]], 1))
    if not found:
        return []
    every = np.concatenate(found)
    every = every[np.argsort(-np.abs(every[:, 3]), kind="stable")[:most]][::-1]
    return [
        Connection((int(layer) - 1, int(source)), (int(layer), int(target)), float(weight))
        for layer, source, target, weight in every
        if weight
    ]


def drawn(lines: list[Connection], board: Dashboard, size: tuple[int, int]) -> Image.Image:
    """The lines as an RGBA overlay for a picture of `size`, anti-aliased."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    if not lines:
        return image
    ends = np.array([_ends(line, board) for line in lines])
    left, right = max(0, int(ends[:, 0].min()) - 4), int(ends[:, 2].max()) + 4
    top, bottom = max(0, int(ends[:, 1::2].min()) - 4), int(ends[:, 1::2].max()) + 4
    box = ((right - left) * FINE, (bottom - top) * FINE)
    signs = [Image.new("L", box, 0) for _ in range(2)]  # opacity, by sign
    pens = [ImageDraw.Draw(sign) for sign in signs]
    thick = min(board.font_size / 15, board.pitch[0] / 24, board.pitch[1] / 15) * FINE
    dense = len(lines) / len({line.target[0] for line in lines})  # lines per layer
    faint = min(1.0, max(FAINTEST, (CLEAR / dense) ** 0.5))
    for line, place in zip(lines, (ends - (left, top, left, top)) * FINE, strict=True):
        strength = abs(line.weight)
        width = max(1, round(thick * (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * strength)))
        ink = round((30 + 225 * strength) * faint)
        pens[line.weight > 0].line(tuple(place), fill=ink, width=width)
    for sign, color in zip(signs, (NEGATIVE, POSITIVE), strict=True):
        opaque = sign.reduce(FINE)
        one = Image.new("RGBA", opaque.size, (*color, 0))
        one.putalpha(opaque)
        image.alpha_composite(one, (left, top))
    return image


def _ends(line: Connection, board: Dashboard) -> tuple[float, float, float, float]:
    source, target = board.box(line.source), board.box(line.target)
    return source[2], (source[1] + source[3]) / 2, target[0], (target[1] + target[3]) / 2
