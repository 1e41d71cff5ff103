"""Films of the window: made by another process, whole or not at all."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from cppn_gl.output.video_formats import FORMATS
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.files import CaptureError
from cppn_gl.viewer.film_process import trial_size
from cppn_gl.viewer.filming import Filming, Job, Wishes, duration, formats, missing
from tests.desktop import wait_for

MP4, GIF = (next(one for one in FORMATS if one.name == name) for name in ("MP4", "GIF"))
PRESET = Preset(name="my film").replace(depth=3, width=4, inputs=["x", "y", "t"])
SMALL = Wishes(GIF, (48, 32), seconds=0.4, fps=10)
LONG = Wishes(GIF, (640, 400), seconds=60, fps=25, samples=4)


@pytest.fixture
def films() -> Iterator[Filming]:
    one = Filming("numpy")
    yield one
    one.close()


def turn(films: Filming) -> Path | None:
    return films.turn(time.perf_counter())


def shot(wishes: Wishes) -> Shot:
    return Shot(PRESET, wishes.size, samples=wishes.samples)


def test_a_film_is_made_meanwhile_and_remembers_its_preset(films: Filming, tmp_path: Path) -> None:
    films.estimate(shot(SMALL))
    wait_for(lambda: turn(films) or films.seconds, "an estimate")
    films.start(shot(SMALL), SMALL, tmp_path)
    job = films.job
    assert job is not None
    assert films.busy
    path = wait_for(lambda: turn(films), "a film")
    assert (job.done, job.frames) == (4, 4)
    assert films.saved == path
    assert not films.busy
    assert path.parent == tmp_path
    assert path.name.startswith("my-film-")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    found = read_shot(path)
    assert (found.preset, found.size) == (PRESET, SMALL.size)
    with Image.open(path) as animated:
        assert animated.n_frames == 4


def test_a_film_that_is_dropped_leaves_nothing(films: Filming, tmp_path: Path) -> None:
    films.start(shot(LONG), LONG, tmp_path)
    wait_for(lambda: (turn(films), films.job and films.job.done)[1], "a frame")
    assert any(tmp_path.iterdir())  # an unfinished file
    films.stop()
    assert not films.busy
    films.close()
    assert list(tmp_path.iterdir()) == []
    films.start(shot(SMALL), SMALL, tmp_path)  # another one can be made
    assert wait_for(lambda: turn(films), "a film").exists()


def test_what_the_process_cannot_do_is_one_line(films: Filming, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    with pytest.raises(CaptureError, match="does not exist"):
        films.start(shot(SMALL), SMALL, folder)
    folder.mkdir()
    films.start(shot(SMALL), SMALL, folder)
    folder.rmdir()
    wait_for(lambda: (turn(films), films.problem)[1], "a problem")
    assert "\n" not in films.problem
    assert not films.busy


def test_a_process_that_dies_is_told(films: Filming, tmp_path: Path) -> None:
    films.start(shot(LONG), LONG, tmp_path)
    assert films._worker is not None
    films._worker._process.kill()
    wait_for(lambda: (turn(films), films.problem)[1], "a problem")
    assert not films.busy
    films.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (SMALL, ""),
        (Wishes(MP4, (1280, 720), 12, 30), ""),
        (Wishes(MP4, (1281, 720), 12, 30), "even width"),
        (Wishes(GIF, (640, 400), 10, 200), "too many"),
        (Wishes(GIF, (640, 400), 1e6, 50), "frames"),
        (Wishes(GIF, (10**6, 10**6), 1, 10), "limit"),
    ],
)
def test_wishes_that_cannot_be_granted(wishes: Wishes, said: str, tmp_path: Path) -> None:
    problem = wishes.problem(tmp_path)
    assert said in problem
    assert bool(said) == bool(problem)


def test_all_formats_can_be_made_here() -> None:
    assert formats() == FORMATS
    assert missing() == ""


def test_the_time_left_follows_from_the_frames_done() -> None:
    job = Job(1, Path("a.mp4"), frames=101)
    assert job.words == "0 %"
    job.done, job.since, job.at = 1, 5.0, 5.0
    assert job.left is None
    job.done, job.at = 51, 15.0
    assert job.left == pytest.approx(10)
    assert job.words == "50 %, 10 s left"
    job.done = 101
    assert job.words == "finishing"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (2032, "34 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations_are_read_by_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_trial_frame_is_small_if_its_pixels_are_alike() -> None:
    assert trial_size((1920, 1080), by_pixel=True) == (320, 180)
    assert trial_size((1920, 1080), by_pixel=False) == (1920, 1080)
    assert trial_size((64, 48), by_pixel=True) == (64, 48)
