"""The map of order and chaos: its places, its dot, its small pictures, and what a mouse does."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppn_gl import Preset
from cppn_gl.nn.mean_field import edge
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.tables import Viewport
from cppn_gl.utils.arrays import Size
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import ALL
from cppn_gl.views.base import painted
from cppn_gl.views.plots import order_chaos
from cppn_gl.views.plots.order_chaos import OrderChaosView, changes_to, pictured, scales
from cppn_gl.views.plots.order_chaos_drawing import Overlay, colors, layers, phase, times
from cppn_gl.views.plots.order_chaos_map import Coordinates, crossing, layout, marks

PRESET = Preset().replace(
    depth=8, width=16, activation="tanh", init="lecun_normal", seed=4, weight_scale=1.5
)
PRESET = PRESET.replace(bias_scale=0.2, center=(0.2, -0.5), extent=0.7, view="order_chaos")
SIZES = [(1280, 720), (640, 360), (320, 180), (600, 900), (900, 600), (500, 500)]
sized = pytest.mark.parametrize("size", SIZES, ids=str)


def scene(**changes: object) -> Scene:
    return scene_of(PRESET.replace(**changes))


def middle(size: Size, place: tuple[float, float], of: Scene | None = None) -> tuple[float, float]:
    """The pixel of a place of the map, log10 of the scales."""
    x, y = Coordinates(size, (of or scene()).view).pixels(np.array([place]))[0]
    return float(x), float(y)


@sized
def test_nothing_is_cropped_and_nothing_overlaps(size: Size) -> None:
    of = layout(size, pictures=True)
    boxes = [of.box, *of.pictures]
    assert bool(of.pictures) == (size[0] >= 480 and size[1] >= 270)
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
    for k, one in enumerate(boxes):
        for other in boxes[:k]:
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] or other[3] <= one[1]
    wide, high = of.box[2] - of.box[0], of.box[3] - of.box[1]
    assert wide * high > 0.3 * size[0] * size[1]
    assert layout(size, pictures=False).pictures == ()


@given(
    x=st.floats(-3, 3), y=st.floats(-3, 3), extent=st.floats(1e-3, 10), wide=st.integers(1, 2000)
)
def test_pixels_and_places_are_inverse(x: float, y: float, extent: float, wide: int) -> None:
    at = Coordinates((wide, 300), Viewport((0.3, -0.2), extent))
    pixel = at.pixels(np.array([[x, y]]))[0]
    assert at.place(float(pixel[0]), float(pixel[1])) == pytest.approx(
        (x, y), abs=1e-9 * extent + 1e-9
    )


@sized
def test_marks_are_in_order_at_the_edge_and_in_chaos(size: Size) -> None:
    of, view = layout(size, pictures=True), scene().view
    limits = Coordinates(size, view).limits(of.box)
    curve = np.log10(np.maximum(edge("tanh"), 1e-9))
    upright = marks(limits, curve, upright=True)
    across = marks(limits, curve, upright=False)
    assert sorted(upright) == sorted(across)
    assert [x for x, _ in across[:4]] == sorted(x for x, _ in across[:4])
    for number in (1, 5):
        x, y = across[number]
        assert x == pytest.approx(crossing(curve, y))
        assert across[number - 1][0] < x < across[number + 1][0]
    for x, y in upright:
        assert limits[0] < x < limits[1]
        assert limits[2] < y < limits[3]


def test_the_map_has_the_colours_of_what_was_measured() -> None:
    view, of, size = OrderChaosView(), scene(), (640, 360)
    picture = painted(view, of, size)
    subject = view.subject(of)
    for place in ((-0.4, -0.6), (0.1, -0.5), (0.5, -0.3), (0.7, -0.9)):
        x, y = middle(size, place)
        value = at_once(subject.measuring(np.array([place])))
        apart = np.abs(picture[int(y), int(x)] - colors(value.astype(np.float32), "growth")[0])
        assert apart.max() < 0.12  # between the places of the lattice
    blue, red = picture[180, 130], picture[180, 500]
    assert blue[2] > blue[0] + 0.2
    assert red[0] > red[2] + 0.2


def test_small_pictures_are_those_of_the_preset_there() -> None:
    view, of, size = OrderChaosView(), scene(**{"order_chaos.square": 2.0}), (1280, 720)
    picture = painted(view, of, size)
    where = layout(size, pictures=True)
    curve = at_once(view._curve(view.subject(of)))
    for place, (left, top, right, bottom) in zip(
        view._marks(of, where, curve), where.pictures, strict=True
    ):
        there = scene_of(pictured(of.preset, place, view="picture"))
        assert there.view == Viewport((0.0, 0.0), 2.0)
        assert scales(there.preset) == tuple(changes_to(place).values())
        side = right - left
        at = (np.arange(2 * side) + 0.5) / side * 2 - 2
        x, y = np.meshgrid(at, -at)
        inputs = there.network.features(x.ravel(), y.ravel(), there.clock)
        fine = there.network.evaluate(inputs, np.float32).reshape(side, 2, side, 2, 3)
        apart = np.abs(fine.mean(axis=(1, 3)) - picture[top:bottom, left:right])
        assert np.median(apart) < 0.02  # far in chaos float32 decides


def test_moving_the_dot_measures_nothing_but_the_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    view, size = OrderChaosView(), (640, 360)
    first = painted(view, scene(), size)
    counted: list[int] = []
    measuring = order_chaos.Subject.measuring

    def count(self: order_chaos.Subject, places: np.ndarray) -> object:
        counted.append(len(places))
        return measuring(self, places)

    monkeypatch.setattr(order_chaos.Subject, "measuring", count)
    moved = scene(weight_scale=0.8, bias_scale=0.3)
    assert np.array_equal(painted(view, moved, size), first)
    assert counted == [1]
    assert not np.array_equal(view.overlay(moved, size), view.overlay(scene(), size))


@sized
@pytest.mark.parametrize("measure", ["growth", "length"])
def test_the_dot_is_where_the_scales_are(size: Size, measure: str) -> None:
    view = OrderChaosView()
    for weight, bias in ((1.5, 0.2), (0.7, 0.6), (2.5, 0.13)):
        of = scene(weight_scale=weight, bias_scale=bias, **{"order_chaos.measure": measure})
        words = view.overlay(of, size)
        assert words is not None
        x, y = middle(size, (math.log10(weight), math.log10(bias)))
        assert tuple(words[round(y), round(x)]) == pytest.approx((255, 206, 84, 255), abs=6)


def test_a_dot_beyond_the_map_is_an_arrow_at_its_edge() -> None:
    view, size = OrderChaosView(), (640, 360)
    box = layout(size, pictures=True).box
    for changes in ({"weight_scale": 900.0}, {"bias_scale": 0.0}, {"weight_scale": 0.0}):
        words = view.overlay(scene(**changes), size)
        assert words is not None
        inside = words[box[1] : box[3], box[0] : box[2], :3].astype(int)
        yellow = (np.abs(inside - (255, 206, 84)).max(axis=2) < 8).nonzero()
        assert len(yellow[0]) > 20
        near = min(yellow[1].min(), yellow[0].min(), inside.shape[1] - 1 - yellow[1].max(),
                   inside.shape[0] - 1 - yellow[0].max())  # fmt: skip
        assert near < 12


@pytest.mark.parametrize(
    ("growth", "word"),
    [(0.5, "order"), (0.97, "order"), (1.0, "edge"), (1.05, "chaos"), (9, "chaos")],
)
def test_phases(growth: float, word: str) -> None:
    assert phase(growth) == word
    assert times(1.236) == "×1.24"
    assert layers(8.16) == "8.2 layers"
    assert layers(1e4) == "over 100 layers"


def test_a_click_moves_the_dot_and_enter_opens_the_picture() -> None:
    view, size, of = OrderChaosView(), (1280, 720), scene()
    hit = view.hit(of, size, middle(size, (math.log10(0.8), math.log10(0.3))))
    assert hit is not None
    assert hit.changes == pytest.approx(
        {"network.weight_scale": 0.8, "network.bias_scale": 0.3}, rel=1e-3
    )
    assert "order" in hit.words
    assert hit.opens is None
    assert hit.enters is not None
    assert hit.enters.show.view == "picture"
    assert scales(hit.enters) == tuple(hit.changes.values())
    moved = of.preset.replace(**hit.changes)
    assert OrderChaosView().hit(scene_of(moved), size, (5, 5)) is None
    left, top, right, bottom = layout(size, pictures=True).pictures[2]
    small = view.hit(of, size, ((left + right) / 2, (top + bottom) / 2))
    assert small is not None
    assert small.opens is not None
    assert small.opens.show.view == "picture"
    assert view.hit(of, size, (right + 3, bottom + 3)) is None


@settings(max_examples=40, deadline=None)
@given(
    du=st.floats(-2, 2), dv=st.floats(-2, 2), weight=st.floats(0.01, 100), bias=st.floats(0.01, 10)
)
def test_a_drag_moves_the_dot_with_the_pointer(
    du: float, dv: float, weight: float, bias: float
) -> None:
    preset = PRESET.replace(weight_scale=weight, bias_scale=bias)
    changes = OrderChaosView().drag(preset, du, dv)
    assert changes is not None
    moved = scales(preset.replace(**changes))
    expected = weight * 10 ** (0.7 * du), bias * 10 ** (0.7 * dv)
    assert moved == pytest.approx([min(value, 1000) for value in expected], rel=2e-3)


def test_without_a_bias_scale_of_its_own_the_dot_follows_the_diagonal() -> None:
    view = OrderChaosView()
    free = PRESET.replace(bias_scale=None, weight_scale=0.6)
    assert view.subject(scene_of(free)).dot == pytest.approx((math.log10(0.6),) * 2)
    assert view.drag(free, 0.1, 0.0) is not None
    assert set(view.drag(free, 0.1, 0.0) or {}) == {"network.weight_scale", "network.bias_scale"}
    zero = PRESET.replace(bias_scale=0.0)
    raised = (view.drag(zero, 0.0, 1.0) or {})["network.bias_scale"]
    assert 0 < raised < 0.1  # from below the map


def test_the_theory_knows_the_initialisation_and_the_width() -> None:
    view = OrderChaosView()
    for init, width, sigma_w, sigma_b in (
        ("uniform", 27, 3.0, 3**-0.5),
        ("normal", 16, 4.0, 1.0),
        ("he_normal", 50, 2**0.5, 1.0),
        ("glorot_uniform", 9, 1.0, 3**-0.5),
    ):
        subject = view.subject(scene(init=init, width=width))
        assert subject.sigmas == pytest.approx((sigma_w, sigma_b))


def test_a_wider_network_is_measured_at_the_same_sigma() -> None:
    """Of uniform draws, whose scale at the edge falls with the width."""
    view, at = OrderChaosView(), np.array([[math.log10(0.55), -1.0]])
    keys = {"init": "uniform", "width": 20}
    own = at_once(view.subject(scene(**keys)).measuring(at))
    wide = view.subject(scene(**keys, **{"order_chaos.measured_width": 300}))
    assert wide.probe.width == 300
    assert at_once(wide.measuring(at)) == pytest.approx(own, rel=0.12)


@pytest.mark.parametrize("extent", [3.0, 0.7, 0.1, 0.004])
def test_axes_have_round_numbers_at_any_zoom(extent: float) -> None:
    size = (1280, 720)
    of, at = layout(size, pictures=True), Coordinates(size, Viewport((0.2, -0.5), extent))
    over = Overlay(of, at, OrderChaosView().subject(scene()))
    left, right, _, _ = at.limits(of.box)
    pixels = of.box[2] - of.box[0]
    found = over._ticks(left, right, 1.0, pixels, 80)
    assert 2 <= len(found) <= 12
    for x, word in found:
        assert of.box[0] <= x <= of.box[2]
        place = at.place(x, 0)[0]
        assert 10**place == pytest.approx(float(word), rel=1e-3)


def test_what_it_cannot_show_is_refused() -> None:
    view = OrderChaosView()
    assert view.problem(PRESET) == ""
    for changes, part in (
        ({"structure": "conv"}, "dense layers"),
        ({"inputs": ["x", "y", "grey"]}, "an image"),
        ({"train.data": "circle"}, "does not learn"),
        ({"depth": 3, "activation": ["tanh", "relu"]}, "one activation"),
    ):
        problem = view.problem(PRESET.replace(**changes))
        assert problem.startswith("needs")
        assert part in problem
        assert view.drag(PRESET.replace(**changes), 0.1, 0.1) is None


@pytest.mark.parametrize(
    "name", ["order-chaos-tanh", "order-chaos-relu", "order-chaos-edges", "length-scale"]
)
def test_shipped_dots_are_in_sight(name: str) -> None:
    preset = load_preset(name)
    view, size = ALL["order_chaos"], (1280, 720)
    assert view.unfit(preset) == ""
    subject = OrderChaosView().subject(scene_of(preset))
    left, right, bottom, top = Coordinates(size, preset.view).limits(layout(size, True).box)
    assert left < subject.dot[0] < right
    assert bottom < subject.dot[1] < top


def test_the_presets_order_edge_and_chaos_are_there() -> None:
    grown = {}
    for name in ("order", "edge-of-chaos", "chaos"):
        preset = load_preset(name).replace(view="order_chaos")
        subject = OrderChaosView().subject(scene_of(preset))
        grown[name] = subject.theory(subject.dot).growth
    assert grown["order"] < 0.92
    assert grown["edge-of-chaos"] == pytest.approx(1, abs=2e-3)
    assert grown["chaos"] > 1.1
    files = [Path(load_preset(name).name).name for name in grown]
    assert files == list(grown)
