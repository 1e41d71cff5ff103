"""Which workers a command line asks for, and by which engine they draw."""

import argparse
import dataclasses
from pathlib import Path

import pytest

from cppn_gl.cli.cluster import _engine, cluster_for, cluster_options, draw_in_parts, shared
from cppn_gl.cli.main import main
from cppn_gl.cli.options import Parser, UsageError
from cppn_gl.cli.shots import engine_option, picture_options
from cppn_gl.engines.names import VARIABLE
from cppn_gl.output.jobs import ClusterError
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError

pytestmark = pytest.mark.native

SHOT = Shot(Preset().replace(depth=3, width=6), (32, 18))
SURFACE = dataclasses.replace(SHOT, preset=SHOT.preset.replace(view="surface"))
FAR, NEAR = ["--scheduler", "tcp://host:1"], ["--workers", "2"]


def arguments(*words: str) -> argparse.Namespace:
    parser = Parser("render")
    picture_options(parser)
    engine_option(parser)
    cluster_options(parser)
    return parser.parse(list(words))


@pytest.mark.parametrize("where", [FAR, NEAR])
def test_by_auto_workers_draw_the_same_bytes_everywhere(
    where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shared(arguments(*where))
    assert not shared(arguments())
    assert _engine(arguments(*where), SHOT, whole=True) == "native"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("engine", ["numpy", "compute-4", "fragment"])
def test_any_engine_may_be_asked_for(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _engine(arguments(*FAR, "--engine", engine), SURFACE, whole=True) == engine
    monkeypatch.setenv(VARIABLE, engine)
    assert _engine(arguments(*FAR), SURFACE, whole=True) == engine


def test_a_family_is_not_exact() -> None:
    with pytest.raises(UsageError, match=r"--engine compute: .* compute-1, compute-2, .*-16$"):
        _engine(arguments(*FAR, "--engine", "compute"), SHOT, whole=True)


@pytest.mark.parametrize(
    ("shot", "words"),
    [
        (SURFACE, "the view surface .*, so other machines may draw .*; --engine native draws"),
        (dataclasses.replace(SHOT, engine="numpy"), "the engine numpy .*; --engine numpy draws"),
    ],
)
def test_what_may_differ_is_drawn_elsewhere_only_if_asked_for(shot: Shot, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        _engine(arguments(*FAR), shot, whole=True)


def test_without_the_library_another_engine_is_named(without_native: None) -> None:
    words = r"the engine native needs the native library: .*; --engine numpy draws"
    with pytest.raises(UsageError, match=words):
        _engine(arguments(*FAR), SHOT, whole=True)


@pytest.mark.gl
def test_on_this_machine_the_usual_engine_draws_and_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = _engine(arguments(*NEAR), dataclasses.replace(SHOT, engine="numpy"), whole=True)
    assert engine == "numpy"
    said = capsys.readouterr().err
    assert said.startswith("cppn_gl: drawing with numpy; on other machines the bytes may differ: ")
    assert said.count("\n") == 1
    _engine(arguments(*NEAR, "--quiet"), SURFACE, whole=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("count", ["0", "257", "two", "1.5"])
def test_the_number_of_workers_is_checked(count: str) -> None:
    args = arguments("--workers", count)
    with pytest.raises(PresetError, match="--workers"), cluster_for(args, SHOT):
        pass


def test_there_is_one_kind_of_workers() -> None:
    with pytest.raises(UsageError, match="alternatives"), cluster_for(arguments(*NEAR, *FAR), SHOT):
        pass


def test_a_view_that_is_drawn_whole_starts_nothing() -> None:
    with pytest.raises(ClusterError, match="the view surface cannot be drawn in parts"):
        draw_in_parts(arguments(*NEAR), SURFACE)


def test_many_pictures_are_not_shared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["render", "--seeds", "0:9", *NEAR, "-o", str(tmp_path / "many")]) == 2
    assert "--seeds" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nobody_at_the_address_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["render", "--scheduler", "gopher://a:1", "-o", str(tmp_path / "a.png")]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("cppn_gl: no scheduler at gopher://a:1: unknown")
    assert list(tmp_path.iterdir()) == []
