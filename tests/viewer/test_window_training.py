"""Training in the live window: real keys, a real mouse, networks that change while one watches."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desktop import Desktop, wait_for

from cppn_gl.nn.training.trainer import Trainer
from cppn_gl.preset.parsing import parse_preset, read_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from cppn_gl.preset.show import LossLandscapeOptions
from cppn_gl.utils.origin import USER

pytestmark = pytest.mark.window

LEARNS = """
format = 1
title = "Two clouds"
[network]
depth = 3
width = 5
[view]
extent = 6.0
[train]
data = "gauss"
points = 100
steps = 200
"""


@pytest.fixture
def open_desktop(display: str, tmp_path: Path) -> Iterator[Callable[[str], Desktop]]:
    opened: list[Desktop] = []

    def start(source: str) -> Desktop:
        words = source, "--size", "320x240"
        opened.append(Desktop(display, tmp_path, *words, hud=True))
        return opened[-1]

    yield start
    for desktop in opened:
        desktop.close()


def at_step(test: Callable[[int], object]) -> Callable[[Preset], bool]:
    return lambda preset: bool(test(preset.train.steps))


def test_a_network_learns_while_one_watches_and_is_kept(
    open_desktop: Callable[[str], Desktop], tmp_path: Path
) -> None:
    (tmp_path / "clouds.toml").write_text(LEARNS)
    desktop = open_desktop("clouds.toml")
    first = desktop.shows(at_step(lambda step: step < 200), "a step of the training")
    desktop.key("f", "f", "f", "f", "f", "f")
    desktop.tells("message", "trained to step 200; L trains on")
    desktop.shows(at_step(lambda step: step == 200), "the preset's step")
    desktop.tells("facts", "step 200 · paused")
    desktop.key("l")
    desktop.shows(at_step(lambda step: step > 250), "further steps")
    desktop.key("l", "u")
    desktop.shows(at_step(lambda step: step == 0), "step 0")
    desktop.key("shift+n", "n")
    desktop.shows(at_step(lambda step: step == 101), "step 101")
    desktop.key("b")
    desktop.shows(at_step(lambda step: step == 100), "a snapshot")
    desktop.key("g")
    desktop.shows(lambda preset: preset.train.changes == ((100, 0.1),), "another rate")
    desktop.key("shift+n")
    preset = desktop.shows(at_step(lambda step: step == 200), "a step at this rate")
    desktop.key("F2")
    desktop.tells("message", ".png")
    (saved,) = tmp_path.glob("clouds*.png")
    kept = read_shot(saved).preset
    assert kept.train.steps == 200
    trainer = Trainer(preset)
    trainer.step(200)
    assert kept.network().digest == trainer.network.digest
    assert first.train.own == ()
    desktop.key("l", "ctrl+s")  # while it trains on
    desktop.tells("message", ".toml")
    desktop.key("l")
    (text,) = set(tmp_path.glob("clouds*.toml")) - {tmp_path / "clouds.toml"}
    written = read_preset(text)
    assert written.train.steps >= 200
    trainer.step(written.train.steps - 200)
    assert written.network().digest == trainer.network.digest
    desktop.key("shift+b", "u", "shift+n", "shift+n")
    desktop.shows(at_step(lambda step: step == 200), "the step before")
    desktop.key("e")
    desktop.tells("message", "a click adds a point of class 0")
    desktop.move(160, 100)
    desktop.xdotool("click", "1")
    added = desktop.shows(lambda preset: len(preset.train.own) == 101, "a point of one's own")
    assert added.train.steps == 200  # trained again
    x, y, third = added.train.own[-1]
    assert (x, y, third) == pytest.approx((0, 1, 0), abs=0.06)
    desktop.xdotool("click", "3")
    desktop.shows(lambda preset: len(preset.train.own) == 100, "one point fewer")
    assert desktop.quit() == 0
    again = open_desktop(saved.name)
    again.shows(at_step(lambda step: step == 200), "the step that was saved")
    again.tells("facts", "step 200 · paused")
    again.key("l", "Up")  # another network, which goes on training
    deeper = again.shows(lambda preset: preset.spec.depth == 4, "a deeper network")
    again.shows(at_step(lambda step: step > deeper.train.steps), "its training")
    assert again.quit() == 0
    assert again.log.read_text() == ""


def until(desktop: Desktop, step: int) -> None:
    """Wait for a picture, which may be a coarse one, of a later step."""

    def look() -> bool:
        return parse_preset(desktop.events()[-1]["preset"], origin=USER).train.steps > step

    wait_for(look, f"a picture after step {step}")


LANDSCAPE = (
    LEARNS.replace("steps = 200", "steps = 400")
    + """
[show]
view = "loss_landscape"
"""
)
SIDE_BY_SIDE = (
    LEARNS
    + """
[show]
view = "sheet"
[sweep]
rows = "show.view=picture,loss_landscape"
cols = "train.rate=0.003,0.3"
"""
)


def test_a_landscape_changes_while_the_network_trains_and_is_raised_and_turned(
    open_desktop: Callable[[str], Desktop], tmp_path: Path
) -> None:
    (tmp_path / "land.toml").write_text(LANDSCAPE)
    desktop = open_desktop("land.toml")
    desktop.shows(at_step(lambda step: step == 400), "the last step")
    before = desktop.pixels()
    desktop.key("l")
    until(desktop, 600)
    desktop.key("l")
    desktop.shows(at_step(lambda step: step > 600), "further steps")
    assert (desktop.pixels() != before).any(axis=2).mean() > 0.05
    desktop.key("k")
    desktop.shows(lambda preset: preset.options(LossLandscapeOptions).plane == "path", "the path")
    desktop.move(160, 100)
    desktop.xdotool("click", "4")
    desktop.shows(lambda preset: preset.options(LossLandscapeOptions).reach < 1, "less of it")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_cells_of_a_sheet_train_side_by_side(
    open_desktop: Callable[[str], Desktop], tmp_path: Path
) -> None:
    (tmp_path / "sheet.toml").write_text(SIDE_BY_SIDE)
    desktop = open_desktop("sheet.toml")
    desktop.shows(at_step(lambda step: step == 200), "the last step")
    before = desktop.pixels()
    desktop.key("l")
    until(desktop, 260)
    desktop.key("l")
    desktop.shows(at_step(lambda step: step > 260), "further steps")
    assert (desktop.pixels() != before).any(axis=2).mean() > 0.02
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""
