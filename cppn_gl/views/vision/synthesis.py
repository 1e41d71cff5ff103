"""The synthesis view: a picture made by gradient ascent, with its course; or a sheet of many.

    Scene -> grown() -> a Growth for each picture: one, or those of a layer's channels
          -> boxes() -> where they are -> prepared to the step shown, resized, painted
          -> overlay: what is excited, its value, the curve, numbers of a sheet

A sheet is drawn by parts, each with whole pictures, so that workers can share them; what is
finished is in files, from which an interrupted sheet goes on.
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.nn.features import Clock
from cppn_gl.nn.sources import Layers
from cppn_gl.nn.vision.coordinate import EXTENT
from cppn_gl.nn.vision.growth import Growth, growth_of
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.preprocess import Pixels, picture_of
from cppn_gl.nn.vision.synthesis import objective_of
from cppn_gl.nn.vision.target import class_index, class_key
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import SynthesisOptions
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Stepping, Steps, Task
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Stage, Words, mean_of_samples
from cppn_gl.views.plots.canvas import PlotCanvas
from cppn_gl.views.plots.plot import COLORS, FAINT, GROUND, INK, Line, Plot, arrange
from cppn_gl.views.text import TIED, line_height, shorten, significant, width, wrap, write
from cppn_gl.views.ticks import round_up
from cppn_gl.views.vision.passes import network_of, unit_of, work_of

ROOMY = 1.25  # width in heights from which the words stand beside the picture
LEAST = 320, 200  # pixels of a picture with words
MOST_CELLS = 4096
PASS_BACK = 2.0  # work of a pass back, relative to one forward
SMOOTH = 9  # steps over which the curve is averaged


class SynthesisView(CPUView):
    """A picture that excites a channel, or a sheet of them."""

    by_part = True
    coarsens = False
    clicked = "on a picture of a sheet grows it alone, on that of a network opens the network"

    def problem(self, preset: Preset) -> str:
        network, options = cast(ImageNetwork, preset.network()), preset.options(SynthesisOptions)
        try:
            objective_of(network, options.recipe, _unit(preset, network))
            if options.form == "sheet":
                numbers(preset, network)
        except PresetError as error:
            return f"has nothing to excite: {error}"
        return ""

    def parts(self, preset: Preset, size: Size) -> list[Box]:
        """Of a sheet each picture with what surrounds it."""
        network = cast(ImageNetwork, preset.network())
        if preset.options(SynthesisOptions).form != "sheet":
            return [(0, 0, *size)]
        sheet = sheet_of(len(numbers(preset, network)), size)
        across = _cuts([sheet.box(k)[0::2] for k in range(sheet.columns)], size[0])
        rows = range(0, sheet.count, sheet.columns)
        down = _cuts([sheet.box(k)[1::2] for k in rows], size[1])
        return [(a, b, c, d) for b, d in pairwise(down) for a, c in pairwise(across)]

    def work(self, scene: Scene) -> float:
        """So much that workers get the pictures of a sheet one by one."""
        return 1e9 if scene.options(SynthesisOptions).form == "sheet" else 100.0

    def effort(self, scene: Scene, region: Region) -> float:
        """The steps that are missing."""
        step, network = scene.options(SynthesisOptions).steps, network_of(scene)
        missing = [growth.size(step) for growth in grown(scene) if not growth.ready(step)]
        whole = sum(math.prod(size) for size in missing) / math.prod(network.size)
        return 1e6 + whole * step * (1 + PASS_BACK) * work_of(network)

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        whole = region or Region.of(planes.size)

        def steps() -> Steps[None]:
            planes.write((yield from self._painted(scene, whole.size, _box(whole))))

        return Stepping(steps())

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        return self._painted(scene, size, (0, 0, *size))

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        """A region, averaged from one N times as large."""
        n = region.samples
        left, top, right, bottom = (n * edge for edge in _box(region))
        size = region.size[0] * n, region.size[1] * n
        fine = yield from self._painted(scene, size, (left, top, right, bottom))
        return fine if n == 1 else mean_of_samples(fine, n)

    def _painted(self, scene: Scene, size: Size, part: Box) -> Steps[Picture]:
        left, top, right, bottom = part
        picture = lettering.blank((right - left, bottom - top), GROUND)
        step, growths = scene.options(SynthesisOptions).steps, grown(scene)
        wanted = [
            (growth, box)
            for growth, box in zip(growths, boxes(scene, size), strict=False)
            if box[0] < right and box[2] > left and box[1] < bottom and box[3] > top
        ]
        for number, (growth, box) in enumerate(wanted):
            for fraction in growth.prepare(step):
                yield (number + fraction) / len(wanted)
            if (network := growth.network(step)) is None:
                _paste(picture, growth.pixels(step), box, (left, top))
            else:
                wide, high = box[2] - box[0], box[3] - box[1]
                drawn = evaluator(network, Viewport(extent=EXTENT), Clock()).picture((wide, high))
                _put(picture, (yield from drawn), box, (left, top))
            if len(growths) > 1:
                growth.rest(step)
            yield (number + 1) / len(wanted)
        start = _start_box(scene, size)
        if start is not None:
            _paste(picture, started(growths[0]), start, (left, top))
        return picture

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """What is excited, and how it went; of a sheet, the numbers of its pictures."""
        if scene.options(SynthesisOptions).form == "sheet":
            return _labels(scene, size)
        return _course(scene, size)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """What a picture of a sheet excites, or a network that draws it; a click opens either."""
        options = scene.options(SynthesisOptions)
        if options.form != "sheet":
            return _network_hit(scene, size, place)
        found = numbers(scene.preset, network_of(scene))
        at = sheet_of(len(found), size).at(place)
        if at is None:
            return None
        changes: dict[str, Any] = {"synthesis.form": "one"}
        if options.of == "class":
            changes["synthesis.class_name"] = class_key(network_of(scene), found[at] - 1)
        else:
            changes["channels.unit"] = (_unit(scene.preset, network_of(scene))[0], found[at])
        return Hit(name_of(scene, found[at]), changes=changes)


def _network_hit(scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
    """The coordinate network that draws the picture at a pixel; a click opens it by itself."""
    (growth,), step = grown(scene), scene.options(SynthesisOptions).steps
    left, top, right, bottom = _fitted(scene, _rooms(size)[0])
    inside = left <= place[0] < right and top <= place[1] < bottom
    network = growth.network(step) if inside else None
    if network is None:
        return None
    of = name_of(scene)
    preset = Preset(
        Layers(network.layers, network.inputs),
        Viewport(extent=EXTENT),
        title=f"A network that draws {of}",
        description="Gradient ascent changed its weights until its picture excited this part of an "
        "image network. It is a function of the plane: zoom into it, or go beyond its edges.",
        name=f"{scene.preset.name}-network",
    )
    words = f"a coordinate network with {network.parameters:,} weights and biases"
    return Hit(words, opens=preset)


# What is grown


def grown(scene: Scene) -> list[Growth]:
    """The growths of a scene's pictures."""
    preset, network = scene.preset, network_of(scene)
    options, unit = preset.options(SynthesisOptions), _unit(preset, network)
    recipe = options.recipe
    image = picture_of(preset.input.stored) if recipe.start == "picture" else None

    def of(layer: int, channel: int, name: str) -> Growth:
        key = (
            network.digest,
            preset.preprocess,
            recipe,
            layer,
            channel,
            name,
            _digest(preset, image),
        )

        def made() -> Growth:
            from dataclasses import replace

            how = replace(recipe, class_name=name)
            return growth_of(network, preset.preprocess, how, (layer, channel), image)

        return _growths.get(key, made)

    if options.form != "sheet":
        return [of(*unit, options.class_name)]
    if options.of == "class":
        return [of(*unit, class_key(network, number - 1)) for number in numbers(preset, network)]
    return [of(unit[0], number, "") for number in numbers(preset, network)]


def _digest(preset: Preset, image: Any) -> Hashable:
    return None if image is None else preset.input.stored.digest


_growths: LRUCache[Hashable, Growth] = LRUCache(1, weak=True)


def numbers(preset: Preset, network: ImageNetwork) -> range:
    """The channels or classes of a sheet, from 1. Raises PresetError."""
    options = preset.options(SynthesisOptions)
    if options.of not in ("channel", "unit", "class"):
        problem = f"a sheet shows channels, units or classes; synthesis.of is {options.of}"
        raise PresetError(problem)
    layer = network.stages[_unit(preset, network)[0] - 1]
    classes = options.of == "class"
    most, what = (network.scores, "classes") if classes else (layer.shape.channels, "channels")
    if options.first > most:
        raise PresetError(f"synthesis.first is {options.first}; there are {most} {what}")
    last = most if not options.count else min(most, options.first + options.count - 1)
    if last - options.first >= MOST_CELLS:
        raise PresetError(f"a sheet of {last - options.first + 1} pictures; at most {MOST_CELLS}")
    return range(options.first, last + 1)


def _unit(preset: Preset, network: ImageNetwork) -> tuple[int, int]:
    """The layer and the channel looked at, from 1."""
    layer, channel = unit_of(preset, network)
    return layer + 1, channel + 1


def started(growth: Growth) -> Pixels:
    """The picture of step 0."""
    return growth.pixels(0)


def name_of(scene: Scene, number: int | None = None) -> str:
    """What is excited, in words; `number`: a channel or class of a sheet, from 1."""
    preset, network = scene.preset, network_of(scene)
    options, (layer, channel) = preset.options(SynthesisOptions), _unit(preset, network)
    stage, channel = network.stages[layer - 1].name, number or channel
    if options.of == "class":
        index = class_index(network, options.class_name) if number is None else number - 1
        return f"class {index + 1}: {network.class_name(index)}"
    if options.of == "direction":
        return "direction: " + " ".join(
            f"{factor:+g}·{network.stages[k - 1].name} {c}" for k, c, factor in options.direction
        )
    if options.of == "layer":
        return f"{stage}: all channels"
    of = "channel" if options.of == "channel" else "middle unit of channel"
    return f"{stage}: {of} {channel}"


# Where it is


@dataclass(frozen=True)
class Sheet:
    """Square cells in reading order, `side` pixels, `pitch` apart, from `origin`."""

    count: int
    columns: int
    side: float
    pitch: tuple[float, float]
    origin: tuple[float, float]
    caption: float

    def box(self, index: int) -> Box:
        row, column = divmod(index, self.columns)
        left = round(self.origin[0] + column * self.pitch[0])
        top = round(self.origin[1] + row * self.pitch[1] + self.caption)
        side = max(1, math.floor(self.side))
        return left, top, left + side, top + side

    def at(self, place: tuple[float, float]) -> int | None:
        """The cell at a pixel."""
        boxes_ = ((k, self.box(k)) for k in range(self.count))
        x, y = place
        return next((k for k, (a, b, c, d) in boxes_ if a <= x < c and b <= y < d), None)


def sheet_of(count: int, size: Size) -> Sheet:
    """The cells of so many pictures, as large as they can be, below a line of words."""
    wide, high = size
    font = lettering.letters(size)
    head = 1.8 * line_height(font) if min(size) >= min(LEAST) else 0.0
    gap = max(1.0, min(size) / 160)
    margin = 3 * gap

    def side(columns: int, caption: float) -> float:
        rows = -(-count // columns)
        across = (wide - 2 * margin + gap) / columns - gap
        return min(across, (high - head - margin + gap) / rows - gap - caption)

    caption = float(line_height(font))
    columns = max(range(1, count + 1), key=lambda n: side(n, caption))
    if side(columns, caption) < 3.2 * font or not head:
        caption = 0.0
        columns = max(range(1, count + 1), key=lambda n: side(n, 0.0))
    edge, rows = max(1.0, side(columns, caption)), -(-count // columns)
    pitch = edge + gap, edge + gap + caption
    left = (wide - columns * pitch[0] + gap) / 2
    top = head + max(0.0, high - head - margin - rows * pitch[1] + gap) / 2
    return Sheet(count, columns, edge, pitch, (left, top), caption)


def _cuts(sides: list[tuple[int, int]], end: int) -> list[int]:
    """Where to cut between cells, each given by its two sides."""
    between = [(low + high) // 2 for (_, low), (high, _) in pairwise(sides)]
    return [0, *between, end]


def boxes(scene: Scene, size: Size) -> Iterator[Box]:
    """Where the pictures are."""
    if scene.options(SynthesisOptions).form != "sheet":
        yield _fitted(scene, _rooms(size)[0])
        return
    growths, step = grown(scene), scene.options(SynthesisOptions).steps
    sheet = sheet_of(len(growths), size)
    for k, growth in enumerate(growths):
        yield _within(sheet.box(k), growth.size(step))


def _rooms(size: Size) -> tuple[Box, Box | None]:
    """Room for the picture, and for the words beside or below it, if any."""
    wide, high = size
    if wide < LEAST[0] or high < LEAST[1]:
        return (0, 0, wide, high), None
    edge = round(0.03 * min(size))
    if wide >= ROOMY * high:
        right = high - edge
        return (edge, edge, right, high - edge), (right + edge, edge, wide - edge, high - edge)
    below = round(0.74 * high)
    return (edge, edge, wide - edge, below), (edge, below + edge // 2, wide - edge, high - edge)


def _fitted(scene: Scene, room: Box) -> Box:
    return _within(room, grown(scene)[0].size(scene.options(SynthesisOptions).steps))


def _within(room: Box, shape: tuple[int, int]) -> Box:
    """The largest box of a picture of (rows, columns) in the middle of a room."""
    rows, columns = shape
    wide, high = room[2] - room[0], room[3] - room[1]
    scale = min(wide / columns, high / rows)
    across, down = max(1, round(columns * scale)), max(1, round(rows * scale))
    left, top = room[0] + (wide - across) // 2, room[1] + (high - down) // 2
    return left, top, left + across, top + down


def _start_box(scene: Scene, size: Size) -> Box | None:
    """Where the picture of step 0 is: in the upper right corner of the words' room."""
    if scene.options(SynthesisOptions).form == "sheet":
        return None
    room = _rooms(size)[1]
    if room is None:
        return None
    side = round(min(0.3 * (room[2] - room[0]), 0.5 * (room[3] - room[1]), 0.25 * size[1]))
    corner = room[2] - side, room[1], room[2], room[1] + side
    left, top, right, bottom = _within(corner, grown(scene)[0].size(0))
    move = room[2] - right, top - room[1]
    return left + move[0], top - move[1], right + move[0], bottom - move[1]


def _box(region: Region) -> Box:
    (left, top), (wide, high) = region.offset, region.part
    return left, top, left + wide, top + high


def _paste(picture: Float32, pixels: Pixels, box: Box, corner: tuple[int, int]) -> None:
    """Put pixels into a box of a picture, of which `corner` is the upper left one that is drawn."""
    left, top, right, bottom = box
    image = Image.fromarray(pixels).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    _put(picture, np.asarray(image, np.float32) / np.float32(255), box, corner)


def _put(picture: Float32, found: Float32, box: Box, corner: tuple[int, int]) -> None:
    """Put values of a box's size into it."""
    left, top, right, bottom = box
    high, wide = picture.shape[:2]
    x, y = left - corner[0], top - corner[1]
    a, b, c, d = max(0, x), max(0, y), min(wide, x + right - left), min(high, y + bottom - top)
    if a < c and b < d:
        picture[b:d, a:c] = found[b - y : d - y, a - x : c - x]


# Words


def _labels(scene: Scene, size: Size) -> Words:
    """A sheet's title, and the number or the class of each picture."""
    image = lettering.canvas(size)
    draw, font = ImageDraw.Draw(image), lettering.letters(size)
    network, options = network_of(scene), scene.options(SynthesisOptions)
    found = numbers(scene.preset, network)
    sheet, classes = sheet_of(len(found), size), options.of == "class"
    if min(size) >= min(LEAST):
        layer = network.stages[_unit(scene.preset, network)[0] - 1]
        of = network.scores if classes else layer.shape.channels
        what = "classes" if classes else f"{layer.name}: channels"
        words = f"{what} {found[0]} to {found[-1]} of {of}, step {options.steps:,}"
        words = shorten(words, font, size[0] - 2 * font, "bold")
        write(draw, (sheet.box(0)[0], 0.4 * line_height(font)), words, font, style="bold")
    if sheet.caption:
        for k, number in enumerate(found):
            left, top, right, _ = sheet.box(k)
            words = network.class_name(number - 1) if classes else str(number)
            words = shorten(words, font, right - left)
            write(draw, (left, top - line_height(font)), words, font, lettering.DIM)
    return np.asarray(image)


def _course(scene: Scene, size: Size) -> Words | None:
    """What is excited, its value and its curve, beside or below the picture."""
    room = _rooms(size)[1]
    if room is None:
        return None
    left, top, right, bottom = room
    (growth,), options = grown(scene), scene.options(SynthesisOptions)
    for _ in growth.prepare(options.steps):
        pass
    font = lettering.letters(size)
    canvas = PlotCanvas((right - left, bottom - top), font, GROUND)
    start = _start_box(scene, size)
    assert start is not None
    y = _written(canvas, scene, growth, start[0] - left - font)
    y = max(y, start[3] - top + 0.2 * font)
    caption = "it began from" if options.start == "picture" else "it began as"
    wide = width(caption, font)
    if y + line_height(font) < bottom - top:
        at = right - left - max(wide, start[2] - start[0])
        canvas.text((at, start[3] - top + 0.2 * font), caption, FAINT)
    y += 1.6 * line_height(font)
    _curve(canvas, growth, options.steps, (0, round(y), right - left, bottom - top))
    words = np.zeros((size[1], size[0], 4), np.uint8)
    words[top:bottom, left:right, :3] = canvas.pixels
    words[top:bottom, left:right, 3] = 255
    a, b, c, d = start
    words[b:d, a:c] = 0  # the picture is seen there
    return words


def _written(canvas: PlotCanvas, scene: Scene, growth: Growth, room: float) -> float:
    """What is excited and how; the height that the words take."""
    font, options = canvas.font_size, scene.options(SynthesisOptions)
    y, high = 0.0, canvas.image.height
    values = growth.values(options.steps)
    said = f"{significant(float(values[-1]), 4)}" if len(values) else "not asked yet"
    rows, columns = growth.size(options.steps)
    lines = [(name_of(scene), INK, "bold"), (f"step {options.steps:,}", COLORS[1], "bold")]
    lines.append((f"value {said}", INK, "regular"))
    lines.append((_how(options), FAINT, "regular"))
    lines.append((f"{columns} × {rows} pixels, seed {options.seed}", FAINT, "regular"))
    for words, ink, style in lines:
        for line in wrap(words, font, room, style):
            if y + line_height(font) > high:
                return y
            write(canvas.draw, (0, y), line, font, ink, style)
            y += line_height(font)
    return y


def _how(options: SynthesisOptions) -> str:
    """How it is made, in a few words."""
    parts = []
    if options.jitter:
        parts.append(f"shifts of {options.jitter:g} px")
    if options.scale:
        parts.append(f"scales ± {100 * options.scale:g} %")
    if options.rotation:
        parts.append(f"turns ± {options.rotation:g}°")
    if options.blur:
        parts.append(f"blur {options.blur:g} px")
    if options.decay and options.basis != "network":
        parts.append(f"decay {100 * options.decay:g} %")
    if options.octaves > 1 and options.basis == "pixels":
        parts.append(f"{options.octaves} octaves")
    bases = {"fourier": "waves in decorrelated colours, Adam", "pixels": "pixels"}
    bases["network"] = (
        f"coordinate network, {options.network_depth} layers of {options.network_width}, Adam"
    )
    tied = (part.replace(" ", TIED) for part in parts)
    return ", ".join([bases.get(options.basis, options.basis), *tied])


def _curve(canvas: PlotCanvas, growth: Growth, step: int, box: Box) -> None:
    """What the network said of the picture at each step, and its mean over some steps."""
    if box[3] - box[1] < 5 * line_height(canvas.font_size) or box[2] <= box[0]:
        return
    values = growth.values(step).astype(np.float64)
    end = round_up(max(step, 10))
    x = np.arange(len(values), dtype=np.float64)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    pad = 0.06 * (high - low) or 1.0
    lines = [Line(x, values, COLORS[0], 1.2)] if finite.size else []
    if len(values) > 2 * SMOOTH:
        window = np.ones(SMOOTH) / SMOOTH
        mean = np.convolve(values, window, "valid")
        lines = [Line(x, values, FAINT, 0.8)]
        lines.append(Line(x[SMOOTH // 2 : SMOOTH // 2 + len(mean)], mean, COLORS[0], 2.2))
    plot = Plot(
        (0, end),
        (low - pad, high + pad),
        tuple(lines),
        ("what it says of the picture, before each step", "value, before each step", "value"),
        x_word="step",
        whole=True,
    )
    for row in arrange([[plot]], box, canvas.font_size, tallest=0.7):
        for frame in row:
            canvas.surround(frame)
            canvas.panel(frame)
