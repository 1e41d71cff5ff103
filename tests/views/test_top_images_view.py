"""The view of a channel's best pictures: computed when drawn, at any size, with what is skipped."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from seers import grey

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.base import painted
from cppn_gl.views.vision.channels import ChannelsView
from cppn_gl.views.vision.found import found_for, mosaic, within
from cppn_gl.views.vision.top_images import TopImagesView, places, state_words

SIZE = (640, 400)


@pytest.fixture
def preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Preset:
    """A preset that shows the best of four pictures and a broken one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    draws = np.random.default_rng(2)
    for number in range(4):
        pixels = draws.integers(0, 256, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"")
    return grey(**{"show.view": "top_images", "top_images.folder": str(folder)})


def test_it_finds_them_and_shows_them(preset: Preset) -> None:
    view, scene = TopImagesView(), scene_of(preset)
    empty = found_for(scene)
    assert not empty.finished
    picture = painted(view, scene, SIZE)
    found = found_for(scene)
    assert found is empty
    assert found.finished
    assert picture.shape == (400, 640, 3)
    assert picture.std() > 0.05
    words = view.overlay(scene, SIZE)
    assert words is not None
    assert words[..., 3].any()
    assert state_words(found, 4) == "of 4 pictures in pictures; skipped broken.png"
    np.testing.assert_array_equal(painted(TopImagesView(), scene, SIZE), picture)


def test_a_click_looks_at_a_picture(preset: Preset) -> None:
    view, scene = TopImagesView(), scene_of(preset)
    painted(view, scene, SIZE)
    first = places(SIZE, 5).pairs[0][0]
    hit = view.hit(scene, SIZE, (first[0] + 3, first[1] + 3))
    best = found_for(scene).best(0, 0)[0]
    assert hit is not None
    assert hit.words.startswith(f"{best.path.name}: ")
    assert hit.opens is not None
    assert hit.opens.show.view == "channels"
    assert hit.opens.input.path == best.path
    assert view.hit(scene, SIZE, (1, 1)) is None


def test_in_the_window_it_shows_what_is_known_so_far(preset: Preset) -> None:
    view, scene = TopImagesView(), scene_of(preset)
    found = found_for(scene)
    found.live = True
    painted(view, scene, SIZE)
    assert found.done == 0
    assert state_words(found, 0) == "listing pictures"
    at_once(found.look_up())
    painted(view, scene, SIZE)
    assert state_words(found, 0) == "0 of 5 pictures in pictures looked at"


def test_the_dashboard_shows_them_once_they_are_known(preset: Preset) -> None:
    scene = scene_of(preset.replace(**{"show.view": "channels"}))
    view = ChannelsView()
    before = painted(view, scene, SIZE)
    assert at_once(mosaic(scene, (0, 0))) is None
    painted(TopImagesView(), scene_of(preset), SIZE)
    tiled = at_once(mosaic(scene, (0, 0)))
    assert tiled is not None
    assert tiled.std() > 0.05
    assert np.abs(painted(view, scene, SIZE) - before).max() > 0.1


@pytest.mark.parametrize("size", [(320, 200), (1280, 800), (600, 1000)])
@pytest.mark.parametrize("count", [1, 5, 9])
def test_pictures_are_inside_and_apart(size: tuple[int, int], count: int) -> None:
    where = places(size, count)
    boxes = [box for pair in where.pairs for box in pair]
    assert len(boxes) == 2 * count
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= size[0]
        assert where.head[3] <= top < bottom <= size[1]
        for a, b, c, d in boxes[:number]:
            assert c <= left or right <= a or d <= top or bottom <= b


def test_without_such_a_folder_it_says_so(tmp_path: Path) -> None:
    preset = grey(**{"show.view": "top_images", "top_images.folder": str(tmp_path / "none")})
    assert "needs a folder of pictures" in TopImagesView().problem(preset)
    assert TopImagesView().problem(grey()) == ""  # the pictures that are shipped


def test_parts_stay_inside_the_picture() -> None:
    assert within((-5, -5, 10, 10), (40, 30)) == (0, 0, 15, 15)
    assert within((25, 35, 35, 45), (40, 30)) == (20, 30, 30, 40)
    assert within((-50, -50, 90, 90), (40, 30)) == (0, 0, 30, 40)
