"""Work that comes to its end by steps: within a budget of seconds, or at once.

a generator that yields where it may be interrupted -> Stepping.step(budget) -> found
                                                    -> at_once() -> what it returns
"""

import time as wall
from collections.abc import Generator
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Stepping(Generic[Found]):
    """Work under way: `found` is what it comes to, which is not None, once `step` is True."""

    def __init__(self, steps: Generator[None, None, Found]):
        self._steps = steps
        self.found: Found | None = None

    def step(self, budget: float) -> bool:
        """Work for about `budget` seconds, one step at least; True when it has come to its end."""
        deadline = wall.perf_counter() + budget
        while self.found is None:
            try:
                next(self._steps)
            except StopIteration as end:
                self.found = end.value
            if wall.perf_counter() >= deadline:
                break
        return self.found is not None


def at_once(steps: Generator[None, None, Found]) -> Found:
    """What the work comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Found = end.value
            return found
