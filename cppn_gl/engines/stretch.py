"""Which outputs become 0 and 1: by the output activation, or measured over the view.

    Scene -> ending() -> ValueRange, after some steps
    what another picture shows of it -> measured() -> Statistics -> ends() -> ValueRange

What is measured is measured at the POINTS of a grid over the view, whatever the picture's size, its
tiles, its samples and its engine are, so that none of these shows. Between the points there can
be a value beyond the lowest and the highest: it is cut off there.
"""

import math
from collections.abc import Callable, Generator, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import Blocks, Products
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.preset.color import MAPPINGS, ValueRange, broken, single
from cppn_gl.preset.scene import Scene, identity
from cppn_gl.utils.cache import LRUCache
from cppn_gl.utils.tasks import at_once
from cppn_gl.utils.threads import THREADS

POINTS = 128 * 128  # about
LONGEST = 4096  # points along a side of the grid
WIDE = 128  # units; a wider network is measured layer by layer, or a step would take too long
SHARE = 2.0  # percent, on each side, that a percentile stretch cuts off
LEAST = 1e-5  # of a range, relative to what lies in it: less is rounding
MOST = 1e37  # of an end; float32 has to hold their difference
KEPT = 8

Steps = Generator[None, None, ValueRange]
Size = tuple[int, int]
Floats = NDArray[np.float32]
Statistics = dict[str, NDArray[np.float64]]  # of each stretch
Measure = Callable[[Size], Generator[None, None, list[Floats]]]

_kept: LRUCache[Hashable, list[Statistics]] = LRUCache(KEPT)


def grid(shape: Size) -> Size:
    """The size of the grid for a picture of a shape, about POINTS in all."""
    ratio = math.sqrt(shape[0] / shape[1])
    side = math.sqrt(POINTS)
    across, down = round(side * ratio), round(side / ratio)
    return min(max(across, 1), LONGEST), min(max(down, 1), LONGEST)


def natural(scene: Scene) -> ValueRange:
    """The ends without a stretch: those of the mapping, or of the output activation."""
    own = MAPPINGS[scene.preset.color.mapping].span
    low, high = own or ACTIVATIONS[scene.network.drawn[-1].activation].span
    return ValueRange((low,) * 3, (high,) * 3)


def ending(scene: Scene, shape: Size) -> Steps:
    """The ends of a scene in a picture of a shape (a size, of which only the ratio matters).

    It yields wherever it may be interrupted for a while, some 10 ms apart at most.
    """
    if scene.preset.color.stretch == "none":
        return natural(scene)

    def values(size: Size) -> Generator[None, None, list[Floats]]:
        return [(yield from _values(scene, size))]

    (found,) = yield from measured(scene, grid(shape), values)
    return ends(scene, found)


def measured(
    scene: Scene, size: Size, values: Measure, what: Hashable = ""
) -> Generator[None, None, list[Statistics]]:
    """What is known of pictures of a scene, measured by `values` unless it is kept.

    `values` is given a grid's size, and comes by steps to outputs (N, 3), those that are no numbers
    magenta, for each picture; `what`: which pictures.
    """
    key = what, _key(scene, size)
    known = _kept.find(key)
    if known is None:
        found = []
        for one in (yield from values(size)):
            found.append(_statistics(one))
            yield
        known = _kept.put(key, found)
    return known


def ends(scene: Scene, found: Statistics) -> ValueRange:
    """The ends of a scene with a stretch, by what is known of its values."""
    usual, color = natural(scene), scene.preset.color
    mapping, known = MAPPINGS[color.mapping], found[color.stretch]
    low, high = known[:, :3] if mapping.channels == 3 else known[:, 3:].repeat(3, axis=1)
    if not (np.isfinite(low) & np.isfinite(high)).all():  # not one number in the view
        return usual
    center = (usual.low[0] + usual.high[0]) / 2 if mapping.signed else None
    return _widened(low, high, center)


def ended(scene: Scene, shape: Size) -> ValueRange:
    """The ends of a scene, at once."""
    return at_once(ending(scene, shape))


def _key(scene: Scene, size: Size) -> Hashable:
    return identity(scene.network, scene.clock), scene.view, size


def _values(scene: Scene, size: Size) -> Generator[None, None, Floats]:
    """The outputs (N, 3) at the grid's points, magenta where one is not a number."""
    products = Products(scene.network, scene.view, scene.clock)
    values, blocks = np.zeros((size[1], size[0], 3), np.float32), Blocks.covering(size)
    for first in range(0, len(blocks), THREADS):
        piece = blocks[first : first + THREADS]
        if scene.network.width > WIDE:
            yield from products.fill_by_layers(values, piece)
        else:
            products.fill(values, piece)
        yield
    return values.reshape(-1, 3)


def _statistics(values: NDArray[np.float32]) -> Statistics:
    """For each stretch the (2, 4) low and high ends of red, green, blue and their mean."""
    good = values[~broken(values)].astype(np.float64)
    four = np.concatenate([good, single(good)], axis=1)
    if not len(four):
        four = np.full((1, 4), np.nan)
    return {
        "minmax": np.stack([four.min(axis=0), four.max(axis=0)]),
        "percentile": np.percentile(four, [SHARE, 100 - SHARE], axis=0),
    }


def _widened(low: NDArray[Any], high: NDArray[Any], center: float | None) -> ValueRange:
    """ValueRange that differ, even about `center` where there is one."""
    low, high = np.clip(low, -MOST, MOST), np.clip(high, -MOST, MOST)
    middle = (low + high) / 2 if center is None else np.full(3, center)
    least = LEAST * np.maximum(np.maximum(np.abs(low), np.abs(high)), LEAST)
    half = np.maximum(np.maximum(high - middle, middle - low), least)
    low, high = middle - half, middle + half
    return ValueRange(tuple(low.tolist()), tuple(high.tolist()))
