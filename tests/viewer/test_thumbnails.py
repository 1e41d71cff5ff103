"""Thumbnails: drawn in slices as the renderer draws, kept on disk, and never trusted from there."""

import os
import threading
import time as wall
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from seers import grey
from stripes import learner, stripes
from windowless import windowless

from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.looping import good_time
from cppn_gl.preset.preset import Preset
from cppn_gl.viewer import thumbnails as module
from cppn_gl.viewer.engine_selector import EngineSelector
from cppn_gl.viewer.thumbnails import FINE, SIZE, Subject, Thumbnails, reduced

pytestmark = pytest.mark.gl
AGATE = Subject(load_preset("agate"), 0.0)


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


@pytest.fixture
def made(renderer: Renderer, tmp_path: Path) -> Iterator[Thumbnails]:
    thumbnails = fresh(renderer, tmp_path)
    yield thumbnails
    thumbnails.release()


def fresh(renderer: Renderer, folder: Path | None) -> Thumbnails:
    """Thumbnails of another session."""
    assert renderer.ctx is not None
    return Thumbnails(renderer.ctx, renderer, EngineSelector(renderer), folder)


def draw(thumbnails: Thumbnails, *subjects: Subject) -> list[np.ndarray | None]:
    """The thumbnails of subjects, once they are made."""
    thumbnails.want(subjects)
    while thumbnails.busy:
        thumbnails.advance(0.05)
    return [thumbnails.find(subject) for subject in subjects]


def read(thumbnails: Thumbnails, *subjects: Subject) -> list[np.ndarray | None]:
    """The thumbnails of subjects that are on disk."""
    thumbnails.want(subjects)
    thumbnails.advance(10.0, draws=False)
    return [thumbnails.find(subject) for subject in subjects]


@pytest.mark.parametrize("name", ["agate", "units-dashboard", "landscape", "fly-in"])
def test_one_is_the_picture_drawn_larger_and_reduced(
    name: str, renderer: Renderer, made: Thumbnails
) -> None:
    preset = load_preset(name)
    time = good_time(preset)
    [found] = draw(made, Subject(preset, time))
    assert found is not None
    assert found.shape == (SIZE[1], SIZE[0], 3)
    size = SIZE[0] * FINE, SIZE[1] * FINE
    expected = reduced(renderer.render(preset, size, time), FINE)
    assert np.abs(found.astype(int) - expected).mean() < 0.5


def test_one_of_an_image_network_is_its_dashboard_or_what_its_view_shows_in_time(
    renderer: Renderer, made: Thumbnails
) -> None:
    plain = grey()
    lengthy = {"form": "sheet", "count": 0, "steps": 1_000_000, "size": 64}
    sheet = plain.replace(**{"show.view": "synthesis"}).replace(
        **{f"synthesis.{name}": value for name, value in lengthy.items()}
    )
    short = plain.replace(**{"show.view": "attribution"})
    dashboard, instead, other = draw(made, *(Subject(one, 0.0) for one in (plain, sheet, short)))
    assert dashboard is not None
    assert not made.problems
    assert np.array_equal(dashboard, instead)
    assert not np.array_equal(dashboard, other)
    expected = reduced(renderer.render(plain, (SIZE[0] * FINE, SIZE[1] * FINE)), FINE)
    assert np.abs(dashboard.astype(int) - expected).mean() < 0.5


def test_pictures_to_learn_from_are_read_beside_the_window(
    made: Thumbnails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[threading.Thread] = []
    of = Preset.run.fget
    assert of is not None

    def read(preset: Preset) -> object:
        readers.append(threading.current_thread())
        return of(preset)

    folder = stripes(tmp_path / "stripes")
    begun = learner(folder, **{"show.view": "channels"})
    monkeypatch.setattr(Preset, "run", property(read))
    [found] = draw(made, Subject(begun, 0.0))
    assert found is not None
    assert not made.problems
    assert readers[0] is not threading.current_thread()


def test_a_dithered_one_is_the_dithered_picture_reduced(
    renderer: Renderer, made: Thumbnails
) -> None:
    preset = load_preset("ghost").replace(dither=True)
    [found] = draw(made, Subject(preset, 0.0))
    assert found is not None
    size = SIZE[0] * FINE, SIZE[1] * FINE
    noisy, plain = (
        reduced(renderer.render(preset.replace(dither=on), size), FINE) for on in (True, False)
    )
    assert np.abs(found.astype(int) - noisy).mean() < 0.01
    assert np.abs(found.astype(int) - plain).mean() > 0.05


def test_a_reduced_picture_is_the_mean_of_squares() -> None:
    picture = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    means = np.round(picture.reshape(1, 2, 2, 2, 3).mean(axis=(1, 3)) + 1e-9)
    assert (reduced(picture, 2) == means).all()
    assert reduced(picture, 1) is picture


def test_an_animated_preset_is_shown_in_the_middle_of_a_pass() -> None:
    fly = load_preset("fly-in")
    assert good_time(fly) == fly.animation.seconds / 2
    assert good_time(load_preset("agate")) == 0.0


def test_it_is_drawn_in_slices(renderer: Renderer, made: Thumbnails) -> None:
    made.want([Subject(load_preset("wide-120"), 0.0)])
    slices = 0
    while made.busy:
        made.advance(0.005)
        slices += 1
    assert slices > 5
    assert made.version == 1


def test_the_next_session_reads_them(renderer: Renderer, tmp_path: Path) -> None:
    first = fresh(renderer, tmp_path)
    [drawn] = draw(first, AGATE)
    assert drawn is not None
    first.release()
    assert [path.name for path in tmp_path.iterdir()] == [f"{AGATE.digest}.jpg"]
    second = fresh(renderer, tmp_path)
    [found] = read(second, AGATE)
    assert found is not None
    assert np.abs(found.astype(int) - drawn).mean() < 3
    assert not second.busy
    second.release()


def test_the_key_is_the_preset_the_time_the_size_and_the_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preset = AGATE.preset
    subjects = [AGATE, Subject(preset, 1.0), Subject(preset.replace(seed=5), 0.0)]
    digests = {subject.digest for subject in subjects}
    for name, value in (("__version__", "x"), ("SIZE", (5, 4)), ("FORMAT", 99)):
        monkeypatch.setattr(module, name, value)
        digests.add(Subject(preset, 0.0).digest)
    assert len(digests) == 6
    monkeypatch.undo()
    assert Subject(preset, 0.0).digest == AGATE.digest


def _jpeg(size: tuple[int, int], mode: str = "RGB") -> bytes:
    import io

    stream = io.BytesIO()
    Image.new(mode, size).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", _jpeg(SIZE)[:200], _jpeg((10, 10)), _jpeg(SIZE, "L"), b"\xff" * 3000000],
    ids=["empty", "text", "torn", "small", "grey", "large"],
)
def test_a_damaged_file_is_drawn_again(content: bytes, renderer: Renderer, tmp_path: Path) -> None:
    path = tmp_path / f"{AGATE.digest}.jpg"
    path.write_bytes(content)
    thumbnails = fresh(renderer, tmp_path)
    assert read(thumbnails, AGATE) == [None]
    [drawn] = draw(thumbnails, AGATE)
    assert drawn is not None
    assert drawn.std() > 20
    thumbnails.release()
    with Image.open(path) as image:
        assert image.size == SIZE


def test_a_folder_in_the_files_place_does_no_harm(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / f"{AGATE.digest}.jpg").mkdir()
    thumbnails = fresh(renderer, tmp_path)
    assert draw(thumbnails, AGATE)[0] is not None
    thumbnails.release()


def test_a_folder_that_cannot_be_written_and_none_at_all(
    renderer: Renderer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", None):
        thumbnails = fresh(renderer, folder)
        assert draw(thumbnails, AGATE)[0] is not None
        thumbnails.release()


def test_the_folder_is_bounded_and_the_oldest_go(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 3)
    for number in range(6):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(b"x")
        os.utime(path, (number, number))
    (tmp_path / "other.txt").write_text("not ours")
    thumbnails = fresh(renderer, tmp_path)
    draw(thumbnails, AGATE)
    thumbnails.release()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"4.jpg", "5.jpg", f"{AGATE.digest}.jpg", "other.txt"}
    monkeypatch.setattr(module, "MAX_BYTES", 0)
    thumbnails = fresh(renderer, tmp_path)
    draw(thumbnails, Subject(AGATE.preset, 1.0))
    thumbnails.release()
    assert {path.name for path in tmp_path.iterdir()} == {"other.txt"}


def test_one_that_was_used_is_not_old(renderer: Renderer, tmp_path: Path) -> None:
    first = fresh(renderer, tmp_path)
    draw(first, AGATE)
    first.release()
    path = tmp_path / f"{AGATE.digest}.jpg"
    os.utime(path, (1, 1))
    second = fresh(renderer, tmp_path)
    read(second, AGATE)
    second.release()
    assert path.stat().st_mtime > wall.time() - 3600


def test_what_is_no_longer_wanted_waits(renderer: Renderer, made: Thumbnails) -> None:
    made.want([AGATE])
    made.want([])
    assert not made.busy
    assert not made.advance(0.01)
    assert made.find(AGATE) is None


def test_nothing_is_drawn_while_something_else_is(made: Thumbnails) -> None:
    made.want([AGATE])
    for _ in range(3):
        assert not made.advance(0.01, draws=False)
    assert made.busy


def test_a_view_that_cannot_show_its_network_is_shown_as_a_picture(
    renderer: Renderer, made: Thumbnails
) -> None:
    preset = Preset().replace(inputs=["one"], **{"show.view": "curves"})
    [found] = draw(made, Subject(preset, 0.0))
    assert found is not None
    assert made.problems == {}
