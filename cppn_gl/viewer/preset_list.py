"""The list of presets that P steps through, and the last choice."""

import contextlib
from collections.abc import Callable, Sequence

from cppn_gl.preset.library import usable
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError


class PresetList:
    """Presets numbered from 1, loaded on demand by `loaders`. `names`: theirs, if known."""

    def __init__(
        self, loaders: Sequence[Callable[[], Preset]] = (), names: Sequence[str] | None = None
    ):
        self._loaders, self._names = list(loaders), names
        self.number = 0  # of the last choice; 0 for none

    def __len__(self) -> int:
        return len(self._loaders)

    def take(self, number: int) -> Preset:
        """Choose preset `number` and load it.

        Raises PresetError. A preset that fails to load counts as chosen, so that `next` skips it.
        """
        if not 1 <= number <= len(self):
            raise PresetError(f"there are {len(self)} presets")
        self.number = number
        return self._loaders[number - 1]()

    def next(self, by: int, name: str) -> int:
        """The number `by` steps from the last choice, or from the preset `name`, cyclically."""
        if not self._loaders:
            return 0
        number = self.number or self._find(name) or (1 - by) // 2
        return (number - 1 + by) % len(self) + 1

    def _find(self, name: str) -> int:
        if self._names is not None:
            return self._names.index(name) + 1 if name in self._names else 0
        for number, load in enumerate(self._loaders, 1):
            with contextlib.suppress(PresetError):
                if load().name == name:
                    return number
        return 0


def list_of(presets: Sequence[Preset], number: int) -> PresetList:
    """A list of loaded presets, of which `number` (from 1) is already chosen."""

    def loader(preset: Preset) -> Callable[[], Preset]:
        return lambda: usable(preset)

    result = PresetList([loader(preset) for preset in presets])
    result.number = number
    return result
