"""One unit alone: its picture as large as there is room for, beside its weights and statistics.

Scene, unit, size -> unit_values() -> its values at every pixel -> painted into `Closeup.picture`
UnitSummary -> draw_closeup() -> the words beside
"""

import dataclasses
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import GridEvaluator
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.cpu.products import BLOCK, Blocks, in_order
from cppn_gl.engines.cpu.trace import inputs
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.layers import Layer, Node
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Conv
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.tasks import Steps
from cppn_gl.views.lettering import WHITE, letters
from cppn_gl.views.text import line_height
from cppn_gl.views.units.dashboard import MARGIN, Unit
from cppn_gl.views.units.unit_panel import Page, describe, scale_of
from cppn_gl.views.units.unit_samples import UnitSummary

WORDS = 0.3, 0.36  # of the width beside the picture, of the height below it
HEAD = 0.075  # of the shorter side, for the unit's name
SCALE = 0.07  # for the colour scale below the picture


@dataclass(frozen=True)
class Closeup:
    """Where the unit's picture and the words about it are."""

    picture: Box
    words: Box


def closeup(size: Size) -> Closeup:
    """The layout: the picture at the left, or on top, with the shape of a picture of `size`."""
    width, height = size
    margin, head, scale = (part * min(size) for part in (MARGIN, HEAD, SCALE))
    if width >= 0.8 * height:
        edge = (1 - WORDS[0]) * width
        wide, high = edge - 2 * margin, height - head - scale - 2 * margin
        words = edge, margin, width - margin, height - margin
    else:
        edge = (1 - WORDS[1]) * height
        wide, high = width - 2 * margin, edge - head - scale - margin
        words = margin, edge, width - margin, height - margin
    shrunk = min(wide / width, high / height)
    w, h = shrunk * width, shrunk * height
    left = margin + (wide - w) / 2
    top = margin + head + (0.0 if width >= 0.8 * height else (high - h) / 2)
    return Closeup(_box((left, top, left + w, top + h)), _box(words))


def _box(edges: tuple[float, float, float, float]) -> Box:
    left, top, right, bottom = map(round, edges)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def unit_values(scene: Scene, unit: Unit, size: Size, *, before: bool = False) -> Steps[Float32]:
    """A unit's values at the pixel centres of a picture of `size`, (height, width)."""
    layer, index = unit
    if layer == 0:
        return inputs(scene, size)[:, index].reshape(size[::-1])
    cut = network_of(scene.network, unit, before=before)
    if cut.by_grid:
        found = yield from GridEvaluator(cut, scene.view, scene.clock).outputs(Region.of(size))
        return np.asarray(found[..., 0])
    evaluate = evaluator(cut, scene.view, scene.clock)
    blocks = Blocks.covering(size)
    values = np.empty((len(blocks), BLOCK, 1), np.float32)
    for first in range(0, len(blocks), evaluate.at_once):
        some = slice(first, first + evaluate.at_once)
        for _, z, units in evaluate.walk(evaluate.coordinates(blocks[some].pixels, size)):
            assert z is not None
            found = z if before else units
            yield first / len(blocks)
        values[some] = found
    return in_order(values, size[0] * size[1]).reshape(size[::-1])


def network_of(network: Network, unit: Unit, *, before: bool = False) -> Network:
    """The network with a unit as its only output."""
    layer, index = unit
    if isinstance(network, GraphNetwork):
        return _graph_of(network, unit, before=before)
    *layers, last = (stage.operation for stage in network.stages[:layer])
    assert isinstance(last, Layer)
    one = slice(index, index + 1)
    row = Layer(last.weight[one], last.bias[one], last.activation)
    return Network(
        [*layers, row],  # type: ignore[list-item]
        network.inputs,
        latent=network.latent,
        period=network.period,
        image=network.image,
    )


def _graph_of(network: GraphNetwork, unit: Unit, *, before: bool) -> Network:
    """The graph up to a stage, followed by what selects one of its channels."""
    layer, index = unit
    stage, number = network.stages[layer - 1], network.node_of(layer - 1)
    nodes = list(network.nodes[: number + 1])
    boost = tuple(one for one in network.boost if one[0] <= layer - before)
    if before:
        nodes[-1] = dataclasses.replace(nodes[-1], activation="identity")
    weight = np.zeros((1, stage.units, 1, 1), np.float32)
    weight[0, index] = 1
    nodes.append(Node(Conv(weight, np.zeros(1, np.float32)), "identity", (number,)))
    modules = (*network.modules[: number + 1], ())
    return network.changed(nodes=nodes, modules=modules, boost=boost)


def draw_closeup(image: Image.Image, summary: UnitSummary, note: str = "") -> None:
    """The unit's name, the colour scale below its picture, and the words beside it."""
    size, font_size = image.size, letters(image.size)
    where = closeup(size)
    left, top, right, _ = where.picture
    large = round(1.25 * font_size)
    title = Page(image, (left, max(0, top - line_height(large) - large // 4), right, top), large)
    title.line(f"{summary.name}{note}", WHITE, bold=True)
    ramp, *_, labels = scale_of(summary)
    below = Page(image, (left, where.picture[3], right, size[1]), font_size)
    below.gap()
    below.scale(ramp, *labels)
    page = Page(image, (where.words[0], top, *where.words[2:]), font_size)
    if where.words[1] >= where.picture[3]:
        page.top = where.words[1]
    describe(page, summary, summary.largest)
