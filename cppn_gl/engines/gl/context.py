"""Opens an OpenGL context without a window, and explains failures in plain words.

Every failure of the graphics libraries, here and in the live window, goes through `explain` and
becomes a `ContextError`: what is wrong, what was tried, and how to fix it. To handle another
failure, add a row to `_CASES`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cppn_gl.engines.gl.unlocked import create_context

if TYPE_CHECKING:
    import moderngl

# Core 3.3: the minimum version for the shaders; macOS, Mesa and Windows have it.
REQUIRED_VERSION = 330


class ContextError(RuntimeError):
    """OpenGL or a window is not available: `message` says why, `hint` what to do.

    `argument`: the name of the function argument that would help, if any.
    """

    def __init__(self, message: str, hint: str, argument: str = "") -> None:
        super().__init__(message, hint, argument)
        self.message, self.hint, self.argument = message, hint, argument

    def __str__(self) -> str:
        return f"{self.message} {self.hint}"


class _Case(NamedTuple):
    """A known failure: `{0}`, `{1}` … in the texts are the pattern's groups."""

    pattern: str  # searched in the libraries' error messages, case-insensitively
    message: str  # what is wrong; a full stop is added
    hint: str  # the remedy; {install}, {python} and {other} come from `_remedies`
    suspects: tuple[str, ...] = ()  # environment variables that can cause it; named if set


_LIBRARIES = ("GLCONTEXT_LINUX_LIBGL", "GLCONTEXT_LINUX_LIBEGL", "GLCONTEXT_LINUX_LIBX11")
_VENDORS = ("__EGL_VENDOR_LIBRARY_FILENAMES", "__EGL_VENDOR_LIBRARY_DIRS")
_DRIVERS = ("LIBGL_DRIVERS_PATH", "GALLIUM_DRIVER", "MESA_LOADER_DRIVER_OVERRIDE", *_VENDORS)
_VERSIONS = ("MESA_GL_VERSION_OVERRIDE", "GLCONTEXT_GLVERSION")

# The first matching row is used: specific patterns come before general ones.
_CASES = (
    _Case(
        r"GLIBCXX_[\d.]+",
        "this Python brings a libstdc++ that is too old for the graphics driver",
        "run `conda install -c conda-forge libstdcxx-ng`, or use a Python from outside conda.",
        ("LD_LIBRARY_PATH", "LD_PRELOAD"),
    ),
    _Case(
        r"No protocol specified|Authorization required|MIT-MAGIC-COOKIE",
        "the X server refuses this user",
        "in the session that owns the display, run `xhost +SI:localuser:{user}`, or {other}.",
    ),
    _Case(
        r"cannot open display|Failed to open display|DISPLAY environment variable is missing"
        r"|Wayland: Failed to connect",
        "there is no display to open a window on",
        "set DISPLAY to a running X server, start one with `xvfb-run -a python -m cppn_gl`, "
        "or {other}.",
    ),
    _Case(
        r"(libX11\S*) not (?:loaded|found)",
        "the library {0} cannot be loaded",
        "run `{install_x11}`, or {other}.",
        _LIBRARIES,
    ),
    _Case(
        r"(\S+) not (?:loaded|found in /lib)",
        "the library {0} cannot be loaded",
        "run `{install}`; if it is installed, start with "
        "`GLCONTEXT_LINUX_LIBGL=libGL.so.1 GLCONTEXT_LINUX_LIBEGL=libEGL.so.1`.",
        _LIBRARIES,
    ),
    _Case(
        r"found 0 devices",
        "EGL finds no graphics device, not even Mesa's software one",
        "run `{install}`; in a container for an NVIDIA GPU, start it with "
        "`docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all`.",
        _VENDORS,
    ),
    _Case(
        r"requested device index (-?\d+), but found (\d+) devices",
        "there is no graphics device {0}: EGL finds {1}, numbered from 0",
        "start with `GLCONTEXT_DEVICE_INDEX=0`.",
        ("GLCONTEXT_DEVICE_INDEX",),
    ),
    _Case(
        r"invalid literal for int\(\) with base 10: (.*)",
        "an environment variable should hold a whole number and holds {0}",
        "set GLCONTEXT_DEVICE_INDEX to 0, and GLCONTEXT_GLVERSION not at all.",
        ("GLCONTEXT_DEVICE_INDEX", "GLCONTEXT_GLVERSION"),
    ),
    _Case(
        r"GLX extension not found|glXChooseFBConfig failed|glXChooseVisual|No GLXFBConfigs",
        "this X display offers no OpenGL",
        "start its X server with `+extension GLX`, or {other}.",
    ),
    _Case(
        r"eglCreateContext failed|Requested OpenGL version|GLXBadFBConfig|cannot create context"
        r"|CreateContextAttribs|OpenGL version .* (?:not available|unavailable)",
        "the graphics driver does not offer OpenGL 3.3",
        "update the driver, or use Mesa's own: run `{install}`, then start with "
        "`LIBGL_ALWAYS_SOFTWARE=1`.",
        (*_VERSIONS, *_DRIVERS),
    ),
    _Case(
        r"eglInitialize failed|eglGetPlatformDisplay\w* failed|eglQueryDevices\w* failed"
        r"|eglChooseConfig failed|eglBindAPI failed|egl\w+ not found",
        "no graphics driver could be started",
        "run `{install}`; with more than one graphics device, try `GLCONTEXT_DEVICE_INDEX=1`.",
        (*_DRIVERS, "EGL_PLATFORM", "LIBGL_ALWAYS_SOFTWARE"),
    ),
    _Case(
        r"driver does not appear to support OpenGL|wgl\w+ (?:failed|not found)|pixel ?format",
        "Windows has no OpenGL driver for this screen",
        "install the driver from the maker of the graphics card; over remote desktop, log in "
        "at the machine itself.",
    ),
    _Case(
        r"Failed to load GLFW3|cannot import name '(?:egl|x11|wgl|darwin)'|supported backend",
        "the installed glfw or glcontext package does not fit this system",
        "run `{python} -m pip install --force-reinstall glfw glcontext`.",
        ("PYGLFW_LIBRARY", "PYGLFW_LIBRARY_VARIANT"),
    ),
    _Case(
        r"No module named '([\w.]+)'",
        "the Python package {0} is missing",
        "run `{python} -m pip install {0}`.",
    ),
)

_UNKNOWN = _Case("", "OpenGL could not be started", "run `python -m cppn_gl doctor`.")


def _remedies() -> dict[str, str]:
    """Return the commands named in hints, for this system."""
    sudo = "sudo " if hasattr(os, "geteuid") and os.geteuid() != 0 else ""
    install, x11 = "apt-get install libegl1 libgl1", "apt-get install libx11-6"
    if shutil.which("dnf") and not shutil.which("apt-get"):
        install, x11 = "dnf install mesa-libEGL mesa-libGL", "dnf install libX11"
    return {
        "install": sudo + install,
        "install_x11": sudo + x11,
        "python": shlex.quote(sys.executable or "python"),
        "user": os.environ.get("USER", "NAME"),
        "other": "draw without a window: `python -m cppn_gl render -o picture.png`",
    }


def _one_line(text: str, limit: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _glfw_reason(text: str) -> str:
    """Return GLFW's last error, for wrappers that only say that it failed."""
    glfw: Any = sys.modules.get("glfw")  # imported already if it is the cause
    if glfw and re.search(r"glfw|create window", text, re.IGNORECASE):
        with contextlib.suppress(Exception):  # the description may be None
            return f": {glfw.get_error()[1].decode(errors='replace')}"
    return ""


def explain(error: BaseException, *, tried: str) -> ContextError:
    """Convert a failure to open a context or a window to a `ContextError`.

    `tried` names what was attempted, as in "EGL, then X11". Notes on the error (`add_note`) are
    searched too, so a caller can attach a driver's stderr. Unknown errors are quoted in full.
    """
    if isinstance(error, ContextError):
        return error
    text = str(error) or type(error).__name__
    text += _glfw_reason(text)
    everything = "\n".join([text, *getattr(error, "__notes__", [])])
    for case in _CASES:
        if match := re.search(case.pattern, everything, re.IGNORECASE):
            message, values = case.message.format(*match.groups()), match.groups()
            break
    else:
        case, text, message, values = _UNKNOWN, everything, _UNKNOWN.message, ()
    explained = ContextError(
        f"{message[0].upper()}{message[1:]} (tried {tried}: {_one_line(text)}).",
        _hint(case.hint.format(*values, **_remedies()), case.suspects),
    )
    explained.__cause__ = error
    return explained


def _hint(hint: str, suspects: tuple[str, ...]) -> str:
    """Return the remedy as a sentence, preceded by how to unset suspect environment variables."""
    names = [name for name in suspects if os.environ.get(name)]
    if not names:
        return hint[0].upper() + hint[1:]
    values = ", ".join(f"{name}={_one_line(os.environ[name], 80)}" for name in names)
    windows = " & ".join(f"set {name}=" for name in names)
    command = windows if sys.platform == "win32" else f"unset {' '.join(names)}"
    return f"Run `{command}` (now {values}). If that does not help, {hint}"


@contextlib.contextmanager
def _captured_stderr() -> Iterator[list[str]]:
    """Capture what C libraries write to stderr; the list holds it afterwards."""
    captured: list[str] = []
    try:
        sink = os.memfd_create("stderr")
        saved = os.dup(2)
    except (AttributeError, OSError):  # not Linux, or no stderr
        yield captured
        return
    try:
        os.dup2(sink, 2)
        yield captured
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        text = os.pread(sink, os.fstat(sink).st_size, 0).decode(errors="replace")
        os.close(sink)
        if text:
            captured.append(text)
        # Shown if the user has requested the driver's messages.
        if any(os.environ.get(name) for name in ("EGL_LOG_LEVEL", "LIBGL_DEBUG", "MESA_DEBUG")):
            sys.stderr.write(text)


def _attempts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (a name, settings for moderngl), best first."""
    if sys.platform in ("win32", "cygwin", "darwin"):
        yield "the system's OpenGL", {}
        return
    # With full file names, since glcontext's default names need ldconfig or -dev packages. The
    # environment variables that glcontext reads take precedence over these.
    egl = {"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}
    yield "EGL", egl
    yield "EGL", {"backend": "egl"}
    if _x11_problem() is None:
        yield "X11", {"libgl": "libGL.so.1", "libx11": "libX11.so.6"}
    if not os.environ.get("GLCONTEXT_DEVICE_INDEX"):
        # The user may lack permission for the first device.
        for index in range(1, 16):
            yield "the other EGL devices", egl | {"device_index": index}


def open_context() -> moderngl.Context:
    """Open a context without a window, OpenGL 3.3 core or newer.

    Raises `ContextError`. What drivers write to stderr meanwhile is suppressed.
    """
    return open_and_listen()[0]


def open_and_listen() -> tuple[moderngl.Context, str]:
    """Like `open_context`, but also return what the driver wrote to stderr."""
    failures: list[tuple[str, Exception]] = []
    for label, settings in _attempts():
        try:
            with _captured_stderr() as chatter:
                ctx = create_context(REQUIRED_VERSION, "standalone", **settings)
            return ctx, "".join(chatter)
        except Exception as error:  # the libraries raise Exception itself
            failure = error
        if settings.get("device_index") and "requested device index" in str(failure):
            break  # past the last device
        for text in chatter:
            failure.add_note(text)
        failures.append((label, failure))
    tried = ", then ".join(dict.fromkeys(label for label, _ in failures))
    raise explain(failures[0][1], tried=tried)


@dataclass(frozen=True)
class ContextInfo:
    """An OpenGL renderer and its limits. Limits that are not reported are OpenGL 3.3's minimums."""

    renderer: str
    vendor: str
    version: str
    version_code: int  # 330, 450 …
    glsl: str  # for a #version line: "330", "450", "320 es"
    software: bool  # rendered on the CPU, slowly
    max_texture_size: int  # pixels along a side
    max_viewport: tuple[int, int]  # pixels
    max_uniform_block_size: int  # bytes
    max_fragment_uniform_blocks: int
    uniform_buffer_offset_alignment: int  # bytes


_SOFTWARE = r"llvmpipe|softpipe|swrast|swiftshader|software|basic render|gdi generic"


def describe(ctx: moderngl.Context) -> ContextInfo:
    """Describe the renderer of a context."""
    info: dict[str, Any] = ctx.info

    def limit(key: str, promised: int) -> int:
        value = info.get(key)
        return int(value) if isinstance(value, int | float) and value > 0 else promised

    texture = limit("GL_MAX_TEXTURE_SIZE", 1024)
    viewport = info.get("GL_MAX_VIEWPORT_DIMS")
    if not (isinstance(viewport, tuple) and len(viewport) == 2 and min(viewport) > 0):
        viewport = (texture, texture)
    renderer = str(info.get("GL_RENDERER") or "unknown")
    version = str(info.get("GL_VERSION") or "unknown")
    return ContextInfo(
        renderer=renderer,
        vendor=str(info.get("GL_VENDOR") or "unknown"),
        version=version,
        version_code=ctx.version_code,
        # Since OpenGL 3.3, GLSL has the same version numbers.
        glsl=f"{ctx.version_code}{' es' if 'OpenGL ES' in version else ''}",
        software=bool(re.search(_SOFTWARE, renderer, re.IGNORECASE)),
        max_texture_size=texture,
        max_viewport=(int(viewport[0]), int(viewport[1])),
        max_uniform_block_size=limit("GL_MAX_UNIFORM_BLOCK_SIZE", 16384),
        max_fragment_uniform_blocks=limit("GL_MAX_FRAGMENT_UNIFORM_BLOCKS", 12),
        uniform_buffer_offset_alignment=limit("GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT", 256),
    )


def _answers(address: str | tuple[str, int]) -> bool:
    """Whether something listens at a Unix socket's path or a (host, port)."""
    try:
        if isinstance(address, tuple):
            socket.create_connection(address, timeout=1).close()
        else:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(address)
    except (OSError, OverflowError, ValueError):  # refused; port too large; no such host name
        return False
    return True


def _x11_problem() -> str | None:
    name = os.environ.get("DISPLAY", "")
    if not name:
        return "DISPLAY is not set"
    match = re.fullmatch(r"(?:\w+/)?([^/]*):(\d+)(?:\.\d+)?", name)
    if not match:
        return f"DISPLAY is {name}, which is not a display name"
    path = f"/tmp/.X11-unix/X{match[2]}"
    if match[1] in ("", "unix"):
        found = _answers(path) or _answers("\0" + path)  # the second is a socket without a file
    else:
        found = _answers((match[1].strip("[]"), 6000 + int(match[2])))
    if found:
        return None
    return f"DISPLAY is {name}, where no X server answers"


def _wayland_problem() -> str | None:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    if not name:
        return "WAYLAND_DISPLAY is not set"
    path = os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name)
    if os.path.isabs(path) and _answers(path):
        return None
    return f"WAYLAND_DISPLAY is {name}, where no compositor answers"


class _System(NamedTuple):
    """A window system: its name in glfw, its display's environment variable, and its check."""

    name: str
    variable: str
    problem: Callable[[], str | None]


_SYSTEMS = (
    _System("x11", "DISPLAY", _x11_problem),
    _System("wayland", "WAYLAND_DISPLAY", _wayland_problem),
)
_VARIANT = "PYGLFW_LIBRARY_VARIANT"


def display_problem() -> str | None:
    """Return why no window can be shown, or None if a display is available.

    On Windows and macOS it always is. Elsewhere this only connects to the display's socket, without
    loading a library or initialising a window system.
    """
    return _display()[1]


def import_glfw() -> Any:
    """Import glfw so that it uses the display that was found to be available, and return it.

    By default glfw uses XDG_SESSION_TYPE, even if that display is not available. This has to be the
    first import of glfw. PYGLFW_LIBRARY_VARIANT takes precedence if set. Raises ImportError.
    """
    system, _ = _display()
    if system is not None:
        os.environ[_VARIANT] = system.name  # selects one of the two builds in glfw's wheel
    glfw: Any = importlib.import_module("glfw")  # not a static import: glfw may be missing
    supported = getattr(glfw, "platform_supported", None)  # a system's glfw may support both
    if system is not None and supported is not None:
        platform = getattr(glfw, f"PLATFORM_{system.name.upper()}")
        if supported(platform):
            glfw.init_hint(glfw.PLATFORM, platform)
    return glfw


def _display() -> tuple[_System | None, str | None]:
    """The available window system (None if there is only one), and why there is none."""
    if sys.platform in ("win32", "cygwin", "darwin"):
        return None, None
    asked = os.environ.get(_VARIANT, "").lower()
    systems = [system for system in _SYSTEMS if system.name == asked] or list(_SYSTEMS)
    if (
        os.environ.get("XDG_SESSION_TYPE") == "wayland"
    ):  # if both are available, prefer the session's
        systems.reverse()
    problems = []
    for system in systems:
        problem = system.problem()
        if problem is None:
            return system, None
        if os.environ.get(system.variable) or len(systems) == 1:
            problems.append(problem)
    return None, " and ".join(problems) or "neither DISPLAY nor WAYLAND_DISPLAY is set"
