"""A view's overlay in the window is drawn again only when something changes."""

from typing import Any

import numpy as np
import pytest
from seers import seen_by

from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.show import VIEWS
from cppn_gl.viewer.view_words import ViewWords
from cppn_gl.views import ALL

SIZE = (320, 180)
PRESET = Preset().replace(
    depth=3, width=5, inputs=["x", "y", "t"], activation="relu", cols="seed=1:4"
)


def scene(name: str) -> Scene:
    return scene_of(seen_by(name, PRESET), 0.3)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The arguments of the overlays drawn."""
    calls: list[Any] = []
    for view in ALL.values():
        make = view.overlay

        def counting(*key: Any, make: Any = make) -> Any:
            calls.append(key)
            return make(*key)

        monkeypatch.setattr(view, "overlay", counting)
    return calls


def test_before_there_is_a_picture_there_are_no_words() -> None:
    assert ViewWords().panels(None, SIZE, None) == []


@pytest.mark.parametrize("name", VIEWS)
def test_a_panel_over_the_whole_picture(name: str) -> None:
    of, cursor = scene(name), (97.0, 75.0)
    words, found = ALL[name].overlay(of, SIZE, cursor), ViewWords().panels(of, SIZE, cursor)
    if words is None:
        assert found == []
        return
    (panel,) = found
    assert (panel.x, panel.y, panel.alpha) == (0, 0, 1)
    assert np.array_equal(panel.pixels, words)  # with what is pointed at


@pytest.mark.parametrize("name", VIEWS)
def test_they_are_made_once_for_the_same_picture(name: str, asked: list[Any]) -> None:
    words, of = ViewWords(), scene(name)
    first = words.panels(of, SIZE, None)
    assert words.panels(of, SIZE, None) is first
    assert len(asked) == 1
    words.panels(of, SIZE, (10.0, 20.0))
    assert len(asked) == (2 if ALL[name].uses_cursor else 1)
    words.panels(of, (200, 100), None)
    assert asked[-1][1] == (200, 100)
    words.panels(scene("picture"), SIZE, None)
    assert asked[-1][0].preset.show.view == "picture"


@pytest.mark.parametrize("name", ["attribution", "channels"])
def test_those_that_show_more_with_each_refinement_are_made_again(
    name: str, asked: list[Any]
) -> None:
    words, of = ViewWords(), scene(name)
    for picture in (1, 1, 2):
        words.panels(of, SIZE, None, picture)
    assert len(asked) == (2 if ALL[name].evolves else 1)
