"""Names of engines: valid names, errors, and the environment variable."""

import subprocess
import sys

import pytest
from rows import COMPUTE, NAMES, NATIVE, NUMPY

from cppn_gl.engines.base import Device
from cppn_gl.engines.gl.packing import UNROLLED_WIDTH
from cppn_gl.engines.gl.pipeline import ShaderEngine
from cppn_gl.engines.names import (
    AUTO,
    ENGINES,
    VARIABLE,
    engine_name,
    engine_names,
    requested_engine,
)
from cppn_gl.nn.network import Network
from cppn_gl.utils.checks import PresetError


def test_an_exact_name_gives_its_engine_back() -> None:
    computes = [f"compute-{pixels}" for pixels in (1, 2, 4, 8, 16)]
    grids = ["grid", "grid-fragment"]
    processor = ["native", "numpy"]
    assert list(ENGINES) == ["fragment", *computes, "baked", "baked-1", "tiled", *grids, *processor]
    for name, engine in ENGINES.items():
        assert str(engine) == engine.name == name
        assert engine_name(name) == name


def test_every_name_is_exact_or_leaves_a_choice() -> None:
    assert set(engine_names()) == {*ENGINES, AUTO, "compute"}
    assert len(engine_names()) == len(set(engine_names()))
    assert engine_names()[0] == AUTO


def test_pixels_are_vectors_of_one_to_four_lanes() -> None:
    shaders = [engine for engine in ENGINES.values() if isinstance(engine, ShaderEngine)]
    assert len(shaders) == 8
    for pipeline in (engine.pipeline for engine in shaders):
        assert pipeline.pixels == pipeline.lanes * pipeline.groups
        assert pipeline.lanes in (1, 2, 4)
        assert pipeline.groups == 1 or pipeline.lanes == 4
        by_compute = pipeline.name.startswith("compute") or pipeline.name == "baked-1"
        assert pipeline.by_compute == by_compute
    assert all(COMPUTE[pixels].pipeline.pixels == pixels for pixels in COMPUTE)


def test_what_runs_on_the_cpu_needs_no_opengl_and_no_compiler() -> None:
    assert [engine for engine in ENGINES.values() if engine.on_cpu] == [NATIVE, NUMPY]
    assert [engine for engine in ENGINES.values() if not engine.compiles] == [NATIVE, NUMPY]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("fragmnt", "did you mean 'fragment'?"),
        ("Compute-16", "did you mean 'compute-16'?"),
        ("compute-32", "did you mean 'compute"),
        ("numpie", "did you mean 'numpy'?"),
        ("nonsense", "known: auto, fragment, compute, baked, tiled, grid, native, numpy, compute-"),
        ("", "known: auto"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"^no engine {text!r}; ") as found:
        engine_name(text)
    assert near in str(found.value)
    assert "\n" not in str(found.value)


def test_the_environment_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    assert VARIABLE == "CPPN_GL_ENGINE"
    assert requested_engine() == AUTO
    for text, engine in (("", AUTO), ("compute-8", "compute-8"), ("compute", "compute")):
        monkeypatch.setenv(VARIABLE, text)
        assert requested_engine() == engine


def test_a_wrong_wish_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cmpute")
    with pytest.raises(PresetError, match=r"^CPPN_GL_ENGINE: no engine 'cmpute'; did you mean"):
        requested_engine()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_unrolled_draws_narrow_networks_only(name: str) -> None:
    engine, device = ENGINES[name], Device(software=False, compute=True, tiled=True)
    unrolled = engine.bakes or name in ("compute-8", "compute-16")
    narrow, wide = (Network.random(depth=2, width=UNROLLED_WIDTH + more) for more in (0, 1))
    assert engine.problem(None, device) == engine.problem(narrow, device) == ""
    assert engine.problem(wide, device) == (
        "supports at most 64 units per layer" if unrolled else ""
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_needs_compute_shaders_says_so(name: str) -> None:
    device = Device(software=True, compute=False, tiled=False)
    needed = name.startswith("compute") or name in ("baked-1", "tiled")
    assert ENGINES[name].problem(None, device) == ("needs OpenGL 4.3" if needed else "")


def test_engines_are_known_without_opengl() -> None:
    code = "import sys, cppn_gl.engines.names; print('moderngl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
