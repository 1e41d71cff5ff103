"""The sheet view: a grid of networks, rows and columns varied as `[sweep]` says.

Scene -> preset.sheet.cells() -> for each cell its scene, drawn by its view -> one picture

Cells with alpha lie on the ground of the sheet.
"""

import math
from collections.abc import Hashable
from contextlib import ExitStack
from itertools import accumulate, pairwise

import numpy as np
from PIL import ImageDraw

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of, work_of
from cppn_gl.preset.sheet import Cell, cells
from cppn_gl.utils.alpha import over
from cppn_gl.utils.arrays import Box, Samples, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.quantising import shifted
from cppn_gl.utils.tasks import Stepping, Steps, Task, during
from cppn_gl.views import lettering, view_of
from cppn_gl.views.base import Hit, Point, Stage, View, Words, lay_over
from cppn_gl.views.picture import PART
from cppn_gl.views.sampling import enlarged
from cppn_gl.views.sheet_layout import SheetLayout, folded, sheet_layout
from cppn_gl.views.text import MIN_FONT, line_height, width, write
from cppn_gl.views.ticks import short

NETWORKS = 16 * MB  # bytes of cached networks
LEARNING = 3e6  # multiplications that a cell of what learns is worth, however coarse it is
REFUSED = (0.16, 0.17, 0.19)  # colour of a cell whose view cannot show its preset


class Networks:
    """A cache of the cells' networks: drawing many weights takes long."""

    def __init__(self) -> None:
        self._kept: LRUCache[Hashable, Network] = LRUCache(
            NETWORKS, lambda key, network: network_bytes(network)
        )

    def get(self, preset: Preset) -> Network:
        return self._kept.get(preset.made_of, preset.network)


def taps_in_view(preset: Preset) -> float:
    """About how many taps of its grid lie in a preset's square view; 0 for a network of points."""
    if not preset.spec.structured:
        return 0.0
    side = preset.spec.grid * preset.view.extent / preset.normalize.region_extent  # type: ignore[attr-defined]
    return float(side * side)


class SheetView(View):
    """Many networks side by side."""

    uses_cursor = True
    by_part = samples_itself = True
    clicked = "opens a cell"
    colors = continuous = True

    def __init__(self) -> None:
        self._networks = Networks()

    def problem(self, preset: Preset) -> str:
        """A cell may be invalid."""
        try:
            cells(preset)
        except PresetError as error:
            return f"has an invalid cell: {error}"
        return ""

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        if samples != 1:
            return f"the view {self.name} averages samples with OpenGL"
        for cell in cells(preset).cells:
            if why := view_of(cell.preset).differs(cell.preset, engine, samples):
                return why
            if not cell.preset.color.plain:
                return f"the view {self.name} colours its cells with OpenGL"
        return ""

    def parts(self, preset: Preset, size: Size) -> list[Box]:
        """The cells with what surrounds them, those of a row together while they are small."""
        layout = self.layout(preset, size)
        grid = layout.grid
        rows = _cuts([layout.box(row, 0)[1::2] for row in range(grid.rows)], size[1])
        columns = _cuts([layout.box(0, column)[0::2] for column in range(grid.columns)], size[0])
        boxes: list[Box] = []
        for top, bottom in pairwise(rows):
            left = 0
            for right in columns[1:]:
                if (right - left) * (bottom - top) >= PART or right == columns[-1]:
                    boxes.append((left, top, right, bottom))
                    left = right
        return [(a, b, c, d) for a, b, c, d in boxes if a < c and b < d]

    def layout(self, preset: Preset, size: Size) -> SheetLayout:
        return sheet_layout(preset, cells(preset), size)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        region = region or Region.of(planes.size)
        layout = self.layout(scene.preset, region.overlay).scaled(region.size, region.overlay)
        owned = ExitStack()
        return Stepping(self._draw(stage, planes, scene, layout, region, owned), owned)

    def _draw(
        self,
        stage: Stage,
        planes: Planes,
        of: Scene,
        layout: SheetLayout,
        whole: Region,
        owned: ExitStack,
    ) -> Steps[None]:
        picture = lettering.blank(planes.size)
        across, down = whole.offset
        target: Planes | None = None
        count = len(layout.grid.cells)
        for number, cell in enumerate(layout.grid.cells):
            yield number / count
            left, top, right, bottom = layout.box(cell.row, cell.column)
            size = right - left, bottom - top
            left, top = max(0, left) - across, max(0, top) - down
            right, bottom = max(0, right - across), max(0, bottom - down)
            room = picture[max(0, top) : bottom, max(0, left) : right]
            if not room.size:  # outside this part
                continue
            preset = cell.preset.at(self._time(of, cell))
            held = []  # or large layers would be drawn twice
            for layer in preset.prepare() if preset.learns or preset.spec.structured else ():
                held.append(layer)
                yield number / count
            scene = self._scene(of, cell)
            view = view_of(scene.preset)
            if view.unfit(scene.preset):
                room[:] = REFUSED
                continue
            channels = scene.network.channels
            if target is None or (target.size, target.channels) != (size, channels):
                owned.close()
                target = Planes(stage.painter.ctx, size, channels)
                owned.callback(target.release)
            # One shape for all cells, however rounded, so that their colour ranges agree.
            region = Region.of(
                *(size, whole.sampling, scene.preset.sweep.cell), overlay=size, draft=whole.draft
            )
            task = enlarged(view, stage, target, scene, region)
            yield from during(task, owned, number, count)
            task.release()
            found = over(target.read(), np.array(lettering.GROUND) / 255)
            found = lay_over(found, view.overlay(scene, size))[max(0, -top) :, max(0, -left) :]
            room[:] = found[: room.shape[0], : room.shape[1]]
        planes.write(picture)
        owned.close()

    def _trained(self, scene: Scene, cell: Cell) -> str:
        """How far the training of a cell has come: its loss, or that it diverged."""
        try:
            preset = cell.preset.at(self._time(scene, cell))
            if not preset.learns or preset.dataset.problem:
                return ""
        except PresetError:  # the cell itself says what is wrong
            return ""
        run, step = preset.run, preset.train.steps
        measures = run.measures(step)
        if run.within(step) < step or not math.isfinite(measures.loss):
            return f"diverged at step {run.within(step):,}"
        right = measures.accuracy
        return f"loss {short(measures.loss)}" + ("" if right is None else f" · {100 * right:.0f} %")

    def _time(self, scene: Scene, cell: Cell) -> float:
        return scene.clock.time if cell.time is None else cell.time

    def _scene(self, scene: Scene, cell: Cell) -> Scene:
        """A cell's scene, in a sheet at the time of `scene`."""
        time = self._time(scene, cell)
        preset = cell.preset.at(time)
        return scene_of(preset, time, self._networks.get(preset))

    def work(self, scene: Scene) -> float:
        """Approximate multiplications per pixel, averaged over the cells."""
        found = cells(scene.preset).cells
        return sum(work_of(cell.preset.spec.shapes) for cell in found) / len(found)

    def on_lattice(self, scene: Scene) -> bool:
        return any(cell.preset.spec.by_grid for cell in cells(scene.preset).cells)

    def effort(self, scene: Scene, region: Region) -> float:
        """Of cells on grids all taps in view count, however few pixels they have."""
        found = cells(scene.preset).cells
        pixels = region.part[0] * region.part[1] * len(region.jitters) / len(found)
        more = LEARNING * len(found) if scene.preset.learns else 0.0
        return more + sum(
            work_of(cell.preset.spec.shapes) * max(pixels, taps_in_view(cell.preset))
            for cell in found
        )

    def dithered(self, preset: Preset, size: Size) -> tuple[Box, ...]:
        """Each cell as its own picture, if its own preset is dithered."""
        boxes: list[Box] = []
        layout = self.layout(preset, size)
        for cell in layout.grid.cells:
            left, top, right, bottom = layout.box(cell.row, cell.column)
            view = view_of(cell.preset)
            if not view.unfit(cell.preset):
                inner = view.dithered(cell.preset, (right - left, bottom - top))
                boxes += shifted(inner, (-max(0, left), -max(0, top)))
        return tuple(boxes)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Labels of rows and columns, or of each cell; a frame round the cell under the cursor."""
        layout = self.layout(scene.preset, size)
        image = lettering.canvas(size)
        draw = ImageDraw.Draw(image)
        if layout.font_size:
            name = _name_cells if folded(layout.grid) else _name_heads
            name(draw, layout)
        if scene.preset.learns:
            _tell_losses(draw, layout, [self._trained(scene, cell) for cell in layout.grid.cells])
        pointed = layout.at(cursor) if cursor else None
        if pointed is not None:
            box = layout.box(pointed.row, pointed.column)
            lettering.frame(draw, box, max(1, round(layout.gap / 2)), lettering.WHITE)
        return np.asarray(image)

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        """The point in the cell, if its view shows the plane."""
        layout = self.layout(scene.preset, size)
        cell = layout.at(place)
        if cell is None:
            return None
        of = self._scene(scene, cell)
        left, top, right, bottom = layout.box(cell.row, cell.column)
        at = place[0] - left, place[1] - top
        return view_of(of.preset).point(of, (right - left, bottom - top), at)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The cell's label; a click opens its network, at its time."""
        cell = self.layout(scene.preset, size).at(place)
        if cell is None:
            return None
        return Hit(cell.label or "the network", opens=cell.preset, time=cell.time)


def _tell_losses(draw: ImageDraw.ImageDraw, layout: SheetLayout, words: list[str]) -> None:
    """What was learned in each cell, in its lower left corner: in all where it fits, or in none."""
    font_size = round(min(layout.font_size or MIN_FONT, layout.cell[1] / 9))
    if not any(words) or font_size < MIN_FONT:
        return
    wide, room = max(width(word, font_size) for word in words), layout.cell[0] - 2 * font_size
    font_size = round(font_size * min(1.0, room / wide))
    if font_size < MIN_FONT:
        return
    high = line_height(font_size)
    for cell, word in zip(layout.grid.cells, words, strict=True):
        if word:
            left, _, _, bottom = layout.box(cell.row, cell.column)
            place = left + font_size // 3, bottom - high - font_size // 3
            lettering.chip(draw, place, word, font_size)


def _cuts(spans: list[tuple[int, int]], end: int) -> list[int]:
    """Where to cut between neighbouring spans, from 0 to `end`, in order."""
    middles = [(before[1] + after[0]) // 2 for before, after in pairwise(spans)]
    return [0, *accumulate((min(max(0, middle), end) for middle in middles), max), end]


def _name_heads(draw: ImageDraw.ImageDraw, layout: SheetLayout) -> None:
    """Labels above the columns and left of the rows: of each all, where they fit, or none."""
    font_size, grid = layout.font_size, layout.grid
    columns, wide = grid.column_labels, layout.cell[0] + layout.gap / 2
    room = max(width(word, font_size) for word in columns) <= wide
    if room and line_height(font_size) * 0.8 <= layout.heads[1]:
        for column, word in enumerate(columns):
            left, top, right, _ = layout.box(0, column)
            place = (left + right) / 2, top - font_size // 4
            write(draw, place, word, font_size, lettering.DIM, anchor="md")
    rows, high = layout.rows, line_height(font_size)
    room = max(width(line, font_size) for lines in rows for line in lines) <= layout.heads[0]
    if room and max(map(len, rows)) * high <= layout.cell[1] + layout.gap:
        for row, lines in enumerate(rows):
            left, top, _, bottom = layout.box(row, 0)
            for number, line in enumerate(lines):
                y = (top + bottom) / 2 + (number - (len(lines) - 1) / 2) * high
                x = left - font_size * 0.6
                write(draw, (x, y), line, font_size, lettering.DIM, anchor="rm")


def _name_cells(draw: ImageDraw.ImageDraw, layout: SheetLayout) -> None:
    """Each cell's label above it, if all fit."""
    font_size, labels = layout.font_size, [cell.label for cell in layout.grid.cells]
    room = max(width(label, font_size) for label in labels) <= layout.cell[0]
    if not room or line_height(font_size) * 0.8 > layout.caption:
        return
    for cell in layout.grid.cells:
        left, top, _, _ = layout.box(cell.row, cell.column)
        place = left, top - font_size // 4
        write(draw, place, cell.label, font_size, lettering.DIM, anchor="ld")
