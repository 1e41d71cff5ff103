"""Where networks on grids are evaluated: the lattice of a picture, its phases, tiles and cache.

    network, view, region -> Lattice.of() -> .rectangle(region): the points that its samples need
    rectangle -> Plan.pieces(): features with a margin, cut so that memory is bounded
              -> an engine evaluates each -> Piece.place(): the outputs at the lattice's points
    outputs -> resampled(): at the sample positions of pixels

A network's taps are `network.step` apart. Where samples of a picture are step / k apart, k whole,
the lattice is that of the samples; otherwise it is the one of the next finer such distance. Its
origin is the middle of the picture, so that samples of an exact lattice are its points. Outputs
between its points are interpolated bilinearly. Where the taps are much closer together than the
samples, these are the points themselves, which is cheaper than to evaluate all that lies between.

The points of a lattice of step / k fall into k² phases: those of one phase are a step apart, and
see each other's inputs. So a phase is an ordinary picture at the taps' own resolution, surrounded
by a margin of the network's radius. Small phases are stacked on top of each other; what lies
between them is computed, too, and not used.

A point's position depends on its number and on k alone, so pictures of two sizes agree to the bit
where they share points.

Deep zooms: features are rounded to float32 at every tap, so that a view less than 10⁻⁶ of its
centre's distance from the origin shows steps. Folding the centre into the biases of the first
convolutions, in float64, was measured and does not help: their sums are as large, and rounded, too.
"""

import dataclasses
import math
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cppn_gl.engines.base import Region
from cppn_gl.engines.geometry import pixel_points, sample_jitters
from cppn_gl.nn.features import Clock
from cppn_gl.nn.grid import Planes, stage_work
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.network import Network, Stage
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Box, Float32, Float64, Size
from cppn_gl.utils.tasks import Steps, at_once
from cppn_gl.utils.threads import shared_out, thread_count

MARGINS = 8  # radii in the height of a band
SAMPLES = 2  # N of the N × N samples per pixel where samples are "auto"
PIECE = 64 * 2**20  # bytes of the planes that are alive while a piece is evaluated; approximate
SMALL = 2**15  # positions; smaller phases are stacked up to it
FEWEST = 8  # taps along a side of a tile
BLOCK = 64 * 2**20  # bytes of the outputs of a lattice that are in memory at once; approximate
CACHE = 128 * 2**20  # bytes of the outputs of lattices that are kept: 1920×1080 with 2×2 samples
WHOLE = 1e-9  # relative: closer to a whole number is one
POINTS = 2**14  # whose features are computed at once
ROWS = 32  # that are resampled at once


@dataclass(frozen=True)
class Lattice:
    """The points at which a picture's outputs are evaluated.

    Point i, j (to the right, down) lies at center + ((2 i + odd) / (2 k), -(…)) · step. `scale`:
    points per distance between samples, at least 1, and exactly 1 where samples are points.
    `density`: samples per pixel side. `apart`: if not 0, the samples themselves are the points, and
    no two share taps: point i lies at center + (2 i + odd) / 2 · apart, in a phase of its own.
    """

    center: tuple[float, float]
    step: float
    k: int
    odd: tuple[int, int]
    scale: float
    density: int
    apart: float = 0.0

    @classmethod
    def of(cls, network: Network, view: Viewport, region: Region) -> "Lattice":
        """The lattice of the picture that a region belongs to."""
        density = region.density
        pitch = 2 * view.extent / (min(region.size) * density)
        ratio = network.step / pitch
        k = max(1, math.ceil(ratio * (1 - WHOLE)))
        exact = abs(k - ratio) <= WHOLE * k
        width, height = (1 - side * density % 2 for side in region.size)
        scale, odd, (x, y) = 1.0 if exact else k / ratio, (width, height), view.center
        if scale**2 > patch_work(network):
            k = max(region.size) * density + 1
            return cls((x, y), network.step, k, odd, 1.0, density, apart=pitch)
        return cls((x, y), network.step, k, odd, scale, density)

    @property
    def identity(self) -> Hashable:
        """What the places of its points depend on."""
        return self.center, self.step, self.k, self.odd, self.apart

    def x(self, numbers: Any) -> Float64:
        """x of columns of points."""
        return np.asarray(self.center[0] + self._distance(numbers, 0))

    def y(self, numbers: Any) -> Float64:
        """y of rows of points; they count downwards."""
        return np.asarray(self.center[1] - self._distance(numbers, 1))

    def _distance(self, numbers: Any, axis: int) -> Any:
        """How far points are from the centre."""
        if self.apart:
            return (2 * numbers + self.odd[axis]) / 2 * self.apart
        return (2 * numbers + self.odd[axis]) / (2 * self.k) * self.step

    def places(self, region: Region, axis: int) -> Float64:
        """The samples of a region with one sample per pixel, in numbers of points, along an axis.

        Whole numbers where samples are points.
        """
        ((right, down),) = region.jitters
        first, size = region.offset[axis], region.size[axis]
        pixels = np.arange(first, first + region.part[axis]) + 0.5 + (right, down)[axis] - size / 2
        found = self.density * pixels * self.scale - self.odd[axis] / 2
        return np.round(found) if self.scale == 1 else np.asarray(found)

    def rectangle(self, region: Region) -> Box:
        """The points that the samples of a region need: left, top, right, bottom, exclusive.

        All samples of its pixels, also if the region has one of them: so that these are one box.
        """
        more = 1 if self.scale == 1 else 2
        jitters = sample_jitters(self.density)
        corners = jitters[0], jitters[-1]
        first, last = (dataclasses.replace(region, jitters=(one,)) for one in corners)
        (left, top), (right, bottom) = (
            [int(np.floor(self.places(sample, axis)[end])) for axis in (0, 1)]
            for sample, end in ((first, 0), (last, -1))
        )
        return left, top, right + more, bottom + more


@dataclass(frozen=True)
class Run:
    """Phases along an axis: each has `count` points, which begin at the `starts` and are k apart.

    `tap`: the number of the first tap, the same for all of them.
    """

    starts: tuple[int, ...]
    count: int
    tap: int


def runs(low: int, high: int, k: int, most: int) -> list[Run]:
    """The phases of the points from `low` to before `high`, in tiles of at most `most` points."""
    found: list[Run] = []
    for tap in range(low // k, (high - 1) // k + 1):
        first, end = max(low, tap * k), min(tap * k + k, high, low + k)
        if first >= end:
            break
        split = min(max(first, high - (high - 1 - first) // k * k), end)  # counts fall by 1 here
        for start, stop in ((first, split), (split, end)):
            count = -(-(high - start) // k)
            if start >= stop:
                continue
            side = -(-count // -(-count // most))
            for done in range(0, count, side):
                starts = tuple(range(start + k * done, stop + k * done))
                found.append(Run(starts, min(side, count - done), tap + done))
    return found


@dataclass(frozen=True)
class Piece:
    """Phases that are evaluated together, stacked from top to bottom.

    `columns`, `rows`: the numbers of the first point of each, to the right and down; `shape`: width
    and height of each, in points; `left`: the first column's tap. `margin`: in taps.
    """

    lattice: Lattice
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    shape: tuple[int, int]
    left: int
    margin: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its planes of features, with the margin."""
        width, height = (side + 2 * self.margin for side in self.shape)
        return width, height * len(self.rows)

    def points(self) -> tuple[Float64, Float64]:
        """x (phases, 1, width) and y (phases, height, 1) of its planes of features."""
        k, step = self.lattice.k, self.lattice.step
        columns, rows = np.array(self.columns)[:, None], np.array(self.rows)[:, None]
        across, down = (np.arange(-self.margin, side + self.margin) for side in self.shape)
        if self.lattice.apart:
            x, y = self.lattice.x(columns) + step * across, self.lattice.y(rows) - step * down
        else:
            x, y = self.lattice.x(columns + k * across), self.lattice.y(rows + k * down)
        return x[:, None, :], y[:, :, None]

    def place(self, planes: Planes, into: Float32, box: Box) -> None:
        """Copy its outputs (outputs, height, width), without the margin, to where they belong.

        `into`: (rows, columns, outputs) of the lattice's points in `box`.
        """
        k, (width, height), rise = self.lattice.k, self.shape, self.shape[1] + 2 * self.margin
        for number, (column, row) in enumerate(zip(self.columns, self.rows, strict=True)):
            left, top = column - box[0], row - box[1]
            found = planes[:, number * rise : number * rise + height]
            rows = slice(top, top + k * (height - 1) + 1, k)
            into[rows, left : left + k * (width - 1) + 1 : k] = found.transpose(1, 2, 0)


class Plan:
    """How a lattice is evaluated: the pieces of a rectangle of points, and their work."""

    def __init__(self, network: Network, lattice: Lattice, piece: int | None = None):
        self.network, self.lattice = network, lattice
        self.margin = network.radius
        positions = (piece or PIECE) // (4 * alive(network.stages, len(network.inputs)))
        self._positions = max(positions, (FEWEST + 2 * self.margin) ** 2)

    def _stacks(self, box: Box) -> Iterator[tuple[Run, Run, int]]:
        """Runs of columns and of rows, and how many of their phases a piece stacks."""
        margin, k, most = self.margin, self.lattice.k, self._positions
        left, top, right, bottom = box
        side = math.isqrt(most) - 2 * margin
        widest = -(-(right - left) // k)
        wide = widest if widest <= 2 * side else side
        high = max(FEWEST, most // (wide + 2 * margin) - 2 * margin)
        for across in runs(left, right, k, wide):
            for down in runs(top, bottom, k, high):
                each = (across.count + 2 * margin) * (down.count + 2 * margin)
                yield across, down, max(1, min(SMALL, most) // each)

    def pieces(self, box: Box) -> Iterator[Piece]:
        """The pieces of a rectangle of points: each point is in one of them."""
        for across, down, stacked in self._stacks(box):
            shape, count = (across.count, down.count), len(across.starts)
            for first in range(0, count * len(down.starts), stacked):
                numbers = range(first, min(first + stacked, count * len(down.starts)))
                columns = tuple(across.starts[n % count] for n in numbers)
                rows = tuple(down.starts[n // count] for n in numbers)
                yield Piece(self.lattice, columns, rows, shape, across.tap, self.margin)

    def work(self, box: Box) -> float:
        """Estimated multiplications, margins included."""
        total, margin = 0.0, 2 * self.margin
        for across, down, stacked in self._stacks(box):
            whole, rest = divmod(len(across.starts) * len(down.starts), stacked)
            width, height = across.count + margin, down.count + margin
            total += whole * work_of(self.network, width, height * stacked)
            total += work_of(self.network, width, height * rest) if rest else 0.0
        return total


def work_of(network: Network, width: int, height: int) -> float:
    """Estimated multiplications on planes of features of a size."""
    return sum(
        (width - 2 * stage.radius) * (height - 2 * stage.radius) * stage_work(stage)
        for stage in network.stages
    )


def patch_work(network: Network) -> float:
    """The work of a point that shares nothing with others, over that of one among many.

    Of stacked patches the columns of the margin are left out stage by stage, but not the rows.
    """
    whole, reach = sum(map(stage_work, network.stages)), 2 * network.radius + 1
    across = sum((reach - 2 * stage.radius) * stage_work(stage) for stage in network.stages)
    return reach * across / whole


def picture_work(network: Network, view: Viewport, region: Region) -> float:
    """Estimated multiplications of drawing a region of a picture, margins included.

    Coarse pictures are not much cheaper than those whose pixels are as far apart as the taps: all
    taps are evaluated, unless the pixels are so far apart that patches of taps are cheaper.
    """
    if network.radius == 0:
        return len(region.jitters) * work_of(network, *region.part)
    lattice = Lattice.of(network, view, region)
    plan = Plan(network, lattice)
    return sum(plan.work(lattice.rectangle(part)) for part in blocks(plan, region))


def blocks(plan: Plan, region: Region) -> list[Region]:
    """A region cut so that the outputs at a part's points fit into BLOCK bytes, in reading order.

    The parts are about as wide as high, so that their margins are small.
    """
    width, height = region.part
    box = plan.lattice.rectangle(region)
    points = (box[2] - box[0]) * (box[3] - box[1])
    count = -(-points * 4 * plan.network.outputs // BLOCK)
    if count <= 1:
        return [region]
    side = math.sqrt(width * height / count)
    across, down = max(1, round(width / side)), max(1, round(height / side))
    while across * down < count:
        across, down = (across + 1, down) if width / across > height / down else (across, down + 1)
    wide, high = -(-width // (4 * across)) * 4, -(-height // down)  # whole texels of planes
    return [
        region.cut(left, top, min(wide, width - left), min(high, height - top))
        for top in range(0, height, high)
        for left in range(0, width, wide)
    ]


def fewest_rows(network: Network, view: Viewport, size: Size, most: int) -> int:
    """Rows of bands of a picture that cost little more than the whole: at most `most` pixels.

    Their margins, of which half is computed on average, are a quarter of their height.
    """
    taps = 2 * view.extent / (min(size) * network.step)  # between rows of pixels
    return int(min(MARGINS * network.radius / taps, most // size[0], size[1]))


def settled(network: Network, region: Region) -> Region:
    """The region with SAMPLES × SAMPLES samples, if it is adaptive and the network on grids.

    All points of a lattice are evaluated anyhow, so that nothing is saved by fewer samples.
    """
    return region.sampled(SAMPLES) if region.adaptive and network.by_grid else region


def parts_of(network: Network, view: Viewport, region: Region) -> list[Region]:
    """A region in parts whose lattice is kept from one sample to the next."""
    if not (network.by_grid and network.radius and region.additive):
        return [region]
    return blocks(Plan(network, Lattice.of(network, view, region)), region)


def sample_points(region: Region, view: Viewport) -> tuple[Float64, Float64]:
    """x and y of the first sample of each of a region's pixels, (rows, columns)."""
    (left, top), (width, height) = region.offset, region.part
    return pixel_points(
        region.size,
        view.center,
        view.extent,
        rows=slice(top, top + height),
        columns=slice(left, left + width),
        jitter=region.jitters[0],
    )


def alive(stages: Sequence[Stage], inputs: int) -> int:
    """The most channels that are in memory at once while stages are run."""
    last_use = {i: number for number, stage in enumerate(stages) for i in stage.inputs}
    channels, most = {SOURCE: inputs}, inputs
    for number, stage in enumerate(stages):
        channels[number] = stage.units
        most = max(most, sum(channels.values()))
        channels = {i: c for i, c in channels.items() if last_use.get(i, -2) > number}
    return most


@dataclass(frozen=True)
class Source:
    """The input features of a network at a time."""

    network: Network
    clock: Clock

    def planes(self, x: Float64, y: Float64) -> Planes:
        """`filled` at once."""
        return at_once(self.filled(x, y))

    def filled(self, x: Float64, y: Float64) -> Steps[Planes]:
        """The features at points x, y, which are broadcast to (…, height, width), as planes.

        (inputs, height, width) float32; leading axes are stacked from top to bottom. Yields now and
        then.
        """
        *leading, height, width = np.broadcast_shapes(x.shape, y.shape, (1, 1))
        count = math.prod(leading)
        u, v = (np.broadcast_to(a, (*leading, *a.shape[-2:])) for a in np.atleast_2d(x, y))
        u, v = (a.reshape(count, *a.shape[-2:]) for a in (u, v))
        together = max(1, POINTS // (height * width))
        rows = height if together > 1 else max(1, POINTS // width)
        planes = np.empty((len(self.network.inputs), count, height, width), np.float32)
        pieces = [(i, row) for i in range(0, count, together) for row in range(0, height, rows)]

        def some(number: int) -> None:
            first, row = pieces[number]
            of, lines = slice(first, first + together), slice(row, row + rows)
            one, other = (a[of] if a.shape[1] == 1 else a[of, lines] for a in (u, v))
            values = self.network.features(one, other, self.clock)
            planes[:, of, lines] = np.moveaxis(values, -1, 0)

        for done in range(0, len(pieces), thread_count()):
            yield None
            shared_out(some, range(done, min(done + thread_count(), len(pieces))))
        return planes.reshape(len(planes), -1, width)


def resampled(
    values: Float32, x: Float64, y: Float64, *, exact: bool, first: tuple[int, int] = (0, 0)
) -> Float32:
    """Values (rows, columns, n) at columns x and rows y, in points: (len(y), len(x), n).

    Interpolated bilinearly; `exact`: x and y are whole. `first`: the numbers of the first column
    and row of the values.
    """
    out = np.empty((len(y), len(x), values.shape[2]), np.float32)
    floors = np.floor(x), np.floor(y)
    right_part = (x - floors[0]).astype(np.float32)[:, None]
    lower_part = (y - floors[1]).astype(np.float32)[:, None, None]
    # Rounded down before `first` is subtracted, which may round a place up to the next point.
    left, top = (a.astype(np.intp) - start for a, start in zip(floors, first, strict=True))

    def some(start: int) -> None:
        rows = slice(start, start + ROWS)
        if exact:
            out[rows] = values[top[rows]][:, left]
            return
        with np.errstate(all="ignore"):
            above = values[top[rows]]
            between = above + lower_part[rows] * (values[top[rows] + 1] - above)
            before = between[:, left]
            out[rows] = before + right_part * (between[:, left + 1] - before)

    shared_out(some, range(0, len(y), ROWS))
    return out


class Lattices:
    """The outputs at lattices' points, kept for samples and colours: the least recently used go.

    Thread-safe; of all of them together, at most `limit` bytes.
    """

    def __init__(self, limit: float = CACHE):
        self.limit, self._lock = limit, threading.Lock()
        self._kept: OrderedDict[tuple[Hashable, Box], Float32] = OrderedDict()

    def find(self, key: Hashable, box: Box) -> Float32 | None:
        """The outputs (rows, columns, outputs) at the points of a box; None if they are not kept.

        They may be part of those of a larger box.
        """
        with self._lock:
            for (of, kept), values in reversed(self._kept.items()):
                if of == key and contains(kept, box):
                    self._kept.move_to_end((of, kept))
                    left, top = box[0] - kept[0], box[1] - kept[1]
                    return values[top : top + box[3] - box[1], left : left + box[2] - box[0]]
        return None

    def put(self, key: Hashable, box: Box, values: Float32) -> None:
        """Keep outputs, unless they exceed the limit; they must not be changed any more."""
        if values.nbytes > self.limit:
            return
        values.flags.writeable = False
        with self._lock:
            self._kept[key, box] = values
            while sum(one.nbytes for one in self._kept.values()) > self.limit:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()


def contains(outer: Box, box: Box) -> bool:
    """Whether a box lies within another."""
    return outer[0] <= box[0] and outer[1] <= box[1] and box[2] <= outer[2] and box[3] <= outer[3]


lattices = Lattices()
