"""Render passes: a fragment shader drawn over a rectangle of a target.

vertex and fragment shader, uniforms and textures by name -> Pass.draw() -> target
"""

import re
from pathlib import Path
from typing import Any, Self

import moderngl

from cppn_gl.engines.gl.shader import ShaderError, Source, compose, explain_log

_SAMPLERS = re.compile(r"uniform sampler[23]D (\w+)(?:\[(\d+)\])?;")

Rect = tuple[int, int, int, int]  # left, first row, width, height
Blend = tuple[int, int] | tuple[int, int, int, int]

ADDITIVE: Blend = (moderngl.ONE, moderngl.ONE)
# Source over destination, for a destination whose alpha is and stays 1.
OVER: Blend = (
    *(moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA),
    *(moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA),
)


class Pass:
    """A program that draws `corners` vertices without attributes; 3 make a full-screen triangle.

    Raises ShaderError with the file and line of the first error.
    """

    def __init__(
        self, ctx: moderngl.Context, vertex: Source, fragment: Source, *, corners: int = 3
    ):
        self.ctx, self._corners = ctx, corners
        self.program: Any = build(ctx, vertex, fragment)
        self._vertices = ctx.vertex_array(self.program, [])
        # Each sampler has its own texture units: samplers of two types on one unit are an error.
        self._units: dict[str, int] = {}  # the first unit of each sampler
        unit = 0
        for name, several in dict(_SAMPLERS.findall(vertex.text + fragment.text)).items():
            if name in self.program:
                count, self._units[name] = int(several or 1), unit
                self.program[name].value = list(range(unit, unit + count)) if several else unit
                unit += count

    @classmethod
    def load(
        cls,
        ctx: moderngl.Context,
        fragment: str,
        head: str = "",
        *,
        vertex: str = "full.vert",
        folder: Path | None = None,
        corners: int = 3,
    ) -> Self:
        """A pass from two shader files, with GLSL lines `head` before each. Raises ShaderError."""
        parts = (compose(file, head, folder=folder) for file in (vertex, fragment))
        return cls(ctx, *parts, corners=corners)

    def set(self, **values: Any) -> None:
        """Set uniforms: numbers, or a matrix as bytes. Uniforms the program lacks are ignored.

        A sampler takes a texture, an array of samplers a list of textures. Textures stay bound only
        until another pass binds its own: set them just before drawing.
        """
        for name, value in values.items():
            if name in self._units:
                textures = value if isinstance(value, list) else [value]
                for unit, texture in enumerate(textures, self._units[name]):
                    texture.use(unit)
            elif name in self.program and isinstance(value, bytes):
                self.program[name].write(value)
            elif name in self.program:
                self.program[name].value = value

    def draw(
        self,
        target: moderngl.Framebuffer,
        viewport: Rect,
        scissor: Rect | None = None,
        *,
        blend: Blend | None = None,
    ) -> None:
        """Draw over a viewport of a target, clipped to `scissor`; `blend`: the blend function."""
        target.use()
        target.viewport, target.scissor = viewport, scissor  # type: ignore[assignment]
        if blend is None:
            self.ctx.disable(moderngl.BLEND)
        else:
            self.ctx.enable(moderngl.BLEND)
            self.ctx.blend_func = blend  # type: ignore[assignment]
        self._vertices.render(moderngl.TRIANGLES, vertices=self._corners)
        self.ctx.disable(moderngl.BLEND)
        target.scissor = None  # type: ignore[assignment]

    def release(self) -> None:
        self._vertices.release()
        self.program.release()


def build(ctx: moderngl.Context, vertex: Source, fragment: Source) -> Any:
    """Compile and link. Raises ShaderError with the file and line of the first error."""
    try:
        return ctx.program(vertex_shader=vertex.text, fragment_shader=fragment.text)
    except moderngl.Error as error:
        files = vertex.files if "vertex_shader" in str(error) else fragment.files
        raise ShaderError(explain_log(str(error), files)) from None
