"""The painting view: the network's pane is its picture, the original's has the data's pixels."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from windowless import windowless

from cppn_gl.engines.base import Region
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.library import load_preset, shipped
from cppn_gl.preset.preset import Preset, Viewport
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.views import view_of
from cppn_gl.views.lettering import GROUND
from cppn_gl.views.painting import _interpolated, decibels, error, panes, sampled, words_of

SIZE = (120, 60)
PIXELS = np.random.default_rng(3).integers(0, 256, (6, 9, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("pictures")
    Image.fromarray(PIXELS).save(folder / "noise.png")
    shape = np.full((24, 24), 255, np.uint8)
    shape[6:18, 9:15] = 0
    Image.fromarray(shape).save(folder / "shape.png")
    return folder


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer("native") as shared:
        yield shared


def painting(folder: Path, data: str = "noise.png", **changes: object) -> Preset:
    """An untrained network that is to learn a picture."""
    keys = {"train.data": str(folder / data), "show.view": "painting", "network.depth": 3}
    return Preset().replace(**keys, **changes)


def pane(picture: np.ndarray, preset: Preset, number: int) -> np.ndarray:
    left, top, right, bottom = panes(preset, picture.shape[1::-1])[number].box
    return picture[top:bottom, left:right]


def test_it_needs_a_picture_that_is_learned(folder: Path) -> None:
    view = view_of(painting(folder))
    assert "[train] data" in view.problem(Preset())
    assert "picture" in view.problem(Preset().replace(**{"train.data": "circle"}))
    assert view.problem(painting(folder)) == ""
    assert "no picture" in view.problem(painting(folder, "missing.png"))


def test_the_pane_of_the_network_is_its_picture(folder: Path, renderer: Renderer) -> None:
    preset = painting(folder)
    whole = renderer.render(preset, SIZE, dtype="float32", overlay=False)
    shown = pane(whole, preset, 0)
    plain = preset.replace(**{"show.view": "picture"})
    assert np.array_equal(shown, renderer.render(plain, shown.shape[1::-1], dtype="float32"))
    alone = preset.replace(**{"painting.panes": "network"})
    assert np.array_equal(
        renderer.render(alone, SIZE, dtype="float32", overlay=False),
        renderer.render(plain, SIZE, dtype="float32"),
    )


def test_the_original_has_its_own_pixels_at_any_zoom(folder: Path, renderer: Renderer) -> None:
    preset = painting(folder, **{"painting.panes": "original"})
    same = renderer.render(preset, (9, 6), dtype="float32", overlay=False)
    assert np.abs(same * 255 - PIXELS).max() < 1e-3
    large = renderer.render(preset, (90, 60), dtype="float32", overlay=False)
    assert np.abs(large - np.kron(same, np.ones((10, 10, 1)))).max() < 1e-6
    closer = preset.replace(center=[0, 1 / 6], extent=1 / 30)  # in the middle of a pixel
    assert np.ptp(renderer.render(closer, (40, 20), overlay=False), axis=(0, 1)).max() == 0
    deep = preset.replace(center=[0, 1 / 6], extent=1e-6)
    assert np.abs(renderer.render(deep, (8, 8), overlay=False) - PIXELS[2, 4]).max() == 0
    small = renderer.render(preset, (3, 2), dtype="float32", overlay=False)
    means = PIXELS.reshape(2, 3, 3, 3, 3).mean(axis=(1, 3)) / 255
    assert np.abs(small - means).max() < 1e-5


def test_outside_the_original_is_the_ground(folder: Path, renderer: Renderer) -> None:
    preset = painting(folder, extent=3.0, **{"painting.panes": "original"})
    shown = renderer.render(preset, (60, 60), overlay=False)
    assert (shown[:15] == GROUND).all()
    assert (shown[:, :10] == GROUND).all()
    preset = preset.replace(center=[100, 100])
    assert (renderer.render(preset, (30, 30), overlay=False) == GROUND).all()


def test_means_keep_the_sum_of_the_pixels(folder: Path) -> None:
    dataset = painting(folder).dataset
    assert dataset.picture is not None
    view = Viewport(center=(0.3, -0.2), extent=2.7)
    found, cover = sampled(dataset.picture, dataset, view, Region.of((53, 31)))
    unit = (2 * 2.7 / 31) ** 2 / (2 / 6) ** 2  # pixels of the picture in one of the region
    assert found.sum() * unit == pytest.approx(dataset.picture.sum(), rel=1e-4)
    assert cover.sum() * unit == pytest.approx(54, rel=1e-4)
    part, _ = sampled(dataset.picture, dataset, view, Region.of((53, 31)).cut(20, 9, 11, 7))
    assert np.array_equal(part, found[9:16, 20:31])


@pytest.mark.parametrize("show", ["beside", "network", "original", "difference"])
def test_a_part_is_that_of_the_whole(folder: Path, renderer: Renderer, show: str) -> None:
    preset = painting(folder, **{"painting.panes": show})
    whole = renderer.render(preset, SIZE)
    part = renderer.render(preset, SIZE, part=(31, 7, 43, 40))
    assert np.array_equal(part, whole[7:47, 31:74])
    assert whole.std() > 5


def constant(preset: Preset, value: float) -> Scene:
    """A scene whose network is `value` everywhere."""
    scene = scene_of(preset)
    last = scene.network.layers[-1]
    start = np.log(value / (1 - value)) if last.activation == "sigmoid" else value
    bias = np.full(len(last.bias), start, np.float32)
    flat = dataclasses.replace(last, weight=np.zeros_like(last.weight), bias=bias)
    network = type(scene.network)((*scene.network.layers[:-1], flat), scene.network.inputs)
    return dataclasses.replace(scene, network=network)


def test_the_error_is_over_all_pixels(folder: Path) -> None:
    scene = constant(painting(folder), 0.25)
    exact = np.square(PIXELS / 255 - 0.25).mean()
    assert error(scene) == pytest.approx(exact, rel=1e-5)
    assert decibels(0.001) == pytest.approx(30)
    assert words_of(scene, "network")[0].endswith(f"{decibels(exact):.1f} dB")


def test_the_error_of_a_large_picture_is_that_of_some_rows(folder: Path) -> None:
    rows = np.linspace(0, 255, 300).astype(np.uint8)
    Image.fromarray(np.repeat(rows[:, None], 300, axis=1)).save(folder / "large.png")
    exact = np.square(rows / 255 - 0.5).mean()
    assert error(constant(painting(folder, "large.png"), 0.5)) == pytest.approx(exact, rel=0.02)


def test_a_difference_is_dark_where_there_is_none(folder: Path, renderer: Renderer) -> None:
    Image.new("RGB", (8, 8), (51, 51, 51)).save(folder / "flat.png")
    preset = painting(folder, "flat.png", **{"painting.panes": "difference"})
    view, engine = view_of(preset), renderer._engine(preset.network())
    for value, expected in ((0.2, 0.0), (0.3, 0.3), (0.1, 0.3)):
        steps = view.paint_region(constant(preset, value), engine, Region.of((20, 20)))
        shown = _result(steps)
        assert np.abs(shown - expected).max() < 1e-5


def _result(steps: object) -> np.ndarray:
    from cppn_gl.utils.tasks import at_once

    return np.asarray(at_once(steps))  # type: ignore[arg-type]


def test_a_distance_field_is_compared_with_its_shape(folder: Path, renderer: Renderer) -> None:
    preset = painting(folder, "shape.png", **{"train.target": "distance", "extent": 1.0})
    whole = renderer.render(preset, SIZE, overlay=False)
    shape = pane(whole, preset, 1)
    middle = shape[shape.shape[0] // 2, shape.shape[1] // 2]
    assert middle.max() < 60
    assert shape[2, 2].min() > 200
    scene = constant(preset, 0.0)
    assert preset.dataset.picture is not None
    off = np.sqrt(np.square(preset.dataset.picture).mean()) * 12
    assert f"off by {off:.2f} pixels" in words_of(scene, "network")[0]


def test_words_and_frame_lie_over_it(folder: Path) -> None:
    preset = painting(folder, extent=1.5)
    view, scene = view_of(preset), scene_of(preset)
    words = view.overlay(scene, (640, 360))
    assert words is not None
    assert words.shape == (360, 640, 4)
    assert (words[..., 3] > 0).any()
    for box in (pane.box for pane in panes(preset, (640, 360))):
        left, top, right, _ = box
        assert words[:top, left:right, 3].any()  # a caption above each
    tiny = view.overlay(scene, (64, 36))
    assert tiny is not None


def test_a_place_is_told(folder: Path) -> None:
    preset = painting(folder)
    view, scene = view_of(preset), scene_of(preset)
    for number, pane_ in enumerate(panes(preset, SIZE)):
        left, top, right, bottom = pane_.box
        at = (left + right) / 2, (top + bottom) / 2
        point = view.point(scene, SIZE, at)
        assert point is not None
        assert abs(point.x) < 0.05, number
        hit = view.hit(scene, SIZE, at)
        assert hit is not None
        assert "pixel" in hit.words
    assert view.point(scene, SIZE, (60, 1)) is None


@pytest.mark.gl
def test_opengl_draws_the_same(folder: Path, renderer: Renderer) -> None:
    with windowless() as other:
        for show in ("beside", "difference"):
            preset = painting(folder, **{"painting.panes": show})
            found = other.render(preset, SIZE, dtype="float32", samples=2)
            expected = renderer.render(preset, SIZE, dtype="float32", samples=2)
            assert np.abs(found - expected).max() < 2e-3
        assert other.ctx is not None
        assert other.ctx.error == "GL_NO_ERROR"


def test_samples_as_needed_are_near_to_many(folder: Path, renderer: Renderer) -> None:
    preset = painting(folder)
    auto = renderer.render(preset, SIZE, dtype="float32", samples="auto")
    assert np.abs(auto - renderer.render(preset, SIZE, dtype="float32", samples=4)).mean() < 2e-3


def test_a_field_between_pixels_is_linear(folder: Path) -> None:
    dataset = painting(folder, "shape.png", **{"train.target": "distance"}).dataset
    y, x = np.mgrid[23:-24:-2, -23:24:2] / 24  # the pixels' centres
    plane = (0.3 * x - 0.7 * y + 0.1)[..., None].astype(np.float32)
    view, region = Viewport(center=(0.1, 0.2), extent=0.5), Region.of((31, 20)).cut(3, 2, 20, 11)
    found = _interpolated(plane, dataset, view, region)
    scale = 2 * 0.5 / 20
    across = 0.1 + (3 + 0.5 + np.arange(20) - 15.5) * scale
    up = 0.2 - (2 + 0.5 + np.arange(11) - 10) * scale
    expected = 0.3 * across[None, :] - 0.7 * up[:, None] + 0.1
    assert np.abs(found[..., 0] - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lighthouse-raw", "20.1 dB"),
        ("lighthouse", "35.8 dB"),
        ("chelsea", "33.2 dB"),
        ("anchor", "off by 0.22 pixels"),
    ],
)
def test_a_shipped_painting_opens_trained_and_is_as_good_as_it_says(name: str, told: str) -> None:
    preset = load_preset(name)
    assert preset.checkpoint is not None  # it belongs to this network, data and settings
    assert preset.run.step >= preset.train.steps > 0
    assert any(told in words for words in words_of(scene_of(preset), "network"))
    assert told in preset.description or name == "anchor"
    assert shipped()[name].with_suffix(".safetensors").stat().st_size <= 200_000
