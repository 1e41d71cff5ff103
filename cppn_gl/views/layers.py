"""Layer k's picture for every k of one network, in reading order: one network growing.

Scene -> one pass over the network, a tile of pixels at a time
         -> at layer k the sums of the depth-k network's outputs -> the output activation
         -> the preset's colours, each layer stretched by itself -> a cell

The pass goes through the hidden layers; where the depth-k network ends, its outputs are the first
rows of the same draws, of another scale where the initialisation looks at the fan out.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from cppn_gl.engines.cpu.products import BLOCK, Blocks, Products, colors, in_order
from cppn_gl.engines.stretch import default_range, grid, measure, stretched_range
from cppn_gl.nn.activations import activate
from cppn_gl.nn.layers import Layer
from cppn_gl.preset.color import DISPLAY, ValueRange, colored
from cppn_gl.preset.scene import Scene, work_per_pixel
from cppn_gl.preset.show import LayersOptions
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Size, Words
from cppn_gl.views.cells import Cells, arranged

Floats = NDArray[np.float32]

SPREADS = 2.5  # sums of so many spreads below and above 0 are black and full colour
LEAST = 1e-30  # spread that is told from none


@dataclass(frozen=True)
class Outputs:
    """Layer k's picture, before and after the output activation: each (N, 1 or 3)."""

    sums: Floats
    values: Floats


def pass_through(scene: Scene, size: Size) -> Generator[None, None, list[Outputs]]:
    """The outputs of the depth-k network for every k, at the pixels of a view of `size`."""
    network, count = scene.network, size[0] * size[1]
    products = Products(network, scene.view, scene.clock)
    first = Products(scene.preset.layer_picture(1).network(), scene.view, scene.clock)
    lasts: list[Layer] = []
    for depth in range(1, network.depth + 1):
        lasts.append(scene.preset.output_layer(depth))
        yield
    blocks = Blocks.covering(size)
    sums = [np.empty((len(blocks), BLOCK, len(end.bias)), np.float32) for end in lasts]
    for start in range(0, len(blocks), products.at_once):
        some = slice(start, start + products.at_once)
        y = products.coordinates(blocks[some].pixels, size)
        (_, sums[0][some], _), *_ = first.walk(y)
        yield
        for end, into, (_, _, units) in zip(lasts[1:], sums[1:], products.walk(y), strict=False):
            with one_thread(), np.errstate(all="ignore"):
                into[some] = end.pre_activation(units)
            yield
    found = [in_order(z, count) for z in sums]
    return [Outputs(z, activate(end.activation, z)) for z, end in zip(found, lasts, strict=True)]


def planes(sums: Floats) -> Floats:
    """Sums as display values (N, 3): 0 is mid grey, SPREADS times their root mean square from it
    are 0 and 1. What the sums of one layer are is told by their differences, so all share a scale.
    """
    finite = sums[np.isfinite(sums)].astype(np.float64)
    spread = float(np.sqrt(np.mean(finite * finite))) if finite.size else 0.0
    with np.errstate(all="ignore"):
        shown = np.clip(0.5 + sums / np.float32(2 * SPREADS * max(spread, LEAST)), 0, 1)
    return colors(shown)


def layer_ends(scene: Scene, shape: Size) -> Generator[None, None, list[ValueRange]]:
    """What becomes 0 and 1 in each layer's picture of a shape: as if it were the whole picture."""

    def values(size: Size) -> Generator[None, None, list[Floats]]:
        found = yield from pass_through(scene, size)
        return [colors(one.values) for one in found]

    if scene.preset.color.stretch == "none":
        return [default_range(scene)] * scene.network.depth  # one output activation for all
    found = yield from measure(scene, grid(shape), values, "layers")
    return [stretched_range(scene, one) for one in found]


class LayersView(CPUView):
    """Every layer's picture; with `before`, above it the sums that the activation makes it of."""

    points = True
    colors = True

    def cells(self, scene: Scene, size: Size) -> Cells:
        """Where the layers' pictures lie."""
        return arranged(scene.network.depth, size, 2 if scene.options(LayersOptions).before else 1)

    def work(self, scene: Scene) -> float:
        """Multiplications for one pixel: all layers are drawn, each in a share of the picture."""
        return max(super().work(scene), work_per_pixel(scene.network) / scene.network.depth)

    def one(self, scene: Scene, size: Size) -> Size:
        """The size of a layer's picture."""
        cells = self.cells(scene, size)
        wide, high = cells.cell
        half = max(1, (high - cells.gap) // 2)
        return wide, half if scene.options(LayersOptions).before else high

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        """Paint all layers."""
        return self.paint_for(scene, size, size)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        """Paint all layers. What each is stretched over is that of its picture in `shape`."""
        before, color = scene.options(LayersOptions).before, scene.preset.color
        cells = self.cells(scene, size)
        wide, high = self.one(scene, size)
        spans = yield from layer_ends(scene, self.one(scene, shape))
        outputs = yield from pass_through(scene, (wide, high))
        picture: Picture = lettering.blank(size)
        for index, (found, span) in enumerate(zip(outputs, spans, strict=True)):
            left, top, right, bottom = cells.box(index)
            cell, pixels = picture[top:bottom, left:right], (high, wide, 3)
            if before:
                sums = planes(found.sums)
                sums = sums if color.plain else colored(sums, color, DISPLAY)
                _put(cell, sums.reshape(pixels), 0)
            values = colors(found.values)
            values = values if color.plain else colored(values, color, span)
            _put(cell, values.reshape(pixels), max(0, len(cell) - high))
            yield
        return picture

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The number of each layer, and a frame about the one pointed at."""
        cells = self.cells(scene, size)
        points = lettering.letters(size)
        image = lettering.canvas(size)
        draw = ImageDraw.Draw(image)
        pointed = cells.at(cursor) if cursor else None
        before, half = scene.options(LayersOptions).before, (cells.cell[1] - cells.gap) // 2
        wide, high = lettering.room(points, f"layer {cells.count} ")
        long = wide <= cells.cell[0] * 0.6
        high_enough = high < (half if before else cells.cell[1]) * 0.5
        numbered = high_enough and lettering.room(points, "m" * 3)[0] < cells.cell[0] * 0.75
        for index in range(cells.count):
            left, top, _, bottom = cells.box(index)
            if index in (pointed, scene.options(LayersOptions).layer - 1):
                ink = lettering.WHITE if index == pointed else lettering.DIM
                lettering.frame(draw, cells.box(index), max(1, cells.gap // 2), ink)
            if numbered:
                inset = max(2, points // 3)
                text = f"layer {index + 1}" if long else str(index + 1)
                if before and long and index == 0:
                    made = f"{scene.network.drawn[-1].activation} of it"
                    lettering.chip(draw, (left + inset, bottom - half + inset), made, points)
                    text += ": sums"
                lettering.chip(draw, (left + inset, top + inset), text, points)
        return np.asarray(image)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A click on a layer opens its picture."""
        index = self.cells(scene, size).at(place)
        if index is None:
            return None
        layer = index + 1
        shown = scene.network.drawn[index]
        what = "the last" if layer == scene.network.depth else f"of {scene.network.depth}"
        columns = shown.weight.shape[1]
        words = f"layer {layer}, {what}: the network of depth {layer}, fed by {columns} "
        words += "inputs" if index == 0 else "units"
        opened = scene.preset.layer_picture(layer)
        return Hit(words, opens=opened.replace(**{"show.view": "picture"}))


def _put(cell: Picture, one: Floats, top: int) -> None:
    """Put a picture into a cell, which may be a pixel smaller."""
    room = cell[top : top + one.shape[0]]
    room[:] = one[: room.shape[0], : room.shape[1]]
