"""The key that saves what the window shows as a web page."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cppn_gl.preset.shot import read_shot
from tests.desktop import Desktop, wait_for

pytestmark = pytest.mark.window

MOVING = """
[network]
depth = 4
width = 6
inputs = ["x", "y", "t"]
seed = 3
"""
SURFACE = f'{MOVING}\n[show]\nview = "surface"\n'


@pytest.fixture
def start(display: str, tmp_path: Path) -> Iterator[Callable[[str], Desktop]]:
    opened = []

    def begin(text: str) -> Desktop:
        (tmp_path / "my.toml").write_text(text)
        environment = {"CPPN_GL_ENGINE": "fragment"}  # nothing is measured meanwhile
        words = ("my.toml", "--size", "320x180")
        opened.append(Desktop(display, tmp_path, *words, hud=True, environment=environment))
        opened[0].key("space")
        opened[0].finished()
        return opened[0]

    yield begin
    for desktop in opened:
        desktop.close()


def test_a_page_is_what_is_shown_at_that_moment(start: Callable[[str], Desktop]) -> None:
    desktop = start(MOVING)
    desktop.key("period", "period", "Up")
    desktop.shows(lambda preset: preset.spec.depth == 5, "a deeper network")
    desktop.key("ctrl+e")
    told = desktop.tells("message", "saved my-")
    assert ".html; open it with: python -m cppn_gl my-" in told
    (path,) = desktop.folder.glob("my-*.html")
    shot = read_shot(path)
    assert (shot.size, shot.preset.spec.depth) == ((320, 180), 5)
    assert shot.time > 0
    assert 20_000 < path.stat().st_size < 70_000
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_a_view_that_a_page_cannot_show_is_told(start: Callable[[str], Desktop]) -> None:
    desktop = start(SURFACE)
    desktop.key("ctrl+e")
    desktop.tells("message", "a page does not show surface")
    assert not list(desktop.folder.glob("*.html"))
    assert desktop.quit() == 0


def test_a_page_that_is_being_saved_is_finished_when_the_window_closes(
    start: Callable[[str], Desktop],
) -> None:
    desktop = start(MOVING)
    desktop.key("ctrl+e")
    desktop.tells("message", "sav")
    assert desktop.quit() == 0
    (path,) = wait_for(lambda: list(desktop.folder.glob("my-*.html")), "the page")
    assert read_shot(path).preset.spec.depth == 4
