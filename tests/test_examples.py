"""Every example runs on its own, as its docstring says, and writes into the folder it is given."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import cppn_gl
from cppn_gl.utils.resources import resource

ROOT = resource("presets").parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PYTHON_PAGE = ROOT / "docs" / "python.md"

pytestmark = pytest.mark.skipif(not EXAMPLES, reason="only in a checkout")


def run(*words: str | Path, cwd: Path) -> str:
    """What Python prints on stdout; a failure shows what it said on stderr."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cppn_gl.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.gl
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_names_what_it_wrote(example: Path, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    printed = run(example, folder, cwd=elsewhere).splitlines()
    written = sorted(folder.iterdir())
    assert written == sorted(Path(line) for line in printed if line.startswith(str(folder)))
    assert not list(elsewhere.iterdir())
    pictures = [path for path in written if path.suffix == ".png"]
    assert pictures
    for path in pictures:
        with Image.open(path) as image:
            assert any(low < high for low, high in image.getextrema()), f"{path.name} is blank"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows_and_how_to_run_it(example: Path) -> None:
    words = ast.get_docstring(ast.parse(example.read_text("utf-8"))) or ""
    assert f"python examples/{example.name} [FOLDER]" in words
    assert f"examples/{example.name}" in PYTHON_PAGE.read_text("utf-8")


@pytest.mark.gl
def test_the_code_of_the_page_on_python_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PYTHON_PAGE.read_text("utf-8"), re.DOTALL)
    assert blocks
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), "utf-8")
    run(script, cwd=tmp_path)
