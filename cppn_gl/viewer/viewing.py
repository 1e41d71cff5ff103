"""How a preset is looked at: the view, its options, and what the cursor points at.

The explorer's part that knows of views; the explorer has the preset, and how to change it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from cppn_gl.preset.color import MAPPINGS
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS, Options
from cppn_gl.viewer.knobs import turn, turned
from cppn_gl.views import ALL, PICTURE, view_of
from cppn_gl.views.base import Hit, View

LARGE = 4  # steps of zoom, scale, pan, time and options that Shift takes at once


class Viewing(ABC):
    """The actions that are about views."""

    message: str

    def __init__(self) -> None:
        self.pointed: Callable[[], Hit | None] = lambda: None  # what lies under the cursor
        self._knob = 0  # which option is turned

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @abstractmethod
    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset."""

    @abstractmethod
    def open(self, preset: Preset, words: str, time: float | None = None) -> None:
        """Explore another preset, at its own time if it has one, and remember this one."""

    @property
    def view(self) -> View:
        """The view that the preset is shown by: as a picture, where its own cannot show it."""
        view = view_of(self.preset)
        return ALL[PICTURE] if view.problem(self.preset) else view

    def next_view(self, large: bool = False) -> None:
        """The next view that can show this preset (Shift: the one before)."""
        names = [name for name in VIEWS if not ALL[name].problem(self.preset)]
        name = following(names, self.view.name, large)
        self._knob = 0
        self.change(f"{name}: {VIEWS[name].help}", **{"show.view": name})

    def next_color(self, large: bool = False) -> None:
        """The next mapping of outputs to colours (Shift: the one before)."""
        if not self.view.colored(self.preset):
            self.message = f"the view {self.view.name} has colours of its own"
            return
        name = following(list(MAPPINGS), self.preset.color.mapping, large)
        self.change(f"colour {name}: {MAPPINGS[name].help}", mapping=name)

    @property
    def options(self) -> Options:
        """The options of the view."""
        return self.preset.options(self.view.row.options or Options)

    @property
    def knob(self) -> str:
        """The option of the view that K and J turn; "" where it has none."""
        knobs = self.view.knobs
        return knobs[self._knob % len(knobs)] if knobs else ""

    def next_knob(self, large: bool = False) -> None:
        """The next option of the view (Shift: the one before)."""
        if self._has_knobs():
            self._knob += -1 if large else 1
            self.message = turned(self.options, self.knob)

    def knob_up(self, large: bool = False) -> None:
        """That option up, on, or to its next value."""
        self._turn(LARGE if large else 1)

    def knob_down(self, large: bool = False) -> None:
        """That option down, off, or to the value before."""
        self._turn(-LARGE if large else -1)

    def _turn(self, steps: int) -> None:
        # By [show]: an option that views share goes along when V leads to the next view.
        if self._has_knobs():
            value = turn(self.options, self.knob, steps)
            if self.knob == "layer":
                value = min(value, self.preset.spec.depth)
            self.change(**{f"show.{self.knob}": value})
            self.message = self.message or turned(self.options, self.knob)

    def _has_knobs(self) -> bool:
        if not self.view.knobs:
            self.message = f"the view {self.view.name} has no options"
        return bool(self.view.knobs)

    def click(self) -> None:
        """Open, or keep, what lies under the cursor."""
        hit = self.pointed()
        if hit is not None and hit.opens is not None:
            self.open(hit.opens, hit.words, hit.time)
        elif hit is not None and hit.changes:
            self.change(hit.words, **hit.changes)


def following(names: list[str], name: Any, backwards: bool) -> str:
    """The name after another, or before it; round and round."""
    at = names.index(name) if name in names else -1
    return names[(at + (-1 if backwards else 1)) % len(names)]
