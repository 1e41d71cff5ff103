"""The tour as it reads: each page with its key pressed until it is answered, without a window.

pages -> read_tour(): Explorer, Lesson, presses -> Scene: the words with their numbers, and the
         presets before and after
"""

import re
import threading
import time as wall
from collections.abc import Callable

from cppn_gl.output.web.site import Scene
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.tour import Page, pages
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.learning import MAX_PACE
from cppn_gl.viewer.lesson import Lesson, Words

PRESSES = 25  # at most; a test of the tour says that these are enough
SECONDS = 60.0  # at most for one page: it then has no answer
TRAINED = 6.0  # seconds at most that a training goes on after the answer
RUNS = 2.0  # seconds that time runs before the key is pressed
_SLICE = 1.0  # seconds of measuring
_WAIT = 0.05  # seconds between two looks at a training
_ACTION = re.compile(r"<([^<>]*)>")


def read_tour(
    steps: tuple[Page, ...] | None = None, *, progress: Callable[[int, int], None] | None = None
) -> list[Scene]:
    """All pages of the shipped tour, or `steps`, as they read."""
    steps = pages() if steps is None else steps
    found = []
    for number, page in enumerate(steps, 1):
        found.append(_read(page))
        if progress is not None:
            progress(number, len(steps))
    return found


def _read(page: Page) -> Scene:
    explorer = Explorer(page.preset)
    lesson = Lesson(explorer, [page])
    turns = _Turns(explorer, lesson)
    try:
        lesson.start(1, keep=False)
        turns.until_settled()
        asked = _words(lesson)
        explorer.tick(RUNS)
        presses = 0
        while not _words(lesson).answered and presses < PRESSES and not turns.late:
            explorer.gesture = object()
            explorer.act(page.action, page.large)
            turns.until_settled(answered=page.action == "train")
            presses += 1
        if page.trains or page.action == "train":
            turns.until_trained(load_preset(page.preset.name).train.steps)
        told = _words(lesson)
        after = explorer.shown.replace(**_step_of(explorer)) if told.answered else None
        return Scene(
            page.chapter,
            asked.heading,
            _keyed(asked.text),
            _keyed(asked.asked),
            _keyed(told.asked) if told.answered else "",
            page.preset,
            after,
            explorer.time,
            presses,
        )
    finally:
        explorer.learning.close()
        explorer.growing.close()


def _step_of(explorer: Explorer) -> dict[str, int]:
    """The training step that is shown, which moves with time, as a key."""
    return {"train.steps": explorer.moment.train.steps} if explorer.preset.learns else {}


class _Turns:
    """What a window does in its turns, until all is measured and trained, or it takes too long."""

    def __init__(self, explorer: Explorer, lesson: Lesson):
        self._explorer, self._lesson = explorer, lesson
        self._deadline = wall.monotonic() + SECONDS

    @property
    def late(self) -> bool:
        return wall.monotonic() > self._deadline

    def until_settled(self, *, answered: bool = False) -> None:
        """Turn until nothing is left to do. A training without an end: until a step is shown.

        answered: until the page is answered instead.
        """
        learning, lesson, woken = self._explorer.learning, self._lesson, threading.Event()
        learning.wake = woken.set
        while not self.late:
            woken.clear()
            shown = self._explorer.follow_training() is not None
            learning.set_pace(MAX_PACE)
            lesson.follow()
            lesson.advance(_SLICE)
            enough = _words(lesson).answered if answered else shown
            trained = not learning.busy or (
                learning.end is None and not learning.seeking and enough
            )
            if trained and not lesson.busy:
                return
            if not trained:
                woken.wait(_WAIT)

    def until_trained(self, step: int) -> None:
        """Train on to a step, for a few seconds at most."""
        end = min(self._deadline, wall.monotonic() + TRAINED)
        while wall.monotonic() < end and self._explorer.moment.train.steps < step:
            before = self._explorer.moment.train.steps
            self.until_settled()
            if self._explorer.moment.train.steps == before and not self._explorer.learning.busy:
                return


def _words(lesson: Lesson) -> Words:
    words = lesson.words()
    assert words is not None  # no action of a page leaves it
    return words


def _keyed(words: str) -> str:
    """Words with `<R>` in the place of `<random_seed>`."""

    def label(match: re.Match[str]) -> str:
        name = match[1].removeprefix("Shift+")
        return f"<{'Shift+' * match[1].startswith('Shift+')}{keys_of(name)}>"

    return _ACTION.sub(label, words)
