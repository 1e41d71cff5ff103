"""The folder of the top pictures is looked through in slices, while its view is shown."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from seers import grey

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer import filling as module
from cppn_gl.viewer.filling import Filling
from cppn_gl.viewer.view_words import ViewWords
from cppn_gl.views.base import painted
from cppn_gl.views.vision.found import found_in
from cppn_gl.views.vision.top_images import TopImagesView


@pytest.fixture
def preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Preset:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    draws = np.random.default_rng(3)
    for number in range(3):
        Image.fromarray(draws.integers(0, 256, (20, 30), np.uint8)).save(folder / f"{number}.png")
    return grey(**{"show.view": "top_images", "top_images.folder": str(folder)})


def test_it_works_in_slices_and_says_when_there_is_more_to_see(
    preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHOWN_SECONDS", 0.0)
    filling, network = Filling(), preset.network()
    filling.follow(preset, network)
    found = found_in(preset, network)
    assert found.live
    assert filling.busy
    news = 0
    while filling.busy:
        news += filling.advance(0.0)
    assert found.finished
    assert news >= 3
    assert not filling.advance(1.0)
    filling.follow(preset.replace(view="attribution"), network)
    assert not found.live
    filling.follow(preset, network)
    assert not filling.busy  # nothing is left to do


def test_what_was_found_is_kept_when_it_stops(preset: Preset) -> None:
    filling, network = Filling(), preset.network()
    filling.follow(preset, network)
    found = found_in(preset, network)
    while not found.done:
        filling.advance(0.0)
    filling.close()
    assert not filling.busy
    assert found.path is not None
    assert found.path.exists()


def test_words_are_drawn_again_with_the_picture(preset: Preset) -> None:
    filling, network, words = Filling(), preset.network(), ViewWords()
    filling.follow(preset, network)
    while filling.busy:
        filling.advance(1.0)
    words._key = "before"  # type: ignore[assignment]
    filling.drawn(words)
    assert words._key is None
    words._key = "after"  # type: ignore[assignment]
    filling.drawn(words)
    assert words._key == "after"


def test_other_views_and_folders_that_are_not_there_are_left_alone(preset: Preset) -> None:
    filling = Filling()
    filling.follow(Preset(), Preset().network())
    assert not filling.busy
    filling.follow(grey(), grey().network())  # the dashboard without a folder
    assert not filling.busy
    nowhere = preset.replace(**{"top_images.folder": "/nowhere at all"})
    filling.follow(nowhere, nowhere.network())
    assert filling.advance(0.0)  # to say that there are no pictures
    assert not filling.busy
    with pytest.raises(PresetError, match="no such folder"):
        painted(TopImagesView(), scene_of(nowhere), (320, 200))


def test_the_dashboard_has_the_folder_looked_through_that_it_names(preset: Preset) -> None:
    filling, shown = Filling(), preset.replace(view="channels")
    filling.follow(shown, shown.network())
    assert filling.busy
    filling.close()
