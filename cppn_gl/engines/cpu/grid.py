"""Evaluates networks on grids on the CPU, by the kernels of nn: the native library's, or NumPy's.

    Network, Viewport, Clock -> GridEvaluator.draw(region): display values, samples averaged
                                             .outputs(region): raw outputs, sample by sample
                                             .units(size): all units of all stages
                                             .values(x, y): outputs at any points

Where the points lie, and what they have to do with pixels, is in engines/grid.py. A network whose
units see no neighbours is evaluated at the samples themselves.
"""

import time as wall
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.evaluator import Evaluator, channels
from cppn_gl.engines.cpu.products import contribution
from cppn_gl.engines.grid import (
    BLOCK,
    Lattice,
    Piece,
    Plan,
    Source,
    alive,
    blocks,
    lattices,
    resampled,
    sample_points,
    work_of,
)
from cppn_gl.engines.rates import RateKey, Rates
from cppn_gl.nn import native_grid
from cppn_gl.nn.features import Clock
from cppn_gl.nn.grid import GridKernel, NumPyKernel, Planes, cropped, run, stage_work
from cppn_gl.nn.native_grid import NativeKernel
from cppn_gl.nn.network import Network
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Box, Float32, Float64
from cppn_gl.utils.tasks import Stepping, Steps, at_once, share, within
from cppn_gl.utils.threads import shared_out

STEP = 0.01  # seconds
FINISHED = 2**15  # values that a thread colours at once
PATCHES = 2**16  # positions of patches that are evaluated at once

Visit = Callable[[int, Planes | None, Planes], None]


def kernel_for(network: Network) -> GridKernel:
    """The native kernel if it can compute the network's stages, else NumPy's."""
    return NumPyKernel() if native_grid.unsupported(network.stages) else NativeKernel()


class GridEvaluator(Evaluator):
    """Evaluates a network on grids, in float32. `kernel`: by default `kernel_for(network)`."""

    def __init__(
        self, network: Network, view: Viewport, clock: Clock, kernel: GridKernel | None = None
    ):
        self.network, self._view, self._clock = network, view, clock
        self._kernel = kernel or kernel_for(network)
        self._source = Source(network, clock)
        self._work = [stage_work(stage) for stage in network.stages]
        self.worked = 0.0  # multiplications so far

    def draw(self, region: Region) -> Steps[Float32]:
        """Display values (height, width, channels) in which samples are averaged.

        The whole part is drawn, whatever boxes the region has. Yields the fraction done.
        """
        (width, height), samples = region.part, len(region.jitters)
        values = np.empty((height, width, self.network.channels), np.float32)
        parts = self._blocks(region)
        for number, part in enumerate(parts):
            left, top = part.offset[0] - region.offset[0], part.offset[1] - region.offset[1]
            into = values[top : top + part.part[1], left : left + part.part[0]]
            into[:] = 0
            before = yield from share(self._prepared(part), *_share(number, len(parts)))
            for sample in part.each_sample():
                outputs = before(sample) if before else (yield from self._direct(sample))
                self._add(outputs, into, samples)
                yield None
        return values

    def outputs(self, region: Region) -> Steps[Float32]:
        """Raw outputs (height, width, outputs) of a region with one sample per pixel."""
        (width, height), parts = region.part, self._blocks(region)
        values = np.empty((height, width, self.network.outputs), np.float32)
        for number, part in enumerate(parts):
            left, top = part.offset[0] - region.offset[0], part.offset[1] - region.offset[1]
            before = yield from share(self._prepared(part), *_share(number, len(parts)))
            found = before(part) if before else (yield from self._direct(part))
            values[top : top + part.part[1], left : left + part.part[0]] = found
            yield None
        return values

    def picture(self, size: tuple[int, int]) -> Generator[None, None, Float32]:
        task = Stepping(self.draw(Region.of(size)))
        while not task.step(within(STEP)):
            yield
        assert task.result is not None
        return task.result

    def units(
        self, size: tuple[int, int], most: int | None = None
    ) -> Steps[list[tuple[Float32, Float32]]]:
        """Pre-activations and units of each stage at the pixel centres of a picture of `size`.

        (height, width, units) each, interpolated as outputs are. `most`: of so many units, the
        first ones, of each stage. Yields the fraction done.
        """
        region = Region.of(size)
        found = [
            tuple(
                np.zeros((*size[::-1], len(range(stage.units)[:most])), np.float32)
                for _ in range(2)
            )
            for stage in self.network.stages
        ]
        if self.network.radius == 0:
            yield from self._each_direct(region, found)
            return found  # type: ignore[return-value]
        lattice = Lattice.of(self.network, self._view, region)
        plan, box = Plan(self.network, lattice), lattice.rectangle(region)
        places = lattice.places(region, 0), lattice.places(region, 1)
        whole, done = plan.work(box), 0.0
        for piece in plan.pieces(box):
            corners = Corners(piece, places)

            def visit(
                number: int, pre: Planes | None, units: Planes, at: Corners = corners
            ) -> None:
                cut = self.network.radius - self.network.stages[number].radius
                assert pre is not None
                for planes, into in zip((pre, units), found[number], strict=True):
                    at.add(planes[:most], cut, into)

            work = work_of(self.network, *piece.size)
            steps = self._run_piece(piece, visit, pre=True)
            yield from share(steps, done / whole, (done + work) / whole)
            done += work
        return found  # type: ignore[return-value]

    def values(self, x: Float64, y: Float64) -> Float32:
        """Raw outputs (N, outputs) at points x, y, (N,) each, in input units."""
        margin, step = self.network.radius, self.network.step
        side = 2 * margin + 1
        reach = step * np.arange(-margin, margin + 1)
        found = np.empty((len(x), self.network.outputs), np.float32)
        count = max(1, PATCHES // side**2)
        for start in range(0, len(x), count):
            some = slice(start, start + count)
            u, v = x[some, None, None] + reach, y[some, None, None] - reach[:, None]
            source = self._source.planes(u, v)
            last = Last(self.network)
            at_once(self._run(source, -margin, last))
            found[some] = last.inner[:, ::side, 0].T
        return found

    def _blocks(self, region: Region) -> list[Region]:
        """A region in parts, each with little enough memory."""
        if self.network.radius == 0:
            channels = alive(self.network.stages, len(self.network.inputs))
            rows = max(1, BLOCK // (4 * channels * region.part[0]))
            width, height = region.part
            return [
                region.cut(0, top, width, min(rows, height - top)) for top in range(0, height, rows)
            ]
        return blocks(self._plan(region), region)

    def _plan(self, region: Region) -> Plan:
        return Plan(self.network, Lattice.of(self.network, self._view, region))

    def _prepared(self, region: Region) -> Steps[Callable[[Region], Float32] | None]:
        """What gives the raw outputs at each of a region's samples; None without a lattice."""
        if self.network.radius == 0:
            return None
        plan = self._plan(region)
        lattice, box = plan.lattice, plan.lattice.rectangle(region)
        values = yield from self._evaluated(plan, box)

        def at(sample: Region) -> Float32:
            x, y = (lattice.places(sample, axis) for axis in (0, 1))
            return resampled(values, x, y, exact=lattice.scale == 1, first=box[:2])

        return at

    def _evaluated(self, plan: Plan, box: Box) -> Steps[Float32]:
        """The outputs (rows, columns, outputs) at a lattice's points, as kept or evaluated now."""
        kind = type(self._kernel).__name__
        key = kind, identity(self.network, self._clock), plan.lattice.identity
        found = lattices.find(key, box)
        if found is not None:
            return found
        left, top, right, bottom = box
        values = np.empty((bottom - top, right - left, self.network.outputs), np.float32)
        whole, done = plan.work(box), 0.0
        for piece in plan.pieces(box):
            last, work = Last(self.network), work_of(self.network, *piece.size)
            steps = self._run_piece(piece, last)
            yield from share(steps, done / whole, (done + work) / whole)
            piece.place(last.inner, values, box)
            done += work
        lattices.put(key, box, values)
        return values

    def _run_piece(self, piece: Piece, visit: Visit, *, pre: bool = False) -> Steps[None]:
        source = yield from self._source.filled(*piece.points())
        yield from self._run(source, piece.left - piece.margin, visit, pre=pre)

    def _run(self, source: Planes, left: int, visit: Visit, *, pre: bool = False) -> Steps[None]:
        """Run the stages over planes of features, and `visit` each as it is done."""
        whole, done = sum(self._work), 0.0
        self.worked += work_of(self.network, source.shape[2], source.shape[1])
        deadline = yield 0.0
        steps = run(
            self.network.stages, source, self._kernel, pre=pre, left=left, deadline=deadline
        )
        found = next(steps, None)
        while True:
            if found is not None:
                visit(*found)
                done += self._work[found[0]]
                del found  # or its planes would live as long as the next stage
            deadline = yield done / whole
            try:
                found = steps.send(deadline)
            except StopIteration:
                return

    def _direct(self, region: Region) -> Steps[Float32]:
        """Raw outputs at the samples of a region with one sample per pixel, without a lattice."""
        last = Last(self.network)
        source = yield from self._source.filled(*sample_points(region, self._view))
        yield from self._run(source, region.offset[0], last)
        return last.inner.transpose(1, 2, 0)

    def _each_direct(self, region: Region, found: Any) -> Steps[None]:
        def visit(number: int, pre: Planes | None, units: Planes) -> None:
            assert pre is not None
            for planes, into in zip((pre, units), found[number], strict=True):
                into[:] = planes[: into.shape[2]].transpose(1, 2, 0)

        source = yield from self._source.filled(*sample_points(region, self._view))
        yield from self._run(source, 0, visit, pre=True)

    def _add(self, outputs: Float32, into: Float32, samples: int) -> None:
        """Add the display values of a sample to a picture."""
        rows = max(1, FINISHED // outputs.shape[1])

        def some(start: int) -> None:
            part = outputs[start : start + rows]
            shown = channels(part.reshape(-1, part.shape[2]), self.network)
            values = contribution(shown, samples).reshape(*part.shape[:2], -1)
            into[start : start + rows] += values

        shared_out(some, range(0, len(outputs), rows))


class Last:
    """Visits stages and keeps the planes of the last one: the outputs."""

    def __init__(self, network: Network):
        self._number = len(network.stages) - 1
        self._cut = network.radius - network.stages[-1].radius
        self.inner: Planes = np.empty((0, 0, 0), np.float32)  # what the whole network reaches

    def __call__(self, number: int, pre: Planes | None, units: Planes) -> None:
        if number == self._number:
            self.inner = cropped(units, self._cut)


class Corners:
    """Which of a piece's points pixels are interpolated from, and with which weights."""

    def __init__(self, piece: Piece, places: tuple[Float64, Float64]):
        self._piece = piece
        starts = piece.columns, piece.rows
        self._axes = [
            [self._axis(start, axis, places[axis]) for start in starts[axis]] for axis in (0, 1)
        ]

    def _axis(self, start: int, axis: int, places: Float64) -> list[tuple[Any, Any, Float32]]:
        """Pixels, points of a phase, and weights, for the lower and the upper neighbour."""
        low = np.floor(places).astype(np.int64)
        part, found = places - low, []
        for corner, weight in ((low, 1 - part), (low + 1, part)):
            point, rest = np.divmod(corner - start, self._piece.lattice.k)
            inside = (rest == 0) & (point >= 0) & (point < self._piece.shape[axis]) & (weight > 0)
            pixels = np.flatnonzero(inside)
            found.append((pixels, point[pixels], weight[pixels].astype(np.float32)))
        return found

    def add(self, planes: Planes, cut: int, into: Float32) -> None:
        """Add planes (units, height, width) of a stage to a picture (height, width, units).

        `cut`: how much wider than the piece's points they are, on each side.
        """
        rise = self._piece.shape[1] + 2 * self._piece.margin
        with np.errstate(all="ignore"):
            for number, (across, down) in enumerate(zip(*self._axes, strict=True)):
                for rows, y, upper in down:
                    for columns, x, lower in across:
                        if len(rows) and len(columns):
                            top = number * rise + cut
                            near = planes[:, (y + top)[:, None], (x + cut)[None]].transpose(1, 2, 0)
                            weight = upper[:, None, None] * lower[:, None]
                            into[np.ix_(rows, columns)] += near * weight


def _share(number: int, count: int) -> tuple[float, float]:
    return number / count, (number + 1) / count


def drawn(
    rates: Rates, target: Any, scene: Scene, region: Region, kind: RateKey, kernel: GridKernel
) -> Steps[None]:
    """Draw a region into a target of its size. `kind`: the key of the rate."""
    evaluator = GridEvaluator(scene.network, scene.view, scene.clock, kernel)
    steps = evaluator.draw(region)
    spent, started = 0.0, wall.perf_counter()
    try:
        fraction = next(steps)
        while True:
            spent += wall.perf_counter() - started
            deadline = yield fraction
            started = wall.perf_counter()
            fraction = steps.send(deadline)
    except StopIteration as end:
        if evaluator.worked:  # not what was kept
            rates.record(kind, evaluator.worked, spent + wall.perf_counter() - started)
        target.write(end.value)
