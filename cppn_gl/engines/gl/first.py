"""The folded layer 1 on one context: a uniform block, and a texture of further weights.

Scene -> FirstLayer.load() -> bound for the shaders: `first`, and `curved_weights` if declared
"""

from typing import Any

import moderngl
import numpy as np

from cppn_gl.engines.fold import AFFINE, first_layer
from cppn_gl.engines.gl import packing
from cppn_gl.nn.features import MAX_INPUTS
from cppn_gl.nn.layers import MAX_WIDTH
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Float32

UNIT = 1  # of the texture; the weights of the other layers are in unit 0


class FirstLayer:
    """The buffers of layer 1: four coefficients of a unit in the block, the others in a texture.

    `rows`: the number of rows beyond the layer that the shaders may read.
    """

    def __init__(self, ctx: moderngl.Context, rows: int = 0):
        self.ctx, self._padded = ctx, rows
        self._block = ctx.buffer(reserve=MAX_WIDTH * packing.VEC4)
        self._texture: Any = None  # made when a network first has several curved features
        self._loaded: Float32 | None = None

    def load(self, scene: Scene) -> None:
        """Upload what a scene needs, and bind it."""
        network, view = scene.network, scene.view
        folded = first_layer(network, view.center, view.extent, scene.clock)
        units = min(len(network.drawn[0].bias) + self._padded, MAX_WIDTH)
        self._block.write(folded[:units, : AFFINE + 1].tobytes())
        self._block.bind_to_uniform_block(packing.FIRST_BINDING)
        more = folded[:, AFFINE + 1 :]
        if more.shape[1]:
            self._load_more(more)

    def _load_more(self, more: Float32) -> None:
        """Upload weights (MAX_WIDTH, columns), unless they are those loaded, and bind them."""
        if self._texture is None:
            self._texture = self.ctx.texture((MAX_INPUTS // 4, MAX_WIDTH), 4, dtype="f4")
            self._texture.filter = moderngl.NEAREST, moderngl.NEAREST
        if self._loaded is None or not np.array_equal(more, self._loaded):
            texels = np.zeros((MAX_WIDTH, packing.round_up(more.shape[1], 4)), np.float32)
            texels[:, : more.shape[1]] = more
            self._texture.write(texels.tobytes(), (0, 0, texels.shape[1] // 4, MAX_WIDTH))
            self._loaded = more
        self._texture.use(UNIT)

    def release(self) -> None:
        for held in (self._block, self._texture):
            if held is not None:
                held.release()
