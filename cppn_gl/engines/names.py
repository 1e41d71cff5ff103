"""The engines: one table, by their names on the command line, in pictures, in the tuning cache.

    "compute-8" -> ENGINES["compute-8"]

An exact name says all that a picture's last bit may depend on; it is what is saved. A family's,
"compute", leaves the choice among several. None of this needs OpenGL.
"""

import os

from cppn_gl.engines.base import Engine
from cppn_gl.engines.cpu.numpy_engine import NumPy
from cppn_gl.engines.gl.baked import Baked
from cppn_gl.engines.gl.compute import Compute
from cppn_gl.engines.gl.fragment import Fragment
from cppn_gl.engines.gl.tiled import Tiled
from cppn_gl.utils.checks import PresetError, nearest

VARIABLE = "CPPN_GL_ENGINE"
AUTO = "auto"

ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Fragment(),
        *map(Compute, (1, 2, 4, 8, 16)),
        Baked(),
        Baked(by_compute=True),
        Tiled(),
        NumPy(),
    )
}
STAND_IN = ENGINES["fragment"]  # for a program that is still being compiled, or cannot be
CPU_ENGINE = ENGINES["numpy"]  # draws all there is, anywhere, and compiles nothing


def engine_names() -> list[str]:
    """What may be asked for: "auto", families and exact names."""
    families = (engine.family for engine in ENGINES.values())
    return list(dict.fromkeys((AUTO, *families, *ENGINES)))


def engine_name(text: str) -> str:
    """The name of an engine, or of a family of them, or "auto". Raises ValueError."""
    names = engine_names()
    if text not in names:
        raise ValueError(f"no engine {text!r}{nearest(text, names)}")
    return text


def requested_engine() -> str:
    """The engine that the environment asks for. Raises PresetError, naming the variable."""
    text = os.environ.get(VARIABLE) or AUTO
    try:
        return engine_name(text)
    except ValueError as error:
        raise PresetError(str(error), key=VARIABLE) from None


def cpu_engine(asked: str) -> Engine | None:
    """The engine of an exact name, if it needs no OpenGL."""
    engine = ENGINES.get(asked)
    return engine if engine is not None and engine.on_cpu else None
