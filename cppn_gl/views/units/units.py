"""The units view: every unit of every layer as a small picture, layers in columns.

Scene -> trace() at a tile's pixels -> each unit in diverging colours -> its tile on the Dashboard
      -> overlay: column heads, connections, the panel of the unit under the cursor or selected
"""

import math
from collections.abc import Hashable
from itertools import product

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.engines.cpu.trace import inputs, trace
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.views.base import CPUView, Hit, Picture, Point, Words, plane_point
from cppn_gl.views.lettering import DIM, WHITE, blank, canvas, chip, frame, room
from cppn_gl.views.text import MIN_FONT, line_height, symbol, width, write
from cppn_gl.views.units import diagram
from cppn_gl.views.units.dashboard import Dashboard, Unit, dashboard
from cppn_gl.views.units.diverging import RMS_RANGE, bound, input_reaches, reach_of, tinted
from cppn_gl.views.units.unit_panel import picture_panel, unit_panel
from cppn_gl.views.units.unit_samples import (
    KEPT,
    UnitSampleCache,
    UnitSamples,
    channel_of,
    output_names,
    sample_size,
    shaded,
    summarize,
    unit_name,
)

AT_ONCE = 2**15  # pixels coloured in one step


def board_of(scene: Scene, size: Size) -> Dashboard:
    """The layout of a scene's tiles: all layers, or `[units] layer` and the one before it."""
    network, options = scene.network, scene.options(UnitsOptions)
    counts = (len(network.inputs), *(len(layer.bias) for layer in network.drawn))
    first = 0
    if 1 <= options.layer <= network.depth:
        first, counts = options.layer - 1, counts[options.layer - 1 : options.layer + 1]
    return dashboard(counts, size, first=first, connected=options.connections)


def selected_unit(scene: Scene, board: Dashboard) -> Unit | None:
    """The unit of `[units] unit`, if it has a tile."""
    unit = scene.options(UnitsOptions).unit
    if unit is None or not board.shows((unit[0], unit[1] - 1)):
        return None
    return unit[0], unit[1] - 1


class UnitsView(CPUView):
    """The dashboard of all units. It caches the last few networks' samples and overlays."""

    clicked = "selects a unit"
    uses_cursor = True

    def __init__(self) -> None:
        self._samples = UnitSampleCache()
        self._backgrounds: LRUCache[Hashable, Image.Image] = LRUCache(KEPT)

    def work(self, scene: Scene) -> float:
        """Approximate multiplications per pixel: each unit fills a fraction of the picture."""
        units = sum(len(layer.bias) for layer in scene.network.drawn)
        return max(super().work(scene), work_per_pixel(scene.network) / units)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        board, before = board_of(scene, size), scene.options(UnitsOptions).before
        picture: Picture = blank(size)
        layers = yield from trace(scene, board.tile)
        for column in board.columns:
            if column.layer == 0:
                values = inputs(scene, board.tile)
                reach = input_reaches(scene.network.inputs, values)[:, None]
            else:
                layer = layers[column.layer - 1]
                values = layer.pre_activations if before else layer.units
                name = scene.network.drawn[column.layer - 1].activation
                one = reach_of(values, None if before else name)
                reach = np.full((values.shape[1], 1), one)
            step = max(1, AT_ONCE // len(values))
            for first in range(0, column.count, step):
                some = np.ascontiguousarray(values[:, first : first + step].T)
                units = [(column.layer, first + k) for k in range(len(some))]
                channels = [channel_of(scene.network, unit, before=before) for unit in units]
                shown = (
                    tinted(some, reach[first : first + step])
                    if channels[0] is None
                    else np.stack(
                        [shaded(v, c) for v, c in zip(some, channels, strict=True) if c is not None]
                    )
                )
                for index, tile in enumerate(shown, first):
                    left, top, right, bottom = board.box((column.layer, index))
                    place = picture[top:bottom, left:right]
                    shaped = tile.reshape(board.tile[1], board.tile[0], 3)
                    place[:] = shaped[: place.shape[0], : place.shape[1]]
                yield
        # Those of the overlay, which is drawn at once.
        yield from self._samples.get(scene, sample_size(scene.network, shape[0] / shape[1]))
        return picture

    def _unit_samples(self, scene: Scene, size: Size) -> UnitSamples:
        return at_once(self._samples.get(scene, sample_size(scene.network, size[0] / size[1])))

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Heads, connections, and the panel of the unit under the cursor, or else selected."""
        board = board_of(scene, size)
        selected = selected_unit(scene, board)
        unit = (board.at(cursor) if cursor else None) or selected
        image = self._heads(scene, size, board, lined=unit is None)
        if unit is not None and scene.options(UnitsOptions).connections:
            lines = diagram.connections(scene.network, board, unit)
            image.alpha_composite(diagram.drawn(lines, board, size))
        draw = ImageDraw.Draw(image)
        for framed, ink in ((selected, DIM), (unit, WHITE)):
            if framed is not None:
                frame(draw, board.box(framed), max(1, board.font_size // 6), ink)
        self._panel(image, scene, board, unit, selected)
        return np.asarray(image)

    def _panel(
        self,
        image: Image.Image,
        scene: Scene,
        board: Dashboard,
        unit: Unit | None,
        selected: Unit | None,
    ) -> None:
        samples = self._unit_samples(scene, image.size)
        if unit is None:
            picture_panel(image, board.panel, board.font_size, samples, _legend(scene))
            return
        found = summarize(samples, unit, before=scene.options(UnitsOptions).before)
        largest = 0.0
        if unit[0]:
            largest = float(np.abs(scene.network.layers[unit[0] - 1].weight).max())
        note = ", selected" if unit == selected else ""
        unit_panel(image, board.panel, board.font_size, found, largest, note)

    def _heads(self, scene: Scene, size: Size, board: Dashboard, *, lined: bool) -> Image.Image:
        """The part independent of the cursor: column heads, and the strongest connections."""
        lined = lined and scene.options(UnitsOptions).connections
        network = scene.network

        def draw() -> Image.Image:
            image = canvas(size)
            if lined:
                image = diagram.drawn(diagram.connections(network, board), board, size)
            _write_heads(ImageDraw.Draw(image), network, board)
            return image

        return self._backgrounds.get((network.digest, board, size, lined), draw).copy()

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        board = board_of(scene, size)
        unit = board.at(place)
        if unit is None:
            return None
        left, top, right, bottom = board.box(unit)
        at = place[0] - left, place[1] - top
        before = scene.options(UnitsOptions).before
        return plane_point(scene, (right - left, bottom - top), at, unit, before=before)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A click on a tile selects its unit; on the selected one, or beside the tiles, none."""
        board = board_of(scene, size)
        unit, selected = board.at(place), selected_unit(scene, board)
        if unit is None:
            panel = board.panel
            if selected is None or (panel[0] <= place[0] and panel[1] <= place[1]):
                return None
            return Hit("no unit", changes={"units.unit": None})
        words = unit_name(scene.network, unit)
        if unit == selected:
            return Hit(words, changes={"units.unit": None})
        return Hit(words, changes={"units.unit": (unit[0], unit[1] + 1)})


def _legend(scene: Scene) -> str:
    """The meaning of the tiles' colours."""
    before = scene.options(UnitsOptions).before
    bounds = {None if before else bound(layer.activation) for layer in scene.network.drawn}
    what = "pre-activation" if before else "activation"
    scaled = "" if bounds == {1.0} else f", relative to its layer's maximum or {RMS_RANGE} × RMS"
    return f"Each tile is one unit: its {what} at each point{scaled}."


def _write_heads(draw: ImageDraw.ImageDraw, network: Network, board: Dashboard) -> None:
    """Heads above the layers, and names on the tiles of inputs and outputs: of each all or none."""
    top = min(column.top for column in board.columns)
    sizes = range(board.font_size, MIN_FONT - 1, -1)
    for size, words in product(sizes, _heads(network, board)):
        places = _head_places(board, words, size)
        if places and top >= line_height(size):
            for x, word in zip(places, words, strict=True):
                write(draw, (x, top), word, size, DIM, anchor="ld")
            break
    for short, size in product((False, True), sizes):
        names = _names(network, board, short=short)
        inset = max(2, size // 4)
        rooms = [room(size, label) for label in names.values()]
        least = min(board.tile[0] - wide for wide, _ in rooms) if rooms else 0
        if least >= 4 * inset and line_height(size) * 1.6 < board.tile[1]:
            for unit, label in names.items():
                left, above, _, _ = board.box(unit)
                chip(draw, (left + inset, above + inset), label, size)
            break


def _names(network: Network, board: Dashboard, *, short: bool) -> dict[Unit, str]:
    """The names of the inputs and outputs that have tiles; `short`: R, G, B."""
    names = output_names(network)
    brief = [name.rpartition("class ")[2][:1].upper() for name in names]
    outputs = brief if short else names
    both = (0, list(map(symbol, network.inputs))), (network.depth, outputs)
    return {
        (layer, index): label
        for layer, labels in both
        for index, label in enumerate(labels)
        if board.shows((layer, index))
    }


def _heads(network: Network, board: Dashboard) -> list[list[str]]:
    """The words above the columns, from longer to shorter ones."""
    ends = {0: ("inputs", "in"), network.depth: ("outputs", "out")}
    numbers = [(str(column.layer),) * 2 for column in board.columns]
    words = [ends.get(c.layer, n) for c, n in zip(board.columns, numbers, strict=True)]
    return [[pair[k] for pair in words] for k in range(2)]


def _head_places(board: Dashboard, words: list[str], size: int) -> list[float] | None:
    """The left of each column's head, centred; None if one would touch another or the edges."""
    places: list[float] = []
    end, beside = 0.0, board.panel[0] if board.panel[1] < board.area[3] else math.inf
    for column, word in zip(board.columns, words, strict=True):
        used = (column.columns - 1) * board.pitch[0] + board.tile[0]
        wide = width(word, size)
        place = max(column.left + (used - wide) / 2, end)
        if place > column.left + max(0.0, (used - wide) / 2) + size / 2:
            return None
        places.append(place)
        end = place + wide + size / 3
    return places if end <= min(beside - size / 2, board.area[2] + 2 * size) else None
