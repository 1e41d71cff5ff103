"""The view top_images: the pictures of a folder that excite a channel most.

Scene, folder -> TopImages, computed if it is not -> its best pictures of the channel
              -> of each: the part that the strongest place sees, and its projection to the input

In the window a thread fills the TopImages, and the view shows what is known so far.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import ImageDraw

from cppn_gl.engines.base import Region
from cppn_gl.nn.image_file import read_image
from cppn_gl.nn.vision.running import backward, forward
from cppn_gl.nn.vision.top_images import Top, TopImages
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import TopImagesOptions
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import stamp_of
from cppn_gl.utils.tasks import Steps, share
from cppn_gl.views.base import Hit, Picture, Words
from cppn_gl.views.lettering import DIM, WHITE, blank, canvas
from cppn_gl.views.text import MIN_FONT, counted, fitting, line_height, shorten, write
from cppn_gl.views.vision.bars import FIRST, TROUGH
from cppn_gl.views.vision.closeup import amount
from cppn_gl.views.vision.drawing import LaidOut, caption, fitted, holds, put
from cppn_gl.views.vision.found import cropped, folder_of, found_for, within
from cppn_gl.views.vision.passes import Unit, finite, network_of, seen_by, unit_of, work_of
from cppn_gl.views.vision.shades import tinted_input

MARGIN, GAP = 0.02, 0.012  # of the shorter side: at the edges, and between cells
FILLING = 0.85  # of the work, when nothing is cached, to find the pictures
KEPT = 64 * MB  # bytes of crops
MANY = 10_000  # pictures that a folder may have


@dataclass(frozen=True, eq=False)
class Crop:
    """A picture's part that excites a channel, and its projection to the input, (H, W, 3) each."""

    top: Top
    pixels: Float32
    projected: Float32


@dataclass(frozen=True)
class Places:
    """The boxes of pairs of pictures below a head; `captioned`: with room for words above each."""

    font_size: int
    head: Box
    pairs: tuple[tuple[Box, Box], ...]
    captioned: bool


@lru_cache(maxsize=32)
def places(size: Size, count: int) -> Places:
    """The layout with the largest pictures: `count` pairs of squares, side by side or stacked."""
    width, height = size
    font_size = fitting(size, parts=(80, 46))
    line = line_height(font_size)
    margin, gap = (max(2, round(part * min(size))) for part in (MARGIN, GAP))
    captioned = font_size > MIN_FONT or min(size) >= 240
    head = (margin, margin, width - margin, margin + 2 * line + gap)
    above = line if captioned else 0
    wide, high = width - 2 * margin, height - head[3] - margin

    def side(columns: int, stacked: bool) -> float:
        rows = math.ceil(count / columns)
        across, down = (1, 2) if stacked else (2, 1)
        each = (wide - 2 * gap * (columns - 1)) / columns, (high - gap * (rows - 1)) / rows - above
        return min(
            (each[0] - gap / 2 * (across - 1)) / across, (each[1] - gap / 2 * (down - 1)) / down
        )

    columns, stacked = max(
        ((n, stacked) for stacked in (False, True) for n in range(1, count + 1)),
        key=lambda one: side(*one),
    )
    square = max(4, int(side(columns, stacked)))
    half = square + gap // 2
    pitch = square + (0 if stacked else half) + 2 * gap, square + (half if stacked else 0)
    pitch = pitch[0], pitch[1] + above + gap
    rows = math.ceil(count / columns)
    spare = wide - columns * pitch[0] + 2 * gap, high - rows * pitch[1] + gap
    first = margin + max(0, spare[0] // 2), head[3] + above + max(0, spare[1] // 2)
    pairs = []
    for index in range(count):
        row, column = divmod(index, columns)
        left, top = first[0] + column * pitch[0], first[1] + row * pitch[1]
        second = (left, top + half) if stacked else (left + half, top)
        pairs.append(
            (
                (left, top, left + square, top + square),
                (*second, second[0] + square, second[1] + square),
            )
        )
    return Places(font_size, head, tuple(pairs), captioned)


def shown_count(scene: Scene, found: TopImages) -> int:
    """How many pictures are shown, when all are seen."""
    return max(1, min(scene.options(TopImagesOptions).count, found.total))


class TopImagesView(LaidOut):
    """The best pictures of one channel. It keeps the crops that were shown last."""

    clicked = "looks at a picture with the network"

    def __init__(self) -> None:
        self._crops: LRUCache[Hashable, Crop] = LRUCache(
            KEPT, lambda key, crop: float(crop.pixels.nbytes + crop.projected.nbytes)
        )

    def problem(self, preset: Preset) -> str:
        folder = folder_of(preset)
        return "" if folder.is_dir() else f"needs a folder of pictures; there is none at {folder}"

    def effort(self, scene: Scene, region: Region) -> float:
        """The passes that are missing: of a folder that has not been listed, those of MANY."""
        found = found_for(scene)
        named = scene.options(TopImagesOptions).folder
        missing = (found.total or (MANY if named else 0)) - found.done
        return 1e8 + (0 if found.finished else missing * work_of(network_of(scene)))

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        found, unit = found_for(scene), unit_of(scene.preset, network_of(scene))
        if not found.finished and not found.live:
            yield from share(found.work(), 0, FILLING)
        picture: Picture = blank(size)
        best = self._best(scene, found, unit)
        where = places(size, shown_count(scene, found))
        for number, (top, boxes) in enumerate(zip(best, where.pairs, strict=False)):
            try:
                crop = yield from self._crop(scene, top, unit)
            except PresetError:  # gone, or changed, since
                continue
            for box, pixels in zip(boxes, (crop.pixels, crop.projected), strict=True):
                put(picture, box, fitted(squared(pixels), box))
            yield FILLING + (1 - FILLING) * (number + 1) / max(1, len(best))
        if not found.finished and found.total:
            left, _, right, bottom = where.head
            end = left + round((right - left) * found.done / found.total)
            picture[bottom - 4 : bottom - 1, left:right] = TROUGH
            picture[bottom - 4 : bottom - 1, left:end] = FIRST
        return picture

    def _best(self, scene: Scene, found: TopImages, unit: Unit) -> list[Top]:
        return found.best(*unit, scene.options(TopImagesOptions).count)

    def _crop(self, scene: Scene, top: Top, unit: Unit) -> Steps[Crop]:
        network, how = network_of(scene), scene.preset.preprocess
        key = network.digest, how, top.path, stamp_of(top.path), unit
        kept = self._crops.find(key)
        if kept is not None:
            return kept
        image = read_image(top.path)
        yield
        shown = seen_by(how, image)
        layer, channel = unit
        done = yield from forward(network, shown.tensor, until=layer)
        seed = np.zeros_like(done.units[layer])
        seed[channel, top.place[0], top.place[1]] = 1
        gradient = yield from backward(done, {layer: seed}, rule="deconvnet")
        box = within(network.receptive_field(layer).box(*top.place), network.size)
        projected = tinted_input(finite(np.asarray(gradient, np.float32)), how.planes)
        return self._crops.put(key, Crop(top, cropped(shown.colors, box), cropped(projected, box)))

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        found, network = found_for(scene), network_of(scene)
        unit = unit_of(scene.preset, network)
        best = self._best(scene, found, unit)
        where = places(size, shown_count(scene, found))
        image = canvas(size)
        draw, font_size = ImageDraw.Draw(image), where.font_size
        left, top, right, _ = where.head
        name = f"{network.stages[unit[0]].name} · channel {unit[1] + 1}"
        lines = (
            (f"{name}: the pictures that excite it most", WHITE, "bold"),
            (state_words(found, len(best)), DIM, "regular"),
        )
        for number, (words, ink, style) in enumerate(lines):
            y = top + number * line_height(font_size)
            short = shorten(words, font_size, right - left, style)
            write(draw, (left, y), short, font_size, ink, style)
        if where.captioned:
            for one, (first, second) in zip(best, where.pairs, strict=False):
                room = (*first[:2], max(first[2], second[2]), first[3])
                caption(draw, room, f"{amount(one.value)} · {one.path.name}", font_size)
        return np.asarray(image)

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """A click on a picture shows its channels."""
        found, unit = found_for(scene), unit_of(scene.preset, network_of(scene))
        where = places(size, shown_count(scene, found))
        for top, boxes in zip(self._best(scene, found, unit), where.pairs, strict=False):
            if any(holds(box, place) for box in boxes):
                words = f"{top.path.name}: {amount(top.value)} at row {top.place[0] + 1}"
                words = f"{words}, column {top.place[1] + 1}; a click looks at it"
                keys = {"show.view": "channels", "input.image": str(top.path)}
                return Hit(words, opens=scene.preset.replace(**keys))
        return None


def state_words(found: TopImages, shown: int) -> str:
    """How many pictures of the folder were looked at, and which could not be read."""
    broken = list(found.broken)
    seen = found.done - len(broken)
    words = f"of {counted(seen, 'picture')} in {found.folder.name}"
    if not found.total:
        words = f"listing {found.folder.name}"
    elif not found.finished:
        words = (
            f"{found.done} of {counted(found.total, 'picture')} in {found.folder.name} looked at"
        )
    elif not shown:
        words += ": none excites it"
    if broken:
        words += f"; skipped {broken[0]}"
        words += f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return words


def squared(pixels: Float32) -> Float32:
    """A picture in the middle of a square on the background."""
    height, width = pixels.shape[:2]
    if height == width:
        return pixels
    side = max(height, width)
    whole = blank((side, side))
    top, left = (side - height) // 2, (side - width) // 2
    whole[top : top + height, left : left + width] = pixels
    return whole
