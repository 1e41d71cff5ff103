"""Tasks: work in small steps, each until a deadline, or all at once.

a generator that yields where it can be suspended -> Stepping.step(deadline) -> Stepping.result
                                                  -> at_once() -> its return value

Deadlines are times of `time.perf_counter()`. Each `yield` returns the deadline of the step that
follows, to size the work by the time left; `yield from` passes it on to inner generators. A
generator may yield its progress, from 0 to 1, or None.
"""

import time as wall
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any, Generic, Protocol, TypeVar

Result = TypeVar("Result")
Steps = Generator[Any, float, Result]

SECONDS = 0.25  # per step when all is done at once; Windows resets a GPU after 2 s in one draw


class Task(Protocol):
    """Work in progress."""

    @property
    def fraction(self) -> float:
        """Progress from 0 to 1, as far as it is known."""

    def step(self, deadline: float) -> bool:
        """Work until about `deadline`, at least a little; True when it is finished."""

    def release(self) -> None:
        """Free its resources, finished or not. It cannot be continued."""


class Stepping(Generic[Result]):
    """A generator as a Task: `result` is its return value, once it is `done`.

    `owned` holds the generator's resources. They are freed by `release`, or by the generator at its
    end, but not by garbage collection: another OpenGL context may be current then.
    """

    def __init__(self, steps: Generator[Any, Any, Result], owned: ExitStack | None = None):
        self._steps, self._owned = steps, owned
        self._begun = self.done = False
        self.fraction = 0.0
        self.result: Result | None = None

    def step(self, deadline: float) -> bool:
        """Work until about `deadline`, at least one step; True when it is finished."""
        while not self.done:
            try:
                if not self._begun:  # up to the first yield, to which nothing can be sent
                    self._begun = True
                    self._note(next(self._steps))
                self._note(self._steps.send(deadline))
            except StopIteration as end:
                self.result, self.done, self.fraction = end.value, True, 1.0
            if wall.perf_counter() >= deadline:
                break
        return self.done

    def _note(self, fraction: float | None) -> None:
        if fraction is not None:
            self.fraction = fraction

    def release(self) -> None:
        self._steps.close()
        if self._owned is not None:
            self._owned.close()


def within(seconds: float) -> float:
    """The deadline that is `seconds` from now."""
    return wall.perf_counter() + seconds


def left(deadline: float) -> float:
    """Seconds until a deadline; 0 after it."""
    return max(deadline - wall.perf_counter(), 0.0)


def during(
    task: Task, owned: ExitStack | None = None, part: int = 0, parts: int = 1
) -> Steps[None]:
    """A task as steps of another one, with the progress of part `part` of `parts`.

    `owned`, if given, releases it.
    """
    if owned is not None:
        owned.callback(task.release)
    while not task.step((yield (part + task.fraction) / parts)):
        pass


def share(steps: Steps[Result], start: float, end: float) -> Steps[Result]:
    """Steps of another generator, with its progress from 0 to 1 as progress from start to end."""
    try:
        done = next(steps)
        while True:
            done = steps.send((yield None if done is None else start + (end - start) * done))
    except StopIteration as finished:
        result: Result = finished.value
        return result
    finally:
        steps.close()


def finish(task: Task) -> None:
    """Run a task to its end, in steps of SECONDS."""
    while not task.step(within(SECONDS)):
        pass


def at_once(steps: Generator[Any, Any, Result]) -> Result:
    """The return value of a generator, run to its end."""
    task = Stepping(steps)
    finish(task)
    result: Result = task.result  # type: ignore[assignment]
    return result
