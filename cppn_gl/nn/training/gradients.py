"""Forward and backward pass in NumPy, in float32 or float64: reverse mode, layer by layer.

parameters (P,), inputs (N, n_in), targets (N, n_out) -> gradient() -> (P,)

The gradient is that of the mean over the N points of the loss (losses.py), without regularisation.
A normalised layer (Ioffe and Szegedy 2015) has, with z = W y and mean and variance over the batch,

    pre-activation = gain (z - mean) / √(variance + ε) + shift + b,  ε = 1e-5;

its bias b is added after the normalisation, before which it would cancel. Gain and shift are those
of `[normalize]`, W and b are trained.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate, derivative
from cppn_gl.nn.training import losses
from cppn_gl.nn.training.state import BatchNorm, Problem, Trained
from cppn_gl.utils import native

Array = NDArray[np.floating[Any]]

EPSILON = 1e-5  # added to variances


@dataclass
class Passed:
    """A layer's forward pass over N points: its inputs, pre-activations and units, (N, …) each.

    normal: the normalised z of a normalised layer, and its standard deviation, (units,). slopes:
    the derivatives of the activations, after the backward pass.
    """

    inputs: Array
    pre: Array
    units: Array
    normal: tuple[Array, Array] | None = None
    slopes: Array | None = None


def forward(
    problem: Problem, parameters: Array, inputs: Array, mask: Array | None = None
) -> list[Passed]:
    """The forward pass, layer by layer, in the precision of the parameters.

    mask (hidden units,): factors on the hidden units.
    """
    return list(forward_layers(problem, parameters, inputs, mask))


def forward_layers(
    problem: Problem, parameters: Array, inputs: Array, mask: Array | None = None
) -> Iterator[Passed]:
    """As `forward`; each layer is done when it is asked for."""
    y, start = inputs, 0
    last = len(problem.shapes) - 1
    for index, (weight, bias) in enumerate(problem.split(parameters)):
        with np.errstate(all="ignore"):
            z, normal = y @ weight.T, None
            norm = problem.norms[index] if problem.norms else None
            if norm is not None:
                z, normal = _normalised(norm, z)
            z += bias
            units = activated(problem.activations[index], z)
            if mask is not None and index < last:
                units = units * mask[start : start + len(bias)]
                start += len(bias)
        yield Passed(y, z, units, normal)
        y = units


def activated(name: str, pre: Array) -> Array:
    """An activation; in float32 by the native library, since gelu takes long in NumPy."""
    library = native.library() if pre.dtype == np.float32 else None
    if library is None or library.activation(name) is None:
        return activate(name, pre)
    return library.activate(name, pre)


def slopes(name: str, pre: Array) -> Array:
    """The derivative of an activation; as `activated`."""
    library = native.library() if pre.dtype == np.float32 else None
    if library is None or library.activation(name) is None:
        return derivative(name, pre)
    return library.differentiate(name, pre)


def _normalised(norm: BatchNorm, z: Array) -> tuple[Array, tuple[Array, Array]]:
    std = np.sqrt(z.var(axis=0) + z.dtype.type(EPSILON))
    hat = (z - z.mean(axis=0)) / std
    gains, shifts = norm.gains.astype(z.dtype), norm.shifts.astype(z.dtype)
    return gains * hat + shifts, (hat, std)


def gradient(
    problem: Problem, parameters: Array, inputs: Array, targets: Array, mask: Array | None = None
) -> Array:
    """The gradient of the loss of a batch, (P,), in the precision of the parameters."""
    return backward(problem, parameters, forward(problem, parameters, inputs, mask), targets, mask)


def backward(
    problem: Problem,
    parameters: Array,
    passed: list[Passed],
    targets: Array,
    mask: Array | None = None,
) -> Array:
    """The gradient after a forward pass over a batch. Fills in the slopes of its layers."""
    found = np.empty_like(parameters)
    for _ in backward_layers(problem, parameters, passed, targets, found, mask):
        pass
    return found


def backward_layers(
    problem: Problem,
    parameters: Array,
    passed: list[Passed],
    targets: Array,
    found: Array,
    mask: Array | None = None,
) -> Iterator[int]:
    """As `backward`, into `found`; each layer is done when it is asked for, the last one first."""
    weights, into = problem.split(parameters), problem.split(found)
    ends = np.cumsum([0, *(rows for rows, _ in problem.shapes)])
    d: Array = np.empty(0)
    for index in range(len(passed) - 1, -1, -1):
        layer = passed[index]
        with np.errstate(all="ignore"):
            layer.slopes = slopes(problem.activations[index], layer.pre)
            if index == len(passed) - 1:
                d = losses.delta(problem.loss, layer.slopes, layer.units, targets)
                d = d / d.dtype.type(len(targets))
            else:
                d = d @ weights[index + 1][0]
                if mask is not None:
                    d = d * mask[ends[index] : ends[index + 1]]
                d = d * layer.slopes
            into[index][1][:] = d.sum(axis=0)
            if layer.normal is not None:
                norm = problem.norms[index]
                assert norm is not None
                d = _through(norm, d, *layer.normal)
            np.matmul(d.T, layer.inputs, out=into[index][0])
        yield index


def _through(norm: BatchNorm, d: Array, hat: Array, std: Array) -> Array:
    """The derivative by z of a normalised layer, from that by its pre-activations."""
    d = d * norm.gains.astype(d.dtype)
    return np.asarray((d - d.mean(axis=0) - hat * (d * hat).mean(axis=0)) / std)


def regularised(problem: Trained, parameters: Array, found: Array) -> None:
    """Add the derivative of l1 Σ|w| + ½ l2 Σw² over all weights (not biases) to a gradient."""
    decay = 0.0 if problem.decoupled else problem.l2
    if not problem.l1 and not decay:
        return
    for (weight, _), (into, _) in zip(problem.split(parameters), problem.split(found), strict=True):
        if problem.l1:
            into += into.dtype.type(problem.l1) * np.sign(weight)
        if decay:
            into += into.dtype.type(decay) * weight
