"""A network that sees pictures in the live window: keys, clicks in its diagram, dropped files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desktop import Desktop, wait_for
from dropping import drop
from seers import GREY

from cppn_gl.preset.show import AttributionOptions, ChannelsOptions
from cppn_gl.utils.resources import resource

pytestmark = [pytest.mark.window, pytest.mark.gl]

SMALL = Path(__file__).parent.parent / "nn" / "vision" / "small.onnx"  # sees two channels


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    path = tmp_path / "grey.toml"
    path.write_text(f'format = 1\ntitle = "Grey"\n[show]\nview = "channels"\n{GREY}')
    opened = Desktop(display, tmp_path, str(path), "--size", "1100x640", hud=True)
    yield opened
    opened.close()


def test_keys_clicks_and_files(desktop: Desktop, tmp_path: Path) -> None:
    desktop.finished()
    assert "a unit sees 5×5 of 32×24 pixels" in desktop.tells("facts", "%")
    desktop.key("Up", "Up", "Right")
    desktop.shows(lambda p: p.options(ChannelsOptions).unit == (3, 2), "layer 3, channel 2")
    desktop.tells("message", "second, layer 3 of 5: channel 2 of 3")
    desktop.move(330, 200)  # the channel, large
    desktop.tells("pointer", "second")
    desktop.key("Left", "Right")  # keys go on without a mouse that rests
    wait_for(lambda: "second" not in (desktop.events(), desktop.told.get("pointer", ""))[1], "keys")
    desktop.key("w", "equal")
    desktop.shows(lambda p: p.options(ChannelsOptions).pinned == ((3, 2),), "a pin")
    desktop.tells("message", "the network sees the whole picture")
    desktop.key("a")
    desktop.shows(lambda p: p.show.view == "attribution", "what a unit sees")
    desktop.key("a", "shift+a")
    desktop.shows(lambda p: p.options(AttributionOptions).method == "gradcam", "there and back")
    desktop.key("question")
    desktop.tells("page", "What it does not mean")
    desktop.key("question", "z", "z", "z", "Tab")

    desktop.place("network")
    desktop.click("layer scores")
    desktop.shows(lambda p: (p.options(ChannelsOptions).unit or (0, 0))[0] == 5, "the last layer")
    desktop.click("name block")
    desktop.shows(lambda p: (p.options(ChannelsOptions).unit or (0, 0))[0] == 2, "a module")

    picture = tmp_path / "a drawing.png"
    picture.write_bytes((resource("presets") / "anchor.png").read_bytes())
    drop(desktop.display, int(desktop.window), [picture])
    desktop.shows(lambda p: p.input.label == picture.name, "the dropped picture")
    desktop.tells("message", "the network sees this image")

    drop(desktop.display, int(desktop.window), [SMALL])
    desktop.tells("message", "small.onnx needs order, range, mean, std")
    desktop.click("recipe 0 to 1")
    desktop.click("asked open")  # it sees two channels, of which the recipe does not know
    desktop.tells("message", "small.onnx needs order, as it was trained")
    desktop.click("asked never")
    desktop.gone("asked open")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""
