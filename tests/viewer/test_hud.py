"""The text over the picture: its content, when it appears and fades, and that it fits."""

import itertools
from typing import Any

import numpy as np
import pytest
from letters import LONG, SIZES, missing

from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers, Random
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.hud import (
    FADE_SECONDS,
    IDLE_SECONDS,
    MESSAGE_SECONDS,
    TEXT_INTERVAL,
    Hud,
    Panel,
    font_size,
    hud_lines,
    quality,
)
from cppn_gl.views import text

Size = tuple[int, int]
LINES = ["A title", "depth 8 × width 16  tanh", "zoom 1×", "H: all keys"]


def explorer(**keys: Any) -> Explorer:
    return Explorer(Preset(spec=Random(**keys), title="A title", name="name"))


def lines(of: Explorer, **values: Any) -> list[str]:
    given: dict[str, Any] = {"fps": 60.0, "quality": "", "recording": ""}
    given |= {"engine": "compute-8, measured here: 1.70× fragment", "renderer": "llvmpipe"}
    return hud_lines(of, 1234567, **given | values)


def panels(hud: Hud, now: float = 0.0, size: Size = (960, 600)) -> dict[str, Panel]:
    return {panel.name: panel for panel in hud.panels(size, 1.0, now, {})}


def full(**values: Any) -> Hud:
    hud = Hud()
    hud.lines(LINES, 0.0)
    for name, value in values.items():
        setattr(hud, name, value)
    return hud


# The lines


def test_the_lines_say_what_is_shown() -> None:
    of = explorer(depth=8, width=16, inputs=("x", "y", "t"), seed=7, weight_scale=0.55)
    of.zoom_in(large=True)
    of.tick(2.5)
    assert lines(of) == [
        "A title",
        "depth 8 × width 16  tanh",
        "uniform  weight scale 0.55  seed 7",
        "zoom 2×  time 2.5 s",
        "1,234,567 parameters",
        "60 frames/s, llvmpipe",
        "engine compute-8, measured here: 1.70× fragment",
        "H: all keys",
    ]


def test_the_lines_follow_every_change() -> None:
    of = explorer(depth=3, inputs=("x", "t"), activation=("tanh", "sin"), bias_scale=0.5)
    of.pause()
    of.layer_down()
    found = lines(of, fps=0.0, quality=quality(4, 1, 0.0), recording="recording: 3 frames, 30/s")
    assert "depth 3 × width 16 (layer 2 shown)  tanh sin" in found
    assert "uniform  weight scale 1  bias scale 0.5  seed 0" in found
    assert "zoom 1×  time 0.0 s (paused)" in found
    assert "preview: 1 pixel in 16, llvmpipe" in found  # and no rate of what stands still
    assert found[-2] == "recording: 3 frames, 30/s"


def test_a_slow_rate_has_a_decimal() -> None:
    assert "0.4 frames/s, llvmpipe" in lines(explorer(), fps=0.42)


def test_how_fine_the_picture_is() -> None:
    assert quality(16, 1, 0.0) == "preview: 1 pixel in 256"
    assert quality(1, 1, 0.0) == ""
    assert quality(1, 1, 0.371) == "smoothing: 37%"
    assert quality(1, 4, 1.0) == "4×4 samples per pixel"


def test_one_layer_has_no_width() -> None:
    assert "depth 1  sigmoid" in lines(explorer(depth=1, width=30))


def test_given_layers_and_no_title() -> None:
    layer = Layer(np.ones((3, 2), np.float32), np.zeros(3, np.float32), "tanh")
    found = lines(Explorer(Preset(spec=Layers((layer,)), name="name")))
    assert found[:3] == ["name", "depth 1, layers given", "zoom 1×"]


def test_no_glyph_is_missing() -> None:
    of = explorer(depth=4, activation=("tanh", "sin", "relu"), inputs=("t",), bias_scale=2.0)
    found = [
        *lines(of, quality=quality(8, 1, 0.0), recording="recording: 3 frames, 30/s"),
        "saving a screenshot …",
    ]
    assert missing(found) == set()


def test_a_deep_zoom_is_short() -> None:
    of = Explorer(Preset(view=Viewport((0.0, 0.0), 2.6)))
    while of.preset.view.extent > 2e-6:
        of.zoom_in()
    assert max(map(len, lines(of))) < 60


# Coming and going


def test_it_fades_when_idle_and_comes_back() -> None:
    hud = full()
    hud.touch(100.0)
    assert hud.opacity(100.0 + IDLE_SECONDS) == 1
    assert 0 < hud.opacity(100.0 + IDLE_SECONDS + FADE_SECONDS / 2) < 1
    half = panels(hud, 100.0 + IDLE_SECONDS + FADE_SECONDS / 2)["hud"]
    assert half.alpha == pytest.approx(0.5)
    gone = 100.0 + IDLE_SECONDS + FADE_SECONDS * 1.01
    assert hud.opacity(gone) == 0
    assert panels(hud, gone) == {}
    assert not hud.wants_lines(gone)
    hud.touch(gone)
    assert hud.wants_lines(gone)
    assert panels(hud, gone)["hud"].alpha == 1


def test_it_is_there_at_the_start_whatever_the_clock_says() -> None:
    hud = Hud()
    assert hud.wants_lines(123456.0)
    hud.lines(LINES, 123456.0)
    assert panels(hud, 123456.0)["hud"].alpha == 1
    assert hud.opacity(123456.0 + IDLE_SECONDS + FADE_SECONDS * 2) == 0


def test_its_text_is_not_made_at_every_frame() -> None:
    hud = full()
    hud.opacity(0.0)
    assert not hud.wants_lines(TEXT_INTERVAL / 2)
    assert hud.wants_lines(TEXT_INTERVAL * 1.01)
    first = panels(hud)["hud"].pixels
    hud.lines(list(LINES), 1.0)
    assert panels(hud, 1.0)["hud"].pixels is first
    hud.lines([*LINES, "more"], 1.0)
    assert panels(hud, 1.0)["hud"].pixels is not first


def test_a_message_leaves() -> None:
    hud = full()
    hud.say("activation tanh", 10.0)
    assert "message" in panels(hud, 10.0)
    assert "message" in panels(hud, 10.0 + MESSAGE_SECONDS * 0.99)
    assert "message" not in panels(hud, 10.0 + MESSAGE_SECONDS)
    hud.say("another", 20.0)
    hud.say("", 20.0)
    assert "message" not in panels(hud, 20.0)


def test_a_message_wakes_the_hud() -> None:
    hud = full()
    hud.touch(0.0)
    assert "hud" not in panels(hud, 60.0)
    hud.say("saved", 60.0)
    assert "hud" in panels(hud, 60.0)


def test_a_problem_stays_and_takes_no_message_away() -> None:
    hud = full(problem=LONG)
    assert "problem" in panels(hud, 3600.0)
    hud.say("depth", 3600.0)
    found = panels(hud, 3600.0)
    assert found["message"].y + len(found["message"].pixels) <= found["problem"].y
    hud.problem = ""
    assert "problem" not in panels(hud, 3600.0)


def test_help_takes_the_place_of_the_hud() -> None:
    hud = full(help=True)
    found = panels(hud)
    assert list(found) == ["help"]
    height, width = found["help"].pixels.shape[:2]
    assert (found["help"].x, found["help"].y) == ((960 - width) // 2, (600 - height) // 2)
    assert panels(hud)["help"].pixels is found["help"].pixels
    hud.help = False
    assert list(panels(hud)) == ["hud"]


def test_help_shows_the_labels_of_the_keyboard() -> None:
    hud = full(help=True)
    first = panels(hud)["help"].pixels
    (other,) = hud.panels((960, 600), 1.0, 0.0, {"]": "+"})
    assert not np.array_equal(first, other.pixels)


def test_switched_off_only_problems_and_help_show() -> None:
    hud = Hud(on=False)
    assert not hud.wants_lines(0.0)
    hud.lines(LINES, 0.0)
    assert panels(hud) == {}
    hud.problem, hud.help = LONG, True
    assert sorted(panels(hud)) == ["help", "problem"]


# Room


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("helping", [False, True])
def test_every_panel_lies_in_the_window(size: Size, scale: float, helping: bool) -> None:
    hud = full(problem=f"{LONG} {LONG}", help=helping)
    hud.lines([*LINES, LONG, *LINES], 0.0)
    hud.say(f"saved {LONG}", 0.0)
    found = hud.panels(size, scale, 0.0, {})
    assert {"problem", "help" if helping else "problem"} <= {panel.name for panel in found}
    for panel in found:
        height, width = panel.pixels.shape[:2]
        assert 0 <= panel.x <= panel.x + width <= size[0]
        assert 0 <= panel.y <= panel.y + height <= size[1]
    apart = sorted((p.y, p.y + len(p.pixels)) for p in found if p.name != "help")
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(apart))


@pytest.mark.parametrize("size", SIZES[2:])
def test_nothing_is_left_out_of_a_usual_window(size: Size) -> None:
    hud = full(problem=LONG)
    hud.say("saved", 0.0)
    assert sorted(panels(hud, size=size)) == ["hud", "message", "problem"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (20, 20)])
def test_a_tiny_window_is_no_error(size: Size) -> None:
    for helping in (False, True):
        hud = full(problem=LONG, help=helping)
        hud.say("saved", 0.0)
        assert all(panel.pixels.size for panel in hud.panels(size, 1.0, 0.0, {}))


def test_letters_are_legible_and_not_loud() -> None:
    sizes = [font_size(size, 1.0) for size in SIZES]
    assert sizes == sorted(sizes)
    assert sizes[0] >= text.MIN_FONT
    assert sizes[-1] == 15
    assert font_size((3840, 2160), 2.0) == 30
    assert font_size((1920, 1080), 0.5) == 15


def test_a_caption_has_a_strip_of_its_own_beneath_the_picture() -> None:
    hud = Hud()
    assert hud.strip((960, 600), 1.0) == 0
    hud.caption = ["1 of 2   Figure 1", "What to see. " * 12]
    hud.lines(["title"], 0.0)
    for size in ((960, 600), (640, 400), (320, 180)):
        strip = hud.strip(size, 1.0)
        panels = {panel.name: panel for panel in hud.panels(size, 1.0, 0.0, {})}
        assert 0 < strip <= size[1] // 2 + 20
        assert panels["caption"].y >= size[1] - strip
        assert panels["caption"].y + len(panels["caption"].pixels) <= size[1]
        assert "hud" not in panels
    hud.on = False
    assert hud.strip((960, 600), 1.0) == 0


def test_what_is_pointed_at_is_told_below_and_nothing_lies_over_it() -> None:
    hud = Hud()
    hud.lines(["title"], 0.0)
    hud.pointed = "unit 3 of layer 2"
    panels = {panel.name: panel for panel in hud.panels((640, 400), 1.0, 0.0, {})}
    assert set(panels) == {"message"}
    assert panels["message"].y > 300
    hud.pointed = ""
    assert "hud" in {panel.name for panel in hud.panels((640, 400), 1.0, 0.0, {})}
