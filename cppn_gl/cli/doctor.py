"""Checks this system, and reports what is missing with the command that fixes it.

Checks that load graphics drivers run in a child process, so that a crash is reported like any other
problem.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import os
import platform
import re
import shlex
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cppn_gl.engines.gl.context import (
    ContextError,
    describe,
    display_problem,
    explain,
    import_glfw,
    open_and_listen,
)
from cppn_gl.utils.extras import EXTRAS
from cppn_gl.utils.resources import NO_HOME, user_folder
from cppn_gl.utils.worker import DiedError, LateError, Requests, Worker

DISTRIBUTION = "cppn-gl"
OLDEST_PYTHON = (3, 11)
CHILD_SECONDS = 120  # far more than the first start of a driver takes on a slow machine

_AGAIN = "python -m cppn_gl doctor"


@dataclass(frozen=True)
class Check:
    """One result. `ok` is None for a note, which needs no action."""

    name: str
    ok: bool | None
    found: str
    remedy: str = ""  # the exact command if there is one


def doctor() -> list[Check]:
    """Run all checks. Return the results in the order of the report."""
    headless = _headless()
    works = headless[0].ok is True
    return [
        _python(),
        *_dependencies(),
        *_libraries(needed=not works),
        *_native(),
        *_trained(),
        *headless,
        *_display(),
        *_home(),
        *_environment(),
    ]


def report(checks: Sequence[Check]) -> str:
    """Format the results as aligned lines, each remedy indented on the next line."""
    words = {True: "ok", False: "FAIL", None: "note"}
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{words[check.ok]:<4} {check.name:<{width}}  {check.found}".rstrip())
        if check.remedy:
            lines.append(f"     {'fix' if check.ok is False else 'try'}: {check.remedy}")
    return "\n".join(lines)


def exit_status(checks: Sequence[Check]) -> int:
    """Return 1 if any check failed, else 0. Notes do not count."""
    return int(any(check.ok is False for check in checks))


def _python() -> Check:
    version = platform.python_version()
    found = f"{version}, {platform.platform()}"
    if sys.version_info >= OLDEST_PYTHON:
        return Check("Python", True, found)
    least = ".".join(map(str, OLDEST_PYTHON))
    return Check("Python", False, found, f"install Python {least} or newer")


def _requirements(extra: str = "") -> list[str]:
    """The requirements of the package, or of an extra, from pyproject.toml or the metadata."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    try:
        if project.is_file():  # the installed metadata of a checkout may be outdated
            with project.open("rb") as stream:
                table = tomllib.load(stream)["project"]
            return list(table["optional-dependencies"][extra] if extra else table["dependencies"])
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except (importlib.metadata.PackageNotFoundError, OSError, KeyError, tomllib.TOMLDecodeError):
        return []
    found = []
    for requirement in requirements:
        match = re.search(r"\s*(?:and|;)\s*extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        if extra == (match[1] if match else ""):
            found.append(requirement[: match.start()] if match else requirement)
    return found


def _dependencies() -> list[Check]:
    requirements = _requirements()
    if not requirements:
        return [Check("packages", None, "unknown: the metadata of cppn-gl is missing")]
    optional = [
        _dependency(requirement, extra)
        for extra in dict.fromkeys(EXTRAS.values())
        for requirement in _requirements(extra)
    ]
    return [*map(_dependency, requirements), *optional]


def _dependency(requirement: str, extra: str = "") -> Check:
    """Check a requirement. One of an extra is named with it, and never fails."""
    match = re.match(r"([A-Za-z0-9._-]+)\s*(?:(>=|==)\s*([\d.]+))?", requirement)
    if not match:
        return Check(requirement, None, "not checked: unknown form of requirement")
    library, relation, least = match[1], match[2] or "", match[3] or ""
    name = f"{library} [{extra}]" if extra else library
    wanted = library + relation + least
    remedy = shlex.join([sys.executable, "-m", "pip", "install", "--upgrade", wanted])
    try:
        version = importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        # With a marker it is needed on some systems only, and nowhere indispensable.
        indispensable = not extra and ";" not in requirement
        return Check(name, False if indispensable else None, "not installed", remedy)
    found, needed = _numbers(version), _numbers(least)
    if found < needed or (relation == "==" and found != needed):
        problem = f"{version}, needs {least}" + (" or newer" if relation == ">=" else "")
        return Check(name, None if extra else False, problem, remedy)
    return Check(name, True, version)


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version's leading numbers, without trailing zeros: "5.12.0rc1" gives (5, 12)."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _libraries(*, needed: bool) -> list[Check]:
    """Check the shared libraries on Linux. A missing one is only a note unless `needed`."""
    if not sys.platform.startswith("linux"):
        return []
    checks = []
    for name in ("libEGL.so.1", "libGL.so.1"):
        try:
            ctypes.CDLL(name)
        except OSError as error:
            remedy = explain(OSError(f"{name} not loaded"), tried="loading it").hint
            checks.append(Check(name, False if needed else None, str(error), remedy))
        else:
            checks.append(Check(name, True, "loaded"))
    return checks


def _native() -> list[Check]:
    """Say which instruction set the native engine uses, or what is missed without the library."""
    try:
        from cppn_gl.utils import native
        from cppn_gl.utils.checks import PresetError
        from cppn_gl.utils.threads import thread_count
    except ImportError:
        return []  # a missing package, which another check reports
    name = "native engine"
    try:
        library, threads = native.library(), thread_count()
    except PresetError as error:
        return [Check(name, False, str(error), f"unset {error.key}")]
    if library:
        many = "s" if threads > 1 else ""
        return [Check(name, True, f"{library.isa}, {threads} thread{many}")]
    found = f"would draw several times faster without a GPU, but {native.problem()}"
    return [Check(name, None, found)]


def _trained() -> list[Check]:
    """Say what the trained network is, and whose; or that its package is another one."""
    try:
        from cppn_gl.nn.vision import squeezenet
        from cppn_gl.utils.checks import PresetError
    except ImportError:
        return []  # a missing package, which another check reports
    name = "squeezenet"
    try:
        squeezenet.read_weights()
    except PresetError as error:
        problem, _, remedy = error.problem.rpartition(": ")
        return [Check(name, None, problem, remedy)]
    return [Check(name, True, f"{squeezenet.ORIGIN}; {squeezenet.LICENCE}")]


def _headless() -> list[Check]:
    """Check that OpenGL works without a window: the first check; the others give details."""
    name = "headless GL"
    reply = _child("headless")
    if "message" in reply:
        return [Check(name, False, reply["message"], reply["hint"])]
    info = reply["info"]
    checks = [
        Check(
            name,
            True,
            f"{info['renderer']}, OpenGL {info['version']}, textures up to "
            f"{info['max_texture_size']} pixels a side, {info['max_fragment_uniform_blocks']} "
            f"uniform blocks of {info['max_uniform_block_size']} bytes",
        )
    ]
    if reply["engine"]:
        checks.append(Check("engine", True, reply["engine"]))
    if reply.get("problem"):  # CPPN_GL_ENGINE names an engine that does not work here
        remedy = "unset CPPN_GL_ENGINE, or set it to auto"
        checks.append(Check("engine", False, reply["problem"], remedy))
    devices = int(reply["devices"])
    others = f"GLCONTEXT_DEVICE_INDEX=1 {_AGAIN}" if devices > 1 else ""
    if info["software"]:
        found = "a software renderer, which draws on the processor: works, but a GPU is faster"
        checks.append(Check("speed", None, found, others))
    elif devices > 1:
        found = f"{devices} graphics devices; to use another one, give its number, from 0"
        checks.append(Check("devices", None, found, others))
    if reply["chatter"]:
        # A driver that failed may have printed why before another one was used.
        printed = " ".join(reply["chatter"].split())[:300]
        remedy = explain(RuntimeError(printed), tried="EGL").hint if "GLIBCXX" in printed else ""
        checks.append(Check("driver output", None, printed, remedy))
    return checks


def _display() -> list[Check]:
    problem = display_problem()
    if problem is not None:
        instead = "`python -m cppn_gl` saves a picture instead of opening a window"
        return [Check("display", None, f"none: {problem}; {instead}")]
    names = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    found = ", ".join(f"{name}={os.environ[name]}" for name in names) or "the system's default"
    reply = _child("window")
    if "message" in reply:
        window = Check("window", False, reply["message"], reply["hint"])
    else:
        window = Check("window", True, reply["renderer"])
    return [Check("display", True, found), window]


def _home() -> list[Check]:
    """Note a missing home directory, as is common in containers."""
    if user_folder("cache") and user_folder("state"):
        return []
    found = f"{NO_HOME}; measurements and the window's history are not saved"
    return [Check("home", None, found, f"HOME={tempfile.gettempdir()} {_AGAIN}")]


def _environment() -> list[Check]:
    """Note the environment variables that affect the graphics libraries, for problem reports."""
    pattern = r"(CPPN_GL|GLCONTEXT|MESA|LIBGL|__EGL|EGL|__GLX|GALLIUM|PYGLFW|MODERNGL)_\w+"
    names = sorted(name for name in os.environ if re.fullmatch(pattern, name))
    found = " ".join(f"{name}={os.environ[name]}" for name in names)
    return [Check("environment", None, found)] if found else []


def _child(probe: str) -> dict[str, Any]:
    """Run one of `_PROBES` in a child process and return its answer.

    If the probe fails, crashes or hangs, the answer has the keys `message` and `hint`.
    """
    try:
        worker = Worker("cppn_gl.cli.doctor")
    except OSError as error:
        message = f"Python could not be started: {error}."
    else:
        try:
            return worker.ask({"probe": probe}, CHILD_SECONDS)
        except LateError:
            message = f"No answer within {CHILD_SECONDS} seconds."
        except DiedError as died:
            words = died.words[:200] or "no message"
            if died.status == 1:  # Python's exit status after an exception
                explained = explain(RuntimeError(words), tried="a child process")
                return {"message": explained.message, "hint": explained.hint}
            message = f"The graphics driver crashed (status {died.status}): {words}."
        finally:
            worker.close()
    if sys.platform in ("win32", "darwin"):
        return {"message": message, "hint": "update the graphics driver"}
    return {"message": message, "hint": f"LIBGL_ALWAYS_SOFTWARE=1 {_AGAIN}"}  # without the GPU


def main() -> None:
    """In the child process: run the requested probe and answer with its result."""
    requests = Requests()
    try:
        answer = _PROBES[requests.get()["probe"]]()
    except ContextError as error:
        answer = {"message": error.message, "hint": error.hint}
    requests.tell(**answer, done=True)
    # Skip the interpreter's shutdown, in which some drivers crash.
    os._exit(0)


def _probe_headless() -> dict[str, Any]:
    ctx, chatter = open_and_listen()
    answer = {"info": asdict(describe(ctx)), "chatter": chatter}
    return answer | _engine(ctx) | {"devices": _count_devices()}


def _engine(ctx: Any) -> dict[str, str]:
    """The engine of the default preset and why it was chosen, or the problem that prevents it."""
    try:
        from cppn_gl.output.renderer import Renderer
        from cppn_gl.preset.library import DEFAULT, load_preset
        from cppn_gl.utils import native, threads
    except ImportError:
        return {"engine": ""}  # a missing package, which another check reports
    try:
        renderer = Renderer(context=ctx)
        choice = renderer.engine_for(load_preset(DEFAULT))
    except (ContextError, ValueError) as error:
        if getattr(error, "key", "") in (native.ISA, threads.VARIABLE):
            return {"engine": ""}  # which another check reports
        return {"engine": "", "problem": str(error)}
    where = f"measurements are saved in {renderer.tuning_path or 'memory only'}"
    return {"engine": f"{choice.engine} for the preset {DEFAULT!r} ({choice.why}); {where}"}


def _count_devices() -> int:
    """Return the number of graphics devices that EGL reports; 0 without EGL."""
    moderngl = importlib.import_module("moderngl")
    os.environ["GLCONTEXT_DEVICE_INDEX"] = "1000000"
    try:
        moderngl.create_context(
            standalone=True, backend="egl", libgl="libGL.so.1", libegl="libEGL.so.1"
        )
    except Exception as error:  # "requested device index 1000000, but found 2 devices"
        match = re.search(r"found (\d+) devices", str(error))
        return int(match[1]) if match else 0
    return 0


def _probe_window() -> dict[str, Any]:
    """Open and close a hidden window with the OpenGL 3.3 core context of the live window."""
    try:
        glfw = import_glfw()
        moderngl = importlib.import_module("moderngl")
        if not glfw.init():
            raise RuntimeError("Failed to initialize glfw")
        glfw.window_hint(glfw.VISIBLE, glfw.FALSE)
        glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
        glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)
        window = glfw.create_window(64, 64, "cppn_gl doctor", None, None)
        if not window:
            raise RuntimeError("Failed to create window")
        glfw.make_context_current(window)
        info = describe(moderngl.create_context(require=330))
        glfw.destroy_window(window)
        glfw.terminate()
    except Exception as error:  # the libraries raise plain Exception
        raise explain(error, tried="a hidden window with glfw") from error
    return {"renderer": f"{info.renderer}, OpenGL {info.version}"}


_PROBES = {"headless": _probe_headless, "window": _probe_window}


if __name__ == "__main__":
    main()
