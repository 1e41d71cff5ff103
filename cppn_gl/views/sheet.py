"""The sheet view: a grid of networks, rows and columns varied as `[sweep]` says.

Scene -> preset.sheet.cells() -> for each cell its scene, drawn by its view -> one picture
"""

from collections.abc import Hashable, Iterator
from contextlib import ExitStack

import numpy as np
from PIL import ImageDraw

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of, work_of
from cppn_gl.preset.sheet import Cell, Grid, cells
from cppn_gl.utils.arrays import Box, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.quantising import shifted
from cppn_gl.utils.tasks import Stepping, Steps, Task, during
from cppn_gl.views import lettering, view_of
from cppn_gl.views.base import Hit, Point, Stage, View, Words, lay_over
from cppn_gl.views.sampling import enlarged
from cppn_gl.views.sheet_layout import SheetLayout, folded, sheet_layout
from cppn_gl.views.text import write

NETWORKS = 16 * MB  # bytes of cached networks
REFUSED = (0.16, 0.17, 0.19)  # colour of a cell whose view cannot show its preset


class Networks:
    """A cache of the cells' networks: drawing many weights takes long."""

    def __init__(self) -> None:
        self._kept: LRUCache[Hashable, Network] = LRUCache(
            NETWORKS, lambda key, network: network_bytes(network)
        )

    def get(self, preset: Preset) -> Network:
        return self._kept.get((preset.spec, preset.normalize), preset.network)


class SheetView(View):
    """Many networks side by side."""

    uses_cursor = True
    samples_itself = True
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

    def layout(self, preset: Preset, size: Size) -> SheetLayout:
        return sheet_layout(preset, cells(preset), size)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        layout = self.layout(scene.preset, planes.size)
        region = region or Region.of(planes.size)
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
        target: Planes | None = None
        count = len(layout.grid.cells)
        for number, (cell, scene) in enumerate(self._scenes(of, layout.grid)):
            yield number / count
            left, top, right, bottom = layout.box(cell.row, cell.column)
            view, size = view_of(scene.preset), (right - left, bottom - top)
            if view.problem(scene.preset):
                picture[top:bottom, left:right] = REFUSED
                continue
            if target is None or target.size != size:
                owned.close()
                target = Planes(stage.painter.ctx, size)
                owned.callback(target.release)
            # One shape for all cells, however rounded, so that their colour ranges agree.
            region = Region.of(size, whole.samples, scene.preset.sweep.cell, smooth=whole.smooth)
            task = enlarged(view, stage, target, scene, region)
            yield from during(task, owned, number, count)
            task.release()
            found = lay_over(target.read(), view.overlay(scene, size))
            room = picture[max(0, top) : bottom, max(0, left) : right]
            room[:] = found[: room.shape[0], : room.shape[1]]
        planes.write(picture)
        owned.close()

    def _scenes(self, scene: Scene, grid: Grid) -> Iterator[tuple[Cell, Scene]]:
        for cell in grid.cells:
            time = scene.clock.time if cell.time is None else cell.time
            yield cell, scene_of(cell.preset, time, self._networks.get(cell.preset))

    def work(self, scene: Scene) -> float:
        """Approximate multiplications per pixel, averaged over the cells."""
        found = cells(scene.preset).cells
        return sum(work_of(cell.preset.spec.shapes) for cell in found) / len(found)

    def dithered(self, preset: Preset, size: Size) -> tuple[Box, ...]:
        """Each cell as its own picture, if its own preset is dithered."""
        boxes: list[Box] = []
        layout = self.layout(preset, size)
        for cell in layout.grid.cells:
            left, top, right, bottom = layout.box(cell.row, cell.column)
            view = view_of(cell.preset)
            if not view.problem(cell.preset):
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
        time = scene.clock.time if cell.time is None else cell.time
        of = scene_of(cell.preset, time, self._networks.get(cell.preset))
        left, top, right, bottom = layout.box(cell.row, cell.column)
        at = place[0] - left, place[1] - top
        return view_of(of.preset).point(of, (right - left, bottom - top), at)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The cell's label; a click opens its network, at its time."""
        cell = self.layout(scene.preset, size).at(place)
        if cell is None:
            return None
        return Hit(cell.label or "the network", opens=cell.preset, time=cell.time)


def _name_heads(draw: ImageDraw.ImageDraw, layout: SheetLayout) -> None:
    """Labels above the columns and left of the rows, where they fit."""
    font_size, grid = layout.font_size, layout.grid
    high = lettering.room(font_size, "m")[1]
    if layout.heads[1] >= high * 0.8:
        for column, word in enumerate(grid.column_labels):
            left, top, right, _ = layout.box(0, column)
            wide = lettering.room(font_size, word)[0]
            if wide <= right - left + layout.gap:
                place = ((left + right - wide) / 2, top - high - font_size / 4)
                write(draw, place, word, font_size)
    for row, word in enumerate(grid.row_labels):
        left, top, _, bottom = layout.box(row, 0)
        wide = lettering.room(font_size, word)[0]
        if wide <= layout.heads[0] and high <= bottom - top + layout.gap:
            place = (left - wide - font_size / 2, (top + bottom - high) / 2)
            write(draw, place, word, font_size)


def _name_cells(draw: ImageDraw.ImageDraw, layout: SheetLayout) -> None:
    """Each cell's label in its corner, where it fits."""
    font_size = layout.font_size
    inset = max(2, font_size // 3)
    for cell in layout.grid.cells:
        left, top, right, bottom = layout.box(cell.row, cell.column)
        wide, high = lettering.room(font_size, cell.label)
        fits = wide + 2 * inset < 0.9 * (right - left) and 3 * high < bottom - top
        if cell.label and fits:
            lettering.chip(draw, (left + inset, top + inset), cell.label, font_size)
