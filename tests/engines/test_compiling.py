"""Programs compiled in another process: they are reused here, and the process can be stopped."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from rows import BAKED, FRAGMENT

from cppn_gl.engines.gl import compiling
from cppn_gl.engines.gl.compiling import Compiled, compile_in_worker
from cppn_gl.nn.network import Network
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.worker import Worker

pytestmark = pytest.mark.gl

SMALL = scene_of(Preset().replace(depth=2, width=3))
LARGE = scene_of(Preset().replace(depth=20, width=30))  # compiles for minutes


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """The processes that are started."""
    workers = []

    class Remembered(Worker):
        def __init__(self, *words: Any, **keys: Any):
            super().__init__(*words, **keys)
            workers.append(self)

    monkeypatch.setattr(compiling, "Worker", Remembered)
    for name in ("MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    return workers


@pytest.mark.parametrize(
    "scene",
    [SMALL, scene_of(Preset(), network=Network.random(depth=2, width=3, seed=8))],
    ids=["preset", "network"],
)
@pytest.mark.parametrize("samples", [1, 2])
def test_a_program_is_compiled(
    renderer: Renderer, started: list[Worker], scene: Scene, samples: int
) -> None:
    done = compile_in_worker(renderer.painter, scene, BAKED, samples)
    assert (done.late, done.problem) == (False, "")
    assert done.seconds > 0
    assert [one._process.returncode is not None for one in started] == [True]


def test_a_process_that_takes_too_long_is_ended(renderer: Renderer, started: list[Worker]) -> None:
    done = compile_in_worker(renderer.painter, LARGE, BAKED, limit=0.5)
    assert done.late
    assert done.seconds >= 0.5
    assert len(started) == 1
    assert started[0]._process.returncode not in (None, 0)


def test_an_interruption_ends_it(
    renderer: Renderer, started: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(worker: Worker, seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compile_in_worker(renderer.painter, LARGE, BAKED)
    assert len(started) == 1
    assert started[0]._process.returncode not in (None, 0)


@pytest.mark.parametrize("variable", ["MESA_SHADER_CACHE_DISABLE", "MESA_GLSL_CACHE_DISABLE"])
def test_without_a_cache_nothing_is_started(
    renderer: Renderer,
    started: list[Worker],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, "true")
    done = compile_in_worker(renderer.painter, SMALL, FRAGMENT)
    assert "shader cache is disabled" in done.problem
    assert started == []


def test_what_goes_wrong_is_told(
    renderer: Renderer,
    started: list[Worker],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(renderer.painter.programs, "folder", tmp_path)  # without shaders
    assert compile_in_worker(renderer.painter, SMALL, FRAGMENT).problem
    monkeypatch.setattr(sys, "executable", os.devnull)
    assert compile_in_worker(renderer.painter, SMALL, FRAGMENT).problem.startswith(
        "cannot start a process"
    )
    assert Compiled() == Compiled(0.0, late=False, problem="")
