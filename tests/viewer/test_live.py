"""Live inputs: the newest picture is seen, none is kept in the history, and faults are told."""

import time
from pathlib import Path

import pytest
from PIL import Image

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.network_file import packed, save_preset, unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE, USER
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.live import NOTHING

SECONDS = 20.0


@pytest.fixture
def film(tmp_path: Path) -> str:
    """A film of two pictures, one dark and one light."""
    first, second = (Image.new("L", (32, 24), level) for level in (20, 220))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second], duration=20, loop=0)
    return f"camera:{tmp_path / 'a.gif'}"


def watched(name: str) -> Preset:
    return load_preset("squeezenet").replace(**{"input.image": name})


def follow(explorer: Explorer, until: int) -> set[float]:
    """Turn like the window's loop until so many different pictures are seen: their lightness."""
    seen: set[float] = set()
    deadline = time.monotonic() + SECONDS
    while len(seen) < until and time.monotonic() < deadline:
        explorer.live.follow(explorer.preset, running=True, drawn=True)
        seen.add(float(explorer.preset.input.stored.pixels.mean()))
    return seen


def test_the_newest_picture_is_seen_and_none_is_kept(film: str) -> None:
    explorer = Explorer(watched(film))
    assert explorer.preset.input.stored is NOTHING
    try:
        assert len(follow(explorer, 3)) == 3
        explorer.change(**{"channels.unit": (2, 3)})
        assert explorer.preset.input.stored is not NOTHING
        assert explorer.history.now.preset.input.content is None
        assert explorer.history.now.loaded is None or (
            explorer.history.now.loaded.input.content is None
        )
        assert not explorer.history.now.saved
        assert explorer.changing
    finally:
        explorer.live.close()
    assert not explorer.live.busy
    assert explorer.preset.input.stored is NOTHING


def test_another_input_closes_the_camera_and_a_pause_keeps_the_picture(film: str) -> None:
    explorer = Explorer(watched(film))
    follow(explorer, 2)
    explorer.pause()
    picture = explorer.preset.input.stored
    explorer.live.follow(explorer.preset, running=explorer.running, drawn=True)
    assert not explorer.live.busy
    assert explorer.preset.input.stored is picture
    explorer.change(**{"input.image": "cat"})
    explorer.live.follow(explorer.preset, running=True, drawn=True)
    assert not explorer.live.busy
    assert explorer.preset.input.image == "cat"


def test_what_is_not_drawn_yet_stays(film: str) -> None:
    explorer = Explorer(watched(film))
    try:
        follow(explorer, 2)
        before = explorer.preset
        for _ in range(5):
            explorer.live.follow(explorer.preset, running=True, drawn=False)
        assert explorer.preset is before
    finally:
        explorer.live.close()


def test_a_camera_that_is_not_there_is_told_once() -> None:
    explorer = Explorer(watched("camera:/dev/no-such-device"))
    deadline = time.monotonic() + SECONDS
    while not explorer.live.problem and time.monotonic() < deadline:
        explorer.live.follow(explorer.preset, running=True, drawn=True)
    assert "there is no /dev/no-such-device" in explorer.live.problem
    explorer.live.follow(explorer.preset, running=True, drawn=True)
    assert not explorer.live.busy
    assert explorer.preset.input.stored is NOTHING


def test_what_is_saved_of_a_camera(film: str, tmp_path: Path) -> None:
    preset = watched(film)
    save_preset(tmp_path / "p.toml", preset)
    assert not list(tmp_path.glob("*.png"))
    assert load_preset(tmp_path / "p.toml").input.live
    assert "image" not in packed(preset, local=True)
    sent = unpacked(packed(preset), origin=NOWHERE)  # as a picture that the user saves
    assert not sent.input.live
    assert sent.input.image == "camera"
    assert sent.input.stored == preset.input.stored


def test_texts_from_elsewhere_open_no_camera(tmp_path: Path) -> None:
    text = {"preset": watched("camera").to_toml()}
    with pytest.raises(PresetError, match="a preset from elsewhere cannot use a camera"):
        unpacked(text, origin=NOWHERE)
    assert unpacked(text, origin=USER).input.live


def test_no_picture_of_a_camera_grows_into_a_file(film: str) -> None:
    grown = {"show.view": "synthesis", "synthesis.start": "picture"}
    with pytest.raises(PresetError, match="camera's are not kept"):
        watched(film).replace(**grown)
    assert watched(film).replace(**{**grown, "synthesis.start": "noise"}).input.live
