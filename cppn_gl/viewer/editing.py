"""The explorer's actions on single weights, biases and units of the network.

A weight that is set fixes all the others: the network becomes one of explicit layers.
"""

from abc import ABC, abstractmethod

import numpy as np

from cppn_gl.nn.layers import MAX_WEIGHT, Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.preset import given
from cppn_gl.preset.given import Unit
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.history import History
from cppn_gl.viewer.journal import MAX_PARAMETERS, Moment
from cppn_gl.views.text import significant


class Editing(ABC):
    """The actions on weights, mixed into Explorer, which has the preset and the history."""

    message: str
    history: History
    gesture: object
    time: float

    def __init__(self) -> None:
        # Of the last weight set: its gesture, its place, its value before, and the words after.
        self._edit: tuple[object, object, float, str] = (None, None, 0.0, "")
        super().__init__()

    @property
    @abstractmethod
    def preset(self) -> Preset:
        """The preset explored."""

    @abstractmethod
    def _look(self, moment: Moment) -> None:
        """Make a moment the current one."""

    @abstractmethod
    def open(self, preset: Preset, words: str, time: float | None = None) -> None:
        """Explore another preset, and remember this one to return to."""

    def set_weight(self, target: Unit, source: int, value: float) -> None:
        """Set the weight to unit `target` from unit `source` of the layer before.

        Units are (layer, index): layer 0 are the inputs, indices count from 0. The network becomes
        a given one. One that is too large, or a value that is, only sets the message.
        """
        self._set(target, source, value)

    def set_bias(self, unit: Unit, value: float) -> None:
        """Set a unit's bias, as `set_weight`."""
        self._set(unit, None, value)

    def _set(self, target: Unit, source: int | None, value: float) -> None:
        if not abs(value) <= MAX_WEIGHT:
            what = "bias" if source is None else "weight"
            self.message = f"a {what} ranges from −{MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
            return
        moment = self.history.now
        try:
            fixed = given.given(moment.preset, self.time)
            if source is None:
                changed = given.with_bias(fixed, target, value)
            else:
                changed = given.with_weight(fixed, target, source, value)
        except PresetError as error:
            self.message = error.problem
            return
        old = parameter(fixed.spec.network().effective(target[0] - 1), target[1], source)
        if float(np.float32(value)) == old:
            return
        place = (target, source)
        if self.gesture is None or self._edit[:2] != (self.gesture, place):
            self._edit = self.gesture, place, old, _after(moment.preset, changed)
        before, after = self._edit[2:]
        loaded = moment.loaded or moment.preset
        self._look(Moment(changed, moment.home, moment.layer, loaded))
        what, numbers = _named(changed, target, source), map(significant, (before, value))
        self.message = f"{what}: {' → '.join(numbers)}{after}"

    def open_unit(self, unit: Unit) -> None:
        """Open the network that ends at a unit: its picture as a preset of its own."""
        try:
            opened = given.unit_picture(self.preset, unit, self.time)
        except PresetError as error:
            self.message = error.problem
            return
        self.open(opened, f"unit {unit[1] + 1} of layer {unit[0]} as a network of its own")


def parameter(layer: Layer, unit: int, source: int | None) -> float:
    """A weight, or for no source the bias."""
    return float(layer.bias[unit] if source is None else layer.weight[unit, source])


def _named(preset: Preset, target: Unit, source: int | None) -> str:
    layer, unit = target[0], target[1] + 1
    if source is None:
        return f"bias layer {layer}, unit {unit}"
    name = preset.spec.inputs[source] if layer == 1 else source + 1
    return f"weight layer {layer}, {unit}←{name}"


def _after(before: Preset, after: Preset) -> str:
    """What else a change means: the weights became fixed, or are too many for the journal."""
    if isinstance(before.spec, Layers) and before.normalize == after.normalize:
        return ""
    words = f"; the weights are now fixed: {keys_of('history_back')} takes it back"
    if after.spec.network().parameters > MAX_PARAMETERS:
        words += (
            f", {keys_of('save_preset')} saves them"  # the journal of the next session lacks them
        )
    return words
