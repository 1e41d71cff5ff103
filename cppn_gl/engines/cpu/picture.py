"""The picture without OpenGL: matrix products in float32 on all cores, and its colours."""

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.drawing import paint
from cppn_gl.engines.rates import Rates
from cppn_gl.engines.stretch import ending
from cppn_gl.preset.color import colored
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.tasks import Steps

_RATES = Rates()


def draw(scene: Scene, region: Region) -> Steps[NDArray[np.float32]]:
    """Draw a region of the picture: (height, width, 3) display values."""
    color = scene.preset.color
    if color.plain:
        return (yield from paint(_RATES, scene, region))
    ends = yield from ending(scene, region.shape)
    return (yield from paint(_RATES, scene, region, lambda values: colored(values, color, ends)))


def quantise(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Display values as 8 bits: round(255 v), clamped."""
    rounded = np.clip(picture, 0, 1)
    rounded *= np.float32(255)
    rounded += np.float32(0.5)
    return rounded.astype(np.uint8)  # which cuts off
