"""Anti-aliased lines on Pillow images: curves, diagrams, axes.

Places and widths are fractions of pixels, joins are round, coverage is exact: Anti-Grain Geometry,
by aggdraw. Pixel k reaches from k to k + 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aggdraw
import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import RGB, Box, Float64

_SHARP, _STEPS, _STEP = np.pi / 5, 6, 0.02  # joins: radians, parts of a turn, pixels
_LONG = 400  # box heights that lines climb and fall, for exact coverage
_NEAR = 64.0  # pixels beyond the box that a line is followed
_FAR = 20_000  # pixels: shorter straight lines need no preparation
_DASHES = 2000  # of a line, at most


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line through `points`, (N, 2) pixels, interrupted where they are not finite.

    width: in pixels. dash: the length of dashes and of the gaps between them in pixels, 0 for none.
    dots: the radius of a disc at each point, 0 for none. opacity: 0 to 1.
    """

    points: Float64
    ink: RGB
    width: float
    dash: float = 0.0
    dots: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Disc:
    """A filled circle with its centre at a place, in pixels."""

    place: tuple[float, float]
    radius: float
    ink: RGB
    opacity: float = 1.0


def draw_strokes(
    image: Image.Image, box: Box, strokes: Sequence[Stroke], ground: RGB | None = None
) -> None:
    """Draw lines on an RGB image, clipped to `box` (left, top, right, bottom).

    ground: fills the box first, which is faster than drawing over what is there.
    """
    size = box[2] - box[0], box[3] - box[1]
    if sum(_climb(stroke, box) for stroke in strokes) > _LONG * size[1]:
        part = Image.new("RGB", size, ground) if ground else image.crop(box)
        part = _dense(part, box, strokes)
    else:
        draw = aggdraw.Draw("RGB", size, ground) if ground else aggdraw.Draw(image.crop(box))
        for stroke in strokes:
            _draw(draw, stroke, box)
        part = Image.frombuffer("RGB", size, draw.tobytes())
    image.paste(part, box[:2])


def layer_of_strokes(
    box: Box, strokes: Sequence[Stroke], discs: Sequence[Disc] = ()
) -> Image.Image:
    """Lines, and discs over them, on a transparent ground, an RGBA image of the box."""
    size = box[2] - box[0], box[3] - box[1]
    draw = aggdraw.Draw("RGBA", size, (0, 0, 0, 0))
    for stroke in strokes:
        _draw(draw, stroke, box)
    brushes: dict[tuple[RGB, float], Any] = {}
    for disc in discs:
        x, y, r = disc.place[0] - box[0], disc.place[1] - box[1], disc.radius
        brush = brushes.get((disc.ink, disc.opacity))
        if brush is None:
            brush = aggdraw.Brush(disc.ink, round(255 * disc.opacity))
            brushes[disc.ink, disc.opacity] = brush
        draw.ellipse((x - r, y - r, x + r, y + r), brush)
    # Colours are multiplied by the opacity: Pillow's mode RGBa.
    return Image.frombuffer("RGBa", size, draw.tobytes()).convert("RGBA")


def _climb(stroke: Stroke, box: Box) -> float:
    """The total height that a line climbs and falls in the box, in pixels."""
    inside = np.clip(stroke.points[:, 1], box[1], box[3])
    return float(np.nansum(np.abs(np.diff(inside))))


def _dense(part: Image.Image, box: Box, strokes: Sequence[Stroke]) -> Image.Image:
    """Lines that cover their box many times: exact coverage would be slow, and not visible."""
    part = part.resize((part.width * 2, part.height * 2), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(part)
    for stroke in strokes:
        for piece in _near(stroke, box):
            width = max(1, round(2 * stroke.width))
            draw.line(np.round(2 * piece).ravel().tolist(), stroke.ink, width)
    return part.reduce(2)


def _near(stroke: Stroke, box: Box) -> Iterator[Float64]:
    """The parts of a line, in pixels of the box; beyond a margin they run along it."""
    points = np.asarray(stroke.points, np.float64) - box[:2]
    for piece in _finite(points):
        yield _kept_near(piece, box[3] - box[1], _NEAR + stroke.width)


def _draw(draw: aggdraw.Draw, stroke: Stroke, box: Box) -> None:
    opacity = round(255 * stroke.opacity)
    pen = aggdraw.Pen(stroke.ink, stroke.width, opacity)
    if len(stroke.points) == 2 and not (stroke.dash or stroke.dots):
        x0, y0, x1, y1 = stroke.points.ravel().tolist()
        if all(abs(place) < _FAR for place in (x0, y0, x1, y1)):  # the usual line of a diagram
            left, top = box[:2]
            draw.line((x0 - left, y0 - top, x1 - left, y1 - top), pen)
            return
    for piece in _near(stroke, box):
        for part in _dashes(piece, stroke.dash) if stroke.dash else [piece]:
            if len(part) > 1:
                draw.line(rounded(part).ravel().tolist(), pen)
        radius = stroke.dots or (stroke.width * 1.25 if len(piece) == 1 else 0.0)
        if radius:
            brush = aggdraw.Brush(stroke.ink, opacity)
            for x, y in piece:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), brush)


def _finite(points: Float64) -> Iterator[Float64]:
    """The parts of a line between points that are not finite."""
    good = np.isfinite(points).all(axis=1)
    if good.all():
        yield points
        return
    for piece in np.split(points, np.flatnonzero(np.diff(good)) + 1):
        if len(piece) and np.isfinite(piece[0]).all():
            yield piece


def _kept_near(points: Float64, height: int, margin: float) -> Float64:
    """A line whose parts beyond a margin above and below run along it; the rest is unchanged."""
    low, high = -margin, height + margin
    y = points[:, 1]
    if y.min() >= low and y.max() <= high:
        return points
    found = [points]
    keys = [np.arange(len(points), dtype=np.float64)]
    with np.errstate(all="ignore"):
        for limit in (low, high):
            at = (limit - y[:-1]) / np.diff(y)
            crossed = np.flatnonzero((at > 0) & (at < 1))
            share = at[crossed, None]
            found.append(points[crossed] + share * (points[crossed + 1] - points[crossed]))
            keys.append(crossed + at[crossed])
    every = np.concatenate(found)[np.argsort(np.concatenate(keys), kind="stable")]
    np.clip(every[:, 1], low, high, out=every[:, 1])
    return every


def rounded(points: Float64) -> Float64:
    """A line whose sharp turns are divided into small ones a fraction of a pixel apart.

    Joins are mitred: a sharp turn would end in a long point, a small one does not.
    """
    if len(points) < 3:
        return points
    steps = np.diff(points, axis=0)
    angles = np.arctan2(steps[:, 1], steps[:, 0])
    turns = (np.diff(angles) + np.pi) % (2 * np.pi) - np.pi
    sharp = np.flatnonzero(np.abs(turns) > _SHARP)
    if not len(sharp):
        return points
    parts = np.arange(1, _STEPS) / _STEPS
    directions = angles[sharp, None] + turns[sharp, None] * parts
    moves = np.stack([np.cos(directions), np.sin(directions)], axis=2).cumsum(axis=1) * _STEP
    added = (points[sharp + 1, None] + moves).reshape(-1, 2)
    return np.insert(points, np.repeat(sharp + 2, _STEPS - 1), added, axis=0)


def _dashes(points: Float64, length: float) -> list[Float64]:
    """A line cut into dashes and gaps of `length` pixels."""
    if len(points) < 2:
        return []
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    starts = np.arange(0, along[-1], 2 * length)[:_DASHES]
    ends = np.minimum(starts + length, along[-1])
    first, last = (
        np.stack([np.interp(s, along, points[:, k]) for k in (0, 1)], axis=1)
        for s in (starts, ends)
    )
    inner = np.searchsorted(along, starts, "right"), np.searchsorted(along, ends, "left")
    return [
        np.concatenate([first[k, None], points[inner[0][k] : inner[1][k]], last[k, None]])
        for k in range(len(starts))
    ]
