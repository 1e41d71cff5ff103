"""The presets that P and the digits choose among, and which of them was chosen last."""

import contextlib
from collections.abc import Callable, Sequence

from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError


class PresetList:
    """Presets by number, counted from 1. `loaders` give them when they are asked for."""

    def __init__(self, loaders: Sequence[Callable[[], Preset]] = ()):
        self._loaders = list(loaders)
        self.number = 0  # of the one that was chosen last; 0 for none

    def __len__(self) -> int:
        return len(self._loaders)

    def take(self, number: int) -> Preset:
        """Choose the preset of a number. Raises PresetError, and it is chosen all the same."""
        if not 1 <= number <= len(self):
            raise PresetError(f"there are {len(self)} presets")
        self.number = number  # a broken one is passed over by the next step
        return self._loaders[number - 1]()

    def next(self, by: int, name: str) -> int:
        """The number `by` steps on, round and round, from the last or from the preset `name`."""
        if not self._loaders:
            return 0
        number = self.number or self._find(name) or (1 - by) // 2
        return (number - 1 + by) % len(self) + 1

    def _find(self, name: str) -> int:
        for number, load in enumerate(self._loaders, 1):
            with contextlib.suppress(PresetError):
                if load().name == name:
                    return number
        return 0


def list_of(presets: Sequence[Preset], number: int) -> PresetList:
    """A list of presets that are there; the one of a number, from 1, is chosen already."""

    def loader(preset: Preset) -> Callable[[], Preset]:
        return lambda: preset

    found = PresetList([loader(preset) for preset in presets])
    found.number = number
    return found
