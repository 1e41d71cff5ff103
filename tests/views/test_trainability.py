"""The view trainability: each pixel is a training, measured and coloured."""

import math
from typing import Any

import numpy as np
import pytest

from cppn_gl.engines.base import Region
from cppn_gl.engines.names import ENGINES
from cppn_gl.nn.training.native_steps import NativeSteps
from cppn_gl.nn.training.trainer import DivergedError, Trainer
from cppn_gl.preset.hyperparameters import AXES
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import scene_of
from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.tasks import at_once
from cppn_gl.views import ALL
from cppn_gl.views.trainability.measure import (
    LARGEST,
    Measuring,
    Tones,
    colored,
    converged_colors,
    diverged_at,
    diverged_colors,
    measure,
)
from cppn_gl.views.trainability.trainings import (
    Plane,
    by_processor,
    coordinates,
    grid_of,
    measures_of,
)
from cppn_gl.views.trainability.view import float32_note, frame_of

VIEW = ALL["trainability"]
NATIVE = ENGINES["native"]
POINTS = ((0.5, 1.2, 0.8), (-1.1, 0.3, -0.6), (0.2, -0.9, 1.1), (1.6, 0.4, -1.3))
PRESET = Preset().replace(
    **{
        "network.depth": 2,
        "network.width": 5,
        "network.inputs": ["x", "y"],
        "network.activation": "tanh",
        "network.init": "lecun_normal",
        "network.seed": 3,
        "train.data": "own",
        "train.target": "values",
        "train.own": POINTS,
        "train.test_fraction": 0.0,
        "train.loss": "squared",
        "train.rate": 1.0,
        "train.batch": 3,
        "show.view": "trainability",
        "trainability.train_steps": 40,
        "view.center": (1.2, 0.0),
        "view.extent": 1.0,
    }
)
needs_native = pytest.mark.skipif(
    native.library() is None, reason="the native library is not built"
)


def column(*losses: float) -> Float32:
    return np.array(losses, np.float32)[:, None]


@pytest.mark.parametrize(
    ("losses", "value"),
    [
        ((2.0, 1.0, 0.5), -1.75),
        ((2.0, 2.0, 2.0), 3.0),  # the mean is not below 1
        ((1.0, 4.0, 2.0), 1.75),
        ((1.0, np.inf, np.inf), 1 + 2e-6),
        ((1.0, 3e6, 0.5), 1 + 1e-6 + 2),
        ((0.0, 0.0), 0.0),  # nothing to learn, at once
        ((0.0, 1.0), 1e6 + 1e-6),
        ((1.0, 0.0, 1e3), 1 + 1e6 + 1e-3),  # 1 / 0 is 1e6
        ((np.inf, np.inf), 2e-6),
        ((4.0, *[8.0] * 9, *[1.0] * 20), -(1 + 18 + 5)),  # the last 20 decide
        ((4.0, *[1.0] * 20, 400.0), 1 + 80 + 0.01),
    ],
)
def test_the_measure_of_cases_computed_by_hand(losses: tuple[float, ...], value: float) -> None:
    assert measure(column(*losses))[0] == pytest.approx(value, rel=1e-12)


def test_losses_may_come_in_any_pieces_and_any_order_of_trainings() -> None:
    losses = np.exp(np.random.default_rng(1).normal(size=(50, 9))).astype(np.float32)
    whole = measure(losses)
    pieces = Measuring(9, 50)
    for first, last in ((0, 1), (1, 30), (30, 50)):
        pieces.add(losses[first:last])
    assert np.array_equal(pieces.found(), whole)
    assert np.array_equal(measure(losses[:, ::-1]), whole[::-1])


def test_a_training_has_diverged_where_its_loss_is_too_large_or_none() -> None:
    assert diverged_at([1.0, 2.0]) is None
    assert diverged_at([1.0, 2 * LARGEST, 1.0]) == 1
    assert diverged_at([1.0, 0.5, math.inf]) == 2
    assert diverged_at([math.nan, 1.0]) == 0


def test_colours_grow_lighter_and_the_two_kinds_stay_apart() -> None:
    def grey(colors: Any) -> Any:
        return colors @ np.array([0.2126, 0.7152, 0.0722])

    blue, red = converged_colors(), diverged_colors()
    for colors in (blue, red):
        assert (np.diff(grey(colors)) > -1e-4).all()
    assert (blue[50:, 2] > blue[50:, 0] + 0.05).all()
    assert (red[50:, 0] > red[50:, 2] + 0.05).all()


def test_tones_are_ranks_of_each_kind() -> None:
    found = np.concatenate([-np.arange(1.0, 12), [2.0] * 5, np.arange(3.0, 9)])
    tones = Tones.of(100, found)
    assert tones.of_converged(np.array([-11.0, -6.0, -1.0])) == pytest.approx([0, 0.5, 1])
    assert tones.of_diverged(np.array([2.0, 8.0, 99.0])) == pytest.approx([0.2, 1, 1])
    few = Tones.of(100, found[:3])
    assert few.of_diverged(np.array([1.0, 100.0])) == pytest.approx([0, 1])
    assert few.of_converged(np.array([-100.0, -0.0001])) == pytest.approx([0, 1], abs=1e-2)


def test_places_without_values_are_grey() -> None:
    picture = colored(np.array([[np.nan, -1.0, 1.0]]), Tones(10))
    assert np.ptp(picture[0, 0]) < 0.03
    assert np.ptp(picture[0, 1:], axis=1).min() > 0.05


# A pixel is a training by Trainer.


def losses_of(preset: Preset, steps: int) -> Float32:
    """The losses before each step of a training that does one after the other."""
    trainer, found = Trainer(preset), np.full(steps, np.inf, np.float32)
    stepper = trainer._stepper
    assert isinstance(stepper, NativeSteps)
    for step in range(steps):
        try:
            trainer.step()
        except DivergedError:
            break
        found[step] = stepper.loss
    return found


KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "rates of layers": ("first_rate", "last_rate", {}),
    "rates of layers, swapped": ("last_rate", "first_rate", {}),
    "three layers": ("first_rate", "last_rate", {"network.depth": 3, "train.layer_rates": (1, 2)}),
    "rate and weights": ("weight_scale", "rate", {"train.layer_rates": (20.0, 1.0)}),
    "weights and biases": (
        "bias_scale",
        "weight_scale",
        {"train.rate": 3.0, "network.bias_scale": 0.5},
    ),
    "weights alone": ("weight_scale", "first_rate", {}),  # biases have the same scale
    "one layer": ("last_rate", "first_rate", {"network.depth": 1, "train.rate": 0.1}),
    "one hyperparameter": ("rate", "rate", {}),
    "no momentum": ("momentum", "first_rate", {}),
    "momentum": ("momentum", "rate", {"train.optimizer": "nesterov", "train.biases": False}),
}


@needs_native
@pytest.mark.parametrize("zoom", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("kind", KINDS)
def test_a_pixel_is_a_training_by_trainer_to_the_bit(kind: str, zoom: float) -> None:
    across, up, keys = KINDS[kind]
    keys = {**keys, "trainability.across": across, "trainability.up": up}
    preset = PRESET.replace(
        **keys, **{"view.center": (0.9, 0.1), "view.extent": max(1e-6, 0.7 / zoom)}
    )
    plane = Plane.of(preset)
    x, y = coordinates(scene_of(preset), Region.of((6, 4)))
    found = at_once(measures_of(plane, by_processor(), x, y))
    for row, column_ in ((0, 0), (1, 5), (2, 2), (3, 4)):
        pixel = plane.pixel(float(x[column_]), float(y[row]))
        assert pixel is not None
        alone = measure(losses_of(pixel, plane.options.train_steps)[:, None])
        assert found[row, column_] == alone[0]


@needs_native
def test_both_kinds_are_among_them_and_trainings_are_shared_where_float32_ends() -> None:
    plane = Plane.of(PRESET)
    x, y = coordinates(scene_of(PRESET), Region.of((24, 16)))
    found = at_once(measures_of(plane, by_processor(), x, y))
    assert (found < 0).any()
    assert (found > 0).any()
    deep = PRESET.replace(extent=1e-6)
    x, y = coordinates(scene_of(deep), Region.of((800, 800)).cut(0, 0, 800, 4))
    assert len(set(plane.axes[0].values(x).tolist())) < 200
    again = at_once(measures_of(plane, by_processor(), x[:40], y))
    assert np.array_equal(again, at_once(measures_of(plane, by_processor(), x, y))[:, :40])


@needs_native
def test_parts_samples_and_resolutions_are_those_of_one_picture() -> None:
    scene, size = scene_of(PRESET), (45, 28)
    whole = at_once(VIEW.paint_region(scene, NATIVE, Region.of(size)))
    part = Region.of(size).cut(11, 5, 20, 17)
    assert np.array_equal(at_once(VIEW.paint_region(scene, NATIVE, part)), whole[5:22, 11:31])
    fine = at_once(VIEW.paint_region(scene, NATIVE, Region.of((90, 56), shape=size)))
    means = fine.reshape(28, 2, 45, 2, 3).mean(axis=(1, 3))
    sampled = at_once(VIEW.paint_region(scene, NATIVE, Region.of(size, 2)))
    assert sampled == pytest.approx(means, abs=1e-6)


def test_the_grid_of_tones_has_the_picture_s_shape() -> None:
    assert grid_of((1920, 1080)) == (64, 36)
    assert grid_of((1080, 1920)) == (36, 64)
    assert grid_of((1, 4000)) == (36, 144)


def test_beyond_the_values_there_is_nothing() -> None:
    far = PRESET.replace(center=[400.0, 0.0])
    plane = Plane.of(far)
    assert plane.pixel(400.0, 0.0) is None
    picture = at_once(VIEW.paint_region(scene_of(far), NATIVE, Region.of((8, 4))))
    assert np.ptp(picture.reshape(-1, 3), axis=0).max() == 0
    assert VIEW.hit(scene_of(far), (640, 360), (320, 100)) is None


def test_the_legend_says_where_float32_ends() -> None:
    for extent, ends in ((1.0, False), (1e-4, False), (1e-6, True)):
        assert bool(float32_note(scene_of(PRESET.replace(extent=extent)), (640, 360))) == ends
    note = float32_note(scene_of(PRESET.replace(extent=1e-6)), (640, 360))
    across = AXES["first_rate"].spacing(1.2) / (2e-6 / 360)
    assert note == f"float32 ends here: {round(across)} × 9 pixels are one training"


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (320, 180), (300, 700), (64, 36)])
@pytest.mark.parametrize("extent", [3.0, 0.1, 1e-6])
def test_words_of_a_part_are_a_cut(size: tuple[int, int], extent: float) -> None:
    scene = scene_of(PRESET.replace(extent=extent))
    whole = VIEW.overlay(scene, size)
    if whole is None:
        assert size == (64, 36)
        return
    assert whole.shape == (size[1], size[0], 4)
    left, top, right, bottom = size[0] // 3, size[1] // 4, size[0], size[1]
    part = VIEW.overlay_of(scene, size, (left, top, right, bottom))
    assert part is not None
    assert np.array_equal(part, whole[top:, left:])
    frame = frame_of(scene, size)
    assert frame.panel[0] >= 0
    assert frame.panel[2] <= size[0]
    assert len(frame.across) >= 2
    assert len({tick.words for tick in frame.up}) == len(frame.up) >= 2


@needs_native
def test_pointing_says_how_a_training_went_and_a_click_opens_it() -> None:
    scene, size = scene_of(PRESET), (640, 360)
    said = [VIEW.hit(scene, size, (x, 120)) for x in (100, 400)]
    said += [VIEW.hit(scene, size, (100, 300)), VIEW.hit(scene, size, (2, 2))]
    assert said[-1] is None  # on the axis
    words = [hit.words for hit in said[:-1] if hit is not None]
    assert all(one.startswith("learning rate of layer 1 ") for one in words)
    assert "diverged at step" in words[1]
    assert "converged, loss" in words[2]
    hit = said[2]
    assert hit is not None
    assert hit.opens is not None
    assert (hit.opens.show.view, hit.opens.train.steps) == ("learning", 40)
    assert (
        hit.opens.train.layer_rates
        == Plane.of(PRESET)
        .pixel(1.2 + (100.5 - 320.5) / 180, (179.5 - 299.5) / 180)
        .train.layer_rates
    )  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"train.data": ""}, "choose data"),
        ({"train.dropout": 0.5}, "dropout"),
    ],
)
def test_what_it_cannot_show(keys: dict[str, Any], why: str) -> None:
    assert why in VIEW.unfit(PRESET.replace(**keys))
    assert VIEW.unfit(PRESET) == ""


@pytest.mark.parametrize(
    "name",
    ["tanh", "relu", "minibatch", "one-datum", "linear", "momentum", "scale", "deep", "deepest"],
)
def test_shipped_maps_show_both_kinds(name: str) -> None:
    preset = load_preset(f"boundary-{name}")
    assert VIEW.unfit(preset) == ""
    plane = Plane.of(preset)
    x, y = coordinates(scene_of(preset), Region.of((48, 27)))
    found = at_once(measures_of(plane, by_processor(), x, y))
    assert (found < 0).mean() > 0.02
    assert (found > 0).mean() > 0.02
