"""Looks through the folder of the view top_images while the window shows it, in slices.

preset shown -> follow() -> its TopImages -> advance(budget) -> True when there is more to see

What was found is in the user's cache folder, from where it goes on the next time.
"""

import time as wall
from typing import TYPE_CHECKING

from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import Stepping, within
from cppn_gl.viewer.view_words import ViewWords

if TYPE_CHECKING:  # imported where it is needed: most presets show no such view
    from cppn_gl.nn.vision.top_images import TopImages

VIEWS = "top_images", "channels"  # the second shows those of a folder that is named
SHOWN_SECONDS = 2.0  # between two pictures of what was found so far


class Filling:
    """One folder at a time: that of the preset shown."""

    def __init__(self) -> None:
        self._found: TopImages | None = None
        self._task: Stepping[None] | None = None
        self._followed: Preset | None = None
        self._shown = 0, 0.0  # the revision that was shown last, and when
        self._fresh = False  # it was not drawn yet

    @property
    def busy(self) -> bool:
        """Whether pictures are left to be looked at."""
        return self._task is not None

    def follow(self, preset: Preset, network: Network) -> None:
        """Work on the folder of a preset, if it is shown."""
        if not preset.classifies or preset.show.view not in VIEWS:
            self.close()
            return
        if self._followed is preset:
            return
        from cppn_gl.views.vision.found import found_in

        if preset.show.view != VIEWS[0] and not preset.table(VIEWS[0]).folder:
            self.close()
            return
        found = found_in(preset, network)
        if found is not self._found:
            self.close()
            found.live, self._found = True, found
            self._task = None if found.finished else Stepping(found.work())
            self._shown = found.revision, wall.perf_counter()
        self._followed = preset

    def advance(self, budget: float) -> bool:
        """Work for about `budget` seconds; True when what is shown is to be drawn again."""
        if self._task is None or self._found is None:
            return False
        try:
            finished = self._task.step(within(budget))
        except PresetError:  # of which the view tells, when it finds no pictures itself
            self._found.live = False
            finished = True
        if finished:
            self._task = None
        revision, now = self._found.revision, wall.perf_counter()
        due = self._task is None or now > self._shown[1] + SHOWN_SECONDS
        if (revision == self._shown[0] and self._found.live) or not due:
            return False
        self._shown, self._fresh = (revision, now), True
        return True

    def drawn(self, words: ViewWords) -> None:
        """A picture has been drawn: if it shows more than the last one, so do its words."""
        if self._fresh:
            words.forget()
            self._fresh = False

    def close(self) -> None:
        """Stop, and keep what was found."""
        if self._task is not None:
            self._task.release()
        if self._found is not None:
            self._found.live = False
        self._task, self._found, self._followed = None, None, None
