"""The installed program, headless, as a person uses it. CI runs this against the wheel alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cppn_gl
from cppn_gl.preset.library import names
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils.resources import resource

pytestmark = pytest.mark.gl


def cppn(folder: Path, *words: str) -> str:
    """Run the program in `folder`; what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "cppn_gl", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_shaders_and_presets_come_with_the_package() -> None:
    assert (resource("shaders") / "network.glsl").is_file()
    assert (resource("presets") / "default.toml").is_file()
    package = Path(cppn_gl.__file__).parent
    if not (package.parent / "pyproject.toml").exists():  # installed: all of it is inside
        assert resource("shaders").parent == resource("presets").parent == package


def test_presets_are_listed_and_printed(tmp_path: Path) -> None:
    listed = cppn(tmp_path, "presets").splitlines()
    assert [line.split()[0] for line in listed] == names()
    (tmp_path / "mine.toml").write_text(cppn(tmp_path, "presets", "neylon-27"))
    assert cppn_gl.load_preset(tmp_path / "mine.toml") == cppn_gl.load_preset("neylon-27")


def test_a_picture_is_rendered_and_reproduced_byte_for_byte(tmp_path: Path) -> None:
    assert cppn(tmp_path, "render", "neylon-27", "-o", "a.png", "--size", "64x36") == "a.png\n"
    cppn(tmp_path, "render", "a.png", "-o", "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    pixels = np.asarray(Image.open(tmp_path / "a.png"))
    assert pixels.shape == (36, 64, 3)
    assert pixels.std() > 10
    with cppn_gl.Renderer(read_shot(tmp_path / "a.png").engine) as renderer:
        expected = renderer.render(cppn_gl.load_preset("neylon-27"), (64, 36))
    assert np.array_equal(pixels, expected)


def test_a_sequence_is_written_in_numbered_frames(tmp_path: Path) -> None:
    cppn(
        tmp_path,
        *("sequence", "default", "-o", "frames", "--frames", "3", "--fps", "24", "--size", "32x18"),
    )
    frames = sorted(path.name for path in (tmp_path / "frames").glob("*.png"))
    assert frames == ["00000.png", "00001.png", "00002.png"]


def test_doctor_finds_what_draws(tmp_path: Path) -> None:
    assert "headless GL" in cppn(tmp_path, "doctor")
