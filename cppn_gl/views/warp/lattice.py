"""The grid of the plane that is followed through a network: vertices, lines, cells as indices."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Float64

FINE = 4  # vertices along a side of a cell, at most
SHEET = 20  # cells along a side where there are no lines
_WORK = 1.2e9  # multiplications for all vertices, about, at most
_REFERENCE = 12  # reference points along a side

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Lattice:
    """A square of `cells` × `cells`, each side of a cell divided into `fine` parts.

    Vertices are in rows from the bottom left, `side` in each.
    """

    cells: int
    fine: int

    @classmethod
    def of(cls, lines: int, work: float) -> "Lattice":
        """For a number of cells along a side, and multiplications at each point."""
        cells = lines or SHEET
        side = max(2.0, (_WORK / work) ** 0.5)
        return cls(cells, max(1, min(FINE, int(side / cells))))

    @property
    def side(self) -> int:
        return self.cells * self.fine + 1

    def vertices(self, view: Viewport) -> Float64:
        """x and y of all vertices, (side², 2)."""
        along = np.linspace(-1.0, 1.0, self.side)
        x, y = np.meshgrid(along, along)
        places = np.stack([x.ravel(), y.ravel()], axis=1)
        return np.asarray(np.array(view.center) + view.extent * places)

    @property
    def reference(self) -> list[int]:
        """Some vertices all over the square."""
        at = np.round(np.linspace(0, self.side - 1, _REFERENCE)).astype(int)
        return [int(i) for i in (at[:, None] * self.side + at).ravel()]

    @property
    def quads(self) -> Index:
        """The corners (M, 4), in a circle, of the pieces of the sheet: half a cell on a side."""
        return _quads(self)

    @property
    def pieces(self) -> Index:
        """The vertices (M, K), in order, of pieces of grid lines: each along half a cell."""
        return _pieces(self)

    @property
    def step(self) -> int:
        """Vertices along the side of a quad and along a piece."""
        return max(1, self.fine // 2)


@lru_cache(maxsize=8)
def _quads(of: Lattice) -> Index:
    starts = np.arange(0, of.side - 1, of.step)
    first = (starts[:, None] * of.side + starts).ravel()
    right, up = of.step, of.step * of.side
    return np.stack([first, first + right, first + right + up, first + up], axis=1)


@lru_cache(maxsize=8)
def _pieces(of: Lattice) -> Index:
    lines, starts = np.arange(0, of.side, of.fine), np.arange(0, of.side - 1, of.step)
    along = starts[:, None] + np.arange(of.step + 1)  # (pieces, K)
    level = lines[:, None, None] * of.side + along
    upright = along * of.side + lines[:, None, None]
    return np.concatenate([level.reshape(-1, of.step + 1), upright.reshape(-1, of.step + 1)])
