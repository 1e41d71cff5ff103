"""Contexts open, and every failure gives one line that says what to do."""

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from desktop import DEAD

from cppn_gl.engines.gl import context
from cppn_gl.engines.gl.context import ContextError, describe, display_problem, explain

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's libraries")

# Libraries' error messages -> a word of our message, a word of the remedy.
FAILURES = {
    "(standalone) XOpenDisplay: cannot open display": ("no display", "xvfb-run"),
    "X11: Failed to open display :77": ("no display", "-m cppn_gl render"),
    "X11: The DISPLAY environment variable is missing": ("no display", "set DISPLAY"),
    "Wayland: Failed to connect to display": ("no display", "xvfb-run"),
    "libGL.so not loaded": ("libGL.so cannot be loaded", "GLCONTEXT_LINUX_LIBGL=libGL.so.1"),
    "libEGL.so.1 not loaded": ("libEGL.so.1 cannot be loaded", "libegl1 libgl1"),
    "(detect) libGL.so not loaded": ("libGL.so cannot be loaded", "libegl1 libgl1"),
    "libX11.so not loaded": ("libX11.so cannot be loaded", "libx11-6"),
    "libGL.so not found in /lib, /usr/lib or LD_LIBRARY_PATH": ("libGL.so", "libegl1 libgl1"),
    "eglInitialize failed (0x3001)": ("no graphics driver", "libegl1 libgl1"),
    "eglQueryDevicesEXT not found": ("no graphics driver", "libegl1 libgl1"),
    "eglCreateContext failed (0x3009)": ("does not offer OpenGL 3.3", "LIBGL_ALWAYS_SOFTWARE=1"),
    "(standalone) cannot create context": ("does not offer OpenGL 3.3", "LIBGL_ALWAYS_SOFTWARE=1"),
    "Requested OpenGL version 330, got version 210": ("does not offer", "update the driver"),
    "GLX: Failed to create context: GLXBadFBConfig": ("does not offer", "libegl1 libgl1"),
    "requested device index 0, but found 0 devices": ("no graphics device", "--gpus all"),
    "requested device index 5, but found 1 devices": ("no graphics device 5", "INDEX=0"),
    "invalid literal for int() with base 10: 'abc'": ("holds 'abc'", "GLCONTEXT_DEVICE_INDEX"),
    "GLX: GLX extension not found": ("no OpenGL", "+extension GLX"),
    "(standalone) glXChooseFBConfig failed": ("no OpenGL", "+extension GLX"),
    "MESA-LOADER: failed to open iris: libstdc++.so.6: version `GLIBCXX_3.4.30' not found": (
        "libstdc++",
        "conda install",
    ),
    "Authorization required, but no authorization protocol specified": ("refuses", "xhost"),
    "WGL: The driver does not appear to support OpenGL": ("Windows", "install the driver"),
    "Failed to load GLFW3 shared library.": ("glfw", "pip install --force-reinstall"),
    "No module named 'moderngl'": ("moderngl", "pip install moderngl`"),
}


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No display, and none of the environment variables that hints name."""
    suspects = {name for case in context._CASES for name in case.suspects}
    loud = {"EGL_LOG_LEVEL", "LIBGL_DEBUG", "MESA_DEBUG"}
    for name in suspects | loud | {"DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return monkeypatch


def is_one_good_line(error: ContextError) -> bool:
    text = str(error)
    return (
        "\n" not in text
        and text == f"{error.message} {error.hint}"
        and error.message[0].isupper()
        and error.message.endswith(".")
        and len(error.hint) > 10
        and not re.search(r"[{}]", error.hint)
    )


@pytest.mark.parametrize("said", FAILURES)
def test_known_failure_is_translated(said: str, clean: pytest.MonkeyPatch) -> None:
    words, remedy = FAILURES[said]
    error = explain(Exception(said), tried="EGL, then X11")
    assert words.lower() in error.message.lower()
    assert remedy.lower() in error.hint.lower()
    assert "tried EGL, then X11" in error.message
    assert said in error.message  # can be searched for on the web
    assert is_one_good_line(error)


def test_every_row_of_the_table_is_reached(clean: pytest.MonkeyPatch) -> None:
    first = [
        next(case for case in context._CASES if re.search(case.pattern, said, re.IGNORECASE))
        for said in FAILURES
    ]
    assert set(first) == set(context._CASES)


@pytest.mark.parametrize("case", context._CASES, ids=lambda case: case.pattern[:20])
def test_rows_name_only_what_is_there(case: context._Case) -> None:
    groups = ["group"] * re.compile(case.pattern).groups
    case.message.format(*groups)
    case.hint.format(*groups, **context._remedies())
    assert case.hint.endswith(".")
    assert not case.message.endswith(".")


def test_unknown_failure_is_quoted_on_one_line(clean: pytest.MonkeyPatch) -> None:
    failure = ValueError("something\n  nobody {saw}\nbefore")
    failure.add_note("libEGL: a driver's remark")
    error = explain(failure, tried="EGL")
    assert "something nobody {saw} before libEGL: a driver's remark" in error.message
    assert "python -m cppn_gl doctor" in error.hint
    assert is_one_good_line(error)
    assert error.__cause__ is failure


def test_empty_failure_is_named_by_its_type(clean: pytest.MonkeyPatch) -> None:
    assert "MemoryError" in explain(MemoryError(), tried="EGL").message


def test_explained_errors_stay_as_they_are() -> None:
    error = ContextError("No.", "Yes.")
    assert explain(error, tried="again") is error


def test_notes_decide_where_the_error_itself_says_little(clean: pytest.MonkeyPatch) -> None:
    failure = Exception("eglInitialize failed (0x3001)")
    failure.add_note("MESA-LOADER: … version `GLIBCXX_3.4.30' not found")
    assert "conda" in explain(failure, tried="EGL").hint


def test_the_variable_to_blame_is_named_first(clean: pytest.MonkeyPatch) -> None:
    clean.setattr("sys.platform", "linux")
    clean.setenv("LIBGL_DRIVERS_PATH", "/nonexistent")
    error = explain(Exception("eglInitialize failed (0x3001)"), tried="EGL")
    assert error.hint.startswith(
        "Run `unset LIBGL_DRIVERS_PATH` (now LIBGL_DRIVERS_PATH=/nonexistent)."
    )
    assert "libegl1" in error.hint
    clean.setattr("sys.platform", "win32")
    hint = explain(Exception("eglInitialize failed (0x3001)"), tried="EGL").hint
    assert "`set LIBGL_DRIVERS_PATH=`" in hint


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ((65550, b"X11: Failed to open display :77"), "no display"),
        ((65543, b"GLX: Failed to create context: GLXBadFBConfig"), "does not offer OpenGL 3.3"),
        ((0, None), "could not be started"),
    ],
)
def test_glfw_is_asked_for_its_reason(
    reason: tuple[int, bytes | None], words: str, clean: pytest.MonkeyPatch
) -> None:
    clean.setitem(sys.modules, "glfw", SimpleNamespace(get_error=lambda: reason))
    for said in ("Failed to initialize glfw", "Failed to create window"):
        assert words in explain(ValueError(said), tried="a window").message
    assert "X11" not in explain(ValueError("something else"), tried="EGL").message


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users by number on this system")
def test_commands_have_sudo_only_where_it_is_needed(clean: pytest.MonkeyPatch) -> None:
    for user, command in ((0, "`apt-get install"), (1000, "`sudo apt-get install")):
        clean.setattr("os.geteuid", lambda user=user: user)
        assert command in explain(Exception("libGL.so.1 not loaded"), tried="EGL").hint
    clean.setattr("shutil.which", lambda name: "/usr/bin/dnf" if name == "dnf" else None)
    assert "`sudo dnf install" in explain(Exception("libGL.so.1 not loaded"), tried="EGL").hint


# The order of attempts, with simulated libraries.


class FakeGL:
    """Opens no context: `answer(settings)` returns the text of a failure, or None."""

    def __init__(self, answer: Callable[[dict[str, object]], str | None]) -> None:
        self.answer = answer
        self.calls: list[dict[str, object]] = []

    def create_context(self, require: int, mode: str, **settings: object) -> str:
        assert (require, mode) == (330, "standalone")
        self.calls.append(settings)
        os.write(2, b"libEGL warning: chatter\n")
        failure = self.answer(settings)
        if failure:
            raise Exception(failure)
        return "a context"


@linux
def test_libraries_are_named_in_full_first(
    clean: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fake = FakeGL(lambda settings: None)
    clean.setattr(context, "create_context", fake.create_context)
    assert context.open_and_listen() == ("a context", "libEGL warning: chatter\n")
    assert fake.calls == [{"backend": "egl", "libgl": "libGL.so.1", "libegl": "libEGL.so.1"}]
    assert capfd.readouterr().err == ""


@linux
def test_chatter_is_heard_by_those_who_ask(
    clean: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    clean.setattr(context, "create_context", FakeGL(lambda settings: None).create_context)
    clean.setenv("EGL_LOG_LEVEL", "debug")
    context.open_context()
    assert "chatter" in capfd.readouterr().err


@linux
def test_the_next_device_is_tried(clean: pytest.MonkeyPatch) -> None:
    fake = FakeGL(lambda s: None if s.get("device_index") == 2 else "eglInitialize failed (0x3001)")
    clean.setattr(context, "create_context", fake.create_context)
    assert context.open_context() == "a context"
    assert fake.calls[-1]["device_index"] == 2


@linux
def test_a_chosen_device_is_the_only_one_tried(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("GLCONTEXT_DEVICE_INDEX", "0")
    fake = FakeGL(lambda settings: "eglInitialize failed (0x3001)")
    clean.setattr(context, "create_context", fake.create_context)
    with pytest.raises(ContextError, match="No graphics driver could be started") as caught:
        context.open_context()
    assert "tried EGL:" in caught.value.message
    assert not any("device_index" in call for call in fake.calls)


@linux
def test_x11_is_tried_where_a_display_answers(clean: pytest.MonkeyPatch) -> None:
    clean.setattr(context, "_x11_problem", lambda: None)
    fake = FakeGL(lambda s: "libEGL.so.1 not loaded" if "backend" in s else None)
    clean.setattr(context, "create_context", fake.create_context)
    assert context.open_context() == "a context"
    fake.answer = lambda s: "cannot" if "backend" not in s else "libEGL.so.1 not loaded"
    with pytest.raises(ContextError) as caught:
        context.open_context()
    assert "tried EGL, then X11, then the other EGL devices" in caught.value.message
    assert "libEGL.so.1 cannot be loaded" in caught.value.message


@linux
def test_what_the_driver_says_while_failing_counts(
    clean: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(settings: dict[str, object]) -> str:
        os.write(2, b"MESA-LOADER: version `GLIBCXX_3.4.30' not found\n")
        return "eglInitialize failed (0x3001)"

    clean.setattr(context, "create_context", FakeGL(fail).create_context)
    with pytest.raises(ContextError, match="conda install"):
        context.open_context()
    assert capfd.readouterr().err == ""


def test_a_missing_moderngl_is_one_line(clean: pytest.MonkeyPatch) -> None:
    clean.setitem(sys.modules, "moderngl", None)
    clean.setattr(context, "_attempts", lambda: iter([("EGL", {})]))
    with pytest.raises(ContextError) as caught:
        context.open_context()
    assert is_one_good_line(caught.value)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_use_their_own_opengl(platform: str, clean: pytest.MonkeyPatch) -> None:
    clean.setattr("sys.platform", platform)
    assert list(context._attempts()) == [("the system's OpenGL", {})]
    assert display_problem() is None


# The description of a renderer.


def test_describe_falls_back_on_what_opengl_promises() -> None:
    info = describe(SimpleNamespace(info={}, version_code=330))  # type: ignore[arg-type]
    assert info.renderer == info.vendor == info.version == "unknown"
    assert (info.glsl, info.software) == ("330", False)
    assert (info.max_texture_size, info.max_viewport) == (1024, (1024, 1024))
    assert info.max_uniform_block_size == 16384
    assert info.max_fragment_uniform_blocks == 12
    assert info.uniform_buffer_offset_alignment == 256


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("Software Rasterizer", True),
        ("D3D12 (Microsoft Basic Render Driver)", True),
        ("Apple Software Renderer", True),
        ("NVIDIA H200/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.7)", False),
        ("Apple M2", False),
    ],
)
def test_software_renderers_are_known(renderer: str, software: bool) -> None:
    info = {"GL_RENDERER": renderer, "GL_VERSION": "OpenGL ES 3.2 Mesa"}
    found = describe(SimpleNamespace(info=info, version_code=320))  # type: ignore[arg-type]
    assert found.software is software
    assert found.glsl == "320 es"


@pytest.mark.gl
def test_a_real_context_opens_twice_and_says_what_it_is() -> None:
    for _ in range(2):
        ctx = context.open_context()
        info = describe(ctx)
        assert info.renderer != "unknown"
        assert info.version_code >= 330
        assert info.glsl.startswith(str(info.version_code))
        assert info.max_texture_size >= 1024
        assert min(info.max_viewport) >= 1024
        assert info.max_uniform_block_size >= 16384
        assert info.max_fragment_uniform_blocks >= 12
        assert 1 <= info.uniform_buffer_offset_alignment <= 256
        assert ctx.error == "GL_NO_ERROR"
        ctx.release()


# Really broken systems, each in a separate process.

OPEN = """
import sys
from cppn_gl.engines.gl import context
try:
    print(context.describe(context.open_context()).renderer)
except context.ContextError as error:
    print(error)
    sys.exit(3)
"""


def open_with(environment: dict[str, str], before: str = "") -> subprocess.CompletedProcess[str]:
    """Open a context in a child, after running `before`, with nothing but `environment` set."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    path = {"PYTHONPATH": str(Path(context.__file__).parents[3]), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", before + OPEN],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=kept | path | environment,
    )


BROKEN = {
    "no such libEGL": (
        {"GLCONTEXT_LINUX_LIBEGL": "nonexistent.so"},
        "The library nonexistent.so cannot be loaded",
        "unset GLCONTEXT_LINUX_LIBEGL",
    ),
    "no such libGL": (
        {"GLCONTEXT_LINUX_LIBGL": "nonexistent.so"},
        "The library nonexistent.so cannot be loaded",
        "unset GLCONTEXT_LINUX_LIBGL",
    ),
    "no vendor file": (
        {"__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull},
        "EGL finds no graphics device",
        "unset __EGL_VENDOR_LIBRARY_FILENAMES",
    ),
    "no drivers": (
        {"LIBGL_DRIVERS_PATH": "/nonexistent"},
        "No graphics driver could be started",
        "unset LIBGL_DRIVERS_PATH",
    ),
    "too old": (
        {"MESA_GL_VERSION_OVERRIDE": "2.1"},
        "does not offer OpenGL 3.3",
        "unset MESA_GL_VERSION_OVERRIDE",
    ),
    "newer than there is": (
        {"GLCONTEXT_GLVERSION": "990"},
        "does not offer OpenGL 3.3",
        "unset GLCONTEXT_GLVERSION",
    ),
    "device not a number": (
        {"GLCONTEXT_DEVICE_INDEX": "abc"},
        "holds 'abc'",
        "unset GLCONTEXT_DEVICE_INDEX",
    ),
    "no such device": (
        {"GLCONTEXT_DEVICE_INDEX": "77"},
        "There is no graphics device 77",
        "unset GLCONTEXT_DEVICE_INDEX",
    ),
    "dead display too": (
        {"DISPLAY": DEAD, "__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull},
        "(tried EGL: ",
        "unset __EGL_VENDOR_LIBRARY_FILENAMES",
    ),
}


@pytest.mark.gl
@linux
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_system_gives_one_line_and_a_remedy(how: str) -> None:
    environment, message, remedy = BROKEN[how]
    done = open_with(environment)
    driver = {"LIBGL_DRIVERS_PATH", "MESA_GL_VERSION_OVERRIDE"} & environment.keys()
    if driver and done.returncode == 0:  # other vendors' drivers, and some releases of Mesa
        pytest.skip(f"{done.stdout.strip()} does not heed {', '.join(driver)}")
    assert (done.returncode, done.stderr) == (3, "")
    assert message in done.stdout
    assert remedy in done.stdout
    assert len(done.stdout.splitlines()) == 1


UNHELPFUL = {
    "a dead display": ({"DISPLAY": DEAD}, ""),
    "no PATH": ({"PATH": "/nonexistent"}, ""),
    "no ldconfig": ({}, "import ctypes.util; ctypes.util.find_library = lambda name: None"),
    "no stderr": ({}, "import os; os.close(2)"),
}


@pytest.mark.gl
@linux
@pytest.mark.parametrize("how", UNHELPFUL)
def test_an_unhelpful_system_is_enough(how: str) -> None:
    environment, before = UNHELPFUL[how]
    done = open_with(environment, before)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_import_is_quick_and_loads_no_gl() -> None:
    code = (
        "import sys, cppn_gl.engines.gl.context; "
        "print([m for m in ('moderngl', 'glfw') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(context.__file__).parents[3])},
    )
    assert done.stdout.strip() == "[]"


# Displays.


@pytest.fixture
def listening() -> Iterator[list[socket.socket]]:
    """Sockets a test opens; closed after it."""
    opened: list[socket.socket] = []
    yield opened
    for each in opened:
        each.close()


@linux
def test_no_display_is_said(clean: pytest.MonkeyPatch) -> None:
    assert display_problem() == "neither DISPLAY nor WAYLAND_DISPLAY is set"


@linux
@pytest.mark.parametrize("name", [DEAD, f"unix{DEAD}.0", f"localhost{DEAD}", "x" * 300 + ":1"])
def test_a_dead_display_is_none(name: str, clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DISPLAY", name)
    assert display_problem() == f"DISPLAY is {name}, where no X server answers"


@linux
@pytest.mark.parametrize("name", ["nonsense", ":", ":x", "/tmp/socket"])
def test_a_display_that_is_no_name(name: str, clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DISPLAY", name)
    assert display_problem() == f"DISPLAY is {name}, which is not a display name"


@linux
def test_a_local_display_answers(clean: pytest.MonkeyPatch, listening: list[socket.socket]) -> None:
    number = 100_000 + os.getpid()  # no X server has such a number
    server = socket.socket(socket.AF_UNIX)
    listening.append(server)
    server.bind(f"\0/tmp/.X11-unix/X{number}")
    server.listen()
    for name in (f":{number}", f":{number}.0", f"unix:{number}", f"unix/:{number}"):
        clean.setenv("DISPLAY", name)
        assert display_problem() is None, name


@linux
def test_a_forwarded_display_answers(
    clean: pytest.MonkeyPatch, listening: list[socket.socket]
) -> None:
    server = socket.socket()
    listening.append(server)
    server.bind(("127.0.0.1", 0))
    server.listen()
    number = server.getsockname()[1] - 6000
    for name in (f"localhost:{number}.0", f"127.0.0.1:{number}", f"tcp/localhost:{number}"):
        clean.setenv("DISPLAY", name)
        assert display_problem() is None, name


@linux
def test_a_wayland_compositor_answers(
    clean: pytest.MonkeyPatch, listening: list[socket.socket]
) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a socket's path may have 107 bytes
        clean.setenv("XDG_RUNTIME_DIR", folder)
        clean.setenv("WAYLAND_DISPLAY", "wayland-7")
        assert display_problem() == "WAYLAND_DISPLAY is wayland-7, where no compositor answers"
        clean.setenv("DISPLAY", DEAD)
        assert display_problem() == (
            f"DISPLAY is {DEAD}, where no X server answers "
            "and WAYLAND_DISPLAY is wayland-7, where no compositor answers"
        )
        server = socket.socket(socket.AF_UNIX)
        listening.append(server)
        server.bind(f"{folder}/wayland-7")
        server.listen()
        assert display_problem() is None
        clean.delenv("XDG_RUNTIME_DIR")
        clean.setenv("WAYLAND_DISPLAY", f"{folder}/wayland-7")
        assert display_problem() is None


@linux
@pytest.mark.parametrize(
    ("variables", "variant"),
    [
        ({"WAYLAND_DISPLAY": "live", "XDG_SESSION_TYPE": "wayland"}, "wayland"),
        ({"WAYLAND_DISPLAY": "live", "XDG_SESSION_TYPE": "x11"}, "wayland"),
        ({"WAYLAND_DISPLAY": "live", "DISPLAY": ":99999"}, "wayland"),
        ({"WAYLAND_DISPLAY": "stale", "DISPLAY": "live", "XDG_SESSION_TYPE": "wayland"}, "x11"),
        ({"DISPLAY": "live", "XDG_SESSION_TYPE": "wayland"}, "x11"),
        ({"DISPLAY": "live"}, "x11"),
        ({"WAYLAND_DISPLAY": "live", "DISPLAY": "live"}, "x11"),
        ({"WAYLAND_DISPLAY": "live", "DISPLAY": "live", "XDG_SESSION_TYPE": "wayland"}, "wayland"),
        (
            {"WAYLAND_DISPLAY": "live", "DISPLAY": "live", "PYGLFW_LIBRARY_VARIANT": "Wayland"},
            "wayland",
        ),
    ],
)
def test_glfw_takes_the_display_that_answers(
    variables: dict[str, str],
    variant: str,
    clean: pytest.MonkeyPatch,
    listening: list[socket.socket],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wayland, x11 = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        listening += [wayland, x11]
        wayland.bind(f"{folder}/live")
        number = 200_000 + os.getpid()
        x11.bind(f"\0/tmp/.X11-unix/X{number}")
        for each in listening:
            each.listen()
        clean.delenv("PYGLFW_LIBRARY_VARIANT", raising=False)
        clean.delenv("XDG_SESSION_TYPE", raising=False)
        clean.setenv("XDG_RUNTIME_DIR", folder)
        for name, value in variables.items():
            clean.setenv(name, f":{number}" if (name, value) == ("DISPLAY", "live") else value)
        assert display_problem() is None
        code = (
            "import os; from cppn_gl.engines.gl.context import import_glfw; import_glfw()\n"
            "print(os.environ['PYGLFW_LIBRARY_VARIANT'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{variant}\n"


@linux
def test_only_the_display_that_the_user_asks_for_counts(
    clean: pytest.MonkeyPatch, listening: list[socket.socket]
) -> None:
    number = 300_000 + os.getpid()
    server = socket.socket(socket.AF_UNIX)
    listening.append(server)
    server.bind(f"\0/tmp/.X11-unix/X{number}")
    server.listen()
    clean.setenv("DISPLAY", f":{number}")
    assert display_problem() is None
    clean.setenv("PYGLFW_LIBRARY_VARIANT", "wayland")
    assert display_problem() == "WAYLAND_DISPLAY is not set"
    clean.setenv("PYGLFW_LIBRARY_VARIANT", "another")
    assert display_problem() is None
