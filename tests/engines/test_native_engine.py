"""Networks drawn by the native library: true, and the same bytes however the work is divided."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rows import NATIVE, NUMPY
from samples import sample, size_of, time_of
from threads import thread_count
from truth import MAGENTA, check_truth

from cppn_gl import Layer, Preset, Renderer
from cppn_gl.cli.main import main
from cppn_gl.engines import coloring
from cppn_gl.engines.base import Region
from cppn_gl.engines.cpu import native as evaluation
from cppn_gl.engines.cpu.evaluator import colors
from cppn_gl.engines.cpu.native import Native, evaluator
from cppn_gl.engines.cpu.products import Products
from cppn_gl.engines.cpu.trace import trace
from cppn_gl.engines.names import WITHOUT_OPENGL
from cppn_gl.engines.rates import Rates
from cppn_gl.nn.activations import ACTIVATIONS, Activation
from cppn_gl.nn.sources import Layers
from cppn_gl.preset.scene import Scene, scene_of
from cppn_gl.preset.shot import read_shot
from cppn_gl.utils import native
from cppn_gl.utils.tasks import Stepping, at_once, within

pytestmark = pytest.mark.native

COUNT = 200  # random networks
SIZE = (13, 9)  # more pixels than the library computes together
PRESET = Preset().replace(depth=4, width=9, inputs=["x", "y", "r", "t"], extent=1.7)
WIDE = [100, 129, 200, 257, 400, 512]


def network_of(number: int) -> Preset:
    """Random preset `number`: of the shared sample, or a wide one."""
    preset = sample(number)
    if number % 10 == 9:
        pick = random.Random(f"wide {number}")
        scale = pick.choice([0.05, 0.2, 1.0])
        preset = preset.replace(depth=pick.choice([2, 3]), width=pick.choice(WIDE))
        preset = preset.replace(weight_scale=scale, bias_scale=None)
    return preset


def drawn(
    scene: Scene,
    size: tuple[int, int] = SIZE,
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
) -> np.ndarray:
    region = Region.of(size, samples).cut(*part or (0, 0, *size))
    return at_once(coloring.paint(Rates(), scene, NATIVE, region))


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.tobytes() == other.tobytes()


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures, too, are divided among the cores and into steps."""
    monkeypatch.setattr(evaluation, "MAX_RUN", 16)


def libraries() -> list[native.Library]:
    """The library for each instruction set of this processor."""
    found = native.library()
    assert found is not None
    return [native.Library(native.PATH, isa) for isa in found.isas]


# The same bytes.


@pytest.mark.parametrize("number", range(COUNT))
def test_the_bytes_of_a_random_network_do_not_depend_on_how_they_are_computed(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    scene, samples = scene_of(network_of(number), time_of(number)), 1 + number % 3
    whole = drawn(scene, samples=samples)
    left, top = number % 5, number % 3
    part = drawn(scene, samples=samples, part=(left, top, 7, 5))
    assert same(part, whole[top : top + 5, left : left + 7])
    for library in libraries():
        monkeypatch.setattr(native, "_found", lambda one=library: (one, ""))
        assert same(drawn(scene, samples=samples), whole), library.isa
    monkeypatch.undo()
    monkeypatch.setattr(evaluation, "MAX_RUN", 16)
    for count in (1, 2, 7):
        with thread_count(count):
            assert same(drawn(scene, samples=samples), whole), count


@pytest.mark.parametrize("size", [(1, 1), (97, 1), (1, 193), (75, 61), (2051, 3)])
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_nor_do_those_of_a_picture_of_another_size(size: tuple[int, int], samples: int) -> None:
    scene = scene_of(PRESET.replace(seed=samples), 0.3)
    with thread_count(1):
        whole = drawn(scene, size, samples)
    for count in (2, 7):
        with thread_count(count):
            assert same(drawn(scene, size, samples), whole)


@pytest.mark.usefixtures("short_runs")
@pytest.mark.parametrize("rows", [1, 7, 60])
def test_bands_make_up_the_whole(rows: int) -> None:
    size, scene = (75, 61), scene_of(PRESET, 0.3)
    parts = [(0, top, size[0], min(rows, size[1] - top)) for top in range(0, size[1], rows)]
    bands = [drawn(scene, size, 2, part) for part in parts]
    assert same(np.concatenate(bands), drawn(scene, size, 2))


@pytest.mark.usefixtures("short_runs")
@pytest.mark.parametrize("seconds", [0.0, 1e-4])
@pytest.mark.parametrize("mapping", ["rgb", "lab"])
def test_interruptions_do_not_show(seconds: float, mapping: str) -> None:
    scene = scene_of(PRESET.replace(mapping=mapping, stretch="minmax"), 0.3)
    task = Stepping(coloring.paint(Rates(), scene, NATIVE, Region.of((75, 61), 2)))
    steps = 1
    while not task.step(within(seconds) if seconds else 0.0):
        assert 0 <= task.fraction <= 1
        steps += 1
    assert steps > 2
    assert same(task.result, drawn(scene, (75, 61), 2))


@pytest.mark.parametrize(
    "keys", [{}, {"extent": 1e-6}, {"outputs": 1}, {"depth": 1}, {"width": 90}]
)
def test_the_picture_and_its_layers_are_one_computation(keys: dict[str, Any]) -> None:
    """What the layers, the units and the value range show is what the picture consists of."""
    preset = PRESET.replace(init="uniform", activation="tanh", output_activation="tanh", **keys)
    scene, size = scene_of(preset, 0.3), (75, 61)
    layers = at_once(trace(scene, size))
    picture = drawn(scene, size)
    assert same(colors(layers[-1].units), picture.reshape(-1, 3))
    assert same(at_once(evaluator(scene.network, scene.view, scene.clock).picture(size)), picture)
    for depth in range(1, scene.network.depth):
        shown = Scene(scene.network.truncated(depth), scene.view, scene.clock)
        outputs = scene.network.outputs
        assert same(colors(layers[depth - 1].units[:, :outputs]), drawn(shown, size).reshape(-1, 3))


# The truth.


@pytest.mark.parametrize("number", range(COUNT))
def test_a_random_network_is_drawn_truly(number: int) -> None:
    with Renderer("native") as renderer:
        check_truth(renderer, network_of(number), size_of(number), time_of(number))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_is_true(activation: str) -> None:
    preset = PRESET.replace(activation=activation, weight_scale=0.5)
    assert not NATIVE.problem(preset.network(), WITHOUT_OPENGL)
    with Renderer("native") as renderer:
        check_truth(renderer, preset, (41, 29), 0.3)


@pytest.mark.parametrize("extent", [1e-4, 1e-6])
@pytest.mark.parametrize("inputs", [["x", "y"], ["x", "y", "r"], ["r"]])
def test_a_deep_zoom_stays_sharp(extent: float, inputs: list[str]) -> None:
    preset = PRESET.replace(inputs=inputs, center=[0.7, -1.3], weight_scale=1.2)
    zoomed = preset.replace(extent=extent)
    assert len(np.unique(drawn(scene_of(zoomed)))) > 1
    with Renderer("native") as renderer:
        check_truth(renderer, zoomed, folded=True)


def explicit(*layers: tuple[Any, Any, str]) -> Scene:
    made = (Layer(np.array(w), np.array(b), activation) for w, b, activation in layers)
    return scene_of(Preset(Layers(tuple(made), ("x", "y"))))


def test_what_is_not_finite_is_magenta() -> None:
    big, none = [[1e30, 0.0]], [0.0]
    infinite = explicit((big, none, "identity"), ([[1e30]], none, "identity"))
    picture = drawn(infinite, (4, 1))
    assert (picture == MAGENTA).all()
    # One half overflows: of one channel alone, and of infinity minus infinity.
    half = explicit((big, none, "relu"), ([[1e30], [0.0], [0.0]], [0.0] * 3, "identity"))
    assert (drawn(half, (4, 1))[0] == [[0, 0, 0], [0, 0, 0], MAGENTA, MAGENTA]).all()
    nothing = explicit(
        ([[1e30, 0.0], [1e30, 0.0]], [0.0, 0.0], "relu"),
        ([[1e30, 0.0], [0.0, 1e30]], [0.0, 0.0], "identity"),
        ([[1.0, -1.0]], [0.5], "identity"),
    )
    assert (drawn(nothing, (4, 1))[0] == [[0.5] * 3, [0.5] * 3, MAGENTA, MAGENTA]).all()
    assert np.isfinite(drawn(infinite, (4, 1), samples=2)).all()


def test_grey_is_repeated() -> None:
    picture = drawn(scene_of(PRESET.replace(outputs=1)))
    assert same(picture[..., 1], picture[..., 0])
    assert same(picture[..., 2], picture[..., 0])
    assert len(np.unique(picture)) > 9


def test_one_sample_is_not_clamped_and_several_are() -> None:
    scene = explicit(([[3.0, 0.0]], [0.0], "identity"))
    assert drawn(scene, (8, 4)).min() < -1
    several = drawn(scene, (8, 4), samples=2)
    assert (several.min(), several.max()) == (0, 1)


# Where it draws.


@pytest.fixture
def cube(monkeypatch: pytest.MonkeyPatch) -> Preset:
    """A preset with an activation from outside, which has no C function."""
    row = Activation("x³", lambda x: x**3, lambda x: 3 * x * x, "x * x * x", "3.0 * x * x")
    monkeypatch.setitem(ACTIVATIONS, "cube", row)
    return PRESET.replace(activation="cube", weight_scale=0.4)


def test_an_activation_without_a_c_function_is_drawn_by_another_engine(cube: Preset) -> None:
    scene = scene_of(cube)
    assert NATIVE.problem(scene.network, WITHOUT_OPENGL) == "has no activation cube"
    assert isinstance(evaluator(scene.network, scene.view, scene.clock), Products)
    assert isinstance(evaluator(PRESET.network(), scene.view, scene.clock), Native)
    with Renderer("native") as renderer:
        choice = renderer.engine_for(cube)
        assert (choice.engine, choice.why) == ("numpy", "native has no activation cube")
        assert renderer.engine_for(PRESET).engine == "native"
        picture = renderer.render(cube, SIZE, dtype="float32")
    expected = at_once(coloring.paint(Rates(), scene, NUMPY, Region.of(SIZE)))
    assert same(picture, expected)


@pytest.mark.gl
def test_auto_draws_such_a_network_by_another_engine(cube: Preset) -> None:
    with Renderer() as renderer:
        assert renderer.engine_for(cube).engine != "native"
        check_truth(renderer, cube, (9, 5))


def test_a_missing_library_is_told_in_one_line(
    without_native: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "a.png"
    words = ["render", "-o", str(target), "--size", "9x5", "--depth", "2", "--quiet"]
    assert main([*words, "--engine", "native"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "needs the native library: switched off by CPPN_GL_NATIVE=0" in told
    assert not target.exists()
    assert main(words) == 0
    assert read_shot(target).engine != "native"


@pytest.mark.gl
def test_it_is_measured_and_its_pictures_name_it(tuning: Path, tmp_path: Path) -> None:
    preset = PRESET.replace(depth=3)
    with Renderer() as renderer:
        software = renderer.chooser.capabilities.software
        assert (renderer.engine_for(preset).engine == "native") == software
        if not software:
            pytest.skip("needs software OpenGL")
        renderer.tune(preset, (64, 36))
        measured = renderer.chooser.cache.get(renderer.chooser.key(preset.network()))
    assert measured is not None
    assert measured.rates["native"] > 0
    tuning.unlink()
    path, again = tmp_path / "a.png", tmp_path / "b.png"
    assert main(["render", "-o", str(path), "--size", "33x9", "--depth", "3", "--quiet"]) == 0
    assert read_shot(path).engine == "native"
    assert main(["render", str(path), "-o", str(again), "--quiet"]) == 0
    assert path.read_bytes() == again.read_bytes()
