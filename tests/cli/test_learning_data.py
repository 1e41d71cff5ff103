"""The command line and networks that learn."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cppn_gl.cli.main import main

DIVERGES = """
[network]
depth = 2
width = 4
activation = "identity"
[train]
data = "plane"
rate = 1000.0
steps = 50
"""

BLOBS = """
[network]
depth = 2
width = 6
[train]
data = "blobs"
classes = {classes}
steps = 300
[view]
extent = 6.0
"""


def test_a_divergence_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preset, picture = tmp_path / "a.toml", tmp_path / "a.png"
    preset.write_text(DIVERGES)
    words = ["render", str(preset), "--size", "16x16", "-o", str(picture)]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "training diverged at step " in said
    assert len(said.splitlines()) == 1
    assert picture.exists()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ('data = "circel"', "did you mean 'circle'?"),
        ('optimizer = "adma"', "did you mean 'adam'?"),
        ("rate = -1.0", "is not a number from 0 to 1000"),
        ("changes = [[100, 0.1], [50, 0.2]]", "steps must increase"),
        ("changes = [[100]]", "expected [step, rate]"),
        ("dropout = 1.0", "is not a number from 0 to 0.95"),
        ('data = "blobs"\nclasses = 11', "is not an integer from 0 to 10"),
        ('data = "plane"\ntarget = "classes"', "plane has values"),
    ],
)
def test_bad_keys_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, words: str
) -> None:
    preset = tmp_path / "a.toml"
    data = "" if "data =" in key else 'data = "circle"\n'
    preset.write_text(f"[train]\n{data}{key}\n")
    assert main(["render", str(preset), "-o", str(tmp_path / "a.png")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "train." in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("classes", [2, 5])
def test_an_exported_program_draws_the_classes_colours(tmp_path: Path, classes: int) -> None:
    preset, program, picture = (tmp_path / name for name in ("a.toml", "a.py", "a.png"))
    preset.write_text(BLOBS.format(classes=classes))
    assert main(["export", str(preset), "--format", "numpy", "-o", str(program)]) == 0
    words = ["render", str(preset), "--size", "24x24", "--set", "train.marks=none"]
    assert main([*words, "--engine", "numpy", "-o", str(picture)]) == 0
    scope = runpy.run_path(str(program))
    rows = np.asarray(scope["picture"](24, 24))
    drawn = np.asarray(Image.open(picture).convert("RGB")) / 255
    assert np.abs(rows.reshape(drawn.shape) - drawn).max() < 0.01
