"""The helper process: its answers, and its end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desktop import parent, wait_for
from rows import FRAGMENT
from windowless import windowless

from cppn_gl.engines.gl.compiling import cache_disabled
from cppn_gl.engines.tuning import TuningCache
from cppn_gl.nn.sources import Random
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.network_file import packed
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.worker import Requests
from cppn_gl.viewer import warming
from cppn_gl.viewer.helper import Helper
from cppn_gl.viewer.warming import OldRequest, Warmer
from cppn_gl.views.picture import SAMPLES


class Asked(Requests):
    """Requests that come from the test."""

    def __init__(self, *requests: dict[str, Any]):
        self.requests, self.told = list(requests), list[dict[str, Any]]()

    @property
    def waiting(self) -> bool:
        return bool(self.requests)

    def tell(self, **values: Any) -> None:
        self.told.append(json.loads(json.dumps(values)))


PRESET = Preset(spec=Random(depth=3, width=5, seed=3))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


def hello(renderer: Renderer, **values: Any) -> dict[str, Any]:
    info = renderer.info.context
    assert info is not None
    given = {"driver": [info.renderer, info.version], "engine": "fragment", "glsl": 330}
    return given | {"shaders": None} | values


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Empty shader and tuning caches for the processes that the test starts."""
    for name in ("XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path))


def heard(helper: Helper, word: str) -> list[dict[str, Any]]:
    """All answers up to the first that contains `word`."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found.extend(helper.answers())
        return any(word in answer for answer in found)

    wait_for(look, f"an answer with {word}")
    return found


@pytest.mark.gl
@pytest.mark.usefixtures("cold")
def test_it_compiles_what_is_wanted_and_ends(renderer: Renderer) -> None:
    helper = Helper(hello(renderer, glsl=renderer.painter.programs.version))
    heard(helper, "ready")
    pid = helper.pid
    assert pid is not None
    helper.want(packed(PRESET), (64, 36))
    found = heard(helper, "done")
    network = PRESET.network()
    keys = {answer.get("key") for answer in found}
    for samples in (1, SAMPLES):
        assert FRAGMENT.program_key(renderer.painter, network, samples) in keys
    assert any(answer.get("seconds", 0) > 0 for answer in found)
    assert {answer.get("number", 1) for answer in found} == {1}
    helper.want(packed(PRESET.replace(seed=9)), (64, 36))  # nothing new to compile
    again = heard(helper, "done")
    assert all(answer.get("seconds", 0) == 0 for answer in again)
    helper.want({"preset": "depth = "}, (64, 36))
    assert any("error" in answer for answer in heard(helper, "done"))
    helper.close()
    helper.close()
    assert parent(pid) is None
    assert not helper.alive
    helper.want(packed(PRESET), (64, 36))
    assert list(helper.answers()) == []


@pytest.mark.gl
def test_another_driver_is_of_no_use(renderer: Renderer) -> None:
    helper = Helper(hello(renderer, driver=["another", "1.0"]))
    (answer,) = heard(helper, "unfit")
    assert renderer.info.renderer in answer["unfit"]
    assert not helper.alive
    assert helper.pid is None


@pytest.mark.gl
def test_a_helper_that_crashes(renderer: Renderer) -> None:
    helper = Helper(hello(renderer))
    assert helper.pid is not None
    os.kill(helper.pid, signal.SIGKILL)
    heard(helper, "unfit")
    assert not helper.alive


def test_a_helper_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    helper = Helper({})
    assert not helper.alive
    helper.want({"preset": ""}, (1, 1))
    assert list(helper.answers()) == []
    helper.close()


def test_it_ends_with_its_stdin() -> None:
    command = [sys.executable, "-m", "cppn_gl.viewer.warming"]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.gl
@pytest.mark.usefixtures("without_native")
def test_a_newer_request_ends_the_work(renderer: Renderer) -> None:
    warmer = Warmer(renderer, Asked({"number": 2}))
    compiled = renderer.painter.programs.compiled
    with pytest.raises(OldRequest):
        warmer._work(1, PRESET, (64, 36))
    assert renderer.painter.programs.compiled == compiled
    with pytest.raises(OldRequest):
        warmer._tune(PRESET, (64, 36))


@pytest.mark.gl
@pytest.mark.usefixtures("without_native")
def test_it_measures_once(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tuned: list[object] = []
    asked = Asked()
    monkeypatch.setattr(warming, "compile_program", lambda *args: 0.1)
    monkeypatch.setattr(warming, "DISK_SECONDS", 0.0)
    monkeypatch.setattr(renderer.chooser, "cache", TuningCache("this", tmp_path / "tuning.json"))
    monkeypatch.setattr(renderer.chooser, "tune", lambda *args: tuned.append(args))
    warmer = Warmer(renderer, asked)
    warmer._work(1, PRESET, (64, 36))
    assert len(tuned) == 1
    assert sum("tuned" in answer for answer in asked.told) == 1
    monkeypatch.setattr(warmer, "_untuned", lambda network: False)
    warmer._work(2, PRESET, (64, 36))
    assert len(tuned) == 1


@pytest.mark.parametrize(
    ("variables", "disabled"),
    [
        ({}, False),
        ({"MESA_SHADER_CACHE_DISABLE": "true"}, True),
        ({"MESA_GLSL_CACHE_DISABLE": "1"}, True),
        ({"MESA_SHADER_CACHE_DISABLE": "false"}, False),
        ({"__GL_SHADER_DISK_CACHE": "0"}, True),
        ({"__GL_SHADER_DISK_CACHE": "1"}, False),
    ],
)
def test_whether_the_driver_keeps_what_it_compiles(
    variables: dict[str, str], disabled: bool
) -> None:
    assert cache_disabled(variables) == disabled
