"""The layers view: the picture of the depth-k network for every k, in reading order.

Scene -> one pass over the network, a tile of pixels at a time
         -> at layer k the pre-activations of the depth-k network's outputs -> output activation
         -> the preset's colours, with a value range for each layer -> a cell

All depth-k networks share the hidden layers of one pass. The weights of their output layers are the
first rows of layer k's draws, rescaled where the initialisation depends on the fan-out. The picture
of a structure's layer are its first channels, with the output activation instead of its own.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.evaluator import colors
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.cpu.products import BLOCK, Blocks, in_order
from cppn_gl.engines.cpu.trace import inputs, trace
from cppn_gl.engines.grid import picture_work
from cppn_gl.engines.stretch import grid, measure
from cppn_gl.nn.activations import activate
from cppn_gl.nn.displayed import Displayed
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import OUTPUTS, Network
from cppn_gl.preset.color import DISPLAY, ValueRange, colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import LayersOptions
from cppn_gl.preset.value_range import default_range, stretched_range
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Point, Words, plane_point
from cppn_gl.views.cells import Cells, arranged
from cppn_gl.views.text import counted, width, write
from cppn_gl.views.units.wiring import is_graph, sees, words_of

CAPTION, MOST_CAPTION = 1.5, 0.22  # height in font sizes; at most, in heights of a picture
RMS_RANGE = 2.5  # pre-activations of ± so many root mean squares are shown as 0 and 1
LEAST = 1e-30  # of that root mean square


@dataclass(frozen=True)
class Outputs:
    """The depth-k network's outputs before and after their activation, each (N, 1, 3 or 4)."""

    pre_activations: Float32
    values: Float32


def pass_through(scene: Scene, size: Size) -> Steps[list[Outputs]]:
    """The outputs of the depth-k network for every k, at the pixels of a picture of `size`."""
    network, count = scene.network.trained, size[0] * size[1]
    if isinstance(network, GraphNetwork):
        return (yield from _channels(scene, network, size))
    if network.by_grid:
        return (yield from _of_image(scene, network, size))
    evaluate = evaluator(network, scene.view, scene.clock)
    first = evaluator(depth_network(scene, 1), scene.view, scene.clock)
    lasts: list[Layer] = []
    for depth in range(1, network.depth + 1):
        lasts.append(output_layer(scene, depth))
        yield
    blocks = Blocks.covering(size)
    before = [np.empty((len(blocks), BLOCK, len(end.bias)), np.float32) for end in lasts]
    for start in range(0, len(blocks), evaluate.at_once):
        some = slice(start, start + evaluate.at_once)
        y = evaluate.coordinates(blocks[some].pixels, size)
        (_, before[0][some], _), *_ = first.walk(y)
        yield start / len(blocks)
        for end, into, (_, _, units) in zip(lasts[1:], before[1:], evaluate.walk(y), strict=False):
            with one_thread():
                into[some] = evaluate.pre_activations(end, units)
            yield
    found = [in_order(z, count) for z in before]
    return [Outputs(z, activate(end.activation, z)) for z, end in zip(found, lasts, strict=True)]


def _of_image(scene: Scene, network: Network, size: Size) -> Steps[list[Outputs]]:
    """The same of a dense network with an image as an input."""
    layers = yield from trace(scene, size)
    found, units = [], inputs(scene, size)
    for depth, layer in enumerate(layers, 1):
        end = output_layer(scene, depth)
        with one_thread(), np.errstate(all="ignore"):
            z = np.asarray(end.pre_activation(units), np.float32)
        found.append(Outputs(z, activate(end.activation, z)))
        units = layer.units
        yield
    return found


def _channels(scene: Scene, network: GraphNetwork, size: Size) -> Steps[list[Outputs]]:
    """The first channels of each layer of a structure, as outputs."""
    layers = yield from trace(scene, size, network.outputs)
    found = []
    for one in layers:
        z = one.pre_activations
        count = max(n for n in OUTPUTS if n <= z.shape[1])
        z = np.ascontiguousarray(z[:, :count])
        found.append(Outputs(z, activate(network.output_activation, z)))
    return found


def layer_count(preset: Preset) -> int:
    """The number of a preset's layers, each of which has a picture."""
    return len(preset.network().stages if preset.spec.structured else preset.spec.shapes)


def output_layer(scene: Scene, depth: int) -> Layer:
    """The output layer of the depth-k network; of a trained one its units, as far as there are."""
    if not scene.preset.learns:
        return scene.preset.output_layer(depth)
    network = scene.network.trained
    units, count = network.effective(depth - 1), network.outputs
    weight = np.zeros((count, units.weight.shape[1]), np.float32)
    bias = np.zeros(count, np.float32)
    weight[: len(units.bias)], bias[: len(units.bias)] = units.weight[:count], units.bias[:count]
    return Layer(weight, bias, network.drawn[-1].activation)


def depth_network(scene: Scene, depth: int) -> Network:
    """The depth-k network."""
    if isinstance(scene.network, GraphNetwork):
        return scene.network.truncated(depth)
    if not scene.preset.learns:
        return scene.preset.layer_picture(depth).network()  # with alpha, if it has it
    network = scene.network
    cut = network.trained.ending(depth, output_layer(scene, depth))
    return network.of(cut) if isinstance(network, Displayed) else cut


def shown(scene: Scene, outputs: Float32, depth: int) -> Float32:
    """Outputs of the depth-k network (N, n) as display values (N, 3), before a colour mapping.

    Hidden units stand for no class: of a network with several they are red, green and blue.
    """
    network = scene.network
    if scene.preset.learns and network.trained.outputs > 1 and depth < network.trained.depth:
        return colors(outputs[:, :3])
    return colors(network.shown(outputs) if isinstance(network, Displayed) else outputs)


def pre_activation_colors(values: Float32) -> Float32:
    """Pre-activations as display values (N, 3): 0 is mid grey, ±RMS_RANGE root mean squares are
    0 and 1. All outputs of a layer share this scale.
    """
    values = values[:, :3]
    finite = values[np.isfinite(values)].astype(np.float64)
    rms = float(np.sqrt(np.mean(finite * finite))) if finite.size else 0.0
    with np.errstate(all="ignore"):
        shown = np.clip(0.5 + values / np.float32(2 * RMS_RANGE * max(rms, LEAST)), 0, 1)
    return colors(shown)


def layer_ranges(scene: Scene, shape: Size) -> Steps[list[ValueRange]]:
    """The value range of each layer's picture of size `shape`, as if it were the whole picture."""

    def values(size: Size) -> Steps[list[Float32]]:
        found = yield from pass_through(scene, size)
        return [shown(scene, one.values, k) for k, one in enumerate(found, 1)]

    if scene.preset.color.stretch == "none":
        return [default_range(scene)] * len(scene.network.trained.stages)  # one output activation
    found = yield from measure(scene, grid(shape), values, "layers")
    return [stretched_range(scene, one) for one in found]


class LayersView(CPUView):
    """Every layer's picture; with `before`, its pre-activations above it."""

    auto = 4  # many small pictures
    uses_cursor = True
    clicked = "opens a layer"
    colors = continuous = True

    def cells(self, scene: Scene, size: Size, shape: Size | None = None) -> Cells:
        """The layers' cells, with captions if these are small; `shape`: see `paint_for`."""
        return layer_cells(scene.preset, size, shape)

    def work(self, scene: Scene) -> float:
        """Approximate multiplications per pixel: each layer fills a fraction of the picture."""
        network = scene.network
        parts = 1 if is_graph(network) else network.depth  # a pass over a lattice gives all
        return max(super().work(scene), work_per_pixel(network) / parts)

    def effort(self, scene: Scene, region: Region) -> float:
        """Of a structure that of one cell: all have the same points."""
        if not is_graph(scene.network):
            return super().effort(scene, region)
        width, height = (side * region.samples for side in region.part)
        cell = self.cell_picture_size(scene, (width, height), region.shape)
        return picture_work(scene.network, scene.view, Region.of(cell))

    def cell_picture_size(self, scene: Scene, size: Size, shape: Size | None = None) -> Size:
        """The size of one layer's picture; less than half a cell with `before`."""
        return _picture_size(self.cells(scene, size, shape), scene.preset)

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """Paint all layers, with the value ranges of a picture of size `shape`."""
        before, color = scene.options(LayersOptions).before, scene.preset.color
        cells = self.cells(scene, size, shape)
        wide, high = self.cell_picture_size(scene, size, shape)
        spans = yield from layer_ranges(scene, self.cell_picture_size(scene, shape))
        outputs = yield from pass_through(scene, (wide, high))
        picture: Picture = lettering.blank(size)
        for index, (found, span) in enumerate(zip(outputs, spans, strict=True)):
            left, top, right, bottom = cells.box(index)
            cell, pixels = picture[top:bottom, left:right], (high, wide, 3)
            if before:
                before_colors = pre_activation_colors(found.pre_activations)
                if not color.plain:
                    before_colors = colored(before_colors, color, DISPLAY)
                _put(cell, before_colors.reshape(pixels), 0)
            values = shown(scene, found.values, index + 1)
            values = values if color.plain else colored(values, color, span)
            _put(cell, values.reshape(pixels), max(0, len(cell) - high))
            yield
        return picture

    def dithered(self, preset: Preset, size: Size) -> tuple[Box, ...]:
        """Each layer's pictures, each as its own."""
        if not preset.color.noisy:
            return ()
        before = preset.options(LayersOptions).before
        count = layer_count(preset)
        cells = layer_cells(preset, size)
        _, high = _picture_size(cells, preset)
        boxes = []
        for index in range(count):
            left, top, right, bottom = cells.box(index)
            if before:
                boxes.append((left, top, right, min(bottom, top + high)))
            boxes.append((left, max(top, bottom - high), right, bottom))
        return tuple(boxes)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """Each layer's caption or number, and a frame round the layer under the cursor."""
        cells, font_size = self.cells(scene, size), lettering.letters(size)
        high = self.cell_picture_size(scene, size)[1]
        image = lettering.canvas(size)
        draw = ImageDraw.Draw(image)
        pointed = cells.at(cursor) if cursor else None
        words = captions(scene.preset, font_size, cells.cell[0]) if cells.caption else []
        number = lettering.room(font_size, "m" * 3)
        chips = number[0] < cells.cell[0] * 0.75 and number[1] < high * 0.5
        for index in range(cells.count):
            left, top, _, bottom = cells.box(index)
            ink = lettering.WHITE if index == pointed else lettering.DIM
            if index in (pointed, scene.options(LayersOptions).layer - 1):
                lettering.frame(draw, cells.box(index), max(1, round(cells.gap / 2)), ink)
            if words:
                for word, edge in zip(words[index], (top, bottom - high), strict=False):
                    write(draw, (left, edge - font_size // 5), word, font_size, ink, anchor="ld")
            elif chips:
                inset = max(2, font_size // 3)
                lettering.chip(draw, (left + inset, top + inset), str(index + 1), font_size)
        return np.asarray(image)

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        cells = self.cells(scene, size)
        index = cells.at(place)
        if index is None:
            return None
        left, top, _, bottom = cells.box(index)
        wide, high = self.cell_picture_size(scene, size)
        x, y, before = place[0] - left, place[1] - top, False
        if scene.options(LayersOptions).before:
            before = y < high
            y = y if before else place[1] - (bottom - high)
            if y < 0:
                return None  # between the two
        preset = scene.preset
        opened = preset if preset.learns else preset.layer_picture(index + 1)
        network = depth_network(scene, index + 1)
        network = network if preset.learns else network.opaque
        of = Scene(network, scene.view, scene.clock, opened)
        return plane_point(of, (wide, high), (x, y), before=before)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The layer's number and inputs; a click opens its picture."""
        index = self.cells(scene, size).at(place)
        if index is None:
            return None
        layer = index + 1
        opened = scene.preset.layer_picture(layer).replace(**{"show.view": "picture"})
        if is_graph(scene.network):
            return Hit(_structure_words(scene, layer), opens=opened)
        shown = scene.network.drawn[index]
        fan_in, source = shown.weight.shape[1], "inputs" if index == 0 else "units"
        depth, count = scene.network.trained.depth, scene.network.trained.outputs
        words = f"layer {layer} of {depth}: output of the depth-{layer} network"
        if scene.preset.learns and layer < depth:
            words = f"layer {layer} of {depth}: its first {counted(count, 'unit')} as outputs"
        words += f", computed from {fan_in} {source}"
        return Hit(words, opens=opened)


def _structure_words(scene: Scene, layer: int) -> str:
    """A structure's layer in words."""
    stages = scene.network.stages
    stage, words = stages[layer - 1], f"layer {layer} of {len(stages)}, "
    count = max(n for n in OUTPUTS if n <= min(stage.units, scene.network.outputs))
    first = "its first channel" if count == 1 else f"its first {count} channels"
    shown = "the outputs" if layer == len(stages) else f"{first} as outputs"
    return f"{words}{words_of(stage)}: {shown}, {sees(stage)}"


def layer_cells(preset: Preset, size: Size, shape: Size | None = None) -> Cells:
    """The layers' cells, with captions if these are small; `shape`: see `paint_for`."""
    shape, depth = shape or size, layer_count(preset)
    stacked = 2 if preset.options(LayersOptions).before else 1
    bare, font_size = arranged(depth, shape, stacked), lettering.letters(shape)
    caption = round(CAPTION * font_size)
    fits = caption <= MOST_CAPTION * bare.side[1] / stacked
    if not fits or not captions(preset, font_size, bare.cell[0]):
        return bare.scaled(size, shape)
    return arranged(depth, shape, stacked, caption).scaled(size, shape)


def _picture_size(cells: Cells, preset: Preset) -> Size:
    """The size of one layer's picture; less than half a cell with `before`."""
    wide, high = cells.cell
    half = max(1, math.floor((high - cells.gap - cells.caption) / 2))
    return wide, half if preset.options(LayersOptions).before else high


def captions(preset: Preset, font_size: int, room: float) -> list[tuple[str, ...]]:
    """The words above each layer's pictures, the longest of which all fit; none if none do."""
    numbers = range(1, layer_count(preset) + 1)
    stages = preset.network().stages if preset.spec.structured else ()
    labels: list[tuple[str, ...]] = [(f"{k}  {one.label}",) for k, one in enumerate(stages, 1)]
    forms: list[list[tuple[str, ...]]] = [
        *([labels] if labels else []),
        [(f"layer {k}",) for k in numbers],
        [(f"{k}",) for k in numbers],
    ]
    if preset.options(LayersOptions).before:
        name = preset.spec.output_activation
        forms = [
            [(f"layer {k}, before {name}", f"after {name}") for k in numbers],
            [(f"{k}, before", "after") for k in numbers],
        ]
    for form in forms:
        if all(width(word, font_size) <= room for words in form for word in words):
            return form
    return []


def _put(cell: Picture, one: Float32, top: int) -> None:
    """Copy a picture into a cell, which may be a pixel smaller."""
    room = cell[top : top + one.shape[0]]
    room[:] = one[: room.shape[0], : room.shape[1]]
