"""Full-screen passes that turn a view's textures into the planes of its picture."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.passes import Pass
from cppn_gl.engines.gl.targets import Planes


class Shading:
    """A fragment shader over some rows of planes; painter.shared(Shading, file) compiles it once.

    `lut`: (n, 3) colours, the shader's sampler `heat`; `head`: GLSL inserted before the file.
    """

    def __init__(
        self,
        painter: Painter,
        file: str,
        lut: Callable[[], NDArray[np.float32]] | None = None,
        head: Callable[[], str] | None = None,
    ):
        lines, folder = head() if head else "", painter.programs.folder
        self._pass = Pass.load(painter.ctx, file, lines, folder=folder)
        self._lut = None
        if lut is not None:
            colors = lut()
            self._lut = painter.ctx.texture((len(colors), 1), 3, colors.tobytes(), dtype="f4")
            self._lut.repeat_x = False

    def __call__(
        self, planes: Planes, textures: Sequence[Any], top: int, rows: int, **uniforms: Any
    ) -> None:
        """Draw `rows` rows from `top` on. `textures` are `field[k]`; their row 0 is row `top`."""
        self._pass.set(field=list(textures), top=top, **uniforms)
        if self._lut is not None:
            self._pass.set(heat=self._lut)
        scissor = (0, top, planes.texels[0], rows)
        self._pass.draw(planes.target, (0, 0, *planes.texels), scissor)

    def release(self) -> None:
        self._pass.release()
        if self._lut is not None:
            self._lut.release()
