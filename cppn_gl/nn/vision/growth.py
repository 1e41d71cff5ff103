"""Growths: the pictures of all steps of one synthesis, shared and kept within bounds of memory.

    Ascent -> growth_of() -> Growth, one for all that ask for the same
        growth.prepare(k)   up to step k in slices; yields the fraction done
        growth.pixels(k)    the picture of a step that is ready
    network, stage, channel -> feature_of() -> a finished picture, for views

Step k is the same whatever was asked before: states are never changed, and steps are pure, so that
threads need not wait for one another. States are kept at multiples of a spacing, which doubles when
they would exceed MEMORY bytes. Finished pictures, and the states of long growths, are kept in files
(kept.py): what was interrupted goes on from there.
"""

import threading
import time as wall
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from cppn_gl.nn.network import Network
from cppn_gl.nn.vision.coordinate import Coordinate
from cppn_gl.nn.vision.feature_files import Kept, keep, kept
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.parametrisation import State
from cppn_gl.nn.vision.preprocess import Pixels, Preprocess
from cppn_gl.nn.vision.recipe import Recipe
from cppn_gl.nn.vision.running import best_kernel
from cppn_gl.nn.vision.synthesis import Ascent
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB, LRUCache

MEMORY = 24 * MB  # of the states of a growth
PICTURES = 24 * MB  # of pictures of all growths
GROWTHS = 128 * MB  # of all growths
SAVED = 20.0  # seconds of work after which a state is kept in a file


class Growth:
    """One synthesis. All methods may be called from any thread, and at the same time."""

    def __init__(self, ascent: Ascent):
        self.ascent = ascent
        self.key = f"{ascent.digest}-{type(best_kernel()).__name__}"
        self._lock = threading.Lock()
        self._states: dict[int, State] = {}  # empty until there is something to do
        self._newest: State | None = None
        self._asked: State | None = None  # the last state that was made
        self._spacing = 1
        self._values: dict[int, float] = {}
        self._looked = False  # in files
        self._by_network = isinstance(ascent.parameters, Coordinate)

    @property
    def step(self) -> int:
        """The newest step."""
        newest = self._newest
        return 0 if newest is None else newest.step

    @property
    def snapshots(self) -> tuple[int, ...]:
        """The steps kept, ascending."""
        with self._lock:
            return tuple(sorted({0, *self._states, self.step}))

    def size(self, step: int) -> tuple[int, int]:
        """Rows and columns of the picture at a step."""
        return self.ascent.parameters.size(step)

    def rest(self, step: int, *, goes_on: bool = False) -> int:
        """Forget the states, unless it went beyond a step: a sheet needs its pictures only.

        `goes_on`: all but the newest, from which it goes on. Returns the bytes of what it keeps.
        """
        with self._lock:
            if self.step <= step:
                newest = self._newest if goes_on else None
                self._states, self._newest, self._asked, self._spacing = {}, newest, None, 1
            return 0 if self._newest is None else self._newest.nbytes

    def values(self, step: int) -> Float32:
        """What the network said of the pictures before a step, (n,): n <= step, NaN where unknown.

        Each picture was moved at random, so that the curve is rough.
        """
        with self._lock:
            last = max((k for k in self._values if k < step), default=-1)
            found = np.full(last + 1, np.nan, np.float32)
            for k in range(last + 1):
                found[k] = self._values.get(k, np.nan)
        return found

    def ready(self, step: int) -> bool:
        """Whether `pixels` of a step needs no work."""
        return self._pictured(step) or self._kept(step) is not None

    def network(self, step: int) -> Network | None:
        """The coordinate network that draws the picture of a step which is ready, if one does."""
        state = self._kept(step) if self._by_network else None
        return None if state is None else self.ascent.parameters.network(state)

    def pixels(self, step: int) -> Pixels:
        """The picture (rows, columns, 3) of a step, in 8 bits; made if it is not ready."""
        while (found := _pictures.find((self.key, step))) is None:
            state = self._kept(step)
            if state is not None:
                return self._drawn(state)
            for _ in self.prepare(step):
                pass
        return found

    def prepare(self, step: int, *, whole: bool = False) -> Iterator[float]:
        """Work up to a step; yields the fraction done.

        `whole`: until there is its state, from which one can go on, not the picture alone.
        """
        self._look_up(step)
        if not whole and self._pictured(step):
            return
        started, saved = None, wall.monotonic()
        own: State | None = None  # the last one made here, which other threads need not keep
        while (state := self._kept(step)) is None:
            before = self._before(step)
            if own is not None and own.step >= before.step:
                before = own
            if before.step == step:
                state = before
                break
            started = before.step if started is None else started
            slices = self.ascent.step(before)
            while True:
                try:
                    next(slices)
                except StopIteration as end:
                    own = end.value
                    self._note(end.value)
                    break
                yield (before.step - started) / (step - started)
            if wall.monotonic() - saved > SAVED:
                self._save(own)
                saved = wall.monotonic()
            yield (before.step + 1 - started) / (step - started)
        self._drawn(state)
        if started is not None:
            self._save(state, finished=True)

    def _pictured(self, step: int) -> bool:
        """Whether the picture of a step is enough, and there."""
        return not self._by_network and _pictures.find((self.key, step)) is not None

    def _drawn(self, state: State) -> Pixels:
        return _pictures.get((self.key, state.step), lambda: self.ascent.pixels(state))

    def _kept(self, step: int) -> State | None:
        for state in (self._newest, self._asked):
            if state is not None and state.step == step:
                return state
        return self._states.get(step)

    def _before(self, step: int) -> State:
        """The last known state that is not after a step."""
        with self._lock:
            known = [*self._states.values(), self._newest, self._asked]
        before = [one for one in known if one is not None and one.step <= step]
        if not before:
            self._note(self.ascent.first())
            return self._before(step)
        return max(before, key=lambda one: one.step)

    def _note(self, state: State) -> None:
        """Keep a state, and what the network said before it."""
        with self._lock:
            self._asked = state
            if state.step:
                self._values[state.step - 1] = state.value
            if self._newest is None or state.step > self._newest.step:
                self._newest = state
            if state.step % self._spacing == 0:
                self._states[state.step] = state
            while len(self._states) * state.nbytes > MEMORY and len(self._states) > 2:
                self._spacing *= 2
                at = self._spacing
                self._states = {k: one for k, one in self._states.items() if k % at == 0}

    # Files.

    def _look_up(self, step: int) -> None:
        """Take over what files keep of this growth."""
        found = kept(self.key, step)
        if found is not None and _pictures.find((self.key, step)) is None:
            _pictures.put((self.key, step), found.pixels)
            self._remember(found)
            if found.arrays and self._fits(found):
                self._note(State(step, found.arrays, float(found.values[-1])))
        if not self._looked:
            self._looked = True
            found = kept(self.key)
            if found is not None and self._fits(found):
                self._remember(found)
                self._note(State(found.step, found.arrays, float(found.values[-1])))

    def _fits(self, found: Kept) -> bool:
        """Whether the arrays of a file can be a state: a file may be damaged."""
        shapes = [array.shape for array in found.arrays]
        expected = self.ascent.parameters.shapes(found.step)
        return len(found.values) == found.step > 0 and shapes == expected

    def _remember(self, found: Kept) -> None:
        with self._lock:
            for k, value in enumerate(found.values):
                self._values.setdefault(k, float(value))

    def _save(self, state: State | None, *, finished: bool = False) -> None:
        """Keep a finished picture in a file, or the state of a step of a long growth."""
        step = 0 if state is None else state.step
        values = self.values(step)
        if state is not None and len(values) == step:
            arrays = () if finished and not self._by_network else state.arrays
            found = Kept(step, self.ascent.pixels(state), values, arrays)
            keep(self.key, found, step if finished else None)

    @property
    def nbytes(self) -> float:
        """The memory that it may take, in bytes."""
        return MEMORY + (0 if self._newest is None else 4 * self._newest.nbytes)


_growths: LRUCache[str, Growth] = LRUCache(
    GROWTHS, lambda key, growth: min(growth.nbytes, GROWTHS / 2), weak=True
)
_pictures: LRUCache[tuple[str, int], Pixels] = LRUCache(PICTURES, lambda key, found: found.nbytes)


def growth_of(
    network: ImageNetwork,
    preprocess: Preprocess,
    recipe: Recipe,
    unit: tuple[int, int] = (1, 1),
    image: Any = None,
) -> Growth:
    """The growth of a recipe; see `Ascent`. Raises PresetError."""
    ascent = Ascent(network, preprocess, recipe, unit, image)
    return _growths.get(ascent.digest, lambda: Growth(ascent))


def feature_of(
    network: ImageNetwork, preprocess: Preprocess, stage: int, channel: int, size: int = 128
) -> Generator[float, Any, Pixels]:
    """The feature of a channel (both from 0) by the usual recipe: pixels (rows, columns, 3).

    Work in slices, if it is not kept; yields the fraction done. Raises PresetError.
    """
    recipe = Recipe(size=size)
    growth = growth_of(network, preprocess, recipe, (stage + 1, channel + 1))
    yield from growth.prepare(recipe.steps)
    return growth.pixels(recipe.steps)
