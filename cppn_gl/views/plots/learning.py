"""The learning view: how the training of a network went, up to the step that is shown.

    preset.run.history -> progress() -> Progress -> panels() -> plots of loss and accuracy at the
    left, of gradients and units, layer by layer, at the right

Steps have a logarithmic axis, on which the first ones have room. Only steps up to the preset's are
shown, so that a picture is a function of its preset.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from cppn_gl.nn.training.data import Dataset
from cppn_gl.preset.learned import class_names, value_span
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import RGB, Box, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.class_colors import CLASS_COLORS, scale_color
from cppn_gl.utils.tasks import Steps
from cppn_gl.views import lettering
from cppn_gl.views.base import CPUView, Hit, Picture, Words
from cppn_gl.views.plots import plot
from cppn_gl.views.plots.answers import Answers, answers_of
from cppn_gl.views.plots.answers import paint as paint_answers
from cppn_gl.views.plots.canvas import PlotCanvas
from cppn_gl.views.plots.plot import FAINT, INK, Frame, Line, Plot, arrange
from cppn_gl.views.strokes import Stroke, draw_strokes
from cppn_gl.views.text import line_height, shorten, significant, width
from cppn_gl.views.ticks import round_up, short

TRAINING, TESTS = INK, plot.COLORS[4]
LEAST = 1e-12  # loss or gradient shown
MARK: RGB = plot.COLORS[1]  # of the step shown
KEPT, DRAWN = 4, 64 * MB  # trainings and, in bytes, what is around their plots
FEW, RAMP = 4, 64  # layers with colours of their own and names; colours from the first to the last
LEAST_FIELD = 3  # pixels of a plot's side
LEFT = 0.54  # of the width, for loss and accuracy
PART, TALL = 0.32, 0.62  # of the height, for the plots beside or above answers to pictures
DEAD = ("relu",)  # activations whose units can die: their slope is 0 on one side


@dataclass(frozen=True, eq=False)
class Progress:
    """The measures of a training up to a step. Arrays are (N,), or (N, layers) of hidden layers.

    end: the last step of the axis. gradients: of all layers. accuracies: NaN without classes.
    can_die: whether there are units with a slope of 0. answers: whether those to pictures are
    shown, instead of some plots.
    """

    step: int
    end: int
    steps: Float64
    losses: tuple[Float64, Float64]  # of the training set, of the tests
    accuracies: tuple[Float64, Float64]
    gradients: Float64
    dead: Float64
    saturated: Float64
    loss: str
    can_die: bool
    answers: bool = False


def axis_end(preset: Preset) -> int:
    """The last step of the axis: 1, 2 or 5 times a power of ten; of a film, the largest in it."""
    moving = preset.animate.table.get("train.steps", ())
    most = max(preset.train.steps, *map(int, moving), 10)
    power: int = 10 ** (len(str(most)) - 1)
    return next(m * power for m in (1, 2, 5, 10) if m * power >= most)


def progress(preset: Preset) -> Progress:
    """The training of a preset up to its step. Trains, unless that has been done."""
    run, step = preset.run, preset.train.steps
    run.network(step)
    history = run.history
    kept = np.asarray(history["step"], np.float64) <= step
    rows = {name: np.asarray(values, np.float64)[kept] for name, values in history.items()}
    hidden = run.trainer.activations[:-1]
    shape = np.count_nonzero(kept), len(hidden) + 1
    layers = {n: rows[n].reshape(shape) for n in ("gradient_norms", "dead", "saturated")}
    dead = layers["dead"][:, :-1]
    return Progress(
        step,
        axis_end(preset),
        rows["step"],
        (rows["loss"], rows["test_loss"]),
        (rows["accuracy"], rows["test_accuracy"]),
        layers["gradient_norms"],
        dead,
        layers["saturated"][:, :-1],
        run.trainer.loss_name,
        bool(set(DEAD) & set(hidden)) or bool((dead > 0).any()),
        preset.classifies,
    )


def across(steps: Float64 | float) -> Float64:
    """Places of steps on the axis: log10(1 + step)."""
    return np.log10(1 + np.asarray(steps, np.float64))


def step_marks(end: int) -> tuple[tuple[float, str], ...]:
    """Ticks of the axis: 0, and powers of ten from 10 on."""
    powers = [10**k for k in range(1, math.floor(math.log10(end)) + 1)]
    return tuple((float(across(step)), f"{step:,}") for step in (0, *powers))


def panels(of: Progress) -> tuple[list[Plot], list[Plot]]:
    """The plots at the left, of the whole network, and at the right, layer by layer."""
    at, x = across(of.steps), (-0.02, float(across(of.end)) * 1.02)
    dots = len(at) < 12
    marks = step_marks(of.end)

    def both(pair: tuple[Float64, Float64], factor: float = 1.0) -> tuple[Line, ...]:
        training = Line(at, factor * pair[0], TRAINING, 2.2, dots=dots, label="training")
        if not np.isfinite(pair[1]).any():  # all points are for training
            return (training,)
        tests = Line(at, factor * pair[1], TESTS, 1.8, dashed=not dots, dots=dots, label="tests")
        return training, tests

    def layers(values: Float64, factor: float = 1.0) -> tuple[Line, ...]:
        count = of.gradients.shape[1]
        found, names = plot.palette(max(count, 1)), [f"layer {k + 1}" for k in range(count)]
        if count > FEW:
            ramp = plot.palette(RAMP)
            found = [ramp[k * (RAMP - 1) // (count - 1)] for k in range(count)]
            names[1:-1] = [""] * (count - 2)
        return tuple(
            Line(at, factor * values[:, k], found[k], 1.6, dots=dots, label=names[k])
            for k in range(values.shape[1])
        )

    steps: dict[str, Any] = {"x_marks": marks}
    losses = np.maximum(np.stack(of.losses), LEAST)
    left = [
        Plot(
            x,
            log_limits(losses),
            both((losses[0], losses[1])),
            (f"loss ({of.loss})", "loss"),
            log=True,
            legend=True,
            **steps,
        )
    ]
    known = np.concatenate(of.accuracies)
    if np.isfinite(known).any():
        low = min(50.0, math.floor(10 * float(np.nanmin(known))) * 10.0)
        lines = both(of.accuracies, 100)
        left.append(Plot(x, (low - 2, 103), lines, ("accuracy, %",), **steps))
    gradients = np.where(of.gradients > LEAST, of.gradients, np.nan)
    titles = "size of the gradient by layer", "gradient by layer", "gradient"
    right = [
        Plot(x, log_limits(gradients), layers(gradients), titles, log=True, legend=True, **steps)
    ]
    shares = [("saturated units by layer, %", "saturated, %", of.saturated)]
    if of.answers:
        shares = []
    elif of.can_die:
        shares.append(("dead units by layer, %", "dead, %", of.dead))
    for long, brief, values in shares:
        if values.shape[1]:
            lines = layers(values, 100)
            right.append(Plot(x, (-4, 104), lines, (long, brief), **steps))
    for column in (left, right):
        column[-1] = replace(column[-1], x_word="step")
        if not len(at):  # only weights are there, no measures
            column[:] = [replace(panel, lines=(), legend=False) for panel in column]
    return left, right


def log_limits(values: Float64) -> tuple[float, float]:
    """Limits of a logarithmic axis, 1, 2 or 5 times powers of ten: they seldom change."""
    good = values[np.isfinite(values) & (values > 0)]
    low, high = (float(good.min()), float(good.max())) if good.size else (0.1, 1.0)
    return 1 / round_up(1 / (low / 1.1)), round_up(max(high, 2 * low) * 1.1)


def summary(of: Progress) -> list[str]:
    """The step, and the numbers of the last measured one, in parts."""
    found = [f"step {of.step:,}"]
    if not len(of.steps):
        return found
    first, tests = of.losses[0][-1], of.losses[1][-1]
    if not math.isfinite(first):
        return [*found, f"diverged at step {of.steps[-1]:,.0f}: choose a smaller rate"]
    words = f"loss {significant(first)}"
    found.append(words + (f" · tests {significant(tests)}" if math.isfinite(tests) else ""))
    right, other = of.accuracies[0][-1], of.accuracies[1][-1]
    if math.isfinite(right):
        words = f"accuracy {100 * right:.1f} %"
        found.append(words + (f" · tests {100 * other:.1f} %" if math.isfinite(other) else ""))
    return found


@dataclass(frozen=True, eq=False)
class _Ground:
    """What is around the plots, which changes with their axes only: RGBA pixels."""

    frames: list[Frame]
    pixels: Words
    font_size: int
    head: Box | None  # room for the summary
    answers: Box | None = None  # room for what a network answers to pictures


class LearningView(CPUView):
    """Loss, accuracy, gradients and units, step by step."""

    uses_cursor = True
    clicked = "on a plot shows that step"

    def __init__(self) -> None:
        self._grounds: LRUCache[Hashable, _Ground] = LRUCache(DRAWN, lambda _, g: g.pixels.nbytes)
        self._found: LRUCache[Hashable, Progress] = LRUCache(KEPT)
        self._answers: LRUCache[Hashable, Answers] = LRUCache(KEPT)

    def problem(self, preset: Preset) -> str:
        return "" if preset.learns else "shows a network that learns: choose data (train.data)"

    def paint(self, scene: Scene, size: Size) -> Steps[Picture]:
        """The plain background; the plots are an overlay, which is drawn at full size."""
        yield from self._answering(scene)
        yield
        return lettering.blank(size, plot.GROUND)

    def overlay(
        self, scene: Scene, size: Size, cursor: tuple[float, float] | None = None
    ) -> Words | None:
        """The plots; the step under the cursor is marked in all of them."""
        of, ground = self._drawn(scene, size)
        pointed = None if cursor is None else step_at(ground.frames, of, cursor)
        marks = [] if pointed is None else [(pointed, FAINT)]
        marks.append((scene.preset.train.steps, MARK))
        words = ground.pixels.copy()
        for frame, panel in zip(ground.frames, chain(*panels(of)), strict=True):
            left, top, right, bottom = frame.box
            inner = Frame(panel, (0, 0, *frame.size), frame.words)
            if min(inner.size) < LEAST_FIELD:
                continue
            field = PlotCanvas(inner.size, ground.font_size)
            field.field(inner)
            for step, color in marks:
                at = int(inner.place(across(step), np.ones(1))[0])
                thick = field.hair - 1 + (color == MARK and field.hair > 1)
                field.draw.rectangle((at, 0, at + thick, inner.size[1]), fill=color)
            words[top:bottom, left:right, :3] = field.pixels
        if ground.answers is not None and scene.preset.classifies:
            for _ in self._answering(scene):
                pass
            found = self._answers.find(scene.network.digest)
            if found is not None:
                left, top, right, bottom = ground.answers
                part = PlotCanvas((right - left, bottom - top), _smaller(ground.font_size))
                paint_answers(part, (0, 0, right - left, bottom - top), found)
                words[top:bottom, left:right, :3] = part.pixels
        if ground.head is not None:
            left, top, right, bottom = ground.head
            head = PlotCanvas((right - left, bottom - top), ground.font_size)
            _head(head, of)
            words[top:bottom, left:right, :3] = head.pixels
        return words

    def hit(self, scene: Scene, size: Size, place: tuple[float, float]) -> Hit | None:
        """The measures at the step under a pixel; a click shows that step."""
        of, ground = self._drawn(scene, size)
        step = step_at(ground.frames, of, place)
        if step is None:
            return None
        index = int(np.searchsorted(of.steps, step))
        words = [f"step {step:,}", f"loss {significant(of.losses[0][index])}"]
        if math.isfinite(of.losses[1][index]):
            words.append(f"of tests {significant(of.losses[1][index])}")
        if math.isfinite(of.accuracies[0][index]):
            words.append(f"accuracy {100 * of.accuracies[0][index]:.1f} %")
        return Hit(", ".join(words), changes={"train.steps": step})

    def _answering(self, scene: Scene) -> Steps[None]:
        """Find out in slices what a network answers to pictures of the tests."""
        if not scene.preset.classifies or self._answers.find(scene.network.digest) is not None:
            return
        for found in answers_of(scene.preset, scene.network):
            if found is not None:
                self._answers.put(scene.network.digest, found)
            yield

    def _drawn(self, scene: Scene, size: Size) -> tuple[Progress, _Ground]:
        preset = scene.preset
        key = preset.made_of, preset.dataset.digest, axis_end(preset)
        of = self._found.get(key, lambda: progress(preset))
        left, right = panels(of)
        looks = [(p.x, p.y, p.titles, p.x_marks, len(p.lines)) for p in (*left, *right)]
        known = tuple(looks), len(left), preset.dataset.digest, size
        return of, self._grounds.get(known, lambda: _ground(preset, left, right, size))


def _smaller(font_size: int) -> int:
    """The font size of what is written into a table."""
    return max(9, round(0.66 * font_size))


def step_at(frames: list[Frame], of: Progress, place: tuple[float, float]) -> int | None:
    """The measured step nearest to a pixel of a plot."""
    for frame in frames:
        if frame.holds(place) and len(of.steps):
            away = np.abs(across(of.steps) - frame.value(place[0]))
            return int(of.steps[away.argmin()])
    return None


def _ground(preset: Preset, left: list[Plot], right: list[Plot], size: Size) -> _Ground:
    font_size = plot.font_size(size)
    leading = line_height(font_size)
    canvas = PlotCanvas(size, font_size)
    edge = min(font_size, size[0] // 16, size[1] // 16)
    roomy = size[0] >= 30 * font_size and size[1] >= 18 * leading
    head = round(1.9 * leading) if roomy else 0
    foot = round(1.6 * leading) if roomy and not preset.classifies else 0
    box = (edge // 2, edge + head, size[0] - edge, size[1] - edge // 2 - foot)
    frames: list[Frame] = []
    answers: Box | None = None
    if size[1] > 1.2 * size[0]:
        if preset.classifies:
            end = box[1] + round(TALL * (box[3] - box[1]))
            answers, box = (box[0], end + leading, box[2], box[3]), (*box[:3], end)
        rows = [[panel] for panel in (*left, *right)]
        frames += [f for row in arrange(rows, box, font_size, tallest=0.8) for f in row]
    else:
        middle = round(LEFT * size[0])
        end = box[3]
        if preset.classifies:
            end = box[1] + round(PART * (box[3] - box[1]))
            answers = middle + edge, end + leading // 2, box[2], box[3]
        sides: tuple[tuple[list[Plot], Box], ...] = (
            (left, (box[0], box[1], middle - edge // 2, box[3])),
            (right, (middle + edge // 2, box[1], box[2], end)),
        )
        for column, part in sides:
            heights = (1.45, *(1.0 for _ in column[1:]))
            found = arrange([[p] for p in column], part, font_size, tallest=0.9, heights=heights)
            frames += [f for row in found for f in row]
    for frame in frames:
        canvas.surround(frame)
    room = None
    if roomy:
        room = frames[0].box[0], edge, size[0] - edge, edge + leading
        place = frames[0].box[0], size[1] - edge // 2 - foot + leading * 0.75
        if not preset.classifies:  # whose classes have no colours
            _key(canvas, preset.dataset, place, size[0] - edge)
    return _Ground(frames, np.asarray(canvas.image.convert("RGBA")), font_size, room, answers)


def _head(canvas: PlotCanvas, of: Progress) -> None:
    """The numbers of the step shown, as many as fit."""
    x = 0.0
    for number, words in enumerate(summary(of)):
        if x + width(words, canvas.font_size, "bold") > canvas.image.width:
            break
        canvas.text((x, 0), words, MARK if number == 0 else INK, bold=True)
        x += width(words, canvas.font_size, "bold") + 2.2 * canvas.font_size


def _key(canvas: PlotCanvas, data: Dataset, place: tuple[float, float], end: float) -> None:
    """What colours mean in pictures: classes, or values from low to high."""
    (x, y), size = place, canvas.font_size
    radius = 0.36 * size
    discs: list[tuple[float, RGB]] = []
    if data.labels is not None:
        for name, color in zip(class_names(data), CLASS_COLORS, strict=False):
            words = shorten(name, size, 9 * size)
            if x + 1.4 * size + width(words, size) > end:
                break
            discs.append((x + radius, color))
            canvas.text((x + 1.1 * size, y), words, FAINT, anchor="lm")
            x += 1.1 * size + width(words, size) + 1.1 * size
    elif data.kind == "values":
        low, high = value_span(data)
        canvas.text((x, y), short(low), FAINT, anchor="lm")
        x += width(short(low), size) + 0.5 * size
        for k in range(round(9 * size)):
            color = scale_color(2 * k / (9 * size) - 1)
            canvas.draw.line((x + k, y - radius, x + k, y + radius), fill=color)
        x += 9.5 * size
        canvas.text((x, y), short(high), FAINT, anchor="lm")
    box = (
        0,
        max(0, round(y - size)),
        canvas.image.width,
        min(canvas.image.height, round(y + size)),
    )
    strokes = [Stroke(np.array([[at, y]]), ink, 1.0, dots=radius) for at, ink in discs]
    if strokes:
        draw_strokes(canvas.image, box, strokes)
