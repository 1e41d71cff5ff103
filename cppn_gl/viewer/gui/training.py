"""The part of the panel for a network that learns: below the head, above the groups of keys.

    train, step, back | losses over the steps, a slider below them | accuracy, rate, speed | data

Learning, Explorer -> Training.draw() -> what was asked: the explorer's actions on training
"""

import math
import time as wall
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from imgui_bundle import imgui

from cppn_gl.nn.training.data import FASHION, OWN, label
from cppn_gl.nn.training.data_sets import DATA_SETS, Draws
from cppn_gl.nn.training.options import MARKS
from cppn_gl.utils.class_colors import CLASS_COLORS, scale_color
from cppn_gl.viewer.bindings import keys_for
from cppn_gl.viewer.facts import percent
from cppn_gl.viewer.gui import drawings
from cppn_gl.viewer.gui.drawings import Box, Vec, accent, changed, ink, tint
from cppn_gl.viewer.gui.widgets import Widgets
from cppn_gl.viewer.learning import MAX_PACE, MIN_PACE
from cppn_gl.viewer.training import RATES, rate_of, timed
from cppn_gl.views.text import significant

if TYPE_CHECKING:
    from cppn_gl.viewer.app import App

# In font sizes:
CHART = 3.4  # height of the losses
VALUE = 4.0
LONG = 5.2  # of a step
CURVE = 240  # points of a curve, at most
SAMPLE = 90  # points of a data set's small picture
FILE = "a file …"  # a choice of the menu of data
MARKED = {"all": "all points", "training": "training points", "none": "no points"}

Labelled = Callable[[str, str, str, str], float]  # label, name, help, key -> the room beside it


class Training:
    """Draws the part, with the widgets of the panel. labelled: begins a row with its label."""

    def __init__(self, app: "App", widgets: Widgets, labelled: Labelled):
        self._app, self._explorer = app, app.explorer
        self._widgets, self._labelled = widgets, labelled
        self._curves: tuple[object, list[list[tuple[float, float]]]] = (None, [])

    def draw(self) -> None:
        """Draw the rows, if the preset learns."""
        self._buttons()
        self._losses()
        self._accuracy()
        self._rate()
        self._speed()
        self._data()
        if self._explorer.has_points:
            self._marks()
            self._brushes()

    def _act(self, action: str) -> None:
        """Do what a key does, as a gesture of its own."""
        self._widgets.gui.gesture()
        self._app.events.perform(action)
        self._widgets.gui.finish()

    def _buttons(self) -> None:
        widgets, learning = self._widgets, self._explorer.learning
        help = "Train the network, which is shown as it learns, or pause."
        self._labelled("training", "training", help, keys_for("train"))
        if widgets.icon("train", "pause" if learning.playing else "play", ground=0.06):
            self._act("train")
        widgets.tip("pause" if learning.playing else "train", below=f"key {keys_for('train')}")
        for name, icon, action, words in (
            ("train step", "next", "train_step", "one step (key with Shift: 100)"),
            ("train reset", "first", "train_reset", "back to step 0: the random network"),
        ):
            widgets.next(0.2)
            if widgets.icon(name, icon):
                self._act(action)
            widgets.tip(words, below=f"key {keys_for(action)}")
        widgets.next(0.2)
        _, (x, y, width, _) = widgets.area("training state", widgets.room())
        words, color = self._state(), ink(0.75)
        widgets.write(words, x + width - 0.35 * widgets.unit, y, color, right=True, width=width)

    def _state(self) -> str:
        learning = self._explorer.learning
        if learning.problem:
            return "cannot train"
        if learning.seeking:
            return f"re-running {100 * learning.fraction:.0f} %" if learning.fraction else ""
        if timed(self._explorer.preset):
            return "by the time"
        return f"{learning.speed:,.0f} steps/s" if learning.playing else "paused"

    # The losses, and the steps below them

    def _losses(self) -> None:
        widgets, unit, ready = self._widgets, self._widgets.unit, self._explorer.learning.ready
        help = "Loss of the training points, and of the test points, over the steps trained."
        start = imgui.get_cursor_screen_pos()
        room = self._labelled("loss", "loss", help, "")
        x, y = imgui.get_cursor_screen_pos()
        left, width = x, room
        if ready is not None:
            found = ready.measures
            values = ((found.loss, accent()), (found.test_loss, changed()))
            for line, (value, color) in enumerate(values, 1):
                if not math.isnan(value):
                    words = significant(value, 3)
                    widgets.write(words, start.x + 0.9 * unit, start.y + line * unit, color)
        high = CHART * unit
        inset = 0.34 * unit  # of the slider's ends
        box = (left + inset, y + 0.15 * unit, width - LONG * unit - 2 * inset, high - 0.3 * unit)
        self._chart(box)
        imgui.dummy(Vec(1, high))
        self._steps()

    def _chart(self, box: Box) -> None:
        """Draw both losses over the steps, from 0 to the newest, and the step shown."""
        x, y, width, height = box
        learning, step = self._explorer.learning, self._explorer.step
        drawings.polyline(((x, y + height), (x + width, y + height)), ink(0.2), 1)
        if learning.ready is None or not learning.history:
            return
        newest = max(1, learning.ready.newest)
        key = learning.history, newest
        if self._curves[0] is not key[0]:
            self._curves = key[0], curves(learning.history)
        for points, color in zip(self._curves[1], (accent(), changed()), strict=False):
            placed = [(x + a / newest * width, y + (1 - b) * height) for a, b in points]
            drawings.polyline([one for one in placed if one[0] <= x + width], color, 1.5)
        at = x + min(1.0, step / newest) * width
        drawings.polyline(((at, y), (at, y + height)), ink(0.4), 1)

    def _steps(self) -> None:
        widgets, explorer, unit = self._widgets, self._explorer, self._widgets.unit
        help = "The step whose network is shown. Steps trained before are shown again."
        room = self._labelled("step", "train step", help, keys_for("train_back"))
        ready, step = explorer.learning.ready, explorer.step
        newest = max(1, step, ready.newest if ready else 0)
        moved = widgets.slider("training steps", step / newest, room - LONG * unit)
        if moved is not None:
            wanted = round(moved * newest)
            if wanted != step:
                explorer.seek(wanted)
        widgets.next(0)
        typed = widgets.value(
            "training step value",
            f"{step:,}",
            str(step),
            LONG * unit,
            refuse=lambda text: "" if _whole(text) is not None else "not a step",
        )
        if typed is not None:
            explorer.seek(_whole(typed) or 0)

    def _accuracy(self) -> None:
        widgets, unit, ready = self._widgets, self._widgets.unit, self._explorer.learning.ready
        found = ready.measures if ready else None
        if found is None or found.accuracy is None:
            return
        help = "Fraction of the points whose class is right: of the training set, and of the tests."
        room = self._labelled("accuracy", "accuracy", help, "")
        _, (x, y, _, _) = widgets.area("accuracy shown", room)
        x += widgets.write(percent(found.accuracy), x + 0.35 * unit, y, accent()) + unit
        if found.test_accuracy is not None and not math.isnan(found.test_accuracy):
            x += widgets.write("tests ", x, y, ink(0.6))
            widgets.write(percent(found.test_accuracy), x, y, changed())

    # Settings

    def _rate(self) -> None:
        explorer = self._explorer
        now = rate_of(explorer.moment)
        help = "The learning rate from this step on. Earlier steps keep theirs."
        moved = self._logarithmic("rate", now, (RATES[0], RATES[-1]), help, "rate_up")
        if moved is not None:
            self._set(lambda: explorer.set_rate(moved))

    def _speed(self) -> None:
        learning = self._explorer.learning
        help = "Steps a second, if they can be done."
        moved = self._logarithmic(
            "speed", learning.pace, (MIN_PACE, MAX_PACE), help, "faster", end="/s"
        )
        if moved is not None:
            learning.set_pace(moved)

    def _logarithmic(
        self,
        name: str,
        now: float,
        ends: tuple[float, float],
        help: str,
        action: str,
        *,
        end: str = "",
    ) -> float | None:
        """A row with a logarithmic slider, and a number to type; the new value."""
        widgets, unit = self._widgets, self._widgets.unit
        room = self._labelled(name, f"train {name}", help, keys_for(action))
        low, high = ends
        place = math.log(max(now, low) / low) / math.log(high / low)
        moved = widgets.slider(f"train {name} slider", min(place, 1.0), room - VALUE * unit)
        widgets.next(0)
        typed = widgets.value(
            f"train {name} value",
            significant(now, 3) + end,
            f"{now:.6g}",
            VALUE * unit,
            refuse=lambda text: "" if _number(text) is not None else "not a number above 0",
        )
        if typed is not None:
            return _number(typed)
        return None if moved is None else float(f"{low * (high / low) ** moved:.2g}")

    def _set(self, change: Callable[[], None]) -> None:
        """Make a change as part of the gesture, and show the explorer's message."""
        change()
        self._app.hud.say(self._explorer.message, wall.perf_counter())

    def _data(self) -> None:
        room = self._labelled("data", "train data", "What the network learns.", "")
        self.data_menu("train data menu", room)

    def data_menu(self, name: str, width: float) -> None:
        """A menu of what can be learned; the path of a file can be typed."""
        widgets, explorer = self._widgets, self._explorer
        now, typing = explorer.preset.train.data, f"{name} path"
        if widgets.editing == typing:
            hint = "a picture, or a .csv file with x, y and class or value"
            if explorer.preset.classifies:
                hint = "a folder with a folder of pictures for each class; its name ends in /"
            path = widgets.value(typing, now, now, width, left=True, hint=hint)
            if path is not None and path.strip():
                self._choose(path.strip())
            return
        sets = (FASHION,) if explorer.preset.classifies else (*DATA_SETS, OWN)
        known = [*sets, *([now] if now not in ("", *sets) else []), FILE]
        chosen = widgets.menu(
            name,
            now,
            tuple(known),
            width,
            words=data_words,
            notes=lambda one: DATA_SETS[one].help if one in DATA_SETS else "",
            picture=_picture,
            aspect=1.0,
        )
        if chosen == FILE:
            widgets.edit(typing, now if now not in (OWN, *DATA_SETS) else "")
        elif chosen is not None and chosen != now:
            self._choose(chosen)

    def _choose(self, data: str) -> None:
        widgets = self._widgets
        widgets.gui.gesture()
        self._set(lambda: self._explorer.choose_data(data))
        widgets.gui.finish()
        widgets.gui.touch()

    def _marks(self) -> None:
        widgets, train = self._widgets, self._explorer.preset.train
        help = "Points over the picture: the test points are hollow."
        room = self._labelled("points", "train marks", help, "")
        words = "boundary"
        side = widgets.width_of(words) + widgets.high + 1.4 * widgets.unit
        chosen = widgets.menu(
            "train marks menu", train.marks, MARKS, room - side, words=lambda one: MARKED[one]
        )
        if chosen is not None and chosen != train.marks:
            widgets.gui.gesture()
            self._set(lambda: self._explorer.change(**{"train.marks": chosen}))
            widgets.gui.finish()
        widgets.next(0.6)
        if widgets.switch("train boundary", train.boundary, words):
            self._act("toggle_boundary")
        widgets.tip("a line where the network is undecided", below=keys_for("toggle_boundary"))

    def _brushes(self) -> None:
        """Edit points by mouse: what new ones have."""
        widgets, explorer, unit = self._widgets, self._explorer, self._widgets.unit
        help = (
            "While it is on, a click into the picture adds a point, a drag moves one, and a right "
            "click (or one with Shift) removes one."
        )
        self._labelled("edit", "train edit", help, keys_for("edit_points"))
        on = explorer.editing_points
        if widgets.switch("edit points", on):
            self._set(lambda: explorer.edit_points(on))
        if not on:
            return
        values = explorer.brushes
        for index, value in enumerate(values):
            widgets.next(0.25)
            clicked, (x, y, side, _) = widgets.area(f"brush {index}", widgets.high)
            widgets.tip(explorer.words_of(value))
            color = CLASS_COLORS[index] if explorer.classes else scale_color(value)
            middle = Vec(x + side / 2, y + widgets.high / 2)
            draw = imgui.get_window_draw_list()
            rgb = (color[0] / 255, color[1] / 255, color[2] / 255)
            draw.add_circle_filled(middle, 0.4 * unit, tint(rgb))
            if index == explorer.brush % len(values):
                draw.add_circle(middle, 0.56 * unit, ink(0.9), 0, max(1.5, 0.1 * unit))
            if clicked:
                explorer.brush = index


def curves(history: dict[str, Any]) -> list[list[tuple[float, float]]]:
    """The losses of training and test as points: steps, and heights from 0 to 1.

    Largest is the first loss, or a later one that is higher, up to twice the first.
    """
    steps = np.asarray(history["step"], float)
    every = max(1, -(-len(steps) // CURVE))
    found = []
    losses = [np.asarray(history[name], float) for name in ("loss", "test_loss")]
    first = max((one[0] for one in losses if len(one) and np.isfinite(one[0])), default=1.0)
    tops = [np.nanmax(np.where(np.isfinite(one), one, np.nan), initial=0.0) for one in losses]
    top = max(min(2 * first, max(tops)), 1e-9)
    for loss in losses:
        kept = np.zeros(len(loss), bool)
        kept[::every] = True
        kept[-1:] = True
        kept &= np.isfinite(loss)
        heights = np.clip(loss[kept] / top, 0, 1)
        found.append(list(zip(steps[kept].tolist(), heights.tolist(), strict=True)))
    return found


def data_words(name: str) -> str:
    """What a menu of data calls a set, or a file."""
    if name == OWN:
        return "own points"
    return name if name in DATA_SETS or name in ("", FILE) else label(name)


@lru_cache(maxsize=64)
def _sample(name: str) -> tuple[tuple[float, float, tuple[int, int, int]], ...]:
    """Some points of a set, from 0 to 1 in a square, with their colours."""
    row = DATA_SETS[name]
    x, y, third = row.make(SAMPLE, row.classes, 0.0, Draws(0, SAMPLE))
    colors = [CLASS_COLORS[int(v)] if row.classes else scale_color(float(v)) for v in third]
    places = ((np.clip(x, -6, 6) + 6) / 12).tolist(), ((6 - np.clip(y, -6, 6)) / 12).tolist()
    return tuple(zip(*places, colors, strict=True))


def _picture(name: str, box: Box, color: int) -> None:
    """A data set as a small picture of points."""
    if name not in DATA_SETS:
        return
    left, top, width, height = box
    draw = imgui.get_window_draw_list()
    for x, y, (r, g, b) in _sample(name):
        place = Vec(left + x * width, top + y * height)
        draw.add_circle_filled(place, max(0.8, 0.05 * height), tint((r / 255, g / 255, b / 255)), 6)


def _whole(text: str) -> int | None:
    digits = text.strip().replace(",", "").replace(" ", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else None


def _number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", ".").removesuffix("/s"))
    except ValueError:
        return None
    return number if 0 < number < 1e6 else None
