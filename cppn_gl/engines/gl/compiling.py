"""Compiles programs that may take long in a separate process, which can be killed.

    Scene, Engine -> compile_in_worker() -> the process draws a pixel
                                         -> the program is in the driver's shader cache on disk

This gains nothing if the driver has no such cache; `cache_disabled` checks the environment.
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
from cppn_gl.preset.network_file import packed, unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of, shown_network
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import USER
from cppn_gl.utils.worker import DiedError, LateError, Message, Requests, Worker

DISK_SECONDS = 0.1  # for the driver's thread to write the program to disk

# The variables of Mesa (two names) and NVIDIA.
_DISABLING = ("MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE")
_ENABLING = "__GL_SHADER_DISK_CACHE"


def cache_disabled(environment: Mapping[str, str]) -> bool:
    """Whether the environment disables the driver's shader cache on disk."""
    values = [environment.get(name, "").lower() for name in _DISABLING]
    return any(v in ("1", "true", "yes", "y") for v in values) or environment.get(_ENABLING) == "0"


def compile_program(painter: Painter, scene: Scene, engine: Engine, samples: int = 1) -> float:
    """Compile an engine's program for a scene; returns the seconds. Raises ShaderError."""
    planes = Planes(painter.ctx, (LANES, 1), scene.network.channels)
    started = wall.perf_counter()
    try:
        engine.compile(painter, planes, scene, samples)
    finally:
        planes.release()
    return wall.perf_counter() - started


@dataclass(frozen=True)
class Compiled:
    """The result: the compile time in seconds, and whether it was stopped at its limit (`late`).

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
    """Compile in another process and wait for it, for at most `limit` seconds."""
    if cache_disabled(os.environ):
        return Compiled(problem="the driver's shader cache is disabled")
    info = painter.ctx.info
    folder = painter.programs.folder
    request = {
        **packed(_preset(scene), local=True),
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
        return Compiled(problem=f"cannot start a process: {error.strerror}")
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
    """The scene's preset if its network is the scene's, else a preset with the network's layers."""
    network = scene.network
    with contextlib.suppress(PresetError):
        if shown_network(scene.preset).digest == network.digest:
            return scene.preset
    return Preset(
        spec=Layers(
            network.layers, network.inputs, latent=tuple(network.latent), period=network.period
        )
    )


def _compiled(request: Message) -> Compiled:
    """Handle a request in the worker process."""
    try:
        ctx = open_context()
        found = describe(ctx)
        if [found.renderer, found.version] != request["driver"]:
            return Compiled(problem=f"the other process has another driver: {found.renderer}")
        with ctx:
            folder = Path(request["shaders"]) if request["shaders"] else None
            painter = Painter(ctx, request["glsl"], folder, software=found.software)
            scene = scene_of(unpacked(request, origin=USER))
            engine = ENGINES[request["engine"]]
            seconds = compile_program(painter, scene, engine, request["samples"])
    except (ContextError, PresetError, ShaderError) as error:
        return Compiled(problem=str(error))
    wall.sleep(DISK_SECONDS)
    return Compiled(seconds)


def main() -> int:
    """The worker process: handle one request."""
    requests = Requests()
    requests.tell(**asdict(_compiled(requests.get())))
    os._exit(0)  # skip the driver's clean-up, which may take long


if __name__ == "__main__":
    sys.exit(main())
