"""The programs that colour what a view has drawn onto targets: from textures to planes."""

from collections.abc import Callable, Sequence
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.programs import build
from cppn_gl.engines.gl.shader import compose
from cppn_gl.engines.gl.targets import Planes


class Shading:
    """A fragment shader over some rows of planes. `lut`: (n, 3) colours that it takes as `heat`."""

    def __init__(
        self, painter: Painter, file: str, lut: NDArray[np.float32] | None = None, head: str = ""
    ):
        folder = painter.programs.folder
        vertex, fragment = (compose(name, head, folder=folder) for name in ("full.vert", file))
        self._program = build(painter.ctx, vertex, fragment)
        self._triangle = painter.ctx.vertex_array(self._program, [])
        self._lut = None
        if lut is not None:
            self._lut = painter.ctx.texture((len(lut), 1), 3, lut.tobytes(), dtype="f4")
            self._lut.repeat_x = False

    def __call__(
        self, planes: Planes, textures: Sequence[Any], top: int, rows: int, **uniforms: Any
    ) -> None:
        """Colour `rows` from `top` on. The textures, row 0 of which is `top`, are `field[k]`.

        A uniform may be another texture.
        """
        for unit, texture in enumerate(textures):
            texture.use(unit)
        self._program["field"].value = list(range(len(textures)))
        if self._lut is not None:
            self._lut.use(len(textures))
            self._program["heat"].value = len(textures)
        unit = len(textures) + 1
        for name, value in {"top": top, **uniforms}.items():
            if isinstance(value, moderngl.Texture):
                value.use(unit)
                value, unit = unit, unit + 1
            if name in self._program:
                self._program[name].value = value
        planes.target.use()
        planes.target.viewport = (0, 0, *planes.texels)
        planes.target.scissor = (0, top, planes.texels[0], rows)
        planes.target.ctx.disable(moderngl.BLEND)
        self._triangle.render(moderngl.TRIANGLES, vertices=3)

    def release(self) -> None:
        """Free the program and the texture."""
        self._triangle.release()
        self._program.release()
        if self._lut is not None:
            self._lut.release()


def shading(
    painter: Painter,
    file: str,
    lut: Callable[[], NDArray[np.float32]] | None = None,
    head: Callable[[], str] | None = None,
) -> Shading:
    """The shading of a file behind a head, compiled when first asked for."""
    return painter.kept(
        file, lambda: Shading(painter, file, lut() if lut else None, head() if head else "")
    )
