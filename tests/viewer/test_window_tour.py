"""The tour in the live window: real keys, real clicks, and what the window then shows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desktop import Desktop, wait_for

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.tour import pages

pytestmark = [pytest.mark.window, pytest.mark.gl]

PAGES = pages()
NEXT, BACK = "the next page (P)", "the page before (Shift+P)"
LEAVE = "leave the tour (T)"


@pytest.fixture
def opened(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    windows: list[Desktop] = []

    def start(*words: str, size: str = "640x400") -> Desktop:
        windows.append(Desktop(display, tmp_path, *words, "--size", size, hud=True))
        return windows[-1]

    yield start
    for window in windows:
        window.close()


def seen(desktop: Desktop) -> Preset:
    """The preset of the last picture, without its title, which tells whether it was changed."""
    return parse_preset(desktop.events()[-1]["preset"]).replace(title="")


def shows(desktop: Desktop, preset: Preset) -> None:
    wait_for(lambda: seen(desktop) == preset.replace(title=""), f"the preset {preset.name}")


def tick(number: int) -> str:
    page = PAGES[number - 1]
    return f"{number}  {page.chapter}: {page.heading}"


def test_pages_turn_by_keys_and_by_clicks(opened: Callable[..., Desktop]) -> None:
    desktop = opened("tour", "6")
    shows(desktop, PAGES[5].preset)
    desktop.key("p")
    shows(desktop, PAGES[6].preset)
    desktop.key("shift+p")
    shows(desktop, PAGES[5].preset)
    desktop.click(NEXT)
    shows(desktop, PAGES[6].preset)
    desktop.click(BACK)
    shows(desktop, PAGES[5].preset)
    desktop.click(tick(9))
    shows(desktop, PAGES[8].preset)
    desktop.key("z")
    shows(desktop, PAGES[5].preset)
    desktop.click(NEXT)  # the page followed the history
    shows(desktop, PAGES[6].preset)
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_the_key_asked_for_is_answered_at_once(opened: Callable[..., Desktop]) -> None:
    desktop = opened("tour", "7")
    shows(desktop, PAGES[6].preset)
    desktop.finished()
    place = desktop.place(NEXT)
    desktop.move(5, 5)
    before = warm(desktop, place[1])
    desktop.key("Down")
    shows(desktop, PAGES[6].preset.replace(depth=1))
    wait_for(lambda: warm(desktop, place[1]) > 4 * max(before, 20), "words in the answer's colour")
    assert desktop.place(NEXT) == place  # the strip keeps its height
    desktop.click("deeper")  # the key in the answer
    shows(desktop, PAGES[6].preset)
    assert warm(desktop, place[1]) > 4 * max(before, 20)


def warm(desktop: Desktop, below: int) -> int:
    """The number of pixels in the colour of answers, below a row of the window."""
    red, green, blue = desktop.pixels()[below + 10 :].astype(int).transpose(2, 0, 1)
    return int(((red > 220) & (green > 180) & (blue < 170) & (blue > 100)).sum())


def test_it_begins_in_the_window_and_returns_to_what_was_explored(
    opened: Callable[..., Desktop],
) -> None:
    desktop = opened("embers", size="300x200")
    desktop.key("Right")
    explored = load_preset("embers").replace(width=load_preset("embers").spec.width + 1)  # type: ignore[attr-defined]
    shows(desktop, explored)
    desktop.key("t")
    shows(desktop, PAGES[0].preset)
    desktop.click(tick(4))
    shows(desktop, PAGES[3].preset)
    desktop.key("t")
    shows(desktop, explored)
    desktop.key("t")  # goes on where it was left
    shows(desktop, PAGES[3].preset)
    desktop.click(LEAVE)
    shows(desktop, explored)
    desktop.key("p")  # the list of all presets again
    known = [one.replace(title="") for one in (explored, PAGES[3].preset, PAGES[4].preset)]
    wait_for(lambda: seen(desktop) not in known, "another preset")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_escape_leaves_it_before_it_quits(opened: Callable[..., Desktop]) -> None:
    desktop = opened("embers")
    desktop.key("t")
    shows(desktop, PAGES[0].preset)
    desktop.key("h")
    wait_for(lambda: desktop.events() and "help" in desktop.told, "the help")
    desktop.key("Escape")  # the help first
    wait_for(lambda: desktop.events() and "help" not in desktop.told, "no help")
    desktop.click(NEXT)
    shows(desktop, PAGES[1].preset)
    desktop.key("Escape")
    shows(desktop, load_preset("embers"))
    assert desktop.quit("Escape") == 0
    assert desktop.log.read_text() == ""


def test_the_help_ends_above_the_words_of_the_tour(opened: Callable[..., Desktop]) -> None:
    desktop = opened("tour", "14", size="1280x800")
    shows(desktop, PAGES[13].preset)
    desktop.finished()
    top = desktop.place(NEXT)[1] - 30  # above the ticks
    desktop.move(5, 5)
    wait_for(lambda: "hint" not in desktop.told, "no hint")
    before = desktop.pixels()
    for key, name in (("h", "help"), ("question", "explanation")):
        desktop.key(key)
        wait_for(lambda name=name: desktop.events() and name in desktop.told, name)
        now = desktop.pixels()
        assert (now[:top] != before[:top]).any()
        assert (now[top : top + 150] == before[top : top + 150]).all()
        desktop.key("Escape")


def test_its_button_begins_it(opened: Callable[..., Desktop]) -> None:
    desktop = opened("layers-18")  # where the buttons lie below the picture, and do not fade
    desktop.click("toggle_tour")
    shows(desktop, PAGES[0].preset)
