"""Runs: the networks of all steps of one training, shared and kept within bounds of memory.

preset -> run_of() -> Run, the same for presets that differ in what is shown only
    run.network(k)        the network after k steps, trained as far as needed
    run.prepare(k)        the same in slices of about SLICE seconds: yields the fraction done
    run.advance(...)      further steps of the newest state, for a thread of its own

Step k is the same whatever was asked before: from the snapshot before it steps are done again.
Snapshots are kept on a geometric grid: of each octave 2^n … 2^(n+1) the GRID steps in equal
distances, and every step below; fewer where they would exceed MEMORY bytes, at least step 0 and the
newest of them. Measures are taken at all steps of that grid; of very large networks, where one is
work of many steps, at fewer. No step is done before those of the step before it are complete.
"""

import contextlib
import dataclasses
import operator
import threading
import time as wall
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cppn_gl.nn.network import Network, network_bytes
from cppn_gl.nn.training.checkpoint import Checkpoint, data_of, known_checkpoint
from cppn_gl.nn.training.start import start_of
from cppn_gl.nn.training.state import State
from cppn_gl.nn.training.trainer import DivergedError, Measures, Trainer
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.checks import PresetError

SLICE = 0.006  # seconds
GRID = 16  # snapshots and measures an octave
MEMORY = 32 * MB  # of a run's snapshots
SHOWN = 16 * MB  # of states whose networks were asked for
RUNS = 256 * MB  # of all runs
OCTAVES = 24


def on_grid(step: int, per_octave: int) -> bool:
    """Whether a step is on the geometric grid with so many steps an octave (a power of two)."""
    distance = max(1, (1 << max(0, step.bit_length() - 1)) // per_octave)
    return step % distance == 0


def next_on_grid(step: int, per_octave: int) -> int:
    """The first step of the grid after `step`."""
    distance = max(1, (1 << max(0, step.bit_length() - 1)) // per_octave)
    return (step // distance + 1) * distance


def _measured_grid(effort: float) -> int:
    """The measures an octave: fewer if one takes `effort` times as long as usual."""
    grid = GRID
    while grid > 1 and grid * effort > GRID:
        grid //= 2
    return grid


class Run:
    """One training. All methods may be called from any thread, and at the same time."""

    def __init__(self, preset: Any):
        self._trainer = Trainer(preset)
        self._lock = threading.RLock()  # held while steps are done
        self._notes = threading.RLock()  # held for the dictionaries below, briefly
        self._head = self._trainer.state
        self._grid = GRID
        self._states: dict[int, State] = {}
        # Weak: what is shown can be found while newer ones are made, however large it is.
        self._networks: LRUCache[int, Network] = LRUCache(
            8 * MB, lambda k, n: network_bytes(n), weak=True
        )
        self._history: dict[int, Measures] = {}
        self._measured = _measured_grid(self._trainer.effort)
        self._unmeasured: State | None = None  # the state that is being measured
        self._measuring: Iterator[Measures | None] | None = None
        self._pace = 0.0  # seconds a step
        self._waiting = 0  # threads that want to do steps
        self.problem = self._trainer.dataset.problem  # why no further step can be done, in words
        self._last: int | None = None  # the last step there is, if training diverged
        self._newest = self._head.copy()
        self._asked: State | None = None  # the last state that was trained again
        # Of networks that were asked for, and may be saved; never changed.
        self._shown: LRUCache[int, State] = LRUCache(SHOWN, lambda step, state: state.nbytes)
        self._given: dict[int, Network] = {}  # networks of checkpoints
        self._note(self._head)
        self._measure(float("inf"))

    @property
    def trainer(self) -> Trainer:
        return self._trainer

    @property
    def digest(self) -> str:
        """A hash of all that the weights depend on, in hexadecimal."""
        return self._trainer.digest

    @property
    def step(self) -> int:
        """The newest step trained."""
        return self._newest.step

    @property
    def latest(self) -> Network:
        """The network of the newest step."""
        state = self._newest
        self._shown.put(state.step, state)
        return self._networks.get(state.step, lambda: self._network_of(state))

    @property
    def snapshots(self) -> tuple[int, ...]:
        """The steps kept, ascending."""
        with self._notes:
            return tuple(sorted(self._states))

    @property
    def history(self) -> dict[str, np.ndarray]:
        """Arrays by name, one row a measured step: those of `Measures`; NaN where there is none."""
        with self._notes:
            rows = [self._history[step] for step in sorted(self._history)]
        return {
            field.name: np.array(
                [np.nan if (v := getattr(row, field.name)) is None else v for row in rows]
            )
            for field in dataclasses.fields(Measures)
        }

    def measures(self, step: int) -> Measures:
        """The measures of a step that is on the grid, or near: of the last one measured."""
        with self._notes:
            steps = sorted(self._history)
            return self._history[steps[max(0, bisect_right(steps, step) - 1)]]

    def within(self, step: int) -> int:
        """The step, or the last one there is before training diverged, or without the data.

        Raises ValueError for a negative step, TypeError for one that is no integer.
        """
        if (step := operator.index(step)) < 0:
            raise ValueError(f"step {step}; expected 0 or more")
        if self._trainer.dataset.problem:
            with self._notes:
                return max(known for known in self._states if known <= step)
        return step if self._last is None else min(step, self._last)

    def ready(self, step: int) -> bool:
        """Whether `network(step)` need not train."""
        step = self.within(step)
        with self._notes:
            return self._networks.find(step) is not None or self._kept(step) is not None

    def _kept(self, step: int) -> State | None:
        if self._newest.step == step:
            return self._newest
        return self._states.get(step) or self._shown.find(step)

    def network(self, step: int) -> Network:
        """The network after `step` steps; of the last finite one if training diverged before."""
        while (found := self._networks.find(self.within(step))) is None:
            self._reach(step)
        return found

    def _reach(self, step: int) -> None:
        for fraction in self.prepare(step):
            for listener in list(_listeners):
                listener("training", fraction)
            self._give_way()

    def prepare(self, step: int) -> Iterator[float]:
        """Train, or train again from a snapshot, up to `step`; yields the fraction done."""
        again: State | None = None
        first = -1
        while True:
            with self._turn():
                step = self.within(step)
                state = self._kept(step) if self._complete(step) else None
                if state is None and again is None and self._head.step > step:
                    again = self._before(step).copy()
                if state is None:
                    state = again or self._head
                    first = state.step if first < 0 else first
                    self._slice(state, step, SLICE)
                if state.step == self.within(step) and self._complete(state.step):
                    if state is again:
                        self._asked = again
                    self._shown.put(state.step, self._newest if state is self._head else state)
                    if self._networks.find(state.step) is None:
                        self._networks.put(state.step, self._network_of(state))
                    return
                done = state.step
            yield (done - first) / max(1, step - first)

    def _complete(self, step: int) -> bool:
        """Whether the measures of a step are not just being taken."""
        return self._unmeasured is None or self._unmeasured.step != step

    def _before(self, step: int) -> State:
        """The last known state that is not after a step."""
        known = [state for k, state in self._states.items() if k <= step]
        if self._asked is not None and self._asked.step <= step:
            known.append(self._asked)
        return max(known, key=lambda state: state.step)

    def _network_of(self, state: State) -> Network:
        return self._given.get(state.step) or self._trainer.network_of(state)

    def state(self, step: int) -> State:
        """A copy of the state of a step, as `network` gives its network."""
        while True:
            self._reach(step)
            with self._lock:
                step = self.within(step)
                kept = self._kept(step)
                if kept is not None:
                    return kept.copy()

    def states(self, step: int) -> dict[int, Float32]:
        """The parameters of the snapshots up to a step, by their steps; they are not to change."""
        with self._notes:
            return {k: state.parameters for k, state in self._states.items() if k <= step}

    def checkpoint(self, step: int) -> Checkpoint:
        """What a file needs to go on from a step."""
        state, data = self.state(step), self._trainer.dataset
        history = self.history
        rows = np.searchsorted(history["step"], state.step, side="right")
        return Checkpoint(
            state,
            self.network(state.step),
            self.digest,
            data.digest,
            data.kind,
            data.classes,
            data.names,
            {name: array[:rows] for name, array in history.items()},
            self._trainer.preprocess,
        )

    def advance(self, steps: int | None = None, seconds: float | None = None) -> int:
        """Do further steps: so many, or for so many seconds; the steps done.

        In slices of at most SLICE seconds, between which others can have their networks.
        """
        deadline = None if seconds is None else wall.perf_counter() + seconds
        done = 0
        while not self.problem and (steps is None or done < steps or self._unmeasured):
            left = SLICE if deadline is None else deadline - wall.perf_counter()
            if left <= 0:
                break
            with self._turn():
                before = self._head.step
                most = before + (steps - done if steps is not None else 2**31)
                self._slice(self._head, most, min(SLICE, left))
                done += self._head.step - before
            if steps is None and deadline is None:
                break
            self._give_way()
        return done

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """A slice's turn among threads."""
        with self._notes:
            self._waiting += 1
        try:
            with self._lock:
                yield
        finally:
            with self._notes:
                self._waiting -= 1

    def _give_way(self) -> None:
        """Between two turns: let others have theirs, if they wait."""
        if self._waiting:
            wall.sleep(0)

    def _slice(self, state: State, step: int, seconds: float) -> None:
        """Measures and steps of a state towards `step`, for about so many seconds, at least one."""
        deadline = wall.perf_counter() + seconds
        worked = False
        try:
            while True:
                self._note(state)
                worked |= self._unmeasured is not None
                if not self._measure(deadline) or state.step >= step:
                    break
                now = wall.perf_counter()
                if worked and now >= deadline:
                    break
                worked = True
                affordable = max(1, int((deadline - now) / self._pace)) if self._pace else 1
                count = min(affordable, step - state.step)
                count = min(count, next_on_grid(state.step, GRID) - state.step)
                self._trainer.advance(state, count, self._newest)
                self._pace = (wall.perf_counter() - now) / count
        except DivergedError as error:
            self._last, self.problem = state.step, str(error)
        if state is self._head:
            self._copied(state)

    def _copied(self, state: State) -> State:
        """A copy of a state that is not changed any more; the newest one, if it is that."""
        if state is not self._head:
            return state.copy()
        if self._newest.step != state.step:
            self._newest = state.copy()
        return self._newest

    def _note(self, state: State) -> None:
        """Keep a snapshot of a state, and have it measured, if its step is on the grids."""
        if on_grid(state.step, self._grid) and state.step not in self._states:
            with self._notes:
                self._states[state.step] = self._copied(state)
                self._thin(int(MEMORY / state.nbytes))
        known = state.step in self._history or self._trainer.dataset.problem
        if on_grid(state.step, self._measured) and not known and self._complete(state.step):
            self._unmeasured, self._measuring = self._copied(state), None

    def _measure(self, deadline: float) -> bool:
        """Measure the state that is to be, until about the deadline; whether it is done."""
        if self._unmeasured is None:
            return True
        # After an interrupt, which ends a generator, it is begun again.
        work, self._measuring = self._measuring or self._trainer.measuring(self._unmeasured), None
        for found in work:
            if found is not None:
                with self._notes:
                    self._history[found.step] = found
                self._unmeasured = None
                return True
            if wall.perf_counter() >= deadline:
                self._measuring = work
                return False
        raise AssertionError("a measure ends with what was measured")

    def _thin(self, most: int) -> None:
        """Keep a coarser grid of snapshots if there are too many, or the first and the last."""
        while self._grid > 1 and len(self._states) > most:
            self._grid //= 2
            states = self._states.items()
            kept = {k: s for k, s in states if on_grid(k, self._grid) or k in self._given}
            self._states = kept
        for step in sorted(self._states)[1 : max(1, len(self._states) - max(1, most - 1))]:
            if step not in self._given:
                del self._states[step]

    def fits(self, kept: Checkpoint) -> bool:
        """Whether a checkpoint is of this training: a digest alone can be forged."""
        trainer = self._trainer
        known = kept.digest == self.digest and trainer.has(kept.state)
        return known and trainer.like(kept.network)

    def start_at(self, kept: Checkpoint) -> None:
        """Take over a checkpoint of this training, and its history."""
        if kept.step in self._given:  # of a run that trains: nobody waits for a slice
            return
        with self._lock, self._notes:
            self._states.setdefault(kept.step, kept.state.copy())
            for row in kept.rows(Measures):
                self._history.setdefault(row.step, row)
            if kept.step > self._head.step:
                self._head = kept.state.copy()
                self._newest = self._head.copy()
            self._given[kept.step] = kept.network

    def adopt(self, other: "Run", step: int) -> None:
        """Take over what another run has trained up to `step`, before which both are the same."""
        with other._notes:
            states = {k: s for k, s in other._states.items() if k <= step}
            history = {k: m for k, m in other._history.items() if k <= step}
            newest = other._newest
        if newest.step <= step:
            states[newest.step] = newest
        with self._lock, self._notes:
            self._states |= {k: s for k, s in states.items() if k not in self._states}
            self._history |= history
            last = max(self._states)
            if last > self._head.step:
                self._head = self._states[last].copy()
                self._newest = self._head.copy()

    @property
    def nbytes(self) -> float:
        """The memory that it may take, in bytes."""
        kept = min(MEMORY, OCTAVES * GRID * self._head.nbytes) + 4 * self._head.nbytes
        return kept + self._trainer.nbytes


_listeners: list[Callable[[str, float], object]] = []


@contextlib.contextmanager
def reporting(listener: Callable[[str, float], object]) -> Iterator[None]:
    """Within the block, training that others wait for tells `listener` how far it is, 0 to 1."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


# Weak: one that is too large for the limit can be found while it trains. It leaves room for others:
# two that are asked for in turn would be made anew each time.
_runs: LRUCache[Any, Run] = LRUCache(RUNS, lambda key, run: min(run.nbytes, 0.75 * RUNS), weak=True)
_making = threading.Lock()


def run_of(preset: Any) -> Run:
    """The run of a preset with `[train]`; raises PresetError if it cannot be trained."""
    dataset = data_of(preset)
    if preset.classifies:
        start, how = preset.spec, preset.preparation
    else:
        start, how = start_of(preset.spec, preset.train, dataset), preset.normalize
    key = start, how, preset.train.learning, dataset.digest, dataset.problem
    run = _runs.find(key)
    if run is None:
        with _making:
            run = _runs.get(key, lambda: Run(preset))
    kept = known_checkpoint(preset)
    if kept is not None and run.fits(kept):
        run.start_at(kept)
    elif dataset.problem:
        raise PresetError(dataset.problem, key="train.data")
    return run
