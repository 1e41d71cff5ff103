"""The view synthesis: its layout, sheets by parts, clicks, words, what it refuses."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from small_eyes import preset

from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.names import without_opengl
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.show import SynthesisOptions
from cppn_gl.preset.training_film import training_film, trains
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import view_of
from cppn_gl.views.base import painted
from cppn_gl.views.vision.synthesis import SynthesisView, boxes, grown, name_of, sheet_of

SIZES = (640, 400), (1280, 800), (400, 640), (320, 200), (120, 90)
SMALL = {"synthesis.size": 16, "synthesis.steps": 3, "show.view": "synthesis"}


def shown(**keys: Any) -> Preset:
    return preset().replace(**{**SMALL, "channels.unit": (4, 2), **keys})


def scene(**keys: Any) -> Scene:
    return scene_of(shown(**keys))


def view() -> SynthesisView:
    found = view_of(shown())
    assert isinstance(found, SynthesisView)
    return found


SHEET = {"synthesis.form": "sheet", "channels.unit": (1, 1)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [{}, {"synthesis.start": "picture"}, SHEET])
def test_every_picture_is_seen_and_words_stand_beside(size: Size, keys: dict[str, Any]) -> None:
    at = scene(**keys)
    picture, words = painted(view(), at, size), view().overlay(at, size)
    assert picture.shape == (size[1], size[0], 3)
    for left, top, right, bottom in boxes(at, size):
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert picture[top:bottom, left:right].std() > 0.002
        assert words is None or not words[top:bottom, left:right, 3].any()
    assert (words is None) == (min(size) < 200 and not keys.get("synthesis.form"))


@pytest.mark.parametrize("size", [(640, 400), (300, 500)])
def test_a_sheets_parts_are_those_of_the_whole(size: Size) -> None:
    at, engine = scene(**SHEET), without_opengl(scene().network.on_plane)
    whole = painted(view(), at, size)
    parts = view().parts(at.preset, size)
    assert len(parts) == 6
    seen = np.zeros(size[::-1], int)
    for left, top, right, bottom in parts:
        region = Region.of(size).cut(left, top, right - left, bottom - top)
        found = at_once(view().paint_region(at, engine, region))
        assert np.array_equal(found, whole[top:bottom, left:right])
        seen[top:bottom, left:right] += 1
    assert (seen == 1).all()


@pytest.mark.parametrize("count", [1, 5, 12, 64, 256])
def test_cells_of_a_sheet_do_not_overlap(count: int) -> None:
    sheet = sheet_of(count, (1200, 800))
    found = [sheet.box(k) for k in range(count)]
    for (a, b, c, d), (left, top, _, _) in pairwise(found):
        assert c <= left or d <= top
        assert c - a == d - b
    assert found[-1][3] <= 800
    assert sheet.at((found[-1][0] + 1, found[-1][1] + 1)) == count - 1
    assert sheet.at((0, 0)) is None


def test_a_click_on_a_sheet_grows_one_alone() -> None:
    at, size = scene(**SHEET), (640, 400)
    left, top, _, _ = list(boxes(at, size))[4]
    hit = view().hit(at, size, (left + 3, top + 3))
    assert hit is not None
    assert hit.words == "conv1: channel 5"
    alone = at.preset.replace(**hit.changes)
    assert alone.options(SynthesisOptions).form == "one"
    assert grown(scene_of(alone))[0] is grown(at)[4]
    assert view().hit(scene(), size, (left, top)) is None


def test_a_sheet_of_classes() -> None:
    at = scene(**{"synthesis.form": "sheet", "synthesis.of": "class", "synthesis.first": 2})
    assert len(grown(at)) == 4
    assert name_of(at, 3) == "class 3: cup of coffee"
    left, top, _, _ = list(boxes(at, (640, 400)))[1]
    hit = view().hit(at, (640, 400), (left + 3, top + 3))
    assert hit is not None
    assert hit.changes["synthesis.class_name"] == "cup of coffee"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "wide: channel 2"),
        ({"synthesis.of": "unit"}, "wide: middle unit of channel 2"),
        ({"synthesis.of": "class", "synthesis.class_name": "dog"}, "class 2: dog"),
        ({"synthesis.of": "layer"}, "wide: all channels"),
        (
            {"synthesis.of": "direction", "synthesis.direction": [[1, 2, 1], [4, 1, -0.5]]},
            "direction: +1·conv1 2 -0.5·wide 1",
        ),
    ],
)
def test_what_is_excited_in_words(keys: dict[str, Any], words: str) -> None:
    assert name_of(scene(**keys)) == words
    assert view().unfit(shown(**keys)) == ""


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"synthesis.of": "direction"}, "synthesis.direction: empty"),
        ({"synthesis.of": "class", "synthesis.class_name": "owl"}, "no class 'owl'"),
        (SHEET | {"synthesis.of": "layer"}, "a sheet shows channels, units or classes"),
        (SHEET | {"synthesis.first": 7}, "synthesis.first is 7; there are 6 channels"),
    ],
)
def test_what_it_cannot_show(keys: dict[str, Any], problem: str) -> None:
    assert problem in view().unfit(shown(**keys))


def test_it_shows_no_networks_of_the_plane() -> None:
    assert "shows networks that see whole pictures" in view().unfit(Preset())


def test_a_film_of_the_growth() -> None:
    of = shown(**{"synthesis.steps": 8})
    assert trains(of)
    film = training_film(of, 2.0)
    steps = [film.at(time).options(SynthesisOptions).steps for time in (0.0, 1.0, 2.0, 3.0)]
    assert steps == [0, 4, 8, 8]
    assert not trains(shown(**{"synthesis.steps": 0}))


def test_keys_of_training_keep_their_short_names() -> None:
    learns = Preset().replace(steps=70, rate=0.5)
    assert (learns.train.steps, learns.train.rate) == (70, 0.5)
    assert shown(jitter=3.0).options(SynthesisOptions).jitter == 3


def test_a_coordinate_network_is_drawn_at_any_size_and_opened_by_a_click() -> None:
    at = scene(**{"synthesis.basis": "network", "synthesis.network_depth": 3})
    size = 800, 400
    picture = painted(view(), at, size)
    ((left, top, right, bottom),) = boxes(at, size)
    found = view().hit(at, size, ((left + right) / 2, (top + bottom) / 2))
    assert found is not None
    opened = found.opens
    assert opened is not None
    now = scene_of(opened)
    drawn = evaluator(now.network, now.view, now.clock).picture((right - left, bottom - top))
    whole = at_once(drawn)
    assert np.abs(whole - picture[top:bottom, left:right]).max() < 1e-6
    assert view().hit(at, size, (size[0] - 2, size[1] - 2)) is None
