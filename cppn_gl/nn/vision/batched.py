"""Gradients of image networks over batches: reverse mode, stage by stage, in NumPy.

    stages, pictures (N, channels, rows, columns), labels (N,) -> gradients() -> loss; by weights

The loss of a picture with label c is the cross-entropy -log p_c of the softmax p of the scores
before any softmax. Everything is in the precision of the pictures: float64 is the reference.

Operations compute themselves (operations.py), except for those that training spends its time on: a
convolution keeps its windows from the forward pass, and max pools whose windows do not overlap take
a few passes over their input.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cppn_gl.nn.layers import SOURCE, Array
from cppn_gl.nn.training.gradients import activated, slopes
from cppn_gl.nn.vision.network import ImageStage
from cppn_gl.nn.vision.operations import Conv2d, MaxPool2d
from cppn_gl.nn.vision.windows import padded, unpadded

KEPT = 2**22  # values of a picture's windows that are kept; of more they are made again

Labels = NDArray[np.int64]
Weights = dict[str, Array]  # by the names of an operation


@dataclass
class Passed:
    """A stage's forward pass over N pictures. kept: what its backward pass needs besides."""

    inputs: list[Array]
    pre: Array
    units: Array
    kept: Any = None


@dataclass
class Found:
    """What a backward pass finds. slopes: called with each stage's index and slopes, if wanted."""

    by_weights: dict[int, Weights] = field(default_factory=dict)
    loss: float = 0.0  # the sum over the pictures
    right: int = 0  # pictures whose largest score is that of their class


def forward(stages: Sequence[ImageStage], pictures: Array) -> Iterator[Passed]:
    """The forward pass, stage by stage; each is done when it is asked for."""
    units: list[Array] = []
    for stage in stages:
        inputs = [pictures if k == SOURCE else units[k] for k in stage.inputs]
        with np.errstate(all="ignore"):
            pre, kept = _form(stage)[0](stage.operation, inputs)
            units.append(_activated(stage.activation, pre))
        yield Passed(inputs, pre, units[-1], kept)


def scored(scores: Array, labels: Labels) -> tuple[Array, Found]:
    """The derivatives of the losses by the scores, (N, classes), and losses and hits."""
    with np.errstate(all="ignore"):
        shifted = scores - scores.max(axis=1, keepdims=True)
        shares = np.exp(shifted)
        total = shares.sum(axis=1, keepdims=True)
        own = np.arange(len(labels)), labels
        losses = np.log(total[:, 0]) - shifted[own]
        shares /= total
    right = int(np.count_nonzero(scores.argmax(axis=1) == labels))
    shares[own] -= 1
    return shares, Found(loss=float(losses.sum(dtype=np.float64)), right=right)


def gradients(
    stages: Sequence[ImageStage],
    pictures: Array,
    labels: Labels,
    *,
    factor: float = 1.0,
    watch: Callable[[int, Passed], object] | None = None,
) -> Found:
    """The derivatives of `factor` times the sum of the losses by all weights.

    The last stage gives the scores, before its activation. `watch` sees each stage of the forward
    pass.
    """
    passed = []
    for number, one in enumerate(forward(stages, pictures)):
        passed.append(one)
        if watch is not None:
            watch(number, one)
    last = passed[-1].pre
    by, found = scored(last.reshape(len(pictures), -1), labels)
    by_units: dict[int, Array] = {}
    d: Array | None = (by * by.dtype.type(factor)).reshape(last.shape)
    for k in range(len(stages) - 1, -1, -1):
        stage, one = stages[k], passed[k]
        if k < len(stages) - 1:
            d = by_units.pop(k, None)
            if d is None:
                continue
            d = _through(stage.activation, one, d)
        wanted = [i != SOURCE for i in stage.inputs]
        with np.errstate(all="ignore"):
            back, by_weights = _form(stage)[1](stage.operation, one, d, any(wanted))
        if by_weights:
            found.by_weights[k] = by_weights
        for i, gradient in zip(stage.inputs, back, strict=False):
            if i != SOURCE:
                by_units[i] = gradient if i not in by_units else by_units[i] + gradient
    return found


def _activated(name: str, pre: Array) -> Array:
    if name == "identity":
        return pre
    if name == "relu":
        return np.maximum(pre, 0)
    return activated(name, pre)


def _through(name: str, one: Passed, d: Array) -> Array:
    """The derivatives by pre-activations from those by units."""
    if name == "identity":
        return d
    with np.errstate(all="ignore"):
        return d * ((one.units > 0) if name == "relu" else slopes(name, one.pre))


# How operations are computed: forward(operation, inputs) -> output, kept;
# backward(operation, passed, gradient, whether those of the inputs are wanted) -> both gradients

Form = tuple[Callable[..., tuple[Array, Any]], Callable[..., tuple[Sequence[Array], Weights]]]


def _form(stage: ImageStage) -> Form:
    operation: Any = stage.operation
    if isinstance(operation, Conv2d) and operation.groups == 1 and _few(stage):
        return _convolve, _convolve_back
    if isinstance(operation, MaxPool2d) and _apart(operation):
        return _pool, _pool_back
    return _plain, _plain_back


def _few(stage: ImageStage) -> bool:
    """Whether the windows of a convolution may be kept."""
    operation: Any = stage.operation
    return bool(operation.weight[0].size * stage.shape.rows * stage.shape.columns <= KEPT)


def _plain(operation: Any, inputs: list[Array]) -> tuple[Array, None]:
    return operation.forward(*inputs), None


def _plain_back(
    operation: Any, one: Passed, d: Array, wanted: bool
) -> tuple[Sequence[Array], Weights]:
    by_weights = operation.weight_gradients(one.inputs, d)
    return (operation.backward(one.inputs, one.pre, d) if wanted else ()), by_weights


def _convolve(operation: Conv2d, inputs: list[Array]) -> tuple[Array, Array]:
    """kept: the windows, (N, taps of all channels, places)."""
    (x,) = inputs
    x = padded(x, operation.padding)
    (down, over), (apart, across) = operation.stride, operation.dilation
    seen = sliding_window_view(x, operation.reach, axis=(2, 3))[
        :, :, ::down, ::over, ::apart, ::across
    ]
    n, _, rows, columns, *_ = seen.shape
    windows = np.ascontiguousarray(seen.transpose(0, 1, 4, 5, 2, 3)).reshape(n, -1, rows * columns)
    weight = operation.weight.astype(x.dtype, copy=False).reshape(len(operation.weight), -1)
    pre = np.matmul(weight, windows)
    pre += operation.bias.astype(x.dtype, copy=False)[:, None]
    return pre.reshape(n, -1, rows, columns), windows


def _convolve_back(
    operation: Conv2d, one: Passed, d: Array, wanted: bool
) -> tuple[Sequence[Array], Weights]:
    n, out, rows, columns = d.shape
    flat = d.reshape(n, out, -1)
    by = np.matmul(flat, one.kept.transpose(0, 2, 1)).sum(axis=0)
    found = {"weight": by.reshape(operation.weight.shape), "bias": flat.sum(axis=(0, 2))}
    if not wanted:
        return (), found
    weight = operation.weight.astype(d.dtype, copy=False).reshape(out, -1)
    (high, wide), (down, over) = operation.kernel, operation.stride
    (apart, across), (top, left, bottom, right) = operation.dilation, operation.padding
    given = one.inputs[0].shape
    spread = np.matmul(weight.T, flat).reshape(n, given[1], high, wide, rows, columns)
    into = np.zeros((*given[:2], given[2] + top + bottom, given[3] + left + right), d.dtype)
    for i in range(high):
        for j in range(wide):
            y, x = i * apart, j * across
            into[
                :,
                :,
                y : y + (rows - 1) * down + 1 : down,
                x : x + (columns - 1) * over + 1 : over,
            ] += spread[:, :, i, j]
    return (unpadded(into, operation.padding),), found


def _apart(operation: MaxPool2d) -> bool:
    """Whether windows neither overlap nor reach beyond the picture."""
    return operation.stride == operation.size and not any(operation.padding) and not operation.ceil


def _taps(operation: MaxPool2d, x: Array) -> list[Array]:
    """What each tap of the windows sees, row by row: views."""
    high, wide = operation.size
    rows, columns = x.shape[2] // high * high, x.shape[3] // wide * wide
    return [x[:, :, i:rows:high, j:columns:wide] for i in range(high) for j in range(wide)]


def _pool(operation: MaxPool2d, inputs: list[Array]) -> tuple[Array, None]:
    first, *others = _taps(operation, inputs[0])
    best = np.array(first)
    for seen in others:
        np.maximum(best, seen, out=best)
    return best, None


def _pool_back(
    operation: MaxPool2d, one: Passed, d: Array, wanted: bool
) -> tuple[Sequence[Array], Weights]:
    """The gradient goes to the first of equal values: what is left of it, to the next tap."""
    if not wanted:
        return (), {}
    x = one.inputs[0]
    whole = not (x.shape[2] % operation.size[0] or x.shape[3] % operation.size[1])
    into = np.empty_like(x) if whole else np.zeros_like(x)
    left = np.ones(d.shape, bool)
    for seen, place in zip(_taps(operation, x), _taps(operation, into), strict=True):
        here = seen == one.pre
        here &= left
        np.multiply(d, here, out=place)
        left ^= here
    return (into,), {}
