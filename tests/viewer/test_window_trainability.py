"""The boundary of trainability in the live window: the wheel, pointing and a click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desktop import Desktop

from cppn_gl.preset.library import load_preset

pytestmark = [pytest.mark.window, pytest.mark.gl]

SIZE = 640, 360
PLACE = 200, 150


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    preset = load_preset("boundary-tanh").replace(**{"trainability.train_steps": 10})
    path = tmp_path / "map.toml"
    path.write_text(preset.to_toml())
    opened = Desktop(display, tmp_path, str(path), "--size", "640x360")
    yield opened
    opened.close()


def test_the_wheel_zooms_about_the_cursor_and_a_click_opens_a_training(desktop: Desktop) -> None:
    event = desktop.finished()
    assert event["finished"]
    desktop.move(*PLACE)
    before = desktop.shows(lambda p: p.view.extent == 1.25, "the whole map").view
    desktop.xdotool("click", "--repeat", "4", "4")
    closer = desktop.shows(lambda p: p.view.extent < 0.7, "four notches closer").view
    local = (2 * PLACE[0] - SIZE[0]) / SIZE[1], (SIZE[1] - 2 * PLACE[1]) / SIZE[1]
    for axis in range(2):
        under = closer.center[axis] + local[axis] * closer.extent
        assert under == pytest.approx(before.center[axis] + local[axis] * before.extent, abs=1e-5)
    desktop.finished()
    desktop.xdotool("click", "1")
    opened = desktop.shows(lambda p: p.show.view == "learning", "the training of that pixel")
    assert opened.train.steps == 10
    assert len(opened.train.layer_rates) == 2
    desktop.key("BackSpace")
    back = desktop.shows(lambda p: p.show.view == "trainability", "the map again")
    assert back.view == closer
