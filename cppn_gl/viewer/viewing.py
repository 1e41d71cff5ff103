"""The explorer's actions on views: choosing a view, changing its options, clicking items.

An option that the keys K and J change is called a knob.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from cppn_gl.preset.color import MAPPINGS
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import VIEWS, Options
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.knobs import turn, turned
from cppn_gl.views import ALL, plain_view, view_of
from cppn_gl.views.base import Hit, View

LARGE = 4  # steps of zoom, weight scale, pan, time and options per key press with Shift


class Viewing(ABC):
    """The actions on views, mixed into Explorer, which has the preset and the history."""

    message: str

    def __init__(self) -> None:
        self.pointed: Callable[[], Hit | None] = lambda: None  # the item under the cursor
        self._knob = 0  # index of the selected option
        super().__init__()

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @property
    @abstractmethod
    def layers(self) -> int:
        """The number of layers that can be shown."""

    @abstractmethod
    def change(self, say: str = "", **keys: Any) -> None:
        """Change keys of the preset and set the message to `say`."""

    @abstractmethod
    def open(self, preset: Preset, words: str, time: float | None = None) -> None:
        """Explore another preset, at `time` if given, and remember this one to return to."""

    @property
    def view(self) -> View:
        """The preset's view, or one that shows any network of its kind if that cannot show it."""
        view = view_of(self.preset)
        return plain_view(self.preset) if view.unfit(self.preset) else view

    @property
    def fitting_views(self) -> list[str]:
        """The views that can show this preset, in the order of the key."""
        return [name for name in VIEWS if not ALL[name].unfit(self.preset)]

    def next_view(self, large: bool = False) -> None:
        """The next view that can show this preset (Shift: the previous)."""
        name = following(self.fitting_views, self.view.name, large)
        self._knob = 0
        self.change(f"{name}: {VIEWS[name].help}", **{"show.view": name})

    def next_color(self, large: bool = False) -> None:
        """The next mapping of outputs to colours (Shift: the previous)."""
        if not self.view.colored(self.preset):
            self.message = f"the view {self.view.name} uses its own colours"
            return
        name = following(list(MAPPINGS), self.preset.color.mapping, large)
        self.change(f"colour {name}: {MAPPINGS[name].help}", mapping=name)

    @property
    def options(self) -> Options:
        return self.preset.options(self.view.row.options or Options)

    @property
    def knob(self) -> str:
        """The name of the option that K and J change; "" for a view without options."""
        knobs = self.view.knobs
        return knobs[self._knob % len(knobs)] if knobs else ""

    def next_knob(self, large: bool = False) -> None:
        """Select the view's next option (Shift: the previous)."""
        if self._has_knobs():
            self._knob += -1 if large else 1
            self.message = turned(self.options, self.knob)

    def knob_up(self, large: bool = False) -> None:
        """Increase the selected option, switch it on or off, or take its next value."""
        self._turn(LARGE if large else 1)

    def knob_down(self, large: bool = False) -> None:
        """Decrease the selected option, switch it on or off, or take its previous value."""
        self._turn(-LARGE if large else -1)

    def _turn(self, steps: int) -> None:
        # Set in [show], so that the next view keeps the value of an option of the same name.
        if self._has_knobs():
            value = turn(self.options, self.knob, steps)
            if self.knob == "layer":
                value = min(value, self.layers)
            self.change(**{f"show.{self.knob}": value})

    def _has_knobs(self) -> bool:
        if not self.view.knobs:
            self.message = f"the view {self.view.name} has no options"
        return bool(self.view.knobs)

    def click(self) -> None:
        """Open or select what is under the cursor."""
        if not self._take(self.pointed()):
            self.message = self._nothing

    def _take(self, hit: Hit | None) -> bool:
        """Open or select an item; False if there is nothing to open or select."""
        if hit is not None and hit.opens is not None:
            self.open(hit.opens, hit.words, hit.time)
        elif hit is not None and hit.changes:
            self.change(hit.words, **hit.changes)
        else:
            return False
        return True

    @property
    def _nothing(self) -> str:
        """Why a click and Enter do nothing at the cursor."""
        does = self.view.clicked
        if does:
            return f"nothing here: a click or {keys_of('enter')} {does}"
        return f"nothing to open in the view {self.view.name}"


def following(names: list[str], name: Any, backwards: bool) -> str:
    """The name after `name`, or before it, cyclically."""
    at = names.index(name) if name in names else -1
    return names[(at + (-1 if backwards else 1)) % len(names)]
