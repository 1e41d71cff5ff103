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

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.activations import activate, derivative
from cppn_gl.nn.derivatives import Jets, feature_jets
from cppn_gl.nn.features import Clock
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.network import Network, Stage
from cppn_gl.nn.operations import common
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.tasks import Steps
from cppn_gl.utils.threads import one_thread

AT_ONCE = 2**22  # numbers of a stage that are gone through at once, about
SLICE = 5e7  # multiplications of a step, about

Result = TypeVar("Result")
Yielded = TypeVar("Yielded")
Grid = NDArray[Any]  # (..., height, width, channels)


def single_threaded(
    steps: Generator[Yielded, None, Result],
) -> Generator[Yielded, None, Result]:
    """A generator whose matrix products run in one thread."""
    while True:
        with one_thread():
            try:
                found = next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
        yield found


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
    units: Grid | None = None
    side = 2 * stages[-1].radius + 1 + more
    count = max(1, AT_ONCE // (3 * side * side * max(stage.units for stage in stages)))
    for first in range(0, len(x), count):
        some = slice(first, first + count)
        across, down = patch(network, x[some], y[some], side)
        jets = feature_jets(network, across.ravel(), down.ravel(), clock)
        source = jets.reshape(3, *across.shape, -1).astype(dtype)
        steps = forward(stages, source)
        for after in single_threaded(steps):
            if after is not None:
                units = after[2]
            yield None
        assert units is not None
        found.append(units.reshape(3, -1, network.outputs))
    return np.concatenate(found, axis=1)


def patch_bytes(network: Network, sums: int, stage: int = -1) -> float:
    """The memory of `gradients` at a point in bytes, about."""
    stages = network.stages
    target = range(len(stages))[stage]
    units = sum(
        (2 * (stages[target].radius - stages[k].radius) + 1) ** 2 * stages[k].units
        for k in ancestors(stages, target)
    )
    return 4.0 * units * (3 + sums)


def points_work(network: Network, more: int = 0, sums: float = 3.0, stage: int = -1) -> float:
    """Multiplications at a point's patch, about: `sums` times those of a forward pass."""
    stages = network.stages
    target = stages[stage]
    return sums * sum(
        (2 * (target.radius - one.radius) + 1 + more) ** 2
        * (one.operation.parameters + 16 * one.units)
        for one in (stages[k] for k in ancestors(stages, range(len(stages))[stage]))
    )


def forward(
    stages: Sequence[Stage], source: Grid
) -> Generator[tuple[int, Grid, Grid] | None, None, None]:
    """Forward mode: yields each stage's number from 0, its pre-activations and its units.

    Of the stages that the outputs depend on. `source`: (3, ..., height, width, inputs): features,
    their derivatives by x, and by y. So are what it yields. Pre-activations are those that enter
    the activation, after a normalisation. Yields None within stages that take long.
    """
    last_use = {i: number for number, stage in enumerate(stages) for i in stage.inputs}
    values: dict[int, Grid] = {SOURCE: source}
    for number in ancestors(stages, len(stages) - 1):
        stage, parts = stages[number], []
        for band, _ in bands(stage, [values[i] for i in stage.inputs]):
            with np.errstate(all="ignore"):
                sums = stage.operation.pre_activation(*(one[0] for one in band))
                slopes = stage.operation.tangent(
                    [one[0] for one in band], [one[1:] for one in band]
                )
            parts.append(np.concatenate([normalized(stage, sums)[None], _by_norm(stage, slopes)]))
            yield None
        pre = _joined(parts)
        units = np.empty_like(pre)
        with np.errstate(all="ignore"):
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
    each sum. Returns (sums, points, side, side, inputs). Yields now and then.
    """
    target = range(len(stages))[stage]
    needed = ancestors(stages, target)
    values: dict[int, Grid] = {SOURCE: source}
    before: dict[int, Grid] = {}
    for number in needed:
        before[number] = yield from pre_activations(stages[number], values)
        values[number] = activated(stages[number], before[number])
    seed = np.broadcast_to(weights[:, None, None, None], (len(weights), *values[target].shape))
    found: dict[int, Grid] = {target: seed}
    for number in reversed(needed):
        one, gradient = stages[number], found.pop(number)
        with np.errstate(all="ignore"):
            gradient = _boosted(one, gradient) * derivative(one.activation, before.pop(number))
            gradient = _by_norm(one, gradient)
        inputs = [values[i] for i in one.inputs]
        for i in one.inputs:
            if i not in found:
                found[i] = np.zeros((len(weights), *values[i].shape), gradient.dtype)
        into = common(*(found[i] for i in one.inputs))
        for band, rows in bands(one, inputs, len(weights)):
            part = gradient[..., rows.start : rows.stop - 2 * one.operation.radius, :, :]
            with np.errstate(all="ignore"):
                for back, whole in zip(one.operation.backward(band, part), into, strict=True):
                    whole[..., rows, :, :] += back
            yield
        del values[number]
    return found.get(SOURCE, np.zeros((len(weights), *source.shape), source.dtype))


def pre_activations(stage: Stage, values: Mapping[int, Grid]) -> Generator[None, None, Grid]:
    """What enters a stage's activation, from the units of earlier stages. Yields now and then."""
    parts = []
    for band, _ in bands(stage, [values[i] for i in stage.inputs]):
        with np.errstate(all="ignore"):
            parts.append(normalized(stage, stage.operation.pre_activation(*band)))
        yield
    return _joined(parts)


def activated(stage: Stage, pre: Grid) -> Grid:
    """A stage's units, from its pre-activations."""
    return _boosted(stage, activate(stage.activation, pre))


def bands(
    stage: Stage, inputs: Sequence[Grid], passes: int = 1
) -> Iterator[tuple[list[Grid], slice]]:
    """The inputs of a stage in bands of rows that overlap by its window, and which rows they are.

    A band takes about SLICE multiplications, of `passes` passes.
    """
    near = common(*inputs)
    height, reach = near[0].shape[-3], 2 * stage.operation.radius
    row = near[0][..., :1, :, 0].size * (stage.operation.parameters + 16 * stage.units) * passes
    count = max(1, int(SLICE / row))
    for top in range(0, height - reach, count):
        rows = slice(top, min(top + count, height - reach) + reach)
        yield [one[..., rows, :, :] for one in near], rows


def _joined(parts: Sequence[Grid]) -> Grid:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-3)


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
