"""The losses that a landscape shows: the plane, what of it is in sight, and the losses on a grid.

    Scene -> Plane -> sight() -> Sight -> LossMaps.steps() -> LossMap, cached

A grid is as fine as the picture that it is for, within MOST points and WORK. Of two grids for the
same plane the finer one is kept: turning a surface, and drawing again in another size, evaluates
nothing that is known.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.training.dense_trainer import DenseTrainer
from cppn_gl.nn.training.landscape import (
    UNIT,
    Plane,
    landscape,
    path_of,
    path_plane,
    points_of,
    random_plane,
)
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene
from cppn_gl.preset.show import LossLandscapeOptions
from cppn_gl.utils.arrays import Float32, Float64, Size
from cppn_gl.utils.cache import MB, LRUCache
from cppn_gl.utils.tasks import Steps, share
from cppn_gl.views.plots.learning import log_limits

CELL = 6.0  # pixels from point to point of a grid, at least
MOST, LEAST = 12_000, 9  # points of a picture's grid at most, and along a side at least
WORK = 4e9  # multiplications of a grid, about a second or two
LARGE = 2**20  # pixels of a picture from which on a grid has more points
AROUND = 1.4  # of a path, with room around it
TOP = 0.985  # of the losses in sight lie below the upper end of the colour scale
LOWEST, DECADES = 1e-12, 4  # the least loss shown, and the most decades of the scale
KEPT = 48 * MB  # of cached maps, and of planes


@dataclass(frozen=True)
class Sight:
    """The part of a plane that is in sight: its centre and its half sides along a and b."""

    center: tuple[float, float]
    half: tuple[float, float]

    def places(self, counts: Size) -> tuple[Float64, Float64]:
        """The places a and b of a grid of so many points, from edge to edge."""
        across, up = (
            middle + half * np.linspace(-1, 1, count)
            for middle, half, count in zip(self.center, self.half, counts, strict=True)
        )
        return across, up

    def local(self, places: Float64) -> Float64:
        """Places (n, 2) from -1 to 1 in sight: to the right and up."""
        found: Float64 = (places - self.center) / np.array(self.half)
        return found


@dataclass(frozen=True, eq=False)
class LossMap:
    """The losses (m, n) of a grid over a plane in sight, row 0 at the bottom; limits of the scale.

    loss: at the plane's centre, of the network of the step shown. first: that of step 0, and NaN if
    it is not known.
    """

    plane: Plane
    sight: Sight
    losses: Float64
    limits: tuple[float, float]
    loss: float
    first: float

    @property
    def counts(self) -> Size:
        return self.losses.shape[1], self.losses.shape[0]

    @property
    def heights(self) -> Float32:
        """The places of the losses on the scale, from 0 to 1; those not finite are 1."""
        low, high = (math.log(limit) for limit in self.limits)
        with np.errstate(all="ignore"):
            found = (np.log(np.maximum(self.losses, LOWEST)) - low) / (high - low)
        return np.where(np.isfinite(self.losses), np.clip(found, 0, 1), 1).astype(np.float32)

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Where the loss is not finite."""
        return ~np.isfinite(self.losses)

    def height_at(self, local: Float64) -> Float64:
        """The height from 0 to 1 at places (n, 2) from -1 to 1 in sight; NaN out of it."""
        grid = self.heights.astype(np.float64)
        found: Float64 = np.full(len(local), np.nan)
        across, up = self.counts
        inside = (np.abs(local) <= 1).all(axis=1)
        x, y = ((local[inside] + 1) / 2 * (across - 1, up - 1)).T
        left, low = (np.clip(np.floor(v).astype(int), 0, n - 2) for v, n in ((x, across), (y, up)))
        u, v = x - left, y - low
        found[inside] = (
            grid[low, left] * (1 - u) * (1 - v)
            + grid[low, left + 1] * u * (1 - v)
            + grid[low + 1, left] * (1 - u) * v
            + grid[low + 1, left + 1] * u * v
        )
        return found

    def loss_of(self, height: float) -> float:
        """The loss of a height on the scale."""
        low, high = (math.log(limit) for limit in self.limits)
        return math.exp(low + height * (high - low))


def grid_counts(size: Size, work: float) -> Size:
    """The points of a grid along the sides of a picture, each of which takes so much work."""
    area = size[0] * size[1]
    most = min(MOST * max(1.0, min(4.0, area / LARGE)), WORK / work)
    cell = max(CELL, math.sqrt(area / most))
    across, up = (max(LEAST, round(side / cell) + 1) for side in size)
    return across, up


def cost(preset: Preset) -> float:
    """Approximate multiplications of the loss at one place."""
    trainer = preset.run.trainer
    assert isinstance(trainer, DenseTrainer)
    training = trainer.measured_points[0]
    each: int = trainer.problem.parameters + UNIT * trainer.problem.hidden + 30
    return float(each * training.stop)


def limits_of(losses: Float64, loss: float) -> tuple[float, float]:
    """Limits of the scale, 1, 2 or 5 times powers of ten: they seldom change while it trains."""
    good = losses[np.isfinite(losses)]
    known = np.append(good, loss) if math.isfinite(loss) else good
    if not known.size:
        return 0.1, 1.0
    high = max(float(np.quantile(known, TOP)), 2 * LOWEST)
    low = max(float(known.min()), LOWEST, high / 10**DECADES)
    return log_limits(np.array([low, high]))


class LossMaps:
    """The planes and losses of scenes, cached by all that they depend on."""

    def __init__(self) -> None:
        # Each with the finest grid so far: what a cache holds is not replaced.
        self._maps: LRUCache[Hashable, list[LossMap]] = LRUCache(
            KEPT, lambda key, maps: sum(of.losses.nbytes + of.plane.nbytes for of in maps) + 10_000
        )
        self._planes: LRUCache[Hashable, Plane] = LRUCache(KEPT, lambda key, of: of.nbytes)

    def find(self, scene: Scene, size: Size) -> LossMap | None:
        """The losses that are known of a scene in a picture shaped like one of `size`."""
        known = self._maps.find(self._key(scene, size))
        return known[-1] if known else None

    def steps(self, scene: Scene, size: Size, shape: Size) -> Steps[LossMap]:
        """The losses for a picture of `size` that represents one of size `shape`."""
        options, key = scene.options(LossLandscapeOptions), self._key(scene, shape)
        counts = grid_counts(_square(size) if options.raised else size, cost(scene.preset))
        found = self.find(scene, shape)
        if found is not None and min(np.subtract(found.counts, counts)) >= 0:
            return found
        trainer = scene.preset.run.trainer
        assert isinstance(trainer, DenseTrainer)
        plane = yield from self._plane(scene)
        seen = sight(plane, options, shape)
        points = points_of(trainer, options.measured)
        losses = yield from share(
            landscape(trainer.problem, plane, *seen.places(counts), points), 0.0, 0.95
        )
        here = yield from landscape(trainer.problem, plane, np.zeros(1), np.zeros(1), points)
        loss = float(here[0, 0])
        limits = options.limits or limits_of(losses, loss)
        begun = scene.preset.run.measures(0)
        first = begun.test_loss if options.measured == "tests" else begun.loss
        first = first if begun.step == 0 else math.nan
        found = LossMap(plane, seen, losses, limits, loss, first)
        self._maps.put(key, [found])[:] = [found]
        return found

    def _plane(self, scene: Scene) -> Steps[Plane]:
        options, run = scene.options(LossLandscapeOptions), scene.preset.run
        step = run.within(scene.preset.train.steps)
        key = run.digest, step, options.plane, options.directions
        found = self._planes.find(key)
        if found is None:
            yield from run.prepare(step)
            make = path_plane if options.plane == "path" else random_plane
            trainer = run.trainer
            assert isinstance(trainer, DenseTrainer)
            steps, path = path_of(run, step)
            yield None
            found = self._planes.put(key, make(trainer.problem, steps, path, options.directions))
        return found

    def _key(self, scene: Scene, size: Size) -> Hashable:
        options, run = scene.options(LossLandscapeOptions), scene.preset.run
        step = run.within(scene.preset.train.steps)
        shape = 1.0 if options.raised else round(size[0] / size[1], 2)
        chosen = options.plane, options.reach, options.directions, options.measured, options.limits
        return run.digest, step, shape, options.raised, chosen


def _square(size: Size) -> Size:
    return min(size), min(size)


def sight(plane: Plane, options: LossLandscapeOptions, size: Size) -> Sight:
    """What of a plane is in sight in a picture of `size`: of a surface a square."""
    wide, high = (1, 1) if options.raised else size
    if not plane.components:
        side = options.reach / min(wide, high)
        return Sight((0.0, 0.0), (side * wide, side * high))
    low, top = plane.path.min(axis=0), plane.path.max(axis=0)
    middle, half = (low + top) / 2, (top - low) / 2 * AROUND * options.reach
    unit = max(float(half[0]) / wide, float(half[1]) / high, 1e-12)
    return Sight((float(middle[0]), float(middle[1])), (unit * wide, unit * high))


def enlarged(grid: Float32, counts: Size) -> Float32:
    """A grid (m, n) interpolated to so many points across and up, from edge to edge, smoothly.

    By cubic splines of Catmull and Rom, which go through the values; straight on at the border.
    """
    up = weights_of(grid.shape[0], np.linspace(0, grid.shape[0] - 1, counts[1]))
    across = weights_of(grid.shape[1], np.linspace(0, grid.shape[1] - 1, counts[0]))
    found: Float32 = np.asarray(up @ grid @ across.T, np.float32)
    return found


def rows_of(grid: Float32, count: int, first: int, end: int) -> Float32:
    """Rows first … end of a grid that is enlarged to `count` rows, pixel centres from row 0 on."""
    places = (np.arange(first, end) + 0.5) / count * (grid.shape[0] - 1)
    found: Float32 = np.asarray(weights_of(grid.shape[0], places) @ grid, np.float32)
    return found


def weights_of(count: int, places: Float64) -> Float32:
    """The weights (n, count) of `count` values at places from 0 to count - 1."""
    left = np.clip(np.floor(places).astype(int), 0, count - 2)
    t = places - left
    cubic = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (t**3 - t**2) / 2,
    )
    found = np.zeros((len(places), count + 2))  # with a value more at each end
    row = np.arange(len(places))
    for offset, weight in enumerate(cubic):
        found[row, left + offset] = weight
    inner = found[:, 1:-1]
    # Straight on: the value before the first is 2 v₀ - v₁, that after the last likewise.
    inner[:, 0] += 2 * found[:, 0]
    inner[:, 1] -= found[:, 0]
    inner[:, -1] += 2 * found[:, -1]
    inner[:, -2] -= found[:, -1]
    return np.ascontiguousarray(inner, np.float32)
