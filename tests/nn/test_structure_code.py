"""Programs of structures and of images: the NumPy program draws what the reference gives."""

import ast
import builtins
import functools
import math
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.features import CHANNELS, Clock
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.image_file import StoredImage
from cppn_gl.nn.image_input import placed
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network
from cppn_gl.nn.source_code import COLUMNS, LANGUAGES, program_tensors, source_code
from cppn_gl.nn.structure_code import IMAGE, terms
from cppn_gl.output.exports import EXPORTS
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.arrays import Float64

DRAWS = np.random.default_rng(8)
PHOTO = StoredImage(DRAWS.integers(0, 256, (9, 12, 3), np.uint8))
BLOCKS = """
    {type = "conv", channels = 4, kernel = 5}, {type = "conv", groups = "depthwise", dilation = 2},
    {type = "avg_pool", size = 3}, {type = "normalize"},
    {type = "concat", branches = [[{type = "dense"}], [{type = "max_pool", size = 5}], []]},
    {type = "add", branches = [[{type = "conv", channels = 8}], [{type = "dense", channels = 8}]]},
    {type = "activation", activation = "abs"}, {type = "conv", channels = 6, groups = 2},
"""
TABLES = {
    "vgg": 'structure = "vgg"\ndepth = 4\nboost = [[2, 1, 3.0]]\n[normalize]\nwhich = "hidden"',
    "inception": 'structure = "inception"\ndepth = 3\ninputs = ["red", "grey", "y", "t"]',
    "resnet": 'structure = "resnet"\ndepth = 4\nactivation = "gelu"\noutputs = 1',
    "nin": 'structure = "nin"\ndepth = 4\nkernel = 5\ninputs = ["x", "sin_2y", "z0"]',
    "blocks": f"blocks = [{BLOCKS}]",
    "points": 'blocks = [{type = "dense"}, {type = "dense"}]\ninputs = ["blue", "x"]',
}


@functools.cache
def network_of(table: str) -> GraphNetwork:
    common = '[network]\ngrid = 16\nwidth = 4\ninit = "he_normal"\nseed = 3\n'
    found = parse_preset(common + table).network().seeing(placed(PHOTO))
    assert isinstance(found, GraphNetwork)
    return found


def run(text: str, folder: Path) -> dict[str, Any]:
    (folder / "program.py").write_text(text, "utf-8")
    return runpy.run_path(str(folder / "program.py"), run_name="program")


def on_lattice(network: GraphNetwork, side: int, extent: float, k: int, clock: Clock) -> Float64:
    """The outputs at the centres of side × side pixels, step / k apart, by the reference."""
    margin = network.radius * k
    places = (np.arange(-margin, side + margin) + 0.5 - side / 2) * 2 * extent / side
    x, y = np.meshgrid(places + 0.25, 0.125 - places)
    grid = network.features(x.ravel(), y.ravel(), clock).reshape(*x.shape, -1)
    statistics = network.statistics
    return network.evaluate_grid(grid, spacing=k, statistics=statistics, border="none")


@pytest.mark.parametrize("name", TABLES)
def test_the_numpy_program_draws_the_reference(name: str, tmp_path: Path) -> None:
    network, clock = network_of(TABLES[name]), Clock(0.7, -0.5, 3.0)
    text = network.to_numpy_source(clock=clock, center=(0.25, 0.125), size=(10, 10))
    picture = run(text, tmp_path)["picture"]
    for side, extent, k in ((16, 1.0, 1), (9, 9 / 16, 1), (10, 5 / 16, 2)):
        outputs = picture(side, side, clock.time, (0.25, 0.125), extent)
        assert outputs.shape == (side, side, network.outputs)
        expected = on_lattice(network, side, extent, k, clock)
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=2e-6)


def test_between_the_points_of_a_lattice_a_program_interpolates(tmp_path: Path) -> None:
    """At 12 pixels a side the lattice has 16: its points are 3/4 of a pixel apart."""
    network = network_of(TABLES["vgg"])
    outputs = run(network.to_numpy_source(), tmp_path)["picture"](12, 12)
    lattice = run(network.to_numpy_source(), tmp_path)["picture"](16, 16)
    at = (np.arange(12) + 0.5 - 6) * 16 / 12 + 7.5
    low = np.floor(at).astype(int)
    part = at - low

    def between(values: Float64) -> Float64:
        return values[low] + part[:, None, None] * (values[low + 1] - values[low])

    expected = between(between(lattice).swapaxes(0, 1)).swapaxes(0, 1)
    np.testing.assert_allclose(outputs, expected, atol=1e-12)


def test_a_dense_network_sees_its_image_in_a_program(tmp_path: Path) -> None:
    inputs = [*CHANNELS, "x"]
    image = placed(PHOTO, encoding="linear", extent=0.7).averaged(0.2)
    for stored in (image, placed(StoredImage(PHOTO.pixels[..., :1]))):
        weight = DRAWS.normal(size=(3, len(inputs)))
        network = Network([Layer(weight, [0.1, 0, 0.2], "sin")], inputs, image=stored)
        program = run(network.to_numpy_source(), tmp_path)
        x, y = DRAWS.uniform(-3, 3, (2, 50))
        features = network.features(x, y, Clock())
        np.testing.assert_allclose(program["features"](x, y), features, atol=1e-12)
        assert program["picture"](8, 6).shape == (6, 8, 3)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_structure_has_a_program_in_every_language(language: str, name: str) -> None:
    network = network_of(TABLES[name])
    text = source_code(network, language)
    known = {node.name for node in ast.parse(text).body if hasattr(node, "name")}
    called = {
        node.func.id
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called - known - set(dir(builtins)) <= {"network"}  # an object, in PyTorch
    assert max(map(len, text.splitlines())) <= COLUMNS + 4
    beside = source_code(network, language, weights="w.npz")
    assert len(beside) < 9000


def test_weights_and_pixels_come_from_a_file_beside_the_program(tmp_path: Path) -> None:
    network = network_of(TABLES["inception"])
    tensors = program_tensors(network)
    assert set(tensors.arrays) == {*terms(network), IMAGE}
    np.savez(tmp_path / "w.npz", **tensors.arrays)  # type: ignore[arg-type]
    loaded = run(network.to_numpy_source(weights="w.npz"), tmp_path)["picture"](7, 7)
    inline = run(network.to_numpy_source(), tmp_path)["picture"](7, 7)
    np.testing.assert_array_equal(loaded, inline)


def test_an_export_has_its_pixels_in_the_file_of_weights() -> None:
    text = '[network]\ndepth = 2\nwidth = 3\ninputs = ["red", "x"]'
    files = EXPORTS["torch"].files(Shot(parse_preset(text)), "net.py")
    assert list(files) == ["net.py", "net_weights.safetensors"]
    assert len(files["net.py"]) < 5000
    assert len(files["net_weights.safetensors"]) > 192 * 192 * 3 * 4
    only = EXPORTS["torch"].files(Shot(parse_preset("[network]\ndepth = 2")), "net.py")
    assert list(only) == ["net.py"]


def test_time_and_views_are_arguments_of_a_structured_program(tmp_path: Path) -> None:
    network = network_of(TABLES["inception"])
    text = network.to_numpy_source(size=(5, 4), extent=2.0, center=(1, -1), clock=Clock(0.5))
    picture = run(text, tmp_path)["picture"]
    np.testing.assert_array_equal(picture(), picture(5, 4, 0.5, (1.0, -1.0), 2.0))
    assert not np.array_equal(picture(), picture(time=math.pi))
