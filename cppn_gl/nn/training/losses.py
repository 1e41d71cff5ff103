"""Losses: one table, each with its value and its derivative.

The loss of a batch is the mean over its points of the sum over the outputs of `value(output,
target)`. Targets of classes are 0 and 1 for the cross-entropy, -1 and 1 for other losses; with more
than two classes there is an output for each, which learns this class against the rest (Rifkin and
Klautau, "In defense of one-vs-all classification", JMLR 2004).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


class Loss(NamedTuple):
    """A loss of one output: its formula, value and derivative, elementwise.

    value(pre-activation, output, target), slope(output, target): the derivative by the output y for
    the target t. `fused`: `slope` is by the pre-activation instead, of an output layer of sigmoids.
    """

    formula: str
    value: Callable[[Array, Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    fused: bool = False


def _cross_entropy(pre: Array, output: Array, target: Array) -> Array:
    """softplus(z) - t z, which is -t log y - (1 - t) log(1 - y) for y = sigmoid(z)."""
    return np.maximum(pre, 0) - target * pre + np.log1p(np.exp(-np.abs(pre)))


def _half(array: Array) -> Any:
    return array.dtype.type(0.5)


LOSSES: dict[str, Loss] = {
    "cross-entropy": Loss(
        "-t log y - (1 - t) log(1 - y)", _cross_entropy, lambda y, t: y - t, fused=True
    ),
    "squared": Loss(
        "½ (y - t)²", lambda pre, y, t: _half(y) * np.square(y - t), lambda y, t: y - t
    ),
    "hinge": Loss(
        "max(0, 1 - t y)",
        lambda pre, y, t: np.maximum(0, 1 - t * y),
        lambda y, t: np.where(t * y < 1, -t, 0),
    ),
    "absolute": Loss("|y - t|", lambda pre, y, t: np.abs(y - t), lambda y, t: np.sign(y - t)),
}


def default_loss(kind: str) -> str:
    """The loss of a kind of data, where a preset names none."""
    return "cross-entropy" if kind == "classes" else "squared"


def output_activation(kind: str, loss: str) -> str:
    """The activation of the output layer, which follows from the data's kind and the loss."""
    if loss == "cross-entropy" or kind == "picture":
        return "sigmoid"
    return "tanh" if kind == "classes" and loss != "hinge" else "identity"


def total(loss: str, pre: Array, outputs: Array, targets: Array) -> float:
    """The loss of points, (N, outputs) each: the mean over points of the sum over outputs."""
    with np.errstate(all="ignore"):
        values = LOSSES[loss].value(pre, outputs, targets).sum(axis=1, dtype=np.float64)
    return float(values.mean()) if len(values) else float("nan")


def delta(loss: str, slopes: Array, outputs: Array, targets: Array) -> Array:
    """The derivative of `value` by the pre-activations of the output layer, (N, outputs).

    slopes: the derivatives of the output activation.
    """
    row = LOSSES[loss]
    slope = np.asarray(row.slope(outputs, targets), outputs.dtype)
    return slope if row.fused else slope * slopes
