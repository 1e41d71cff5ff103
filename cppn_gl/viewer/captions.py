"""The captions of a tour's steps, shown while their presets are."""

from collections.abc import Sequence

from cppn_gl.preset.tour import Step, caption
from cppn_gl.viewer.explorer import Explorer


class Captions:
    """A caption for each step; none without a tour."""

    def __init__(self, tour: Sequence[Step] = ()):
        self._names = [step.preset.name for step in tour]
        self._captions = [caption(step, k, len(tour)) for k, step in enumerate(tour, 1)]

    def of(self, explorer: Explorer) -> list[str]:
        """The caption of the explored preset, also when the history has led back to it."""
        name, number = explorer.preset.name, explorer.presets.number
        if name not in self._names:
            return []
        if not number or self._names[number - 1] != name:
            number = self._names.index(name) + 1
        return self._captions[number - 1]
