"""Drawing a moment of a journey: the sheet, grid lines, points, the cut of the output layer, axes.

Journey, position -> Moment (pixels, depths, colours) -> a PIL image
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import aggdraw
import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import RGB, Box, Float64
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.warp.journey import Frame
from cppn_gl.views.warp.lattice import Lattice

GROUND: RGB = (252, 251, 248)
INK: RGB = (40, 46, 58)
FAINT: RGB = (112, 118, 130)
AXIS: RGB = (150, 156, 166)
GRID: RGB = (228, 227, 222)
SHEET = 0.42  # opacity of the sheet's colours
LIGHT = np.array([-0.35, -0.45, 0.82])  # towards the light, in the camera's axes
SHADE = 0.5  # of a sheet seen by grazing light
FOG = 0.45  # of what is farthest away
FLATTEST, TALLEST = 0.02, 2.0  # heights of boxes of space, in sides of their ground
_FAR = 1e5  # pixels
_NEARER = 0.004  # depth by which points and lines are in front of the sheet they lie on


class View2D(Protocol):
    """From coordinates to pixels."""

    solid: bool

    def pixels(self, points: Float64) -> tuple[Float64, Float64]:
        """Pixels (N, 2) and depths (N,), larger farther away, of points (N, 3)."""


@dataclass(frozen=True)
class Flat:
    """The plane of the first two axes, as large as fits into a box, the same scale on both."""

    frame: Frame
    box: Box

    solid = False

    @property
    def scale(self) -> float:
        """Pixels per unit."""
        left, top, right, bottom = self.box
        wide, high = max(1, right - left), max(1, bottom - top)
        return float(min(wide / 2 / self.frame.half[0], high / 2 / self.frame.half[1]))

    @property
    def middle(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2

    def pixels(self, points: Float64) -> tuple[Float64, Float64]:
        x, y = self.middle
        with np.errstate(all="ignore"):
            away = (points[:, :2] - self.frame.center[:2]) * self.scale
        found = np.stack([x + away[:, 0], y - away[:, 1]], axis=1)
        return np.clip(found, -_FAR, _FAR), np.zeros(len(points))


@dataclass(frozen=True)
class Solid:
    """The box of a frame, seen by a camera, in a picture whose upper left corner is `corner`.

    Its ground is a square; the scale is the same on all axes.
    """

    frame: Frame
    camera: Camera
    corner: tuple[int, int] = (0, 0)

    solid = True

    @property
    def half(self) -> float:
        """Half a side of the box's ground."""
        return float(self.frame.half[:2].max())

    @property
    def relief(self) -> float:
        """Half the box's height, in half sides of its ground."""
        return relief_of(self.frame)

    def placed(self, points: Float64) -> Float64:
        """Points as the camera takes them: the box from -1 to 1."""
        with np.errstate(all="ignore"):
            return np.asarray((points - self.frame.center) / self.half)

    def pixels(self, points: Float64) -> tuple[Float64, Float64]:
        placed = self.placed(points)
        found = self.camera.project(placed)[:, :2] + self.corner
        # Along the camera's axis, also where the projection has become parallel.
        return np.clip(found, -_FAR, _FAR), -(placed @ self.camera.axes[2])


def relief_of(frame: Frame) -> float:
    """Half the height of a frame's box, in half sides of its square ground, FLATTEST to TALLEST."""
    return min(max(float(frame.half[2] / frame.half[:2].max()), FLATTEST), TALLEST)


@dataclass(frozen=True)
class Pens:
    """Widths in pixels: of lines, and the radius of points."""

    line: float
    dot: float


def shade(corners: Float64, colors: Float64, view: Solid) -> Float64:
    """Colours (M, 3) of pieces of the sheet with corners (M, 4, 3), lit from both sides."""
    one, other = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    with np.errstate(all="ignore"):
        normal = np.cross(one, other)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        lit = np.abs(normal @ (LIGHT @ view.camera.axes))
    return np.asarray(colors * (1 - SHADE * (1 - np.nan_to_num(lit, nan=1.0)))[:, None])


def inks(colors: Float64) -> list[RGB]:
    """Colours (M, 3) from 0 to 1 for a pen."""
    found = np.clip(np.round(255 * np.nan_to_num(colors)), 0, 255).astype(int)
    return [(r, g, b) for r, g, b in found.tolist()]


@dataclass(frozen=True, eq=False)
class Things:
    """What is drawn of a moment, in any order: pixels of outlines, depths, and how each is drawn."""

    outlines: Sequence[Sequence[float]]
    depths: Float64
    inks: Sequence[RGB]
    kind: str  # "area", "line", "dot" or "ring"


def things(
    lattice: Lattice,
    points: Float64,
    colors: Float64,
    view: "Flat | Solid",
    *,
    sheet: bool,
    lines: bool,
    plain: bool,
) -> list[Things]:
    """The sheet and the grid lines. `plain`: the sheet is the picture itself, with pale lines."""
    count = lattice.side**2
    pixels, depths = view.pixels(points[:count])
    ground = np.array(GROUND) / 255
    found = []
    if sheet:
        quads = lattice.quads
        shown = colors[quads].mean(axis=1)
        opacity = 0.9 if plain else SHEET
        shown = ground + opacity * (shown - ground)
        if isinstance(view, Solid):
            shown = shade(view.placed(points[:count])[quads], shown, view)
        found.append(_things(pixels, depths, quads, shown, "area"))
    if lines:
        pieces = lattice.pieces
        shown = colors[pieces[:, pieces.shape[1] // 2]]
        if plain and sheet:
            shown = _apart(shown)
        elif view.solid:
            shown = _fogged(shown, depths[pieces].mean(axis=1))
        found.append(_things(pixels, depths - _NEARER, pieces, shown, "line"))
    return found


def _apart(colors: Float64) -> Float64:
    """Colours of lines that are seen on a sheet of these colours: lighter on dark ones, or darker."""
    light = colors @ np.array([0.3, 0.59, 0.11])
    return np.asarray(np.where(light[:, None] < 0.5, colors + 0.4 * (1 - colors), 0.6 * colors))


def _fogged(colors: Float64, depths: Float64) -> Float64:
    """Colours that are paler the farther away they are."""
    ground = np.array(GROUND) / 255
    part = FOG * np.clip((np.nan_to_num(depths) + 1) / 2, 0, 1)[:, None]
    return np.asarray(colors + part * (ground - colors))


def _things(
    pixels: Float64, depths: Float64, index: NDArray[np.int64], colors: Float64, kind: str
) -> Things:
    good = np.isfinite(pixels[index]).all(axis=(1, 2))
    index, colors = index[good], colors[good]
    outlines = pixels[index].reshape(len(index), -1).tolist()
    return Things(outlines, depths[index].mean(axis=1), inks(colors), kind)


def dots(
    points: Float64, colors: Float64, hollow: NDArray[np.bool_], view: "Flat | Solid"
) -> list[Things]:
    """Points of the data; hollow ones are rings."""
    pixels, depths = view.pixels(points)
    found = []
    for kind, which in (("dot", ~hollow), ("ring", hollow)):
        some = np.flatnonzero(which)
        if len(some):
            found.append(
                _things(pixels, depths - 2 * _NEARER, some[:, None], colors[some], kind)
            )
    return found


def draw(draw: aggdraw.Draw, groups: Sequence[Things], pens: Pens) -> None:
    """Draw things, the farthest first; of equal depth, in the order given."""
    depths = np.concatenate([group.depths for group in groups]) if groups else np.zeros(0)
    which = np.repeat(np.arange(len(groups)), [len(group.depths) for group in groups])
    within = np.concatenate([np.arange(len(group.depths)) for group in groups]) if groups else []
    edge = aggdraw.Pen(GROUND, 1.2 * pens.line)
    for k in np.argsort(-depths, kind="stable").tolist():
        group, number = groups[which[k]], within[k]
        outline, ink = group.outlines[number], group.inks[number]
        if group.kind == "area":
            # The outline closes the seams between neighbours.
            draw.polygon(outline, aggdraw.Pen(ink, 0.7), aggdraw.Brush(ink))
        elif group.kind == "line":
            draw.line(outline, aggdraw.Pen(ink, pens.line))
        else:
            x, y = outline
            r = pens.dot
            if group.kind == "dot":
                draw.ellipse((x - r, y - r, x + r, y + r), edge, aggdraw.Brush(ink))
            else:
                r -= 0.8 * pens.line
                brush = aggdraw.Brush(GROUND)
                draw.ellipse((x - r, y - r, x + r, y + r), aggdraw.Pen(ink, 1.6 * pens.line), brush)
