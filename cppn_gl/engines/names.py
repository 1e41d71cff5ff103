"""The ways of drawing, and their names: on the command line, in pictures, in the tuning cache.

    "compute-8" <-> Engine("compute", 8)

An exact name says all that a picture's last bit may depend on; it is what is saved. A kind alone,
"compute", leaves the number of pixels to be chosen.
"""

import os
from dataclasses import dataclass

from cppn_gl.engines.gl.packing import UNROLLED_WIDTH
from cppn_gl.utils.checks import PresetError, nearest

VARIABLE = "CPPN_GL_ENGINE"
AUTO = "auto"
FEW_UNITS = 16  # up to which a shader is as fast on a processor as matrix products


@dataclass(frozen=True, order=True)
class Engine:
    """A way of drawing. `pixels`: how many an invocation of a shader draws at once."""

    kind: str
    pixels: int = 4

    def __str__(self) -> str:
        return f"{self.kind}-{self.pixels}" if self.by_compute else self.kind

    @property
    def by_compute(self) -> bool:
        """Whether picture.comp draws, and not picture.frag."""
        return self.kind == "compute" or self == BAKED_COMPUTE

    @property
    def lanes(self) -> int:
        """Pixels side by side that one vector of the shader holds."""
        return min(4, self.pixels)

    @property
    def groups(self) -> int:
        """How many such vectors an invocation draws."""
        return self.pixels // self.lanes

    @property
    def on_host(self) -> bool:
        """Whether no OpenGL is needed."""
        return self.kind == "numpy"


BAKED_COMPUTE = Engine("baked", 1)  # for GPUs, most of whose units serve no fragments
FRAGMENT, BAKED, TILED, NUMPY = (Engine(k) for k in ("fragment", "baked", "tiled", "numpy"))
# Programs of views, which nobody asks for by name: a fragment is one pixel.
DERIVATIVES, REGIONS = Engine("derivatives", 1), Engine("regions", 1)
COMPUTE = {pixels: Engine("compute", pixels) for pixels in (1, 2, 4, 8, 16)}
_ALL = (FRAGMENT, *COMPUTE.values(), BAKED, BAKED_COMPUTE, TILED, NUMPY)
EXACT = {str(engine): engine for engine in _ALL}
KINDS = dict.fromkeys(engine.kind for engine in _ALL)
ENGINES = tuple(dict.fromkeys((AUTO, *KINDS, *EXACT)))


def engine_name(text: str) -> str:
    """The name of an engine, or of a kind of them, or "auto". Raises ValueError."""
    if text not in ENGINES:
        raise ValueError(f"no engine {text!r}{nearest(text, ENGINES)}")
    return text


def wished() -> str:
    """The engine that the environment asks for. Raises PresetError, naming the variable."""
    text = os.environ.get(VARIABLE) or AUTO
    try:
        return engine_name(text)
    except ValueError as error:
        raise PresetError(str(error), key=VARIABLE) from None


def fits(engine: Engine, width: int) -> bool:
    """Whether an engine draws networks of a width: several vectors need unrolled rows."""
    if engine.kind == "baked":
        return width <= UNROLLED_WIDTH
    return engine.groups == 1 or width <= UNROLLED_WIDTH
