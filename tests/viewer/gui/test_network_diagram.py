"""The network diagram in a real window: units selected and opened, weights dragged and typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.sources import Layers
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.show import UnitsOptions
from tests.desktop import Desktop, wait_for

pytestmark = pytest.mark.window

PROGRAM = (str(Path(__file__).with_name("diagram_alone.py")),)
PRESET = load_preset("two-layers")


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    opened = Desktop(
        display, tmp_path, "two-layers", "--size", "640x400", hud=True, program=PROGRAM
    )
    opened.key("Tab")
    yield opened
    opened.close()


def history(desktop: Desktop) -> list[Preset]:
    """The presets of the steps written to the history."""
    (path,) = (desktop.folder / "state").rglob("history.jsonl")
    return [parse_preset(json.loads(line)["preset"]) for line in path.read_text().splitlines()]


def weights(preset: Preset) -> list[Any]:
    return [layer.weight for layer in preset.network().layers]


def select(desktop: Desktop, name: str) -> None:
    desktop.click(name)
    wait_for(lambda: history(desktop)[-1].options(UnitsOptions).unit, "a selected unit")


def drag(desktop: Desktop, place: tuple[int, int], by: int) -> None:
    desktop.move(*place)
    desktop.xdotool("mousedown", "1")
    for part in range(1, 9):
        desktop.move(place[0] + by * part // 8, place[1])


def between(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return (a[0] + b[0]) // 2, (a[1] + b[1]) // 2


def test_a_click_selects_a_unit_and_another_deselects_it(desktop: Desktop) -> None:
    select(desktop, "layer 1 unit 4")
    assert history(desktop)[-1] == PRESET.replace(**{"units.unit": (1, 4)})
    x, y = desktop.place("layer 1 unit 5")  # far enough from the first click not to be its second
    desktop.move(x, y)
    desktop.xdotool("click", "1")
    wait_for(lambda: history(desktop)[-1].options(UnitsOptions).unit == (1, 5), "the next one")
    desktop.move(x, y + 8)
    desktop.xdotool("click", "1")
    wait_for(lambda: history(desktop)[-1] == PRESET, "no selected unit")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_a_double_click_opens_a_units_picture_and_backspace_returns(desktop: Desktop) -> None:
    desktop.move(*desktop.place("layer 1 unit 4"))
    desktop.xdotool("click", "--repeat", "2", "--delay", "40", "1")
    opened = desktop.shows(lambda preset: preset.spec.depth == 1, "the unit's network")
    np.testing.assert_array_equal(weights(opened)[0], weights(PRESET)[0][3:4])
    desktop.key("BackSpace")
    desktop.shows(lambda preset: preset.spec == PRESET.spec, "the network before")


def test_dragging_a_weights_line_changes_that_weight_in_one_step(desktop: Desktop) -> None:
    select(desktop, "layer 1 unit 4")
    line = between(desktop.place("layer 1 unit 4"), desktop.place("output green"))
    drag(desktop, line, 40)
    during = desktop.shows(lambda preset: isinstance(preset.spec, Layers), "a weight changed")
    assert len(history(desktop)) == 2  # the preset, the selection: the drag is under way
    desktop.xdotool("mouseup", "1")
    after = wait_for(lambda: len(found := history(desktop)) > 2 and found[-1], "the step")
    for preset in (during, after):
        first, second = weights(preset)
        np.testing.assert_array_equal(first, weights(PRESET)[0])
        changed = np.argwhere(second != weights(PRESET)[1])
        assert changed.tolist() == [[1, 3]]
    assert weights(after)[1][1, 3] > weights(PRESET)[1][1, 3]
    assert after.view == PRESET.view
    desktop.key("z")
    desktop.shows(lambda preset: preset.spec == PRESET.spec, "the drawn weights")
    assert len(history(desktop)) == 3


def test_a_drag_ends_when_a_key_shows_another_network(desktop: Desktop) -> None:
    select(desktop, "layer 1 unit 4")
    line = between(desktop.place("layer 1 unit 4"), desktop.place("output green"))
    drag(desktop, line, 40)
    desktop.shows(lambda preset: isinstance(preset.spec, Layers), "a weight changed")
    desktop.key("shift+p")
    other = desktop.shows(lambda preset: not isinstance(preset.spec, Layers), "another preset")
    drag(desktop, line, -40)
    desktop.xdotool("mouseup", "1")
    desktop.key("c")
    after = desktop.shows(lambda preset: preset.color != other.color, "other colours")
    assert after.spec == other.spec
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_a_bias_is_dragged_by_its_dot(desktop: Desktop) -> None:
    select(desktop, "layer 1 unit 4")
    drag(desktop, desktop.place("bias"), -30)
    desktop.xdotool("mouseup", "1")
    after = desktop.shows(lambda preset: isinstance(preset.spec, Layers), "a bias changed")
    old, new = PRESET.network().layers[0].bias, after.network().layers[0].bias
    assert np.flatnonzero(old != new).tolist() == [3]
    assert new[3] < old[3]


def test_a_drag_ends_when_a_key_replaces_the_network(desktop: Desktop) -> None:
    desktop.key("Down")
    desktop.shows(lambda preset: preset.spec.depth == 1, "one layer")
    desktop.key("Up")
    desktop.shows(lambda preset: preset.spec.depth == 2, "two layers")
    select(desktop, "layer 1 unit 4")
    x, y = between(desktop.place("layer 1 unit 4"), desktop.place("output green"))
    drag(desktop, (x, y), 40)
    desktop.shows(lambda preset: isinstance(preset.spec, Layers), "a weight changed")
    desktop.key("z", "z", "z")  # the weight, the selection, the depth
    desktop.shows(lambda preset: preset.spec.depth == 1, "the network without that weight")
    steps = len(history(desktop))
    desktop.move(x + 60, y)
    desktop.xdotool("mouseup", "1")
    desktop.key("shift+equal")
    shown = desktop.shows(lambda preset: preset.view != PRESET.view, "the next key's picture")
    assert shown.spec.depth == 1
    assert shown.spec.redrawable
    assert len(history(desktop)) == steps + 1
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_a_drag_of_a_panel_that_a_key_hides_does_not_go_on_later(desktop: Desktop) -> None:
    select(desktop, "layer 1 unit 4")
    x, y = between(desktop.place("layer 1 unit 4"), desktop.place("output green"))
    drag(desktop, (x, y), 40)
    desktop.shows(lambda preset: isinstance(preset.spec, Layers), "a weight changed")
    desktop.key("Tab")
    desktop.gone("network")
    dragged = wait_for(
        lambda: isinstance((last := history(desktop)[-1]).spec, Layers) and last, "the step"
    )
    desktop.xdotool("mouseup", "1")
    desktop.move(20, 380)
    desktop.key("Tab", "Tab")
    desktop.place("network")
    desktop.key("c")
    after = desktop.shows(lambda preset: preset.color != PRESET.color, "the next key's picture")
    assert after.replace(**{"color.mapping": PRESET.color.mapping}).spec == dragged.spec


def test_a_weight_is_typed_after_a_double_click_on_its_line(desktop: Desktop) -> None:
    select(desktop, "layer 1 unit 4")
    line = between(desktop.place("layer 1 unit 4"), desktop.place("output green"))
    desktop.move(*line)
    desktop.xdotool("click", "--repeat", "2", "--delay", "40", "1")
    desktop.place("weight typed")
    desktop.xdotool("type", "--", "-1.25")
    desktop.key("Return")
    after = desktop.shows(lambda preset: isinstance(preset.spec, Layers), "a weight typed")
    assert weights(after)[1][1, 3] == -1.25
    desktop.key("Up")  # a key of the window again, which says why it does nothing
    desktop.key("z")
    desktop.shows(lambda preset: preset.spec == PRESET.spec, "the drawn weights")


def test_a_weight_of_a_large_network_stays(display: str, tmp_path: Path) -> None:
    words = "wide-40", "--set", "network.width=160", "--size", "640x400"
    desktop = Desktop(display, tmp_path, *words, hud=True, program=PROGRAM)
    try:
        desktop.key("Tab")
        x, y = desktop.place("network")
        for step in range(-60, 61, 12):  # on lines and tiles alike
            drag(desktop, (x, y + step), 10)
            desktop.xdotool("mouseup", "1")
        assert all(preset.spec.redrawable for preset in history(desktop))
        assert desktop.quit() == 0
        assert desktop.log.read_text() == ""
    finally:
        desktop.close()


def test_a_units_popup_lies_wholly_in_the_window(display: str, tmp_path: Path) -> None:
    words = "neylon-27", "--set", "network.width=12", "--size", "640x400"
    desktop = Desktop(display, tmp_path, *words, hud=True, program=PROGRAM)
    try:
        desktop.key("Tab")
        heights = set()
        for name in ("input x", "layer 1 unit 4", "output red"):
            desktop.move(*desktop.place(name))
            desktop.place("tooltip")

            def whole() -> bool:
                desktop.events()
                x, y, width, height = desktop.places.get("tooltip", (0, 0, 0, 0))
                heights.add(height)
                inside = x >= 0 and y >= 0 and x + width <= 640 and y + height <= 400
                return inside and height > 150

            wait_for(whole, f"the popup of {name} in the window")
        assert max(heights) < 400
    finally:
        desktop.close()


def test_a_layers_number_tells_what_is_saturated_and_shows_the_layer(desktop: Desktop) -> None:
    desktop.move(*desktop.place("number of layer 1"))
    desktop.place("tooltip")
    desktop.click("number of layer 1")
    desktop.tells("message", "layer 1 of 2")
    desktop.gone("layer 1 unit 4")
    desktop.click("number of layer 1")  # now the last
    desktop.tells("message", "the whole network")
    assert history(desktop)[-1] == PRESET
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""
