"""The receptive view: what one output point, or one unit, sees of the input.

    Scene, point -> nn/receptive.py -> ReceptiveField, cached
                 -> card(): its taps enlarged, the theoretical box, the effective square, words
                 -> the box on the picture, where it is, in its true size

Magnitudes are derivatives by the inputs at each tap, on a logarithmic scale. The picture below is
the network's own, drawn by its engine.
"""

import math
from collections.abc import Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.grid_derivatives import patch_bytes, points_work
from cppn_gl.nn.receptive import HELD as HELD_SHARE
from cppn_gl.nn.receptive import ReceptiveField, measure
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, identity, scene_of
from cppn_gl.preset.show import CHANNELS, ReceptiveOptions
from cppn_gl.utils.arrays import RGB, Box, Float32, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once, during
from cppn_gl.views import text
from cppn_gl.views.base import Hit, Picture, Stage, View, Words, plane_point
from cppn_gl.views.lettering import canvas
from cppn_gl.views.picture import PictureView
from cppn_gl.views.slopes.legend import LEAST, MARGIN, PAD, Legend, LegendLayout
from cppn_gl.views.slopes.palette import heat
from cppn_gl.views.strokes import Stroke, layer_of_strokes

MOST_SUMS = 64  # units of a layer that are looked at
MOST_WORK, MOST_BYTES = 3e11, 2**29  # of a measurement at a point: multiplications, memory
AT_CURSOR = 3e8  # multiplications of a measurement that a frame waits for
DECADES = 4.0  # of the scale
AROUND = 2  # taps shown beyond the box of a network that sees one point
KEPT = 16 * MB
SIDE, LOW = 0.5, 0.36  # of the picture's height: the enlarged taps beside it, below it, at most
FEWEST, NEAR = (
    8,
    0.2,
)  # letters beside it, at least; of the picture: how far the card avoids the box
WIDE = 1.25  # width by height from which the card is at the right
BOX, HELD = (255, 255, 255, 255), (96, 226, 238, 255)  # of the two frames
UNSEEN = (30, 33, 40)
GAPS, GAP = 9, 0.62  # pixels of a cell from which darker lines part the cells; how dark
WHITE: RGB = (255, 255, 255)
DARK: RGB = (12, 14, 18)
CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))

FARTHEST = 1e6  # coordinate of a point

Point = tuple[float, float]


class ReceptiveView(PictureView):
    """The picture, and over it what a point of it depends on."""

    bakes = by_part = by_pixel = unbounded = False
    letters = uses_cursor = True
    clicked = "keeps the point"

    overlay_of = View.overlay_of

    def __init__(self) -> None:
        self._fields: LRUCache[Hashable, ReceptiveField] = LRUCache(
            KEPT, lambda key, field: field.magnitudes.nbytes
        )

    def problem(self, preset: Preset) -> str:
        """A unit that is not there, or one that sees more than can be measured."""
        if problem := self._unit_problem(preset):
            return problem
        if not preset.spec.by_grid:
            return ""
        # Sizes do not depend on statistics, which may take a minute to measure.
        scene = scene_of(preset, network=None if preset.at_hand else preset.spec.network())
        stage, sums = _stage(scene), len(_weights(scene))
        points = max(1, preset.options(ReceptiveOptions).averaged) ** 2
        work = points * points_work(scene.network, sums=1 + sums, stage=stage)
        if work > MOST_WORK or patch_bytes(scene.network, sums, stage) > MOST_BYTES:
            side = 2 * scene.network.stages[stage].radius + 1
            seen = f"{side} × {side} taps" + (f" at {points} points" if points > 1 else "")
            return f"needs fewer taps or channels: {seen} are too many to measure"
        return ""

    def _unit_problem(self, preset: Preset) -> str:
        unit = preset.options(ReceptiveOptions).unit
        if unit is None:
            return ""
        units = units_of(preset)
        if not 1 <= unit[0] <= len(units):
            return f"needs a layer from 1 to {len(units)}; receptive.unit names layer {unit[0]}"
        if unit[1] > (most := units[unit[0] - 1]):
            return (
                f"needs a unit from 1 to {most} of layer {unit[0]}; receptive.unit names {unit[1]}"
            )
        return ""

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        owned = ExitStack()
        task = super().begin(stage, planes, scene, region)

        def steps() -> Steps[None]:
            """Measure first: the overlay is drawn at once."""
            yield from self._measure(scene, settled_point(scene))
            yield from during(task, owned)

        return Stepping(steps(), owned)

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        yield from self._measure(scene, settled_point(scene))
        return (yield from super().paint_region(scene, engine, region))

    def _measure(self, scene: Scene, point: Point) -> Steps[ReceptiveField]:
        key = _key(scene, point)
        found = self._fields.find(key)
        if found is not None:
            return found
        x, y = _points(scene, point)
        network, weights, stage = scene.network, _weights(scene), _stage(scene)
        field = yield from measure(network, x, y, scene.clock, weights, stage)
        return self._fields.put(key, field)

    def field(self, scene: Scene, point: Point) -> ReceptiveField:
        """What the scene's units see at a point."""
        return at_once(self._measure(scene, point))

    def looked_from(self, scene: Scene, size: Size, cursor: tuple[float, float] | None) -> Point:
        """The point under the cursor, if it is in the picture and quickly measured, or settled."""
        if cursor is None or scene.options(ReceptiveOptions).averaged:
            return settled_point(scene)
        if not (0 <= cursor[0] < size[0] and 0 <= cursor[1] < size[1]):  # over text beside it
            return settled_point(scene)
        work = points_work(scene.network, sums=1 + len(_weights(scene)), stage=_stage(scene))
        if work > AT_CURSOR:
            return settled_point(scene)
        at = plane_point(scene, size, cursor)
        return at.x, at.y

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The box on the picture and the card with what is in it."""
        point = self.looked_from(scene, size, cursor)
        field, place = self.field(scene, point), _pixel(scene, size, point)
        image = canvas(size)
        card = Card.of(scene, field, size, place)
        _mark(image, scene, field, place, card)
        if card is not None:
            image.paste(card.drawn(field), card.corner)
        below = super().overlay(scene, size, cursor)
        if below is None:
            return np.asarray(image)
        return np.asarray(Image.alpha_composite(Image.fromarray(below), image))

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The measures at a pixel; a click keeps the point, or on the point kept lets it go."""
        point = self.looked_from(scene, size, place)
        field = self.field(scene, point)
        card = Card.of(scene, field, size, _pixel(scene, size, point))
        if card is not None and card.covers(place):
            return None
        at = plane_point(scene, size, place)
        chosen = scene.options(ReceptiveOptions).point
        if chosen is not None:
            across, down = _pixel(scene, size, chosen)
            if max(abs(across - place[0]), abs(down - place[1])) < max(4, min(size) / 90):
                return Hit("the point kept", changes={"receptive.point": None})
        if max(abs(at.x), abs(at.y)) > FARTHEST:
            return None
        words = "a click measures here"
        if point == (at.x, at.y):
            words = (
                f"sees {field.effective} × {field.effective} of {field.side} × {field.side} taps"
            )
        return Hit(words, changes={"receptive.point": (at.x, at.y)})

    def page(self, preset: Preset, steps: int) -> dict[str, Any] | None:
        """To another layer: all its units; after the last one the outputs."""
        last = len(units_of(preset))
        unit = preset.options(ReceptiveOptions).unit
        layer = min(max((last if unit is None else unit[0]) + steps, 1), last)
        return {"receptive.unit": None if layer == last else (layer, 0)}


@dataclass(frozen=True)
class Card(LegendLayout):
    """The panel with the enlarged taps and words: at a side of the picture, or at its bottom.

    corner: its left and top; whole: its width and height; square: left, top and side of the taps;
    room: of the rows of words.
    """

    letters: int = 0
    corner: tuple[int, int] = (0, 0)
    whole: tuple[int, int] = (0, 0)
    square: tuple[int, int, int] = (0, 0, 0)
    rows: tuple["Row", ...] = ()
    room: Box = (0, 0, 0, 0)

    @classmethod
    def of(cls, scene: Scene, field: ReceptiveField, size: Size, place: Point) -> "Card | None":
        """The card of a field at a pixel of a picture; None where there is no room.

        It is at the right or at the bottom, unless the box on the picture would be under it.
        """
        if size[0] < LEAST[0] or size[1] < LEAST[1]:
            return None
        letters = LegendLayout(size, 0).font_size
        line, pad, margin = text.line_height(letters), round(PAD * letters), round(MARGIN * letters)
        beside = size[0] >= WIDE * size[1]
        cells = max(field.side, 2 * AROUND + 1)
        most = min(0.34 * size[0], SIDE * size[1]) if beside else 0.42 * size[0]
        side = _whole(most if beside else min(most, LOW * size[1]), cells)
        rows = words(scene, field, letters, side)
        if beside:
            high = round(lines_of(rows) * line)
            free = size[1] - 2 * margin - 3 * pad - high
            if free < side:
                side = _whole(max(free, 0), cells)
                rows = words(scene, field, letters, side)
                high = round(lines_of(rows) * line)
            whole = side + 2 * pad, side + high + 3 * pad
        else:
            rows = words(scene, field, letters, size[0] - 2 * margin - 3 * pad - side)
            whole = size[0] - 2 * margin, max(side, round(lines_of(rows) * line)) + 2 * pad
        if side < FEWEST * letters or whole[1] > size[1] - 2 * margin:
            rows, side = (), _whole(0.4 * min(size), cells)
            whole = side + 2 * pad, side + 2 * pad
        left, top = size[0] - margin - whole[0], size[1] - margin - whole[1]
        reach = field.side * _pitch(scene, size) / 2 + letters
        if beside:
            top = margin
            if left - min(reach, NEAR * size[0]) < place[0] < size[0]:
                left = margin
        elif top - min(reach, NEAR * size[1]) < place[1] < size[1]:
            top = margin
        below = left + pad, top + 2 * pad + side, left + pad + side, top + whole[1] - pad
        after = left + 2 * pad + side, top + pad, left + whole[0] - pad, top + whole[1] - pad
        return cls(
            *(size, 0, 0, 0.0, letters, (left, top), whole),
            (left + pad, top + pad, side),
            rows,
            below if beside else after,
        )

    @property
    def font_size(self) -> int:
        return self.letters

    @property
    def box(self) -> Box:
        (left, top), (wide, high) = self.corner, self.whole
        return left, top, left + wide, top + high

    def covers(self, place: tuple[float, float]) -> bool:
        """Whether a pixel is on it."""
        left, top, right, bottom = self.box
        return left <= place[0] < right and top <= place[1] < bottom

    def drawn(self, field: ReceptiveField) -> Image.Image:
        """An image of the card."""
        x, y = self.corner
        left, top, side = self.square[0] - x, self.square[1] - y, self.square[2]
        a, b, c, d = self.room
        card = replace(self, size=self.whole, corner=(0, 0), room=(a - x, b - y, c - x, d - y))
        legend = Legend(card)
        legend.image.paste(enlarged(field, side), (left, top))
        thick = max(1, round(self.font_size / 9))
        shown = max(field.side, 2 * AROUND + 1)
        for taps, ink in ((field.side, BOX), (field.effective, HELD)):
            inset = (shown - taps) // 2 * side / shown
            edges = left + inset, top + inset, left + side - inset - 1, top + side - inset - 1
            casing = edges[0] - 1, edges[1] - 1, edges[2] + 1, edges[3] + 1
            legend.draw.rectangle(tuple(map(round, casing)), outline=(*DARK, 255), width=thick + 2)
            legend.draw.rectangle(tuple(map(round, edges)), outline=ink, width=thick)
        below: float = card.room[1]
        for row in self.rows:
            below = card._written(legend, row, below, field)
        return legend.image

    def _written(self, legend: Legend, row: "Row", y: float, field: ReceptiveField) -> float:
        """Write a row; returns where the next one begins."""
        left, _, right, _ = self.room
        if row.scale:
            low, high = limits(field)
            legend.scale((left, round(y), right, round(y)), heat(), low, high)
            return y + row.lines * self.line
        x = float(left)
        if row.frame is not None:
            side = round(0.62 * self.font_size)
            above = y + (self.line - side) / 2
            edges = left, round(above), left + side, round(above) + side
            legend.draw.rectangle(edges, outline=row.frame, width=max(1, self.font_size // 9))
            x += self.font_size
        legend.words(x, y, row.words, bold=row.bold)
        return y + row.lines * self.line


@dataclass(frozen=True)
class Row:
    """A row of words, with a frame's colour before it, or the scale. `lines`: its height."""

    words: str = ""
    bold: bool = False
    frame: tuple[int, int, int, int] | None = None
    scale: bool = False
    lines: float = 1.0


def lines_of(rows: Sequence[Row]) -> float:
    """The height of rows in lines."""
    return sum(row.lines for row in rows)


def words(scene: Scene, field: ReceptiveField, letters: int, room: float) -> tuple[Row, ...]:
    """What the card says, in rows of at most `room` pixels."""
    step, side, held = scene.network.step, field.side, field.effective
    rows = [Row(line, bold=True) for line in text.wrap(_title(scene), letters, room, "bold")]

    def add(*forms: str, frame: tuple[int, int, int, int] | None = None) -> None:
        """The first form that fits in a row, or the last one in as many as it needs."""
        free = room - (letters if frame else 0)
        form = next((form for form in forms if text.width(form, letters) <= free), forms[-1])
        for number, line in enumerate(text.wrap(form, letters, free)):
            rows.append(Row(line, frame=None if number else frame))

    options = scene.options(ReceptiveOptions)
    if not field.radius:
        add("this one point and no other: no layer before it sees its neighbours")
    else:
        wide = text.significant(side * step, 2)
        box = f"can see {side} × {side} taps"
        add(f"{box}, {wide} × {wide}", box, frame=BOX)
    if not np.isfinite(field.largest):
        add("no numbers here: overflow")
    elif field.largest == 0:
        add("nothing changes it here: it is saturated or off")
    else:
        if field.radius:
            share = f"{100 * HELD_SHARE:.0f} %"
            add(
                f"{share} of the squared derivatives: {held} × {held}",
                f"{share} of what it sees: {held} × {held}",
                f"{share}: {held} × {held}",
                frame=HELD,
            )
            spread = text.significant(field.spread, 2)
            add(f"standard deviation {spread} taps", f"std {spread} taps")
        rows.append(Row(lines=0.35))
        add("derivative by the inputs at each tap", "derivative by the inputs")
        rows.append(Row(scale=True, lines=2.0))
    if options.averaged and field.radius:
        add(f"mean over {options.averaged} × {options.averaged} points of the picture")
    if any(stage.normalize is not None for stage in scene.network.stages):
        add("normalised: statistics held fixed")
    return tuple(rows)


def _title(scene: Scene) -> str:
    options = scene.options(ReceptiveOptions)
    if options.unit is not None:
        layer, unit = options.unit
        label = scene.network.stages[layer - 1].label
        if unit:
            return f"what unit {unit} of layer {layer} sees"
        return f"what layer {layer}, {label}, sees"
    if options.channel != "all" and scene.network.outputs >= 3:
        return f"what {options.channel} at a point sees"
    return "what an output point sees"


def limits(field: ReceptiveField) -> tuple[float, float]:
    """The limits of the colour scale."""
    high = field.largest if np.isfinite(field.largest) and field.largest > 0 else 1.0
    return high / 10**DECADES, high


def enlarged(field: ReceptiveField, side: int) -> Image.Image:
    """The taps as cells of a square of `side` pixels; those that are not seen around one point."""
    low, high = limits(field)
    with np.errstate(all="ignore"):
        at = np.log(field.magnitudes / low) / np.log(high / low)
    at = np.clip(np.nan_to_num(at, nan=0.0, neginf=0.0, posinf=1.0), 0, 1) * 255
    colors = np.round(heat()[np.round(at).astype(int)] * 255).astype(np.uint8)
    colors[~np.isfinite(field.magnitudes)] = (255, 0, 255)
    count = max(field.side, 2 * AROUND + 1)
    cells = np.full((count, count, 3), UNSEEN, np.uint8)
    inset = (count - field.side) // 2
    cells[inset : count - inset, inset : count - inset] = colors
    fine = side >= count
    image = Image.fromarray(cells)
    image = image.resize((side, side), Image.Resampling.NEAREST if fine else Image.Resampling.BOX)
    if side // count >= GAPS:
        edges = (np.arange(1, count) * side // count).tolist()
        pixels = np.array(image, np.float32)
        pixels[edges] *= GAP
        pixels[:, edges] *= GAP
        image = Image.fromarray(pixels.astype(np.uint8))
    return image


def _whole(most: float, cells: int) -> int:
    """The side of a square of at most so many pixels, of cells of a whole number of pixels."""
    each = int(most) // cells
    return each * cells if each >= 2 else int(most)


def _pitch(scene: Scene, size: Size) -> float:
    """Pixels between neighbouring taps."""
    return scene.network.step * min(size) / (2 * scene.view.extent)


def _pixel(scene: Scene, size: Size, point: Point) -> Point:
    """Where a point of the plane is in a picture of `size`."""
    scale = min(size) / (2 * scene.view.extent)
    (x, y), (wide, high) = scene.view.center, size
    return wide / 2 + (point[0] - x) * scale, high / 2 - (point[1] - y) * scale


def _mark(
    image: Image.Image, scene: Scene, field: ReceptiveField, place: Point, card: Card | None
) -> None:
    """The two frames round the point on the picture, and lines from there to the card."""
    size, pitch = image.size, _pitch(scene, image.size)
    thick = max(1.0, min(size) / 400)
    strokes = []
    for taps, ink in ((field.side, BOX), (field.effective, HELD)):
        reach = max(taps * pitch / 2, 2.5 * thick)
        corners = [
            (place[0] + a * reach, place[1] + b * reach)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
        ]
        strokes.append((np.array(corners), ink[:3]))
        if not field.radius:
            break
    lines = []
    if card is not None:
        left, top, side = card.square
        reach = max(field.side * pitch / 2, 2.5 * thick)
        inset = (max(field.side, 2 * AROUND + 1) - field.side) // 2 * side
        inset = round(inset / max(field.side, 2 * AROUND + 1))
        for a, b in tangents(place, reach, (left + inset, top + inset, side - 2 * inset)):
            lines.append(Stroke(np.array([a, b]), WHITE, 0.7 * thick, opacity=0.45))
    found = [Stroke(points, DARK, 2.4 * thick, opacity=0.5) for points, _ in strokes]
    found += [Stroke(points, ink, thick) for points, ink in strokes]
    every = np.concatenate([stroke.points for stroke in (*lines, *found)])
    (left, top), (right, bottom) = np.floor(every.min(axis=0)), np.ceil(every.max(axis=0))
    edge = math.ceil(2 * thick)
    box = (
        max(int(left) - edge, 0),
        max(int(top) - edge, 0),
        min(int(right) + edge, size[0]),
        min(int(bottom) + edge, size[1]),
    )
    if box[0] < box[2] and box[1] < box[3]:
        image.paste(layer_of_strokes(box, [*lines, *found]), box[:2])


def tangents(place: Point, reach: float, square: tuple[int, int, int]) -> list[tuple[Point, Point]]:
    """Two lines from a square round a place to a larger one, which no line crosses."""
    left, top, side = square
    small = [(place[0] + a * reach, place[1] + b * reach) for a, b in CORNERS]
    large = [(left + (a + 1) / 2 * side, top + (b + 1) / 2 * side) for a, b in CORNERS]
    across, down = left + side / 2 - place[0], top + side / 2 - place[1]
    # The corners that are farthest to either side of the line from centre to centre.
    aside = [-down * a + across * b for a, b in CORNERS]
    both = int(np.argmin(aside)), int(np.argmax(aside))
    return [(small[k], large[k]) for k in both]


def units_of(preset: Preset) -> list[int]:
    """The number of units of each layer."""
    if preset.spec.by_grid:
        return [stage.units for stage in preset.network().stages]
    return [rows for rows, _ in preset.start.shapes]


def settled_point(scene: Scene) -> Point:
    """The point that is looked from without a cursor."""
    return scene.options(ReceptiveOptions).point or scene.view.center


def _points(scene: Scene, point: Point) -> tuple[Float64, Float64]:
    """x and y of the points that are averaged over."""
    count = scene.options(ReceptiveOptions).averaged
    if not count:
        return np.array([point[0]]), np.array([point[1]])
    steps = scene.view.extent * ((2 * np.arange(count) + 1) / count - 1)
    across, down = (axis.ravel() for axis in np.meshgrid(steps, steps))
    return scene.view.center[0] + across, scene.view.center[1] + down


def _key(scene: Scene, point: Point) -> Hashable:
    options = scene.options(ReceptiveOptions)
    where = (scene.view, options.averaged) if options.averaged else point
    return identity(scene.network, scene.clock), where, options.unit, options.channel


def _stage(scene: Scene) -> int:
    """The index of the stage that looks, from 0."""
    unit = scene.options(ReceptiveOptions).unit
    return len(scene.network.stages) - 1 if unit is None else unit[0] - 1


def _weights(scene: Scene) -> Float32:
    """The sums of units whose derivatives count, (sums, units): see `gradients`."""
    options = scene.options(ReceptiveOptions)
    units = np.eye(scene.network.stages[_stage(scene)].units, dtype=np.float32)
    if options.unit is not None:
        return units[:MOST_SUMS] if options.unit[1] == 0 else units[options.unit[1] - 1 :][:1]
    if options.channel == "all" or len(units) < len(CHANNELS):
        return units
    return units[CHANNELS.index(options.channel) :][:1]
