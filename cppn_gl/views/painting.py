"""The painting view: what a network has learned of a picture, beside the picture itself.

    Scene -> panes(): network, original, both side by side, or their difference
          -> the network's: drawn by the engine, as in the view picture
          -> the original's: its pixels, at any size (`sampled`)
          -> error(): over all pixels of the data, in dB

The original shows its pixels as squares, averaged where they are smaller than the picture's.
Nothing of it is seen outside its frame, where the network goes on.
"""

import dataclasses
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ImageDraw

from cppn_gl.engines import coloring
from cppn_gl.engines.base import Engine, Raster, Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import without_opengl
from cppn_gl.engines.rates import Rates
from cppn_gl.engines.stretch import value_range_steps
from cppn_gl.nn.training.data import Dataset
from cppn_gl.preset.color import DISPLAY, Color, ValueRange, colored
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.preset.show import PaintingOptions
from cppn_gl.utils.arrays import Box, Float32, Float64, Samples, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Stepping, Steps, Task, at_once, during
from cppn_gl.views import lettering
from cppn_gl.views.base import LETTERS, Hit, Picture, Point, Stage, Words, plane_point
from cppn_gl.views.cells import Cells, arranged
from cppn_gl.views.picture import PictureView
from cppn_gl.views.text import width, write

KINDS = ("picture", "distance")  # of data that can be shown
CAPTION, LEAST_SIDE = 1.6, 120  # height in font sizes, and pixels of a pane that has words
CHIP = 0.52  # of a pane's width that words over it take, so that they leave its middle free
GAIN = 3.0  # of a difference between colours
FIELD_ERROR = 0.05  # of distances: shown in full red or blue
PIXELS = 2**16  # of the data, over which the error is measured at most
BANDS = 16  # of rows, in which they are, if there are more
ORIGINALS = 64 * MB  # of cached pictures
PAPER, SHAPE = (244, 240, 230), (20, 22, 28)
PLAIN = {f"color.{field.name}": field.default for field in dataclasses.fields(Color)}
FRAME: lettering.Ink = (255, 255, 255, 90)
_RATES = Rates()

Draw = Callable[[Scene, Region], Steps[Picture]]


@dataclass(frozen=True)
class Pane:
    """A part of the picture: what it shows, and where."""

    shows: str
    box: Box

    @property
    def size(self) -> Size:
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def moved(self, left: int, top: int) -> "Pane":
        """As it is seen from another upper left corner."""
        a, b, c, d = self.box
        return Pane(self.shows, (a - left, b - top, c - left, d - top))

    def region(self, whole: Region, shape: Size) -> tuple[Region, tuple[int, int]] | None:
        """What of the pane is in a region of the whole, and where in that; None if nothing is."""
        (across, down), (wide, high) = whole.offset, whole.part
        left, top = max(self.box[0], across), max(self.box[1], down)
        right, bottom = min(self.box[2], across + wide), min(self.box[3], down + high)
        if left >= right or top >= bottom:
            return None
        of = Region.of(self.size, whole.sampling, shape, overlay=shape, draft=whole.draft)
        inner = left - self.box[0], top - self.box[1], right - left, bottom - top
        return of.cut(*inner), (left - across, top - down)


class PaintingView(PictureView):
    """The network's picture, the one that it learns, both, or how they differ."""

    bakes = False
    letters = True
    uses_cursor = False

    def problem(self, preset: Preset) -> str:
        """There must be something to compare with."""
        if not preset.train.data:
            return "needs a network that learns a picture: [train] data names it"
        try:
            kind = preset.dataset.kind
        except PresetError as error:
            return f"has no picture: {error}"
        return "" if kind in KINDS else "needs data that is a picture, or its distance field"

    def lettered(self, preset: Preset) -> bool:
        return True

    def differs(self, preset: Preset, engine: Engine, samples: Samples) -> str:
        return super().differs(preset, engine, samples) or f"the view {self.name} {LETTERS}"

    def dithered(self, preset: Preset, size: Size) -> tuple[Box, ...]:
        """Each pane as its own picture."""
        return tuple(pane.box for pane in panes(preset, size)) if preset.color.noisy else ()

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        region = region or Region.of(planes.size)
        if shown_of(scene.preset) == "network":
            return super().begin(stage, planes, scene, region)
        owned = ExitStack()
        return Stepping(self._draw(stage, planes, scene, region, owned), owned)

    def _draw(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region, owned: ExitStack
    ) -> Steps[None]:
        engine = stage.engine_for(scene.network)

        def network(of: Scene, part: Region) -> Steps[Picture]:
            target = planes.like(part.part)
            owned.callback(target.release)
            task = coloring.begin(stage.painter, target, of, engine, part)
            yield from during(task, owned)
            task.release()
            return target.read()

        planes.write((yield from self._composed(scene, region, network)))
        owned.close()

    def paint_region(self, scene: Scene, engine: Engine, region: Region) -> Steps[Picture]:
        if shown_of(scene.preset) == "network":
            return (yield from super().paint_region(scene, engine, region))

        def network(of: Scene, part: Region) -> Steps[Picture]:
            return coloring.paint(_RATES, of, engine, part)

        return (yield from self._composed(scene, region, network))

    def _composed(self, scene: Scene, region: Region, draw: Draw) -> Steps[Picture]:
        """A region of the picture; `draw` draws a region of a network's picture."""
        picture = lettering.blank(region.part)
        shapes = panes(scene.preset, region.overlay)
        for pane, shape in zip(
            panes(scene.preset, region.size, region.overlay), shapes, strict=True
        ):
            found = pane.region(region, shape.size)
            if found is None:
                continue
            part, (left, top) = found
            if pane.shows == "network":
                shown = yield from draw(scene, part)
            elif pane.shows == "original":
                span = yield from value_range_steps(scene, part.shape)
                shown = original(scene, part, span)
            else:
                plain = dataclasses.replace(scene, preset=scene.preset.replace(**PLAIN))
                shown = difference(scene, (yield from draw(plain, part.sampled(1))), part)
            picture[top : top + part.part[1], left : left + part.part[0]] = shown[..., :3]
        return picture

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """What each pane shows, with the step and the error; the frame of the original."""
        return self.overlay_of(scene, size, (0, 0, *size))

    def overlay_of(self, scene: Scene, size: Size, part: Box) -> Words | None:
        font_size = lettering.letters(size)
        image = lettering.canvas((part[2] - part[0], part[3] - part[1]))
        draw = ImageDraw.Draw(image)
        for pane in panes(scene.preset, size):
            pane = pane.moved(part[0], part[1])
            if pane.shows != "original":
                _frame(draw, scene, pane)
            if min(pane.size) < LEAST_SIDE:
                continue
            left, top, right, bottom = pane.box
            beside = shown_of(scene.preset) == "beside"
            room = pane.size[0] * (1 if beside else CHIP)
            words = _fitting(words_of(scene, pane.shows), font_size, room)
            if beside:
                place = left, top - font_size // 4
                write(draw, place, words, font_size, lettering.DIM, anchor="ld")
            else:
                wide, high = lettering.room(font_size, words)
                place = right - 2 * font_size - wide, bottom - font_size - high
                lettering.chip(draw, place, words, font_size)
        return np.asarray(image)

    def point(self, scene: Scene, size: Size, place: tuple[float, float]) -> Point | None:
        """The point of the plane in the pane."""
        for pane in panes(scene.preset, size):
            left, top, right, bottom = pane.box
            if left <= place[0] < right and top <= place[1] < bottom:
                return plane_point(scene, pane.size, (place[0] - left, place[1] - top))
        return None

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """What the original is at a pixel."""
        at, dataset = self.point(scene, size, place), scene.preset.dataset
        if at is None or dataset.picture is None:
            return None
        across, down = _in_pixels(dataset, np.array([at.x]), np.array([at.y]))
        column, row = math.floor(across[0]), math.floor(down[0])
        high, wide = dataset.picture.shape[:2]
        if not (0 <= column < wide and 0 <= row < high):
            return Hit("outside the original")
        values = ", ".join(f"{value:.3f}" for value in dataset.picture[row, column])
        return Hit(f"the original's pixel {column + 1}, {row + 1} has {values}")


def shown_of(preset: Preset) -> str:
    """The option `show`; the network alone if its weights are there, but not the original."""
    return "network" if preset.dataset.picture is None else preset.options(PaintingOptions).panes


def panes(preset: Preset, size: Size, shape: Size | None = None) -> list[Pane]:
    """The panes of a picture of `size`, which is a coarser or finer one of size `shape`."""
    show = shown_of(preset)
    if show != "beside":
        return [Pane(show, (0, 0, *size))]
    shape = shape or size
    caption = round(CAPTION * lettering.letters(shape))
    cells: Cells = arranged(2, shape, caption=caption)
    if min(cells.cell) < LEAST_SIDE:
        cells = arranged(2, shape)
    cells = cells.scaled(size, shape)
    return [Pane(shows, cells.box(k)) for k, shows in enumerate(("network", "original"))]


def _in_pixels(dataset: Dataset, x: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Points in a picture's pixels from its upper left corner, to the right and down."""
    assert dataset.size is not None
    wide, high = dataset.size
    half = min(wide, high) / 2
    return wide / 2 + x * half, high / 2 - y * half


def sampled(
    values: Float32, dataset: Dataset, view: Viewport, region: Region
) -> tuple[Float32, Float32]:
    """Means of a picture's pixels (height, width, n) over those of a region, and their coverage.

    A pixel of the region is a square. `values` count as 0 outside the picture; coverage (height,
    width, 1) is the part of the square that is inside.
    """
    across, down = _in_pixels(dataset, *_edges(view, region))
    step = view.extent / min(region.size) * min(values.shape[:2])
    rows, inside = _means(values, down, step)
    columns, beside = _means(np.ascontiguousarray(rows.swapaxes(0, 1)), across, step)
    return columns.swapaxes(0, 1), (inside[:, None] * beside[None, :])[..., None]


def _edges(view: Viewport, region: Region, inset: float = 0.0) -> tuple[Float64, Float64]:
    """x and y where the columns and rows of a region begin and the last ones end, or `inset` on."""
    (left, top), (wide, high), size = region.offset, region.part, region.size
    scale = 2 * view.extent / min(size)
    x = view.center[0] + (left + inset + np.arange(wide + 1) - size[0] / 2) * scale
    y = view.center[1] - (top + inset + np.arange(high + 1) - size[1] / 2) * scale
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def _means(values: Float32, edges: Float64, step: float) -> tuple[Float32, Float32]:
    """Means (m, …) of values (n, …) between m + 1 edges, a `step` apart, and how much is inside."""
    count, spread = len(values), (slice(None),) + (None,) * (values.ndim - 1)
    within = np.clip(edges, 0, count)
    below = np.minimum(within.astype(np.int64), count - 1)
    cover = np.clip(np.diff(within) / step, 0, 1).astype(np.float32)
    alone = below[:-1] == below[1:]  # within one value: a difference of sums would be rounded
    sums = np.concatenate([np.zeros_like(values[:1], np.float64), np.cumsum(values, 0, np.float64)])
    upto = sums[below] + (within - below)[spread] * values[below]
    means = (np.diff(upto, axis=0) / step).astype(np.float32)
    means[alone] = values[below[:-1][alone]] * cover[alone][spread]
    return means, cover


def _interpolated(values: Float32, dataset: Dataset, view: Viewport, region: Region) -> Float32:
    """A field between its pixels' centres, (height, width, n), constant beyond the last ones."""
    places = _in_pixels(dataset, *_edges(view, region, 0.5))
    for axis, place in zip((1, 0), places, strict=True):
        most = values.shape[axis] - 1
        at = np.clip(place[:-1] - 0.5, 0, most)
        below = np.minimum(at.astype(np.int64), max(most - 1, 0))
        rest = (at - below).astype(np.float32).reshape((-1, 1) if axis else (-1, 1, 1))
        after = values.take(np.minimum(below + 1, most), axis=axis)
        values = values.take(below, axis=axis) * (1 - rest) + after * rest
    return values


def original(scene: Scene, region: Region, span: ValueRange) -> Picture:
    """A region of the original, in the preset's colours; of a distance field its shape."""
    dataset, color = scene.preset.dataset, scene.preset.color
    key = dataset.digest, scene.view, color, span, region.size, region.offset, region.part

    def make() -> Picture:
        assert dataset.picture is not None
        if dataset.kind == "distance":
            ground, ink = (np.array(one, np.float32) / 255 for one in (PAPER, SHAPE))
            values = np.where(dataset.picture < 0, ink, ground).astype(np.float32)
        else:
            values = np.repeat(dataset.picture, 3 // dataset.picture.shape[2], axis=2)
            if not color.plain:
                values = colored(values.reshape(-1, 3), color, span).reshape(values.shape)
        shown, cover = sampled(values, dataset, scene.view, region)
        outside = np.array(lettering.GROUND, np.float32) / 255
        return np.asarray(shown + (1 - cover) * outside)

    return _originals.get(key, make)


_originals: LRUCache[Any, Picture] = LRUCache(ORIGINALS, lambda key, picture: picture.nbytes)


def difference(scene: Scene, outputs: Picture, region: Region) -> Picture:
    """How a region of the network's outputs differs from the original, on black or white.

    Colours: GAIN times the magnitude. Distances: red where too large, blue where too small.
    """
    dataset = scene.preset.dataset
    assert dataset.picture is not None
    target, cover = sampled(dataset.picture, dataset, scene.view, region)
    if dataset.kind == "distance":
        target = cover * _interpolated(dataset.picture, dataset, scene.view, region)
    apart = outputs[..., : target.shape[2]] * cover - target
    if dataset.kind == "distance":
        places = (0.5 + np.repeat(apart, 3, axis=2) / (2 * FIELD_ERROR)).astype(np.float32)
        shown = colored(places.reshape(-1, 3), Color("diverging"), DISPLAY).reshape(places.shape)
    else:
        shown = np.repeat(np.abs(apart) * GAIN, 3 // target.shape[2], axis=2)
    outside = np.array(lettering.GROUND, np.float32) / 255
    return np.asarray(np.where(cover > 0, shown, outside), np.float32)


def error(scene: Scene) -> float:
    """The mean squared error over the pixels of the data, of all outputs.

    Of more than PIXELS pixels those of BANDS bands of rows, at even distances, are compared.
    """
    dataset, network = scene.preset.dataset, scene.network
    return _errors.get(
        (dataset.digest, identity(network, scene.clock)), lambda: _error(scene, dataset)
    )


_errors: LRUCache[Any, float] = LRUCache(256)


def _error(scene: Scene, dataset: Dataset) -> float:
    assert dataset.picture is not None
    assert dataset.size is not None
    wide, high = dataset.size
    rows, bands = high, 1
    if wide * high > PIXELS:
        rows, bands = max(1, PIXELS // (BANDS * wide)), BANDS
    engine = without_opengl(scene.network)
    whole = Region.of(dataset.size)
    of = dataclasses.replace(scene, view=Viewport())  # where the outputs are at the pixels' centres
    total = 0.0
    for band in range(bands):
        top = round((band + 0.5) * high / bands - rows / 2)
        target = Raster((wide, rows), scene.network.channels)
        at_once(during(engine.begin(_RATES, target, of, whole.cut(0, top, wide, rows))))
        wanted = dataset.picture[top : top + rows]
        apart = target.picture[..., : wanted.shape[2]].astype(np.float64) - wanted
        total += float(np.mean(apart * apart)) / bands
    return total


def decibels(squared: float) -> float:
    """The peak signal-to-noise ratio of a mean squared error of values from 0 to 1."""
    return -10 * math.log10(max(squared, 1e-10))


def words_of(scene: Scene, shows: str) -> list[str]:
    """What a pane shows, in words: the longest first."""
    dataset, step = scene.preset.dataset, scene.preset.train.steps
    if dataset.size is None:
        return [f"network, step {step:,}: the original is not here", f"step {step:,}"]
    wide, high = dataset.size
    if shows == "original":
        return [f"original: {wide} × {high} pixels", "original"]
    squared = error(scene)
    if dataset.kind == "distance":
        off = math.sqrt(squared) * min(wide, high) / 2
        found = f"off by {off:.2f} pixels (root mean square)", f"off by {off:.2f} pixels"
        gain = f"red, blue: ± {FIELD_ERROR:g}"
    else:
        found = (f"{decibels(squared):.1f} dB",) * 2
        gain = f"× {GAIN:g}"
    what = f"difference {gain}" if shows == "difference" else "network"
    return [
        f"{what}, step {step:,}: {found[0]}",
        f"{what}, step {step:,}: {found[1]}",
        f"step {step:,}: {found[1]}",
        found[1],
    ]


def _fitting(forms: list[str], font_size: int, room: float) -> str:
    """The first of the words that fit, or the last."""
    return next((form for form in forms if width(form, font_size) <= room - font_size), forms[-1])


def _frame(draw: ImageDraw.ImageDraw, scene: Scene, pane: Pane) -> None:
    """The border of the original, as far as it is in a pane."""
    dataset, (wide, high) = scene.preset.dataset, pane.size
    if dataset.size is None:
        return
    scale = min(pane.size) / (2 * scene.view.extent)  # pixels per unit
    half = [side / min(dataset.size) * scale for side in dataset.size]
    middle = wide / 2 - scene.view.center[0] * scale, high / 2 + scene.view.center[1] * scale
    for axis, limit in ((0, wide), (1, high)):
        low, high_end = (
            int(np.clip(middle[1 - axis] + side * half[1 - axis], 0, pane.size[1 - axis]))
            for side in (-1, 1)
        )
        for side in (-1, 1):
            at = round(middle[axis] + side * half[axis])
            if not 0 < at < limit or low >= high_end:
                continue
            ends = [(at, low), (at, high_end)]
            points = [end if axis == 0 else end[::-1] for end in ends]
            draw.line([(pane.box[0] + x, pane.box[1] + y) for x, y in points], fill=FRAME)
