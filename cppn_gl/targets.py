"""Where pictures are drawn: planes of float32, and the 8-bit pixels made of them."""

from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.programs import build
from cppn_gl.shader import LANES, Source


def release_target(target: moderngl.Framebuffer) -> None:
    """Free a framebuffer. One in use is left first: moderngl would bind it again, which fails."""
    if target.ctx.fbo is target:
        (target.ctx.screen or target.ctx.detect_framebuffer(0)).use()
    target.release()


class Planes:
    """Red, green and blue of a picture of `size`, in three textures of LANES pixels a texel."""

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int]):
        self.size = size
        self.texels = (-(-size[0] // LANES), size[1])
        self.textures = [ctx.texture(self.texels, 4, dtype="f4") for _ in range(3)]
        for texture in self.textures:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self.target = ctx.framebuffer(self.textures)

    def read(self) -> NDArray[np.float32]:
        """The picture as (height, width, 3) float32, row 0 on top."""
        width, height = self.size
        planes = [
            np.frombuffer(texture.read(), np.float32).reshape(height, -1)[:, :width]
            for texture in self.textures
        ]
        return np.stack(planes, axis=-1)

    def write(self, picture: NDArray[np.float32]) -> None:
        """Fill the planes with a (height, width, 3) float32 picture, row 0 on top."""
        width, height = self.size
        padded = np.zeros((height, self.texels[0] * LANES), np.float32)
        for channel, texture in enumerate(self.textures):
            padded[:, :width] = picture[..., channel]
            texture.write(padded.tobytes())

    def release(self) -> None:
        """Free the textures."""
        release_target(self.target)
        for texture in self.textures:
            texture.release()


class Presenter:
    """Shows planes as 8-bit pixels: in a framebuffer of its own to be read, or in the window."""

    def __init__(self, ctx: moderngl.Context, vertex: Source, fragment: Source):
        self.ctx = ctx
        self.program = build(ctx, vertex, fragment)
        for unit, name in enumerate(("red_plane", "green_plane", "blue_plane")):
            self.program[name].value = unit
        self.triangle = ctx.vertex_array(self.program, [])
        self.pixels: Any = None

    def show(
        self, planes: Planes, target: moderngl.Framebuffer, size: tuple[int, int], *, flipped: bool
    ) -> None:
        """Draw the planes over the `size` pixels of `target`; `flipped` for a window."""
        for unit, texture in enumerate(planes.textures):
            texture.use(unit)
        target.use()
        target.scissor = None  # type: ignore[assignment]
        target.viewport = (0, 0, *size)
        self.program["plane_size"].value = planes.size
        self.program["target_size"].value = size
        self.program["flipped"].value = flipped
        self.triangle.render(moderngl.TRIANGLES, vertices=3)

    def read(self, planes: Planes) -> NDArray[np.uint8]:
        """The planes as (height, width, 3) uint8, row 0 on top."""
        if self.pixels is None or self.pixels.size != planes.size:
            self._release_pixels()
            self.pixels = self.ctx.framebuffer([self.ctx.texture(planes.size, 4)])
        self.show(planes, self.pixels, planes.size, flipped=False)
        width, height = planes.size
        data = self.pixels.read(components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)

    def _release_pixels(self) -> None:
        if self.pixels is not None:
            textures = self.pixels.color_attachments
            release_target(self.pixels)
            for texture in textures:
                texture.release()
            self.pixels = None

    def release(self) -> None:
        """Free the program and the framebuffer."""
        self._release_pixels()
        self.triangle.release()
        self.program.release()
