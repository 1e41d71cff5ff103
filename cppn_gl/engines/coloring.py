"""Pictures with colour mappings: an engine draws raw outputs, sample by sample; these are coloured.

begin() -> if outputs are shown directly as colours: the engine's own task
        -> else: value range (stretch.py), then for each sample: raw planes -> Recolor -> planes
     -> with alpha, averaged samples are divided by it at the end (see utils/alpha.py)
paint() -> the same on the CPU
An adaptive region is drawn as regions that are not (see adaptive.py), which are coloured like this.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.adaptive import grown, refined
from cppn_gl.engines.base import Engine, Raster, Region
from cppn_gl.engines.cpu.products import contribution
from cppn_gl.engines.rates import Rates
from cppn_gl.engines.stretch import value_range_steps
from cppn_gl.preset.color import Color, ValueRange, colored, printed, stroke_of
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.alpha import straight, with_alpha
from cppn_gl.utils.tasks import Stepping, Steps, Task, during, left, share
from cppn_gl.utils.threads import on_all_cores

if TYPE_CHECKING:
    from cppn_gl.engines.gl.painter import Painter
    from cppn_gl.engines.gl.targets import Planes

MIN_TEXELS = 4096  # coloured per step on the GPU, at least
PIXELS = 2**16  # coloured per task of a thread


def begin(
    painter: "Painter", planes: "Planes", scene: Scene, engine: Engine, region: Region
) -> Task:
    """Begin to draw a region in the preset's colours into planes of the region's size.

    Other scenes may be drawn between two steps.
    """
    region = _settled(scene, region)
    if region.adaptive:
        owned = ExitStack()
        return Stepping(_refine(painter, planes, scene, engine, region, owned), owned)
    if planes.channels == 4 and region.additive:
        owned = ExitStack()
        return Stepping(_divide(painter, planes, scene, engine, region, owned), owned)
    return _begin(painter, planes, scene, engine, region)


def _begin(
    painter: "Painter", planes: "Planes", scene: Scene, engine: Engine, region: Region
) -> Task:
    """Begin to draw a region with a number of samples; with alpha, their weighted mean."""
    if scene.preset.color.plain:
        return engine.begin(painter, planes, scene, region)
    owned = ExitStack()
    raw = planes.like(_around(region, scene.preset.color).part)
    owned.callback(raw.release)
    return Stepping(_draw(painter, planes, scene, engine, region, raw, owned), owned)


def _divide(
    painter: "Painter",
    planes: "Planes",
    scene: Scene,
    engine: Engine,
    region: Region,
    owned: ExitStack,
) -> Steps[None]:
    """Draw the weighted mean of samples with alpha, then divide its colours by alpha."""
    from cppn_gl.engines.gl.recolor import straight_pass

    sums = planes.like(region.part)
    owned.callback(sums.release)
    yield from during(_begin(painter, sums, scene, engine, region), owned)
    divide = painter.shared(straight_pass)
    divide.set(**sums.samplers)
    divide.draw(planes.target, (0, 0, *planes.texels))
    painter.ctx.finish()
    owned.close()


def _refine(
    painter: "Painter",
    planes: "Planes",
    scene: Scene,
    engine: Engine,
    region: Region,
    owned: ExitStack,
) -> Steps[None]:
    """Draw an adaptive region: its samples are compared in main memory."""
    drawn: Planes | None = None

    def draw(part: Region) -> Steps[NDArray[np.float32]]:
        nonlocal drawn
        if drawn is None or drawn.size != part.part:
            owned.close()
            drawn = planes.like(part.part)
            owned.callback(drawn.release)
        yield from during(begin(painter, drawn, scene, engine, part), owned)
        return drawn.read()

    planes.write((yield from refined(region, draw)))
    owned.close()


def _draw(
    painter: "Painter",
    planes: "Planes",
    scene: Scene,
    engine: Engine,
    region: Region,
    raw: "Planes",
    owned: ExitStack,
) -> Steps[None]:
    """For each sample: draw the raw outputs, then add their colours to the planes."""
    from cppn_gl.engines.gl.recolor import recolor_of

    color = scene.preset.color
    value_range = yield from value_range_steps(scene, region.shape)
    around = _around(region, color)
    inset = region.offset[0] - around.offset[0], region.offset[1] - around.offset[1]
    if region.additive:  # a single sample overwrites
        planes.target.scissor = None  # type: ignore[assignment]
        planes.target.clear()
    for number, sample in enumerate(around.each_sample()):
        task = engine.begin(painter, raw, scene, sample)
        yield from during(task, owned, number, len(region.jitters))
        for row, bottom in rows_of(region):
            while row < bottom:
                deadline = yield
                recolor = painter.shared(recolor_of(color), planes.channels)
                recolor.set(color, value_range, len(region.jitters), inset, stroke_of(region.size))
                texels = max(int(left(deadline) * recolor.rate), MIN_TEXELS)
                rows = min(max(1, texels // planes.texels[0]), bottom - row)
                recolor.draw(raw, planes, row, rows, additive=region.additive)
                row += rows
    owned.close()


def rows_of(region: Region) -> list[tuple[int, int]]:
    """The runs of rows that have to be drawn, each from its first row to before its end."""
    ends: dict[int, int] = {}
    for _, top, _, bottom in region.pieces:
        ends[top] = max(bottom, ends.get(top, 0))
    spans: list[tuple[int, int]] = []
    for top, bottom in sorted(ends.items()):
        if spans and top <= spans[-1][1]:
            top, bottom = spans[-1][0], max(bottom, spans.pop()[1])
        spans.append((top, bottom))
    return spans


def _settled(scene: Scene, region: Region) -> Region:
    if not scene.network.by_grid:
        return region
    from cppn_gl.engines.grid import settled  # dense networks need not load it

    return settled(scene.network, region)


def _parts(scene: Scene, region: Region) -> list[Region]:
    if not scene.network.by_grid:
        return [region]
    from cppn_gl.engines.grid import parts_of

    return parts_of(scene.network, scene.view, region)


def paint(rates: Rates, scene: Scene, engine: Engine, region: Region) -> Steps[NDArray[np.float32]]:
    """Draw a region by a CPU engine in the preset's colours: (height, width, channels) values."""
    region = _settled(scene, region)
    if region.adaptive:
        return (yield from refined(region, partial(paint, rates, scene, engine)))
    color = scene.preset.color
    parts = [region] if color.plain else _parts(scene, region)
    if len(parts) > 1:
        return (yield from _paint_parts(rates, scene, engine, region, parts))
    around, channels = _around(region, color), scene.network.channels
    target = Raster(around.part, channels)
    if color.plain:
        yield from during(engine.begin(rates, target, scene, region))
        return straight(target.picture) if region.additive else target.picture
    value_range = yield from value_range_steps(scene, region.shape)
    picture = np.zeros((region.part[1], region.part[0], channels), np.float32)
    pixels = region.indices()
    for number, sample in enumerate(around.each_sample()):
        task = engine.begin(rates, target, scene, sample)
        yield from during(task, None, number, len(region.jitters))
        if color.edged:
            _print(target.picture, around, color, value_range, picture, region)
        else:
            _color(target.picture, color, value_range, picture, pixels, len(region.jitters))
    return straight(picture) if region.additive else picture


def _paint_parts(
    rates: Rates, scene: Scene, engine: Engine, region: Region, parts: Sequence[Region]
) -> Steps[NDArray[np.float32]]:
    """`paint` part by part, each with all its samples."""
    picture = np.empty((*region.part[::-1], scene.network.channels), np.float32)
    for number, part in enumerate(parts):
        left, top = part.offset[0] - region.offset[0], part.offset[1] - region.offset[1]
        ends = number / len(parts), (number + 1) / len(parts)
        found = yield from share(paint(rates, scene, engine, part), *ends)
        picture[top : top + part.part[1], left : left + part.part[0]] = found
    return picture


def _around(region: Region, color: Color) -> Region:
    """The pixels that a region's colours depend on: its neighbours, too, where there are edges."""
    if not color.edged:
        return region
    if region.boxes is not None:
        return region.only(grown(region.boxes, region.part))
    (left, top), (width, height) = region.offset, region.part
    low = max(left - 1, 0), max(top - 1, 0)
    high = min(left + width + 1, region.size[0]), min(top + height + 1, region.size[1])
    return region.cut(low[0] - left, low[1] - top, high[0] - low[0], high[1] - low[1])


def _print(
    raw: NDArray[np.float32],
    around: Region,
    color: Color,
    value_range: ValueRange,
    picture: NDArray[np.float32],
    region: Region,
) -> None:
    """Add a sample's colours, with edges or lines, to the picture of a region.

    `raw`: the outputs around it.
    """
    left, top = region.offset[0] - around.offset[0], region.offset[1] - around.offset[1]
    width, count = region.part[0], max(1, PIXELS // region.part[0])
    ends = {k: end for start, end in rows_of(region) for k in range(start, end, count)}

    def some(start: int) -> None:
        stop = min(start + count, ends[start])
        first = max(top + start - 1, 0)  # with the rows above and below
        near = raw[first : top + stop + 1]
        of = printed(near[..., :3], color, value_range, region.samples, stroke_of(region.size))
        shown = with_alpha(of, near)
        rows = slice(top + start - first, top + stop - first)
        inside = shown[rows, left : left + width]
        picture[start:stop] += contribution(inside, len(region.jitters))

    on_all_cores(some, list(ends))


def _color(
    raw: NDArray[np.float32],
    color: Color,
    value_range: ValueRange,
    picture: NDArray[np.float32],
    pixels: NDArray[np.intp] | slice,
    samples: int,
) -> None:
    """Add a sample's colours at some pixels to the picture."""
    channels = raw.shape[-1]
    values, into = raw.reshape(-1, channels), picture.reshape(-1, channels)
    count = len(values) if isinstance(pixels, slice) else len(pixels)

    def some(start: int) -> None:
        piece: NDArray[np.intp] | slice = slice(start, start + PIXELS)
        piece = piece if isinstance(pixels, slice) else pixels[piece]
        outputs = values[piece]
        shown = with_alpha(colored(outputs[:, :3], color, value_range), outputs)
        into[piece] += contribution(shown, samples)

    on_all_cores(some, range(0, count, PIXELS))
