"""The panel of the units view: one unit enlarged, its numbers, its incoming weights; or the whole.

UnitReading -> unit_panel() -> drawn into a box of an overlay
Lens -> picture_panel() -> the same
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.engines.cpu.picture import quantise
from cppn_gl.engines.cpu.products import colors
from cppn_gl.views.cells import Box
from cppn_gl.views.lettering import DIM, GROUND, WHITE
from cppn_gl.views.text import font, letter, shorten, wrap
from cppn_gl.views.units.diverging import palette, tinted
from cppn_gl.views.units.lens import Lens, UnitReading, shaded

Floats = NDArray[np.float32]

AXIS = (120, 130, 142, 255)
BINS = 48  # of a histogram
BELOW = 3.2  # lines that a picture beside words leaves for its own


class Page:
    """Lines and pictures one below another in a box; what has no room is left out."""

    def __init__(self, image: Image.Image, box: Box, points: int):
        self.image, self.points = image, points
        self.draw = ImageDraw.Draw(image)
        self.left, self.top, self.right, self.bottom = box
        self.leading = letter(points)[1]
        self.columns = int((self.right - self.left) / letter(points)[0])

    def room(self) -> int:
        """Pixels left below."""
        return self.bottom - self.top

    def line(self, text: str, ink: tuple[int, int, int, int] = DIM, *, bold: bool = False) -> None:
        """A line of words, cut to the width."""
        if self.room() >= self.leading and self.columns > 1:
            short = shorten(text, self.columns)
            self.draw.text((self.left, self.top), short, fill=ink, font=font(self.points, bold))
            self.top += self.leading

    def lines(self, words: list[str]) -> None:
        """Several pieces, as many on a line as there is room for."""
        line = ""
        for word in words:
            longer = f"{line}  {word}" if line else word
            if line and len(longer) > self.columns:
                self.line(line)
                longer = word
            line = longer
        self.line(line)

    def gap(self) -> None:
        """A little room."""
        self.top += self.leading // 3

    def picture(self, pixels: Floats, high: int) -> None:
        """A picture (height, width, 3) at its own proportions, at most `high` pixels high."""
        wide = self.right - self.left
        scale = min(wide / pixels.shape[1], max(1, high) / pixels.shape[0])
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        eight = Image.fromarray(quantise(pixels))
        large = eight.resize(size, Image.Resampling.BICUBIC)
        self.image.paste(large, (self.left, self.top))
        self.top += size[1]

    def words(self, text: str) -> None:
        """A sentence, in as many lines as it takes."""
        for line in wrap(text, self.columns):
            self.line(line)

    def ends(self, *labels: str) -> None:
        """Two or three labels: at the left, in the middle, at the right."""
        if self.room() < self.leading:
            return
        advance = letter(self.points)[0]
        for label, share in zip(labels, np.linspace(0, 1, len(labels)), strict=True):
            x = self.left + share * (self.right - self.left - advance * len(label))
            self.draw.text((x, self.top), label, fill=DIM, font=font(self.points))
        self.top += self.leading

    def scale(self, ramp: Floats, *labels: str) -> None:
        """A ramp of colours (N, 3), with the values at its ends."""
        high = max(3, self.points // 2)
        if self.room() < high + self.leading:
            return
        wide = max(1, self.right - self.left)
        bar = quantise(ramp)[np.linspace(0, len(ramp) - 1, wide).astype(int)]
        strip = Image.fromarray(np.repeat(bar[None], high, axis=0))
        self.image.paste(strip, (self.left, self.top + 2))
        self.top += high + 2
        self.ends(*labels)

    def histogram(self, values: Floats, ramp: Floats, low: float, high_: float, high: int) -> None:
        """How much of the view has which value, from `low` to `high_`; what is beyond, at the ends.

        The highest bar has the full height, and each the colour of its values.
        """
        bins = min(BINS, (self.right - self.left) // 3)
        high = min(high, self.room() - 1)
        finite = values[np.isfinite(values)]
        if bins < 4 or high < 8 or not finite.size:
            return
        counts = np.histogram(np.clip(finite, low, high_), bins, (low, high_))[0] / finite.size
        inks = quantise(ramp)[np.linspace(0, len(ramp) - 1, bins).astype(int)]
        edges = np.linspace(self.left, self.right, bins + 1).round().astype(int)
        base = self.top + high
        for count, ink, left, right in zip(counts, inks, edges, edges[1:], strict=False):
            tall = round(float(count / counts.max()) * high)
            if tall:
                box = (int(left), base - tall, int(right) - 2, base - 1)
                self.draw.rectangle(box, fill=_lighter(ink / 255))
        self.draw.line((self.left, base, self.right - 1, base), fill=AXIS)
        self.top += high + 1

    def bars(self, weights: Floats, largest: float, high: int, names: list[str]) -> None:
        """A bar for each weight, up or down from an axis; of too many, the largest of each few."""
        wide = self.right - self.left
        high = min(high, self.room() - 1)
        if high < 8 or wide < 4 or not len(weights):
            return
        shown = _thinned(weights, wide)
        pitch = min(wide / len(shown), 3.0 * self.points)
        pad = 1 if pitch >= 4 else 0
        axis = self.top + high // 2
        for index, weight in enumerate(shown):
            left = self.left + round(index * pitch)
            right = max(left, self.left + round((index + 1) * pitch) - 1 - pad)
            end = axis - round(float(weight) / max(largest, 1e-30) * (high // 2 - 1))
            ink = palette()[-1] if weight > 0 else palette()[0]
            box = (left, min(axis, end), right, max(axis, end))
            self.draw.rectangle(box, fill=_lighter(ink))
        last = self.left + round(len(shown) * pitch)
        self.draw.line((self.left, axis, last - 1, axis), fill=AXIS)
        self.top += high
        advance = letter(self.points)[0]
        if max(map(len, names)) * advance < pitch and self.room() >= self.leading:
            for index, name in enumerate(names):
                middle = self.left + (index + 0.5) * pitch - len(name) * advance / 2
                self.draw.text((middle, self.top), name, fill=DIM, font=font(self.points))
            self.top += self.leading
        else:
            self.ends(names[0], names[-1])


def _lighter(ink: NDArray[np.floating[Any]]) -> tuple[int, int, int, int]:
    """A colour that is seen on the dark ground, too."""
    red, green, blue = (int(255 * (0.25 + 0.75 * part)) for part in ink)
    return red, green, blue, 255


def _thinned(weights: Floats, most: int) -> Floats:
    """At most `most` of the weights: the one of the largest size of each few, in their order."""
    if len(weights) <= most:
        return weights
    parts = np.array_split(weights, most)
    return np.array([part[np.argmax(np.abs(part))] for part in parts], np.float32)


def _pages(image: Image.Image, box: Box, points: int, aspect: float) -> tuple[Page, Page]:
    """Where the picture goes and where the words go: beside it where the box is wide."""
    draw = ImageDraw.Draw(image)
    draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=(*GROUND, 255))
    if box[2] - box[0] > 1.3 * (box[3] - box[1]):
        high = box[3] - box[1] - round(BELOW * letter(points)[1])
        edge = min((box[0] + box[2]) // 2, box[0] + max(12 * points, round(high * aspect)))
        left = Page(image, (box[0], box[1], edge, box[3]), points)
        return left, Page(image, (edge + points, box[1], box[2], box[3]), points)
    page = Page(image, box, points)
    return page, page


def _share(page: Page, other: Page) -> int:
    """Pixels of the picture's height: nearly all, or half of a box that words share."""
    if page is other:
        return round(page.room() * 0.42)
    return page.room() - round((BELOW - 1) * page.leading)


def unit_panel(
    image: Image.Image, box: Box, points: int, reading: UnitReading, largest: float, note: str = ""
) -> None:
    """A unit enlarged; `largest`: of all weights in its layer, `note`: a word behind its name."""
    values = reading.values
    first, words = _pages(image, box, points, values.shape[1] / values.shape[0])
    first.line(f"{reading.name}{note}", WHITE, bold=True)
    if reading.channel is None:
        ramp, low, high = palette(), -reading.reach, reading.reach
        pixels, labels = tinted(values, reading.reach), (f"{low:.3g}", "0", f"+{high:.3g}")
    else:
        ramp, low, high = (
            shaded(np.linspace(0, 1, 256, dtype=np.float32), reading.channel),
            0.0,
            1.0,
        )
        pixels, labels = shaded(values, reading.channel), ("0", "", "1")
    first.picture(pixels, _share(first, words))
    first.scale(ramp, *labels)
    words.gap()
    numbers = [f"mean {reading.mean:.3g}", f"spread {reading.spread:.3g}"]
    if reading.saturated is not None:
        numbers += [f"saturated {100 * reading.saturated:.0f} %", f"bias {reading.bias:.3g}"]
    words.lines(numbers)
    chart = 6 * words.leading
    if len(reading.weights):
        words.gap()
        words.lines([_count(len(reading.weights), "weight"), f"up to ±{largest:.2g}"])
        words.bars(reading.weights, largest, chart, list(reading.sources))
    if words.room() > chart // 2:
        words.gap()
        words.line("its values")
        words.histogram(values, ramp, low, high, min(chart, words.room() - words.leading))
        words.ends(*labels)


def picture_panel(image: Image.Image, box: Box, points: int, lens: Lens, legend: str) -> None:
    """The network's outputs as a picture, and what the colours of the tiles mean."""
    first, words = _pages(image, box, points, lens.size[0] / lens.size[1])
    network = lens.network
    first.line("the picture", WHITE, bold=True)
    pixels = colors(lens.outputs()).reshape(*lens.size[::-1], 3)
    first.picture(pixels, _share(first, words))
    words.gap()
    units = sum(len(layer.bias) for layer in network.drawn)
    numbers = (network.depth, "layer"), (units, "unit"), (network.parameters, "parameter")
    words.lines([_count(*number) for number in numbers])
    words.gap()
    words.words(legend)
    words.scale(palette(), "-1", "0", "+1")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
