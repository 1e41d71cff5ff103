"""What the network explored makes of its picture: a pass through it, in slices; and in words.

Scene -> Sight.follow(), advance() in slices -> done: the Pass -> top(): the most probable classes
"""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Stepping, within
from cppn_gl.views.text import counted

if TYPE_CHECKING:  # most presets need no image networks
    from cppn_gl.nn.vision.network import ImageNetwork, ImageStage
    from cppn_gl.nn.vision.running import Pass


class Sight:
    """The pass of the scene followed last; `done` is None until it is complete."""

    def __init__(self) -> None:
        self.done: Pass | None = None
        self.number = 0  # of passes completed
        self.picture: NDArray[np.uint8] | None = None  # as the network sees it, (H, W, 3)
        self._seen: NDArray[np.uint8] | None = None  # that of the pass under way
        self._key: Hashable = None
        self._task: Stepping[Pass] | None = None

    @property
    def busy(self) -> bool:
        """Whether a pass is under way."""
        return self._task is not None

    def follow(self, scene: Scene) -> None:
        """Ask for the pass of a scene, unless it is there or under way."""
        from cppn_gl.views.vision.passes import pass_of, shown_of

        key = scene.network.digest, scene.preset.input, scene.preset.preprocess
        if key != self._key:
            self._key, self._task = key, Stepping(pass_of(scene))
            self._seen = shown_of(scene).pixels

    def forget(self) -> None:
        """Ask for nothing."""
        self.done = self.picture = self._key = self._task = None

    def advance(self, seconds: float) -> bool:
        """Work for about so many seconds; True when a pass is completed."""
        if self._task is None or not self._task.step(within(seconds)):
            return False
        self.done, self.picture, self._task = self._task.result, self._seen, None
        self.number += 1
        return True

    def top(self, count: int) -> list[tuple[str, float]]:
        """The most probable classes and their shares, the first one first."""
        return [] if self.done is None else top_classes(self.done, count)


def top_classes(done: "Pass", count: int) -> list[tuple[str, float]]:
    """The `count` most probable classes of a pass, by name or number, with their shares."""
    shares = done.probabilities
    best = np.argsort(-shares, kind="stable")[:count]
    names = done.network.classes
    return [(names[k] if names else f"class {k + 1}", float(shares[k])) for k in best]


def peaks(done: "Pass") -> list[NDArray[np.float32]]:
    """The largest unit of each channel, layer by layer."""
    return [units.reshape(len(units), -1).max(axis=1) for units in done.units]


def share(value: float) -> str:
    """A share of 1 in per cent: whole ones, but "under 1 %"."""
    return f"{100 * value:.0f} %" if value >= 0.01 else "under 1 %"


def operation_words(stage: "ImageStage") -> str:
    """What a layer computes: "conv 3×3 / 2, then relu"."""
    label, activation = stage.operation.label, stage.activation
    return label if activation == "identity" else f"{label}, then {activation}"


def reads_words(network: "ImageNetwork", layer: int) -> str:
    """How much of the picture a unit of a layer, from 1, sees."""
    field = network.receptive_field(layer - 1)
    (high, wide), (rows, columns) = field.size, network.size
    if high >= rows and wide >= columns:
        return "a unit sees the whole picture"
    return f"a unit sees {wide}×{high} of {columns}×{rows} pixels"


def parameters_words(network: "ImageNetwork") -> str:
    """How large a network is."""
    weights = sum(stage.operation.parameters > 0 for stage in network.stages)
    return (
        f"{counted(len(network.stages), 'layer')}, {weights} with weights, "
        f"{network.parameters:,} weights and biases"
    )
