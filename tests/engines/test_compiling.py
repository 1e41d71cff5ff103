"""Programs compiled in another process: they are found here, and the process ends when told."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.engines.gl import compiling
from cppn_gl.engines.gl.compiling import Compiled, elsewhere
from cppn_gl.engines.names import BAKED, FRAGMENT
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of

pytestmark = pytest.mark.gl

SMALL = scene_of(Preset().replace(depth=2, width=3))
LARGE = scene_of(Preset().replace(depth=20, width=30))  # compiles for minutes


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """The processes that are started."""
    processes = []
    start = compiling.child.start

    def remembered(*words: Any, **keys: Any) -> "subprocess.Popen[bytes]":
        processes.append(start(*words, **keys))
        return processes[-1]

    monkeypatch.setattr(compiling.child, "start", remembered)
    for name in ("MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    return processes


@pytest.mark.parametrize(
    "scene",
    [SMALL, scene_of(Preset(), network=Network.random(depth=2, width=3, seed=8))],
    ids=["preset", "network"],
)
@pytest.mark.parametrize("samples", [1, 2])
def test_a_program_is_compiled(
    renderer: Renderer, started: list["subprocess.Popen[bytes]"], scene: Scene, samples: int
) -> None:
    done = elsewhere(renderer.painter, scene, BAKED, samples)
    assert (done.late, done.problem) == (False, "")
    assert done.seconds > 0
    assert [process.returncode for process in started] == [0]


def test_a_process_that_takes_too_long_is_ended(
    renderer: Renderer, started: list["subprocess.Popen[bytes]"]
) -> None:
    done = elsewhere(renderer.painter, LARGE, BAKED, limit=0.5)
    assert done.late
    assert done.seconds >= 0.5
    assert len(started) == 1
    assert started[0].returncode not in (None, 0)


def test_an_interruption_ends_it(
    renderer: Renderer, started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        def monotonic(self) -> float:
            if started:
                raise KeyboardInterrupt
            return 0.0

    monkeypatch.setattr(compiling, "wall", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        elsewhere(renderer.painter, LARGE, BAKED)
    assert len(started) == 1
    assert started[0].returncode not in (None, 0)


def test_it_ends_with_its_stdin(started: list["subprocess.Popen[bytes]"]) -> None:
    process = compiling.child.start("cppn_gl.engines.gl.compiling")
    process.communicate(timeout=60)
    assert process.returncode is not None


@pytest.mark.parametrize("variable", ["MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE"])
def test_without_a_cache_nothing_is_started(
    renderer: Renderer,
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, "true")
    done = elsewhere(renderer.painter, SMALL, FRAGMENT)
    assert "keeps no compiled shaders" in done.problem
    assert started == []


def test_what_goes_wrong_is_told(
    renderer: Renderer,
    started: list["subprocess.Popen[bytes]"],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(renderer.painter.programs, "folder", tmp_path)  # without shaders
    assert elsewhere(renderer.painter, SMALL, FRAGMENT).problem
    monkeypatch.setattr(compiling.sys, "executable", os.devnull)
    assert elsewhere(renderer.painter, SMALL, FRAGMENT).problem.startswith("no process")
    assert Compiled() == Compiled(0.0, late=False, problem="")
