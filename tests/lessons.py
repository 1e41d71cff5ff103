"""A lesson as the window leads it: what is explored trains, and is measured, after each key."""

import threading

from cppn_gl.preset.library import load_preset
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.learning import MAX_PACE
from cppn_gl.viewer.lesson import Lesson

PRESSES = 25  # at most, until a page's condition is met
_begun: list[Explorer] = []


def begun(number: int = 1, preset: str = "embers") -> tuple[Explorer, Lesson]:
    """An explorer whose tour has begun at a page. `close` ends its training."""
    explorer = Explorer(load_preset(preset))
    _begun.append(explorer)
    lesson = Lesson(explorer)
    lesson.start(number)
    turn(explorer, lesson)
    return explorer, lesson


def close() -> None:
    """End the training of all explorers."""
    while _begun:
        explorer = _begun.pop()
        explorer.learning.close()
        explorer.growing.close()


def turn(explorer: Explorer, lesson: Lesson, action: str = "") -> None:
    """What the window does in each turn, until all is measured and trained.

    A training without an end is followed until a step is shown, one that a key has begun until the
    page is answered.
    """
    learning, woken = explorer.learning, threading.Event()
    learning.wake = woken.set
    while True:
        woken.clear()
        shown = explorer.follow_training() is not None
        learning.set_pace(MAX_PACE)
        lesson.follow()
        lesson.advance(60.0)
        enough = done(lesson) if action == "train" else shown
        if not learning.busy or (learning.end is None and not learning.seeking and enough):
            return
        woken.wait(0.05)


def done(lesson: Lesson) -> bool:
    """Whether the page shown is answered; so is what is outside the tour."""
    words = lesson.words()
    return words is None or words.answered


def press(explorer: Explorer, lesson: Lesson, action: str, large: bool = False) -> None:
    explorer.gesture = object()
    explorer.act(action, large)
    turn(explorer, lesson, action)
