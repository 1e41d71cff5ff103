"""Compiles a program of uncertain length in a process of its own, which can be ended.

    Scene, Engine -> compile_in_worker() -> the process draws a pixel -> the driver's cache of shaders
                                                                 on the disk has the program

Where the driver keeps no such cache, nothing is gained so: `cache_disabled` tells, where the
environment does.
"""

import contextlib
import os
import sys
import time as wall
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cppn_gl.engines.base import Engine
from cppn_gl.engines.gl.context import ContextError, describe, open_context
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import LANES, ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import ENGINES
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.worker import DiedError, LateError, Message, Requests, Worker

DISK_SECONDS = 0.1  # until the driver's own thread has written what was compiled

# Mesa's two names for it, and NVIDIA's opposite.
_DISABLING = ("MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE")
_ENABLING = "__GL_SHADER_DISK_CACHE"


def cache_disabled(environment: Mapping[str, str]) -> bool:
    """Whether the driver was told to keep no compiled shaders on the disk."""
    values = [environment.get(name, "").lower() for name in _DISABLING]
    return any(v in ("1", "true", "yes", "y") for v in values) or environment.get(_ENABLING) == "0"


def compile_program(painter: Painter, scene: Scene, engine: Engine, samples: int = 1) -> float:
    """Compile what an engine needs for a scene, and draw with it. Raises ShaderError.

    Returns the seconds.
    """
    sheet = Planes(painter.ctx, (LANES, 1))
    started = wall.perf_counter()
    try:
        engine.compile(painter, sheet, scene, samples)
    finally:
        sheet.release()
    return wall.perf_counter() - started


@dataclass(frozen=True)
class Compiled:
    """What came of it: the seconds of compiling; `late` where it was ended before it was done.

    `problem`: why nothing was compiled.
    """

    seconds: float = 0.0
    late: bool = False
    problem: str = ""


def compile_in_worker(
    painter: Painter,
    scene: Scene,
    engine: Engine,
    samples: int = 1,
    *,
    limit: float = float("inf"),
) -> Compiled:
    """Compile in another process, and wait for it, `limit` seconds at the most."""
    if cache_disabled(os.environ):
        return Compiled(problem="the driver keeps no compiled shaders on the disk")
    info = painter.ctx.info
    folder = painter.programs.folder
    request = {
        "preset": _preset(scene).to_toml(),
        "engine": str(engine),
        "samples": samples,
        "glsl": painter.programs.version,
        "shaders": str(folder) if folder else None,
        "driver": [info["GL_RENDERER"], info["GL_VERSION"]],
    }
    started = wall.monotonic()
    try:
        worker = Worker("cppn_gl.engines.gl.compiling", low=True)
    except OSError as error:
        return Compiled(problem=f"no process can be started: {error.strerror}")
    try:
        worker.send(request)
        return Compiled(**worker.receive(limit))
    except LateError:
        return Compiled(wall.monotonic() - started, late=True)
    except DiedError as problem:
        return Compiled(problem=f"compiling: {problem}")
    finally:
        worker.close()


def _preset(scene: Scene) -> Preset:
    """A preset of the scene's network: its own, or one that has the layers."""
    network = scene.network
    with contextlib.suppress(PresetError):
        if scene.preset.network().digest == network.digest:
            return scene.preset
    return Preset(spec=Layers(network.layers, network.inputs, latent=tuple(network.latent)))


def _compiled(request: Message) -> Compiled:
    """What the other process does."""
    try:
        ctx = open_context()
        found = describe(ctx)
        if [found.renderer, found.version] != request["driver"]:
            return Compiled(problem=f"another driver here: {found.renderer}")
        with ctx:
            folder = Path(request["shaders"]) if request["shaders"] else None
            painter = Painter(ctx, request["glsl"], folder, software=found.software)
            scene = scene_of(parse_preset(request["preset"]))
            engine = ENGINES[request["engine"]]
            seconds = compile_program(painter, scene, engine, request["samples"])
    except (ContextError, PresetError, ShaderError) as error:
        return Compiled(problem=str(error))
    wall.sleep(DISK_SECONDS)
    return Compiled(seconds)


def main() -> int:
    """Compile what is asked for, once."""
    requests = Requests()
    requests.tell(**asdict(_compiled(requests.get())))
    os._exit(0)  # frees nothing: the driver may take its time


if __name__ == "__main__":
    sys.exit(main())
