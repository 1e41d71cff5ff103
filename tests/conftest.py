"""Shared fixtures, and the rules for skipping tests.

On a machine without OpenGL, the native library, Xvfb and xdotool, or Chromium, the tests marked
`gl`, `native`, `window` or `browser` are skipped with a reason. With CPPN_GL_REQUIRE_GL=1,
CPPN_GL_REQUIRE_NATIVE=1 or CPPN_GL_REQUIRE_WINDOW=1, as in CI, they fail instead, and so does the
run after any skip for a reason that is not in ALLOWED_SKIPS.
"""

import contextlib
import functools
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser as browsers
import platformdirs
import pytest
from browser import browser, page  # noqa: F401 - fixtures
from hypothesis import settings

from cppn_gl.cli import terminal
from cppn_gl.engines.gl.context import ContextError, open_context
from cppn_gl.engines.names import VARIABLE
from cppn_gl.engines.tuning import default_path
from cppn_gl.output.renderer import Renderer
from cppn_gl.utils import native

REQUIRED = {
    "gl": "CPPN_GL_REQUIRE_GL",
    "native": "CPPN_GL_REQUIRE_NATIVE",
    "window": "CPPN_GL_REQUIRE_WINDOW",
    "browser": "CPPN_GL_REQUIRE_WINDOW",
}
ALLOWED_SKIPS = (
    "not tested for arm64",  # without a compiler and an emulator of it
    "not tested with",  # another compiler, or one without sanitizers
    "tests an installed package",  # which comes without the repository's scripts
    "does not heed",  # a driver that cannot be made to look old
)

# The slowest files. A worker runs whole files, so these come first: a slow file that starts last
# would keep one worker busy while the others are idle.
SLOWEST_FIRST = ("test_window", "test_renderer", "test_window_views", "test_main", "test_views")

_skips: list[tuple[str, str]] = []


def keep_compiled_shaders() -> None:
    """Let the driver cache compiled shaders between runs, in a folder that only tests use.

    The tests have temporary cache folders, so that the driver would compile everything in each run.
    Call this before the first context, since drivers read the environment once; subprocesses
    inherit it. A folder set in the environment is kept; without a home directory there is none.
    """
    if "MESA_SHADER_CACHE_DIR" not in os.environ:
        folder = Path(platformdirs.user_cache_dir("cppn_gl-tests", appauthor=False)) / "shaders"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            os.environ["MESA_SHADER_CACHE_DIR"] = str(folder)


keep_compiled_shaders()
# A shell makes background jobs ignore SIGINT, which all processes that the tests start inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(SLOWEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@functools.cache
def missing(marker: str) -> str:
    """Why tests with this marker cannot run here; empty where they can."""
    if marker == "window":
        absent = [name for name in ("Xvfb", "xdotool") if not shutil.which(name)]
        return f"missing: {', '.join(absent)}" if absent else ""
    if marker == "native":
        return native.problem()
    if marker == "browser":
        return browsers.problem()
    try:
        open_context().release()
    except ContextError as error:
        return f"no OpenGL: {error}"
    return ""


def required(marker: str) -> bool:
    return os.environ.get(REQUIRED[marker], "") not in ("", "0")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in REQUIRED:
        if item.get_closest_marker(marker) and (reason := missing(marker)):
            if required(marker):
                pytest.fail(f"{REQUIRED[marker]} is set, but {reason}", pytrace=False)
            pytest.skip(reason)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        _skips.append((report.nodeid, reason.removeprefix("Skipped: ")))


def refused_skips() -> list[tuple[str, str]]:
    if not any(map(required, REQUIRED)):
        return []
    allowed = re.compile("|".join(map(re.escape, ALLOWED_SKIPS)))
    return [(test, reason) for test, reason in _skips if not allowed.search(reason)]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if refused_skips() and session.exitstatus in (pytest.ExitCode.OK, 0):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.line(f"skipped: {len(_skips)}")
    for test, reason in refused_skips():
        terminalreporter.line(f"SKIPPED WITHOUT LEAVE {test}: {reason}", red=True)


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the user's cache, history and engine variable from the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        patch.delenv(VARIABLE, raising=False)
        yield


@pytest.fixture(autouse=True)
def no_progress_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command says on stderr does not depend on how slow the machine is."""
    monkeypatch.setattr(terminal, "EVERY", 1e6)


@pytest.fixture
def tuning(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a tuning cache for one test, not yet written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return default_path()


@pytest.fixture
def without_native(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the native library from the test and from the processes that it starts."""
    monkeypatch.setenv(native.SWITCH, "0")
    monkeypatch.setattr(native, "_found", native._found.__wrapped__)


@pytest.fixture(scope="session")
def compute_shaders() -> None:
    """Skip the test without compute shaders."""
    with Renderer("fragment") as renderer:
        if not renderer.painter.compute:
            pytest.skip("needs compute shaders: OpenGL 4.3")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """An OpenGL renderer for the tests of a module; fails if they leave a GL error."""
    with Renderer("fragment") as shared:
        assert shared.ctx is not None
        yield shared
        with shared.ctx:
            assert shared.ctx.error == "GL_NO_ERROR"


# Hypothesis: the same examples in every run, and no database on disk.
settings.register_profile("suite", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("suite")
