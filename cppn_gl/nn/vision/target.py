"""What is explained or excited: a channel of a stage, or one of its units."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cppn_gl.nn.layers import Array
from cppn_gl.nn.vision.network import ImageNetwork

if TYPE_CHECKING:
    from cppn_gl.nn.vision.running import Pass


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
        """The score of class `index`, from 0, before softmax and before any ReLU."""
        raise NotImplementedError

    def value(self, done: "Pass") -> float:
        """Its value after a pass."""
        raise NotImplementedError

    def seed(self, done: "Pass") -> dict[int, Array]:
        """The derivative of `value` by the units, or pre-activations, of its stage."""
        raise NotImplementedError
