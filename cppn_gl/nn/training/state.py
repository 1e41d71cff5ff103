"""What is trained: the parameters of a step, and the problem that a step solves.

Problem -> first_state() -> State -> Stepper.advance(state, batches …) -> the state, n steps later
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from cppn_gl.nn.layers import Layer
from cppn_gl.nn.training.optimizers import MOMENTUM, OPTIMIZERS
from cppn_gl.utils.arrays import Float32, Float64


@dataclass(frozen=True, eq=False)
class BatchNorm:
    """Batch normalisation of one layer: gains and shifts of its units, (units,) float64 each."""

    gains: Float64
    shifts: Float64


class Trained(Protocol):
    """What is common to all problems."""

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""

    @property
    def moments(self) -> int:
        """The number of arrays of moments."""

    @property
    def l1(self) -> float: ...

    @property
    def l2(self) -> float: ...

    @property
    def decoupled(self) -> bool:
        """Whether l2 shrinks the weights themselves, and does not enter the gradient."""

    def split(self, flat: Any) -> list[tuple[Any, Any]]:
        """Views of weights and biases of each layer in a flat array (P,)."""


@dataclass(frozen=True)
class Problem:
    """All that a step depends on besides parameters, batch and rate.

    shapes: (out, in) of each layer's weights. activations: one a layer, the output layer's last.
    norms: the normalisation of each layer, or None. Keys are those of `[train]`; layer_rates may be
    those of more or fewer layers.
    """

    shapes: tuple[tuple[int, int], ...]
    activations: tuple[str, ...]
    loss: str = "squared"
    optimizer: str = "sgd"
    l1: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    norms: tuple[BatchNorm | None, ...] = field(default=(), compare=False)
    momentum: float = MOMENTUM
    layer_rates: tuple[float, ...] = ()
    biases: bool = True

    @cached_property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return sum(rows * columns + rows for rows, columns in self.shapes)

    @cached_property
    def rate_factors(self) -> Float64:
        """The factor on the rate of each layer, (layers,)."""
        given = self.layer_rates or (1.0,)
        return np.array([given[min(k, len(given) - 1)] for k in range(len(self.shapes))])

    @property
    def hidden(self) -> int:
        """The number of hidden units."""
        return sum(rows for rows, _ in self.shapes[:-1])

    @property
    def moments(self) -> int:
        """The number of arrays of moments."""
        return OPTIMIZERS[self.optimizer].moments

    @property
    def decoupled(self) -> bool:
        """Whether l2 shrinks the weights themselves, and does not enter the gradient."""
        return OPTIMIZERS[self.optimizer].decoupled

    def split(self, flat: Any) -> list[tuple[Any, Any]]:
        """Views of weights (out, in) and biases (out,) of each layer in a flat array (P,)."""
        parts, start = [], 0
        for rows, columns in self.shapes:
            middle, end = start + rows * columns, start + rows * columns + rows
            parts.append((flat[start:middle].reshape(rows, columns), flat[middle:end]))
            start = end
        return parts


@dataclass
class State:
    """The state before step `step`: that of step 0 is the random network.

    parameters: float32 (P,), layer by layer the weights in row-major order, then the biases.
    moments: float32 (m, P), as many as the optimizer has.
    """

    step: int
    parameters: Float32
    moments: Float32

    def copy(self) -> "State":
        return State(self.step, self.parameters.copy(), self.moments.copy())

    def become(self, other: "State") -> None:
        """Take over another state's numbers."""
        self.parameters[:], self.moments[:] = other.parameters, other.moments
        self.step = other.step

    @property
    def nbytes(self) -> int:
        return self.parameters.nbytes + self.moments.nbytes


def first_state(problem: Problem, layers: Sequence[Layer]) -> State:
    """The state of step 0 of a network's effective layers."""
    parts = [part for layer in layers for part in (layer.weight.ravel(), layer.bias)]
    parameters = np.concatenate(parts).astype(np.float32)
    return State(0, parameters, np.zeros((problem.moments, len(parameters)), np.float32))


class Stepper(Protocol):
    """Runs steps of one problem. Results depend on the arguments alone, not on how many steps a
    call runs."""

    def advance(
        self,
        state: State,
        inputs: Float32,
        targets: Float32,
        rates: Float32,
        masks: Float32 | None = None,
    ) -> None:
        """Run n steps, in place; fewer, up to the first that would lead to no numbers.

        inputs (n, batch, n_in) and targets (n, batch, n_out) are the batches, rates (n,) the
        learning rates. masks (n, hidden units), if there is dropout: what each hidden unit is
        multiplied with, 0 or 1 / (1 - dropout), layer after layer.
        """
