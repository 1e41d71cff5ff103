"""Networks on grids on the processor: true at any size and view, the same bits however cut."""

import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from lattices import expected, scene, structured, tolerance
from rows import NATIVE, NUMPY

from cppn_gl import Preset, Renderer
from cppn_gl.engines import coloring
from cppn_gl.engines import grid as geometry
from cppn_gl.engines.base import Engine, Region
from cppn_gl.engines.cpu.grid import GridEvaluator, kernel_for
from cppn_gl.engines.cpu.native import evaluator
from cppn_gl.engines.cpu.trace import trace
from cppn_gl.engines.names import ENGINES, WITHOUT_OPENGL
from cppn_gl.engines.rates import Rates
from cppn_gl.engines.stretch import value_range
from cppn_gl.nn import native_grid
from cppn_gl.nn.activations import ACTIVATIONS
from cppn_gl.nn.grid import NumPyKernel
from cppn_gl.nn.native_grid import NativeKernel
from cppn_gl.preset.scene import Scene
from cppn_gl.utils import threads
from cppn_gl.utils.tasks import Stepping, at_once, within

BOTH = [
    pytest.param(NATIVE, id="native", marks=pytest.mark.native),
    pytest.param(NUMPY, id="numpy"),
]
KERNELS: dict[Engine, Any] = {NATIVE: NativeKernel, NUMPY: NumPyKernel}
STRUCTURES = ("conv", "nin", "vgg", "inception", "resnet")
CASES = [  # size, keys of the view, samples, k
    ((12, 12), {}, 1, 1),
    ((18, 24), {}, 1, 2),
    ((36, 37), {}, 1, 3),
    ((17, 25), {}, 1, 2),
    ((13, 9), {"extent": 0.4, "center": [0.3, -0.2]}, 2, 4),
    ((11, 8), {"extent": 1.9}, 1, 1),
    ((9, 7), {"extent": 0.003, "center": [0.7, 0.4]}, 1, 195),
    ((9, 7), {"extent": 1.5, "center": [300.0, -40.0]}, 1, 1),
    ((3, 4), {"extent": 40.0}, 2, 9),  # every sample for itself
    ((5, 4), {"extent": 1e5}, 1, 6),
]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    geometry.lattices.clear()
    yield
    geometry.lattices.clear()


def drawn(
    of: Scene,
    size: tuple[int, int],
    engine: Engine = NATIVE,
    samples: int = 1,
    part: tuple[int, int, int, int] | None = None,
) -> np.ndarray:
    region = Region.of(size, samples).cut(*part or (0, 0, *size))
    return at_once(coloring.paint(Rates(), of, engine, region))


def outputs(of: Scene, region: Region, engine: Engine) -> np.ndarray:
    return at_once(GridEvaluator(of.network, of.view, of.clock, KERNELS[engine]()).outputs(region))


# True.


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_outputs_are_those_of_the_reference(case: int, engine: Engine) -> None:
    size, view, density, k = CASES[case]
    keys = {"normalize.which": "hidden"} if case % 2 else {"inputs": ["x", "r", "t"]}
    of = scene(structured(STRUCTURES[case % len(STRUCTURES)], **view, **keys), 0.7)
    region = Region.of(size, density)
    assert geometry.Lattice.of(of.network, of.view, region).k == k
    wanted, error = expected(of, size, density)
    for number, sample in enumerate(region.each_sample()):
        row, column = divmod(number, density)
        found = outputs(of, sample, engine)
        difference = np.abs(found - wanted[row::density, column::density]).max()
        assert difference <= tolerance(error)


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_true_and_independent_of_tiles(
    name: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = scene(structured("resnet", activation=name, depth=3))
    size = 29, 31
    found, (wanted, error) = outputs(of, Region.of(size), engine), expected(of, size)
    assert np.abs(found - wanted).max() <= tolerance(error)
    monkeypatch.setattr(geometry, "PIECE", 1)
    geometry.lattices.clear()
    assert outputs(of, Region.of(size), engine).tobytes() == found.tobytes()


def test_normalised_units_have_the_given_mean_and_deviation_over_the_declared_region() -> None:
    keys = {"normalize.which": "hidden", "normalize.gain": 3.0, "normalize.shift": 0.5}
    of = scene(structured("conv", **keys))
    first, *_ = at_once(trace(of, (12, 12)))
    assert np.allclose(first.pre_activations.mean(axis=0), 0.5, atol=1e-4)
    assert np.allclose(first.pre_activations.std(axis=0), 3.0, atol=1e-4)


def test_only_engines_of_grids_draw_them() -> None:
    network = structured().network()
    for engine in ENGINES.values():
        problem = engine.problem(network, WITHOUT_OPENGL)
        assert engine.grids or "point" in problem or "OpenGL" in problem or "shaders" in problem


# One function, whatever is shown.


@pytest.mark.native
def test_two_sizes_agree_to_the_bit_where_they_share_points() -> None:
    of = scene(structured("inception"))
    small, large = (outputs(of, Region.of(size), NATIVE) for size in ((36, 24), (108, 72)))
    assert np.array_equal(small, large[1::3, 1::3])


@pytest.mark.native
def test_a_pan_by_taps_moves_the_picture() -> None:
    preset = structured("vgg", extent=1.0).replace(**{"network.grid": 16})
    still, moved = (
        outputs(scene(preset.replace(center=center)), Region.of((32, 32)), NATIVE)
        for center in ([0.0, 0.0], [0.25, -0.125])  # two taps to the right, one down
    )
    assert np.array_equal(moved[:-2, :-4], still[2:, 4:])


def test_a_network_whose_units_see_no_neighbours_is_evaluated_at_the_samples() -> None:
    blocks = [{"type": "dense", "repeat": 2}]
    of = scene(Preset().replace(**{"network.blocks": blocks, "extent": 2.3}))
    assert of.network.radius == 0
    wanted, error = expected(of, (11, 7))
    for engine in (NATIVE, NUMPY):
        assert np.abs(outputs(of, Region.of((11, 7)), engine) - wanted).max() <= tolerance(error)


# The same bits however the work is divided.


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize("view", [{}, {"extent": 0.4}, {"extent": 2.2, "center": [0.1, 3.0]}])
def test_parts_blocks_and_tiles_are_those_of_the_whole(
    view: dict[str, Any], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, size = scene(structured("resnet", depth=3, **view)), (21, 18)
    whole = drawn(of, size, engine, 2)
    geometry.lattices.clear()
    part = drawn(of, size, engine, 2, (7, 5, 12, 9))
    assert part.tobytes() == whole[5:14, 7:19].tobytes()
    for name, value in (("PIECE", 20_000), ("SMALL", 1), ("BLOCK", 6000)):
        with monkeypatch.context() as patch:
            patch.setattr(geometry, name, value)
            geometry.lattices.clear()
            assert drawn(of, size, engine, 2).tobytes() == whole.tobytes()


@pytest.mark.parametrize("engine", BOTH)
def test_threads_and_slices_have_no_influence(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, size = scene(structured("vgg", depth=5)), (40, 30)
    whole = drawn(of, size, engine)
    geometry.lattices.clear()
    target = coloring.Raster(size)
    task = engine.begin(Rates(), target, of, Region.of(size))
    steps = 0
    while not task.step(within(0.0)):
        steps += 1
    assert steps > 10
    assert target.picture.tobytes() == whole.tobytes()
    monkeypatch.setattr(threads, "thread_count", lambda: 1)
    geometry.lattices.clear()
    assert drawn(of, size, engine).tobytes() == whole.tobytes()


def test_samples_auto_are_two_by_two() -> None:
    with Renderer("native") as renderer:
        preset = structured("nin")
        auto, two = (renderer.render(preset, (21, 13), samples=n) for n in ("auto", 2))
    assert np.array_equal(auto, two)


# What views and colours get.


def test_traces_are_the_units_of_every_stage() -> None:
    of = scene(structured("inception", depth=3, **{"normalize.which": "hidden"}))
    for size in ((24, 24), (9, 14)):
        found = at_once(trace(of, size))
        assert len(found) == len(of.network.stages)
        for layer, stage in zip(found, of.network.stages, strict=True):
            shape = size[0] * size[1], stage.units
            assert layer.units.shape == layer.pre_activations.shape == shape
        picture = outputs(of, Region.of(size), NUMPY).reshape(len(found[-1].units), -1)
        assert np.allclose(found[-1].units, picture, atol=2e-6)


def test_values_at_points_are_those_of_pixels() -> None:
    of = scene(structured("resnet"))
    evaluate = evaluator(of.network, of.view, of.clock)
    assert isinstance(evaluate, GridEvaluator)
    picture = outputs(of, Region.of((12, 12)), NATIVE)
    x, y = (np.array([3, 11, 0]) + 0.5) / 6 - 1, 1 - (np.array([8, 0, 11]) + 0.5) / 6
    assert np.allclose(evaluate.values(x, y), picture[[8, 0, 11], [3, 11, 0]], atol=1e-6)


@pytest.mark.parametrize("extent", [1e-6, 30.0])
def test_values_at_points_are_those_of_pixels_that_share_no_taps(extent: float) -> None:
    of = scene(structured("vgg", extent=extent))
    picture = outputs(of, Region.of((9, 7)), NATIVE)
    x, y = np.meshgrid(np.arange(-4, 5) * 2 * extent / 7, np.arange(3, -4, -1) * 2 * extent / 7)
    values = GridEvaluator(of.network, of.view, of.clock).values(x.ravel(), y.ravel())
    assert np.allclose(picture.reshape(-1, 3), values, atol=1e-6)


def test_stretched_colours_and_alpha() -> None:
    preset = structured("conv", **{"color.mapping": "lab", "color.stretch": "minmax"})
    limits = value_range(scene(preset), (32, 18))
    assert all(low < high for low, high in zip(limits.low, limits.high, strict=True))
    with Renderer("native") as renderer:
        colored = renderer.render(preset, (32, 18), samples=2)
        alpha = renderer.render(preset.replace(outputs=4), (32, 18), samples=2)
    assert colored.std() > 5
    assert alpha.shape == (18, 32, 4)
    assert alpha[..., 3].std() > 0


def test_time_moves_the_picture_and_not_the_statistics() -> None:
    preset = structured("conv", inputs=["x", "y", "t"], **{"normalize.which": "hidden"})
    now, later = scene(preset), scene(preset, 2.0)
    assert now.network is later.network
    one, other = (outputs(of, Region.of((12, 12)), NATIVE) for of in (now, later))
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize("keys", [{"mapping": "lab"}, {"mapping": "viridis", "inks": 5}])
def test_colours_of_many_samples_are_painted_part_by_part(
    keys: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    of = scene(structured(**{f"color.{name}": value for name, value in keys.items()}))
    size = 40, 28
    whole = drawn(of, size, NATIVE, 2)
    monkeypatch.setattr(geometry, "BLOCK", 12_000)
    geometry.lattices.clear()
    assert drawn(of, size, NATIVE, 2).tobytes() == whole.tobytes()


# Bounded, kept, interruptible.


def test_memory_does_not_grow_with_the_picture_times_the_channels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(geometry, "PIECE", 2**20)
    of, size = scene(structured("conv", width=32, **{"network.grid": 256})), (512, 256)
    tracemalloc.start()
    try:
        drawn(of, size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 * 2**20  # a layer of the whole picture has 16 MB, two are needed at a time


def test_samples_and_colours_do_not_evaluate_again(monkeypatch: pytest.MonkeyPatch) -> None:
    of = scene(structured())
    evaluate = GridEvaluator(of.network, of.view, of.clock)
    at_once(evaluate.draw(Region.of((24, 24), 2)))
    before = evaluate.worked
    assert before > 0
    for sample in Region.of((24, 24), 2).cut(3, 4, 10, 9).each_sample():
        at_once(evaluate.outputs(sample))
    assert evaluate.worked == before


def test_drawing_can_be_abandoned_and_runs_beside_another() -> None:
    of = scene(structured("vgg", depth=6))
    task = Stepping(GridEvaluator(of.network, of.view, of.clock).draw(Region.of((64, 64))))
    task.step(within(0.0))
    task.release()
    found: list[np.ndarray] = []
    some = [threading.Thread(target=lambda: found.append(drawn(of, (24, 24)))) for _ in range(3)]
    for thread in some:
        thread.start()
    for thread in some:
        thread.join()
    assert len({picture.tobytes() for picture in found}) == 1


@pytest.mark.native
def test_the_kernel_is_numpy_where_the_library_lacks_an_activation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = structured().network()
    assert isinstance(kernel_for(network), NativeKernel)
    monkeypatch.setattr(native_grid, "unsupported", lambda stages: "has no activation tanh")
    assert isinstance(kernel_for(network), NumPyKernel)
