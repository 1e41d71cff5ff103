"""The command train: what it writes and says, and what it refuses."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cppn_gl.nn.training.checkpoint import read_checkpoint

Run = Callable[..., tuple[int, str, str]]

NETWORK = [
    "--depth",
    "3",
    "--width",
    "5",
    "--activation",
    "tanh",
    "--init",
    "glorot_uniform",
    "--weight-scale",
    "1",
]
WORDS = [*NETWORK, "--set", "train.data=xor", "--set", "train.points=60"]


def test_it_trains_into_a_file_and_goes_on(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    status, out, err = run("train", *WORDS, "--steps", "200", "-o", str(path))
    assert (status, out) == (0, f"{path}\n")
    assert "step 200: loss 0." in err
    assert "accuracy " in err
    first = read_checkpoint(path)
    assert first.step == 200
    status, _, err = run("train", *WORDS, "--set", "train.steps=250", "-o", str(path))
    assert (status, "step 250: " in err) == (0, True)
    status, _, err = run("train", *WORDS, "--steps", "260", "-o", str(path), "--quiet")
    assert (status, err) == (0, "")
    assert run("render", *WORDS, "--set", f"train.checkpoint={path}", "--set", "train.steps=260")[0]


def test_a_step_before_the_checkpoint_is_the_one_told(run: Run, tmp_path: Path) -> None:
    late, early = tmp_path / "late.safetensors", tmp_path / "early.safetensors"
    run("train", *WORDS, "--steps", "200", "-o", str(late), "--quiet")
    kept = ["--set", f"train.checkpoint={late}"]
    _, _, err = run("train", *WORDS, *kept, "--steps", "100", "-o", str(early))
    assert "step 100: " in err
    assert read_checkpoint(early).step == 100


def test_the_file_is_a_network(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    run("train", *WORDS, "--steps", "20", "-o", str(path), "--quiet")
    other = tmp_path / "other.npz"
    assert run("export", "--network", str(path), "-o", str(other))[0] == 0
    assert other.exists()


def test_an_interrupted_training_says_how_to_go_on(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"

    def interrupt() -> None:
        while not path.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    words = ("--steps", "10000000", "--every", "0.1", "-o", str(path))
    status, out, err = run("train", *WORDS, *words)
    assert (status, out) == (130, "")
    assert f"stopped; the same command goes on from what {path} holds" in err
    step = read_checkpoint(path).step
    assert run("train", *WORDS, "--steps", str(step + 10), "-o", str(path), "--quiet")[0] == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--steps", "9", "-o", "w.safetensors"], "train.data: nothing to learn: name data, as"),
        ([*WORDS, "-o", "w.safetensors"], "train needs --steps N: train.steps of this preset is 0"),
        ([*WORDS, "--steps", "9"], "train writes weights: expected -o FILE.safetensors"),
        ([*WORDS, "--steps", "9", "-o", "w.png"], "expected a name that ends in .safetensors"),
        ([*WORDS, "--steps", "0", "-o", "w.safetensors"], "--steps: 0 is not an integer from 1"),
        ([*WORDS, "--steps", "9", "--every", "0", "-o", "w.safetensors"], "--every: 0 is not a"),
        (["--set", "train.data=none.csv", "--steps", "9", "-o", "w.safetensors"], "No such file"),
        (["--set", "train.data=spirals", "--steps", "9", "-o", "w.safetensors"], "mean 'spiral'?"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run("train", *words)
    assert (status, out) == (2, "")
    assert problem in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_wrong_line_of_a_table_is_named(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text("x,y,class\n1,2,a\n1,two,b\n")
    words = ("--set", f"train.data={table}", "--set", "train.steps=9")
    status, _, err = run("render", *NETWORK, *words, "-o", str(tmp_path / "a.png"))
    assert (status, err) == (2, "cppn_gl: train.data: points.csv:3: 'two' is not a number\n")
    assert list(tmp_path.iterdir()) == [table]


def test_films_of_a_training_need_one(run: Run, tmp_path: Path) -> None:
    film = ("-o", str(tmp_path / "seq"), "--frames", "3", "--fps", "2", "--training")
    status, _, err = run("sequence", *NETWORK, *film)
    assert (status, "nothing is trained: no film of a training" in err) == (2, True)
    status, _, err = run("sequence", *WORDS, *film)
    assert (status, "train.steps: 0: a film of a training ends at this step" in err) == (2, True)
    words = ("--size", "16x9", "--set", "train.steps=40", "--engine", "numpy")
    assert run("sequence", *WORDS, *words, *film, "--quiet")[0] == 0
    assert run("sequence", *WORDS, *words, *film, "--quiet")[0] == 0
    names = sorted(path.name for path in (tmp_path / "seq").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png", "manifest.json", "weights.safetensors"]
    assert read_checkpoint(tmp_path / "seq" / "weights.safetensors").step == 40


def test_a_picture_without_its_data_is_drawn_and_says_what_cannot_go_on(
    run: Run, tmp_path: Path
) -> None:
    table, picture = tmp_path / "points.csv", tmp_path / "a.png"
    table.write_text("".join(f"{x},{y},{int(x * y > 0)}\n" for x in range(-3, 4) for y in (-2, 2)))
    words = ("--set", f"train.data={table}", "--set", "train.steps=20", "--size", "16x9")
    status, _, err = run("render", *NETWORK, *words, "--engine", "numpy", "-o", str(picture))
    assert (status, err.count("\n")) == (0, 1)
    assert "points.csv is named in the picture, not carried" in err
    table.unlink()
    status, _, err = run("render", str(picture), "-o", str(tmp_path / "b.png"))
    assert (status, err.count("\n")) == (0, 1)
    assert "training cannot go on from step 20: 'points.csv' is not there" in err
    film = ("--training", "--seconds", "1", "-o", str(tmp_path / "a.gif"))
    status, _, err = run("video", str(picture), *film)
    assert (status, "train.data: 'points.csv' is not there" in err) == (2, True)
    assert not (tmp_path / "a.gif").exists()
