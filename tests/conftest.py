"""Fixtures, and when a test may be skipped.

A machine without OpenGL, or without Xvfb and xdotool, skips the tests marked `gl` or `window` and
says why. With CPPN_GL_REQUIRE_GL=1 or CPPN_GL_REQUIRE_WINDOW=1, as in CI, what is missing is a
failure instead, and so is any skip for a reason that stands not in ALLOWED_SKIPS.
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

import platformdirs
import pytest
from hypothesis import settings

from cppn_gl.cli import terminal
from cppn_gl.engines.gl.context import ContextError, open_context
from cppn_gl.engines.names import VARIABLE
from cppn_gl.engines.tuning import default_path
from cppn_gl.output.renderer import Renderer

REQUIRED = {"gl": "CPPN_GL_REQUIRE_GL", "window": "CPPN_GL_REQUIRE_WINDOW"}
ALLOWED_SKIPS = (
    "tests an installed package",  # there are no scripts beside it
    "does not heed",  # a driver that cannot be made to look old
)

# Files whose tests take longest. Workers take whole files, so these begin first: a long file that
# begins last keeps one worker busy while the others have nothing left to do.
SLOWEST_FIRST = ("test_window", "test_renderer", "test_window_views", "test_main", "test_views")

_skips: list[tuple[str, str]] = []


def keep_compiled_shaders() -> None:
    """Let the driver keep compiled shaders between runs, in a folder that only tests use.

    The tests have cache folders of their own, so the driver would compile everything on each run.
    This must precede the first context, since drivers read the environment once. Subprocesses
    inherit it. A folder that is named by the environment is used; without a home there is none.
    """
    if "MESA_SHADER_CACHE_DIR" not in os.environ:
        folder = Path(platformdirs.user_cache_dir("cppn_gl-tests", appauthor=False)) / "shaders"
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            os.environ["MESA_SHADER_CACHE_DIR"] = str(folder)


keep_compiled_shaders()
# A shell ignores SIGINT for its background jobs, and so would all processes that the tests start.
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
    """What the user measured, or asks for by a variable, is not for the tests to see or change."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        patch.delenv(VARIABLE, raising=False)
        yield


@pytest.fixture(autouse=True)
def no_progress_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command says on stderr does not depend on how slow the machine is."""
    monkeypatch.setattr(terminal, "EVERY", 1e6)


@pytest.fixture
def tuning(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a tuning cache that is this test's alone, not yet written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return default_path()


@pytest.fixture(scope="session")
def compute_shaders() -> None:
    """Skip where there are none."""
    with Renderer("fragment") as one:
        if not one.painter.compute:
            pytest.skip("needs compute shaders: OpenGL 4.3")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    """A renderer on OpenGL, shared by the tests of a module, which leaves no GL error behind."""
    with Renderer("fragment") as one:
        assert one.ctx is not None
        yield one
        with one.ctx:
            assert one.ctx.error == "GL_NO_ERROR"


# The same examples on each run, as many as a test suite has time for, and no database beside it.
settings.register_profile("suite", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("suite")
