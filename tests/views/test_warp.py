"""The warp view: what is drawn of a journey, where it is, and what can be pointed at."""

import numpy as np
import pytest

from cppn_gl import Preset
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import Orbit, WarpOptions
from cppn_gl.utils.class_colors import CLASS_COLORS
from cppn_gl.utils.tasks import Stepping, at_once
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.views import view_of
from cppn_gl.views.base import painted
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.warp.cut import cuts_of
from cppn_gl.views.warp.drawing import Flat, Solid, within
from cppn_gl.views.warp.journey import frame_of
from cppn_gl.views.warp.labels import Layout, position_words, title
from cppn_gl.views.warp.lattice import FINE, Lattice
from cppn_gl.views.warp.warp import marks_of, said, space_of

SIZE = (480, 300)
CIRCLE = Preset().replace(
    depth=2,
    width=3,
    inputs=["x", "y"],
    activation="tanh",
    extent=6.0,
    **{"init": "glorot_uniform", "seed": 8, "view": "warp", "train.data": "circle"},
    **{"train.points": 300, "train.optimizer": "adam", "train.rate": 0.02, "train.steps": 1000},
)
PLAIN = Preset().replace(view="warp", depth=3, width=2, inputs=["x", "y"], outputs=1, seed=5)


def trip_of(preset: Preset):
    return at_once(view_of(preset)._trip(scene_of(preset)))


def test_lines_and_quads_cover_the_square() -> None:
    lattice = Lattice(5, 4)
    places = lattice.vertices(Preset().replace(center=[1.0, 2.0], extent=3.0).view)
    assert places.min(axis=0) == pytest.approx([-2, -1])
    assert places.max(axis=0) == pytest.approx([4, 5])
    corners = places[lattice.quads]
    one, other = (corners[:, 2:] - corners[:, :2]).transpose(1, 0, 2)
    area = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) / 2
    assert area.sum() == pytest.approx(36)
    pieces = places[lattice.pieces]
    length = np.linalg.norm(np.diff(pieces, axis=1), axis=2).sum()
    assert length == pytest.approx(2 * 6 * 6)
    assert len(set(lattice.reference)) == 144


def test_large_networks_have_fewer_vertices() -> None:
    assert Lattice.of(20, 30.0).fine == FINE
    assert Lattice.of(20, 64 * 512 * 520.0).fine == 1
    assert Lattice.of(0, 30.0).cells > 0


def test_a_plane_keeps_angles_and_space_is_in_the_camera() -> None:
    frame = frame_of(np.array([[-1.0, -3, 0], [5, 2, 0]]))
    flat = Flat(frame, (0, 0, 400, 200), (10.0, 10.0, 390.0, 190.0))
    pixels, _ = flat.pixels(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]))
    right, up = pixels[1] - pixels[0], pixels[2] - pixels[0]
    assert right == pytest.approx([flat.scale, 0])
    assert up == pytest.approx([0, -flat.scale])
    held, _ = flat.pixels(np.array([[-1.0, -3, 0], [5, 2, 0]]))
    assert (held >= 10).all()
    assert (held <= [390, 190]).all()
    solid = Solid(frame_of(np.eye(3)), Camera.framing(Orbit(), (400, 200), 1.0), (7, 9))
    middle, depth = solid.pixels(solid.frame.center[None])
    assert depth == pytest.approx([0], abs=1e-12)
    assert (np.abs(middle - [207, 109]) < 30).all()


def test_a_line_is_cut_off_at_a_box() -> None:
    box = (0, 0, 10, 10)
    assert within(np.array([[-5.0, 5], [15, 5]]), box) == pytest.approx(np.array([[0, 5], [10, 5]]))
    assert within(np.array([[3.0, 4], [5, 6]]), box) == pytest.approx(np.array([[3, 4], [5, 6]]))
    assert len(within(np.array([[-5.0, 20], [15, 21]]), box)) == 0
    assert len(within(np.array([[-5.0, 12], [15, 12]]), box)) == 0


def test_the_grid_has_the_colours_of_what_the_network_says() -> None:
    scene = scene_of(CIRCLE)
    orange, blue = (np.array(color) / 255 for color in CLASS_COLORS[:2])
    assert said(scene, np.array([[0.0], [1.0]])) == pytest.approx(np.array([orange, blue]))
    plain = scene_of(PLAIN.replace(outputs=3))
    colors = np.array([[0.1, 0.5, 0.9]])
    assert said(plain, colors) == pytest.approx(colors, abs=1e-6)


def test_points_are_those_of_the_data_hollow_for_tests() -> None:
    data = CIRCLE.dataset
    every = marks_of(scene_of(CIRCLE))
    assert every.places == pytest.approx(np.stack([data.x, data.y], axis=1))
    assert every.hollow.sum() == len(data.x) - data.training
    assert len(marks_of(scene_of(CIRCLE.replace(marks="training"))).places) == data.training
    for none in (CIRCLE.replace(marks="none"), CIRCLE.replace(**{"warp.dots": False}), PLAIN):
        assert len(marks_of(scene_of(none)).places) == 0


@pytest.mark.parametrize("width", [2, 3])
def test_the_cut_of_the_last_layer_separates_what_the_network_separates(width: int) -> None:
    """At every position, points are on the side of it that their output says."""
    preset = CIRCLE.replace(width=width)
    scene, journey = scene_of(preset), trip_of(preset).journey
    sure = np.abs(journey.outputs[:, 0] - 0.5) > 1e-3
    said_one = journey.outputs[sure, 0] > 0.5
    for position in np.linspace(1, 2, 23):
        (cut,) = cuts_of(scene, journey, position)
        points = journey.at(position)[sure]
        if journey.flat:
            step = cut.outline[1] - cut.outline[0]
            side = (
                step[0] * (points - cut.outline[0])[:, 1]
                > step[1] * (points - cut.outline[0])[:, 0]
            )
        else:
            side = points @ cut.normal > cut.offset
        assert (side == said_one).all() or (side != said_one).all(), position
    assert cuts_of(scene, journey, 0.5) == []
    assert 0 < cuts_of(scene, journey, 0.9)[0].opacity < 1


def test_a_wide_network_is_cut_at_its_end() -> None:
    preset = CIRCLE.replace(width=7)
    scene, journey = scene_of(preset), trip_of(preset).journey
    assert cuts_of(scene, journey, 1.3) == []
    (cut,) = cuts_of(scene, journey, 2.0)
    assert cut.outline[:, 0] == pytest.approx(0.5)


def test_the_bar_goes_anywhere_and_pages_go_by_whole_layers() -> None:
    scene, view = scene_of(PLAIN), view_of(PLAIN)
    layout = Layout.of(scene, SIZE, SIZE)
    y = (layout.bar[1] + layout.bar[3]) / 2
    for position in (0.0, 0.5, 1.0, 2.25, 3.0):
        hit = view.hit(scene, SIZE, (layout.along(position), y))
        assert hit is not None
        assert hit.changes == {"show.position": position}
        assert hit.words == position_words(scene.network, position)
    explorer = Explorer(PLAIN.replace(position=1.4))
    found = []
    for step in (*[explorer.layer_up] * 3, *[explorer.layer_down] * 4):
        step()
        found.append(explorer.preset.options(WarpOptions).position)
    assert found == [2, 3, 3, 2, 1, 0, 0]


def test_titles_say_what_moves() -> None:
    network, journey = PLAIN.network(), trip_of(PLAIN).journey
    words = [title(journey, network, p) for p in (0, 0.15, 0.3, 0.5, 0.9, 1, 2.5, 3)]
    degrees = round(np.degrees(journey.passages[0].morph.angle))
    assert words == [
        "the input",
        f"layer 1: 𝑊 turns by {degrees}°",
        "layer 1: 𝑊 stretches",
        "layer 1: + 𝑏",
        *["layer 1: tanh"] * 2,
        "output layer: + 𝑏",
        "output layer: sigmoid",
    ]


def test_pointing_reads_the_plane_and_names_points_of_the_data() -> None:
    preset = CIRCLE.replace(width=2, position=1.0)
    scene, view, trip = scene_of(preset), view_of(preset), trip_of(preset)
    layout = Layout.of(scene, SIZE, SIZE)
    pixels, _ = space_of(scene, trip.journey, layout).pixels(trip.journey.at(1.0))
    vertices = trip.lattice.side**2
    for number in (0, vertices // 3, vertices + 7):
        point = view.point(scene, SIZE, tuple(pixels[number]))
        assert point is not None
        near = trip.journey.at(1.0) - trip.journey.at(1.0)[number]
        found = int(np.argmin(np.hypot(*(trip.places - (point.x, point.y)).T)))
        assert np.abs(near[found]).max() < 0.1
    first = next(k for k in range(vertices, len(pixels)) if view.hit(scene, SIZE, tuple(pixels[k])))
    hit = view.hit(scene, SIZE, tuple(pixels[first]))
    assert hit is not None
    assert "point, class " in hit.words
    assert not hit.changes
    assert view.point(scene, SIZE, (2.0, 60.0)) is None


def test_the_camera_turns_space_and_leaves_a_plane() -> None:
    turned = {"turn": 120.0, "tilt": 60.0}
    flat, solid = PLAIN, PLAIN.replace(width=3)
    for preset, same in ((flat, True), (solid, False)):
        one, two = (
            painted(view_of(p), scene_of(p), SIZE) for p in (preset, preset.replace(**turned))
        )
        assert np.array_equal(one, two) == same
    assert view_of(solid).drag(solid, 0.5, 0)


@pytest.mark.parametrize(
    "keys",
    [
        {"width": 2, "outputs": 1},
        {"width": 3, "outputs": 1},
        {"width": 2, "outputs": 3},
        {"width": 2, "outputs": 1, "inputs": ["x", "y", "t", "z0"]},
        {"width": 2, "outputs": 1, "inputs": ["x", "y", "r"]},
        {"width": 9, "warp.units": (1, 5)},
        {"width": 9, "warp.units": (1, 5, 2)},
    ],
)
def test_only_space_is_turned_by_dragging(keys: dict[str, object]) -> None:
    preset = PLAIN.replace(**keys)
    assert (view_of(preset).drag(preset, 0.5, 0) is None) == trip_of(preset).journey.flat


def test_a_wide_and_deep_network_is_drawn_in_slices() -> None:
    preset = Preset().replace(view="warp", depth=6, width=256, inputs=["x", "y"], position=5.0)
    task = Stepping(view_of(preset).paint(scene_of(preset), (160, 100)))
    steps = 0
    while not task.step(0.0):
        steps += 1
    assert steps > 30
    assert np.isfinite(task.result).all()


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("warp-circle-2", 0.7, 0.9),
        ("warp-circle-3", 0.97, 1),
        ("warp-spirals", 0.99, 1),
        ("warp-spirals-plane", 0.99, 1),
    ],
)
def test_presets_do_what_they_say(name: str, least: float, most: float) -> None:
    preset = load_preset(name)
    network, data = preset.network(), preset.dataset
    some = slice(0, data.training)
    outputs = network.evaluate(network.features(data.x[some], data.y[some], scene_of(preset).clock))
    assert data.labels is not None
    right = ((outputs[:, 0] > 0.5) == (data.labels[some] == 1)).mean()
    assert least <= right <= most
    assert dict(preset.animate.moving)["warp.position"][-1] == preset.spec.depth
