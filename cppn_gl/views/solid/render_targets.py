"""The RGBA render targets of the 3D views, and the copy of their contents to planes.

    a shader -> RenderTargets.target() -> RenderTargets.copy() -> planes

The painter owns the render targets. A drawing may be dropped at any time, so none owns an OpenGL
object: results are in an `LRUCache`, targets come from a `Pool`, and both are bounded.
"""

from functools import partial
from typing import Any

import moderngl

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.targets import Planes, release_target
from cppn_gl.views.pool import Pool

TARGETS = 4  # coarse, intermediate and final picture, and another drawing's
MULTISAMPLES = 4


class RenderTarget:
    """A target of `size` pixels; with `depth`, a depth buffer and `samples` per pixel."""

    def __init__(
        self, ctx: moderngl.Context, size: tuple[int, int], *, depth: bool, samples: int = 0
    ):
        self.texture = ctx.texture(size, 4, dtype="f4")
        self.whole = ctx.framebuffer([self.texture])
        self._buffers: list[Any] = []
        self.drawn = self.whole  # the framebuffer to draw on
        if depth:
            samples = min(samples, int(ctx.max_samples))
            self._buffers = [
                ctx.renderbuffer(size, 4, samples=samples, dtype="f4"),
                ctx.depth_renderbuffer(size, samples=samples),
            ]
            self.drawn = ctx.framebuffer([self._buffers[0]], self._buffers[1])

    def resolve(self) -> Any:
        """The texture with what was drawn, samples resolved."""
        if self.drawn is not self.whole:
            self.whole.ctx.copy_framebuffer(self.whole, self.drawn)
        return self.texture

    def release(self) -> None:
        for target in {self.drawn, self.whole}:
            release_target(target)
        for part in (*self._buffers, self.texture):
            part.release()


class RenderTargets:
    """A pool of render targets, and the program that copies one to planes."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        self._copy = Pass.load(painter.ctx, "spread.frag", folder=painter.programs.folder)
        self._targets: Pool[RenderTarget] = Pool(TARGETS)

    def find(self, user: object) -> RenderTarget | None:
        """A drawing's target with its contents, unless it was released."""
        return self._targets.find(user)

    def target(
        self, user: object, size: tuple[int, int], *, depth: bool = False, samples: int = 0
    ) -> RenderTarget:
        """Lend a drawing a target of a size, with undefined contents."""
        make = partial(RenderTarget, self._ctx, size, depth=depth, samples=samples)
        return self._targets.take(user, (size, depth, samples), make)

    def give_back(self, user: object) -> None:
        self._targets.give_back(user)

    def copy(
        self,
        target: RenderTarget,
        planes: Planes,
        rows: tuple[int, int] | None = None,
        fine: int = 1,
    ) -> None:
        """Copy a target to rows (from, to) of planes, by default to all.

        The target's row 0 is the last of these rows; it is `fine` times as large as they are.
        """
        top, bottom = rows or (0, planes.size[1])
        self._copy.set(picture=target.resolve(), samples=fine, width=planes.size[0], bottom=bottom)
        scissor = (0, top, planes.texels[0], bottom - top)
        self._copy.draw(planes.target, (0, 0, *planes.texels), scissor)

    def release(self) -> None:
        self._targets.release()
        self._copy.release()
