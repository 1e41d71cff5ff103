"""Work in small steps: until a deadline, or at once.

a generator that yields where it may be interrupted -> Stepping.step(deadline) -> found
                                                    -> at_once() -> what it returns

Deadlines are times of `time.perf_counter()`. Each `yield` gives the deadline of the step that
goes on, for work that is sized by the time left; `yield from` passes it on to inner generators. A
generator may yield how much is done, from 0 to 1.
"""

import time as wall
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any, Generic, Protocol, TypeVar

Found = TypeVar("Found")
Steps = Generator[Any, float, Found]

SECONDS = 0.25  # of a step of what is done at once; Windows resets a GPU after 2 s in one draw


class Task(Protocol):
    """Work under way."""

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1, as far as it tells."""

    def step(self, deadline: float) -> bool:
        """Work until about `deadline`, a little at least; True when it has come to its end."""

    def release(self) -> None:
        """Free what is its own. It may be under way still; it is not gone on with."""


class Stepping(Generic[Found]):
    """A generator as a Task: `found` is what it returns, once it is `done`.

    `owned` is what the generator has for its own. It is freed by `release`, and by the generator
    at its end, but not where the task is forgotten: another context may be current then.
    """

    def __init__(self, steps: Generator[Any, Any, Found], owned: ExitStack | None = None):
        self._steps, self._owned = steps, owned
        self._begun = self.done = False
        self.fraction = 0.0
        self.found: Found | None = None

    def step(self, deadline: float) -> bool:
        """Work until about `deadline`, one step at least; True when it has come to its end."""
        while not self.done:
            try:
                if not self._begun:  # up to the first yield, which can be sent nothing
                    self._begun = True
                    self._tell(next(self._steps))
                self._tell(self._steps.send(deadline))
            except StopIteration as end:
                self.found, self.done, self.fraction = end.value, True, 1.0
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def _tell(self, fraction: float | None) -> None:
        if fraction is not None:
            self.fraction = fraction

    def release(self) -> None:
        """Free what is the generator's own."""
        self._steps.close()
        if self._owned is not None:
            self._owned.close()


def within(seconds: float) -> float:
    """The deadline that lies so many seconds ahead."""
    return wall.perf_counter() + seconds


def left(deadline: float) -> float:
    """Seconds until a deadline; 0 after it."""
    return max(deadline - wall.perf_counter(), 0.0)


def during(
    task: Task, owned: ExitStack | None = None, part: int = 0, parts: int = 1
) -> Steps[None]:
    """A task as a part of another one's steps, one of so many parts; it becomes `owned`."""
    if owned is not None:
        owned.callback(task.release)
    while not task.step((yield (part + task.fraction) / parts)):
        pass


def finish(task: Task) -> None:
    """Work to the end, in steps of SECONDS."""
    while not task.step(within(SECONDS)):
        pass


def at_once(steps: Generator[Any, Any, Found]) -> Found:
    """What the work comes to."""
    task = Stepping(steps)
    finish(task)
    found: Found = task.found  # type: ignore[assignment]
    return found
