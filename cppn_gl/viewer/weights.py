"""The weights of the network shown, drawn some layers at a time: millions take a second.

Preset -> follow() -> the newest preset whose network is there, and the network
"""

import time as wall
from collections.abc import Iterator

from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset


class Weights:
    """Follows a preset that changes. What was begun is finished, so that a held key shows some."""

    def __init__(self) -> None:
        self._shown: tuple[Preset, Network] | None = None
        self._next: Preset | None = None
        self._layers: Iterator[object] = iter(())
        self._drawn: list[object] = []  # held, or large layers would be drawn twice

    @property
    def busy(self) -> bool:
        """Whether a network is half drawn."""
        return self._next is not None

    def follow(self, preset: Preset, seconds: float) -> tuple[Preset, Network]:
        """A preset and its network: this one, or an older one after `seconds` without an end."""
        old = self._shown
        if old is not None and not self.busy and _same_network(old[0], preset):
            # The same network object where only the view differs: nothing is packed again.
            self._shown = old if old[0] == preset else (preset, old[1])
            return self._shown
        if self._next is None:
            self._next, self._layers = preset, preset.spec.draw()
        deadline = wall.perf_counter() + seconds
        for layer in self._layers:
            self._drawn.append(layer)
            if old is not None and wall.perf_counter() >= deadline:
                return old
        self._shown, self._next = (self._next, self._next.network()), None
        self._drawn = []
        return self._shown


def _same_network(a: Preset, b: Preset) -> bool:
    return a.spec == b.spec and a.normalize == b.normalize
