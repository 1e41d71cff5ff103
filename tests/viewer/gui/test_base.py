"""Dear ImGui in a real window: who gets the mouse and the keys, and when frames are built."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from tests.desktop import Desktop, wait_for

SIZE = "640x400"


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    opened = Desktop(display, tmp_path, "two-layers", "--size", SIZE, hud=True)
    yield opened
    opened.close()


def test_a_drag_on_a_widget_changes_the_preset_and_does_not_pan(desktop: Desktop) -> None:
    before = desktop.shows(lambda preset: True, "the preset")
    desktop.key("Tab")
    x, y = desktop.place("network.weight_scale")
    desktop.move(x, y)
    desktop.xdotool("mousedown", "1")
    places = itertools.cycle((10, 20, 30))

    def changed() -> Preset | None:  # moved until it is noticed: the window may be busy at first
        desktop.move(x + next(places), y)
        preset = parse_preset(desktop.events()[-1]["preset"])
        return preset if preset.spec != before.spec else None

    after = wait_for(changed, "another weight scale")
    desktop.xdotool("mouseup", "1")
    assert after.view == before.view
    desktop.key("z")  # the drag was one step
    desktop.shows(lambda preset: preset == before, "the preset before the drag")


def test_beside_the_panel_the_mouse_moves_the_picture(desktop: Desktop) -> None:
    before = desktop.shows(lambda preset: True, "the preset")
    desktop.key("Tab")
    desktop.place("network.weight_scale")
    desktop.move(100, 200)
    desktop.xdotool("mousedown", "1")
    desktop.move(140, 200)
    desktop.xdotool("mouseup", "1")
    after = desktop.shows(lambda preset: preset.view != before.view, "another centre")
    assert after.spec == before.spec
    desktop.key("Up")  # keys go to the picture while no text is typed
    desktop.shows(lambda preset: preset.spec.depth == before.spec.depth + 1, "a layer more")


def test_a_drag_ends_when_another_window_takes_the_focus(desktop: Desktop) -> None:
    before = desktop.shows(lambda preset: True, "the preset")
    desktop.key("Tab")
    x, y = desktop.place("network.weight_scale")
    desktop.move(x, y)
    desktop.xdotool("mousedown", "1")
    places = itertools.cycle((10, 20, 30))

    def dragged() -> bool:
        desktop.move(x + next(places), y)
        return bool(parse_preset(desktop.events()[-1]["preset"]).spec != before.spec)

    wait_for(dragged, "a drag")
    desktop.xdotool("windowunmap", "--sync", desktop.window)
    desktop.xdotool("mouseup", "1")
    desktop.xdotool("windowmap", "--sync", desktop.window)
    desktop.xdotool("windowfocus", "--sync", desktop.window)
    desktop.key("Up")
    after = desktop.shows(lambda preset: preset.spec.depth == before.spec.depth + 1, "a layer more")
    desktop.move(x - 30, y)
    desktop.key("Up")
    later = desktop.shows(lambda preset: preset.spec.depth == before.spec.depth + 2, "one more")
    assert later.spec.weight_scale == after.spec.weight_scale != before.spec.weight_scale


def test_nothing_is_drawn_again_and_again(desktop: Desktop) -> None:
    desktop.key("Tab")
    desktop.place("network.weight_scale")
    wait_for(lambda: desktop.events()[-1]["finished"], "a finished picture")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""
