"""Planes of any size in textures that no compute shader has to be compiled for anew.

llvmpipe compiles a compute shader once more for an image with a side that is a power of two (0.5 s
where the first time took 0.5 s). The textures of a sheet have none; what they hold beyond the
picture is never shown.
"""

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.shader import LANES
from cppn_gl.targets import Planes


class Sheet(Planes):
    """Planes, of which a part of the textures is the picture."""

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int]):
        self.size = size
        self.texels = (-(-size[0] // LANES), size[1])
        self.sides = (_no_power(self.texels[0]), _no_power(self.texels[1]))
        self.textures = [ctx.texture(self.sides, 4, dtype="f4") for _ in range(3)]
        for texture in self.textures:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self.target = ctx.framebuffer(self.textures)

    def read(self) -> NDArray[np.float32]:
        """The picture as (height, width, 3) float32, row 0 on top."""
        width, height = self.size
        shape = (self.sides[1], self.sides[0] * LANES)
        planes = [
            np.frombuffer(texture.read(), np.float32).reshape(shape)[:height, :width]
            for texture in self.textures
        ]
        return np.stack(planes, axis=-1)

    def write(self, picture: NDArray[np.float32]) -> None:
        """Fill the planes with a (height, width, 3) float32 picture, row 0 on top."""
        width, height = self.size
        padded = np.zeros((height, self.texels[0] * LANES), np.float32)
        for channel, texture in enumerate(self.textures):
            padded[:, :width] = picture[..., channel]
            texture.write(padded.tobytes(), viewport=(0, 0, *self.texels))

    def paste(self, band: "Sheet", top: int) -> None:
        """Replace rows from `top` on by those of a sheet of the same width."""
        rows = band.texels[1]
        for mine, new in zip(self.textures, band.textures, strict=True):
            kept = np.frombuffer(new.read(), np.uint8).reshape(band.sides[1], -1)[:rows]
            mine.write(kept.tobytes(), viewport=(0, top, band.sides[0], rows))


def _no_power(side: int) -> int:
    """The next number that is not a power of two."""
    while side & (side - 1) == 0:
        side += 1
    return side
