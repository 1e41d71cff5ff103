"""Draws a network's random weights a few layers at a time, since millions take a second.

Preset -> follow() -> the newest preset whose weights are complete, and its network
"""

import time as wall
from collections.abc import Iterator

from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset


class Weights:
    """Follows a changing preset, but finishes a network once begun: a held key shows some."""

    def __init__(self) -> None:
        self._shown: tuple[Preset, Network] | None = None
        self._next: Preset | None = None
        self._layers: Iterator[object] = iter(())
        self._drawn: list[object] = []  # keeps large layers alive, or they would be drawn twice

    @property
    def busy(self) -> bool:
        """Whether a network's weights are incomplete."""
        return self._next is not None

    def follow(self, preset: Preset, seconds: float) -> tuple[Preset, Network]:
        """`preset` and its network, or the last complete ones if `seconds` did not suffice."""
        old = self._shown
        if old is not None and not self.busy and _same_network(old[0], preset):
            # Keep the network object if only the view differs: its weights stay on the GPU.
            self._shown = old if old[0] == preset else (preset, old[1])
            return self._shown
        if self._next is None:
            self._next, self._layers = preset, preset.prepare()
        deadline = wall.perf_counter() + seconds
        for layer in self._layers:
            self._drawn.append(layer)
            if old is not None and wall.perf_counter() >= deadline:
                return old
        self._shown, self._next = (self._next, self._next.network()), None
        self._drawn = []
        return self._shown


def _same_network(a: Preset, b: Preset) -> bool:
    return a.made_of == b.made_of
