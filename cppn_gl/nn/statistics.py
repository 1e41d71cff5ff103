"""Normalisation of structures: means and standard deviations over the whole declared region.

    GraphNetwork, [normalize] -> placed() -> with normalisations -> measured() -> with statistics

Each channel of a normalised layer gets, over all grid × grid positions of the declared region at
time 0, the mean `shift` and the standard deviation |`gain`|. These positions belong to the network:
what is shown, its size, and the time have no influence. Layers are measured one after another, each
on normalised inputs, in the float32 of the engines; sums are float64, in a fixed order.
"""

import dataclasses
import time as wall
from collections.abc import Generator, Sequence

import numpy as np

from cppn_gl.nn import draws, native_grid
from cppn_gl.nn.features import Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.grid import NumPyKernel, Planes, cropped, run
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.network import Region, Stage
from cppn_gl.nn.normalize import Normalize
from cppn_gl.nn.operations import Activation, Norm, Statistics
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError

SLICE = 0.008  # seconds of work between two yields, about
MAX_BYTES = 2**30  # of the layers that are kept at a time
VALUES = 2**22  # whose moments are computed in a slice, about


def placed(network: GraphNetwork, how: Normalize, seed: int) -> GraphNetwork:
    """The network over the region of `[normalize]`, with its normalisations, not yet measured.

    Gains and shifts are drawn for (seed, layer, channel), the layer being that of the weights
    before; those of a normalisation that does not follow weights are in row 1, numbered by itself.
    """
    network = network.changed(region=Region(how.region_center, how.region_extent))
    stages, alone = [], 0
    for number, stage in enumerate(network.stages, 1):
        chosen = how.which == "all" or (how.which == "hidden" and number < len(network.stages))
        row, layer = 0, stage.weight_layer
        if stage.normalize is not None and not layer:
            alone += 1
            row, layer = 1, alone
        if stage.normalize is not None or (layer and chosen):
            gain = how.gain + how.gain_spread * _drawn(seed, layer, draws.GAIN, row, stage.units)
            shift = how.shift + how.shift_spread * _drawn(
                seed, layer, draws.SHIFT, row, stage.units
            )
            stage = dataclasses.replace(stage, normalize=Norm(gain, shift))
        stages.append(stage)
    return network.restaged(stages)


def _drawn(seed: int, layer: int, kind: int, row: int, units: int) -> Float64:
    drawn: Float64 = draws.draw(seed, layer, kind, row + 1, units, "normal")[row].astype(np.float64)
    return drawn


def measured(network: GraphNetwork, clock: Clock) -> Generator[None, None, GraphNetwork]:
    """The network with the statistics of its normalisations, in slices of some 10 ms.

    `clock`: of time 0. Raises PresetError if the layers need too much memory.
    """
    stages, norms = _split(network.stages)
    if not norms:
        return network
    stages = stages[: max(norms) + 1]
    margin = max(stage.radius for stage in stages)
    side = network.grid + 2 * margin
    _check_memory(stages, side)
    found: dict[int, Norm] = {}
    kernel = NumPyKernel() if native_grid.unsupported(stages) else native_grid.NativeKernel()
    source = yield from positions(network, clock, margin)
    steps = run(stages, source, kernel, deadline=wall.perf_counter() + SLICE)
    del source
    deadline: float | None = None
    while len(found) < len(norms):
        step = steps.send(deadline)
        if step is not None and step[0] + 1 in norms:
            number, _, units = step
            norm = norms[number + 1]
            own = cropped(units, (units.shape[1] - network.grid) // 2)
            moments, count = [], max(1, VALUES // network.grid**2)
            for first in range(0, len(own), count):
                moments.append(kernel.moments(own[first : first + count]))
                yield
            means, variances = map(np.concatenate, zip(*moments, strict=True))
            measures = Statistics.from_moments(means, variances)
            found[number + 1] = norm = dataclasses.replace(norm, statistics=measures)
            # The running network reads it next.
            stages[number + 1] = dataclasses.replace(stages[number + 1], normalize=norm)
            del units, own  # their planes need not live longer than the stages that read them
        del step
        yield
        deadline = wall.perf_counter() + SLICE
    steps.close()
    given = iter(found[number] for number in sorted(found))
    return network.restaged(
        [
            stage if stage.normalize is None else dataclasses.replace(stage, normalize=next(given))
            for stage in network.stages
        ]
    )


def complete(network: GraphNetwork) -> GraphNetwork:
    """What `measured` returns, at once."""
    steps = measured(network, Clock())
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: GraphNetwork = end.value
            return found


def _split(stages: Sequence[Stage]) -> tuple[list[Stage], dict[int, Norm]]:
    """The stages with each normalisation as a stage of its own, and these by their numbers."""
    found: list[Stage] = []
    norms: dict[int, Norm] = {}
    ends = {SOURCE: SOURCE}
    for number, stage in enumerate(stages):
        whole = dataclasses.replace(stage, inputs=tuple(ends[i] for i in stage.inputs))
        if stage.normalize is None:
            found.append(whole)
        else:
            sums = dataclasses.replace(whole, normalize=None, activation="identity", boost=None)
            rest = dataclasses.replace(whole, operation=Activation(), inputs=(len(found),))
            norms[len(found) + 1] = stage.normalize
            found += [sums, rest]
        ends[number] = len(found) - 1
    return found, norms


def positions(network: GraphNetwork, clock: Clock, margin: int) -> Generator[None, None, Planes]:
    """The input features at the positions of the declared region and `margin` taps around it.

    Yields now and then.
    """
    (center_x, center_y), extent = network.region
    numbers = np.arange(-margin, network.grid + margin)
    steps = ((numbers + 0.5) / network.grid * 2 - 1) * extent
    x, side = center_x + steps, len(steps)
    planes = np.empty((len(network.inputs), side, side), np.float32)
    started = wall.perf_counter()
    for row, y in enumerate(center_y - steps):
        planes[:, row] = network.features(x, np.full(side, y), clock).T
        if wall.perf_counter() > started + SLICE:
            yield
            started = wall.perf_counter()
    return planes


def _check_memory(stages: Sequence[Stage], side: int) -> None:
    last_use = {i: number for number, stage in enumerate(stages) for i in stage.inputs}
    live: dict[int, int] = {}
    most = 0
    for number, stage in enumerate(stages):
        live[number] = stage.units
        most = max(most, sum(live.values()))
        live = {i: units for i, units in live.items() if last_use.get(i, 0) > number}
    size = 4 * most * side**2
    if size > MAX_BYTES:
        problem = (
            f"normalising {most} channels at a time over {side}×{side} positions needs "
            f"{size / 2**30:.1f} GiB; expected at most {MAX_BYTES >> 30}: a smaller grid or width"
        )
        raise PresetError(problem, key="network.grid")
