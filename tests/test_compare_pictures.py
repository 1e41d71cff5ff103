"""tools/compare_pictures.py: unchanged pictures compare as equal, and a changed one does not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TOOL = Path(__file__).parents[1] / "tools" / "compare_pictures.py"

pytestmark = [
    pytest.mark.gl,
    pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package"),
]

TASK = "single-sigmoid, picture"


def compare_pictures(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(TOOL), *words], capture_output=True, text=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    chosen = "--presets=single-sigmoid,file curves.png"
    done = compare_pictures("keep", str(folder), "--quick", chosen)
    assert done.returncode == 0, done.stderr
    return folder


def test_what_is_kept_compares_as_equal(kept: Path) -> None:
    done = compare_pictures("compare", str(kept))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 compared: 0 differ" in done.stdout


def test_a_changed_pixel_is_told_by_engine_and_view(kept: Path, tmp_path: Path) -> None:
    kept = Path(shutil.copytree(kept, tmp_path / "kept"))
    index = json.loads((kept / "index.json").read_text())
    found = index["tasks"][TASK]["found"]["picture, numpy, 53x37"]
    found["sha256"] = "0" * 64
    (path,) = (kept / "pictures").glob("single-sigmoid*.npz")
    with np.load(path) as stored:
        pictures = dict(stored)
    name = "picture__numpy__53x37"
    pictures[name][3, 4, 1] ^= 4
    np.savez_compressed(path, **pictures)
    (kept / "index.json").write_text(json.dumps(index))

    done = compare_pictures("compare", str(kept))
    assert done.returncode == 1
    assert "numpy, picture: 1 of 1 differ, by at most 4 levels" in done.stdout
    assert "1 pixels (0.1%) differ" in done.stdout
    assert compare_pictures("compare", str(kept), "--tolerate", "numpy=4").returncode == 0
