"""Every unit of every layer as a small picture: the inputs, the layers in columns, the outputs.

Scene -> trace() at a tile's pixels -> each unit tinted about 0 -> its place on the Dashboard
      -> overlay: heads, connections, and the panel of the unit pointed at or kept
"""

from collections.abc import Hashable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.engines.cpu.trace import inputs, trace
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.views.base import CPUView, Hit, Picture, Size, Words
from cppn_gl.views.lettering import DIM, WHITE, blank, canvas, chip, frame, room
from cppn_gl.views.text import font
from cppn_gl.views.units import diagram
from cppn_gl.views.units.dashboard import Dashboard, Unit, dashboard
from cppn_gl.views.units.diverging import bound, reach_of, tinted
from cppn_gl.views.units.lens import (
    COLORS,
    KEPT,
    Lens,
    Lenses,
    channel_of,
    lens_size,
    reading,
    shaded,
    unit_name,
)
from cppn_gl.views.units.unit_panel import picture_panel, unit_panel

AT_ONCE = 2**15  # pixels tinted between two interruptions


def board_of(scene: Scene, size: Size) -> Dashboard:
    """Where a scene's tiles lie: all layers, or one and the one before it (`[units] layer`)."""
    network, options = scene.network, scene.options(UnitsOptions)
    counts = (len(network.inputs), *(len(layer.bias) for layer in network.drawn))
    first = 0
    if 1 <= options.layer <= network.depth:
        first, counts = options.layer - 1, counts[options.layer - 1 : options.layer + 1]
    return dashboard(counts, size, first=first, connected=options.connections)


def kept_unit(scene: Scene, board: Dashboard) -> Unit | None:
    """The unit that `[units] unit` names, if there is such a tile."""
    unit = scene.options(UnitsOptions).unit
    if unit is None or not board.shows((unit[0], unit[1] - 1)):
        return None
    return unit[0], unit[1] - 1


class UnitsView(CPUView):
    """The dashboard. It remembers the last networks it looked into, and no more than that."""

    points = True

    def __init__(self) -> None:
        self._lenses = Lenses()
        self._grounds: LRUCache[Hashable, Image.Image] = LRUCache(KEPT)

    def work(self, scene: Scene) -> float:
        """Multiplications for one pixel: all units are drawn, each in a share of the picture."""
        units = sum(len(layer.bias) for layer in scene.network.drawn)
        return max(super().work(scene), work_per_pixel(scene.network) / units)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        """Paint all tiles."""
        board, before = board_of(scene, size), scene.options(UnitsOptions).before
        picture: Picture = blank(size)
        layers = yield from trace(scene, board.tile)
        for column in board.columns:
            if column.layer == 0:
                values = inputs(scene, board.tile)
                reach = reach_of(values)
            else:
                layer = layers[column.layer - 1]
                values = layer.pre_activations if before else layer.units
                name = scene.network.drawn[column.layer - 1].activation
                reach = reach_of(values, None if before else name)
            step = max(1, AT_ONCE // len(values))
            for first in range(0, column.count, step):
                some = np.ascontiguousarray(values[:, first : first + step].T)
                channel = channel_of(scene.network, (column.layer, first), before=before)
                shown = tinted(some, reach) if channel is None else _channels(some, channel)
                for index, tile in enumerate(shown, first):
                    left, top, right, bottom = board.box((column.layer, index))
                    place = picture[top:bottom, left:right]
                    shaped = tile.reshape(board.tile[1], board.tile[0], 3)
                    place[:] = shaped[: place.shape[0], : place.shape[1]]
                yield
        yield from self._lenses.get(scene, lens_size(scene.network, size[0] / size[1]))
        return picture

    def _lens(self, scene: Scene, size: Size) -> Lens:
        return at_once(self._lenses.get(scene, lens_size(scene.network, size[0] / size[1])))

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Heads, connections, and the panel: the unit pointed at, or the one kept."""
        board = board_of(scene, size)
        kept = kept_unit(scene, board)
        unit = (board.at(cursor) if cursor else None) or kept
        image = self._heads(scene, size, board, lined=unit is None)
        if unit is not None and scene.options(UnitsOptions).connections:
            lines = diagram.connections(scene.network, board, unit)
            image.alpha_composite(diagram.drawn(lines, board, size))
        draw = ImageDraw.Draw(image)
        for framed, ink in ((kept, DIM), (unit, WHITE)):
            if framed is not None:
                frame(draw, board.box(framed), max(1, board.points // 6), ink)
        self._panel(image, scene, board, unit, kept)
        return np.asarray(image)

    def _panel(
        self,
        image: Image.Image,
        scene: Scene,
        board: Dashboard,
        unit: Unit | None,
        kept: Unit | None,
    ) -> None:
        lens = self._lens(scene, image.size)
        if unit is None:
            picture_panel(image, board.panel, board.points, lens, _legend(scene))
            return
        found = reading(lens, unit, before=scene.options(UnitsOptions).before)
        largest = 0.0
        if unit[0]:
            largest = float(np.abs(scene.network.layers[unit[0] - 1].weight).max())
        note = ", kept" if unit == kept else ""
        unit_panel(image, board.panel, board.points, found, largest, note)

    def _heads(self, scene: Scene, size: Size, board: Dashboard, *, lined: bool) -> Image.Image:
        """What does not follow the cursor: the heads of the columns, and the strongest lines."""
        lined = lined and scene.options(UnitsOptions).connections
        network = scene.network

        def draw() -> Image.Image:
            image = canvas(size)
            if lined:
                image = diagram.drawn(diagram.connections(network, board), board, size)
            _write_heads(ImageDraw.Draw(image), network, board)
            return image

        return self._grounds.get((network.digest, board, size, lined), draw).copy()

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A click on a tile keeps its unit; on the kept one, or on the ground, frees it."""
        board = board_of(scene, size)
        unit, kept = board.at(place), kept_unit(scene, board)
        if unit is None:
            panel = board.panel
            if kept is None or (panel[0] <= place[0] and panel[1] <= place[1]):
                return None
            return Hit("no unit", changes={"units.unit": None})
        words = unit_name(scene.network, unit)
        if unit == kept:
            return Hit(words, changes={"units.unit": None})
        return Hit(words, changes={"units.unit": (unit[0], unit[1] + 1)})


def _channels(values: NDArray[np.float32], first: int) -> NDArray[np.float32]:
    """Outputs (n, N) from channel `first` on as (n, N, 3) display values."""
    channels = range(first, first + len(values)) if first >= 0 else [-1]
    pairs = zip(values, channels, strict=True)
    return np.stack([shaded(one, channel) for one, channel in pairs])


def _legend(scene: Scene) -> str:
    """What the colours say."""
    before = scene.options(UnitsOptions).before
    bounds = {None if before else bound(layer.activation) for layer in scene.network.drawn}
    what = "its sum before the activation" if before else "its value at each point"
    if bounds == {1.0}:
        return f"A tile is a unit: {what}."
    return f"A tile is a unit: {what}, by the largest of its layer or 2.5 spreads."


def _write_heads(draw: ImageDraw.ImageDraw, network: Network, board: Dashboard) -> None:
    """A head over each column, or over every second, fifth, tenth; names on large tiles."""
    points = board.points
    if board.area[1] < room(points, "")[1]:
        return
    ends = {0: ("inputs", "in"), network.depth: ("outputs", "out")}
    taken: list[tuple[float, float]] = []
    hidden = [column for column in board.columns if column.layer not in ends]
    outer = [column for column in board.columns if column.layer in ends]
    least = min(
        (column.left - before.left for before, column in pairwise(board.columns)), default=0
    )
    fits = (s for s in (1, 2, 5, 10) if s * least > room(points, f"{network.depth} ")[0])
    step = next(fits, 20)
    for column in (*outer, *(c for c in hidden if step == 1 or c.layer % step == 0)):
        wide = (column.columns - 1) * board.pitch[0] + board.tile[0]
        long, short = ends.get(column.layer, (str(column.layer),) * 2)
        text = long if room(points, long)[0] <= wide + board.pitch[0] * 0.7 else short
        left = max(0.0, column.left + wide / 2 - room(points, text)[0] / 2)
        right = left + room(points, text)[0]
        if all(right < start or left > end for start, end in taken):
            draw.text((left, board.area[1] - room(points, "")[1]), text, DIM, font(points))
            taken.append((left - points / 4, right + points / 4))
    names = {0: network.inputs, network.depth: COLORS[network.outputs]}
    for layer, labels in names.items():
        for index, label in enumerate(labels):
            if not board.shows((layer, index)):
                continue
            wide, tall = room(points, label)
            if wide + points < board.tile[0] and tall * 1.6 < board.tile[1]:
                left, top, _, _ = board.box((layer, index))
                chip(draw, (left + 2, top + 2), label, points)
