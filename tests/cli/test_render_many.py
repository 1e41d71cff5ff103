"""`render` of many pictures: options, resuming after a kill, signals, and words for mistakes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from folders import contents

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.shot import read_shot

ROOT = Path(__file__).parents[2]
SMALL = ["--size", "16x9", "--engine", "numpy"]
NETWORK = ["--depth", "3", "--width", "6"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CPPN_GL_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "render")


def test_seeds_are_short_for_each_seed(run: Run, here: Path) -> None:
    assert run(*NETWORK, *SMALL, "--seeds", "0:3", "-o", "a") == (0, "a\n", "")
    assert run(*NETWORK, *SMALL, "--each", "seed=0:3", "-o", "b") == (0, "b\n", "")
    assert contents(here / "a") == contents(here / "b")
    assert sorted(contents(here / "a")) == [
        "manifest.json",
        *(f"seed-0000{k}.png" for k in range(4)),
    ]


def test_every_combination_of_several_axes(run: Run, here: Path) -> None:
    axes = ["--each", "depth=2:3", "--each", "activation=tanh,relu"]
    assert run(*SMALL, "--seeds", "7", *axes, "--format", "webp", "-o", "a")[0] == 0
    found = {path.name for path in (here / "a").glob("*.webp")}
    assert found == {
        f"seed-00007_depth-0{depth}_activation-{name}.webp"
        for depth in (2, 3)
        for name in ("tanh", "relu")
    }


def test_each_is_the_picture_that_render_draws_alone(run: Run, here: Path) -> None:
    run(*NETWORK, *SMALL, "--seeds", "0:2", "--bits", "16", "--samples", "2", "-o", "a")
    words = ["--seed", "2", "--bits", "16", "--samples", "2"]
    run(*NETWORK, *SMALL, *words, "-o", "b.png")
    assert (here / "a" / "seed-00002.png").read_bytes() == (here / "b.png").read_bytes()


def test_a_preset_by_chance_is_another_for_each_seed(run: Run, here: Path) -> None:
    for _ in range(2):  # the second time it is all there
        assert run("random", *SMALL, "--seeds", "3:5", "--extent", "2", "-o", "a")[0] == 0
    for seed in (3, 4, 5):
        shot = read_shot(here / "a" / f"seed-0000{seed}.png")
        assert shot.preset == load_preset("random", seed=seed).replace(extent=2)


def test_a_larger_number_extends_it_and_another_kind_is_refused(run: Run, here: Path) -> None:
    run(*NETWORK, *SMALL, "--seeds", "0:1", "-o", "a")
    assert run(*NETWORK, *SMALL, "--seeds", "0:3", "-o", "a")[0] == 0
    before = contents(here / "a")
    status, out, err = run(*SMALL, "--seeds", "0:3", "-o", "a")
    assert (status, out) == (2, "")
    assert "network.depth is 3, not " in err
    assert err.endswith("choose another folder, or overwrite it (--overwrite)\n")
    assert contents(here / "a") == before
    assert run(*SMALL, "--seeds", "0:3", "-o", "a", "--overwrite")[0] == 0
    assert contents(here / "a") != before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--seeds", "1:2"], "many pictures need a folder: expected -o DIR"),
        (["--seeds", "1:2", "-o", "a.png"], "and a.png is the name of one file"),
        (["--seeds", "x:2", "-o", "a"], "--seeds: 'x:2' is not two integers"),
        (["--seeds", "0:1000000", "-o", "a"], "--seeds: 0:1000000 is more than 1000000 values"),
        (["--each", "dept=1:2", "-o", "a"], "--each: dept: no such key; did you mean 'depth'?"),
        (["--each", "depth", "-o", "a"], "--each: 'depth' is not an axis such as depth=1:10"),
        (["--each", "seed=1", "--seeds", "1", "-o", "a"], "network.seed varies along two of them"),
        (["--each", "layer=1:60", "-o", "a"], "--each: layer 11; the network has 10"),
        (["--seeds", "1", "-o", "a", "--format", "jpeg"], "--format: no 'jpeg'"),
        (["--overwrite", "-o", "a.png"], "--overwrite is for --seeds and --each"),
        (["--seeds", "1", "-o", "file"], "file: is a file; expected a folder"),
    ],
)
def test_mistakes_are_one_line(run: Run, here: Path, words: list[str], problem: str) -> None:
    (here / "file").touch()
    status, out, err = run("default", *SMALL, *words)
    assert (status, out) == (2, "")
    assert problem in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in here.iterdir()] == ["file"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_after_a_kill_the_same_command_ends_with_the_same_folder(
    run: Run, here: Path, number: signal.Signals
) -> None:
    words = [*NETWORK, "--size", "64x64", "--engine", "numpy", "--seeds", "0:59"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "cppn_gl", "render", *words, "-o", "a"],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while len(list((here / "a").glob("*.png"))) < 10 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    if process.returncode != 0:  # it may have been done already
        assert (out, err) == (b"", b"")
        assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert run(*words, "-o", "a")[0] == 0
    assert run(*words, "-o", "b")[0] == 0
    assert contents(here / "a") == contents(here / "b")
