"""The dialog of films in a real window: real keys, a real mouse, real files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import read_shot
from tests.desktop import Desktop, wait_for

pytestmark = pytest.mark.window
MOVING = Preset(title="Moving").replace(
    depth=3, width=4, seed=5, inputs=["x", "y", "cos_t"], **{"animation.loop": 2.0}
)


@pytest.fixture
def start(display: str, tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    opened: list[Desktop] = []
    (tmp_path / "my.toml").write_text(MOVING.to_toml())

    def begin(size: str = "640x400", **variables: str) -> Desktop:
        words = "my.toml", "--size", size, "--engine", "numpy"
        opened.append(Desktop(display, tmp_path, *words, hud=True, environment=variables))
        return opened[-1]

    yield begin
    for desktop in opened:
        desktop.close()


def files(desktop: Desktop, pattern: str) -> list[Path]:
    return sorted(desktop.folder.glob(pattern))


def type_over(desktop: Desktop, name: str, text: str) -> None:
    """Click on a value and type another."""
    desktop.click(name)
    desktop.place(f"typing {name}")
    desktop.xdotool("type", "--delay", "10", text)
    desktop.key("Return")
    desktop.gone(f"typing {name}")


def begin_long_film(desktop: Desktop) -> None:
    """Begin a film that is not finished before the test is."""
    desktop.key("F9")
    desktop.click("film size")
    desktop.click("film size 3840×2160")
    desktop.gone("film size 3840×2160")
    desktop.key("Return")
    wait_for(lambda: files(desktop, ".*.part"), "an unfinished file")


def test_a_film_is_made_while_the_window_goes_on(start: Callable[..., Desktop]) -> None:
    desktop = start()
    desktop.key("F9")
    desktop.click("film kind GIF")
    desktop.click("film fps 10")
    type_over(desktop, "film seconds", "1.5")
    desktop.click("film size")
    desktop.click("film size 640×360")
    desktop.gone("film size 640×360")
    desktop.click("film samples 1")
    desktop.key("Return")
    desktop.place("film bar")
    desktop.key("Escape")  # it goes on in the background
    desktop.gone("film bar")
    desktop.key("Up")
    wait_for(lambda: "depth = 4" in desktop.events()[-1]["preset"], "a layer more, meanwhile")
    desktop.tells("message", ".gif; open it with: ")
    (path,) = files(desktop, "*.gif")
    shot = read_shot(path)
    assert (shot.preset, shot.size, shot.samples) == (MOVING, (640, 360), 1)
    with Image.open(path) as animated:
        assert animated.n_frames == 15
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


def test_of_what_learns_it_shows_the_training(
    start: Callable[..., Desktop], tmp_path: Path
) -> None:
    learns = MOVING.replace(inputs=["x", "y"], **{"train.data": "xor", "train.steps": 40})
    (tmp_path / "my.toml").write_text(learns.to_toml())
    desktop = start()
    desktop.tells("message", "trained to step 40")
    desktop.key("F9")
    desktop.click("film kind GIF")
    desktop.place("film training")
    desktop.click("film fps 10")
    type_over(desktop, "film seconds", "1")
    desktop.key("Return")
    desktop.tells("message", ".gif; open it with: ")
    (path,) = files(desktop, "*.gif")
    film = read_shot(path).preset
    assert [film.at(seconds).train.steps for seconds in (0.0, 0.9)] == [0, 40]
    with Image.open(path) as animated:
        assert animated.n_frames > 5


def test_arrow_keys_choose_and_typed_sizes_are_checked(start: Callable[..., Desktop]) -> None:
    desktop = start()
    desktop.key("F9")
    desktop.place("film kind MP4")
    desktop.key("Down", "Right", "Right")  # the kind: GIF
    desktop.place("film row kind")
    desktop.key("Down")
    desktop.place("film row length")
    desktop.click("film size")
    desktop.click("film size other …")
    desktop.place("typing film size typed")
    desktop.xdotool("type", "--delay", "10", "65x")
    desktop.place("film problem")
    desktop.xdotool("type", "--delay", "10", "48")
    desktop.key("Return")
    desktop.gone("typing film size typed")
    desktop.key("Return")
    desktop.tells("message", ".gif; open it with: ")
    (path,) = files(desktop, "*.gif")
    assert read_shot(path).size == (65, 48)
    desktop.place("film saved")
    desktop.key("F9")
    desktop.gone("film start")
    assert desktop.quit() == 0


def test_closing_the_window_asks_before_a_film_is_dropped(start: Callable[..., Desktop]) -> None:
    desktop = start()
    begin_long_film(desktop)
    desktop.key("Escape")
    desktop.gone("film bar")
    desktop.key("q")
    desktop.tells("problem", "a film is being made")
    assert desktop.process.poll() is None
    assert desktop.quit() == 0
    assert [path.name for path in files(desktop, "*my-*")] == []
    assert desktop.log.read_text() == ""


def test_a_film_can_be_dropped(start: Callable[..., Desktop]) -> None:
    desktop = start()
    begin_long_film(desktop)
    desktop.click("film stop")
    desktop.place("film start")
    wait_for(lambda: not files(desktop, "*my-*"), "no film")
    desktop.key("Escape")
    desktop.gone("film start")
    assert desktop.quit() == 0


def test_frames_are_recorded_at_once_with_shift_and_from_the_dialog(
    start: Callable[..., Desktop],
) -> None:
    desktop = start("160x100")
    desktop.key("shift+F9")
    wait_for(lambda: files(desktop, "my-*/00003.png"), "a few frames")
    desktop.key("F9")
    desktop.tells("message", "recorded")
    desktop.key("F9")
    desktop.click("film kind frames")
    desktop.gone("film size")
    desktop.key("Return")
    desktop.gone("film start")
    wait_for(lambda: len(files(desktop, "my-*/00001.png")) == 2, "another recording")
    desktop.key("F9")
    assert desktop.quit() == 0


def test_without_pyav_gif_and_webp_are_offered(
    start: Callable[..., Desktop], tmp_path: Path
) -> None:
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text("import sys; sys.modules['av'] = None")
    path = os.pathsep.join([str(without), *filter(None, [os.environ.get("PYTHONPATH")])])
    desktop = start(PYTHONPATH=path)
    desktop.key("F9")
    desktop.place("film kind GIF")
    desktop.place("film kind WebP")
    desktop.place("film missing")
    assert "film kind MP4" not in desktop.places
    desktop.key("Escape")
    desktop.gone("film start")
    assert desktop.quit() == 0
