"""Where pictures are drawn: planes of float32, and the 8-bit pixels made of them."""

from functools import partial
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.programs import build
from cppn_gl.shader import LANES, Source
from cppn_gl.stream import Pixels, Reading, Readings


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
    """Shows planes as 8-bit pixels: in the window, or in memory."""

    def __init__(self, ctx: moderngl.Context, vertex: Source, present: Source, pack: Source):
        self.ctx = ctx
        self.programs = [build(ctx, vertex, source) for source in (present, pack)]
        for program in self.programs:
            for unit, name in enumerate(("red_plane", "green_plane", "blue_plane")):
                program[name].value = unit
        self.triangles = [ctx.vertex_array(program, []) for program in self.programs]
        self.packed: Any = None
        self.readings = Readings(ctx)

    def show(
        self, planes: Planes, target: moderngl.Framebuffer, size: tuple[int, int], *, flipped: bool
    ) -> None:
        """Draw the planes over the `size` pixels of `target`; `flipped` for a window."""
        program = self.programs[0]
        program["plane_size"].value = planes.size
        program["target_size"].value = size
        program["flipped"].value = flipped
        self._cover(0, planes, target, size)

    def _cover(
        self, which: int, planes: Planes, target: moderngl.Framebuffer, size: tuple[int, int]
    ) -> None:
        for unit, texture in enumerate(planes.textures):
            texture.use(unit)
        target.use()
        target.scissor = None  # type: ignore[assignment]
        target.viewport = (0, 0, *size)
        self.triangles[which].render(moderngl.TRIANGLES, vertices=3)

    def read(self, planes: Planes) -> Pixels:
        """The planes as (height, width, 3) uint8, row 0 on top."""
        return self.start(planes).pixels()

    def start(self, planes: Planes) -> Reading:
        """Begin to read the planes; other planes can be drawn before the pixels are asked for."""
        if self.packed is None or self.packed.size != planes.texels:
            self._release_packed()
            self.packed = self.ctx.framebuffer([self.ctx.texture(planes.texels, 4, dtype="u4")])
        self._cover(1, planes, self.packed, planes.texels)
        unpack = partial(_unpacked, size=planes.size)
        return self.readings.start(self.packed, unpack, components=4, dtype="u4")

    def _release_packed(self) -> None:
        if self.packed is not None:
            textures = self.packed.color_attachments
            release_target(self.packed)
            for texture in textures:
                texture.release()
            self.packed = None

    def release(self) -> None:
        """Free the programs and the framebuffer."""
        self._release_packed()
        self.readings.release()
        for owned in (*self.triangles, *self.programs):
            owned.release()


def _unpacked(data: Pixels, size: tuple[int, int]) -> Pixels:
    """Packed words, four to a texel, as (height, width, 3) pixels."""
    width, height = size
    rows = data.view("<u4").reshape(height, -1).view(np.uint8)
    return rows.reshape(height, -1, 4)[:, :width, :3].copy()
