"""Files that are dropped on the window: really, by the window system."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.output.capture import save_picture
from cppn_gl.output.sequence import frame_path
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot
from cppn_gl.viewer.opening import Answer, Opening, read
from cppn_gl.views import view_of
from tests.desktop import Desktop, wait_for
from tests.dropping import drop

STILL = Preset(title="Still").replace(depth=3, width=4, seed=5)
SMALL = Path(__file__).parent.parent / "nn" / "vision" / "small.onnx"  # sees two channels
MOVING = Preset(title="Moving").replace(depth=3, width=4, seed=6, inputs=["x", "y", "t"])


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    (tmp_path / "my.toml").write_text(STILL.to_toml())
    one = Desktop(display, tmp_path, "my.toml", "--size", "320x180", hud=True)
    yield one
    one.close()


def drop_on(desktop: Desktop, *files: Path) -> None:
    drop(desktop.display, int(desktop.window), files)


@pytest.mark.window
def test_a_dropped_file_opens_in_one_step_of_the_history(desktop: Desktop, tmp_path: Path) -> None:
    picture = tmp_path / "a picture ü.png"
    save_picture(picture, np.zeros((9, 16, 3), np.uint8), Shot(MOVING, (16, 9), time=2.5))
    desktop.finished()
    desktop.key("shift+Tab")  # the chooser covers the picture
    desktop.place("close")
    drop_on(desktop, picture)
    desktop.tells("message", "a picture ü.png: Moving")
    desktop.gone("close")
    desktop.key("space")
    desktop.shows(lambda preset: preset.spec.seed == 6, "the dropped picture's preset")
    assert desktop.events()[-1]["time"] >= 2.5
    desktop.key("z")
    desktop.shows(lambda preset: preset == STILL, "the preset before")
    drop_on(desktop, tmp_path / "my.toml", picture)
    desktop.tells("message", "my.toml, the first of 2 files: Still")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


@pytest.mark.window
def test_what_cannot_be_opened_gets_one_line_and_changes_nothing(
    desktop: Desktop, tmp_path: Path
) -> None:
    desktop.finished()
    other = tmp_path / "notes.pdf"
    other.write_text("%PDF")
    drop_on(desktop, other)
    desktop.tells("message", "notes.pdf: cannot be opened; expected a file ending in .toml")
    folder = tmp_path / "pictures"
    folder.mkdir()
    drop_on(desktop, folder)
    desktop.tells("message", "pictures: a folder; expected a file ending in .toml")
    desktop.shows(lambda preset: preset == STILL, "the same preset")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


@pytest.mark.window
def test_a_name_that_is_not_utf_8_gets_one_line(desktop: Desktop, tmp_path: Path) -> None:
    desktop.finished()
    odd = tmp_path / os.fsdecode(b"odd \xff.toml")
    odd.write_text(MOVING.to_toml())
    drop_on(desktop, odd)
    desktop.tells("message", "the dropped file's name is not UTF-8")
    drop_on(desktop, tmp_path / "my.toml")
    desktop.tells("message", "my.toml: Still")
    assert desktop.quit() == 0
    assert desktop.log.read_text() == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("folder", None, "a folder"),
        ("a.toml", b"format = 1\n[network]\ndepht = 3\n", "a.toml:3: network.depht: no such key"),
        ("b.toml", b"\xff", "not UTF-8"),
        ("c.png", b"GIF89a", "not a PNG picture"),
        ("d.html", b"<p>", "no preset in this page"),
        ("gone.toml", b"", "No such file"),
    ],
)
def test_what_is_wrong_is_one_short_line(
    name: str, content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is None:
        path.mkdir()
    elif content:
        path.write_bytes(content)
    answer = read(path, STILL)
    assert answer.preset is None
    assert answer.problem.startswith(name)
    assert said in answer.problem
    assert str(tmp_path) not in answer.problem
    assert "\n" not in answer.problem


def test_a_dropped_network_says_whose_view_is_kept_and_what_is_guessed(tmp_path: Path) -> None:
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for path in (first, second):
        np.savez(path, **{"0.weight": np.ones((4, 2)), "1.weight": np.ones((3, 4))})
    answer = read(first, STILL, "first.npz: ")
    guess = "does not name its activations; taken for relu in hidden layers, identity in the last"
    assert answer.note == f"view and colours of “Still”; first.npz {guess}"
    assert answer.preset is not None
    again = read(second, answer.preset)
    assert again.preset is not None
    assert again.preset.title == "second"
    assert again.note == f"view and colours of “first”; second.npz {guess}"


def test_an_image_without_a_preset_is_what_the_network_sees(tmp_path: Path) -> None:
    for name in ("photo.jpg", "photo.PNG", "photo.bmp"):
        Image.new("RGB", (12, 8), "teal").save(tmp_path / name)
        answer = read(tmp_path / name, STILL, f"{name}: ")
        assert (answer.problem, answer.note) == ("", "the network sees this image")
        assert answer.preset is not None
        assert answer.preset.input.path == tmp_path / name
        assert answer.preset.spec.inputs == ("red", "green", "blue")
        assert answer.preset.view == STILL.view
    looking = STILL.replace(inputs=["x", "grey"])
    again = read(tmp_path / "photo.jpg", looking).preset
    assert again is not None
    assert again.spec.inputs == ("x", "grey")


def test_an_image_that_cannot_be_seen_is_one_short_line(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    Image.new("L", (4, 4)).save(tmp_path / "grey.png")
    fixed = Preset(spec=Layers((Layer([[1.0, 2.0]], [0.0], "tanh"),)))
    learning = STILL.replace(**{"train.data": "circle"})
    for name, shown, said in (
        ("cut.jpg", STILL, "cut.jpg: not "),
        ("grey.png", fixed, "none of this network's inputs is taken from an image"),
        ("grey.png", learning, "a network that learns sees no image"),
    ):
        answer = read(tmp_path / name, shown)
        assert answer.preset is None
        assert said in answer.problem
        assert str(tmp_path) not in answer.problem
        assert "\n" not in answer.problem


def test_the_folder_of_a_sequence_opens_its_first_frame(tmp_path: Path) -> None:
    for frame in (0, 1):
        shot = Shot(MOVING, (16, 9), time=2.5 + frame)
        save_picture(frame_path(tmp_path, frame), np.zeros((9, 16, 3), np.uint8), shot)
    answer = read(tmp_path, STILL)
    assert answer.preset == MOVING
    assert answer.time == 2.5


def test_the_last_drop_wins(tmp_path: Path) -> None:
    """A file that is still being read when another is dropped is not opened."""
    slow = tmp_path / "slow.toml"
    os.mkfifo(slow)  # never read: refused at once
    (tmp_path / "quick.toml").write_text(MOVING.to_toml())
    opening = Opening()
    assert opening.drop([str(slow)], STILL) == "reading slow.toml …"
    opening.drop([str(tmp_path / "quick.toml")], STILL)
    assert opening.busy
    answer = wait_for(opening.answer, "an answer")
    assert answer.preset == MOVING
    assert not opening.busy
    for thread in threading.enumerate():
        if thread.name == "cppn_gl-opening":
            thread.join()
    assert opening.answer() is None


def answered(begin: Callable[[Opening], object]) -> Answer:
    of = Opening()
    begin(of)
    while (answer := of.answer()) is None:
        threading.Event().wait(0.005)
    return answer


def test_a_network_that_sees_pictures_is_asked_about_and_opens_when_it_is_answered() -> None:
    answer = answered(lambda of: of.network(SMALL, Preset()))
    assert answer.preset is None
    assert answer.asks == SMALL
    assert answer.problem.startswith("small.onnx needs order, range, mean, std, as it was trained")
    given = {"order": ["grey", "zero"], "range": 1, "mean": [0, 0], "std": [1, 1]}
    keys = {f"preprocess.{name}": value for name, value in given.items()}
    opened = answered(lambda of: of.network(SMALL, Preset(), keys))
    assert opened.asks is None
    assert opened.preset is not None
    assert opened.preset.classifies
    assert view_of(opened.preset).row.images
    wrong = answered(lambda of: of.network(SMALL, Preset(), keys | {"preprocess.order": "rgb"}))
    assert wrong.problem == "small.onnx: 2 numbers; expected 3, one for each channel"
    assert wrong.asks == SMALL
