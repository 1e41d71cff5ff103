"""Volumes: rays absorb by Beer and Lambert, the slice is the picture, turning evaluates nothing."""

import itertools

import numpy as np
import pytest
from census import Census
from solids import at, constant, drawn, explicit, staged

from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.stretch import value_range
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.color import colored
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.views import view_of
from cppn_gl.views.solid.camera import Camera
from cppn_gl.views.solid.volume import VolumeRenderer, camera_of, slice_side, volume_side

pytestmark = pytest.mark.gl
SIZE = (120, 90)
INPUTS = ("x", "y", "t")
# Light where x > 0, nothing elsewhere.
STEP = explicit(
    ([[400.0, 0.0, 0.0]], [0.0], "sigmoid"),
    inputs=INPUTS,
    view="volume",
    slice=False,
    opacity=200.0,
    turn=0.0,
    tilt=0.0,
)
COLORED = explicit(
    ([[0.9, 0.3, 0.5], [-0.4, 0.8, -0.9], [0.5, -0.9, 0.2]], [0.2, -0.1, 0.3], "sigmoid"),
    inputs=INPUTS,
    view="volume",
)


def eye(preset: Preset, size: tuple[int, int] = SIZE) -> Camera:
    return camera_of(preset, size)


def middle(pixels: np.ndarray) -> np.ndarray:
    return pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]


def test_a_step_fills_the_right_half_of_the_box(renderer: Renderer) -> None:
    pixels = drawn(renderer, STEP, SIZE)
    empty = drawn(renderer, STEP.replace(opacity=0.0), SIZE)
    camera = eye(STEP)
    for z in (-0.8, 0.0, 0.8):
        for x in (-0.8, -0.3, -0.1):
            place = camera.project([(x, -1, z)])[0]
            assert at(pixels, place) == pytest.approx(at(empty, place), abs=1e-3)
        for x in (0.15, 0.4, 0.9):
            assert at(pixels, camera.project([(x, -1, z)])[0]).min() > 0.6
    outside = camera.project([(1.25, -1, 0)])[0]
    assert at(pixels, outside) == pytest.approx(at(empty, outside), abs=1e-6)


@pytest.mark.parametrize("opacity", [0.1, 0.5, 2.0, 20.0])
@pytest.mark.parametrize("length", [2.0, 0.7])
def test_light_is_absorbed_by_density_times_length(
    renderer: Renderer, opacity: float, length: float
) -> None:
    value, threshold = 0.8, 0.3
    preset = constant(
        value,
        INPUTS,
        view="volume",
        slice=False,
        tilt=90.0,  # the upper side gets all light
        threshold=threshold,
        top=-1.0 + length,
    )
    behind = middle(drawn(renderer, preset.replace(opacity=0.0), SIZE))
    pixel = middle(drawn(renderer, preset.replace(opacity=opacity), SIZE))
    through = np.exp(-opacity * (value - threshold) / (1 - threshold) * length)
    assert pixel == pytest.approx(value * (1 - through) + behind * through, abs=6e-3)


def test_what_is_below_the_threshold_is_clear(renderer: Renderer) -> None:
    preset = constant(0.6, INPUTS, view="volume", slice=False, threshold=0.65, opacity=100.0)
    clear = drawn(renderer, preset.replace(opacity=0.0), SIZE)
    assert drawn(renderer, preset, SIZE) == pytest.approx(clear, abs=1e-6)


def test_grey_is_clear_where_colours_are_shown(renderer: Renderer) -> None:
    grey = explicit(
        ([[0.0] * 3] * 3, [2.2] * 3, "sigmoid"),
        inputs=INPUTS,
        view="volume",
        slice=False,
        opacity=100.0,
    )
    clear = drawn(renderer, grey.replace(opacity=0.0), SIZE)
    assert drawn(renderer, grey, SIZE) == pytest.approx(clear, abs=1e-6)
    assert (drawn(renderer, grey.replace(channel="red"), SIZE) - clear).max() > 0.3


def test_clipping_removes(renderer: Renderer) -> None:
    clear = drawn(renderer, STEP.replace(opacity=0.0), SIZE)
    gone = STEP.replace(right=0.0)
    assert drawn(renderer, gone, SIZE) == pytest.approx(clear, abs=2e-3)
    low = drawn(renderer, STEP.replace(top=0.0), SIZE)
    camera = eye(STEP)
    over, under = (camera.project([(0.5, -1, z)])[0] for z in (0.5, -0.5))
    assert at(low, over) == pytest.approx(at(clear, over), abs=1e-3)
    assert at(low, under).min() > 0.6


@pytest.mark.parametrize("color", [{}, {"mapping": "viridis", "invert": True}], ids=str)
@pytest.mark.parametrize(("turn", "tilt", "time"), [(0, 90, 0.0), (40, 35, 0.4), (200, 20, -0.6)])
def test_the_slice_is_the_picture_at_its_time(
    renderer: Renderer, turn: float, tilt: float, time: float, color: dict[str, object]
) -> None:
    preset = COLORED.replace(turn=float(turn), tilt=float(tilt), opacity=0.0, **color)
    size = (240, 180)
    pixels = drawn(renderer, preset, size, time)
    u, v = (c.ravel() for c in np.meshgrid(np.linspace(-0.9, 0.9, 9), np.linspace(-0.9, 0.9, 9)))
    expected = preset.network().evaluate(np.stack([u, v, np.full(len(u), time)], axis=1))
    ends = value_range(scene_of(preset), (1, 1))
    expected = colored(expected.astype(np.float32), preset.color, ends)
    places = eye(preset, size).project(np.stack([u, v, np.full(len(u), time)], axis=1))
    # Three edges of the box that are farthest away lie under the slice, or are hidden by it.
    for color, place in zip(expected, places, strict=True):
        assert at(pixels, place) == pytest.approx(color, abs=0.03)


def test_the_slice_hides_what_is_below_and_not_what_is_above(renderer: Renderer) -> None:
    # All is opaque white; the slice, at the middle, is hidden by what is above it, seen from above.
    full = constant(1.0, INPUTS, view="volume", opacity=200.0, threshold=0.1, tilt=90.0)
    cut = full.replace(top=0.2)
    assert middle(drawn(renderer, cut, SIZE)) == pytest.approx(1, abs=0.02)
    ramp = constant(0.7, INPUTS, view="volume", opacity=200.0, threshold=0.0, tilt=90.0, top=0.0)
    assert middle(drawn(renderer, ramp, SIZE)) == pytest.approx(0.7, abs=2e-3)


@pytest.mark.parametrize(("turn", "tilt"), [(30, 30), (75, 8), (110, 2), (200, -25)])
@pytest.mark.parametrize("time", [-0.4, 0.0, 0.3])
def test_the_slice_is_a_quadrangle_with_a_smooth_border(
    renderer: Renderer, turn: float, tilt: float, time: float
) -> None:
    size = (240, 180)
    preset = COLORED.replace(turn=float(turn), tilt=float(tilt), opacity=0.0)
    bare = drawn(renderer, preset.replace(slice=False), size, time)
    seen = abs(drawn(renderer, preset, size, time) - bare).max(axis=2)
    corners = eye(preset, size).project([(x, y, time) for x, y in CORNERS])[:, :2]
    y, x = np.indices(seen.shape) + 0.5
    away = np.full(seen.shape, -np.inf)  # pixels outside of the quadrangle
    (dx, dy), (ex, ey) = np.diff(corners[:3], axis=0)
    sign = np.sign(dx * ey - dy * ex)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (b - a) / np.hypot(*(b - a))
        away = np.maximum(away, -sign * (along[0] * (y - a[1]) - along[1] * (x - a[0])))
    assert seen[away > 1].max() < 1e-3
    assert (seen[away < -1] > 0.02).mean() > 0.97
    edge = abs(away) < 0.5  # pixels that the border crosses are covered in part
    assert np.corrcoef(seen[edge], -away[edge])[0, 1] > 0.1


CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def test_the_slice_moves_smoothly(renderer: Renderer) -> None:
    preset = COLORED.replace(turn=30.0, tilt=20.0, opacity=3.0)
    frames = [drawn(renderer, preset, (160, 120), k / 50) for k in range(-4, 5)]
    steps = [abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    assert max(steps) < 0.02
    assert max(steps) < 1.6 * np.median(steps)


@pytest.mark.parametrize("size", [(320, 200), (200, 320), (300, 300)])
def test_the_volume_is_centred_and_fills_the_picture(
    renderer: Renderer, size: tuple[int, int]
) -> None:
    full = constant(1.0, INPUTS, view="volume", opacity=200.0, threshold=0.1, slice=False)
    for turn, tilt in ((0, 0), (30, 30), (45, 60), (200, -40), (77, 90), (300, 10)):
        preset = full.replace(turn=float(turn), tilt=float(tilt))
        pixels = drawn(renderer, preset, size)
        there = abs(pixels - drawn(renderer, preset.replace(opacity=0.0), size)).max(axis=2) > 0.1
        y, x = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
        sides = np.array([x[-1] + 1 - x[0], y[-1] + 1 - y[0]]) / size
        assert sides[1] <= 0.87
        assert sides[1] > 0.72 or sides[0] > 0.6
        for places, side in ((x, size[0]), (y, size[1])):
            assert 0 < places[0] < places[-1] < side - 1
            assert (places[0] + places[-1] + 1) / 2 == pytest.approx(side / 2, abs=1.5)
        inside = there.copy()
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            inside &= np.roll(there, step, axis)
        words = view_of(preset).overlay(scene_of(preset), size)
        assert words is not None
        assert words[..., 3].any()
        assert not words[inside, 3].any()


def test_the_slice_is_clipped_with_the_rest(renderer: Renderer) -> None:
    preset = COLORED.replace(opacity=0.0, top=0.1)
    bare = drawn(renderer, preset.replace(slice=False), SIZE)
    assert (drawn(renderer, preset, SIZE, 0.0) != bare).any()
    assert drawn(renderer, preset, SIZE, 0.2) == pytest.approx(bare, abs=1e-6)


def test_once_round_is_the_same_picture(renderer: Renderer) -> None:
    first = drawn(renderer, COLORED.replace(turn=30.0), SIZE)
    assert first == pytest.approx(drawn(renderer, COLORED.replace(turn=390.0), SIZE), abs=1e-4)


def test_turning_and_turning_knobs_only_march_again(renderer: Renderer) -> None:
    network = COLORED.network()

    def made(time: float = 0.0, **keys) -> int:
        preset = COLORED.replace(**keys)
        drawn(renderer, preset, SIZE, scene=scene_of(preset, time, network))
        with staged(renderer) as stage:
            return stage.painter.shared(VolumeRenderer).made

    before = made()
    assert made(turn=99.0, tilt=10.0, distance=6.0) == before
    assert made(opacity=9.0, threshold=0.1, slice=False) == before
    assert made(0.7) == before  # the slice moves in the same block
    assert made(2.0) == before + 1


def test_small_steps_and_other_drawings_between_make_the_same_picture(renderer: Renderer) -> None:
    presets = [COLORED.replace(extent=e) for e in (1.3, 1.9)]
    fresh = [preset.replace(center=(1e-9, 0.0)) for preset in presets]  # not kept yet
    expected = [drawn(renderer, preset, SIZE) for preset in presets]
    with staged(renderer) as stage:
        sheets = [Planes(renderer.ctx, SIZE) for _ in fresh]
        waiting = [
            view_of(preset).begin(stage, planes, scene_of(preset))
            for preset, planes in zip(fresh, sheets, strict=True)
        ]
        steps = 0
        while waiting and steps < 20_000:
            waiting = [one for one in waiting if not one.step(0.0)]
            steps += 1
        pictures = [planes.read() for planes in sheets]
        for planes in sheets:
            planes.release()
    assert not waiting
    assert steps > 30
    for picture, right in zip(pictures, expected, strict=True):
        assert picture == pytest.approx(right, abs=0.02)


def test_a_preset_with_no_third_input_says_what_is_missing() -> None:
    flat = COLORED.replace(view="volume")
    view = view_of(flat)
    assert view.problem(flat) == ""
    assert "third input" in view.problem(Preset().replace(view="volume"))
    assert view.problem(Preset().replace(inputs=("x", "y", "z0"))) == ""


def test_the_overlay_names_the_axes_and_the_slices_place() -> None:
    view, scene = view_of(COLORED), scene_of(COLORED, 0.3)
    shown = view.overlay(scene, (640, 400))
    assert shown is not None
    assert shown.shape == (400, 640, 4)
    moved = view.overlay(scene_of(COLORED, 0.5), (640, 400))
    assert (shown != moved).any()


def test_sides_grow_with_the_picture() -> None:
    for chosen in (volume_side, slice_side):
        sides = [chosen((side, side)) for side in (10, 150, 300, 600, 1080)]
        assert sides == sorted(sides)
        assert sides[-1] > sides[0]


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    census = Census(monkeypatch)
    monkeypatch.setattr("cppn_gl.views.solid.volume.SIDES", {0: 4, 60: 6, 100: 8})
    with Renderer("fragment") as one:
        for width in (60, 120, 240):
            for extent in (1.0, 2.0, 3.0):
                drawn(one, COLORED.replace(extent=extent), (width, width * 3 // 4))
        alive = census.alive()
        drawn(one, COLORED.replace(extent=4.0), (240, 180))
        assert census.alive()["Texture3D"] <= alive["Texture3D"] <= 4
    assert census.alive() == {}
