"""The captions of a tour, as long as what they are about is looked at."""

from collections.abc import Sequence

from cppn_gl.preset.tour import Step, caption
from cppn_gl.viewer.explorer import Explorer


class Captions:
    """A caption for each step. Without a tour there are none."""

    def __init__(self, tour: Sequence[Step] = ()):
        self._names = [step.preset.name for step in tour]
        self._captions = [caption(step, k, len(tour)) for k, step in enumerate(tour, 1)]

    def of(self, explorer: Explorer) -> list[str]:
        """The lines about the preset explored: its step's, also where Z has led back to it."""
        name, number = explorer.preset.name, explorer.presets.number
        if name not in self._names:
            return []
        if not number or self._names[number - 1] != name:
            number = self._names.index(name) + 1
        return self._captions[number - 1]
