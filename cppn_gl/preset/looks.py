"""How a picture looks, in a few numbers that are the same on every machine.

    Preset -> thumbnail(): a small 8-bit picture -> looks(): contrast, detail, spread

The thumbnail is evaluated by nn/exact.py, which gives the same bits everywhere, and measured in
whole numbers.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn import exact
from cppn_gl.preset.color import colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.value_range import default_range, statistics, stretched_range

WIDTH, HEIGHT = 48, 30  # pixels of a thumbnail
BLOCK = 6  # pixels a side of its blocks
SEEN = 40  # of 255


@dataclass(frozen=True)
class Looks:
    """Of a thumbnail, with values from 0 to 1.

    `contrast`: the standard deviation of its red, green and blue. `detail`: the mean difference of
    neighbouring pixels; large in static. `edges`: the difference that one pair of neighbours in
    fifty exceeds; small in a blur. `filled`: the fraction of blocks in which a colour differs by
    SEEN or more.
    """

    contrast: float
    detail: float
    edges: float
    filled: float


def thumbnail(preset: Preset, time: float = 0.0) -> NDArray[np.uint8]:
    """A small picture (HEIGHT, WIDTH, 3) of a preset in the view `picture`."""
    scene = scene_of(preset, time)
    column, row = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    x = scene.view.center[0] + scene.view.extent * ((2 * column + 1 - WIDTH) / HEIGHT)
    y = scene.view.center[1] + scene.view.extent * ((HEIGHT - 2 * row - 1) / HEIGHT)
    network = scene.network.opaque
    points = network.features(x.ravel(), y.ravel(), scene.clock)
    values = np.repeat(exact.outputs(network, points), 3 // network.outputs, axis=1)
    if preset.color.plain:
        shown = np.clip(values, 0, 1)
    elif preset.color.stretch == "none":
        shown = colored(values, preset.color, default_range(scene))
    else:
        shown = colored(values, preset.color, stretched_range(scene, statistics(values)))
    eight = np.rint(shown * np.float32(255)).astype(np.uint8)
    return np.asarray(eight.reshape(HEIGHT, WIDTH, 3))


def looks(picture: NDArray[np.uint8]) -> Looks:
    """Measure a thumbnail."""
    whole = picture.astype(np.int64)
    right, down = np.abs(np.diff(whole, axis=1)), np.abs(np.diff(whole, axis=0))
    detail = int(right.sum() + down.sum()) / (255 * (right.size + down.size))
    steps = np.sort(np.concatenate([right.max(axis=2).ravel(), down.max(axis=2).ravel()]))
    edges = int(steps[len(steps) * 49 // 50]) / 255
    blocks = whole.reshape(HEIGHT // BLOCK, BLOCK, WIDTH // BLOCK, BLOCK, 3)
    spread = np.ptp(blocks, axis=(1, 3)).max(axis=2)
    filled = int((spread >= SEEN).sum()) / spread.size
    return Looks(_deviation(whole), detail, edges, filled)


def _deviation(whole: NDArray[np.int64]) -> float:
    each = whole.reshape(-1, 3)
    count = len(each)
    variances = (count * (each * each).sum(axis=0) - each.sum(axis=0) ** 2).tolist()
    return math.sqrt(sum(variances) / 3) / (255 * count)
