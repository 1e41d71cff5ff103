"""The reader's own numbers: what a page of the tour measures on the network explored.

Explorer -> Measures.follow(), advance() in slices -> value("gain") -> written(): "1.9"
Explorer -> Study.follow(), advance() in slices -> found: what the page that explains it tells
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.network import Network
from cppn_gl.nn.operations import Conv
from cppn_gl.nn.sources import Random
from cppn_gl.nn.training.trainer import Measures as Trained
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.tables import resolve
from cppn_gl.preset.tour import MEASURES, SHARES, WORDS
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import Stepping, within
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.training import rate_of
from cppn_gl.views.plots.strength import Signal, measuring
from cppn_gl.views.text import significant
from cppn_gl.views.units.unit_samples import saturated_shares

COUNTS = ("parameters", "area")  # written with commas
UNKNOWN = "…"  # written while it is being measured


def _hidden(signal: Signal) -> "np.ndarray[Any, Any]":
    """The saturated share of each hidden layer; of the output layer if there is none."""
    shares = signal.saturated[1:]
    return shares[:-1] if len(shares) > 1 else shares


def left(signal: Signal) -> float | None:
    """The spread of the last hidden layer's units, relative to the first layer's."""
    first, last = signal.unit_std[1], signal.unit_std[max(1, len(signal.unit_std) - 2)]
    return float(last / first) if first > 0 else None


_OF_SIGNAL: dict[str, Callable[[Signal], float | None]] = {
    "gain": lambda signal: signal.gain,
    "growth": lambda signal: signal.growth,
    "left": left,
    "saturated": lambda signal: float(_hidden(signal).mean()),
    "saturated_first": lambda signal: float(_hidden(signal)[0]),
    "contrast": lambda signal: float(signal.unit_std[-1]),
}


def _weights(network: Network) -> "np.ndarray[Any, Any]":
    """All weights after the first layer, or those of the only one."""
    if isinstance(network, GraphNetwork):
        parts = [stage.operation.weight.ravel() for stage in _convolutions(network)]
        return np.concatenate(parts[1:] or parts).astype(np.float64)
    layers = network.layers[1:] or network.layers
    return np.concatenate([layer.weight.ravel() for layer in layers]).astype(np.float64)


def _convolutions(network: Network) -> list[Any]:
    """The stages of a graph that have weights."""
    return [stage for stage in network.stages if isinstance(stage.operation, Conv)]


def _units(network: Network) -> int:
    if isinstance(network, GraphNetwork):
        found = _convolutions(network)
        return int((found[1:] or found)[0].operation.weight[0].size)
    return int((network.layers[1:] or network.layers)[0].weight.shape[1])


def _of_network(value: Callable[[Network], Any]) -> Callable[[Explorer], Any]:
    """What is measured of the network; None while that is being trained."""

    def found(explorer: Explorer) -> Any:
        network = explorer.network
        return None if network is None else value(network)

    return found


def _of_spec(value: Callable[[Random], int]) -> Callable[[Explorer], int]:
    """What follows from the table of a structure; 1 for dense layers."""

    def found(explorer: Explorer) -> int:
        spec = explorer.moment.spec
        return value(spec) if isinstance(spec, Random) and spec.structured else 1

    return found


def _parameters(explorer: Explorer) -> int:
    """The number of weights and biases. It is known before statistics are measured."""
    return sum(math.prod(shape) + shape[0] for shape in explorer.moment.spec.shapes)


def _trained(value: Callable[[Trained], Any]) -> Callable[[Explorer], Any]:
    """What is measured of the training step shown; None where nothing is, or not yet."""

    def found(explorer: Explorer) -> Any:
        ready = explorer.learning.ready
        if ready is None or ready.preset.source != explorer.moment.source:
            return None
        return value(ready.measures)

    return found


def _dead(measures: Trained) -> float:
    """The fraction of dead units in hidden layers, the mean of the layers."""
    hidden = measures.dead[:-1]
    return float(hidden.mean()) if len(hidden) else 0.0


def _of_eye(value: Callable[[Any, int], Any]) -> Callable[[Explorer], Any]:
    """What is asked of an image network and the layer looked at, from 0."""
    return lambda explorer: value(explorer.eye, explorer.unit[0] - 1) if explorer.sees else None


def _top(rank: int, part: int) -> Callable[[Explorer], Any]:
    """The name (part 0) or the share (1) of the class of a rank, from 0."""

    def found(explorer: Explorer) -> Any:
        best = explorer.sight.top(rank + 1) if explorer.sees else []
        return best[rank][part] if len(best) > rank else None

    return found


_OF_EXPLORER: dict[str, Callable[[Explorer], Any]] = {
    "sigma": _of_network(lambda network: float(_weights(network).std())),
    "units": _of_network(_units),
    "root": _of_network(lambda network: math.sqrt(_units(network))),
    "receptive": _of_spec(lambda spec: 2 * spec.plan[-1].reach + 1),
    "area": _of_spec(lambda spec: (2 * spec.plan[-1].reach + 1) ** 2),
    "parameters": _parameters,
    "layers": lambda explorer: explorer.layers,
    "step": lambda explorer: explorer.moment.train.steps,
    "rate": lambda explorer: rate_of(explorer.moment),
    "loss": _trained(lambda measures: measures.loss),
    "test_loss": _trained(lambda measures: measures.test_loss),
    "accuracy": _trained(lambda measures: measures.accuracy),
    "test_accuracy": _trained(lambda measures: measures.test_accuracy),
    "dead": _trained(_dead),
    "layer": lambda explorer: explorer.layer,
    "zoom": lambda explorer: explorer.zoom,
    "time": lambda explorer: explorer.time,
    "paused": lambda explorer: not explorer.running,
    "stage": _of_eye(lambda network, k: network.stages[k].name),
    "channel": lambda explorer: explorer.unit[1] if explorer.sees else None,
    "sees": _of_eye(lambda network, k: max(network.receptive_field(k).size)),
    "top_class": _top(0, 0),
    "top_share": _top(0, 1),
    "second_class": _top(1, 0),
    "second_share": _top(1, 1),
}


def sample(name: str) -> str:
    """Words as long as the value of a measure, or of a preset's key, may get."""
    if name in SHARES:
        return "less than 1 %"
    if name in WORDS:
        return "a word or two of it"
    return "00,000" if name in COUNTS else "0.000" if name in MEASURES else "00000000"


def key_value(preset: Preset, name: str) -> Any:
    """The value of a preset's key; None for an option that the view has not."""
    table, field = resolve(name)
    found = preset.table(table) if table else preset
    return getattr(found, field, None)


class Measures:
    """The values of one explorer. The signal is measured in slices, and once for each network.

    What is being measured is always finished first: a held key shows intermediate values.
    """

    def __init__(self) -> None:
        self._signal: Signal | None = None
        self._of: object = None  # what the signal is of
        self._task: Stepping[Signal] | None = None
        self._task_of: object = None

    def forget(self) -> None:
        """Drop the last signal: it is of another page."""
        self._signal = self._of = self._task = None

    def follow(self, explorer: Explorer) -> None:
        """Measure the network explored, if it is not the last one measured."""
        preset = explorer.moment
        time = explorer.time if preset.animated else 0.0
        of = preset.source, _step(explorer), preset.view, time
        if self._task is None and of != self._of and (network := explorer.network) is not None:
            scene = scene_of(preset, time, network)
            self._task, self._task_of = Stepping(measuring(scene)), of

    @property
    def busy(self) -> bool:
        """Whether something is being measured."""
        return self._task is not None

    def advance(self, seconds: float) -> bool:
        """Measure for about so many seconds; True when a signal is complete."""
        if self._task is None or not self._task.step(within(seconds)):
            return False
        self._signal, self._of, self._task = self._task.result, self._task_of, None
        return True

    def value(self, explorer: Explorer, name: str) -> Any:
        """The value of a measure, or of a preset's key; None if it is not known yet."""
        if name in _OF_SIGNAL:
            return None if self._signal is None else _OF_SIGNAL[name](self._signal)
        if name in _OF_EXPLORER:
            return _OF_EXPLORER[name](explorer)
        return key_value(explorer.moment, name)

    def written(self, explorer: Explorer, name: str) -> str:
        """A value as words."""
        value = self.value(explorer, name)
        if value is None:
            return UNKNOWN
        if name in SHARES:
            return _percent(100 * value)
        if isinstance(value, float):
            return significant(value, 3 if abs(value) >= 1 else 2)
        if name in COUNTS:
            return f"{value:,}"
        return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _step(explorer: Explorer) -> int | None:
    """The training step to be measured; None while it trains on."""
    return None if explorer.learning.playing else explorer.moment.train.steps


def _percent(value: float) -> str:
    """Per cent in words; 100 and 0 are exact."""
    if 0 < value < 1:
        return "less than 1 %"
    return f"{min(value, 99.9):.1f} %" if 99 < value < 100 else f"{value:.0f} %"


@dataclass(frozen=True, eq=False)
class Findings:
    """What has been measured of a network.

    shares: the saturated fraction of the picture of each unit, layer by layer from 1; for the view
    of units only.
    """

    signal: Signal
    shares: tuple[Float64, ...] = ()


class Study:
    """Measures the network explored, in slices; `found` is None until that is complete.

    While time runs, or it trains, the moment of the last change counts.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._task: Stepping[Findings] | None = None

    @property
    def found(self) -> Findings | None:
        """What has been measured of the network that was followed last."""
        return None if self._task is None else self._task.result

    @property
    def busy(self) -> bool:
        """Whether something remains to be measured."""
        return self._task is not None and not self._task.done

    def follow(self, explorer: Explorer) -> None:
        """Measure what is explored now, unless it has been."""
        preset, units = explorer.preset, explorer.view.name == "units"
        time = None if explorer.moving else explorer.time
        width, height = explorer.window
        aspect = width / max(1, height) if units else 1.0
        of = preset.source, _step(explorer), preset.view, preset.animate
        key = *of, time, aspect, units
        if key == self._key:
            return
        network = explorer.network
        if network is None:  # it is being trained
            self._key = self._task = None
            return
        self._key = key
        scene = scene_of(explorer.moment, explorer.time, network)
        self._task = Stepping(_findings(scene, aspect if units else None))

    def advance(self, seconds: float) -> bool:
        """Measure for about so many seconds; True when that completes it."""
        return self.busy and self._task is not None and self._task.step(within(seconds))


def _findings(scene: Scene, aspect: float | None) -> Generator[None, None, Findings]:
    signal = yield from measuring(scene)
    shares = () if aspect is None else tuple((yield from saturated_shares(scene, aspect)))
    return Findings(signal, shares)
