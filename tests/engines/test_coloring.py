"""Coloured pictures by every engine: independent of tiles, resolution and engine."""

from typing import Any

import numpy as np
import pytest
from census import Census
from rows import EACH, EXACT, FRAGMENT, NAMES, NUMPY
from truth import MAGENTA, double_outputs, reference
from windowless import windowless

from cppn_gl.engines import coloring
from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.geometry import sample_jitters
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.engines.stretch import value_range
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.output.renderer import Renderer
from cppn_gl.preset.color import MAPPINGS, colored, printed
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.utils.alpha import over, visible
from cppn_gl.utils.quantising import dithered, sixteen_bits
from cppn_gl.utils.tasks import within
from cppn_gl.viewer import canvas as canvases
from cppn_gl.viewer.engine_selector import Pick
from cppn_gl.views.picture import SAMPLES

SIZE = (37, 21)
PRESET = Preset().replace(depth=3, width=5, inputs=["x", "y", "r"], center=[0.3, 0.1], seed=1)
COLORS = [
    {"mapping": "rgb", "stretch": "percentile"},
    {"mapping": "rgb", "invert": True},
    {"mapping": "diverging", "stretch": "minmax"},
    {"mapping": "oklch"},
    {"mapping": "plates", "stretch": "percentile"},
    {"palette": ["#102040", "#c04010", "#f0e0c0"], "inks": 3, "stretch": "minmax"},
]
WHOLE = Region.of(SIZE)
each = pytest.mark.parametrize("engine", EACH)
in_colors = pytest.mark.parametrize("color", COLORS, ids=str)


def expected(preset: Preset, samples: int = 1, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The expected picture, from the float64 reference, sample by sample, coloured by NumPy."""
    ends = value_range(scene_of(preset), size)
    total = np.zeros((size[1], size[0], 3))
    for right, down in sample_jitters(samples):
        values = reference(preset, size, shift=(0.5 + right, 0.5 + down)).astype(np.float32)
        if preset.color.levels:
            total += printed(values, preset.color, ends, samples)
        else:
            total += colored(values.reshape(-1, 3), preset.color, ends).reshape(total.shape)
    return total / samples**2


def finished(drawing: Any, budget: float = 0.25) -> np.ndarray:
    steps = 0
    while not drawing.step(within(budget)):
        steps += 1
        assert steps < 5000
    picture: np.ndarray = drawing.planes.read()
    drawing.planes.release()
    return picture


def drawn(renderer: Renderer, engine: Engine, scene: Scene, **keys: Any) -> np.ndarray:
    budget, region = keys.pop("budget", 0.25), Region.of(SIZE, keys.pop("samples", 1))
    return finished(begun(renderer, engine, scene, keys.pop("region", region)), budget)


def begun(renderer: Renderer, engine: Engine, scene: Scene, region: Region = WHOLE) -> Any:
    """A drawing by an engine, with its planes."""
    planes = Planes(renderer.ctx, region.part, scene.network.channels)
    drawing: Any = coloring.begin(renderer.painter, planes, scene, engine, region)
    drawing.planes = planes
    return drawing


def slow(renderer: Renderer) -> None:
    """Set rates so low that each tile has the minimum size."""
    renderer.painter._rates.clear()
    renderer.painter._last = dict.fromkeys(EXACT, 1.0)


@pytest.mark.gl
@each
@in_colors
@pytest.mark.parametrize("samples", [1, 2])
def test_every_engine_draws_the_references_colours(
    renderer: Renderer, engine: Engine, color: dict[str, Any], samples: int
) -> None:
    preset = PRESET.replace(**color)
    picture = drawn(renderer, engine, scene_of(preset), samples=samples)
    assert np.abs(picture - expected(preset, samples)).max() < 2e-4


@pytest.mark.gl
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("name", MAPPINGS)
def test_every_mapping_of_one_and_of_three_outputs(
    renderer: Renderer, name: str, outputs: int
) -> None:
    preset = PRESET.replace(mapping=name, outputs=outputs, output_activation="tanh")
    for stretch in ("none", "minmax", "percentile"):
        there = preset.replace(stretch=stretch)
        picture = np.clip(drawn(renderer, FRAGMENT, scene_of(there)), 0, 1)
        assert np.abs(picture - expected(there)).max() < 5e-4, stretch
        cpu = np.clip(drawn(renderer, NUMPY, scene_of(there)), 0, 1)
        assert np.abs(picture - cpu).max() < 1 / 255, stretch


@pytest.mark.gl
@each
@pytest.mark.parametrize("samples", [1, 2])
def test_tiles_do_not_show(renderer: Renderer, engine: Engine, samples: int) -> None:
    scene = scene_of(PRESET.replace(mapping="inferno", stretch="percentile"))
    whole = drawn(renderer, engine, scene, samples=samples)
    slow(renderer)
    part = drawn(renderer, engine, scene, samples=samples, budget=0.0)
    assert whole.tobytes() == part.tobytes()


@pytest.mark.gl
@pytest.mark.parametrize("samples", [1, 2])
def test_a_part_is_cut_from_the_whole(samples: int) -> None:
    for keys in ({"mapping": "cyclic"}, {"mapping": "sunset", "inks": 4}, {"mapping": "plates"}):
        preset = PRESET.replace(stretch="minmax", **keys)
        for engine in ("fragment", "numpy", "native"):
            with Renderer(engine) as one:
                whole = one.render(preset, SIZE, samples=samples, dtype="float32")
                for left, top, right, low in ((7, 5, 27, 14), (0, 0, 37, 9), (30, 20, 37, 21)):
                    box = left, top, right - left, low - top
                    part = one.render(preset, SIZE, samples=samples, dtype="float32", part=box)
                    assert np.abs(whole[top:low, left:right] - part).max() < 1e-5


@pytest.mark.gl
def test_a_coarse_picture_has_the_range_of_the_fine_one(renderer: Renderer) -> None:
    scene = scene_of(PRESET.replace(mapping="magma", stretch="percentile"))
    coarse = drawn(renderer, FRAGMENT, scene, region=Region.of((5, 3), shape=SIZE))
    ends = value_range(scene, SIZE)
    values = reference(PRESET, (5, 3)).reshape(-1, 3).astype(np.float32)
    assert np.abs(coarse.reshape(-1, 3) - colored(values, scene.preset.color, ends)).max() < 2e-4


@pytest.mark.gl
@each
def test_two_drawings_by_turns_do_not_disturb_each_other(
    renderer: Renderer, engine: Engine
) -> None:
    names = ["viridis", "hsv", "rgb"]
    scenes = [scene_of(PRESET.replace(mapping=n, seed=k)) for k, n in enumerate(names)]
    alone = [drawn(renderer, engine, scene, region=Region.of(SIZE, 2)) for scene in scenes]
    slow(renderer)
    drawings = [begun(renderer, engine, scene, Region.of(SIZE, 2)) for scene in scenes]
    while not all(drawing.done for drawing in drawings):
        for drawing in drawings:
            drawing.step(0.0)
    for drawing, picture in zip(drawings, alone, strict=True):
        assert finished(drawing).tobytes() == picture.tobytes()


@pytest.mark.gl
def test_plain_colours_take_the_direct_way(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(renderer, FRAGMENT, scene_of(PRESET))
    counted = Census(monkeypatch)
    begun(renderer, FRAGMENT, scene_of(PRESET)).planes.release()
    assert counted.alive() == {}


@pytest.mark.gl
def test_nothing_is_left_of_a_drawing_that_ends_or_is_dropped(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(PRESET.replace(mapping="grey"))
    drawn(renderer, FRAGMENT, scene)  # fills the caches
    counted = Census(monkeypatch)
    drawn(renderer, FRAGMENT, scene, region=Region.of(SIZE, 2))
    assert counted.alive() == {}
    drawing = begun(renderer, FRAGMENT, scene, Region.of(SIZE, 2))
    drawing.step(0.0)
    drawing.planes.release()
    drawing.release()
    drawn(renderer, FRAGMENT, scene)
    assert counted.alive() == {}


@pytest.mark.gl
@pytest.mark.parametrize("engine", ["fragment", "numpy"])
@pytest.mark.parametrize("color", [{"mapping": "viridis"}, {"mapping": "lab", "invert": True}])
def test_what_is_no_number_is_magenta(engine: str, color: dict[str, Any]) -> None:
    preset = PRESET.replace(
        depth=40, width=20, activation="relu", init="normal", weight_scale=300, **color
    )
    preset = preset.replace(output_activation="identity", stretch="percentile")
    with Renderer(engine) as one:
        picture = one.render(preset, SIZE, dtype="float32")
    bad = (np.abs(reference(preset, SIZE)) > 1e39).any(axis=-1)
    assert bad.mean() > 0.5
    assert (picture[bad] == MAGENTA).all()


@pytest.mark.parametrize("engine", NAMES)
@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_finite_outputs_of_that_colour_are_mapped(engine: str, activation: str) -> None:
    # Exactly 1, 0 and 1, by saturation or by the sums themselves.
    end = 200.0 if activation == "sigmoid" else 1.0
    bias = [end, -end if activation == "sigmoid" else 0.0, end]
    layer = Layer(np.zeros((3, 2)), np.array(bias), activation)
    hidden = Layer(np.zeros((2, 2)), np.zeros(2), "tanh")
    preset = Preset(spec=Layers((hidden, layer))).replace(mapping="viridis")
    with Renderer(engine) as one:
        picture = one.render(preset, SIZE, dtype="float32")
    values = np.array([[1, 1e-30, 1]], np.float32)
    right = colored(values, preset.color, value_range(scene_of(preset), SIZE))
    assert picture[5, 5] == pytest.approx(right[0], abs=2e-3)
    assert not (picture == MAGENTA).all(axis=-1).any()


class Engines:
    """The engine selector that the window's canvas uses."""

    pending = False

    def __init__(self, renderer: Renderer):
        self.painter = renderer.painter

    def pick(self, of: Scene, samples: int = 1, *, rest: bool = False) -> Pick:
        return Pick(FRAGMENT)


@pytest.mark.gl
@in_colors
def test_the_window_shows_them_coarse_fine_and_with_all_samples(
    color: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    preset, size = PRESET.replace(**color), (90, 50)
    monkeypatch.setattr(canvases, "PATIENCE", 0.0)
    with windowless("fragment") as window:
        wanted = [window.render(preset, size), window.render(preset, size, samples=SAMPLES)]
        engines: Any = Engines(window)
        canvas = canvases.Canvas(window.ctx, engines, 16384)
        slow(window)
        canvas.want(scene_of(preset), size)
        scales = []
        while not canvas.finished:
            if canvas.advance(0.0, still=False):
                scales.append(canvas.scale)
        assert scales[0] > scales[-1] == 1
        assert np.array_equal(window.presenter.read(canvas.front), wanted[0])
        while canvas.samples < SAMPLES:
            canvas.advance(0.25)
        assert np.array_equal(window.presenter.read(canvas.front), wanted[1])
        canvas.release()


@in_colors
def test_without_opengl_it_is_the_same_picture(color: dict[str, Any]) -> None:
    preset = PRESET.replace(**color)
    with Renderer("numpy") as one:
        for samples in (1, 2):
            picture = one.render(preset, SIZE, samples=samples, dtype="float32")
            assert np.abs(picture - expected(preset, samples)).max() < 2e-4
        plain = one.render(PRESET.replace(output_activation="identity"), SIZE, dtype="float32")
    assert plain.max() > 1 or plain.min() < 0  # not clamped


@pytest.mark.parametrize(
    "engine", ["native", "numpy", pytest.param("fragment", marks=pytest.mark.gl)]
)
def test_flat_inks_are_not_dithered_and_are_exactly_those_asked_for(engine: str) -> None:
    own = ["#102040", "#c04010", "#f0e0c0"]
    poster = PRESET.replace(palette=own, inks=3, stretch="percentile", dither=True)
    with Renderer(engine) as one:
        picture = one.render(poster, SIZE)
        assert np.array_equal(picture, one.render(poster.replace(dither=False), SIZE))
        larger = one.render(poster, (SIZE[0] * 5, SIZE[1] * 5))
    inks = np.array([list(bytes.fromhex(color[1:])) for color in own])
    shares = []
    for pixels in (picture, larger):
        same = (pixels[:, :, None] == inks).all(axis=-1)
        assert same.any(axis=(0, 1)).all()
        shares.append(same.any(axis=-1).mean())
    assert shares[0] > 0.6
    assert shares[1] > 0.9  # edges are as wide as a pixel at every size


# Alpha

CLEAR = PRESET.replace(outputs=4, weight_scale=2.0, extent=3.0, seed=3)
NETWORKS = {
    "sigmoid": CLEAR,
    "tanh": CLEAR.replace(output_activation="tanh"),
    "identity": CLEAR.replace(output_activation="identity", weight_scale=0.8),
    "depth 1": CLEAR.replace(depth=1, weight_scale=0.7),
    "wide": CLEAR.replace(width=80, init="glorot_normal"),
}


def transparent(preset: Preset, samples: int = 1, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Premultiplied colour and alpha from the float64 reference: the mean of the samples'."""
    low, high = {"tanh": (-1, 1)}.get(preset.spec.output_activation, (0, 1))
    ends = value_range(scene_of(preset), size)
    total = np.zeros((size[1], size[0], 4))
    for right, down in sample_jitters(samples):
        values = pixel_outputs(preset, size, (0.5 + right, 0.5 + down)).astype(np.float32)
        if preset.color.levels:
            shown = printed(values[..., :3], preset.color, ends, samples)
        else:
            shown = colored(values[..., :3].reshape(-1, 3), preset.color, ends)
        shown = np.clip(shown.reshape(size[1], size[0], 3), 0, 1)
        alpha = np.clip((values[..., 3:] - low) / (high - low), 0, 1)
        total += np.concatenate([shown * alpha, alpha], axis=-1)
    return total / samples**2


def pixel_outputs(preset: Preset, size: tuple[int, int], shift: tuple[float, float]) -> np.ndarray:
    return double_outputs(preset, size, 0.0, shift).reshape(size[1], size[0], -1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_fourth_output_is_alpha(
    compute_shaders: None, name: str, network: str, samples: int
) -> None:
    preset = NETWORKS[network]
    with Renderer(name) as one:
        if one.engine_for(preset).engine != name:
            return  # it does not draw such networks
        drawn = one.render(preset, SIZE, samples=samples, dtype="float32")
    assert drawn.shape == (SIZE[1], SIZE[0], 4)
    assert np.ptp(drawn[..., 3]) > 0.4
    assert np.abs(visible(np.clip(drawn, 0, 1)) - transparent(preset, samples)).max() < 5e-5


@pytest.mark.parametrize("engine", [FRAGMENT, NUMPY], ids=str)
@in_colors
@pytest.mark.parametrize("samples", [1, 2])
def test_mappings_colour_three_outputs_and_leave_alpha(
    renderer: Renderer, engine: Engine, color: dict[str, Any], samples: int
) -> None:
    preset = CLEAR.replace(**color)
    found = drawn(renderer, engine, scene_of(preset), samples=samples)
    wanted = transparent(preset, samples)
    error = np.abs(visible(found) - wanted)
    assert np.abs(found[..., 3] - wanted[..., 3]).max() < 2e-5
    assert np.quantile(error, 0.995) < 2e-4  # flat inks have edges


@pytest.mark.parametrize("name", ["native", "numpy", "fragment", "compute-4", "tiled", "baked"])
def test_what_is_not_finite_is_opaque_magenta(compute_shaders: None, name: str) -> None:
    """Also if alpha alone is not finite, and in a mean of samples."""
    rows = np.array([[0.2, 0.1], [0.3, 0.1], [0.1, 0.4], [9e29, 0.0]], np.float32)
    hidden = Layer(9e29 * np.eye(2, dtype=np.float32), np.zeros(2, np.float32), "relu")
    last = Layer(rows, np.zeros(4, np.float32), "identity")
    broken = Preset(spec=Layers((hidden, last)))
    finite = Preset(spec=Layers((hidden, Layer(rows[:3], np.zeros(3, np.float32), "identity"))))
    with Renderer(name) as one:
        drawn = one.render(broken.replace(extent=1e6), SIZE, dtype="float32")
        twice = one.render(broken.replace(extent=1e6), SIZE, samples=2)
        assert one.render(finite, SIZE).shape[2] == 3
    marked = np.isinf(drawn).any(axis=-1) | (drawn[..., 0] == 1) & (drawn[..., 2] == 1)
    assert marked.any()
    assert (drawn[marked] == [*MAGENTA, 1]).all()
    assert np.isfinite(drawn).all()
    assert (twice == [255, 0, 255, 255]).all(axis=-1).any()


@pytest.mark.parametrize("name", ["native", "numpy", "fragment", "compute-4"])
def test_adaptive_samples_smooth_alpha(compute_shaders: None, name: str) -> None:
    """Where only alpha has an edge; where it is transparent, colours need no samples."""
    edge = np.array([[0, 0], [0, 0], [0, 0], [400, 90]], np.float32)
    stripes = np.array([[0, 400], [0, 0], [0, 0], [0, 0]], np.float32)
    bias = np.zeros(4, np.float32)
    with Renderer(name) as one:
        drawn = one.render(
            Preset(spec=Layers((Layer(edge, bias, "sigmoid"),))), SIZE, samples="auto"
        )
        levels = np.unique(drawn[..., 3])
        assert len(levels) > 8  # not only transparent and opaque
        hidden = Layer(stripes, np.array([0, 0, 0, -200], np.float32), "sigmoid")
        preset = Preset(spec=Layers((hidden,)))
        once = one.render(preset, SIZE, dtype="float32")
        auto = one.render(preset, SIZE, samples="auto", dtype="float32")
    assert np.array_equal(np.clip(once, 0, 1), auto)


@pytest.mark.parametrize("name", ["native", "numpy", "fragment"])
def test_pictures_with_alpha_are_the_same_in_parts_and_types(name: str) -> None:
    preset = CLEAR.replace(dither=True)
    with Renderer(name) as one:
        exact = one.render(preset, SIZE, samples=2, dtype="float32")
        eight = one.render(preset, SIZE, samples=2)
        part = one.render(preset, SIZE, samples=2, part=(5, 3, 20, 11))
        begun = one.begin(preset, SIZE, samples=2).pixels()
        sixteen = one.render(preset, SIZE, samples=2, dtype="uint16")
        auto = one.render(preset, SIZE, samples="auto")
        auto_part = one.render(preset, SIZE, samples="auto", part=(5, 3, 20, 11))
    assert np.array_equal(eight, dithered(exact))
    assert np.array_equal(part, eight[3:14, 5:25])
    assert np.array_equal(begun, eight)
    assert np.array_equal(sixteen, sixteen_bits(exact))
    assert np.array_equal(auto_part, auto[3:14, 5:25])
    assert over(eight).shape == (SIZE[1], SIZE[0], 3)
