"""The panel of the units view: one unit in detail, or the whole network.

UnitSummary -> unit_panel()    -> an enlarged unit, statistics, weights } drawn into a box
UnitSamples -> picture_panel() -> the picture, sizes, the colour scale  } of an overlay
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cppn_gl.utils.arrays import Box, Float32
from cppn_gl.utils.quantising import quantise
from cppn_gl.views.lettering import DIM, GROUND, WHITE
from cppn_gl.views.text import (
    counted,
    line_height,
    shorten,
    significant,
    symbol,
    width,
    wrap,
    write,
)
from cppn_gl.views.ticks import short
from cppn_gl.views.units.diverging import palette, tinted
from cppn_gl.views.units.kernels import contact_sheet, fitted, pictures_of
from cppn_gl.views.units.unit_samples import (
    UnitSamples,
    UnitSummary,
    ends_of,
    outputs_shown,
    shaded,
)
from cppn_gl.views.units.wiring import is_graph, sees

AXIS = (120, 130, 142, 255)
BINS = 48  # of a histogram
ROW = 0.6  # of the largest size of kernels, at which they still stand in one row, with names
TAP = 1.4  # font sizes of a tap, at most
BELOW = 3.2  # lines of text above and below a picture beside the text


class Page:
    """Lines and pictures one below another in a box; what does not fit is left out."""

    def __init__(self, image: Image.Image, box: Box, font_size: int):
        self.image, self.font_size = image, font_size
        self.draw = ImageDraw.Draw(image)
        self.left, self.top, self.right, self.bottom = box
        self.leading = line_height(font_size)
        self.wide = self.right - self.left

    def room(self) -> int:
        """Pixels left below."""
        return self.bottom - self.top

    def line(self, text: str, ink: tuple[int, int, int, int] = DIM, *, bold: bool = False) -> None:
        """A line of text, truncated to the width."""
        if self.room() >= self.leading and self.wide > self.font_size:
            style = "bold" if bold else "regular"
            short = shorten(text, self.font_size, self.wide, style)
            write(self.draw, (self.left, self.top), short, self.font_size, ink, style)
            self.top += self.leading

    def lines(self, words: list[str]) -> None:
        """Several short texts, as many per line as fit; those that are too wide are left out."""
        line = ""
        for word in words:
            if width(word, self.font_size) > self.wide:
                continue
            longer = f"{line} · {word}" if line else word
            if line and width(longer, self.font_size) > self.wide:
                self.line(line)
                longer = word
            line = longer
        if line:
            self.line(line)

    def gap(self) -> None:
        self.top += self.leading // 3

    def picture(self, pixels: Float32, high: int) -> None:
        """A picture (height, width, 3) at its own aspect ratio, at most `high` pixels high."""
        wide = self.wide
        scale = min(wide / pixels.shape[1], max(1, high) / pixels.shape[0])
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        eight = Image.fromarray(quantise(pixels))
        large = eight.resize(size, Image.Resampling.BICUBIC)
        self.image.paste(large, (self.left, self.top))
        self.top += size[1]

    def words(self, text: str) -> None:
        """Wrapped text."""
        for line in wrap(text, self.font_size, max(self.wide, self.font_size)):
            self.line(line)

    def kernels(self, summary: UnitSummary, high: int) -> None:
        """A unit's kernels as pictures, at most `high` pixels high: the strongest, if not all fit.

        Names stand below them if these are few.
        """
        assert summary.kernels is not None
        shown = pictures_of(summary.kernels, summary.sources, summary.largest)
        side = summary.kernels.shape[-1]
        high = min(high, self.room() - 1)
        most = max(1, round(TAP * self.font_size))
        strength = np.array([np.square(taps).sum() for taps in summary.kernels])
        strongest = np.argsort(-strength, kind="stable").tolist()
        while shown and not (fit := fitted(len(shown), side, (self.wide, high), most))[1]:
            kept = sorted(strongest[: len(shown) // 2])
            shown = [
                (summary.sources[k], tinted(summary.kernels[k], summary.largest)) for k in kept
            ]
        row = fitted(len(shown), side, (self.wide, min(high, side * most)), most)
        if shown and row[0] == len(shown) and row[1] >= ROW * fit[1]:
            fit = row  # with room for their names
        if not shown:
            return
        across, tap, apart = fit
        pitch = side * tap + apart
        named = len(shown) <= across and all(
            width(symbol(name), self.font_size) < pitch for name, _ in shown
        )
        sheet = contact_sheet([picture for _, picture in shown], across, tap, apart)
        self.image.paste(Image.fromarray(quantise(sheet)), (self.left, self.top))
        self.top += len(sheet) + 2
        if named and self.room() >= self.leading:
            for index, (name, _) in enumerate(shown):
                x = self.left + index * pitch + side * tap / 2
                write(self.draw, (x, self.top), symbol(name), self.font_size, DIM, anchor="ma")
            self.top += self.leading
        if len(shown) < len(summary.kernels):
            self.line(f"the {len(shown)} strongest")

    def ends(self, *labels: str) -> None:
        """Labels spread evenly over the width: left, middle, right."""
        if self.room() < self.leading:
            return
        for label, fraction in zip(labels, np.linspace(0, 1, len(labels)), strict=True):
            x = self.left + fraction * (self.wide - width(label, self.font_size))
            write(self.draw, (x, self.top), label, self.font_size, DIM)
        self.top += self.leading

    def scale(self, ramp: Float32, *labels: str) -> None:
        """A colour bar (N, 3) with labels below it."""
        high = max(3, self.font_size // 2)
        if self.room() < high + self.leading:
            return
        wide = max(1, self.right - self.left)
        bar = quantise(ramp)[np.linspace(0, len(ramp) - 1, wide).astype(int)]
        strip = Image.fromarray(np.repeat(bar[None], high, axis=0))
        self.image.paste(strip, (self.left, self.top + 2))
        self.top += high + 2
        self.ends(*labels)

    def histogram(
        self, values: Float32, ramp: Float32, low: float, high_: float, high: int
    ) -> None:
        """A histogram of the values from `low` to `high_`, clipped to these, in their colours.

        The highest bar has the full height.
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

    def bars(self, weights: Float32, largest: float, high: int, names: list[str]) -> None:
        """A bar for each weight, up or down from an axis; see `_thinned` for many weights."""
        wide = self.right - self.left
        high = min(high, self.room() - 1)
        if high < 8 or wide < 4 or not len(weights):
            return
        shown = _thinned(weights, wide)
        pitch = min(wide / len(shown), 3.0 * self.font_size)
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
        widest = max(width(name, self.font_size) for name in names)
        if widest + self.font_size / 3 < pitch and self.room() >= self.leading:
            for index, name in enumerate(names):
                at = self.left + (index + 0.5) * pitch, self.top
                write(self.draw, at, name, self.font_size, DIM, anchor="ma")
            self.top += self.leading
        else:
            self.ends(names[0], names[-1])


def _lighter(ink: NDArray[np.floating[Any]]) -> tuple[int, int, int, int]:
    """A colour light enough for the dark background."""
    red, green, blue = (int(255 * (0.25 + 0.75 * part)) for part in ink)
    return red, green, blue, 255


def _thinned(weights: Float32, most: int) -> Float32:
    """At most `most` weights: of each group of neighbours the one of largest magnitude."""
    if len(weights) <= most:
        return weights
    parts = np.array_split(weights, most)
    return np.array([part[np.argmax(np.abs(part))] for part in parts], np.float32)


def _pages(image: Image.Image, box: Box, font_size: int, aspect: float) -> tuple[Page, Page]:
    """The pages of the picture and of the text: side by side in a wide box, else the same."""
    draw = ImageDraw.Draw(image)
    draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=(*GROUND, 255))
    if box[2] - box[0] > 1.3 * (box[3] - box[1]):
        high = box[3] - box[1] - round(BELOW * line_height(font_size))
        edge = min((box[0] + box[2]) // 2, box[0] + max(12 * font_size, round(high * aspect)))
        left = Page(image, (box[0], box[1], edge, box[3]), font_size)
        return left, Page(image, (edge + font_size, box[1], box[2], box[3]), font_size)
    page = Page(image, box, font_size)
    return page, page


def _picture_height(page: Page, text_page: Page) -> int:
    """The height of the picture in pixels: about half of the box if the text is below it."""
    if page is text_page:
        return round(page.room() * 0.42)
    return page.room() - round((BELOW - 1) * page.leading)


def unit_panel(
    image: Image.Image,
    box: Box,
    font_size: int,
    summary: UnitSummary,
    largest: float,
    note: str = "",
) -> None:
    """Draw a unit; `largest`: the largest weight of its layer, `note`: text after its name."""
    values = summary.values
    first, words = _pages(image, box, font_size, values.shape[1] / values.shape[0])
    first.line(f"{summary.name}{note}", WHITE, bold=True)
    ramp, *_, labels = scale_of(summary)
    first.picture(pixels_of(summary, values), _picture_height(first, words))
    first.scale(ramp, *labels)
    describe(words, summary, largest)


def scale_of(summary: UnitSummary) -> tuple[Float32, float, float, tuple[str, ...]]:
    """The colours of a unit's values, the values at their ends, and labels below them."""
    if summary.channel is None:
        low, high = -summary.reach, summary.reach
        return palette(), low, high, (significant(low), "0", f"+{significant(high)}")
    low, high = ends_of(summary.channel)
    ramp = shaded(np.linspace(low, high, 256, dtype=np.float32), summary.channel)
    return ramp, low, high, (short(low), "", short(high))


def pixels_of(summary: UnitSummary, values: Float32) -> Float32:
    """Values of a unit in its colours."""
    if summary.channel is None:
        return tinted(values, summary.reach)
    return shaded(values, summary.channel)


def describe(words: Page, summary: UnitSummary, largest: float) -> None:
    """Statistics, weights and a histogram of a unit."""
    values = summary.values
    ramp, low, high, labels = scale_of(summary)
    words.gap()
    if summary.about:
        words.words(summary.about)
    numbers = [f"mean {significant(summary.mean)}", f"std {significant(summary.std)}"]
    if summary.saturated is not None:
        numbers.append(f"saturated {100 * summary.saturated:.0f} %")
    if summary.bias is not None:
        numbers.append(f"bias {significant(summary.bias)}")
    if summary.boost != 1:
        numbers.append(f"boosted ×{significant(summary.boost)}")
    words.lines(numbers)
    if summary.saturates and words.room() > 8 * words.leading:
        words.words(f"saturated: {summary.saturates}")
    chart = 6 * words.leading
    if summary.kernels is not None:
        side = summary.kernels.shape[-1]
        words.gap()
        words.lines([f"{counted(len(summary.kernels), 'kernel')} of {side}×{side}"])
        words.gap()
        words.kernels(summary, max(chart, words.room() // 3))
        edge = significant(summary.largest, 2)
        words.scale(palette(), f"−{edge}", "0", f"+{edge}")
    if len(summary.weights):
        words.gap()
        words.lines(
            [counted(len(summary.weights), "incoming weight"), f"up to ±{significant(largest, 2)}"]
        )
        words.gap()
        words.bars(summary.weights, largest, chart, list(summary.sources))
    if words.room() > chart // 2:
        words.gap()
        words.line("histogram of values")
        words.histogram(values, ramp, low, high, min(chart, words.room() - words.leading))
        words.ends(*labels)


def picture_panel(
    image: Image.Image, box: Box, font_size: int, samples: UnitSamples, legend: str
) -> None:
    """Draw the network's picture, its sizes, and the colour scale of the tiles."""
    first, words = _pages(image, box, font_size, samples.size[0] / samples.size[1])
    network = samples.network
    first.line("the picture", WHITE, bold=True)
    pixels = outputs_shown(network, samples.outputs()).reshape(*samples.size[::-1], 3)
    first.picture(pixels, _picture_height(first, words))
    words.gap()
    units = sum(stage.units for stage in network.stages)
    graph = is_graph(network)
    numbers = [
        (len(network.stages), "layer"),
        (units, "channel" if graph else "unit"),
        (network.parameters, "parameter"),
    ]
    words.lines([counted(*number) for number in numbers])
    if graph:
        words.words(f"a point of the picture {sees(network.stages[-1])}")
    words.gap()
    words.words(legend)
    words.gap()
    words.scale(palette(), "−1", "0", "+1")
