"""What the views in space draw on: targets of whole pixels, and how these become planes.

    a shader -> RenderTargets.target() -> RenderTargets.spread() -> planes

RenderTargets are shared by a painter's drawings, and freed with it. A drawing may be
forgotten at any time, so none owns an object of OpenGL: results are in an `LRUCache`, targets come
from a `Pool`, and both bound how much there is.
"""

from functools import partial
from typing import Any

import moderngl

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.targets import Planes, release_target
from cppn_gl.views.pool import Pool

TARGETS = 4  # a coarse picture, the fine one, one between, and another drawing's
# Samples at the outlines of a picture of SMOOTH pixels or more. They take as long again; smaller
# pictures are mostly coarse ones, on the way to a finer.
MULTISAMPLES, SMOOTH = 4, 200_000


class RenderTarget:
    """A target of `size` pixels; with `depth`, and several samples where the driver has them."""

    def __init__(self, ctx: moderngl.Context, size: tuple[int, int], *, depth: bool):
        self.texture = ctx.texture(size, 4, dtype="f4")
        self.whole = ctx.framebuffer([self.texture])
        self._buffers: list[Any] = []
        self.drawn = self.whole  # what is drawn on
        if depth:
            smooth = size[0] * size[1] >= SMOOTH
            samples = min(MULTISAMPLES, int(ctx.max_samples)) if smooth else 0
            self._buffers = [
                ctx.renderbuffer(size, 4, samples=samples, dtype="f4"),
                ctx.depth_renderbuffer(size, samples=samples),
            ]
            self.drawn = ctx.framebuffer([self._buffers[0]], self._buffers[1])

    def resolve(self) -> Any:
        """The texture of what is drawn."""
        if self.drawn is not self.whole:
            self.whole.ctx.copy_framebuffer(self.whole, self.drawn)
        return self.texture

    def release(self) -> None:
        """Free the buffers."""
        for target in {self.drawn, self.whole}:
            release_target(target)
        for part in (*self._buffers, self.texture):
            part.release()


class RenderTargets:
    """The targets, by size and kind, and the program that spreads one over planes."""

    def __init__(self, painter: Painter):
        self._ctx = painter.ctx
        self._spread = Pass.load(painter.ctx, "spread.frag", folder=painter.programs.folder)
        self._targets: Pool[RenderTarget] = Pool(TARGETS)

    def find(self, user: object) -> RenderTarget | None:
        """The target that a drawing began on, with what it has drawn there."""
        return self._targets.find(user)

    def target(self, user: object, size: tuple[int, int], *, depth: bool = False) -> RenderTarget:
        """A target of a size for a drawing, which begins on it."""
        make = partial(RenderTarget, self._ctx, size, depth=depth)
        return self._targets.take(user, (size, depth), make)

    def give_back(self, user: object) -> None:
        """A drawing is done with its target."""
        self._targets.give_back(user)

    def spread(self, target: RenderTarget, planes: Planes) -> None:
        """Bring what is drawn into planes of the same size."""
        self._spread.set(picture=target.resolve())
        self._spread.draw(planes.target, (0, 0, *planes.texels))

    def release(self) -> None:
        """Free everything."""
        self._targets.release()
        self._spread.release()
