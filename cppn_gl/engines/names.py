"""The table of engines, by the names used on the command line, in pictures and the tuning cache.

    "compute-8" -> ENGINES["compute-8"]

Exact names are saved with pictures. The name of a family ("compute") leaves the choice among its
members open. Nothing here needs OpenGL.
"""

import os

from cppn_gl.engines.base import Device, Engine
from cppn_gl.engines.cpu.native_engine import NativeEngine
from cppn_gl.engines.cpu.numpy_engine import NumPy
from cppn_gl.engines.gl.baked import Baked
from cppn_gl.engines.gl.compute import Compute
from cppn_gl.engines.gl.fragment import Fragment
from cppn_gl.engines.gl.grid import Grid
from cppn_gl.engines.gl.tiled import Tiled
from cppn_gl.nn.network import Network
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
        Grid(by_compute=True),
        Grid(by_compute=False),
        NativeEngine(),
        NumPy(),
    )
}
WITHOUT_OPENGL = Device(software=True, compute=False, tiled=False)
STAND_IN = ENGINES["fragment"]  # draws while another program compiles, or if it cannot


def engine_names() -> list[str]:
    """All valid requests: "auto", families and exact names."""
    families = (engine.family for engine in ENGINES.values())
    return list(dict.fromkeys((AUTO, *families, *ENGINES)))


def engine_name(text: str) -> str:
    """`text`, if it is the name of an engine or a family, or "auto". Raises ValueError."""
    names = engine_names()
    if text not in names:
        raise ValueError(f"no engine {text!r}{nearest(text, names)}")
    return text


def requested_engine() -> str:
    """The engine requested by the environment variable, or "auto". Raises PresetError."""
    text = os.environ.get(VARIABLE) or AUTO
    try:
        return engine_name(text)
    except ValueError as error:
        raise PresetError(str(error), key=VARIABLE) from None


def without_opengl(network: Network | None = None) -> Engine:
    """What draws a network (None: most of them) without OpenGL, and without compiling."""
    native = ENGINES["native"]
    return ENGINES["numpy"] if native.problem(network, WITHOUT_OPENGL) else native


def with_stand_in(engine: Engine, network: Network) -> list[Engine]:
    """An engine that compiles, and what draws a network meanwhile if that is a shader, too."""
    able = engine is not STAND_IN and not STAND_IN.problem(network, WITHOUT_OPENGL)
    return [engine, STAND_IN] if able else [engine]


def cpu_engine(name: str) -> Engine | None:
    """The engine of an exact name, if it runs on the CPU; else None."""
    engine = ENGINES.get(name)
    return engine if engine is not None and engine.on_cpu else None
