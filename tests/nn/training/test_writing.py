"""Training into a file: what a killed process leaves goes on to the bytes of an undisturbed run."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cppn_gl import Preset
from cppn_gl.nn.training import run as runs
from cppn_gl.nn.training.checkpoint import read_checkpoint
from cppn_gl.nn.training.writing import train_into
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.files import CaptureError

KEYS = {
    "network.depth": 3,
    "network.width": 6,
    "network.init": "glorot_uniform",
    "train.data": "spiral",
    "train.points": 80,
    "train.optimizer": "adam",
}
ROOT = Path(__file__).parents[3]
PATIENCE = 60  # seconds, on a slow machine


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    runs._runs.clear()


def preset(**keys: Any) -> Preset:
    return Preset().replace(**KEYS | keys)


def test_a_killed_training_goes_on_to_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    path, other = tmp_path / "killed.safetensors", tmp_path / "whole.safetensors"
    toml = tmp_path / "preset.toml"
    toml.write_text(preset().to_toml())
    words = ["train", toml, "--steps", "10000000", "--every", "0.1", "-o", path]
    process = subprocess.Popen(
        [sys.executable, "-m", "cppn_gl", *words], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    try:
        ends = time.monotonic() + PATIENCE
        while not path.exists() and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    step = read_checkpoint(path).step
    assert step > 0
    run = train_into(preset(), path, step + 500)
    assert run.step == step + 500
    runs._runs.clear()
    train_into(preset(), other, step + 500)
    assert path.read_bytes() == other.read_bytes()
    assert sorted(tmp_path.iterdir()) == [path, toml, other]  # no lock, no unfinished file


def test_an_interrupted_training_leaves_its_last_step(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    run = preset().run

    def interrupt(done: int, steps: int) -> None:
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_into(preset(), path, 10**7, progress=interrupt)
    assert read_checkpoint(path).step == run.step > 100
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_something_else_is_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    train_into(preset(), path, 50)
    content = path.read_bytes()
    for other, steps, problem in (
        (preset(**{"train.rate": 0.1}), 60, "is of another network, other data or other settings"),
        (preset(), 40, "holds step 50, which is after 40"),
    ):
        with pytest.raises(CaptureError, match=problem):
            train_into(other, path, steps)
        assert path.read_bytes() == content
    preset().network().save(path)
    with pytest.raises(CaptureError, match="no checkpoint of a training; choose another name"):
        train_into(preset(), path, 60)
    train_into(preset(), path, 40, overwrite=True)
    assert read_checkpoint(path).step == 40
    with pytest.raises(CaptureError, match="expected a name that ends in"):
        train_into(preset(), tmp_path / "w.npz", 60)


def test_a_training_that_diverges_keeps_its_last_step(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    wild = {"train.rate": 900.0, "train.optimizer": "sgd", "train.loss": "squared"}
    wild |= {"network.activation": "relu", "network.weight_scale": 3.0, "train.data": "plane"}
    with pytest.raises(PresetError, match=r"train.rate: training diverged at step \d+; choose a"):
        train_into(preset(**wild), path, 5000)
    assert read_checkpoint(path).step < 5000


def test_a_preset_may_name_the_file_that_is_written(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    named = preset(**{"train.checkpoint": str(path), "train.steps": 30})
    train_into(named, path, 30)
    runs._runs.clear()
    assert named.run.ready(30)
    assert train_into(named, path, 40).step == 40


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "w.safetensors"
    train_into(preset(), path, 300, progress=lambda *done: told.append(done))
    assert told[0] == (0, 300)
    assert told[-1] == (300, 300)
    train_into(preset(), path, 400, progress=lambda *done: told.append(done))
    assert (300, 400) in told
