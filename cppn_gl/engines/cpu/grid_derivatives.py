"""Values and derivatives of networks on grids at the pixels of a picture, in float32.

    network, view, clock -> GridDerivatives -> outputs(region) -> (3, rows, columns, outputs)

They are evaluated on the lattice of the picture (engines/grid.py) by forward mode (nn/jets.py), and
interpolated as outputs are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.grid import kernel_for
from cppn_gl.engines.grid import POINTS, Lattice, Plan, resampled, sample_points, work_of
from cppn_gl.nn.derivatives import feature_jets
from cppn_gl.nn.features import Clock
from cppn_gl.nn.grid import Planes, run
from cppn_gl.nn.jets import Jets
from cppn_gl.nn.network import Network, Stage
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Float32, Float64
from cppn_gl.utils.tasks import Steps, share
from cppn_gl.utils.threads import shared_out, thread_count


@dataclass(frozen=True)
class _Tripled:
    """What a plan reads of a network, of one whose units have slopes."""

    stages: Sequence[Stage]
    inputs: tuple[str, ...]
    radius: int
    outputs: int


class GridDerivatives:
    """A network on a grid at a view and a time, with its derivatives by x and y."""

    def __init__(self, network: Network, view: Viewport, clock: Clock):
        self._network, self._view, self._clock = network, view, clock
        self._jets = Jets(self._network.stages, kernel_for(network))
        self._tripled = _Tripled(
            self._jets.stages, 3 * network.inputs, network.radius, 3 * network.outputs
        )

    def outputs(self, region: Region) -> Steps[Float32]:
        """The outputs at the pixels of a region with one sample each, (3, rows, columns, outputs).

        Values, derivatives by x, and by y. Yields the fraction done.
        """
        network = self._network
        if network.radius == 0:
            found = np.moveaxis((yield from self._run(*sample_points(region, self._view))), 0, 2)
            return _apart(found)
        lattice = Lattice.of(network, self._view, region)
        plan, box = Plan(cast(Network, self._tripled), lattice), lattice.rectangle(region)
        values = np.empty((box[3] - box[1], box[2] - box[0], 3 * network.outputs), np.float32)
        whole, done = plan.work(box), 0.0
        for piece in plan.pieces(box):
            work = work_of(cast(Network, self._tripled), *piece.size)
            x, y = piece.points()
            steps = self._run(x, y, piece.left - piece.margin)
            units = yield from share(steps, done / whole, (done + work) / whole)
            cut = network.radius - network.stages[-1].radius
            piece.place(units[:, cut : len(units[0]) - cut, cut:], values, box)
            done += work
        across, down = (lattice.places(region, axis) for axis in (0, 1))
        return _apart(resampled(values, across, down, exact=lattice.scale == 1, first=box[:2]))

    def _run(self, x: Float64, y: Float64, left: int = 0) -> Steps[Planes]:
        """The tripled planes of the last stage, from those of the features at points."""
        source = yield from self._planes(x, y)
        deadline = yield 0.0
        units, done, count = source, 0, len(self._jets.stages)
        steps = run(self._jets.stages, source, self._jets, left=left, deadline=deadline)
        found = next(steps, None)
        while True:
            if found is not None:
                units, done = found[2], done + 1
                del found
            deadline = yield done / count
            try:
                found = steps.send(deadline)
            except StopIteration:
                return units

    def _planes(self, x: Float64, y: Float64) -> Steps[Planes]:
        """The features at points and their derivatives, as planes: see `Source.filled`."""
        shape = np.broadcast_shapes(x.shape, y.shape)
        x, y = (np.broadcast_to(a, shape).reshape(-1, shape[-1]) for a in (x, y))
        planes = np.empty((3, len(self._network.inputs), *x.shape), np.float32)
        rows = max(1, POINTS // shape[-1])

        def some(start: int) -> None:
            part = slice(start, start + rows)
            u, v = (np.ascontiguousarray(a[part]).ravel() for a in (x, y))
            jets = feature_jets(self._network, u, v, self._clock)
            planes[:, :, part] = jets.transpose(0, 2, 1).reshape(*planes.shape[:2], -1, shape[-1])

        each = rows * thread_count()
        for top in range(0, len(x), each):
            yield None
            shared_out(some, range(top, min(top + each, len(x)), rows))
        return planes.reshape(-1, *x.shape)


def _apart(values: Float32) -> Float32:
    """(rows, columns, 3 · outputs) as (3, rows, columns, outputs)."""
    return np.moveaxis(values.reshape(*values.shape[:2], 3, -1), 2, 0)
