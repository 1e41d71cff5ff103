"""The value range that is mapped to [0, 1]: of the output activation, or measured over the view.

    Scene -> value_range_steps() -> ValueRange
    outputs of pictures of a scene -> measure() -> Statistics (see value_range.py)

Values are measured on a grid of about POINTS points over the view, independent of the picture's
size, tiles, samples and engine, so the range is too. Values between the grid points that lie
outside the range are clamped.
"""

import math
from collections.abc import Callable, Generator, Hashable
from typing import Any

from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.preset.color import ValueRange
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.preset.value_range import Statistics, default_range, statistics, stretched_range
from cppn_gl.utils.arrays import Float32, Size
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import at_once

POINTS = 128 * 128
MAX_SIDE = 4096  # points along a side of the grid
MAX_CACHED = 8

Steps = Generator[None, None, ValueRange]
Measure = Callable[[Size], Generator[Any, Any, list[Float32]]]

_cache: LRUCache[Hashable, list[Statistics]] = LRUCache(MAX_CACHED)


def grid(shape: Size) -> Size:
    """The grid's (width, height) for a picture of size `shape`: about POINTS in all."""
    ratio = math.sqrt(shape[0] / shape[1])
    side = math.sqrt(POINTS)
    across, down = round(side * ratio), round(side / ratio)
    return min(max(across, 1), MAX_SIDE), min(max(down, 1), MAX_SIDE)


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
    found = _cache.find(key)
    if found is None:
        found = []
        for outputs in (yield from values(size)):
            found.append(statistics(outputs))
            yield
        found = _cache.put(key, found)
    return found


def value_range(scene: Scene, shape: Size) -> ValueRange:
    """`value_range_steps` run to its end."""
    return at_once(value_range_steps(scene, shape))


def _key(scene: Scene, size: Size) -> Hashable:
    return identity(scene.network, scene.clock), scene.view, size


def _values(scene: Scene, size: Size) -> Generator[None, None, Float32]:
    """The outputs (N, 3) at the grid's points, magenta where one is not finite."""
    values = yield from evaluator(scene.network, scene.view, scene.clock).picture(size)
    return values.reshape(-1, values.shape[2])[:, :3]
