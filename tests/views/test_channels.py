"""The dashboard of image networks: what is where, what it says, what clicks do, at any size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seers import color, grey

from cppn_gl.nn.vision.running import NumPyKernel, Pass, finished, forward
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.arrays import Box
from cppn_gl.utils.tasks import at_once
from cppn_gl.views.base import Hit, painted
from cppn_gl.views.vision import bars
from cppn_gl.views.vision.board import board
from cppn_gl.views.vision.channels import ChannelsView, detail_boxes, look_of, order_of
from cppn_gl.views.vision.closeup import amount, facts_of, ordinal
from cppn_gl.views.vision.passes import gradient_of, pass_of, shown_of, unit_of

SIZE = (640, 400)


@pytest.fixture(scope="module")
def view() -> ChannelsView:
    return ChannelsView()


def middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def hit_at(view: ChannelsView, scene: Scene, box: Box) -> Hit:
    found = view.hit(scene, SIZE, middle(box))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "size", [(320, 200), (640, 400), (1280, 800), (500, 900), (90, 60), (1, 1)]
)
@pytest.mark.parametrize("preset", [grey(), color(**{"channels.pinned": [[1, 2], [2, 40]]})])
def test_it_is_drawn_at_any_size(view: ChannelsView, preset: Preset, size: Any) -> None:
    scene = scene_of(preset)
    picture = painted(view, scene, size)
    assert picture.shape == (size[1], size[0], 3)
    assert np.isfinite(picture).all()
    assert 0 <= picture.min() <= picture.max() <= 1
    words = view.overlay(scene, size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)
    if min(size) > 100:
        assert picture.std() > 0.05


@pytest.mark.parametrize("size", [(320, 200), (1280, 800), (3840, 2160), (800, 1200), (1000, 1000)])
@pytest.mark.parametrize("pins", [False, True])
def test_parts_are_inside_and_apart(size: tuple[int, int], pins: bool) -> None:
    where = board(size, 1.5, size[1] // 8, classes=True, pins=pins)
    names = ("input", "large", "classes", "facts", "histogram", "details", "channels", "pins")
    boxes = [box for name in names if (box := getattr(where, name)) is not None]
    assert len(boxes) >= 4 + pins
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= size[0]
        assert size[1] // 8 <= top < bottom <= size[1]
        for a, b, c, d in boxes[:number]:
            assert c <= left or right <= a or d <= top or bottom <= b


def test_a_coarse_picture_is_the_whole_one_reduced(view: ChannelsView) -> None:
    scene = scene_of(grey())
    whole = painted(view, scene, SIZE)
    half = painted(view, scene, (320, 200), SIZE)
    reduced = whole.reshape(200, 2, 320, 2, 3).mean((1, 3))
    assert np.abs(half - reduced).mean() < 0.01


def test_a_click_chooses_a_layer_or_a_channel(view: ChannelsView) -> None:
    scene = scene_of(grey(**{"channels.unit": [1, 5]}))
    look = look_of(scene, SIZE)
    layer = hit_at(view, scene, look.strip.cells[2])
    assert layer.changes == {"channels.unit": (3, 3)}
    assert layer.words == "layer 3, second: conv 3×3, tanh, 3 channels of 12 × 8"
    tile = hit_at(view, scene, look.grid.box(1))
    assert tile.changes == {"channels.unit": (1, 2)}
    assert tile.words.startswith("block/first · channel 2: largest ")


def test_clicks_pin_channels_and_let_them_go(view: ChannelsView) -> None:
    scene = scene_of(grey(**{"channels.unit": [1, 5]}))
    look = look_of(scene, SIZE)
    assert hit_at(view, scene, look.board.large).changes == {"channels.pinned": ((1, 5),)}
    assert hit_at(view, scene, look.grid.box(4)).changes == {"channels.pinned": ((1, 5),)}
    pinned = scene_of(grey(**{"channels.pinned": [[1, 5], [3, 2], [9, 9]]}))
    pins = look_of(pinned, SIZE).pins
    assert [unit for unit, _ in pins] == [(0, 4), (2, 1)]  # as many as there are
    assert hit_at(view, pinned, pins[0][1]).changes == {"channels.pinned": ((3, 2),)}


def test_a_click_on_a_class_asks_why(view: ChannelsView) -> None:
    scene = scene_of(grey())
    where = look_of(scene, SIZE).board
    assert where.classes is not None
    box = bars.bar_boxes(where.classes, 5, where.font_size)[0]
    done = at_once(pass_of(scene))
    best = int(done.probabilities.argmax())
    hit = hit_at(view, scene, box)
    assert hit.words.startswith(f"{done.network.classes[best]}: ")
    assert hit.opens is not None
    assert hit.opens.show.view == "attribution"
    assert hit.opens.table("attribution").class_name == done.network.classes[best]


def test_networks_without_classes_have_no_bars() -> None:
    assert look_of(scene_of(color()), SIZE).board.classes is None


def test_tiles_can_be_in_the_order_of_activity(view: ChannelsView) -> None:
    scene = scene_of(color(**{"channels.unit": [2, 1], "channels.sort": "activity"}))
    done = at_once(pass_of(scene))
    order = np.argsort(-done.units[1].max((1, 2)), kind="stable")
    look = look_of(scene, SIZE)
    found = [hit_at(view, scene, look.grid.box(k)) for k in range(40)]
    numbers = [one.changes.get("channels.unit", (0, 1))[1] - 1 for one in found]
    assert numbers == order.tolist()


def test_kernels_take_the_place_of_channels_where_there_are_any(view: ChannelsView) -> None:
    keys = {"channels.tiles": "kernels", "channels.unit": [1, 1]}
    first = look_of(scene_of(color(**keys)), SIZE)
    assert first.kernels is not None
    assert first.grid.count == 5
    assert look_of(scene_of(color(**{**keys, "channels.unit": [2, 1]})), SIZE).kernels is None
    shown = painted(view, scene_of(color(**keys)), SIZE)
    left, top, _right, _bottom = first.grid.box(0)
    kernel = first.kernels[0] / (2 * np.abs(first.kernels[0]).max()) + 0.5
    corner = shown[top + 2, left + 2]
    np.testing.assert_allclose(corner, kernel[::-1, 0, 0], atol=1e-5)  # blue is first


def test_a_few_single_numbers_are_bars_with_names(view: ChannelsView) -> None:
    scene = scene_of(grey(**{"channels.unit": [5, 2]}))
    look = look_of(scene, SIZE)
    assert look.grid.columns == 1
    done = at_once(pass_of(scene))
    value = amount(float(done.units[4][1, 0, 0]))
    assert hit_at(view, scene, look.grid.box(1)).words == f"scores: cup: {value}"
    painted(view, scene, SIZE)


def test_the_channel_pointed_at_is_shown_large(view: ChannelsView) -> None:
    scene = scene_of(grey())
    look = look_of(scene, SIZE)
    painted(view, scene, SIZE)
    still = view.overlay(scene, SIZE)
    pointed = view.overlay(scene, SIZE, middle(look.grid.box(3)))
    assert still is not None
    assert pointed is not None
    assert look.board.details is not None
    left, top, right, bottom = look.board.details
    veil = pointed[top : bottom - 1, left : right - 1, 3]
    assert (veil == veil[0, 0]).all()  # they are of the channel that was chosen
    assert 0 < veil[0, 0] < 255
    left, top, right, bottom = look.board.large
    assert (pointed[top:bottom, left:right, 3] == 255).all()
    assert not (still[top:bottom, left:right, 3] == 255).all()


def test_before_shows_pre_activations(view: ChannelsView) -> None:
    after, before = (
        painted(view, scene_of(grey(**{"channels.before": shown})), SIZE) for shown in (False, True)
    )
    assert np.abs(after - before).max() > 0.2


def test_facts_are_those_of_the_channel() -> None:
    scene = scene_of(grey())
    done = at_once(pass_of(scene))
    values = done.units[0][2]
    facts = facts_of(done, (0, 2), before=False)
    assert facts.largest == values.max() == values[facts.place]
    assert facts.mean == pytest.approx(values.mean())
    row, column = facts.place
    assert facts.field == (column, row, column + 5, row + 5)
    largest = done.units[0].max((1, 2))
    assert facts.rank == 1 + np.count_nonzero(largest > largest[2])


def test_numbers_in_words() -> None:
    assert [amount(x) for x in (0.0123, 36.94, 1420.4, -2.5)] == ["0.0123", "36.9", "1420", "−2.5"]
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 112, 121)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "112th", "121st"]
    )


def test_passes_are_kept_by_network_and_picture() -> None:
    one, same = scene_of(grey()), scene_of(grey(**{"channels.unit": [3, 1]}))
    other = scene_of(grey(**{"input.image": "coffee"}))
    assert at_once(pass_of(one)) is at_once(pass_of(same))
    assert at_once(pass_of(one)) is not at_once(pass_of(other))
    shown = shown_of(one)
    assert shown.pixels.shape == (24, 32, 3)
    true = finished(forward(one.network, shown.tensor))  # type: ignore[arg-type]
    np.testing.assert_array_equal(true.units[-1], at_once(pass_of(one)).units[-1])


def test_the_gradient_of_a_place_is_inside_what_it_sees() -> None:
    scene = scene_of(grey())
    done = at_once(pass_of(scene))
    facts = facts_of(done, (0, 1), before=False)
    found = at_once(gradient_of(scene, (0, 1), facts.place, "deconvnet"))
    left, top, right, bottom = facts.field
    assert found.shape == (1, 24, 32)
    assert np.abs(found).max() > 0
    found = found.copy()
    found[:, top:bottom, left:right] = 0
    assert not found.any()


def test_a_unit_that_is_not_there_is_the_nearest_one() -> None:
    for unit, nearest in (([99, 99], (4, 3)), ([1, 99], (0, 5)), ([2, 2], (1, 1))):
        preset = grey(**{"channels.unit": unit})
        assert unit_of(preset, preset.network()) == nearest  # type: ignore[arg-type]
    assert unit_of(grey(), grey().network()) == (0, 0)  # type: ignore[arg-type]


def test_it_grows_a_picture_for_the_channel_when_asked(
    view: ChannelsView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    scene = scene_of(grey(**{"channels.feature": True}))
    painted(view, scene, SIZE)
    look = look_of(scene, SIZE)
    assert look.board.details is not None
    shown = {
        one.caption: box
        for one, box in detail_boxes(look.board, at_once(view._detailed(scene, look)))
    }
    hit = hit_at(view, scene, shown["grown for it"])
    assert hit.opens is not None
    assert hit.opens.show.view == "synthesis"


def test_pictures_of_one_pixel_across_are_marked(view: ChannelsView) -> None:
    for size in ([1, 4096], [4096, 1]):
        nodes = ({"type": "conv", "channels": 2, "kernel": 1},)
        keys = {"preprocess.size": size, "network.nodes": nodes}
        assert view.overlay(scene_of(color(**keys)), SIZE) is not None


def test_shares_that_are_no_numbers_have_empty_bars() -> None:
    picture = np.zeros((4, 10, 3), np.float32)
    bars.paint_bars(picture, [(0, 0, 10, 4)], [float("nan")])
    assert (picture == bars.TROUGH).all()
    assert bars.percent(float("nan")) == "NaN"


def test_the_order_is_that_of_the_pass_however_many_have_gone() -> None:
    scene = scene_of(color(**{"channels.unit": [2, 1], "channels.sort": "activity"}))
    look, rng = look_of(scene, SIZE), np.random.default_rng(0)
    for _ in range(20):
        units = [rng.normal(size=stage.shape).astype("f4") for stage in look.network.stages]
        done = Pass(look.network, units[0], units, units, NumPyKernel())
        expected = np.argsort(-units[1].max((1, 2)), kind="stable")
        assert np.array_equal(order_of(look, done), expected)
