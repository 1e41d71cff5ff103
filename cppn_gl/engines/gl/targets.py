"""Render targets: planes of float32, and their conversion to 8-bit pixels."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.shader import LANES
from cppn_gl.engines.gl.stream import FinishedPicture, PendingPicture, Pixels, ReadbackPool
from cppn_gl.utils.alpha import CHECKERED, CHECKS, over, square_of
from cppn_gl.utils.arrays import Box
from cppn_gl.utils.quantising import covering, inside, quantise

PACKED = 16  # bytes per texel of pack.frag
PLANES = ("red_plane", "green_plane", "blue_plane", "alpha_plane")  # in shaders


def release_target(target: moderngl.Framebuffer) -> None:
    """Free a framebuffer. It is unbound first, since moderngl would bind it again, which fails."""
    if target.ctx.fbo is target:
        (target.ctx.screen or target.ctx.detect_framebuffer(0)).use()
    target.release()


class Planes:
    """A planar render target of `size` pixels: a texture for each of 3 or 4 `channels`.

    A texel holds LANES pixels. The fourth channel is alpha, straight (see utils/alpha.py).

    The textures' `sides` are not powers of two: for such images llvmpipe compiles a compute shader
    again, which takes as long as the first time. Texels beyond the picture are never shown.
    """

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int], channels: int = 3):
        self.size, self.channels = size, channels
        self.texels = (-(-size[0] // LANES), size[1])
        self.sides = (_no_power(self.texels[0]), _no_power(self.texels[1]))
        self.textures = [ctx.texture(self.sides, 4, dtype="f4") for _ in range(channels)]
        for texture in self.textures:
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self.target = ctx.framebuffer(self.textures)

    @property
    def samplers(self) -> dict[str, Any]:
        """The textures by their sampler names in shaders."""
        return dict(zip(PLANES, self.textures, strict=False))

    def like(self, size: tuple[int, int]) -> "Planes":
        """Other planes of as many channels."""
        return Planes(self.target.ctx, size, self.channels)

    def read(self) -> NDArray[np.float32]:
        """The picture as (height, width, channels) float32, row 0 on top."""
        width, height = self.size
        shape = (self.sides[1], self.sides[0] * LANES)
        planes = [
            np.frombuffer(texture.read(), np.float32).reshape(shape)[:height, :width]
            for texture in self.textures
        ]
        return np.stack(planes, axis=-1)

    def lightness(self, start: float = 0.0) -> float:
        """The mean of the display values from `start` (fraction of the width) to the right edge.

        A few rows are read: enough to choose between dark and light text over the picture.
        """
        left = min(int(start * self.texels[0]), self.texels[0] - 1)
        width, height = self.texels[0] - left, self.size[1]
        values = []
        with np.errstate(invalid="ignore"):  # what is not drawn yet may hold any bits
            for row in {height // 6, height // 2, 5 * height // 6}:
                shown = np.clip(self._texels((left, row, width, 1)), 0, 1)
                values.append(over(shown, CHECKERED).mean())
            return float(np.nan_to_num(np.mean(values)))

    def pixel(self, x: int, y: int) -> tuple[float, ...]:
        """One pixel of the picture, a number for each channel; row 0 is on top."""
        found = self._texels((x // LANES, y, 1, 1))[x % LANES]
        return tuple(map(float, found))

    def _texels(self, box: tuple[int, int, int, int]) -> NDArray[np.float32]:
        """The pixels of a box of texels, (pixels, channels)."""
        data = (self.target.read(box, 4, attachment=k, dtype="f4") for k in range(self.channels))
        return np.stack([np.frombuffer(plane, np.float32) for plane in data], axis=-1)

    def write(self, picture: NDArray[np.float32]) -> None:
        """Fill the planes with a (height, width, channels) float32 picture, row 0 on top."""
        width, height = self.size
        padded = np.zeros((height, self.texels[0] * LANES), np.float32)
        for channel, texture in enumerate(self.textures):
            padded[:, :width] = picture[..., channel]
            texture.write(padded.tobytes(), viewport=(0, 0, *self.texels))

    def paste(self, band: "Planes", top: int) -> None:
        """Overwrite rows from `top` on with planes of the same width."""
        rows = band.texels[1]
        for texture, source in zip(self.textures, band.textures, strict=True):
            data = np.frombuffer(source.read(), np.uint8).reshape(band.sides[1], -1)[:rows]
            texture.write(data.tobytes(), viewport=(0, top, band.sides[0], rows))

    def release(self) -> None:
        release_target(self.target)
        for texture in self.textures:
            texture.release()


class Presenter:
    """Converts planes to 8-bit pixels, in the window or in memory.

    `boxes`: of the picture, dithered; a pixel's noise depends on its place in the box, at the
    picture's full size. `folder`: of the shaders. `like`: whose programs are compiled at once.
    """

    def __init__(
        self, ctx: moderngl.Context, folder: Path | None = None, like: "Presenter | None" = None
    ):
        self.ctx, self._folder = ctx, folder
        # Programs rather than branches in one, of which a CPU would execute both sides. Those that
        # dither are compiled when they are first used.
        self._passes: dict[tuple[str, str], Pass] = {}
        both = (False, True)
        wanted = [_key("present.frag", SCALED=scaled, DITHER=False, ALPHA=False) for scaled in both]
        wanted.append(_key("pack.frag", DITHER=False, ALPHA=False))
        try:
            for key in dict.fromkeys([*wanted, *(like._passes if like else ())]):
                self._pass(key)
        except BaseException:
            self._release_programs()
            raise
        self.packed: Any = None
        self.readbacks = ReadbackPool(ctx)

    def show(
        self,
        planes: Planes,
        target: moderngl.Framebuffer,
        size: tuple[int, int],
        *,
        flipped: bool,
        below: int = 0,
        boxes: Sequence[Box] = (),
    ) -> None:
        """Draw the planes over `size` pixels of `target`, above `below` rows.

        `flipped`: row 0 of the target is at the bottom, as in a window.
        """
        place: dict[str, Any] = {"plane_size": planes.size, "target_size": size}
        place |= {"flipped": flipped, "below": below}
        how = {"SCALED": planes.size != size, "ALPHA": planes.channels == 4}
        if planes.channels == 4:
            place |= {"square": square_of(size), "checks": CHECKS}
        if covering(boxes, size) is None:
            shown = self._pass(_key("present.frag", DITHER=False, **how))
            shown.set(**place, **planes.samplers)
            shown.draw(target, (0, below, *size))
        for box in boxes:
            part = inside(box, size)
            if part is not None:
                shown = self._pass(_key("present.frag", DITHER=True, **how))
                shown.set(**place, **planes.samplers, corner=box[:2])
                left, top, right, bottom = part
                first = below + (size[1] - bottom if flipped else top)
                scissor = (left, first, right - left, bottom - top)
                shown.draw(target, (0, below, *size), scissor)

    def read(self, planes: Planes, boxes: Sequence[Box] = ()) -> Pixels:
        """The planes as (height, width, channels) uint8, row 0 on top."""
        return self.start(planes, boxes).pixels()

    def start(self, planes: Planes, boxes: Sequence[Box] = ()) -> PendingPicture:
        """Begin to read the planes, which may be drawn over before the pixels are read.

        Boxes that are not a single one over all are dithered by the CPU.
        """
        width, height = planes.size
        whole = covering(boxes, planes.size)
        if boxes and whole is None:
            return FinishedPicture(quantise(planes.read(), boxes))
        channels = planes.channels
        packing = self._pass(_key("pack.frag", DITHER=whole is not None, ALPHA=channels == 4))
        size = (-(-channels * width // PACKED), height)
        if self.packed is None or self.packed.size != size:
            self._release_packed()
            self.packed = self.ctx.framebuffer([self.ctx.texture(size, 4, dtype="u4")])
        packing.set(**planes.samplers)
        if whole is not None:
            packing.set(corner=whole[:2])
        packing.draw(self.packed, (0, 0, *size))
        unpack = partial(_unpacked, size=planes.size, channels=channels)
        return self.readbacks.start(self.packed, unpack, components=4, dtype="u4")

    def _release_packed(self) -> None:
        if self.packed is not None:
            textures = self.packed.color_attachments
            release_target(self.packed)
            for texture in textures:
                texture.release()
            self.packed = None

    def release(self) -> None:
        self._release_packed()
        self.readbacks.release()
        self._release_programs()

    def _release_programs(self) -> None:
        for program in self._passes.values():
            program.release()
        self._passes.clear()

    def _pass(self, key: tuple[str, str]) -> Pass:
        """The program of a file and a head. Raises ShaderError."""
        if key not in self._passes:
            self._passes[key] = Pass.load(self.ctx, *key, folder=self._folder)
        return self._passes[key]


def _key(file: str, **switches: bool) -> tuple[str, str]:
    """A shader file, and a head that defines its switches."""
    lines = (f"#define {name} {int(on)}" for name, on in sorted(switches.items()))
    return file, "\n".join(lines)


def _unpacked(data: Pixels, size: tuple[int, int], channels: int) -> Pixels:
    """The bytes written by pack.frag as (height, width, channels) pixels."""
    width, height = size
    rows = data.reshape(height, -1)[:, : channels * width]
    return np.ascontiguousarray(rows).reshape(height, width, channels)


def _no_power(side: int) -> int:
    """The smallest number from `side` on that is not a power of two."""
    while side & (side - 1) == 0:
        side += 1
    return side
