"""The view attribution: its layout, what it shows, what clicks do, what it refuses."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from small_eyes import CLASSES, preset, scene

from cppn_gl.nn.vision.attribution import METHODS
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import ATTRIBUTIONS
from cppn_gl.utils.arrays import Box, Size
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import view_of
from cppn_gl.views.base import CPUView, Hit, painted
from cppn_gl.views.vision import attribution_drawing, explaining
from cppn_gl.views.vision.attribution_layout import Layout, arranged

SIZES = (400, 300), (1280, 800), (1920, 1080), (300, 900), (900, 220), (120, 90), (200, 200)


def shown(size: Size, **keys: Any) -> np.ndarray[Any, Any]:
    """The pixels of a scene's overlay, which is all that is seen."""
    at = scene(**keys)
    view = view_of(at.preset)
    assert isinstance(view, CPUView)
    painted(view, at, size)
    words = view.overlay(at, size)
    assert words is not None
    return words


def boxes_of(layout: Layout) -> list[Box]:
    named = [layout.head, layout.bars, layout.legend]
    captions = [(a, b - layout.caption, c, b) for a, b, c, _ in layout.panes]
    return [*layout.panes, *(captions if layout.caption else []), *filter(None, named)]


def test_methods_of_presets_are_those_there_are() -> None:
    assert tuple(METHODS) == ATTRIBUTIONS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("panes", [2, 3, 9])
def test_nothing_lies_over_another_thing_or_outside(size: Size, aspect: float, panes: int) -> None:
    layout = arranged(size, aspect, panes, True)
    assert len(layout.panes) == panes
    for left, top, right, bottom in layout.panes:
        assert (right - left) / (bottom - top) == pytest.approx(aspect, rel=0.25, abs=0.1)
    found = boxes_of(layout)
    for number, (left, top, right, bottom) in enumerate(found):
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        for a, b, c, d in found[number + 1 :]:
            assert c <= left or right <= a or d <= top or bottom <= b


def test_the_first_pane_has_room_in_usual_windows() -> None:
    for size in ((1280, 800), (1920, 1080), (640, 480)):
        left, top, right, bottom = arranged(size, 1.5, 3, True).panes[0]
        assert (right - left) * (bottom - top) > 0.25 * size[0] * size[1]


@pytest.mark.parametrize("method", [*ATTRIBUTIONS, "all"])
def test_every_method_has_a_picture(method: str) -> None:
    words = shown((400, 300), method=method, positions=4, path=4)
    assert words.shape == (300, 400, 4)
    assert len(np.unique(words.reshape(-1, 4), axis=0)) > 500


@pytest.mark.parametrize("order", ["grey", "bgr"])
@pytest.mark.parametrize("method", ["guided", "gradcam"])
def test_grey_networks_and_those_without_classes_are_shown(order: str, method: str) -> None:
    for classes in (CLASSES, ()):
        words = shown((300, 200), order=order, classes=classes, method=method)
        assert words[..., :3].std() > 10


def test_the_class_is_the_most_probable_one_or_that_of_a_name_or_a_number() -> None:
    best = at_once(explaining.answer(scene())).top[0]

    def target(**keys: Any) -> int:
        return at_once(explaining.explain(scene(**keys), "gradient")).target.channel

    assert target() == best
    assert target(class_name="Cup of Coffee") == 2
    assert target(class_name="4") == target(class_name=4) == 3


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"class_name": "lighthous"}, "no class 'lighthous'; did you mean 'lighthouse'?"),
        ({"class_name": "6"}, "class 6; the network has classes 1 to 5"),
        ({"cam_layer": 9}, "needs a layer from 1 to 8"),
        ({"class_name": "cat", "classes": ()}, "needs classes"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_line(keys: dict[str, Any], problem: str) -> None:
    chosen = preset(**keys)
    assert problem in view_of(chosen).problem(chosen)


def test_a_network_of_the_plane_is_refused() -> None:
    plain = Preset().replace(**{"show.view": "attribution"})
    assert "sees points of the plane" in view_of(plain).unfit(plain)


def test_levels_follow_coarse_drawings() -> None:
    assert explaining.level_of((80, 50), (1280, 800)) == 0
    assert explaining.level_of((160, 100), (1280, 800)) == 0
    assert explaining.level_of((320, 200), (1280, 800)) == 1
    assert explaining.level_of((640, 400), (1280, 800)) == 1
    assert explaining.level_of((1280, 800), (1280, 800)) == 2


def test_occlusion_is_shown_finer_with_every_drawing() -> None:
    at = scene(method="occlusion", positions=16, patch=0.31)
    view, size = view_of(at.preset), (320, 240)
    assert isinstance(view, CPUView)
    assert view.evolves
    works = [view.effort(at, explaining_region(size, scale)) for scale in (16, 4, 1)]
    assert works == sorted(works)
    pictures = []
    for scale in (16, 4, 1):
        painted(view, at, (size[0] // scale, size[1] // scale), size)
        pictures.append(view.overlay(at, size))
    found = explaining.known(at, "occlusion")
    assert found is not None
    assert found.level == 2
    assert all((a != b).any() for a, b in pairwise(pictures) if a is not None and b is not None)
    assert view.effort(at, explaining_region(size, 1)) < works[0]


def explaining_region(size: Size, scale: int) -> Any:
    from cppn_gl.engines.base import Region

    return Region.of((size[0] // scale, size[1] // scale), shape=size)


def test_what_was_computed_is_kept() -> None:
    at = scene(method="integrated", path=3)
    one = at_once(explaining.explain(at, "integrated"))
    mixed = scene(method="integrated", path=3, mix=0.2)
    assert at_once(explaining.explain(mixed, "integrated")) is one
    assert at_once(explaining.explain(scene(path=4), "integrated")) is not one


def clicks(size: Size, **keys: Any) -> tuple[Any, Layout, Any]:
    at = scene(**keys)
    layout = attribution_drawing.layout_of(at, size)

    def hit(box: Box, x: float = 0.5, y: float = 0.5) -> Hit | None:
        place = box[0] + x * (box[2] - box[0]), box[1] + y * (box[3] - box[1])
        return view_of(at.preset).hit(at, size, place)

    return at, layout, hit


def test_a_click_on_a_bar_chooses_the_class() -> None:
    at, layout, hit = clicks((800, 500))
    second = at_once(explaining.answer(at)).top[1]
    found = hit(attribution_drawing.bar_boxes(layout, 5)[1])
    assert found.changes == {"attribution.of": "class", "attribution.class_name": CLASSES[second]}
    other = at.preset.replace(**found.changes)
    explained = at_once(explaining.explain(scene_of(other), "gradcam"))
    assert explained.target.channel == second


def test_a_click_on_the_picture_chooses_a_place_and_lets_it_go() -> None:
    _, layout, hit = clicks((800, 500), method="guided")
    found = hit(layout.panes[0], 0.25, 0.5)
    assert found.changes["attribution.where"] == "place"
    x, y = found.changes["attribution.place"]
    assert abs(x - 0.25) < 0.01
    assert abs(y - 0.5) < 0.01
    _, layout, hit = clicks((800, 500), method="guided", where="place", place=(x, y))
    assert hit(layout.panes[0], 0.25, 0.5).changes == {"attribution.where": "channel"}


def test_a_click_in_occlusion_puts_a_patch_and_takes_it_away() -> None:
    _, layout, hit = clicks((800, 500), method="occlusion", positions=4)
    found = hit(layout.panes[0], 0.5, 0.25)
    assert found.changes["attribution.cover"][2] == 0.25
    at, layout, hit = clicks((800, 500), method="occlusion", cover=(0.5, 0.25, 0.25))
    assert hit(layout.panes[0], 0.5, 0.25).changes == {"attribution.cover": None}
    view = view_of(at.preset)
    assert (view.zoom(at.preset, 2) or {})["attribution.cover"][2] < 0.25
    assert "attribution.patch" in (view.zoom(preset(method="occlusion"), 2) or {})


def test_a_patch_follows_the_pointer() -> None:
    at, layout, hit = clicks((800, 500), method="occlusion", cover=(0.5, 0.5, 0.25), positions=4)
    hit(layout.panes[0])
    left, top, right, bottom = layout.panes[0]
    du, dv = 0.2 * (right - left) / 250, -0.1 * (bottom - top) / 250
    moved = view_of(at.preset).drag(at.preset, du, dv)
    assert moved == {"attribution.cover": (0.7, 0.6, 0.25)}
    assert view_of(at.preset).drag(preset(method="guided"), du, dv) == {}


def test_a_patch_changes_the_shares() -> None:
    at = scene(method="occlusion", cover=(0.5, 0.5, 0.6), positions=4)
    before, after = at_once(explaining.answer(at)), at_once(explaining.answer(at, covered=True))
    assert before.shares.sum() == pytest.approx(1)
    assert after.shares.sum() == pytest.approx(1)
    assert np.abs(before.shares - after.shares).max() > 1e-3
    tensor = explaining.covered_picture(at)
    left, top, right, bottom = explaining.cover_box(at)
    assert np.ptp(tensor[:, top:bottom, left:right]) == 0


def test_a_click_on_a_cell_of_the_sheet_chooses_the_method() -> None:
    _, layout, hit = clicks((800, 500), method="all", positions=4, path=4)
    assert hit(layout.panes[3]).changes == {"attribution.method": "guided"}
    assert hit(layout.panes[0]) is None


def test_the_scale_is_a_percentile() -> None:
    values = np.linspace(-1, 1, 201).astype(np.float32)[None]
    assert explaining.reach_of(values, 100) == pytest.approx(1)
    assert explaining.reach_of(values, 50) == pytest.approx(0.5, abs=0.01)
    assert explaining.reach_of(np.zeros((2, 2), np.float32), 99) == 1
    sparse = np.zeros((10, 10), np.float32)
    sparse[0, 0] = -3
    assert explaining.reach_of(sparse * np.float32(1e-40), 90) == explaining.SMALLEST
    assert explaining.reach_of(sparse, 90) == 3


def test_mix_goes_from_the_picture_to_the_map() -> None:
    photo = np.full((4, 4, 3), (10, 200, 30), np.uint8)
    values = np.array([[0, 0, 1, -1]] * 4, np.float32)
    at = [attribution_drawing.laid(photo, values, 1.0, mix) for mix in (0.0, 0.5, 1.0)]
    np.testing.assert_array_equal(at[0], photo)
    assert (at[2][0, 0] > 230).all()  # 0 is white in the map alone
    assert np.ptp(at[1][0, 0]) < np.ptp(photo[0, 0].astype(int))  # and clear over the picture
    assert at[1][0, 2, 0] > at[1][0, 2, 2]  # red speaks for it
    assert at[1][0, 3, 2] > at[1][0, 3, 0]  # blue against


def test_keys_that_are_wrong_are_refused() -> None:
    for keys in ({"method": "lime"}, {"mix": 1.5}, {"positions": 5}, {"cover": (0.5, 0.5)}):
        with pytest.raises(PresetError, match="attribution"):
            preset(**keys)
