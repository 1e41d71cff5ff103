"""What a command line asks to have drawn, and by which engine."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl._version import __version__
from cppn_gl.cli.options import Parser, UsageError
from cppn_gl.cli.shots import draw, engine_option, opened, picture_options, renderer_for, shot_of
from cppn_gl.engines.gl.context import ContextError
from cppn_gl.engines.names import without_opengl
from cppn_gl.output.capture import save_picture
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.checks import PresetError

PRESET = Preset().replace(depth=2, width=3, inputs=["x", "y", "t"])


def arguments(*words: str) -> argparse.Namespace:
    parser = Parser("render")
    picture_options(parser)
    engine_option(parser)
    return parser.parse(list(words))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(PRESET.to_toml())
    return tmp_path


def kept(path: Path, **keys: object) -> Shot:
    """A saved picture's shot."""
    keys = {"samples": 2, "engine": "numpy", **keys}
    shot = Shot(PRESET, (9, 7), 0.5, **keys)  # type: ignore[arg-type]
    save_picture(path, np.zeros((7, 9, 3), np.uint8), shot, overwrite=True)
    return shot


def test_what_is_not_said_is_as_usual() -> None:
    shot = shot_of(arguments("my.toml"))
    assert shot == Shot(PRESET, (640, 360), 0.0, 1, "auto", __version__)
    assert shot.preset.name == "my"


def test_what_is_said_is_changed() -> None:
    words = ["--size", "16x9", "--time", "-2.5", "--samples", "3", "--view", "surface"]
    shot = shot_of(arguments("my.toml", *words, "--set", "show.turn=-12", "--depth", "5"))
    assert (shot.size, shot.time, shot.samples) == ((16, 9), -2.5, 3)
    assert shot.preset == PRESET.replace(view="surface", depth=5, **{"show.turn": -12.0})


def test_samples_may_be_auto_and_are_remembered(here: Path) -> None:
    assert shot_of(arguments("my.toml", "--samples", "auto")).samples == "auto"
    kept(here / "a.png", samples="auto")
    assert shot_of(arguments("a.png")).samples == "auto"
    assert shot_of(arguments("a.png", "--samples", "1")).samples == 1


def test_a_commands_own_keys_come_last() -> None:
    shot = shot_of(arguments("my.toml", "--view", "units"), {"show.view": "sheet"})
    assert shot.preset.show.view == "sheet"


def test_a_picture_remembers_all_and_is_of_this_version(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = kept(here / "a.png", version="0.0.1")
    shot = shot_of(arguments("a.png", "--time", "3"))
    assert (shot.size, shot.time, shot.samples, shot.engine) == (old.size, 3.0, 2, "numpy")
    assert shot.version == __version__
    assert capsys.readouterr().err.endswith(
        f"was saved by version 0.0.1; this is version {__version__}\n"
    )
    shot_of(arguments("a.png", "--quiet"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "16"], "^--size: '16' is not a size"),
        (["--size", "65536x65536"], "^--size: 65536x65536 is more than"),
        (["--time", "1e10"], "^--time: 1"),
        (["--samples", "0"], "^--samples: 0 is neither an integer from 1 to 16 nor auto$"),
        (["--samples", "many"], "^--samples: 'many' is neither"),
        (["--depth", "99"], "^network.depth: 99"),
        (["--set", "show.view=none"], "^show.view: no 'none'"),
        (["--palette-from", "none.png"], "^none.png: No such file"),
        (["--palette-from", "my.toml"], "^my.toml: not an image of a known format"),
        (["--palette-from", "my.toml", "--palette-colors", "1"], "^--palette-colors: 1 is not"),
        (["--palette-colors", "4"], "^--palette-colors needs --palette-from"),
        (["--palette-from", "a.png", "--palette", "#102040,#f0e0c0"], "^--palette and --palette"),
        (
            ["--palette", "#102040,#f0e0c0", "--mapping", "grey"],
            "^--palette: --mapping 'grey' does",
        ),
        (["--palette", "#102040,#f0e0c0", "--mapping", "batlowK"], "^--palette: --mapping 'batlo"),
        (["--palette", "#102040,#f0e0c0", "--mapping", "gery"], r"^color\.mapping: no 'gery'"),
    ],
)
def test_what_is_wrong_names_its_option(words: list[str], message: str) -> None:
    with pytest.raises((PresetError, UsageError), match=message):
        shot_of(arguments("my.toml", *words))


def test_a_palette_from_an_image_is_in_the_preset(here: Path) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:] = (16, 32, 64), (240, 224, 192)
    Image.fromarray(pixels).save(here / "photo.png")
    color = shot_of(arguments("my.toml", "--palette-from", "photo.png")).preset.color
    assert (color.mapping, color.palette) == ("palette", ("#102040", "#f0e0c0"))
    words = ["--palette-from", "photo.png", "--palette-colors", "2", "--mapping", "plates"]
    assert shot_of(arguments("my.toml", *words)).preset.color.mapping == "plates"
    with pytest.raises(UsageError, match=r"^--palette-from: .* or give palette or plates$"):
        shot_of(arguments("my.toml", *words[:-1], "viridis"))


def test_a_poster_may_be_larger_than_a_memory() -> None:
    args = arguments("my.toml", "--size", "65536x65536")
    assert shot_of(args, poster=True).size == (65536, 65536)


def test_numpy_draws_and_is_named(here: Path) -> None:
    args = arguments("my.toml", "--size", "9x7", "--engine", "numpy", "--view", "units")
    pixels, shot = draw(args, shot_of(args))
    assert shot.engine == "numpy"
    with Renderer("numpy") as one:
        assert np.array_equal(pixels, one.render(shot.preset, (9, 7)))


def no_opengl() -> None:
    raise ContextError("No driver.", "Install one.")


def test_without_opengl_it_is_opened_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cppn_gl.output.renderer.open_context", no_opengl)
    with opened("auto") as one:
        assert isinstance(one.fallback, ContextError)
    with pytest.raises(ContextError):
        opened("fragment")


def test_an_engine_that_is_gone_is_replaced_and_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(here / "a.png", engine="fragment")
    monkeypatch.setattr("cppn_gl.output.renderer.open_context", no_opengl)
    args = arguments("a.png")
    pixels, shot = draw(args, shot_of(args))
    assert (pixels.shape, shot.engine) == ((7, 9, 3), str(without_opengl()))
    drawer = without_opengl().display_name
    assert capsys.readouterr().err == (
        f"cppn_gl: no OpenGL, drawing with {drawer}: No driver. Install one.\n"
    )
    with (
        pytest.raises(ContextError),
        renderer_for(arguments("--engine", "fragment"), "", PRESET, 1),
    ):
        pass


def test_an_engine_that_there_is_not_is_named() -> None:
    with (
        pytest.raises(PresetError, match=r"^--engine: no engine 'none'"),
        renderer_for(arguments("--engine", "none"), "auto", PRESET, 1),
    ):
        pass


def test_jobs_are_planned_and_a_remembered_engine_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[tuple[float, int]] = []

    def plan(self: Renderer, preset: Preset, points: float, **how: Any) -> None:
        planned.append((points, how["samples"]))

    monkeypatch.setattr(Renderer, "plan", plan)
    with renderer_for(arguments("--engine", "numpy"), "auto", PRESET, 123.0, samples=2):
        assert planned == [(123.0, 2)]
    with renderer_for(arguments(), "numpy", PRESET, 456.0) as one:
        assert one.info.engine == "numpy"
    assert planned == [(123.0, 2), (456.0, 1)]
