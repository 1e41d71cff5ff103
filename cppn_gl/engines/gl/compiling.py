"""Compiles a program of uncertain length in a process of its own, which can be ended.

    Scene, Engine -> elsewhere() -> the process draws a pixel -> the driver's cache of shaders
                                                                 on the disk has the program

Where the driver keeps no such cache, nothing is gained so: `cache_disabled` tells, where the
environment does.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time as wall
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cppn_gl.engines.gl.context import ContextError, describe, open_context
from cppn_gl.engines.gl.drawing import begin
from cppn_gl.engines.gl.packing import frame_block
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.shader import LANES, ShaderError
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.names import EXACT, TILED, Engine
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils import child
from cppn_gl.utils.checks import PresetError

DISK_SECONDS = 0.1  # until the driver's own thread has written what was compiled
BEAT = 0.1  # seconds between two looks at the process

# Mesa's two names for it, and NVIDIA's opposite.
_DISABLING = ("MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE")
_ENABLING = "__GL_SHADER_DISK_CACHE"


def cache_disabled(environment: Mapping[str, str]) -> bool:
    """Whether the driver was told to keep no compiled shaders on the disk."""
    values = [environment.get(name, "").lower() for name in _DISABLING]
    return any(v in ("1", "true", "yes", "y") for v in values) or environment.get(_ENABLING) == "0"


def compile_program(painter: Painter, scene: Scene, engine: Engine, samples: int = 1) -> float:
    """Compile what an engine needs for a scene, and draw with it; the seconds. Raises ShaderError.

    Many drivers compile at the first draw, some not before a pixel is drawn.
    """
    sheet = Planes(painter.ctx, (LANES, 1))
    started = wall.perf_counter()
    try:
        if engine == TILED:
            begin(painter, sheet, scene, engine, samples=samples).step(0.0)
        else:
            program = painter.load(scene, engine, added=samples > 1)
            painter.frame(frame_block(scene, sheet.size))
            program.draw(sheet, (0, 0, 1, 1), added=samples > 1)
            painter.ctx.finish()
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


def elsewhere(
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
        process = child.start("cppn_gl.engines.gl.compiling")
    except OSError as error:
        return Compiled(problem=f"no process can be started: {error.strerror}")
    try:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended: its answer lacks
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(BEAT)
                return _answer(process)
            seconds = wall.monotonic() - started
            if seconds >= limit:
                return Compiled(seconds, late=True)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()


def _answer(process: "subprocess.Popen[bytes]") -> Compiled:
    assert process.stdout is not None
    try:
        return Compiled(**json.loads(process.stdout.read()))
    except (ValueError, TypeError):
        return Compiled(problem=f"the compiling process ended with status {process.returncode}")


def _preset(scene: Scene) -> Preset:
    """A preset of the scene's network: its own, or one that has the layers."""
    network = scene.network
    with contextlib.suppress(PresetError):
        if scene.preset.network().digest == network.digest:
            return scene.preset
    return Preset(spec=Layers(network.layers, network.inputs, latent=tuple(network.latent)))


def _compiled(line: str) -> Compiled:
    """What the other process does."""
    request = json.loads(line)
    try:
        ctx = open_context()
        found = describe(ctx)
        if [found.renderer, found.version] != request["driver"]:
            return Compiled(problem=f"another driver here: {found.renderer}")
        with ctx:
            folder = Path(request["shaders"]) if request["shaders"] else None
            painter = Painter(ctx, request["glsl"], folder, software=found.software)
            scene = scene_of(parse_preset(request["preset"]))
            engine = EXACT[request["engine"]]
            seconds = compile_program(painter, scene, engine, request["samples"])
    except (ContextError, PresetError, ShaderError) as error:
        return Compiled(problem=str(error))
    wall.sleep(DISK_SECONDS)
    return Compiled(seconds)


def _leave_at_the_end_of_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> int:
    """Compile what a line on stdin asks for; the end of stdin ends the process."""
    child.end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    line = sys.stdin.readline()
    threading.Thread(target=_leave_at_the_end_of_stdin, daemon=True).start()
    found = _compiled(line)
    json.dump({"seconds": found.seconds, "problem": found.problem}, answers)
    answers.flush()
    os._exit(0)  # frees nothing: the driver may take its time


if __name__ == "__main__":
    sys.exit(main())
