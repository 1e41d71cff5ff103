"""Derivatives of networks whose units see their neighbours: forward mode on lattices, reverse mode.

    features and their slopes on a lattice -> forward() -> values and slopes of every stage
    points -> patches() of taps -> at_points(): outputs and slopes there
                                -> gradients(): d unit / d every input that it sees

Arrays are (..., height, width, channels), in float64 (the reference) or float32; a stage's are
smaller than the source by its radius on each side. Forward mode carries the derivatives by x and y
of the features through the stages, like derivatives.py, and reverse mode goes back from one unit of
one stage to all features at all taps of its receptive field. The statistics of a normalisation are
those of the declared region, measured once: they are constants here, as in every picture.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate, derivative
from cppn_gl.nn.derivatives import Jets, feature_jets
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.network import Network, Stage
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread

AT_ONCE = 2**22  # numbers of a source that are gone through at once, about

Grid = NDArray[Any]  # (..., height, width, channels)


def patch(network: Network, x: Float64, y: Float64, side: int) -> tuple[Float64, Float64]:
    """The points of `side`² taps around points x, y, (N,) each: (N, side, side), row 0 on top."""
    step = network.step if network.radius else 0.0
    away = step * (np.arange(side) - (side - 1) / 2)
    shape = len(x), side, side
    across = np.broadcast_to(x[:, None, None] + away, shape)
    return across, np.broadcast_to(y[:, None, None] - away[:, None], shape)


def at_points(
    network: Network,
    x: Float64,
    y: Float64,
    clock: Clock,
    dtype: Any = np.float64,
    *,
    more: int = 0,
) -> Steps[Jets]:
    """The outputs and their derivatives at points x, y, (N,) each: (3, N · (more + 1)², outputs).

    `more`: with those at the taps around it, `more` + 1 along a side. Yields between stages.
    """
    stages, found = network.stages, []
    side = 2 * stages[-1].radius + 1 + more
    count = max(1, AT_ONCE // (3 * side * side * max(stage.units for stage in stages)))
    for first in range(0, len(x), count):
        some = slice(first, first + count)
        across, down = patch(network, x[some], y[some], side)
        jets = feature_jets(network, across.ravel(), down.ravel(), clock)
        source = jets.reshape(3, *across.shape, -1).astype(dtype)
        steps = forward(stages, source)
        while True:
            with one_thread():
                after = next(steps, None)
            if after is None:
                break
            units = after[2]
            yield None
        found.append(units.reshape(3, -1, network.outputs))
    return np.concatenate(found, axis=1)


def points_work(network: Network, more: int = 0, sums: float = 3.0, stage: int = -1) -> float:
    """Multiplications at a point's patch, about: `sums` times those of a forward pass."""
    stages = network.stages
    target = stages[stage]
    return sums * sum(
        (2 * (target.radius - one.radius) + 1 + more) ** 2
        * (one.operation.parameters + 16 * one.units)
        for one in (stages[k] for k in ancestors(stages, range(len(stages))[stage]))
    )


def forward(stages: Sequence[Stage], source: Grid) -> Generator[tuple[int, Grid, Grid], None, None]:
    """Forward mode: yields each stage's number from 0, its pre-activations and its units.

    Of the stages that the outputs depend on. `source`: (3, ..., height, width, inputs): features,
    their derivatives by x, and by y. So are what it yields. Pre-activations are those that enter
    the activation, after a normalisation.
    """
    last_use = {i: number for number, stage in enumerate(stages) for i in stage.inputs}
    values: dict[int, Grid] = {SOURCE: source}
    for number in ancestors(stages, len(stages) - 1):
        stage = stages[number]
        inputs = [values[i] for i in stage.inputs]
        with np.errstate(all="ignore"):
            before = stage.operation.pre_activation(*(one[0] for one in inputs))
            slopes = stage.operation.tangent(
                [one[0] for one in inputs], [one[1:] for one in inputs]
            )
            pre = np.concatenate([normalized(stage, before)[None], _by_norm(stage, slopes)])
            units = np.empty_like(pre)
            units[0] = _boosted(stage, activate(stage.activation, pre[0]))
            units[1:] = _boosted(stage, derivative(stage.activation, pre[0]) * pre[1:])
        values[number] = units
        for i in {i for i in stage.inputs if last_use[i] == number}:
            del values[i]
        yield number, pre, units


def gradients(
    stages: Sequence[Stage], source: Grid, weights: Grid, stage: int = -1
) -> Generator[None, None, Grid]:
    """Reverse mode: the derivatives of sums of units of a stage by every feature around points.

    `source`: features (points, side, side, inputs), side = 2 · stage's radius + 1, so that the
    stage has one position for each point. `weights`: (sums, units), the weights of the units in
    each sum. Returns (sums, points, side, side, inputs). Yields between stages.
    """
    target = range(len(stages))[stage]
    needed = ancestors(stages, target)
    values: dict[int, Grid] = {SOURCE: source}
    before: dict[int, Grid] = {}
    for number in needed:
        one = stages[number]
        with np.errstate(all="ignore"):
            sums = one.operation.pre_activation(*(values[i] for i in one.inputs))
            before[number] = normalized(one, sums)
            values[number] = _boosted(one, activate(one.activation, before[number]))
        yield
    seed = np.broadcast_to(weights[:, None, None, None], (len(weights), *values[target].shape))
    found: dict[int, Grid] = {target: seed}
    for number in reversed(needed):
        one, gradient = stages[number], found.pop(number)
        with np.errstate(all="ignore"):
            gradient = _boosted(one, gradient) * derivative(one.activation, before.pop(number))
            gradient = _by_norm(one, gradient)
            inputs = [values[i] for i in one.inputs]
            for i, back in zip(one.inputs, one.operation.backward(inputs, gradient), strict=True):
                found[i] = found[i] + back if i in found else back
        del values[number]
        yield
    return found.get(SOURCE, np.zeros((len(weights), *source.shape), source.dtype))


def computed(stage: Stage, values: Mapping[int, Grid]) -> Grid:
    """A stage's units, from those of earlier stages."""
    with np.errstate(all="ignore"):
        sums = stage.operation.pre_activation(*(values[i] for i in stage.inputs))
        return _boosted(stage, activate(stage.activation, normalized(stage, sums)))


def ancestors(stages: Sequence[Stage], target: int) -> list[int]:
    """The stages that a stage depends on, in order, itself included; numbers from 0."""
    needed = {target}
    for number in range(target, -1, -1):
        if number in needed:
            needed.update(i for i in stages[number].inputs if i != SOURCE)
    return sorted(needed)


def normalized(stage: Stage, pre: Grid) -> Grid:
    """A stage's pre-activations after its normalisation, if it has one."""
    return pre if stage.normalize is None else stage.normalize.pre_activation(pre)


def _by_norm(stage: Stage, slopes: Grid) -> Grid:
    """Slopes, or gradients, through a stage's normalisation: a factor for each channel."""
    return slopes if stage.normalize is None else stage.normalize.factored(slopes)


def _boosted(stage: Stage, units: Grid) -> Grid:
    """Units, slopes or gradients times the stage's factors on its units."""
    return units if stage.boost is None else units * stage.boost.astype(units.dtype)
