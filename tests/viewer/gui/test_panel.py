"""The panel in a real window, driven by the mouse and the keyboard."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from tests.desktop import Desktop, wait_for

pytestmark = pytest.mark.window

SMALL = """
format = 1
title = "Small"
[network]
depth = 4
width = 6
weight_scale = 0.8
seed = 5
[view]
extent = 2.0
"""
GIVEN = """
format = 1
title = "Given"
[network]
inputs = ["x", "y"]
[[network.layers]]
weight = [[1.0, 0.5], [0.25, -1.0], [2.0, 1.0]]
bias = [0.0, 0.1, 0.2]
activation = "sigmoid"
"""

BLINKING = """
format = 1
title = "Blinking"
[network]
inputs = ["x", "cos_t"]
[[network.layers]]
weight = [[0.0, 20.0]]
bias = [0.0]
activation = "sigmoid"
[animation]
loop = 4.0
"""


@pytest.fixture
def open_panel(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    opened: list[Desktop] = []

    def start(toml: str = SMALL, size: str = "640x400") -> Desktop:
        (tmp_path / "my.toml").write_text(toml)
        words = "my.toml", "--size", size
        desktop = Desktop(display, tmp_path, *words, hud=True, environment=FAST)
        opened.append(desktop)
        desktop.key("Tab")
        desktop.place("close panel")
        return desktop

    yield start
    for desktop in opened:
        desktop.close()


FAST = {"CPPN_GL_ENGINE": "fragment"}  # nothing is measured meanwhile


def now(desktop: Desktop) -> Preset:
    return parse_preset(desktop.events()[-1]["preset"])


def becomes(desktop: Desktop, test: Callable[[Preset], Any], what: str) -> Preset:
    """Wait until the preset passes a test, at any resolution of its picture."""
    return wait_for(lambda: (p := now(desktop)) and test(p) and p, what)


def write(desktop: Desktop, name: str, text: str) -> None:
    """Click on a value, and type once the field is open."""
    desktop.click(name)
    desktop.place(f"typing {name}")
    desktop.xdotool("type", text)
    desktop.key("Return")


def test_a_drag_of_a_slider_is_one_step(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    x, y = desktop.place("network.width")
    desktop.move(x, y)
    desktop.xdotool("mousedown", "1")
    first = becomes(desktop, lambda p: p.spec.width > 6, "another width")
    desktop.move(x + 20, y)
    becomes(desktop, lambda p: p.spec.width > first.spec.width, "a third width")
    desktop.xdotool("mouseup", "1")
    desktop.key("z")
    becomes(desktop, lambda p: p.spec.width == 6, "the width before the drag")


def test_a_drag_that_leaves_the_window_goes_on_there(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    x, y = desktop.place("network.weight_scale")
    desktop.move(x, y)
    desktop.xdotool("mousedown", "1")
    first = becomes(desktop, lambda p: p.spec.weight_scale != 0.8, "another weight scale")
    for right in (x + 20, 700, 760):
        desktop.move(right, y)
    becomes(desktop, lambda p: p.spec.weight_scale > 2 * first.spec.weight_scale, "the largest")
    desktop.xdotool("mouseup", "1")
    desktop.key("z")
    becomes(desktop, lambda p: p.spec.weight_scale == 0.8, "the weight scale before the drag")
    shown = [parse_preset(event["preset"]).spec.weight_scale for event in desktop.events()]
    assert min(shown) == min(0.8, first.spec.weight_scale)


def test_a_key_pressed_during_a_drag_acts_until_the_mouse_moves(
    open_panel: Callable[..., Desktop],
) -> None:
    desktop = open_panel()
    x, y = desktop.place("network.weight_scale")
    desktop.move(x, y)
    desktop.xdotool("mousedown", "1")
    becomes(desktop, lambda p: p.spec.weight_scale != 0.8, "another weight scale")
    desktop.key("z")
    becomes(desktop, lambda p: p.spec.weight_scale == 0.8, "the weight scale before the drag")
    desktop.key("Up")
    assert becomes(desktop, lambda p: p.spec.depth == 5, "a layer more").spec.weight_scale == 0.8
    desktop.xdotool("mouseup", "1")


def test_tab_completes_a_value(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    desktop.click("network.weight_scale value")
    desktop.place("typing network.weight_scale value")
    desktop.xdotool("type", "1.25")
    desktop.key("Tab")
    becomes(desktop, lambda p: p.spec.weight_scale == 1.25, "the typed weight scale")
    desktop.gone("typing network.weight_scale value")
    desktop.place("network.weight_scale value")
    desktop.finished()
    rests(desktop, "network.weight_scale value")  # the keys are the window's again
    desktop.key("Tab")
    desktop.gone("network.weight_scale value")


def test_values_are_typed_and_wrong_ones_refused(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    write(desktop, "network.weight_scale value", "1.25")
    becomes(desktop, lambda p: p.spec.weight_scale == 1.25, "the typed weight scale")
    write(desktop, "network.depth value", "900")
    desktop.place("problem network.depth")
    assert now(desktop).spec.depth == 4
    desktop.key("Escape")
    desktop.gone("problem network.depth")
    desktop.key("Up")  # the keys are the window's again
    becomes(desktop, lambda p: p.spec.depth == 5, "a layer more by its key")
    assert now(desktop).spec.weight_scale == 1.25


def test_a_search_is_left_when_the_panel_is_hidden(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    desktop.click("search")
    desktop.place("typing search")
    desktop.xdotool("type", "3")
    desktop.gone("label network.weight_scale")
    desktop.click("close panel")  # ends the search
    desktop.place("search")
    desktop.click("close panel")
    desktop.gone("search")
    desktop.key("Tab")
    desktop.place("search")
    desktop.key("Up")
    becomes(desktop, lambda p: p.spec.depth == 5, "a layer more")


def test_tab_does_not_close_the_panel_while_searching(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "weight")
    desktop.key("Tab", "Tab")
    desktop.gone("label network.depth")
    desktop.place("typing search")
    desktop.key("Escape")
    desktop.place("label network.depth")


def test_waves_and_their_harmonics(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(size="1000x700")
    desktop.click("network.inputs cos_y")
    becomes(desktop, lambda p: p.spec.inputs == ("x", "y", "cos_y"), "a wave")
    for highest in ("cos_2y", "cos_4y"):
        desktop.click("network.inputs higher")
        becomes(desktop, lambda p, one=highest: p.spec.inputs[-1] == one, "a harmonic")
    waves = ("cos_y", "cos_2y", "cos_4y")
    becomes(desktop, lambda p: p.spec.inputs == ("x", "y", *waves), "its harmonics")
    desktop.click("network.inputs cos_2y")
    becomes(desktop, lambda p: p.spec.inputs == ("x", "y", "cos_y", "cos_4y"), "one fewer")
    write(desktop, "network.inputs name", "sin_3x sin_x")
    added = ("x", "y", "cos_y", "cos_4y", "sin_3x", "sin_x")
    becomes(desktop, lambda p: p.spec.inputs == added, "inputs by name")
    desktop.click("network.inputs x2")
    becomes(desktop, lambda p: p.spec.inputs == (*added, "x2"), "a product")


def test_letters_that_are_typed_do_not_act_as_keys(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    before = now(desktop)
    desktop.click("search")
    desktop.place("typing search")
    desktop.xdotool("type", "gain")
    desktop.place("normalize.gain")
    desktop.place("normalize.gain_spread")
    desktop.key("Escape")
    desktop.place("network.depth")  # the search is empty again
    assert now(desktop) == before
    assert desktop.process.poll() is None


def test_menus_switches_dice_and_the_way_back(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(size="1000x700")
    start = now(desktop)
    desktop.click("network.activation")
    desktop.click("network.activation sin")
    becomes(desktop, lambda p: p.spec.activation == "sin", "the activation of the menu")
    desktop.click("network.seed dice")
    becomes(desktop, lambda p: p.spec.seed != 5, "another seed")
    desktop.click("network.inputs r")
    becomes(desktop, lambda p: p.spec.inputs == ("x", "y", "r"), "another input")
    desktop.click("label network.activation")
    becomes(desktop, lambda p: p.spec.activation == "tanh", "the preset's activation")
    desktop.click("undo all")
    becomes(desktop, lambda p: p == start, "the preset")
    desktop.click("network.activation each")
    becomes(desktop, lambda p: p.spec.activation == ("tanh",) * 3, "a list of activations")
    desktop.click("network.activation 1")
    desktop.click("network.activation 1 relu")
    changed = ("tanh", "relu", "tanh")
    becomes(desktop, lambda p: p.spec.activation == changed, "another activation of layer 2")


def test_a_selected_unit_is_no_change(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(size="1280x800")
    start = now(desktop)
    desktop.click("layer 2 unit 3")
    becomes(desktop, lambda p: p != start, "a selected unit")
    desktop.tells("message", "layer 2 unit 3")
    desktop.place("bias")
    assert "undo all" not in desktop.places
    desktop.key("r")
    becomes(desktop, lambda p: p.spec.seed != 5, "another seed")
    desktop.place("undo all")
    assert not [name for name in desktop.places if name.startswith("back ")]


def test_an_opened_unit_has_no_seed(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(size="1280x800")
    desktop.move(*desktop.place("layer 2 unit 3"))
    desktop.xdotool("click", "--repeat", "2", "--delay", "40", "1")
    becomes(desktop, lambda p: not p.spec.redrawable, "the unit's network")
    desktop.place("fact network.depth")
    desktop.gone("network.seed dice")


def test_a_tooltip_vanishes_when_a_key_is_pressed(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    desktop.move(*desktop.place("label network.depth"))
    desktop.place("tooltip")
    desktop.key("c")
    desktop.gone("tooltip")
    desktop.move(*desktop.place("label network.width"))
    desktop.place("tooltip")


def test_an_animation_does_not_change_the_panels_colours(
    open_panel: Callable[..., Desktop],
) -> None:
    desktop = open_panel(BLINKING)
    pictures, grounds = set(), set()

    def both() -> bool:
        pixels = desktop.pixels().mean(axis=-1)
        pictures.add(int(pixels[280, 60] > 128))
        grounds.add(int(pixels[-4, -4] > 128))
        return len(pictures) == 2

    wait_for(both, "a black and a white picture")  # the X server shows the panel by now
    grounds.clear()
    for _ in range(2):
        pictures.clear()
        wait_for(both, "a black and a white picture")
    assert len(grounds) == 1


def test_every_key_is_reached_by_the_keyboard(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel()
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "as_scale")  # each letter counts, also the first
    desktop.gone("network.depth")
    desktop.place("chosen network.bias_scale")
    desktop.key("Prior")
    becomes(desktop, lambda p: (p.spec.bias_scale or 0) > 0.8, "a larger bias scale")
    desktop.key("Return")
    desktop.place("typing network.bias_scale value")
    desktop.xdotool("type", "0.5")
    desktop.key("Return")
    becomes(desktop, lambda p: p.spec.bias_scale == 0.5, "the typed bias scale")


def rests(desktop: Desktop, name: str) -> None:
    """Wait until a widget has been in the same place for a while."""
    places: list[object] = []

    def still() -> bool:
        time.sleep(0.1)
        places.append(tuple(desktop.place(name)))
        return len(places) > 4 and len(set(places[-5:])) == 1

    wait_for(still, f"{name} at rest")


def test_a_key_is_animated_and_varied(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(size="1000x800")
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "animate.moving")
    desktop.place("chosen animate.moving")  # the others are gone, nothing moves any more
    rests(desktop, "animate more")
    desktop.click("animate more")
    desktop.click("animate keys depth")
    becomes(desktop, lambda p: "network.depth" in p.animate.table, "an animated depth")
    desktop.click("animate.network.depth remove")
    becomes(desktop, lambda p: not p.animate.table, "no animated key")
    desktop.click("close panel")  # ends the search
    desktop.place("label network.depth")
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "sweep row")
    rests(desktop, "sweep.rows key")  # the others are gone, nothing moves any more
    desktop.click("sweep.rows key")
    desktop.click("sweep.rows keys weight scale")
    becomes(desktop, lambda p: p.sweep.rows.startswith("network.weight_scale="), "an axis")


def test_colours_of_ones_own_are_picked_and_typed(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(size="1000x700")
    desktop.key("ctrl+f")
    desktop.place("typing search")
    desktop.xdotool("type", "color.palette")
    desktop.place("chosen color.palette")  # the others are gone, nothing moves any more
    desktop.click("color.palette more")
    own = becomes(desktop, lambda p: p.color.mapping == "palette" and p.color.palette, "colours")
    desktop.click("color.palette more")
    becomes(desktop, lambda p: len(p.color.palette) == len(own.color.palette) + 1, "one more")
    desktop.click("color.palette 0")
    x, y = desktop.place("color.palette picker")
    desktop.move(x - 20, y)
    desktop.xdotool("mousedown", "1")
    desktop.move(x + 5, y - 20)
    first = becomes(desktop, lambda p: p.color.palette[0] != own.color.palette[0], "another")
    desktop.xdotool("mouseup", "1")
    desktop.click("color.palette typed")
    desktop.place("typing color.palette typed")
    desktop.key("ctrl+a")
    desktop.xdotool("type", "#12ab34")
    desktop.key("Return")
    becomes(desktop, lambda p: p.color.palette[0] == "#12ab34", "the typed colour")
    desktop.key("Escape")  # closes the picker, not the window
    desktop.gone("color.palette picker")
    desktop.click("color.palette 0")
    desktop.place("color.palette picker")
    desktop.click("color.palette fewer")  # closes the picker
    desktop.gone("color.palette picker")
    desktop.click("color.palette fewer")
    becomes(desktop, lambda p: len(p.color.palette) == len(own.color.palette), "one fewer")
    assert first.color.palette[1:] == (*own.color.palette[1:], own.color.palette[-1])


def test_a_given_network_is_shown_as_facts(open_panel: Callable[..., Desktop]) -> None:
    desktop = open_panel(GIVEN)
    desktop.place("fact network.depth")
    desktop.click("network.inputs x")  # a weight matrix of two columns needs two inputs
    desktop.place("problem network.inputs")
    assert now(desktop).spec.inputs == ("x", "y")


@pytest.mark.parametrize("size", ["300x200", "640x400", "1280x800"])
def test_the_panel_fits_the_window_and_scrolls(
    open_panel: Callable[..., Desktop], size: str
) -> None:
    desktop = open_panel(size=size)
    width, height = map(int, size.split("x"))
    places = {name: desktop.place(name) for name in ("close panel", "search", "network.depth")}
    assert all(0 < x < width and 0 < y < height for x, y in places.values())
    desktop.click("network.depth value")
    desktop.place("typing network.depth value")
    desktop.xdotool("type", "7")
    desktop.key("Return")
    becomes(desktop, lambda p: p.spec.depth == 7, "the typed depth")
    if height < 500:
        desktop.move(*desktop.place("network.depth"))
        desktop.xdotool("click", "--repeat", "30", "5")
        desktop.place("group others")  # at the end
