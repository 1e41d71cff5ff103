"""What a network that learns pictures answers: a table of classes, and pictures it gets wrong.

    preset, network -> answers_of() -> Answers -> paint() on a canvas

A row is the class of a picture, a column the network's answer; the shade is the share of the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cppn_gl.nn.training.data import IMAGES
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.arrays import Box
from cppn_gl.views.plots.canvas import PlotCanvas
from cppn_gl.views.plots.plot import COLORS, FAINT, FIELD, INK, mix
from cppn_gl.views.text import shorten, width

RIGHT, WRONG = COLORS[0], COLORS[5]  # of the diagonal, and beside it
DEEPEST = 0.72  # of a shade, on which numbers are legible
SHARE = 0.72  # of the width, for the table
MOST = 60  # wrong pictures that are shown
NAMED = 20  # classes with names and numbers
SMALLEST = 22  # pixels of a picture's side


@dataclass(frozen=True, eq=False)
class Answers:
    """counts (classes, classes): pictures by their class and by the answer.

    wrong: the first tests that are answered wrongly: pixels (N, rows, columns, 3), classes and
    answers (N,).
    """

    names: tuple[str, ...]
    counts: NDArray[np.int64]
    wrong: NDArray[np.uint8]
    classes: NDArray[np.int64]
    answers: NDArray[np.int64]


def answers_of(preset: Preset, network: Any) -> Iterator[Answers | None]:
    """The answers to the first tests at the preset's step: None in slices, then the Answers."""
    run, data = preset.run, preset.dataset
    trainer: Any = run.trainer
    step = preset.train.steps
    if data.kind != IMAGES or data.problem or not len(run.history["step"]):
        return
    which = given = np.zeros(0, np.int64)
    for found in trainer.answers(network, step, run.measures(step).step):
        if found is not None:
            which, given = found
        yield None
    labels = trainer.dataset.labels[which]
    counts = np.zeros((data.classes, data.classes), np.int64)
    np.add.at(counts, (labels, given), 1)
    wrong = np.flatnonzero(given != labels)[:MOST]
    pictures = trainer.dataset.pictures[which[wrong]]
    shown = np.ascontiguousarray(np.broadcast_to(pictures, (*pictures.shape[:3], 3)))
    yield Answers(data.names, counts, shown, labels[wrong], given[wrong].astype(np.int64))


def paint(canvas: PlotCanvas, box: Box, of: Answers) -> None:
    """The table and the pictures in a box."""
    left, top, right, bottom = box
    size, leading = canvas.font_size, canvas.leading
    high, wide = bottom - top - 2 * leading, right - left
    if high < 4 * leading or wide < 12 * size:
        return
    count = len(of.counts)
    names = max((width(name, size) for name in of.names), default=0) if count <= NAMED else 0
    room = min(names, 9 * size) + 0.7 * size if names else 0.0
    side = int(max(0, min(high - leading, SHARE * wide - room)))  # a line below says what is across
    cell = side // count
    if cell < 2:
        return
    named = bool(names) and cell >= 0.9 * leading
    start = round(left + (room if named else 0))
    _title(canvas, (left, top), "answers to tests", SHARE * wide)
    _table(canvas, (start, top + round(1.3 * leading)), cell, of, named, room)
    beside = start + cell * count + 2 * size
    if right - beside >= 4 * size and len(of.wrong):
        _title(canvas, (beside, top), "wrong answers", right - beside)
        _pictures(canvas, (beside, top + round(1.3 * leading), right, bottom), of)


def _title(canvas: PlotCanvas, place: tuple[int, int], words: str, room: float) -> None:
    canvas.text(place, shorten(words, canvas.font_size, room, "bold"), INK, bold=True)


def _table(
    canvas: PlotCanvas, place: tuple[int, int], cell: int, of: Answers, named: bool, room: float
) -> None:
    (left, top), size, count = place, canvas.font_size, len(of.counts)
    totals = np.maximum(1, of.counts.sum(axis=1))
    gap = 1 if cell >= 6 else 0
    for row in range(count):
        if named:
            words = shorten(of.names[row], size, room - 0.5 * size)
            y = top + (row + 0.5) * cell
            canvas.text((left - 0.5 * size, y), words, FAINT, anchor="rm")
        for column in range(count):
            number = int(of.counts[row, column])
            share = number / totals[row]
            ink = RIGHT if row == column else WRONG
            color = mix(FIELD, ink, DEEPEST * share**0.5)
            x, y = left + column * cell, top + row * cell
            canvas.draw.rectangle((x, y, x + cell - 1 - gap, y + cell - 1 - gap), fill=color)
            if number and named and width(str(number), size) < cell - 2:
                middle = (x + (cell - gap) / 2, y + (cell - gap) / 2)
                canvas.text(middle, str(number), INK, anchor="mm")
    if named:
        below = (left + count * cell / 2, top + count * cell + 0.2 * size)
        canvas.text(below, "its answer, in the same order", FAINT, anchor="ma")


def _pictures(canvas: PlotCanvas, box: Box, of: Answers) -> None:
    """As many wrongly answered pictures as fit, each with its answer below."""
    left, top, right, bottom = box
    size, leading = canvas.font_size, canvas.leading
    most = max((width(name, size) for name in of.names), default=0)
    worded = len(of.counts) <= NAMED and most + size <= right - left
    side = max(SMALLEST, round(3.2 * size))
    wide = max(side, round(min(most, 7 * size))) if worded else side
    across, down = wide + size // 2, side + (round(1.1 * leading) if worded else size // 2)
    columns = max(1, (right - left + size // 2) // across)
    rows = max(0, (bottom - top) // down)
    for index in range(min(rows * columns, len(of.wrong))):
        x, y = left + index % columns * across, top + index // columns * down
        image = Image.fromarray(of.wrong[index])
        high = max(1, round(side * image.height / max(image.width, image.height)))
        across_ = max(1, round(side * image.width / max(image.width, image.height)))
        shown = image.resize((across_, high), Image.Resampling.BICUBIC)
        canvas.image.paste(shown, (round(x), round(y)))
        if worded:
            name = shorten(of.names[of.answers[index]], size, wide)
            canvas.text((x, y + side), name, WRONG, anchor="la")
