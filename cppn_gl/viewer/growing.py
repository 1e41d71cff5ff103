"""Grows the picture of the view synthesis in a thread, so that no frame waits for a step.

Preset -> follow() -> its Growth, and the step that it shows
thread: works up to that step, then on while `playing` -> take(): the newest step that is ready

A step is told only when the last one was taken: the thread takes all steps, the window shows some.
"""

import time as wall
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import SynthesisOptions
from cppn_gl.utils.cache import MB
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.background import Background
from cppn_gl.viewer.learning import MEASURED

if TYPE_CHECKING:  # most presets grow nothing
    from cppn_gl.nn.vision.growth import Growth

VIEW = "synthesis"
EARLY = 6
HELD = 256 * MB  # bytes of early states of a sheet's pictures; the others begin again


def grows(preset: Preset) -> bool:
    """Whether a preset shows a picture that grows."""
    return (
        preset.classifies
        and preset.show.view == VIEW
        and preset.options(SynthesisOptions).form == "one"
    )


def is_sheet(preset: Preset) -> bool:
    """Whether a preset shows a sheet of such pictures."""
    return preset.classifies and preset.show.view == VIEW and not grows(preset)


def step_of(preset: Preset) -> int:
    """The step that a preset shows."""
    return preset.options(SynthesisOptions).steps


def at_growth(preset: Preset, step: int) -> Preset:
    """The preset at another step. Raises PresetError."""
    return preset.replace(**{"synthesis.steps": step}) if step_of(preset) != step else preset


def source_of(preset: Preset) -> Hashable:
    """What a picture that grows depends on besides its step: where it is equal, so are pictures."""
    from dataclasses import replace

    from cppn_gl.preset.show import ChannelsOptions

    options = preset.options(SynthesisOptions)
    sheet = (options.form, options.first, options.count) if is_sheet(preset) else ()
    recipe = replace(options.recipe, steps=0)
    unit = None if recipe.of in ("class", "direction") else preset.options(ChannelsOptions).unit
    image = preset.input if recipe.start == "picture" else None
    return preset.source, preset.preparation, recipe, unit, image, sheet


def growth_in(preset: Preset) -> "Growth":
    """The growth of a preset that grows. Raises PresetError."""
    return growths_in(preset)[0]


def growths_in(preset: Preset) -> "list[Growth]":
    """The growths of all pictures of a preset. Raises PresetError."""
    from cppn_gl.preset.scene import scene_of
    from cppn_gl.views.vision.synthesis import grown

    return grown(scene_of(preset))


class Growing(Background):
    """One growth at a time, in one thread, which is started with the first picture that grows.

    The pictures of a sheet are brought to an EARLY part of its steps first, then to all of them.

    growth: of the preset followed last, once the thread has found it. playing: whether it goes on.
    end: the step at which it stops; None for none. problem: why it cannot grow, in one line.
    fraction: how much of a sheet is done, from 0 to 1.
    """

    thread_name = "cppn_gl-growing"

    def __init__(self) -> None:
        super().__init__()
        self.growth: Growth | None = None
        self.fraction = 0.0
        self._preset: Preset | None = None
        self._source: Hashable = None
        self._wanted = 0  # the step that the explorer shows
        self._at = -1  # the step that is ready; -1: none yet
        self._new: int | None = None  # not taken yet

    def follow(self, preset: Preset | None) -> None:
        """Work up to the preset's step, and on from there if `playing`; None: stand still."""
        self._raise()
        if preset is None:
            if self._preset is not None:
                self._command(None, None, 0)
                self.playing = False
            return
        source, step = source_of(preset), step_of(preset)
        if source != self._source or step != self._wanted:
            self._command(preset, source, step)

    def _command(self, preset: Preset | None, source: Hashable, step: int) -> None:
        with self._changed:
            if source != self._source:
                self.growth, self.problem = None, ""
            self._preset, self._source, self._wanted = preset, source, step
            self._number += 1
            self._at, self._new, self.fraction = -1, None, 0.0
            self._times.clear()
            self._changed.notify()
        if preset is not None:
            self._start()

    def take(self) -> int | None:
        """The newest step since the last call, which the explorer is to show."""
        self._raise()
        with self._changed:
            new, self._new = self._new, None
            if new is not None:
                self._wanted = new
                self._changed.notify()
        return new

    @property
    def busy(self) -> bool:
        """Whether the thread has something to do, or a step waits to be taken."""
        return self._due() or self._new is not None

    @property
    def speed(self) -> float:
        """Steps a second, as counted lately; 0 while nothing is known."""
        return self._speed(2 * MEASURED)

    # The thread

    def _loop(self) -> None:
        while self._turn():
            pass

    def _due(self) -> bool:
        """Whether there is something to do now."""
        if self._preset is None or self.problem:
            return False
        if is_sheet(self._preset):
            return self._at < self._wanted
        return self._at < 0 or (self._plays() and self._new is None)

    def _plays(self) -> bool:
        ended = self.end is not None and self._at >= self.end
        return self.playing and not self._held and not ended

    def _turn(self) -> bool:
        """One step; False when the thread is to end."""
        with self._changed:
            while not (self._closed or self._due()):
                self._changed.wait()
            if self._closed:
                return False
            preset, number, at, growth = self._preset, self._number, self._at, self.growth
            goal = self._wanted if at < 0 else at + 1
        try:
            assert preset is not None
            if is_sheet(preset):
                self._sheet(preset, number)
                return True
            growth = growth or growth_in(preset)
        except PresetError as error:
            self._stop(number, str(error))
            return True
        for _ in growth.prepare(goal, whole=at >= 0):
            if number != self._number:
                return True
            wall.sleep(0)  # let the window have the interpreter
        growth.pixels(goal)
        with self._changed:
            if number != self._number:
                return True
            self.growth, self._at, self._new = growth, goal, goal
            self._times.append((wall.perf_counter(), goal))
            if self.playing and self.end is not None and goal >= self.end:
                self.playing, self._news = False, f"grown to step {goal:,}"
        self.wake()
        return True

    def _sheet(self, preset: Preset, number: int) -> None:
        """Work on a sheet until all its pictures are at an early step, or at the one wanted."""
        wanted, growths = step_of(preset), growths_in(preset)
        early = wanted // EARLY
        goal, held = early if self._at < early else wanted, 0
        for done, growth in enumerate(growths):
            for part in growth.prepare(goal):
                if number != self._number:
                    return
                self.fraction = (done + part) / len(growths) * goal / max(1, wanted)
                wall.sleep(0)
            held += growth.rest(goal, goes_on=goal < wanted and held < HELD)
        with self._changed:
            if number == self._number:
                self._at, self.fraction = goal, goal / max(1, wanted)
        self.wake()

    def _stop(self, number: int, problem: str) -> None:
        with self._changed:
            if number == self._number:
                self.problem, self.playing = problem, False
        self.wake()

    def ready_step(self, preset: Preset) -> int | None:
        """The step of a preset's picture that can be shown at once: its own, or one near it.

        None while the thread has not found its growth.
        """
        if is_sheet(preset):
            same = source_of(preset) == self._source and step_of(preset) == self._wanted
            return self._at if same and self._at >= 0 else None
        growth: Any = self.growth
        if growth is None or source_of(preset) != self._source:
            return None
        step = step_of(preset)
        if growth.ready(step):
            return step
        near: int = max((k for k in growth.snapshots if k <= step), default=0)
        return near
