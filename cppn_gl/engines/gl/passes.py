"""Passes: a fragment shader over a rectangle of a target.

vertex and fragment shader, uniforms and textures by name -> Pass.draw() -> a target
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
# What is drawn lies over what is there, whose own alpha stays 1.
OVER: Blend = (
    *(moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA),
    *(moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA),
)


class Pass:
    """A program that draws `corners` vertices without attributes: one triangle covers a target.

    Raises ShaderError with the file and line of the first error.
    """

    def __init__(
        self, ctx: moderngl.Context, vertex: Source, fragment: Source, *, corners: int = 3
    ):
        self.ctx, self._corners = ctx, corners
        self.program: Any = build(ctx, vertex, fragment)
        self._vertices = ctx.vertex_array(self.program, [])
        # Each sampler has texture units of its own, used or not: two kinds on one are an error.
        self._units: dict[str, int] = {}  # the first of each
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
        """The pass of two shader files of a folder behind a head. Raises ShaderError."""
        parts = (compose(file, head, folder=folder) for file in (vertex, fragment))
        return cls(ctx, *parts, corners=corners)

    def set(self, **values: Any) -> None:
        """Set those of some uniforms that the program has: numbers, or a matrix as bytes.

        A sampler takes a texture, an array of samplers a list of them. They stay bound until
        another pass binds its own: set them just before drawing.
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
        """Draw over a viewport of a target, cut to a scissor; blended with what is there."""
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
        """Free the program."""
        self._vertices.release()
        self.program.release()


def build(ctx: moderngl.Context, vertex: Source, fragment: Source) -> Any:
    """Compile and link. Raises ShaderError with the file and line of the first error."""
    try:
        return ctx.program(vertex_shader=vertex.text, fragment_shader=fragment.text)
    except moderngl.Error as error:
        files = vertex.files if "vertex_shader" in str(error) else fragment.files
        raise ShaderError(explain_log(str(error), files)) from None
