"""The reader's own numbers: what a page of the tour measures on the network explored.

Explorer, name -> value_of() -> a number, or a preset key's value
               -> written() -> the same as words: "0.62", "31 %"
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.tables import resolve
from cppn_gl.preset.tour import MEASURES, SHARES
from cppn_gl.utils.cache import LRUCache
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.views.plots.strength import Signal, measure
from cppn_gl.views.text import significant

_signals: LRUCache[Any, Signal] = LRUCache(4)


def signal(explorer: Explorer) -> Signal:
    """The signal of the network explored, in the view explored."""
    preset = explorer.moment
    time = explorer.time if preset.animated else 0.0
    key = preset.spec, preset.normalize, preset.view, time
    return _signals.get(key, lambda: measure(scene_of(preset, time)))


def _hidden(explorer: Explorer) -> "np.ndarray[Any, Any]":
    """The saturated share of each hidden layer; of the output layer if there is none."""
    shares = signal(explorer).saturated[1:]
    return shares[:-1] if len(shares) > 1 else shares


def _inner(explorer: Explorer) -> list[Any]:
    """The layers after the first, or the only one."""
    layers = explorer.moment.network().layers
    return list(layers[1:] or layers)


def _sigma(explorer: Explorer) -> float:
    weights = np.concatenate([layer.weight.ravel() for layer in _inner(explorer)])
    return float(weights.astype(np.float64).std())


def _units(explorer: Explorer) -> int:
    return int(_inner(explorer)[0].weight.shape[1])


def _left(explorer: Explorer) -> float | None:
    stds = signal(explorer).unit_std
    first, last = stds[1], stds[max(1, len(stds) - 2)]
    return float(last / first) if first > 0 else None


_FUNCTIONS: dict[str, Callable[[Explorer], Any]] = {
    "sigma": _sigma,
    "units": _units,
    "root": lambda explorer: math.sqrt(_units(explorer)),
    "gain": lambda explorer: signal(explorer).gain,
    "growth": lambda explorer: signal(explorer).growth,
    "left": _left,
    "saturated": lambda explorer: float(_hidden(explorer).mean()),
    "saturated_first": lambda explorer: float(_hidden(explorer)[0]),
    "contrast": lambda explorer: float(signal(explorer).unit_std[-1]),
    "layer": lambda explorer: explorer.layer,
    "zoom": lambda explorer: explorer.zoom,
    "time": lambda explorer: explorer.time,
    "paused": lambda explorer: not explorer.running,
}
assert list(_FUNCTIONS) == list(MEASURES)


def value_of(explorer: Explorer, name: str, measured: bool) -> Any:
    """The value of a measure, or of a key of the preset at the current time."""
    if measured:
        return _FUNCTIONS[name](explorer)
    table, field = resolve(name)
    preset = explorer.moment
    if table == "show" and field != "view":
        return getattr(explorer.options, field, None)
    return getattr(preset.table(table) if table else preset, field)


def written(explorer: Explorer, name: str) -> str:
    """The value of a measure or of a preset's key, as words."""
    value = value_of(explorer, name, name in MEASURES)
    if name in SHARES and value is not None:
        percent = 100 * value
        return f"{percent:.0f} %" if percent >= 1 or percent == 0 else f"{significant(percent, 1)} %"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else " ".join(value) if isinstance(value, tuple) else str(value)
    return str(value) if isinstance(value, int) else significant(value, 3 if value >= 1 else 2)
