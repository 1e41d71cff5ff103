"""The chooser in a real window: real keys, a real mouse, files that are broken or gone."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.looping import good_time
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer.favourites import Favourites
from cppn_gl.viewer.thumbnails import Subject
from tests.desktop import Desktop, wait_for

pytestmark = pytest.mark.window
STILL = Preset(title="Still").replace(depth=3, width=4, seed=5)


@pytest.fixture
def start(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    opened: list[Desktop] = []
    (tmp_path / "my.toml").write_text(STILL.to_toml())

    def begin(size: str = "640x400", preset: str = "my.toml", **variables: str) -> Desktop:
        variables.setdefault("XDG_CACHE_HOME", str(tmp_path / "cache"))
        opened.append(
            Desktop(display, tmp_path, preset, "--size", size, hud=True, environment=variables)
        )
        return opened[-1]

    yield begin
    for desktop in opened:
        desktop.close()


def listed(desktop: Desktop) -> list[str]:
    """The presets in sight."""
    desktop.events()
    names = [name for name in desktop.places if name.startswith("preset ")]
    return [name.removeprefix("preset ") for name in names]


def choose(desktop: Desktop) -> None:
    """Open the chooser, and wait until it is shown."""
    desktop.key("shift+Tab")
    desktop.place("close")


def search(desktop: Desktop, words: str) -> None:
    desktop.xdotool("type", "--delay", "5", words)


def is_closed(desktop: Desktop) -> None:
    wait_for(lambda: desktop.events() and "close" not in desktop.places, "a closed chooser")


def favourites(desktop: Desktop) -> dict[int, str]:
    return Favourites(desktop.folder / "config" / "cppn_gl" / "favourites.toml").table()


def looks_like(desktop: Desktop, name: str) -> None:
    """Wait until a tile shows a picture: more than one colour."""

    def look() -> bool:
        desktop.events()
        found = desktop.places.get(f"preset {name}")
        if found is None:
            return False
        x, y, width, height = found
        tile = desktop.pixels()[y + 3 : y + height // 2, x + 3 : x + width - 3]
        return bool(tile.size and tile.std(axis=(0, 1)).max() > 12)

    wait_for(look, f"the picture of {name}")


def moments(desktop: Desktop) -> list[dict[str, Any]]:
    """The history on disk."""
    lines = (desktop.folder / "state" / "cppn_gl" / "history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_letters_filter_arrows_select_and_enter_opens_in_one_step(
    start: Callable[..., Desktop],
) -> None:
    desktop = start()
    choose(desktop)
    search(desktop, "complexity-deep")
    wait_for(lambda: 2 <= len(listed(desktop)) <= 3, "a few presets")
    desktop.key("Right", "Return")
    desktop.shows(lambda preset: preset == load_preset("complexity-deep-sigmoid"), "the second")
    is_closed(desktop)
    names = [moment["name"] for moment in moments(desktop)]
    assert names == ["my", "complexity-deep-sigmoid"]
    desktop.key("z")
    desktop.shows(lambda preset: preset == STILL, "the preset before")
    desktop.key("x", "p")
    following = list(shipped())[list(shipped()).index("complexity-deep-sigmoid") + 1]
    desktop.shows(lambda preset: preset == load_preset(following), "what P goes on to")


def test_letters_typed_at_once_are_a_search_and_no_commands(start: Callable[..., Desktop]) -> None:
    desktop = start()
    before = len(desktop.events())
    desktop.xdotool("key", "--delay", "0", "shift+Tab", "a", "g", "a", "t", "e")
    wait_for(lambda: listed(desktop) == ["agate"], "agate alone")
    desktop.key("BackSpace")
    search(desktop, "eq")
    wait_for(lambda: "close" in desktop.places and not listed(desktop), "nothing that matches")
    desktop.key("ctrl+BackSpace")
    wait_for(lambda: len(listed(desktop)) > 3, "all again")
    assert len(desktop.events()) == before or desktop.events()[-1]["finished"]
    desktop.key("Escape")
    is_closed(desktop)
    assert desktop.process.poll() is None
    desktop.shows(lambda preset: preset == STILL, "the same preset")


def test_a_click_on_the_button_opens_it_and_one_on_a_picture_chooses(
    start: Callable[..., Desktop],
) -> None:
    desktop = start()
    desktop.click("toggle_chooser")
    desktop.place("close")
    search(desktop, "embers")
    wait_for(lambda: listed(desktop) == ["embers"], "embers alone")
    looks_like(desktop, "embers")
    desktop.click("preset embers")
    desktop.shows(lambda preset: preset == load_preset("embers"), "what was clicked")
    is_closed(desktop)
    choose(desktop)
    desktop.click("close")
    is_closed(desktop)


def test_the_wheel_scrolls_and_the_picture_is_not_zoomed(start: Callable[..., Desktop]) -> None:
    desktop = start()
    choose(desktop)
    first = listed(desktop)
    desktop.move(300, 200)
    desktop.xdotool("click", "--repeat", "5", "--delay", "5", "5")
    wait_for(lambda: listed(desktop) and listed(desktop) != first, "other presets")
    desktop.key("Escape")
    desktop.shows(lambda preset: preset == STILL, "the preset as it was")


@pytest.mark.parametrize("size", ["300x200", "640x400", "1280x800"])
def test_all_can_be_reached_by_keys_at_any_size(size: str, start: Callable[..., Desktop]) -> None:
    desktop = start(size)
    choose(desktop)
    wait_for(lambda: "neylon-wide" in listed(desktop), "the first preset")
    seen = set(listed(desktop))
    for _ in range(120):
        desktop.key("Next")
        seen |= set(listed(desktop))
        if "my.toml" in seen:
            break
    wait_for(lambda: "my.toml" in listed(desktop), "the last one")
    width, height = map(int, size.split("x"))
    x, y, wide, high = desktop.places["preset my.toml"]
    assert x >= 0
    assert x + wide <= width
    assert y + high <= height


def test_favourites_by_keys_while_pointing_and_by_ctrl(start: Callable[..., Desktop]) -> None:
    desktop = start()
    choose(desktop)
    search(desktop, "27")  # digits are a search, too
    wait_for(lambda: "neylon-27" in listed(desktop), "a search for digits")
    assert favourites(desktop) == favourites(desktop) | {2: "activations-sheet"}
    desktop.key("ctrl+4")
    wait_for(lambda: favourites(desktop)[4] == "neylon-27", "favourite 4")
    desktop.key("ctrl+u")
    search(desktop, "embers")
    wait_for(lambda: listed(desktop) == ["embers"], "embers alone")
    x, y = desktop.place("preset embers")
    places = itertools.cycle((0, 5, 10))

    def pointed() -> bool:  # moved until it is noticed: the window may be busy
        desktop.move(x + next(places), y)
        desktop.events()
        return "pointed" in desktop.places

    wait_for(pointed, "a picture that is pointed at")
    desktop.key("7")
    wait_for(lambda: favourites(desktop)[7] == "embers", "favourite 7")
    desktop.key("Escape")
    is_closed(desktop)
    desktop.key("7")
    desktop.shows(lambda preset: preset == load_preset("embers"), "favourite 7")
    desktop.key("4")
    desktop.shows(lambda preset: preset == load_preset("neylon-27"), "favourite 4")
    desktop.key("ctrl+9", "3")
    desktop.shows(lambda preset: preset == load_preset("agate"), "favourite 3")
    assert favourites(desktop)[9] == "neylon-27"


def test_what_a_person_has_changed_becomes_a_favourite_and_is_listed(
    start: Callable[..., Desktop],
) -> None:
    desktop = start()
    desktop.key("Up")
    changed = desktop.shows(lambda preset: preset.spec.depth == 4, "a deeper network")
    desktop.key("ctrl+3")
    wait_for(lambda: favourites(desktop)[3].endswith(".toml"), "a file of its own")
    desktop.key("2")
    desktop.shows(lambda preset: preset == load_preset(list(shipped())[1]), "another preset")
    desktop.key("3")
    desktop.shows(lambda preset: preset == changed, "the favourite")
    choose(desktop)
    name = Path(favourites(desktop)[3]).name
    search(desktop, name.removesuffix(".toml"))
    wait_for(lambda: listed(desktop) == [name], "the favourite's file")


def test_files_are_listed_broken_ones_with_what_is_wrong(start: Callable[..., Desktop]) -> None:
    desktop = start()
    (desktop.folder / "broken.toml").write_text("[network]\ndept = 3\n")
    (desktop.folder / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (desktop.folder / "other.toml").write_text(load_preset("agate").replace(seed=3).to_toml())
    choose(desktop)
    search(desktop, "your files")
    wait_for(
        lambda: set(listed(desktop)) == {"my.toml", "broken.toml", "cut.png", "other.toml"},
        "the files",
    )
    desktop.click("preset broken.toml")
    desktop.click("preset cut.png")
    desktop.click("preset other.toml")
    desktop.shows(lambda preset: preset == load_preset("agate").replace(seed=3), "the file")
    assert desktop.process.poll() is None


def test_a_file_whose_name_is_no_text_is_listed_and_opens(start: Callable[..., Desktop]) -> None:
    desktop = start()
    try:
        path = os.path.join(os.fsencode(desktop.folder), b"\xff.toml")
        with open(path, "w") as file:
            file.write("[network]\ndepth = 3\nseed = 77\n")
    except OSError:
        pytest.skip("this file system has no such names")
    choose(desktop)
    search(desktop, "your files")
    desktop.click("preset \ufffd.toml")
    desktop.shows(lambda preset: getattr(preset.spec, "seed", 0) == 77, "the file")
    desktop.key("Tab")
    desktop.place("title of the preset")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_pictures_are_on_disk_for_the_next_time_and_damaged_ones_drawn_again(
    start: Callable[..., Desktop],
) -> None:
    desktop = start()
    cache = desktop.folder / "cache" / "cppn_gl" / "thumbnails"
    choose(desktop)
    search(desktop, "agate")
    wait_for(lambda: listed(desktop) == ["agate"], "agate alone")
    looks_like(desktop, "agate")
    desktop.key("Escape")
    is_closed(desktop)
    assert desktop.quit() == 0
    files = list(cache.glob("*.jpg"))
    assert files
    assert not list(cache.glob(".*"))
    for path in files:
        path.write_bytes(b"damaged")
    desktop = start()
    choose(desktop)
    search(desktop, "agate")
    wait_for(lambda: listed(desktop) == ["agate"], "agate alone")
    looks_like(desktop, "agate")
    desktop.key("Escape")
    is_closed(desktop)
    assert desktop.quit() == 0
    assert any(path.stat().st_size > 1000 for path in files)


def test_an_animation_stands_still_under_it_and_goes_on(start: Callable[..., Desktop]) -> None:
    desktop = start(preset="default")
    choose(desktop)
    search(desktop, "agate")
    looks_like(desktop, "agate")
    held = len(desktop.events())
    before = desktop.events()[-1]["time"]
    desktop.key("BackSpace")
    looks_like(desktop, "agate")
    assert desktop.events()[-1]["time"] - before < 0.5
    desktop.key("Escape")
    wait_for(lambda: len(desktop.events()) > held + 3, "more pictures")


def test_a_surprise_opens_as_it_is_shown(start: Callable[..., Desktop]) -> None:
    desktop = start()
    choose(desktop)
    search(desktop, "surprise")
    wait_for(lambda: listed(desktop) == ["random"], "the preset random")
    looks_like(desktop, "random")
    folder = desktop.folder / "cache" / "cppn_gl" / "thumbnails"
    desktop.key("Return")
    is_closed(desktop)

    def shown() -> bool:  # it may move, and then is never finished
        preset = parse_preset(desktop.events()[-1]["preset"], name="random")
        picture = folder / f"{Subject(preset, good_time(preset)).digest}.jpg"
        return preset.title.startswith("A surprise") and picture.exists()

    wait_for(shown, "the preset of the picture")
