"""Dithering in the live window: the bytes of the file, whatever is shown, and a switch for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desktop import Desktop, wait_for
from PIL import Image

from cppn_gl.cli.main import main
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.parsing import read_preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.views import view_of

pytestmark = [pytest.mark.window, pytest.mark.gl]

SLOW = """
format = 1
title = "Slow"
[network]
depth = 3
width = 5
inputs = ["x", "y", "z0"]
weight_scale = 0.3
seed = 3
[view]
extent = 0.5
[color]
dither = true
[sweep]
rows = "depth=1:2"
cols = "seed=1:3"
cell = [60, 40]
labels = false
[show]
view = "picture"
"""


@pytest.fixture
def opened(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    desktops: list[Desktop] = []

    def start(toml: str = SLOW, size: str = "321x203", *, hud: bool = False) -> Desktop:
        (tmp_path / "my.toml").write_text(toml)
        words = "my.toml", "--size", size
        environment = {"CPPN_GL_ENGINE": "fragment"}
        desktops.append(Desktop(display, tmp_path, *words, hud=hud, environment=environment))
        return desktops[-1]

    yield start
    for desktop in desktops:
        desktop.close()


BESIDE = np.s_[240:520, :380]  # of a window of 1000×640: neither panel nor text


def shows(desktop: Desktop, expected: np.ndarray, what: str, where: Any = np.s_[:]) -> None:
    """Wait until the window has exactly these pixels."""
    wait_for(lambda: np.array_equal(desktop.pixels()[where], expected[where]), what)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("view", ["picture", "sheet"])
def test_the_window_shows_the_bytes_of_the_file_which_remembers_it(
    opened: Callable[..., Desktop], view: str, tmp_path: Path
) -> None:
    desktop = opened(SLOW.replace('view = "picture"', f'view = "{view}"'))
    desktop.xdotool("mousemove", "1200", "780")  # a cell under it would be framed
    preset = read_preset(tmp_path / "my.toml")
    samples = view_of(preset).samples
    wait_for(lambda: desktop.events()[-1]["samples"] == samples, "all samples")
    desktop.key("F2")
    path = wait_for(lambda: list(tmp_path.glob("my-*.png")), "the file")[0]
    assert read_shot(path).preset == preset
    for name, words in {  # drawn by the engine that the file remembers
        "again": [],
        "fine": ["--samples", str(samples)],
        "plain": ["--samples", str(samples), "--dither", "false"],
    }.items():
        file = str(tmp_path / f"{name}.png")
        assert main(["render", str(path), *words, "-o", file, "--quiet"]) == 0
    assert (tmp_path / "again.png").read_bytes() == path.read_bytes()
    fine, plain = (pixels(tmp_path / f"{name}.png") for name in ("fine", "plain"))
    assert not np.array_equal(fine, plain)
    shows(desktop, fine, "the dithered picture")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_a_switch_in_the_panel_changes_the_pixels_but_draws_nothing_again(
    opened: Callable[..., Desktop], renderer: Renderer, tmp_path: Path
) -> None:
    desktop = opened(SLOW, "1000x640", hud=True)
    noisy = read_preset(tmp_path / "my.toml")
    desktop.key("Tab")
    desktop.place("close panel")
    wait_for(lambda: desktop.events()[-1]["samples"] == view_of(noisy).samples, "all samples")
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "dither")
    desktop.place("color.dither")
    fine = renderer.render(noisy, (1000, 640), samples=view_of(noisy).samples)
    plain = renderer.render(
        noisy.replace(dither=False), (1000, 640), samples=view_of(noisy).samples
    )
    for expected, on in ((plain, False), (fine, True), (plain, False)):
        drawn = len(desktop.events())
        desktop.click("color.dither")
        after = desktop.shows(lambda p, on=on: p.color.dither == on, "the switch")
        assert after == noisy.replace(dither=on)
        shows(desktop, expected, f"dither = {on}", BESIDE)
        since = desktop.events()[drawn:]
        assert [event["samples"] for event in since] == [view_of(noisy).samples]
    assert desktop.log.read_text() == ""
