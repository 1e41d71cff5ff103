"""Names of engines: what they say, what is refused, and what the environment may ask for."""

import pytest

from cppn_gl.engines import names as engines
from cppn_gl.engines.gl.packing import UNROLLED_WIDTH
from cppn_gl.engines.names import (
    AUTO,
    BAKED,
    COMPUTE,
    ENGINES,
    EXACT,
    FRAGMENT,
    NUMPY,
    TILED,
    VARIABLE,
    Engine,
    engine_name,
    fits,
    wished,
)
from cppn_gl.utils.checks import PresetError


def test_an_exact_name_gives_its_engine_back() -> None:
    assert {FRAGMENT, BAKED, TILED, NUMPY, *COMPUTE.values()} <= set(EXACT.values())
    for name, engine in EXACT.items():
        assert str(engine) == name
        assert engine_name(name) == name
    assert EXACT["compute-8"] == Engine("compute", 8)
    assert len(set(EXACT.values())) == len(EXACT)


def test_every_name_is_exact_or_leaves_a_choice() -> None:
    assert set(ENGINES) == {*EXACT, AUTO, "compute"}
    assert len(ENGINES) == len(set(ENGINES))
    assert ENGINES[0] == AUTO


def test_pixels_are_vectors_of_one_to_four_lanes() -> None:
    for engine in EXACT.values():
        assert engine.pixels == engine.lanes * engine.groups
        assert engine.lanes in (1, 2, 4)
        assert engine.groups == 1 or engine.lanes == 4
    assert all(engine.pixels == pixels for pixels, engine in COMPUTE.items())
    for engine in (FRAGMENT, BAKED, TILED, NUMPY):
        assert (engine.lanes, engine.groups) == (4, 1)


def test_only_numpy_needs_no_opengl() -> None:
    assert [engine for engine in EXACT.values() if engine.on_host] == [NUMPY]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("fragmnt", "did you mean 'fragment'?"),
        ("Compute-16", "did you mean 'compute-16'?"),
        ("compute-32", "did you mean 'compute"),
        ("numpie", "did you mean 'numpy'?"),
        ("nonsense", "known: auto, fragment, compute, baked, tiled, numpy, compute-"),
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
    assert wished() == AUTO
    for text, engine in (("", AUTO), ("compute-8", "compute-8"), ("compute", "compute")):
        monkeypatch.setenv(VARIABLE, text)
        assert wished() == engine


def test_a_wrong_wish_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cmpute")
    with pytest.raises(PresetError, match=r"^CPPN_GL_ENGINE: no engine 'cmpute'; did you mean"):
        wished()


@pytest.mark.parametrize("name", EXACT)
def test_what_is_unrolled_fits_narrow_networks_only(name: str) -> None:
    engine = EXACT[name]
    assert fits(engine, 0)
    assert fits(engine, UNROLLED_WIDTH)
    assert fits(engine, UNROLLED_WIDTH + 1) == (engine.kind != "baked" and engine.groups == 1)


def test_engines_are_known_without_opengl() -> None:
    assert "moderngl" not in dir(engines)
