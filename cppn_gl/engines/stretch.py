"""The value range that is mapped to [0, 1]: of the output activation, or measured over the view.

    Scene -> value_range_steps() -> ValueRange
    outputs of pictures of a scene -> measure() -> Statistics -> stretched_range() -> ValueRange

Values are measured on a grid of about POINTS points over the view, independent of the picture's
size, tiles, samples and engine, so the range is too. Values between the grid points that lie
outside the range are clamped.
"""

import math
from collections.abc import Callable, Generator, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.preset.color import MAPPINGS, ValueRange, broken, single
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.utils.arrays import Float32, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import at_once

POINTS = 128 * 128
MAX_SIDE = 4096  # points along a side of the grid
CLIPPED_PERCENT = 2.0  # clipped on each side by the percentile stretch
MIN_WIDTH = 1e-5  # of a range, relative to its values: smaller differences are rounding errors
HUGE = 1e37  # limit of a range's bounds: float32 must hold their difference
MAX_CACHED = 8

Steps = Generator[None, None, ValueRange]
# For each stretch the bounds (2, 4): low and high of red, green, blue and their mean.
Statistics = dict[str, NDArray[np.float64]]
Measure = Callable[[Size], Generator[None, None, list[Float32]]]

_cache: LRUCache[Hashable, list[Statistics]] = LRUCache(MAX_CACHED)


def grid(shape: Size) -> Size:
    """The grid's (width, height) for a picture of size `shape`: about POINTS in all."""
    ratio = math.sqrt(shape[0] / shape[1])
    side = math.sqrt(POINTS)
    across, down = round(side * ratio), round(side / ratio)
    return min(max(across, 1), MAX_SIDE), min(max(down, 1), MAX_SIDE)


def default_range(scene: Scene) -> ValueRange:
    """The value range without a stretch: of the colour mapping, or of the output activation."""
    own = MAPPINGS[scene.preset.color.mapping].span
    low, high = own or ACTIVATIONS[scene.network.drawn[-1].activation].span
    return ValueRange((low,) * 3, (high,) * 3)


def value_range_steps(scene: Scene, shape: Size) -> Steps:
    """The value range of a scene in a picture of size `shape`, of which only the ratio matters.

    A generator that yields about every 10 ms.
    """
    if scene.preset.color.stretch == "none":
        return default_range(scene)

    def values(size: Size) -> Generator[None, None, list[Float32]]:
        return [(yield from _values(scene, size))]

    (found,) = yield from measure(scene, grid(shape), values)
    return stretched_range(scene, found)


def measure(
    scene: Scene, size: Size, values: Measure, what: Hashable = ""
) -> Generator[None, None, list[Statistics]]:
    """Statistics of pictures of a scene, from the cache or measured by `values`.

    `values(size)`: a generator that returns the outputs (N, 3) of each picture on a grid of `size`;
    outputs that are not finite are magenta. `what`: identifies the pictures in the cache.
    """
    key = what, _key(scene, size)
    statistics = _cache.find(key)
    if statistics is None:
        statistics = []
        for outputs in (yield from values(size)):
            statistics.append(_statistics(outputs))
            yield
        statistics = _cache.put(key, statistics)
    return statistics


def stretched_range(scene: Scene, statistics: Statistics) -> ValueRange:
    """The value range of a scene with a stretch, from the statistics of its values."""
    default, color = default_range(scene), scene.preset.color
    mapping, bounds = MAPPINGS[color.mapping], statistics[color.stretch]
    low, high = bounds[:, :3] if mapping.channels == 3 else bounds[:, 3:].repeat(3, axis=1)
    if not (np.isfinite(low) & np.isfinite(high)).all():  # no finite value in the view
        return default
    center = (default.low[0] + default.high[0]) / 2 if mapping.signed else None
    return _widened(low, high, center)


def value_range(scene: Scene, shape: Size) -> ValueRange:
    """`value_range_steps` run to its end."""
    return at_once(value_range_steps(scene, shape))


def _key(scene: Scene, size: Size) -> Hashable:
    return identity(scene.network, scene.clock), scene.view, size


def _values(scene: Scene, size: Size) -> Generator[None, None, Float32]:
    """The outputs (N, 3) at the grid's points, magenta where one is not finite."""
    values = yield from evaluator(scene.network, scene.view, scene.clock).picture(size)
    return values.reshape(-1, 3)


def _statistics(values: NDArray[np.float32]) -> Statistics:
    good = values[~broken(values)].astype(np.float64)
    four = np.concatenate([good, single(good)], axis=1)
    if not len(four):
        four = np.full((1, 4), np.nan)
    return {
        "minmax": np.stack([four.min(axis=0), four.max(axis=0)]),
        "percentile": np.percentile(four, [CLIPPED_PERCENT, 100 - CLIPPED_PERCENT], axis=0),
    }


def _widened(low: NDArray[Any], high: NDArray[Any], center: float | None) -> ValueRange:
    """A range of at least MIN_WIDTH, symmetric about `center` if given."""
    low, high = (
        np.clip(low, -HUGE, HUGE),
        np.clip(high, -HUGE, HUGE),
    )
    middle = (low + high) / 2 if center is None else np.full(3, center)
    least = MIN_WIDTH * np.maximum(np.maximum(np.abs(low), np.abs(high)), MIN_WIDTH)
    half = np.maximum(np.maximum(high - middle, middle - low), least)
    low, high = middle - half, middle + half
    return ValueRange(tuple(low.tolist()), tuple(high.tolist()))
