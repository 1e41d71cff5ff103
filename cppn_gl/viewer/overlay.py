"""Draws panels over the window's picture, each from a texture that is uploaded when it changes."""

from typing import Any

import moderngl

from cppn_gl.engines.gl.passes import OVER, Pass
from cppn_gl.viewer.hud import Panel


class Overlay:
    """Draws panels of RGBA pixels, alpha-blended, and holds their textures."""

    def __init__(self, ctx: moderngl.Context):
        self._ctx = ctx
        self._pass = Pass.load(ctx, "overlay.frag")
        self._textures: dict[str, tuple[object, Any]] = {}

    def draw(
        self, panels: list[Panel], target: moderngl.Framebuffer, size: tuple[int, int]
    ) -> None:
        """Draw panels over `target`, which is `size` pixels large, in the given order."""
        for panel in panels:
            height, width = panel.pixels.shape[:2]
            left, bottom = panel.x, size[1] - panel.y - height
            self._pass.set(panel=self._texture(panel), alpha=panel.alpha)
            self._pass.set(corner=(left, bottom), height=height)
            self._pass.draw(target, (left, bottom, width, height), blend=OVER)
        target.viewport = (0, 0, *size)

    def _texture(self, panel: Panel) -> Any:
        cached = self._textures.get(panel.name)
        if cached is not None and cached[0] is panel.pixels:
            return cached[1]
        if cached is not None:
            cached[1].release()
        height, width = panel.pixels.shape[:2]
        texture = self._ctx.texture((width, height), 4, panel.pixels.tobytes())
        self._textures[panel.name] = (panel.pixels, texture)
        return texture

    def release(self) -> None:
        for _, texture in self._textures.values():
            texture.release()
        self._textures.clear()
        self._pass.release()
