"""Trains the network explored in a thread, so that no frame waits for a step.

Preset -> follow() -> its Run, and the step that it shows
thread: re-runs to that step, then trains at a pace -> take(): the newest network that is ready

The thread's calls are short (CHUNK_SECONDS) and native code releases the interpreter. A network is
made only when the last one was taken: the thread takes all steps, the window shows some of them.
"""

import threading
import time as wall
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from cppn_gl.nn.network import Network
from cppn_gl.nn.training.run import Run, run_of
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError

WATCHED_SECONDS = 12.0  # in which a preset trains to its own steps when it is opened
CHUNK_SECONDS = 0.008  # of training in one call
BEHIND = 0.1  # seconds by which training may lag behind its pace; what is more is dropped
PACE, MIN_PACE, MAX_PACE = 100.0, 1.0, 2.0**20  # steps a second
MEASURED = 1.0  # seconds over which the steps a second are counted
CLOSING_SECONDS = 5.0  # for the thread to end


@dataclass(frozen=True)
class Ready:
    """A network that is ready to be shown, and the step of the run that it is of."""

    run: Run
    step: int
    network: Network


class Learning:
    """One run at a time, in one thread, which is started with the first preset that learns.

    run: of the preset followed last; None if that does not learn. playing: whether it trains on.
    end: the step at which it stops; None for none. pace: steps a second, if they can be done.
    problem: why it cannot train, in one line; "" if it can.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None):
        self.wake = wake  # called from the thread when a network is ready
        self.run: Run | None = None
        self.playing = False
        self.end: int | None = None
        self.pace = PACE
        self.problem = ""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._preset: Preset | None = None  # followed last
        self._given = 0  # the step that the explorer knows of
        self._wanted = 0  # the step to re-run to, for command `_number`
        self._number = self._sought = 0  # of the last such command, and of the last one done
        self._ready: Ready | None = None  # not taken yet
        self._fraction = 0.0  # of the re-run that is done
        self._origin = 0.0, 0  # when the pace began to count, and at which step
        self._chunk_rate = 0.0  # steps a second within calls; 0 while it is unknown
        self._times: deque[tuple[float, int]] = deque(maxlen=400)  # of steps, for the speed

    # What is wanted

    def follow(self, preset: Preset) -> None:
        """Show the preset's network at the preset's own step, and train from there if `playing`."""
        self._raise()
        if not preset.learns:
            if self.run is not None or self.problem:
                self._seek(None, preset, 0)
                self.playing, self.problem = False, ""
            return
        old, step = self._preset, preset.train.steps
        if old is not None and (preset is old or same_run(old, preset)):
            self._preset = preset
            if step != self._given:
                self._seek(self.run, preset, step)
            return
        try:
            run, self.problem = run_of(preset), ""
        except PresetError as error:
            run, self.problem, self.playing = None, str(error), False
        self._seek(run, preset, step)

    def _seek(self, run: Run | None, preset: Preset, step: int) -> None:
        with self._changed:
            self.run, self._preset = run, preset
            self._given = self._wanted = step
            self._number += 1
            self._ready, self._fraction = None, 0.0
            self._times.clear()
            if run is None:
                self._sought = self._number
            self._changed.notify()
        if run is not None and self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cppn_gl-learning", daemon=True)
            self._thread.start()

    def play(self, end: int | None = None) -> None:
        """Train on, up to the step `end`."""
        with self._changed:
            self.playing, self.end = True, end
            self._origin = 0.0, 0
            self._times.clear()
            self._changed.notify()

    def pause(self) -> None:
        """Train no further."""
        with self._changed:
            self.playing = False
            self._changed.notify()

    def set_pace(self, pace: float) -> None:
        """Train at another number of steps a second."""
        with self._changed:
            self.pace = min(max(pace, MIN_PACE), MAX_PACE)
            self._origin = 0.0, 0
            self._changed.notify()

    # What is ready

    def take(self) -> Ready | None:
        """The newest network since the last call; its step is what the explorer is to show."""
        self._raise()
        with self._changed:
            ready, self._ready = self._ready, None
            if ready is not None:
                self._given = ready.step
                self._changed.notify()
        return ready

    @property
    def seeking(self) -> bool:
        """Whether the step wanted is still being re-run."""
        return self._sought != self._number

    @property
    def busy(self) -> bool:
        """Whether the thread has something to do, or a network waits to be taken."""
        return self.playing or self.seeking or self._ready is not None

    @property
    def fraction(self) -> float:
        """How much of a re-run is done, from 0 to 1."""
        return self._fraction

    @property
    def speed(self) -> float:
        """Steps a second, as counted lately; 0 while it does not train."""
        if not self.playing:
            return 0.0
        with self._changed:
            now = wall.perf_counter()
            lately = [one for one in self._times if now - one[0] < MEASURED]
        if len(lately) < 2:
            return 0.0
        (start, first), (end, last) = lately[0], lately[-1]
        return (last - first) / (end - start)

    def close(self) -> None:
        """End the thread after its current call."""
        with self._changed:
            self._closed = True
            self._number += 1
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        self._raise()

    def _raise(self) -> None:
        """Raise what the thread could not handle: no exception is lost."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    # The thread

    def _work(self) -> None:
        try:
            self._loop()
        except BaseException as error:  # raised again by the window
            self._error = error
            self.wake()

    def _loop(self) -> None:
        number = at = shown = 0  # the last command, the step reached, and the one made ready last
        while True:
            with self._changed:
                while not (self._closed or self._due(number, at, shown)):
                    self._changed.wait(self._waits(at))
                if self._closed:
                    return
                run, goal = self.run, self._goal(at)
                seeks = number != self._number
                if seeks:
                    number, goal = self._number, self._wanted
            if run is None:
                continue
            try:
                if seeks:
                    if not self._reach(run, goal, number):
                        continue
                    at = goal
                elif goal > at:
                    at = self._advance(run, at, goal)
                with self._changed:
                    stopped = not self.playing or self._ended(at)
                    makes = seeks or self._ready is None or stopped
                if makes and (seeks or at != shown):
                    self._publish(Ready(run, at, run.network(at)), number)
                    shown = at
            except PresetError as error:  # it has diverged
                with self._changed:
                    if number == self._number:
                        self.problem, self.playing, self._sought = str(error), False, number
                self.wake()

    def _due(self, number: int, at: int, shown: int) -> bool:
        """Whether the thread has something to do now."""
        if self.run is None or number == self._number and self.problem:
            return number != self._number
        if number != self._number or self._goal(at) > at:
            return True
        if self._ended(at) or not self.playing:
            self.playing = False
            return shown != at
        return shown != at and self._ready is None

    def _ended(self, at: int) -> bool:
        return self.end is not None and at >= self.end

    def _goal(self, at: int) -> int:
        """The step that is due now, by the pace."""
        if not self.playing or self._ended(at):
            return at
        now = wall.perf_counter()
        since, first = self._origin
        due = first + int((now - since) * self.pace)
        if not since or due > at + 1 + self.pace * BEHIND:
            self._origin = now, at
            due = at if not since else at + 1
        return due if self.end is None else min(due, self.end)

    def _waits(self, at: int) -> float | None:
        """Seconds until the next step is due; None without one."""
        if not self.playing or self.run is None:
            return None
        since, first = self._origin
        return max(0.001, since + (at + 1 - first) / self.pace - wall.perf_counter())

    def _reach(self, run: Run, step: int, number: int) -> bool:
        """Re-run to a step; False if another command came meanwhile."""
        for self._fraction in run.prepare(step):
            if number != self._number:
                return False
        return True

    def _advance(self, run: Run, at: int, goal: int) -> int:
        """Train towards a step for about CHUNK_SECONDS; the step reached."""
        most = max(1, int(self._chunk_rate * CHUNK_SECONDS))
        goal = min(goal, at + most)
        started = wall.perf_counter()
        for _ in run.prepare(goal):
            pass
        now = wall.perf_counter()
        rate = (goal - at) / max(1e-9, now - started)
        # One call may be disturbed, and the first one tells little: no more than double.
        self._chunk_rate = min(rate, max(2 * self._chunk_rate, 2 / CHUNK_SECONDS))
        with self._changed:
            self._times.append((now, goal))
        return goal

    def _publish(self, ready: Ready, number: int) -> None:
        with self._changed:
            if number != self._number:
                return
            self._ready, self._sought = ready, number
        self.wake()


def same_run(a: Preset, b: Preset) -> bool:
    """Whether two presets that learn have the same network after the same steps."""
    same = (a.spec, a.normalize, a.train.learning) == (b.spec, b.normalize, b.train.learning)
    return a.learns and b.learns and same
