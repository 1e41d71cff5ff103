"""Cameras: a film is read like one, from its beginning again; faults are one line."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl.utils import camera
from cppn_gl.utils.camera import Camera, is_camera, still
from cppn_gl.utils.checks import PresetError

SECONDS = 20.0  # far more than is needed


def film(
    path: Path, levels: tuple[int, ...] = (0, 120, 240), size: tuple[int, int] = (40, 24)
) -> str:
    """A film of grey pictures, 20 ms each, and the name by which it is watched."""
    first, *others = (Image.new("L", size, level) for level in levels)
    first.save(path, save_all=True, append_images=others, duration=20, loop=0)
    return f"camera:{path}"


def test_names_of_cameras() -> None:
    assert all(map(is_camera, ("camera", "camera:/dev/video1", "camera:film.mp4")))
    assert not any(map(is_camera, ("cat", "cameras.png", "a camera")))


def test_a_film_is_read_at_its_own_speed_and_again(tmp_path: Path) -> None:
    seen = set()
    with Camera(film(tmp_path / "a.gif")) as one:
        assert one.wait(SECONDS)
        while one.count < 10:
            pixels = one.newest()
            assert pixels is not None
            assert pixels.shape == (24, 40, 3)
            seen.add(int(pixels.mean()))
        assert not one.problem
    assert len(seen) == 3
    assert not one._thread.is_alive()
    assert one.newest() is None


def test_large_pictures_are_reduced(tmp_path: Path) -> None:
    assert still(film(tmp_path / "a.gif", (9,), (1300, 650))).shape == (320, 640, 3)


def test_a_still_is_the_same_whenever_it_is_asked_for(tmp_path: Path) -> None:
    name = film(tmp_path / "a.gif")
    first = still(name)
    (tmp_path / "a.gif").unlink()
    assert still(name) is first


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("camera:/dev/no-such-device", "there is no /dev/no-such-device; another one is named so:"),
        ("camera:text.mp4", "neither a camera nor a film that can be read"),
        ("camera:.", "neither a camera nor a film"),
        ("camera:empty.mp4", "neither a camera nor a film"),
    ],
)
def test_faults_are_one_line(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.mp4").write_text("no film\n" * 50)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(PresetError, match=words) as error:
        still(name)
    assert "\n" not in str(error.value)


def test_films_of_huge_pictures_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "MAX_PIXELS", 500)
    with pytest.raises(PresetError, match="pictures of 40×24, which are too large"):
        still(film(tmp_path / "a.gif"))


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cppn_gl.utils.extras.find_spec", lambda name: None)
    words = "a camera needs the library av, of the extra camera: python -m pip install av"
    with pytest.raises(PresetError, match=words):
        Camera("camera").start()


@pytest.mark.parametrize(
    ("number", "words"),
    [(13, "no permission to use it"), (16, "used by another program"), (19, "there is no")],
)
def test_the_systems_reasons(number: int, words: str) -> None:
    assert words in camera._words(OSError(number, os.strerror(number)), "")


def test_every_system_has_a_way_to_open_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        @staticmethod
        def enumerate_input_devices(kind: str) -> list[Any]:
            return []

    monkeypatch.setattr("sys.platform", "linux")
    assert camera._device(Library, "")[:2] == ("/dev/video0", "v4l2")
    monkeypatch.setattr("sys.platform", "darwin")
    assert camera._device(Library, "1")[:2] == ("1:none", "avfoundation")
    monkeypatch.setattr("sys.platform", "win32")
    assert camera._device(Library, "Front")[:2] == ("video=Front", "dshow")
    with pytest.raises(FileNotFoundError):
        camera._device(Library, "")


def test_pixels_are_those_of_the_film(tmp_path: Path) -> None:
    assert np.abs(still(film(tmp_path / "b.gif", (200,))).astype(int) - 200).max() <= 2
