"""Lays panels over the window's picture: one texture for each, uploaded when it changes."""

from typing import Any

import moderngl

from cppn_gl.engines.gl.programs import build
from cppn_gl.engines.gl.shader import compose
from cppn_gl.viewer.hud import Panel


class Overlay:
    """Draws panels of RGBA pixels, blended, at their places."""

    def __init__(self, ctx: moderngl.Context):
        self._ctx = ctx
        self._program = build(ctx, compose("full.vert"), compose("overlay.frag"))
        self._triangle = ctx.vertex_array(self._program, [])
        self._textures: dict[str, tuple[object, Any]] = {}

    def draw(
        self, panels: list[Panel], target: moderngl.Framebuffer, size: tuple[int, int]
    ) -> None:
        """Draw panels over the `size` pixels of `target`, in their order."""
        ctx = self._ctx
        target.use()
        target.scissor = None  # type: ignore[assignment]
        ctx.enable(moderngl.BLEND)
        over = (moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA)
        opaque = (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA)  # the window's own alpha stays 1
        ctx.blend_func = (*over, *opaque)  # type: ignore[assignment]
        for panel in panels:
            height, width = panel.pixels.shape[:2]
            left, bottom = panel.x, size[1] - panel.y - height
            target.viewport = (left, bottom, width, height)
            self._texture(panel).use(0)
            self._program["corner"].value = (left, bottom)
            self._program["height"].value = height
            self._program["alpha"].value = panel.alpha
            self._triangle.render(moderngl.TRIANGLES, vertices=3)
        ctx.disable(moderngl.BLEND)
        target.viewport = (0, 0, *size)

    def _texture(self, panel: Panel) -> Any:
        kept = self._textures.get(panel.name)
        if kept is not None and kept[0] is panel.pixels:
            return kept[1]
        if kept is not None:
            kept[1].release()
        height, width = panel.pixels.shape[:2]
        texture = self._ctx.texture((width, height), 4, panel.pixels.tobytes())
        self._textures[panel.name] = (panel.pixels, texture)
        return texture

    def release(self) -> None:
        """Free everything."""
        for _, texture in self._textures.values():
            texture.release()
        self._textures.clear()
        self._triangle.release()
        self._program.release()
