"""What is explained or excited: a channel of a stage, or one of its units.

Target, Pass -> value: a number; seed: its derivative by the stage's units
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cppn_gl.nn.layers import Array
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.operations import AvgPool2d, GlobalAvgPool
from cppn_gl.utils.checks import PresetError, nearest, show

if TYPE_CHECKING:
    from cppn_gl.nn.vision.running import Pass

SOME = 4  # classes that an error names


@dataclass(frozen=True)
class Target:
    """Channel `channel` of stage `stage`, both from 0: the mean over its places, or one place.

    place: (row, column). before: the pre-activation, not the unit.
    """

    stage: int
    channel: int
    place: tuple[int, int] | None = None
    before: bool = False

    @classmethod
    def of_class(cls, network: ImageNetwork, index: int) -> "Target":
        """The score of class `index`, from 0, before softmax and before any ReLU.

        Where scores are means over the places of channels, as in SqueezeNet, it is the mean of the
        channel's pre-activations: those of classes that are not in the picture are not all 0.
        """
        if not 0 <= index < network.scores:
            raise PresetError(f"class {index + 1}; the network has {network.scores}")
        stage, number = network.stages[network.logits], network.logits
        if _is_mean(network, number) and stage.activation == "identity":
            return cls(stage.inputs[0], index, before=True)
        _, rows, columns = stage.shape
        channel, at = divmod(index, rows * columns)
        place = None if rows * columns == 1 else divmod(at, columns)
        return cls(number, channel, place, before=True)

    def checked(self, network: ImageNetwork) -> "Target":
        """Itself, if the network has it. Raises PresetError, which counts from 1."""
        if not 0 <= self.stage < len(network.stages):
            raise PresetError(f"layer {self.stage + 1}; the network has {len(network.stages)}")
        shape = network.stages[self.stage].shape
        if not 0 <= self.channel < shape.channels:
            layer = f"layer {self.stage + 1}, which has {shape.channels}"
            raise PresetError(f"channel {self.channel + 1} of {layer}")
        if self.place is not None:
            row, column = self.place
            if not (0 <= row < shape.rows and 0 <= column < shape.columns):
                problem = f"place {[row + 1, column + 1]} of layer {self.stage + 1}"
                raise PresetError(f"{problem}, which has {shape.rows}×{shape.columns}")
        return self

    def value(self, done: "Pass") -> float:
        """Its value after a pass."""
        values = (done.pre if self.before else done.units)[self.stage][self.channel]
        return float(values.mean(dtype=np.float64) if self.place is None else values[self.place])

    def seed(self, done: "Pass") -> dict[int, Array]:
        """The derivative of `value` by the units of its stage; `before`: by the pre-activations."""
        units = done.units[self.stage]
        gradient = np.zeros(units.shape, units.dtype)
        if self.place is None:
            gradient[self.channel] = 1 / gradient[self.channel].size
        else:
            gradient[(self.channel, *self.place)] = 1
        return {self.stage: gradient}


def _is_mean(network: ImageNetwork, index: int) -> bool:
    """Whether a stage is the mean of each channel of another one."""
    stage = network.stages[index]
    if stage.inputs[0] < 0:
        return False
    before = network.stages[stage.inputs[0]].shape
    if isinstance(stage.operation, AvgPool2d):
        whole = stage.operation.size == before[1:] and not any(stage.operation.padding)
        return whole and stage.shape[1:] == (1, 1)
    return isinstance(stage.operation, GlobalAvgPool)


def class_index(network: ImageNetwork, words: str) -> int:
    """A class, from 0, by its name, a word that no other name has, or its number from 1.

    "": the first. Raises PresetError.
    """
    wanted, names = words.strip().casefold(), [name.casefold() for name in network.classes]
    if not wanted:
        return 0
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit():
        if not 1 <= int(wanted) <= network.scores:
            problem = f"class {show(int(wanted))}; the network has classes 1 to {network.scores}"
            raise PresetError(problem)
        return int(wanted) - 1
    if not names:
        problem = f"{show(words)} is no number from 1 to {network.scores}"
        raise PresetError(f"{problem}; the classes have no names")
    found = [k for k, name in enumerate(names) if wanted in name.replace(",", " ").split()]
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(network.classes[k] for k in found[:SOME])
        more = f" and {len(found) - SOME} more" if len(found) > SOME else ""
        raise PresetError(f"{len(found)} classes have the word {show(words)}: {some}{more}")
    raise PresetError(f"no class {show(words)}{nearest(words, network.classes)}")


def class_key(network: ImageNetwork, index: int) -> str:
    """The words by which `class_index` finds a class: its name, or its number if two share it.

    A name may be the number of another class.
    """
    name = network.class_name(index)
    known = network.classes and class_index(network, name) == index
    return name if known else str(index + 1)
