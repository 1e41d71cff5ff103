"""The units view: every unit of every layer as a small picture, layers in columns.

Scene -> trace() at a tile's pixels -> each unit in diverging colours -> its tile on the Dashboard
      -> overlay: column heads, connections, the panel of the unit under the cursor or selected

A structure is evaluated once, at the pixels of one picture, of which its channels' tiles are parts.
With `zoom`, the selected unit alone: see closeup.py. What clicks in the panel do: see actions.py.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.trace import inputs, trace
from cppn_gl.engines.grid import Lattice, picture_work
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import UnitsOptions
from cppn_gl.utils.arrays import Box, Float32, Float64, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.views.base import CPUView, Hit, Picture, Point, Words, plane_point
from cppn_gl.views.lettering import DIM, GROUND, WHITE, blank, canvas, chip, frame, letters
from cppn_gl.views.text import line_height, width, write
from cppn_gl.views.units import diagram
from cppn_gl.views.units.actions import Action, actions_of, closer, factor_of, hit_of
from cppn_gl.views.units.closeup import closeup, draw_closeup, unit_values
from cppn_gl.views.units.dashboard import Dashboard, Unit, arranged, pins
from cppn_gl.views.units.diverging import RMS_RANGE, bound, input_reaches, reach_within, tinted
from cppn_gl.views.units.heads import mark_boost, write_heads
from cppn_gl.views.units.kernels import tile_of
from cppn_gl.views.units.tiles import part_of, resampled
from cppn_gl.views.units.unit_panel import picture_panel, unit_panel
from cppn_gl.views.units.unit_samples import (
    KEPT,
    UnitSampleCache,
    UnitSamples,
    boost_sizes,
    channel_of,
    sample_size,
    shaded,
    summarize,
    unit_name,
)
from cppn_gl.views.units.wiring import (
    bound_of,
    columns,
    is_graph,
    kernels_of,
    layers_with_kernels,
    sees,
    words_of,
)

AT_ONCE = 2**15  # pixels coloured in one step
LABEL, LIT = (44, 50, 60, 255), (92, 102, 116, 255)  # ground of a label in the panel
ENOUGH = 5e8  # multiplications that the samples of a structure take, if fewer samples take less
FINEST = 24  # points of the samples' lattice between two taps
FEWEST = 12  # samples along a side
FIRST = 1, 1  # the unit shown alone if none is selected
KERNEL_ROOM = 7  # pixels of a tile's shorter side with room for a kernel
_sizes: LRUCache[Hashable, Size] = LRUCache(16)


def board_of(scene: Scene, size: Size) -> Dashboard:
    """The layout of a scene's tiles: all layers, or `[units] layer` and those it reads."""
    network, options = scene.network, scene.options(UnitsOptions)
    only = options.layer if 1 <= options.layer <= len(network.stages) else 0
    groups = columns(network, only)
    lines = 1 + (is_graph(network) and any(stage.modules for stage in network.stages))
    pinned = len(pinned_units(scene))

    def laid(kernels: frozenset[int]) -> Dashboard:
        return arranged(
            groups, size, options.connections, kernels=kernels, lines=lines, pinned=pinned
        )

    board = laid(layers_with_kernels(network) & {layer for g in groups for layer, _ in g})
    return board if min(board.tile) >= KERNEL_ROOM else laid(frozenset())


def selected_unit(scene: Scene, board: Dashboard) -> Unit | None:
    """The unit of `[units] unit`, if it has a tile."""
    unit = scene.options(UnitsOptions).unit
    if unit is None or not board.shows((unit[0], unit[1] - 1)):
        return None
    return unit[0], unit[1] - 1


def pinned_units(scene: Scene) -> list[Unit]:
    """The units of `[units] pinned` that the network has."""
    found = [(layer, number - 1) for layer, number in scene.options(UnitsOptions).pinned]
    return [unit for unit in dict.fromkeys(found) if _exists(scene, unit)]


def enlarged_unit(scene: Scene) -> Unit | None:
    """The unit shown alone, if there is one: without `[units] unit` the first."""
    options = scene.options(UnitsOptions)
    layer, number = options.unit or FIRST
    unit = layer, number - 1
    return unit if options.zoom and _exists(scene, unit) else None


def _exists(scene: Scene, unit: Unit) -> bool:
    stages = scene.network.stages
    if not 0 <= unit[0] <= len(stages):
        return False
    return 0 <= unit[1] < (stages[unit[0] - 1].units if unit[0] else len(scene.network.inputs))


class UnitsView(CPUView):
    """The dashboard of all units. It caches the last few networks' samples and overlays."""

    clicked = "selects a unit"
    uses_cursor = True

    def __init__(self) -> None:
        self._samples = UnitSampleCache()
        self._backgrounds: LRUCache[Hashable, Image.Image] = LRUCache(KEPT)

    def work(self, scene: Scene) -> float:
        """Approximate multiplications per pixel: each unit fills a fraction of the picture."""
        if is_graph(scene.network) and enlarged_unit(scene) is None:
            return super().work(scene)  # the same number of taps whatever the size
        units = sum(stage.units for stage in scene.network.stages)
        one = 1 if enlarged_unit(scene) else units
        return max(super().work(scene), work_per_pixel(scene.network) / one)

    def effort(self, scene: Scene, region: Region) -> float:
        """Of a structure that of the samples, of which tiles are parts, however small they are."""
        if not is_graph(scene.network) or enlarged_unit(scene) is not None:
            return super().effort(scene, region)
        size = _sample_size(scene, region.shape)
        return picture_work(scene.network, scene.view, Region.of(size))

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        before, unit = scene.options(UnitsOptions).before, enlarged_unit(scene)
        picture: Picture = blank(size)
        if unit is not None:
            samples = yield from self._samples_of(scene, shape)
            summary = summarize(samples, unit, before=before)
            left, top, right, bottom = closeup(size).picture
            pixels = right - left, bottom - top
            values = yield from unit_values(scene, unit, pixels, before=before)
            shown = (
                tinted(values, summary.reach)
                if summary.channel is None
                else shaded(values, summary.channel)
            )
            _put(picture, (left, top, right, bottom), shown)
            return picture
        board = board_of(scene, size)
        tile, network = board.tile, scene.network
        if is_graph(network):
            samples = yield from self._samples_of(scene, shape)

            def values_of(layer: int) -> Float32:
                return part_of(samples, layer, tile, before=before)
        else:
            layers = yield from trace(scene, tile)

            def values_of(layer: int) -> Float32:
                if layer == 0:
                    return inputs(scene, tile)
                return layers[layer - 1].pre_activations if before else layers[layer - 1].units

        yield from self._tiles(picture, scene, board, values_of)
        self._kernels(picture, scene, board)
        # Those of the overlay, which is drawn at once.
        samples = yield from self._samples_of(scene, shape)
        self._pins(picture, scene, board, samples)
        return picture

    def _tiles(
        self,
        picture: Picture,
        scene: Scene,
        board: Dashboard,
        values_of: Callable[[int], Float32],
    ) -> Steps[None]:
        """Paint the tiles of all units; `values_of` a layer are (pixels of a tile, units)."""
        before = scene.options(UnitsOptions).before
        for column in board.columns:
            values = values_of(column.layer)
            reach = reaches_of(scene, column.layer, values)
            step = max(1, AT_ONCE // len(values))
            for first in range(0, column.count, step):
                some = np.ascontiguousarray(values[:, first : first + step].T)
                units = [(column.layer, first + k) for k in range(len(some))]
                channels = [channel_of(scene.network, unit, before=before) for unit in units]
                shown = [
                    one if channel is None else shaded(v, channel)
                    for v, channel, one in zip(
                        some,
                        channels,
                        tinted(some, reach[first : first + step]) if None in channels else some,
                        strict=True,
                    )
                ]
                for index, tile in enumerate(shown, first):
                    shaped = tile.reshape(board.tile[1], board.tile[0], 3)
                    _put(picture, board.box((column.layer, index)), shaped)
                yield

    def _kernels(self, picture: Picture, scene: Scene, board: Dashboard) -> None:
        """Paint the kernels of the layers that have tiles for them."""
        network = scene.network
        for column in board.kernels:
            kernels = kernels_of(network.stages[column.layer - 1])
            assert kernels is not None
            largest = float(np.abs(kernels).max())
            for index, kernel in enumerate(kernels):
                tile = tile_of(kernel, network.inputs, largest, board.tile)
                if tile is not None:
                    _put(picture, board.box_in(column, index), tile)

    def _pins(self, picture: Picture, scene: Scene, board: Dashboard, samples: UnitSamples) -> None:
        """Paint the pinned units."""
        for unit, box in pinned_boxes(scene, board, samples.size[0] / samples.size[1]):
            summary = summarize(samples, unit, before=scene.options(UnitsOptions).before)
            size = box[2] - box[0], box[3] - box[1]
            values = resampled(summary.values[..., None], size)[..., 0]
            _put(
                picture,
                box,
                tinted(values, summary.reach)
                if summary.channel is None
                else shaded(values, summary.channel),
            )

    def _samples_of(self, scene: Scene, shape: Size) -> Steps[UnitSamples]:
        """Samples of all units for a picture of size `shape`."""
        return (yield from self._samples.get(scene, _sample_size(scene, shape)))

    def _unit_samples(self, scene: Scene, size: Size) -> UnitSamples:
        return at_once(self._samples_of(scene, size))

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Heads, connections, and the panel of the unit under the cursor, or else selected."""
        enlarged = enlarged_unit(scene)
        if enlarged is not None:
            return self._closeup(scene, size, enlarged, cursor)
        board = board_of(scene, size)
        selected = selected_unit(scene, board)
        unit = (_unit_at(scene, board, size, cursor) if cursor else None) or selected
        image = self._heads(scene, size, board, lined=unit is None)
        if unit is not None and scene.options(UnitsOptions).connections:
            image.alpha_composite(_lines(scene, board, size, unit))
        draw = ImageDraw.Draw(image)
        self._marks(draw, scene, board, size)
        for framed, ink in ((selected, DIM), (unit, WHITE)):
            if framed is None:
                continue
            for box in (_box_of(board, framed), board.kernel_box(framed)):
                if box is not None:
                    frame(draw, box, max(1, board.font_size // 6), ink)
        self._panel(image, scene, board, unit, selected)
        if selected is not None and cursor is not None and unit == selected:
            actions = actions_of(scene, selected, board.panel, board.font_size)
            _draw_actions(draw, board.panel, board.font_size, actions, cursor)
        return np.asarray(image)

    def _closeup(
        self, scene: Scene, size: Size, unit: Unit, cursor: tuple[float, float] | None
    ) -> Words:
        image = canvas(size)
        samples = self._unit_samples(scene, size)
        draw_closeup(image, summarize(samples, unit, before=scene.options(UnitsOptions).before))
        if cursor is not None:
            box, font_size = closeup(size).words, letters(size)
            actions = actions_of(scene, unit, box, font_size)
            _draw_actions(ImageDraw.Draw(image), box, font_size, actions, cursor)
        return np.asarray(image)

    def _marks(self, draw: ImageDraw.ImageDraw, scene: Scene, board: Dashboard, size: Size) -> None:
        """The names of pinned units, and the factors of boosted ones."""
        small = max(8, round(0.8 * board.font_size))
        pinned = pinned_boxes(scene, board, size[0] / size[1])
        for unit, box in pinned:
            name = unit_name(scene.network, unit)
            if box[3] - box[1] > 2 * line_height(small):
                if width(name, small) > box[2] - box[0] - small:
                    name = f"{unit[0]}: {unit[1] + 1}"
                chip(draw, (box[0] + 2, box[1] + 2), name, small)
        boosted = {(layer, number - 1) for layer, number, _ in scene.preset.spec.boost}
        for unit in sorted(boosted):
            factor = factor_of(scene.preset, unit)
            boxes = [box for one, box in pinned if one == unit]
            boxes += [board.box(unit)] if board.shows(unit) else []
            for box in boxes:
                mark_boost(draw, box, factor, board.font_size)

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
        note = ", selected" if unit == selected else ""
        unit_panel(image, board.panel, board.font_size, found, found.largest, note)

    def _heads(self, scene: Scene, size: Size, board: Dashboard, *, lined: bool) -> Image.Image:
        """The part independent of the cursor: column heads, and the strongest connections."""
        lined = lined and scene.options(UnitsOptions).connections
        network = scene.network

        def draw() -> Image.Image:
            image = _lines(scene, board, size) if lined else canvas(size)
            write_heads(ImageDraw.Draw(image), network, board)
            return image

        return self._backgrounds.get((network.digest, board, size, lined), draw).copy()

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        before, enlarged = scene.options(UnitsOptions).before, enlarged_unit(scene)
        if enlarged is not None:
            box = closeup(size).picture
            if not _holds(box, place):
                return None
            return _point_in(scene, box, place, enlarged, before=before)
        board = board_of(scene, size)
        unit = board.at(place)
        if unit is not None:
            part = scene
            if is_graph(scene.network):  # its tiles are parts of the picture
                wide, high = board.tile
                aspect = size[0] / size[1]
                half = min(max(1.0, aspect), wide / high * max(1.0, 1 / aspect))
                shorter = min(half, half * high / wide)
                part = replace(scene, view=replace(scene.view, extent=scene.view.extent * shorter))
            found = _point_in(part, board.box(unit), place, unit, before=before)
            return replace(found, scene=scene)
        for pinned, box in pinned_boxes(scene, board, size[0] / size[1]):
            if _holds(box, place):
                return _point_in(scene, box, place, pinned, before=before)
        return None

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A click on a tile selects its unit; on the selected one, or beside the tiles, none.

        Enter opens the unit, large. A click on a label in the panel does what it says.
        """
        enlarged = enlarged_unit(scene)
        if enlarged is not None:
            box = closeup(size).words
            return hit_of(actions_of(scene, enlarged, box, letters(size)), place)
        board = board_of(scene, size)
        selected = selected_unit(scene, board)
        if selected is not None:
            action = hit_of(actions_of(scene, selected, board.panel, board.font_size), place)
            if action is not None:
                return action
        unit = _unit_at(scene, board, size, place)
        if unit is None:
            panel = board.panel
            if selected is None or (panel[0] <= place[0] and panel[1] <= place[1]):
                return None
            return Hit("no unit", changes={"units.unit": None})
        words, opens = _words(scene, unit), closer(scene, unit).opens
        if unit == selected:
            return Hit(words, changes={"units.unit": None}, enters=opens)
        return Hit(words, changes={"units.unit": (unit[0], unit[1] + 1)}, enters=opens)

    def page(self, preset: Preset, steps: int) -> dict[str, tuple[int, int]] | None:
        """With one unit alone: the next units of its layer."""
        options = preset.options(UnitsOptions)
        if not options.zoom:
            return None
        layer, number = options.unit or FIRST
        network = preset.network()
        if layer > len(network.stages):
            return None
        count = network.stages[layer - 1].units if layer else len(network.inputs)
        return {"units.unit": (layer, min(max(number + steps, 1), count))}


def _sample_size(scene: Scene, shape: Size) -> Size:
    """The size of the samples of all units for a picture of size `shape`."""
    network, aspect = scene.network, shape[0] / shape[1]
    if not is_graph(network):
        return sample_size(network, aspect)
    wide, high = board_of(scene, shape).tile
    least = round(max(high, wide / aspect) ** 2 * aspect)  # its tiles are parts of them

    def affordable() -> Size:
        """Fewer where the view is so small that each point has taps of its own."""
        size = sample_size(network, aspect, least)
        while min(size) >= 2 * FEWEST:
            lattice = Lattice.of(network, scene.view, Region.of(size))
            work = picture_work(network, scene.view, Region.of(size))
            smaller = size[0] // 2, size[1] // 2
            less = picture_work(network, scene.view, Region.of(smaller))
            if less > work / 2 or (lattice.k <= FINEST and work <= ENOUGH):
                break
            size = smaller
        return size

    return _sizes.get((network.digest, scene.view, aspect, least), affordable)


def reaches_of(scene: Scene, layer: int, values: Float32) -> Float64:
    """The reach of each unit's colour scale, (units, 1), from a layer's values (N, units)."""
    network = scene.network
    if layer == 0:
        return input_reaches(network.inputs, values)[:, None]
    before = scene.options(UnitsOptions).before
    stage = network.stages[layer - 1]
    sizes = boost_sizes(stage, before=before)
    plain = values if stage.boost is None else values / sizes
    one = reach_within(plain, None if before else bound_of(network, layer))
    return one * sizes[:, None].astype(np.float64)


def pinned_boxes(scene: Scene, board: Dashboard, aspect: float) -> list[tuple[Unit, Box]]:
    """The pinned units and their boxes in the strip."""
    units = pinned_units(scene)
    if board.strip is None:
        return []
    return list(zip(units, pins(board.strip, len(units), aspect), strict=True))


def _draw_actions(
    draw: ImageDraw.ImageDraw,
    panel: Box,
    font_size: int,
    actions: list[Action],
    cursor: tuple[float, float],
) -> None:
    """The labels, while the pointer is in the panel; the one under it is lighter."""
    if not actions or not _holds(panel, cursor):
        return
    left, _, right, bottom = panel
    top = min(action.box[1] for action in actions) - font_size // 3
    draw.rectangle((left, top, right - 1, bottom - 1), fill=(*GROUND, 255))
    for action in actions:
        a, b, c, d = action.box
        lit = action.holds(cursor)
        radius = max(2, font_size // 4)
        draw.rounded_rectangle((a, b, c - 1, d - 1), radius, fill=LIT if lit else LABEL)
        write(draw, ((a + c) / 2, b), action.label, font_size, WHITE if lit else DIM, anchor="ma")


def _unit_at(scene: Scene, board: Dashboard, size: Size, place: tuple[float, float]) -> Unit | None:
    """The unit at a pixel: its tile, its kernel's, or its pinned picture."""
    found = board.at(place) or board.kernel_at(place)
    if found is not None or board.strip is None:
        return found
    boxes = pinned_boxes(scene, board, size[0] / size[1])
    return next((unit for unit, box in boxes if _holds(box, place)), None)


def _box_of(board: Dashboard, unit: Unit) -> Box | None:
    return board.box(unit) if board.shows(unit) else None


def _lines(scene: Scene, board: Dashboard, size: Size, unit: Unit | None = None) -> Image.Image:
    """The strongest connections, or those of a unit; in a structure they pass behind the tiles."""
    lines = diagram.connections(scene.network, board, unit)
    overlay = diagram.drawn(lines, board, size)
    if is_graph(scene.network):
        diagram.behind(overlay, board)
    return overlay


def _words(scene: Scene, unit: Unit) -> str:
    """A unit in words: "channel 3 of layer 2, conv 3×3: sees 5×5 taps"."""
    network, (layer, index) = scene.network, unit
    if not is_graph(network) or not 0 < layer < len(network.stages):
        return unit_name(network, unit)
    stage = network.stages[layer - 1]
    inside = f" in {', '.join(stage.modules)}" if stage.modules else ""
    return f"channel {index + 1} of layer {layer}, {words_of(stage)}{inside}: {sees(stage)}"


def _legend(scene: Scene) -> str:
    """The meaning of the tiles' colours."""
    before, network = scene.options(UnitsOptions).before, scene.network
    if is_graph(network):
        bounds = {
            None if before else bound_of(network, k) for k in range(1, len(network.stages) + 1)
        }
    else:
        bounds = {None if before else bound(stage.activation) for stage in network.stages}
    what = "pre-activation" if before else "activation"
    scaled = "" if bounds == {1.0} else f", relative to its layer's maximum or {RMS_RANGE} × RMS"
    one = "channel" if is_graph(network) else "unit"
    return f"Each tile is one {one}: its {what} at each point{scaled}."


def _put(picture: Picture, box: Box, pixels: Float32) -> None:
    """Copy pixels into a box, which may be a pixel smaller."""
    left, top, right, bottom = box
    place = picture[top:bottom, left:right]
    place[:] = pixels[: place.shape[0], : place.shape[1]]


def _holds(box: Box, place: tuple[float, float]) -> bool:
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def _point_in(
    scene: Scene, box: Box, place: tuple[float, float], unit: Unit, *, before: bool
) -> Point:
    at = place[0] - box[0], place[1] - box[1]
    size = box[2] - box[0], box[3] - box[1]
    return plane_point(scene, size, at, unit, before=before)
