"""Surfaces: heights are the outputs, what is behind is hidden, turning evaluates nothing."""

import numpy as np
import pytest
from census import Census
from PIL import Image, ImageDraw
from rows import NAMES, NUMPY
from solids import at, constant, drawn, edge_places, explicit, hue, roughness, staged

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.stretch import value_range
from cppn_gl.nn.features import features
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.color import colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.preset.show import SurfaceOptions
from cppn_gl.utils import colormaps
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import view_of
from cppn_gl.views.base import Stage, lay_over, mean_of_samples
from cppn_gl.views.solid import field as fields
from cppn_gl.views.solid import mesh
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.solid.cut_plot import CUT, cut_stroke, cut_values
from cppn_gl.views.solid.field import FieldCache, FieldDrawing
from cppn_gl.views.solid.heights import subplots
from cppn_gl.views.solid.mesh import camera_of, grid_side
from cppn_gl.views.text import significant

pytestmark = pytest.mark.gl
SIZE = (240, 180)
GENTLE = explicit(
    ([[0.9, 0.3], [-0.4, 0.8], [0.5, -0.9]], [0.2, -0.1, 0.3], "sigmoid"),
    view="surface",
    paint="picture",
    contours=0,
)


def values(preset: Preset, x: np.ndarray, y: np.ndarray, time: float = 0.0) -> np.ndarray:
    """Outputs at points of the plane, (N, 3), by the reference."""
    network, clock = preset.network(), preset.animation.clock(time)
    found = network.evaluate(features(network.inputs, x, y, clock, network.latent))
    return np.broadcast_to(found, (len(x), 3))


def eye(preset: Preset, size: tuple[int, int] = SIZE) -> Camera:
    return camera_of(subplots(scene_of(preset), size)[0], preset, size)


def test_from_above_it_is_the_picture(renderer: Renderer) -> None:
    preset = GENTLE.replace(tilt=90.0, turn=0.0)
    pixels = drawn(renderer, preset, SIZE)
    across, high = eye(preset).half_size
    u = (2 * np.arange(SIZE[0]) + 1 - SIZE[0]) / SIZE[0] * across
    v = (SIZE[1] - 2 * np.arange(SIZE[1]) - 1) / SIZE[1] * high
    u, v = np.meshgrid(u, v)
    inside = np.maximum(abs(u), abs(v)) < 0.97
    assert inside.mean() > 0.2
    expected = values(preset, u[inside], v[inside])
    assert pixels[inside] == pytest.approx(expected, abs=4e-3)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    "color",
    [
        {"mapping": "viridis"},
        {"mapping": "oklch", "stretch": "percentile"},
        {"mapping": "diverging", "stretch": "minmax", "invert": True},
    ],
    ids=str,
)
def test_painted_it_has_the_colours_of_the_picture(
    renderer: Renderer, color: dict[str, object], before: bool
) -> None:
    preset = GENTLE.replace(tilt=90.0, turn=0.0, before=before, **color)
    pixels, heights = drawn(renderer, preset, SIZE), subplots(scene_of(preset), SIZE)
    across, high = eye(preset).half_size
    u = (2 * np.arange(SIZE[0]) + 1 - SIZE[0]) / SIZE[0] * across
    v = (SIZE[1] - 2 * np.arange(SIZE[1]) - 1) / SIZE[1] * high
    u, v = np.meshgrid(u, v)
    inside = np.maximum(abs(u), abs(v)) < 0.97
    ends = value_range(scene_of(preset), (90, 90))  # the square that it shows, whatever is around
    outputs = values(preset, u[inside], v[inside]).astype(np.float32)
    expected = colored(outputs, preset.color, ends)
    assert np.ptp(expected) > 0.4
    assert np.quantile(abs(pixels[inside] - expected), 0.99) < 8e-3
    plain = subplots(scene_of(GENTLE.replace(before=before)), SIZE)
    assert [subplot.span for subplot in heights] == [subplot.span for subplot in plain]


def test_coarse_and_fine_surfaces_have_the_same_colours(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, uniforms = [], fields.color_uniforms
    monkeypatch.setattr(fields, "color_uniforms", lambda *of: asked.append(of) or uniforms(*of))
    preset = GENTLE.replace(mapping="magma", stretch="percentile", extent=1.234)
    for size in (SIZE, (60, 45), (33, 120)):
        drawn(renderer, preset, size)
    assert len(asked) > 1
    assert len(set(asked)) == 1


@pytest.mark.parametrize(("turn", "tilt"), [(20, 40), (130, 55), (290, 30)])
def test_points_of_the_surface_lie_at_the_height_of_the_output(
    renderer: Renderer, turn: float, tilt: float
) -> None:
    preset = GENTLE.replace(turn=float(turn), tilt=float(tilt))
    pixels = drawn(renderer, preset, SIZE)
    u, v = (c.ravel() for c in np.meshgrid(np.linspace(-0.9, 0.9, 9), np.linspace(-0.9, 0.9, 9)))
    colors = values(preset, u, v)
    relief = preset.options(SurfaceOptions).relief
    points = np.stack([u, v, relief * (2 * colors.mean(axis=1) - 1)], axis=1)
    for color, place in zip(colors, eye(preset).project(points), strict=True):
        assert hue(at(pixels, place)) == pytest.approx(hue(color), abs=0.06)


@pytest.mark.parametrize("height", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("size", [SIZE, (100, 160), (640, 400)])
def test_a_flat_network_is_a_quadrangle_where_the_camera_has_it(
    renderer: Renderer, height: float, size: tuple[int, int]
) -> None:
    preset = constant(height, view="surface", contours=0, turn=25.0, tilt=20.0)
    pixels = drawn(renderer, preset, size)
    z = preset.options(SurfaceOptions).relief * (2 * height - 1)
    corners = eye(preset, size).project(
        [(x, y, z) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )
    image = Image.new("L", size)
    ImageDraw.Draw(image).polygon([tuple(c) for c in corners[:, :2]], fill=1)
    expected = np.asarray(image).astype(bool)
    colored = pixels.max(axis=2) - pixels.min(axis=2) > 0.1  # all else is pale or grey
    outline = 4 * 2 * sum(size) / (size[0] * size[1])  # a few pixels along the edge
    assert (colored != expected).mean() < min(0.04, outline * 0.4)
    assert expected.mean() > 0.02


@pytest.mark.parametrize("height", [0.0, 0.25, 0.5, 0.8, 1.0])
def test_heights_have_the_colours_of_the_palette(renderer: Renderer, height: float) -> None:
    preset = constant(height, view="surface", contours=0, tilt=90.0, turn=0.0)
    pixel = drawn(renderer, preset, SIZE)[SIZE[1] // 2, SIZE[0] // 2]
    place = (0.05 + 0.9 * height) * (colormaps.SIZE - 1)
    expected = [
        np.interp(place, np.arange(colormaps.SIZE), row) for row in colormaps.named("viridis").T
    ]
    assert pixel == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(("tilt", "turn"), [(90.0, 0.0), (30.0, 25.0)])
@pytest.mark.parametrize("paint", ["picture", "height"])
@pytest.mark.parametrize("contours", [10, 17])
def test_each_contour_line_stands_out_from_its_ground(
    renderer: Renderer, tilt: float, turn: float, paint: str, contours: int
) -> None:
    size, extent = (480, 400), 4.0
    slope = explicit(([[0.0, 1.0]], [0.0], "sigmoid"), view="surface", tilt=tilt, turn=turn)
    slope = slope.replace(extent=extent, paint=paint)
    with_lines, ground = (
        drawn(renderer, slope.replace(contours=count), size) for count in (contours, 0)
    )
    change = (with_lines - ground) @ (0.3, 0.6, 0.1)
    relief = slope.options(SurfaceOptions).relief
    for k in range(1, contours):
        level = k / contours
        v = np.log(level / (1 - level)) / extent
        points = [(u, v, relief * (2 * level - 1)) for u in np.linspace(-0.9, 0.9, 40)]
        places = eye(slope, size).project(points)[:, :2].astype(int)
        around = [change[y - 2 : y + 3, x].sum() for x, y in places]
        # All along a line the same, lighter or darker.
        assert abs(np.mean(np.sign(around))) == 1
        assert min(np.abs(around)) > 0.1


def test_a_ridge_hides_what_is_behind_it(renderer: Renderer) -> None:
    # Green is a ridge along y = 0 and the height; red lies behind it.
    preset = explicit(
        ([[0.0, 4.0], [0.0, 1.2]], [0.0, -1.2], "gaussian"),
        ([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]], [0.0, 0.0, 0.0], "identity"),
        view="surface",
        paint="picture",
        channel="green",
        contours=0,
        turn=0.0,
        tilt=8.0,
        relief=0.6,
    )
    behind = (0.0, 0.6, -0.6)
    hidden = at(drawn(renderer, preset, SIZE), eye(preset).project([behind])[0])
    assert hidden[1] > hidden[0]
    turned = preset.replace(turn=180.0)
    seen = at(drawn(renderer, turned, SIZE), eye(turned).project([behind])[0])
    assert seen[0] > seen[1]


@pytest.mark.parametrize("name", ["tanh", "sin", "atan", "identity", "abs"])
def test_heights_of_other_ranges_are_true(renderer: Renderer, name: str) -> None:
    last = ([[1.5, 0.4], [-0.6, 1.3], [0.9, -1.2]], [-0.4, -0.1, 0.3], name)
    preset = explicit(last, view="surface", paint="picture", contours=0, turn=20.0, tilt=40.0)
    (subplot,) = subplots(scene_of(preset), SIZE)
    u, v = (c.ravel() for c in np.meshgrid(np.linspace(-0.9, 0.9, 9), np.linspace(-0.9, 0.9, 9)))
    outputs = values(preset, u, v)
    share = (outputs.mean(axis=1) - subplot.span[0]) / (subplot.span[1] - subplot.span[0])
    assert 0 <= share.min() < 0.4
    assert 0.5 < share.max() <= 1
    points = np.stack([u, v, preset.options(SurfaceOptions).relief * (2 * share - 1)], axis=1)
    colors, pixels = np.clip(outputs, 0, 1), drawn(renderer, preset, SIZE)
    told = colors.max(axis=1) - colors.min(axis=1) > 0.3  # of what has a hue
    assert told.sum() > 15
    for color, place in zip(colors[told], eye(preset).project(points[told]), strict=True):
        assert hue(at(pixels, place)) == pytest.approx(hue(color), abs=0.08)


def test_once_round_is_the_same_picture(renderer: Renderer) -> None:
    first = drawn(renderer, GENTLE.replace(turn=30.0), SIZE)
    round_ = drawn(renderer, GENTLE.replace(turn=390.0), SIZE)
    assert first == pytest.approx(round_, abs=1e-5)


def test_turning_evaluates_nothing_and_another_view_does(renderer: Renderer) -> None:
    network = GENTLE.network()

    def made(**keys) -> int:
        preset = GENTLE.replace(**keys)
        drawn(renderer, preset, SIZE, scene=scene_of(preset, 0.0, network))
        with staged(renderer) as stage:
            return stage.painter.shared(FieldCache).made

    before = made()
    for keys in ({"turn": 70.0}, {"tilt": 10.0, "relief": 1.0}, {"distance": 5.0, "contours": 7}):
        assert made(**keys) == before
    assert made(extent=1.5) == before + 1
    assert made(extent=1.5, turn=1.0) == before + 1


def test_what_another_engine_has_evaluated_is_not_taken_for_this_ones(renderer: Renderer) -> None:
    # Its last bits may differ, and a screenshot names the engine.
    scene = scene_of(GENTLE.replace(seed=4))
    with staged(renderer) as stage:
        by_shader = FieldDrawing(stage, scene, 48)
        by_numpy = FieldDrawing(Stage(stage.painter, lambda network: NUMPY), scene, 48)
        again = FieldDrawing(stage, scene, 48)
        found = []
        for drawing in (by_shader, by_numpy, again):
            found.append(at_once(drawing.steps()))
    assert found[1] is not found[0]
    assert found[2] is found[0]


def test_pictures_depend_on_the_time_where_an_input_moves(renderer: Renderer) -> None:
    moving = explicit(([[0.0, 0.0, 1.0]], [0.0], "sigmoid"), inputs=("x", "y", "t"), view="surface")
    assert (drawn(renderer, moving, SIZE, 0.0) != drawn(renderer, moving, SIZE, 1.0)).any()


def test_small_steps_and_other_drawings_between_make_the_same_picture(renderer: Renderer) -> None:
    others = [GENTLE.replace(extent=e) for e in (1.1, 1.7)]
    expected = [drawn(renderer, preset, SIZE) for preset in others]
    fresh = [preset.replace(center=(0.0, 1e-9)) for preset in others]  # not kept yet
    with staged(renderer) as stage:
        sheets = [Planes(renderer.ctx, SIZE) for _ in fresh]
        drawings = [
            view_of(preset).begin(stage, planes, scene_of(preset))
            for preset, planes in zip(fresh, sheets, strict=True)
        ]
        waiting = list(drawings)
        for _ in range(10_000):
            waiting = [one for one in waiting if not one.step(0.0)]
            if not waiting:
                break
        pictures = [planes.read() for planes in sheets]
        for planes in sheets:
            planes.release()
    assert not waiting
    for picture, right in zip(pictures, expected, strict=True):
        assert picture == pytest.approx(right, abs=2e-3)


def test_nan_is_magenta(renderer: Renderer) -> None:
    broken = explicit(
        ([[1e30, 0.0]], [1e30], "relu"), ([[1e30]], [1e30], "identity"), view="surface", contours=0
    )
    pixels = drawn(renderer, broken.replace(tilt=90.0), SIZE)
    assert pixels[SIZE[1] // 2, SIZE[0] // 2] == pytest.approx((1, 0, 1), abs=1e-3)


@pytest.mark.parametrize("engine", NAMES)
@pytest.mark.parametrize("sums", [(7.0, -3.0, 4.0), (1.0, 0.0, 1.0)])
def test_finite_sums_are_heights_whatever_colour_they_would_be(
    engine: str, sums: tuple[float, float, float]
) -> None:
    flat = explicit(
        ([[0.0, 0.0]], [1.0], "identity"),
        ([[sums[0]], [sums[1]], [sums[2]]], [0.0, 0.0, 0.0], "sigmoid"),
        view="surface",
        contours=0,
        before=True,
        paint="height",
        tilt=90.0,
    )
    with Renderer(engine) as one:
        pixels = one.render(flat, SIZE, dtype="float32")
    apart = np.abs(pixels - (1, 0, 1)).max(axis=-1)
    assert apart.min() > 0.2


@pytest.mark.parametrize("panels", ["one", "channels", "sum", "cut"])
@pytest.mark.parametrize("size", [(96, 60), (320, 180), (250, 400)])
def test_all_arrangements_fill_their_subplots(
    renderer: Renderer, panels: str, size: tuple[int, int]
) -> None:
    preset = Preset().replace(
        depth=2, width=5, inputs=("x", "y"), weight_scale=2.0, panels=panels, view="surface"
    )
    pixels = drawn(renderer, preset, size)
    assert np.isfinite(pixels).all()
    for subplot in subplots(scene_of(preset), size):
        if subplot.cut == "plot":
            continue
        left, top, width, height = subplot.pixels(size)
        part = pixels[top : top + height, left : left + width]
        assert (part.max(axis=2) - part.min(axis=2) > 0.1).mean() > 0.02
    words = view_of(preset).overlay(scene_of(preset), size)
    assert words is not None
    assert words.shape == (size[1], size[0], 4)


# A round hill, dark before a light ground.
ROUND = explicit(
    ([[1.0, 0.6], [-0.6, 1.0]], [0.0, 0.0], "gaussian"),
    ([[2.5, 2.5]], [-2.5], "sigmoid"),
    view="surface",
    contours=0,
    tilt=2.0,
    turn=20.0,
    relief=0.8,
)


def outline(preset: Preset, size: tuple[int, int]) -> np.ndarray:
    """The row of the outline of the surface in columns of the middle of a picture, exactly."""
    camera = eye(preset, size)
    u, v = (c.ravel() for c in np.meshgrid(*2 * [np.linspace(-1, 1, 801)]))
    z = preset.options(SurfaceOptions).relief * (2 * values(preset, u, v)[:, 0] - 1)
    seen = camera.project(np.stack([u, v, z], axis=1))
    columns = np.arange(int(0.4 * size[0]), int(0.6 * size[0]))
    near = [abs(seen[:, 0] - (column + 0.5)) < 0.75 for column in columns]
    return np.array([seen[some, 1].min() for some in near])


@pytest.mark.parametrize("size", [(320, 200), (960, 600)])
def test_outlines_are_smooth_and_where_the_reference_has_them(
    renderer: Renderer, size: tuple[int, int]
) -> None:
    exact = outline(ROUND, size)
    columns = slice(int(0.4 * size[0]), int(0.6 * size[0]))
    fine, coarse = (
        edge_places(
            drawn(renderer, ROUND, size, region=Region.of(size, draft=draft))[:, columns], exact
        )
        for draft in (False, True)
    )
    assert roughness(fine) < 0.06
    assert abs(fine - exact).mean() < 0.4
    assert roughness(fine) < roughness(coarse)


@pytest.mark.parametrize("size", [(320, 200), (200, 320), (300, 300)])
@pytest.mark.parametrize("relief", [0.2, 1.0])
def test_the_box_is_centred_and_fills_the_picture(
    renderer: Renderer, size: tuple[int, int], relief: float
) -> None:
    for turn, tilt in ((0, 0), (30, 30), (45, 60), (200, -40), (77, 90), (300, 10)):
        preset = GENTLE.replace(turn=float(turn), tilt=float(tilt), relief=relief)
        pixels = drawn(renderer, preset, size)
        ground = drawn(renderer, preset.replace(distance=100.0), size)
        there = abs(pixels - ground).max(axis=2) > 0.01
        there[size[1] // 2 - 9 : size[1] // 2 + 9, size[0] // 2 - 9 : size[0] // 2 + 9] = True
        y, x = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
        sides = np.array([x[-1] + 1 - x[0], y[-1] + 1 - y[0]]) / size
        assert 0 < x[0] < x[-1] < size[0] - 1
        assert 0 < y[0] < y[-1] < size[1] - 1
        assert sides[1] <= 0.87
        if tilt > 0:  # from below, the floor is not drawn
            # Labels need room at the sides of narrow pictures.
            assert sides[1] > 0.68 or sides[0] > 0.6
            assert (x[0] + x[-1] + 1) / 2 == pytest.approx(size[0] / 2, abs=0.02 * size[0])


@pytest.mark.parametrize("height", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(("turn", "tilt"), [(30, 30), (0, 12), (120, -35), (75, 90), (200, 2)])
def test_no_axis_and_no_label_covers_the_surface(
    renderer: Renderer, height: float, turn: float, tilt: float
) -> None:
    preset = constant(height, view="surface", contours=0, turn=float(turn), tilt=float(tilt))
    size = (480, 300)
    pixels = drawn(renderer, preset, size)
    body = pixels.max(axis=2) - pixels.min(axis=2) > 0.12  # all else is pale or grey
    inside = body.copy()  # without the pixels at its outline
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        inside &= np.roll(body, step, axis)
    words = view_of(preset).overlay(scene_of(preset), size)
    assert words is not None
    assert words[..., 3].any()
    assert not words[inside, 3].any()
    for border in (words[0], words[-1], words[:, 0], words[:, -1]):
        assert not border[..., 3].any()


def test_a_cut_is_the_same_curve_as_the_surfaces(renderer: Renderer) -> None:
    preset = explicit(
        ([[0.4, 1.0]], [-0.3], "sigmoid"), view="surface", panels="cut", paint="picture"
    ).replace(extent=5.0)
    size = (900, 340)
    scene = scene_of(preset)
    plot, surface, above = subplots(scene, size)
    places = np.linspace(-1, 1, 9)
    expected = 1 / (1 + np.exp(-(5 * places - 0.3)))
    assert cut_values(scene, plot, places) == pytest.approx(expected, abs=1e-7)
    pixels = lay_over(drawn(renderer, preset, size), view_of(preset).overlay(scene, size))
    red = (pixels[..., 0] > 0.5) & (pixels[..., 1] < 0.55)
    for subplot in (surface, above):  # the line is where x is 0
        left, top, width, height = subplot.pixels(size)
        camera = camera_of(subplot, preset, (width, height))
        z = preset.options(SurfaceOptions).relief * (2 * expected - 1)
        seen = camera.project(np.stack([0 * places, places, z], axis=1))[1:-1]
        for x, y, _ in seen:
            row, column = int(top + y), int(left + x)
            assert red[row - 2 : row + 3, column - 2 : column + 3].any()
    left, top, width, height = plot.pixels(size)
    (low, bottom, _), (high, upper, _) = camera_of(plot, preset, (width, height)).project(
        [(-1, -1, 0), (1, 1, 0)]
    )
    for place, value in zip(places[1:-1], expected[1:-1], strict=True):
        column = int(left + low + (high - low) * (place + 1) / 2)
        row = int(top + bottom + (upper - bottom) * value)
        assert red[row - 2 : row + 3, column - 2 : column + 3].any()
    # A grey picture: all but the line is grey.
    part = pixels[:, size[0] // 3 :]
    grey = np.ptp(part, axis=2) < 0.06
    assert (grey | red[:, size[0] // 3 :]).mean() > 0.98


@pytest.mark.parametrize("size", [(300, 200), (960, 600), (1200, 750), (1600, 500), (400, 900)])
@pytest.mark.parametrize("panels", ["cut", "sum", "channels"])
def test_subplots_are_apart_and_labels_have_a_margin(size: tuple[int, int], panels: str) -> None:
    preset = Preset().replace(
        depth=2, width=5, inputs=("x", "y"), view="surface", panels=panels, tilt=90.0, turn=0.0
    )
    found = subplots(scene_of(preset), size)
    boxes = [one.box for one in found]
    for k, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        for other in boxes[:k]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
    if panels == "cut":  # the plot and the map have one scale
        sizes = [one.pixels(size)[2:] for one in (found[0], found[2])]
        assert np.ptp(sizes, axis=0).max() <= 1
    words = view_of(preset).overlay(scene_of(preset), size)
    assert words is not None
    assert not words[-2:, :, 3].any()


def test_the_curve_of_a_cut_has_the_ink_of_its_length_times_its_width() -> None:
    preset = explicit(([[0.0, 2.0]], [0.0], "sigmoid"), view="surface", panels="cut")
    size = (3000, 1100)
    scene = scene_of(preset)
    words = view_of(preset).overlay(scene, size)
    assert words is not None
    plot = subplots(scene, size)[0]
    left, top, width, height = plot.pixels(size)
    (low, bottom, _), (high, upper, _) = camera_of(plot, preset, (width, height)).project(
        [(-1, -1, 0), (1, 1, 0)]
    )
    places = np.linspace(-1, 1, 2001)
    x, y = places * (high - low) / 2, cut_values(scene, plot, places) * (bottom - upper)
    length = np.hypot(np.diff(x), np.diff(y)).sum()
    inside = words[round(top + upper) : round(top + bottom), round(left + low) : round(left + high)]
    # From the pane's colour to the line's: the grey of axes and rules has red and blue alike.
    ink = (inside[..., 0].astype(float) - inside[..., 2]).clip(0) / (CUT[0] - CUT[2])
    assert ink.sum() == pytest.approx(length * 2 * cut_stroke((width, height)), rel=0.05)
    assert (inside[..., 3] == 255).all()


@pytest.mark.parametrize("panels", ["one", "sum"])
def test_drafts_and_enlarged_pictures_show_the_body_where_the_overlay_has_its_axes(
    renderer: Renderer, panels: str
) -> None:
    size = (240, 180)
    preset = GENTLE.replace(panels=panels)
    whole = drawn(renderer, preset, size)
    for scale in (0.5, 2):
        other = round(size[0] * scale), round(size[1] * scale)
        region = Region.of(other, shape=size, draft=scale < 1)
        found = drawn(renderer, preset, other, region=region)
        if scale == 2:
            found = mean_of_samples(found, 2)
        expected = whole if scale == 2 else mean_of_samples(whole, 2)
        assert (abs(found - expected).max(axis=2) > 0.15).mean() < 0.02


def test_strips_make_the_same_picture(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (240, 180)
    whole = drawn(renderer, GENTLE, size)
    monkeypatch.setattr(mesh, "MOST", 200_000)
    assert len(mesh.strips(size, 2, 4)) > 2
    assert drawn(renderer, GENTLE, size) == pytest.approx(whole, abs=2e-3)


def test_under_the_pointer_a_map_says_the_value() -> None:
    preset = GENTLE.replace(tilt=90.0, turn=90.0, channel="red")
    view, scene = view_of(preset), scene_of(preset)
    place = eye(preset).project([(0.5, -0.25, 0)])[0]
    hit = view.hit(scene, SIZE, (place[0], place[1]))
    assert hit is not None
    red = values(preset, np.array([0.5]), np.array([-0.25]))[0, 0]
    assert hit.words == f"x 0.5  y −0.25  value {significant(red)}"
    assert view.hit(scene, SIZE, (2.0, 2.0)) is None
    assert view.hit(scene_of(GENTLE), SIZE, (place[0], place[1])) is None


def test_the_mouse_turns_and_the_wheel_comes_nearer() -> None:
    view = view_of(GENTLE)
    assert set(view.drag(GENTLE, 0.1, 0.1) or {}) == {"show.turn", "show.tilt"}
    nearer = GENTLE.replace(**(view.zoom(GENTLE, 2) or {}))
    assert nearer.options(SurfaceOptions).distance < GENTLE.options(SurfaceOptions).distance


def test_the_grid_grows_with_the_picture() -> None:
    for smooth, most in ((True, 1025), (False, 385)):
        sizes = (10, 100, 300, 600, 1200, 2000)
        sides = [grid_side((side, side), smooth=smooth) for side in sizes]
        assert sides == sorted(sides)
        assert sides[0] >= 49
        assert sides[-1] == most


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with Renderer("fragment") as one:
        drawn(one, GENTLE, SIZE)  # programs that the painter itself keeps
    census = Census(monkeypatch)
    with Renderer("fragment") as one:
        for width in (60, 120, 240, 480, 720):
            for extent in (1.0, 2.0, 3.0):
                drawn(one, GENTLE.replace(extent=extent), (width, width * 3 // 4))
        assert census.alive()["Texture"] < 60
    assert census.alive() == {}
