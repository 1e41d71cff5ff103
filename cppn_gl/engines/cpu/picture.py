"""The picture without OpenGL: matrix products in float32 on all cores, and its colours."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.cpu.products import Blocks, Products, contribution
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.stretch import ended
from cppn_gl.preset.color import colored
from cppn_gl.preset.scene import Scene

AT_ONCE = 1024  # blocks; an interruption is heeded in between


def draw(
    scene: Scene,
    size: tuple[int, int],
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
    report: Callable[[float], None] = lambda done: None,
) -> NDArray[np.float32]:
    """The picture, or (left, top, width, height) of it, as (height, width, 3) display values.

    `report` is told how much is done, from 0 to 1.
    """
    products = Products(scene.network, scene.view, scene.clock)
    blocks = Blocks.covering(size, part)
    color = scene.preset.color
    ends = None if color.plain else ended(scene, size)

    def finish(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return contribution(values if ends is None else colored(values, color, ends), samples**2)

    picture = np.zeros((*blocks.part[:1:-1], 3), np.float32)
    for number, jitter in enumerate(sample_jitters(samples)):
        for first in range(0, len(blocks), AT_ONCE):
            report((number + first / len(blocks)) / samples**2)
            products.fill(picture, blocks[first : first + AT_ONCE], jitter, finish)
    return picture


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8 bits: round(255 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # which cuts off
