"""Trains the network explored in a thread, so that no frame waits for a step.

Preset -> follow() -> its Run, and the step that it shows
thread: re-runs to that step, then trains at a pace -> take(): the newest network that is ready

The cells of a sheet that learn are trained with it, all to the same step, which is shown when the
last one has reached it.

The thread's calls are short (CHUNK_SECONDS) and native code releases the interpreter. A network is
made only when the last one was taken: the thread takes all steps, the window shows some of them.
"""

import contextlib
import dataclasses
import time as wall
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.nn.network import Network
from cppn_gl.nn.training.data import hold
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.training.run import Run, run_of
from cppn_gl.nn.training.trainer import Measures
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import cells
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.background import Background

WATCHED_SECONDS = 12.0  # in which a preset trains to its own steps when it is opened
CHUNK_SECONDS = 0.008  # of training in one call
BEHIND = 0.1  # seconds by which training may lag behind its pace; what is more is dropped
PACE, MIN_PACE, MAX_PACE = 100.0, 1.0, 2.0**20  # steps a second
HISTORY_SECONDS = 0.25  # between copies of what was measured
MEASURED = 1.0  # seconds over which the steps a second are counted
FINISHING_SECONDS = 0.25  # of a re-run that is finished though it is no longer wanted


@dataclass(frozen=True)
class Ready:
    """A network that is ready to be shown, the step that it is of, and what was measured there.

    preset: at its step. measures: of the last step on the run's grid. snapshots: the steps that can
    be shown at once, up to `newest`. final: it is the one that was asked for, not one that is shown
    meanwhile.
    """

    preset: Preset
    step: int
    network: Network
    measures: Measures
    snapshots: tuple[int, ...]
    newest: int
    final: bool = True


class Learning(Background):
    """One run at a time, in one thread, which is started with the first preset that learns.

    run: of the preset followed last; None if that does not learn. playing: whether it trains on.
    end: the step at which it stops; None for none. pace: steps a second, if they can be done.
    ready: the network taken last. history: what has been measured, as `Run.history`.
    problem: why it cannot train, in one line; "" if it can.
    """

    thread_name = "cppn_gl-learning"

    def __init__(self) -> None:
        super().__init__()
        self.run: Run | None = None
        self.pace = PACE
        self.ready: Ready | None = None
        self.history: dict[str, np.ndarray] = {}
        self._preset: Preset | None = None  # followed last; None for one that does not learn
        self._source: Any = None  # of that preset
        self._given = 0  # the step that the explorer knows of
        self._wanted = 0  # the step to re-run to, for command `_number`
        self._sought = 0  # the last command that was done
        self._new: Ready | None = None  # not taken yet
        self._behind = False  # the step reached is not ready yet
        self._fraction = 0.0  # of the re-run that is done
        self._origin = 0.0, 0  # when the pace began to count, and at which step
        self._rate = 0.0  # steps a second within calls; 0 while it is unknown
        self._copied = 0.0  # when the history was
        self._sheet: Preset | None = None  # whose cells are trained, too
        self._runs: tuple[Any, tuple[Run, ...]] = None, ()  # theirs, and of which sheet

    # What is wanted

    def follow(self, preset: Preset) -> None:
        """Show the preset's network at the preset's own step, and train from there if `playing`."""
        self._raise()
        self._sheet = preset if preset.learns and preset.show.view == "sheet" else None
        if not preset.learns:
            if self._source is not None:
                self._seek(None, 0)
                self.playing, self.ready = False, None
            return
        step, source = preset.train.steps, preset.source
        if source == self._source:
            if step != self._given:
                self._seek(preset, step)
            return
        self._seek(preset, step)

    def _seek(self, preset: Preset | None, step: int) -> None:
        with self._changed:
            self._preset, self._source = preset, preset and preset.source
            self._given = self._wanted = step
            self._number += 1
            self._new, self._news, self._fraction, self.problem = None, "", 0.0, ""
            self._times.clear()
            if preset is None:
                self._sought = self._number
            self._changed.notify()
        self._behind = preset is not None
        if preset is not None:
            self._start()

    def watch(self, steps: int) -> None:
        """Train at the pace at which so many steps take WATCHED_SECONDS."""
        self.set_pace(steps / WATCHED_SECONDS if steps else PACE)

    def set_pace(self, pace: float) -> None:
        """Train at another number of steps a second."""
        with self._changed:
            self.pace = min(max(pace, MIN_PACE), MAX_PACE)
            self._repace()
            self._changed.notify()

    def _repace(self) -> None:
        self._origin = 0.0, 0

    # What is ready

    def take(self) -> Ready | None:
        """The newest network since the last call; its step is what the explorer is to show."""
        self._raise()
        with self._changed:
            new, self._new = self._new, None
            if new is not None:
                self.ready = new
                if new.final:
                    self._given = new.step
                self._changed.notify()
        return new

    @property
    def seeking(self) -> bool:
        """Whether the step wanted is still being re-run."""
        return self._sought != self._number

    @property
    def busy(self) -> bool:
        """Whether the thread has something to do, or a network waits to be taken."""
        plays = self.playing and not self._held
        return plays or self.seeking or self._new is not None or self._behind

    @property
    def fraction(self) -> float:
        """How much of a re-run is done, from 0 to 1."""
        return self._fraction

    @property
    def speed(self) -> float:
        """Steps a second, as counted lately; 0 while it does not train."""
        return self._speed(MEASURED)

    def close(self) -> None:
        try:
            super().close()
        finally:
            if self._thread is not None:
                hold(None)

    # The thread

    def _loop(self) -> None:
        number = at = 0  # the command that is followed, and the step reached
        shown: int | None = None  # the step made ready last
        run: Run | None = None
        of: Any = None  # the source that the run is of
        while True:
            with self._changed:
                while not (self._closed or self._due(number, at, shown)):
                    self._behind = run is not None and shown != at
                    self._changed.wait(self._waits(at))
                if self._closed:
                    return
                preset, source, goal = self._preset, self._source, self._goal(at)
                self._behind, seeks = True, number != self._number
                if seeks:
                    number, goal, shown = self._number, self._wanted, None
            other = source != of
            if other:
                run, of = self._begin(preset, run, of, goal, number), source
            if run is None or preset is None:
                continue
            if seeks and not self._reach(run, preset, goal, number, other=other):
                continue
            at = run.within(goal) if seeks else self._advance(run, at, goal)
            with self._changed:
                if number != self._number and not (seeks and other):
                    continue
                if run.problem and at >= run.step and (self.playing or at < goal):
                    self._stop(run.problem)
                elif self._ended(at) and self.playing:
                    self._stop(f"trained to step {at:,}")
                wanted = at != shown and (seeks or self._new is None or not self.playing)
            if wanted:
                self._publish(run, at_step(preset, at), number)
                shown = at

    def _begin(
        self, preset: Preset | None, old: Run | None, of: Any, step: int, number: int
    ) -> Run | None:
        """The run of another preset; None if there is none, and why not is told."""
        run = None
        try:
            hold(None if preset is None else preset.train)
            if preset is not None:
                run = run_of(preset)
                if old is not None and _continues(of, preset.source, step):
                    run.adopt(old, step)
        except PresetError as error:
            with self._changed:
                if number == self._number:
                    self.problem, self.playing, self._sought = str(error), False, number
            self.wake()
        self.run, self._rate = run, 0.0
        return run

    def _stop(self, news: str) -> None:
        self.playing, self._news = False, news

    def _due(self, number: int, at: int, shown: int | None) -> bool:
        """Whether the thread has something to do now."""
        if number != self._number:
            return True
        if self._preset is None or self.problem:
            return False
        waits = self.playing and self._new is not None
        return self._goal(at) > at or (shown != at and not waits)

    def _ended(self, at: int) -> bool:
        return self.end is not None and at >= self.end

    def _goal(self, at: int) -> int:
        """The step that is due now, by the pace."""
        if not self.playing or self._held or self._ended(at):
            return at
        now, new = wall.perf_counter(), self._new or self.ready
        kept: tuple[int, ...] = ()
        following = at + 1
        if new is not None and at < new.newest and self._rate:
            # Trained before: if steps take long, only those that need not be re-run.
            steps = (*new.snapshots, new.newest)
            nearest = steps[bisect_right(steps, at)]
            near = nearest <= 2 * at + 1  # a checkpoint's may be far: then all steps are shown
            if near and (nearest - at) / self._rate > 2 * CHUNK_SECONDS:
                kept, following = steps, nearest
        since, first = self._origin
        due = first + int((now - since) * self.pace)
        if not since or due > following + self.pace * BEHIND:
            self._origin = now, at
            due = following if since else at
        due = due if self.end is None else min(due, self.end)
        if new is None or at >= new.newest:
            return due
        if kept and due != self.end:
            return max(at, kept[bisect_right(kept, due) - 1])
        return min(due, new.newest)

    def _waits(self, at: int) -> float | None:
        """Seconds until the next step is due; None without one."""
        if not self.playing or self._held or self._preset is None or self.problem:
            return None
        since, first = self._origin
        return max(0.002, since + (at + 1 - first) / self.pace - wall.perf_counter())

    def _reach(self, run: Run, preset: Preset, step: int, number: int, *, other: bool) -> bool:
        """Re-run to a step; False if another command came meanwhile.

        other: it is another run than before. That is finished first if it does not take long, so
        that a point that is dragged shows some. Of the same run the snapshot before is shown first.
        """
        if not other and not run.ready(step):
            near = max(one for one in run.snapshots if one <= step)
            if 2 * near > step:
                self._publish(run, at_step(preset, near), number, final=False)
        started = wall.perf_counter()
        for self._fraction in run.prepare(step):
            short = other and wall.perf_counter() - started < FINISHING_SECONDS
            if number != self._number and not short:
                return False
        for cell in self._cells():
            for self._fraction in cell.prepare(step):
                if number != self._number:
                    return False
        return True

    def _cells(self) -> tuple[Run, ...]:
        """The runs of the cells of the sheet that is shown, which are trained with it."""
        sheet = self._sheet
        if sheet is None:
            return ()
        key = sheet.source, sheet.sweep
        if key != self._runs[0]:
            found: dict[int, Run] = {}
            with contextlib.suppress(PresetError):  # the sheet tells what is wrong with it
                for cell in cells(sheet).cells:
                    with contextlib.suppress(PresetError):
                        preset = cell.preset.at(cell.time or 0.0)
                        # Of a sheet of steps each cell has its own.
                        if preset.learns and preset.train.steps == sheet.train.steps:
                            found[id(preset.run)] = preset.run
            self._runs = key, tuple(found.values())
        return self._runs[1]

    def _advance(self, run: Run, at: int, goal: int) -> int:
        """Train towards a step for about CHUNK_SECONDS; the step reached."""
        if goal <= at:
            return at
        fresh = at >= run.step
        if fresh or not run.ready(goal):
            goal = min(goal, at + max(1, int(self._rate * CHUNK_SECONDS)))
        started = wall.perf_counter()
        for one in (run, *self._cells()):
            for _ in one.prepare(goal):
                wall.sleep(0)  # let others have the run
        now, reached = wall.perf_counter(), run.within(goal)
        if fresh and reached > at:
            rate = (reached - at) / max(1e-9, now - started)
            # One call may be disturbed, and the first one tells little: no more than double.
            self._rate = min(rate, max(2 * self._rate, 2 / CHUNK_SECONDS))
        with self._changed:
            self._times.append((now, reached))
        return reached

    def _publish(self, run: Run, preset: Preset, number: int, *, final: bool = True) -> None:
        step = preset.train.steps
        made = run.network(step), run.measures(step), run.snapshots
        ready = Ready(preset, step, *made, newest=run.step, final=final)
        now = wall.perf_counter()
        if now - self._copied > HISTORY_SECONDS or not self.playing:
            self.history, self._copied = run.history, now
        with self._changed:
            if number != self._number:  # of a network that is another one meanwhile
                ready = dataclasses.replace(ready, final=False)
            elif final:
                self._sought = number
            self._new = ready
        self.wake()


def at_step(preset: Preset, step: int) -> Preset:
    """The preset of another step of its training. Raises PresetError."""
    return dataclasses.replace(preset, train=preset.train.at_step(step))


def _continues(before: Any, after: Any, step: int) -> bool:
    """Whether two sources of networks train alike up to a step: only the later rates differ."""
    if before is None or before[:-1] != after[:-1]:
        return False
    old, new = (_until(source[-1], step) for source in (before, after))
    return bool(old == new)


def _until(train: Train, step: int) -> Train:
    changes = tuple(one for one in train.changes if one[0] < step)
    rate = train.rate if step else 0.0  # at step 0 nothing depends on it yet
    return dataclasses.replace(train, rate=rate, changes=changes)
