"""Draws a network's random weights a few layers at a time, since millions take a second.

Preset -> follow() -> the newest preset whose weights are complete, and its network

The statistics of a structure's normalisations may take a minute: while the window opens, the same
structure without them stands in.

The weights of one that learns come from the thread that trains it: see learning.py.
"""

import dataclasses
import time as wall
from collections.abc import Iterator

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.network import Network
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.learning import Ready, at_step
from cppn_gl.views import plain_view, view_of

OPENING = 0.5  # seconds of measuring before the first picture
PATIENCE = 1.0  # seconds after which it is told what takes so long


def alike(a: Preset, b: Preset) -> bool:
    """Whether two presets' networks are of one kind, so that what is said of one fits the other."""
    kinds = [(one.classifies, one.spec.structured, one.learns) for one in (a, b)]
    return kinds[0] == kinds[1]


class Weights:
    """Follows a changing preset, but finishes a network once begun: a held key shows some."""

    def __init__(self) -> None:
        self._shown: tuple[Preset, Network] | None = None
        self._next: Preset | None = None
        self._layers: Iterator[object] = iter(())
        self._begun = 0.0  # when the next network was
        self._drawn: list[object] = []  # keeps large layers alive, or they would be drawn twice

    @property
    def busy(self) -> bool:
        """Whether a network's weights are incomplete."""
        return self._next is not None

    @property
    def message(self) -> str:
        """What is waited for, if that takes long."""
        following = self._next
        if following is None or wall.perf_counter() < self._begun + PATIENCE:
            return ""
        measures = following.spec.structured
        return "the statistics of the normalisation are measured" if measures else ""

    def follow(
        self, preset: Preset, seconds: float, ready: Ready | None = None
    ) -> tuple[Preset, Network]:
        """`preset` and its network, or the last complete ones if `seconds` did not suffice.

        ready: the newest network of the training of a preset that learns.
        """
        old = self._shown
        if preset.learns:
            self._shown, self._next, self._drawn = self._learned(preset, ready), None, []
            return self._shown
        if old is not None and not self.busy and _same_network(old[0], preset):
            # Keep the network object if only the view differs: its weights stay on the GPU.
            self._shown = old if old[0] == preset else (preset, old[1])
            return self._shown
        if self._next is None:
            self._next, self._layers = preset, preset.prepare()
            self._begun = wall.perf_counter()
        deadline = wall.perf_counter() + (OPENING if old is None else seconds)
        for layer in self._layers:
            self._drawn.append(layer)
            if wall.perf_counter() < deadline:
                continue
            old = old or without_normalisation(preset)
            if old is not None:
                self._shown = old
                return old
            deadline = float("inf")  # nothing can stand in
        self._shown, self._next = (self._next, self._next.network()), None
        self._drawn = []
        return self._shown

    def _learned(self, preset: Preset, ready: Ready | None) -> tuple[Preset, Network]:
        """The preset at its step, or at the one whose network is ready; else what was shown."""
        old = self._shown
        if old is None:  # the window opens
            begun = preset if preset.run.ready(preset.train.steps) else at_step(preset, 0)
            return begun, begun.network()
        if ready is None:
            return old
        if ready.preset.source != preset.source:
            return old if old[0].source == preset.source else (fitting(ready.preset), ready.network)
        same = ready.step == preset.train.steps
        return (preset if same else standing(at_step(preset, ready.step))), ready.network


def without_normalisation(preset: Preset) -> tuple[Preset, Network] | None:
    """A structure without its `[normalize]`, which needs no measuring; None if blocks normalise."""
    if not preset.spec.structured or preset.normalize.which == "none":
        return None
    network = preset.spec.network()
    if isinstance(network, GraphNetwork) and network.statistics is None:
        return None
    plain = dataclasses.replace(
        preset, normalize=dataclasses.replace(preset.normalize, which="none")
    )
    return plain, plain.network()


def fitting(preset: Preset) -> Preset:
    """The preset, with the view that shows any of its kind if its own cannot show it."""
    unfit = view_of(preset).unfit(preset)
    return preset.replace(**{"show.view": plain_view(preset).name}) if unfit else preset


def standing(preset: Preset) -> Preset:
    """The preset without an animated step of its training, which is not ready yet."""
    if "train.steps" not in preset.animate.table:
        return preset
    return dataclasses.replace(preset, animate=preset.animate.replace({"train.steps": None}))


def _same_network(a: Preset, b: Preset) -> bool:
    return a.made_of == b.made_of
