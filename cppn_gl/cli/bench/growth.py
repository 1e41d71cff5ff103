"""How the time of a picture grows with its network's depth and width, and with its pixels.

SERIES: cells that differ in one quantity -> rows of the report -> growth_of: fitted exponents
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cppn_gl.cli.bench.measure import OURS
from cppn_gl.cli.bench.rows import MIN_ROUNDS, Cell, Row

SIZE = (640, 360)
SERIES: dict[str, dict[int, Cell]] = {  # by the quantity that grows, and its values
    "hidden layers": {depth - 1: ((depth, 30), SIZE) for depth in (5, 9, 17, 33, 64)},
    "width": {width: ((8, width), SIZE) for width in (32, 64, 128, 256)},
    "pixels": {
        width * height: ((10, 30), (width, height))
        for width, height in ((320, 180), SIZE, (1280, 720), (2560, 1440))
    },
}
CELLS = tuple(dict.fromkeys(cell for series in SERIES.values() for cell in series.values()))
LEAST = 3  # points of a fit


def growth_of(rows: Sequence[Row], peers: Sequence[str]) -> list[dict[str, Any]]:
    """The exponents of time ~ quantity^exponent, ours and the peers'.

    The time of a band counts, except for the pixels: it is scaled in proportion to them.
    """
    sound = [row for row in rows if row.ms and row.rounds >= MIN_ROUNDS]
    growth = []
    for quantity, series in SERIES.items():
        fit = [row for row in sound if row.rows == row.size[1] or quantity != "pixels"]
        measured = {(row.network, row.size): row for row in fit}
        found = {value: measured[cell] for value, cell in series.items() if cell in measured}
        times = {OURS: {value: row.ms for value, row in found.items()}}
        for name in peers:
            times[name] = {v: row.peers[name] for v, row in found.items() if name in row.peers}
        exponents = {name: _exponent(points) for name, points in times.items()}
        growth.append(
            {
                "quantity": quantity,
                "threads": rows[0].threads,
                "from": min(found, default=None),
                "to": max(found, default=None),
                "exponents": exponents,
            }
        )
    return growth


def _exponent(points: dict[int, Any]) -> float | None:
    """The slope of the logarithms' least-squares line; None with too few points."""
    if len(points) < LEAST:
        return None
    slope, _ = np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)
    return float(slope)
