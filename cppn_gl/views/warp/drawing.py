"""Drawing a moment of a journey: the sheet, grid lines, points, the cut of the output layer, axes.

Journey, position -> Moment (pixels, depths, colours) -> a PIL image
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aggdraw
import numpy as np
from numpy.typing import NDArray

from cppn_gl.utils.arrays import RGB, Box, Float64
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.marks import HOLE
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.warp.journey import Frame
from cppn_gl.views.warp.lattice import Lattice

Call = tuple[Any, ...]  # a function and its arguments

GROUND: RGB = (252, 251, 248)
INK: RGB = (40, 46, 58)
FAINT: RGB = (112, 118, 130)
AXIS: RGB = (150, 156, 166)
GRID: RGB = (228, 227, 222)
SHEET, THROUGH = 0.6, 150  # the sheet's colours on the ground; its opacity, of 255
PRINTED, SOLID = 0.9, 255  # the same of one that shows a picture
LIGHT = np.array([-0.3, 0.62, 0.72])  # towards the light, in the camera's axes
RIM = 0.3  # width of the light line around a point, in its radius
SHADE = 0.22  # of a sheet seen by grazing light
FOG = 0.45  # of what is farthest away
_AT_ONCE = 800  # things drawn between two yields
_SEAM = (0.25, 0.7)  # pixels that pieces overlap, of a sheet to be seen through, of a picture
FLATTEST, TALLEST = 0.02, 2.0  # heights of boxes of space, in sides of their ground
_FAR = 1e5  # pixels
_NEARER = 0.02, 0.1  # depth by which lines, and points, are in front of the sheet they lie on


@dataclass(frozen=True)
class Flat:
    """The plane of the first two axes in a box of pixels, the same scale on both.

    inner: the part of the box, in pixels, that the frame just fits into. zoom: enlarges it.
    """

    frame: Frame
    box: Box
    inner: tuple[float, float, float, float]
    zoom: float = 1.0

    solid = False

    @property
    def scale(self) -> float:
        """Pixels per unit."""
        left, top, right, bottom = self.inner
        wide, high = max(1.0, right - left), max(1.0, bottom - top)
        fitting = min(wide / 2 / self.frame.half[0], high / 2 / self.frame.half[1])
        return float(self.zoom * fitting)

    @property
    def middle(self) -> tuple[float, float]:
        left, top, right, bottom = self.inner
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
        """Half a side of the box's ground; a box too high for it is made wider."""
        return max(float(self.frame.half[:2].max()), float(self.frame.half[2]) / TALLEST)

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
    with np.errstate(all="ignore"):
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
    """What is drawn of a moment: outlines in pixels, their middles in space (M, 3), how near each
    is to the eye, and colours. kind: "area", "line", "dot" or "ring". opacity: of areas, to 255.
    """

    outlines: Sequence[Sequence[float]]
    middles: Float64
    depths: Float64
    inks: Sequence[RGB]
    kind: str
    opacity: int = 255


@dataclass(frozen=True, eq=False)
class Cut:
    """A plane that the output layer cuts space by: normal · place = offset.

    outline: its corners within the frame (K, 3); two in a plane. opacity: 0 to 1.
    """

    normal: Float64
    offset: float
    outline: Float64
    ink: RGB
    opacity: float


def grid(
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
    places = points[:count]
    pixels, depths = view.pixels(places)
    ground = np.array(GROUND) / 255
    found = []
    if sheet:
        quads = lattice.quads
        shown = colors[quads].mean(axis=1)
        shown = ground + (PRINTED if plain else SHEET) * (shown - ground)
        if isinstance(view, Solid):
            shown = shade(view.placed(places)[quads], shown, view)
        areas = _things(places, pixels, depths, quads, shown, "area")
        closed = _closed(areas.outlines, _SEAM[plain])
        found.append(replace(areas, outlines=closed, opacity=SOLID if plain else THROUGH))
    if lines:
        pieces = lattice.pieces
        shown = colors[pieces[:, pieces.shape[1] // 2]]
        if plain and sheet:
            shown = _apart(shown)
        elif view.solid:
            shown = _fogged(shown, depths[pieces].mean(axis=1))
        found.append(_things(places, pixels, depths - _NEARER[0], pieces, shown, "line"))
    return found


def _closed(outlines: Sequence[Sequence[float]], by: float) -> Sequence[Sequence[float]]:
    """Quadrangles that reach `by` pixels over their neighbours, to close the seams between them."""
    corners = np.array(outlines).reshape(-1, 4, 2)
    away = corners - corners.mean(axis=1, keepdims=True)
    away *= by / np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-9)
    found: list[list[float]] = (corners + away).reshape(-1, 8).tolist()
    return found


def _apart(colors: Float64) -> Float64:
    """Colours of lines to be seen on a sheet of these colours: lighter on dark ones, or darker."""
    light = colors @ np.array([0.3, 0.59, 0.11])
    return np.asarray(np.where(light[:, None] < 0.5, colors + 0.4 * (1 - colors), 0.6 * colors))


def _fogged(colors: Float64, depths: Float64) -> Float64:
    """Colours that are paler the farther away they are."""
    ground = np.array(GROUND) / 255
    part = FOG * np.clip((np.nan_to_num(depths) + 1) / 2, 0, 1)[:, None]
    return np.asarray(colors + part * (ground - colors))


def _things(
    places: Float64,
    pixels: Float64,
    depths: Float64,
    index: NDArray[np.int64],
    colors: Float64,
    kind: str,
) -> Things:
    good = np.isfinite(pixels[index]).all(axis=(1, 2))
    index, colors = index[good], colors[good]
    outlines = pixels[index].reshape(len(index), -1).tolist()
    middles = places[index].mean(axis=1)
    return Things(outlines, middles, depths[index].mean(axis=1), inks(colors), kind)


def dots(
    points: Float64, colors: Float64, hollow: NDArray[np.bool_], view: "Flat | Solid"
) -> list[Things]:
    """Points of the data; hollow ones are rings."""
    pixels, depths = view.pixels(points)
    found = []
    for kind, which in (("dot", ~hollow), ("ring", hollow)):
        some = np.flatnonzero(which)[:, None]
        if len(some):
            shown = colors[some[:, 0]]
            found.append(_things(points, pixels, depths - _NEARER[1], some, shown, kind))
    return found


def draw(
    pen: aggdraw.Draw,
    groups: Sequence[Things],
    cuts: Sequence[Cut],
    view: "Flat | Solid",
    pens: Pens,
) -> Steps[None]:
    """Draw things, the farthest first, and between those behind it and before it a single cut."""
    cut = cuts[0] if len(cuts) == 1 and isinstance(view, Solid) else None
    calls = [call for group in groups for call in _calls(pen, group, pens)]
    depths = np.concatenate([group.depths for group in groups] or [np.zeros(0)])
    front = np.zeros(len(depths), bool)
    if cut is not None and isinstance(view, Solid):
        eye = view.frame.center + view.half * view.camera.eye
        middles = np.concatenate([group.middles for group in groups] or [np.zeros((0, 3))])
        side = middles @ cut.normal > cut.offset
        front = side == (eye @ cut.normal > cut.offset)
    order = np.lexsort((-depths, front))
    behind = int((~front).sum()) if cut is not None else len(order)
    yield from _carry_out(calls, order[:behind])
    for one in cuts:
        _draw_cut(pen, one, view, pens, filled=one is cut)
    yield from _carry_out(calls, order[behind:])


def _calls(pen: aggdraw.Draw, group: Things, pens: Pens) -> Iterator[Call]:
    """How each thing is drawn. Things of one colour share a brush or a pen."""
    made: dict[RGB, Any] = {}
    draw, opacity = pen.polygon, group.opacity
    for outline, ink in zip(group.outlines, group.inks, strict=True):
        tool = made.get(ink)
        if tool is None:
            line = group.kind == "line"
            tool = aggdraw.Pen(ink, pens.line) if line else aggdraw.Brush(ink, opacity)
            draw = pen.line if line else pen.polygon if group.kind == "area" else pen.ellipse
            made[ink] = tool
        yield (
            (draw, outline, tool)
            if len(outline) > 2
            else _dot(pen, group.kind, outline, tool, pens)
        )


def _dot(
    pen: aggdraw.Draw, kind: str, middle: Sequence[float], brush: aggdraw.Brush, pens: Pens
) -> Call:
    """A disc with a light edge, or a ring."""
    (x, y), r = middle, pens.dot
    edge = aggdraw.Pen(GROUND, max(0.5, RIM * r))
    box = x - r, y - r, x + r, y + r
    if kind == "dot":
        return pen.ellipse, box, edge, brush
    hole = x - HOLE * r, y - HOLE * r, x + HOLE * r, y + HOLE * r

    def ring() -> None:
        pen.ellipse(box, edge, brush)
        pen.ellipse(hole, aggdraw.Brush(GROUND))

    return (ring,)


def _carry_out(calls: Sequence[Call], order: NDArray[np.int64]) -> Steps[None]:
    for number, at in enumerate(order.tolist(), 1):
        if number % _AT_ONCE == 0:
            yield
        function, *arguments = calls[at]
        function(*arguments)


def _draw_cut(
    pen: aggdraw.Draw, cut: Cut, view: "Flat | Solid", pens: Pens, *, filled: bool
) -> None:
    pixels, _ = view.pixels(cut.outline)
    if len(pixels) < 2 or not np.isfinite(pixels).all():
        return
    opacity = round(255 * cut.opacity)
    if isinstance(view, Flat):
        pixels = within(pixels, view.box)
    outline = pixels.ravel().tolist()
    if isinstance(view, Flat) and outline:
        pen.line(outline, aggdraw.Pen(GROUND, 4.6 * pens.line, round(0.8 * opacity)))
        pen.line(outline, aggdraw.Pen(cut.ink, 2.2 * pens.line, opacity))
    elif len(pixels) > 2:
        edge = aggdraw.Pen(cut.ink, 1.4 * pens.line, opacity)
        brush = aggdraw.Brush(cut.ink, round(0.16 * opacity) if filled else 0)
        pen.polygon(outline, edge, brush)


def within(ends: Float64, box: Box) -> Float64:
    """The part of a line (2, 2) in a box (Liang and Barsky 1984); (0, 2) if there is none."""
    start, step = ends[0], ends[1] - ends[0]
    low, high = np.array(box[:2], np.float64), np.array(box[2:], np.float64)
    low, high = low - start, high - start
    first, last = 0.0, 1.0
    for axis in (0, 1):
        if not step[axis]:
            last = last if low[axis] <= 0 <= high[axis] else -1.0
            continue
        near, far = sorted((low[axis] / step[axis], high[axis] / step[axis]))
        first, last = max(first, float(near)), min(last, float(far))
    if first >= last:
        return np.zeros((0, 2))
    return np.array([start + first * step, start + last * step])
