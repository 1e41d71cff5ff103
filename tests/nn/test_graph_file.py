"""Graphs in files: what is saved is loaded to the bit, and a hostile text is refused in a line."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.file_source import File
from cppn_gl.nn.files import MAX_GRAPH, READERS, WRITERS, Tensors
from cppn_gl.nn.graph import GraphNetwork
from cppn_gl.nn.graph_file import graph_tensors, read_graph
from cppn_gl.nn.layers import SOURCE, Layer, Node
from cppn_gl.nn.network import Network, Region
from cppn_gl.nn.operations import Concat, Conv, MaxPool, Norm, Statistics
from cppn_gl.nn.weights import Weights, tensors_of
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError

DRAWS = np.random.default_rng(6)


def conv(out: int, channels: int, size: int = 3, **how: int) -> Conv:
    weight = DRAWS.normal(size=(out, channels, size, size)).astype(np.float32)
    return Conv(weight, DRAWS.normal(size=out).astype(np.float32), **how)


def norm(units: int, *, measured: bool = True) -> Norm:
    found = Statistics(DRAWS.normal(size=units), DRAWS.uniform(0.1, 3, units))
    return Norm(DRAWS.normal(size=units), DRAWS.normal(size=units), found if measured else None)


def graph(**how: Any) -> GraphNetwork:
    nodes = [
        Node(conv(4, 3, 5), "identity", (SOURCE,)),
        Node(norm(4), "relu", (0,)),
        Node(MaxPool(5), "identity", (1,)),
        Node(conv(4, 2, groups=2, dilation=3), "gelu", (1,)),
        Node(Concat(), "identity", (2, 3)),
        Node(Layer(DRAWS.normal(size=(3, 8)), DRAWS.normal(size=3), "tanh"), "tanh", (4,)),
    ]
    modules = [(), (), ("m 1", "branch 1"), ("m 1", "branch 2"), ("m 1",), ()]
    keys = {"grid": 100, "region": Region((0.5, -2.0), 3.0), "boost": [(1, 2, 3.5)]}
    return GraphNetwork(
        nodes, ["x", "z1", "red"], latent=(0.25, -0.5), modules=modules, **keys, **how
    )


@pytest.mark.parametrize("suffix", READERS)
def test_a_saved_graph_is_loaded_to_the_bit(suffix: str, tmp_path: Path) -> None:
    network = graph(period=2.0)
    network.save(tmp_path / f"net{suffix}")
    again = Network.load(tmp_path / f"net{suffix}")
    assert isinstance(again, GraphNetwork)
    assert again.inputs == network.inputs
    assert (again.latent, again.period) == (network.latent, 2.0)
    assert (again.grid, again.region, again.boost) == (100, network.region, network.boost)
    assert again.modules == network.modules
    assert [n.inputs for n in again.nodes] == [n.inputs for n in network.nodes]
    grid = DRAWS.normal(size=(17, 19, 3))
    outputs = [
        one.evaluate_grid(grid, border="none", statistics=one.statistics)
        for one in (network, again)
    ]
    np.testing.assert_array_equal(*outputs)
    again.save(tmp_path / f"again{suffix}")
    assert Network.load(tmp_path / f"again{suffix}").digest == again.digest
    names = [path.name for path in tmp_path.iterdir()]
    assert sorted(names) == [f"again{suffix}", f"net{suffix}"]


def test_tensors_have_the_names_of_convolutions() -> None:
    arrays = tensors_of(graph()).arrays
    assert {name: array.shape for name, array in arrays.items() if "weight" in name} == {
        "layers.0.weight": (4, 3, 5, 5),
        "layers.1.weight": (4, 2, 3, 3),
        "layers.2.weight": (3, 8, 1, 1),
    }
    assert arrays["norms.0.std"].dtype == np.float64


def test_normalisations_that_are_not_measured_stay_so() -> None:
    nodes = [Node(conv(2, 1, 1), "identity", (SOURCE,)), Node(norm(2, measured=False), "sin", (0,))]
    data = WRITERS[".safetensors"](graph_tensors(GraphNetwork(nodes, ["x"])))
    found = Weights(data, ".safetensors").graph
    assert found is not None
    assert found.network(("x",)).statistics is None


def test_a_graph_too_large_for_npz_says_where_it_fits(tmp_path: Path) -> None:
    weight = np.zeros((400, 200, 3, 3), np.float32)
    nodes = [
        Node(conv(200, 1, 1), "relu", (SOURCE,)),
        Node(Conv(weight, np.zeros(400, np.float32)), "relu", (0,)),
        Node(conv(3, 400, 1), "relu", (1,)),
    ]
    network = GraphNetwork(nodes, ["x"])
    with pytest.raises(PresetError, match=r"too large for \.npz; .* \.safetensors"):
        network.save(tmp_path / "a.npz")
    network.save(tmp_path / "a.safetensors")
    assert Network.load(tmp_path / "a.safetensors").digest == network.digest


# What is wrong.

GOOD = graph_tensors(graph())
TEXT: dict[str, Any] = json.loads(GOOD.texts["graph"])


def with_nodes(*changes: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    nodes = [dict(node) for node in TEXT["nodes"]]
    for index, keys in changes:
        nodes[index] = {n: v for n, v in (nodes[index] | keys).items() if v is not ...}
    return TEXT | {"nodes": nodes}


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([1], "expected an object"),
    "no nodes": ({"nodes": []}, "has no nodes"),
    "too many nodes": ({"nodes": [{}] * 2000}, "1 to 1024"),
    "nodes that are none": ({"nodes": [3]}, "node 1: 3; expected an object"),
    "another key": (TEXT | {"gird": 3}, "no such key 'gird'; did you mean 'grid'"),
    "a grid": (TEXT | {"grid": 1e9}, "grid: 1000000000.0 is not an integer"),
    "a flag for a number": (TEXT | {"grid": True}, "grid: True is not an integer"),
    "a region": (TEXT | {"region": [0, 0, -1]}, "region: -1"),
    "a boost": (TEXT | {"boost": [[1, 2]]}, "boost: "),
    "a type": (with_nodes((2, {"type": "exec"})), "node 3: type: no 'exec'"),
    "no type": (with_nodes((2, {"type": ...})), "node 3: type: None"),
    "a later node": (with_nodes((0, {"inputs": [3]})), "node 1: inputs: 3"),
    "no inputs": (with_nodes((0, {"inputs": []})), "node 1: inputs: a list of 0"),
    "inputs of another kind": (with_nodes((0, {"inputs": "x"})), "node 1: inputs: 'x' is not"),
    "an activation": (with_nodes((1, {"activation": "reul"})), "did you mean 'relu'"),
    "a size": (with_nodes((2, {"size": 4})), "node 3: size: 4"),
    "a size that it has not": (
        with_nodes((0, {"size": 3})),
        r"node 1 \(conv\): no such key 'size'",
    ),
    "groups": (with_nodes((3, {"groups": 3})), r"node 4 \(conv\): 4 channels in 3 groups"),
    "a dilation": (with_nodes((3, {"dilation": 10**9})), "node 4: dilation"),
    "a module": (with_nodes((2, {"modules": ["a\nb"]})), "node 3: modules"),
    "modules in modules": (with_nodes((2, {"modules": ["a"] * 99})), "node 3: modules"),
    "a node that is not read": (with_nodes((4, {"inputs": [3, 3]})), "no node reads node 3"),
    "fewer weights": (with_nodes((5, {"type": "add"})), "layers.2.weight' belongs to no node"),
    "more weights": (with_nodes((2, {"type": "conv", "size": ...})), "groups|missing"),
}


def refused(text: str, arrays: Any = None) -> str:
    tensors = Tensors(dict(GOOD.arrays if arrays is None else arrays), {"graph": text})
    with pytest.raises(ValueError, match=r".") as caught:
        read_graph(tensors).network(("x", "z1", "red"), latent=(0, 0))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    return str(caught.value)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_graph_is_refused_in_a_line(name: str) -> None:
    value, words = WRONG[name]
    found = refused(json.dumps(value))
    assert re.search(words, found), found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 50_000, "nested too deep"),
        ('{"grid": NaN, "nodes": [{}]}', "NaN is no number"),
        ('{"grid": 9, "grid": 9}', "'grid' occurs twice"),
        ('{"grid": ' + "9" * 5000 + "}", "not JSON|grid"),
        ("__import__('os').system('true')", "not JSON"),
    ],
)
def test_what_is_no_json_is_refused_in_a_line(text: str, words: str) -> None:
    assert re.search(words, refused(text))


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("layers.0.weight", None, "layers.0.weight is missing"),
        ("layers.0.weight", np.zeros((4, 3), np.float32), "expected weight"),
        ("layers.0.weight", np.zeros((4, 3, 4, 4), np.float32), "a kernel of 4×4"),
        ("layers.0.bias", np.zeros(5, np.float32), "5 biases for 4 rows"),
        ("layers.1.weight", np.zeros((4, 3, 3, 3), np.float32), "weights for 6 inputs"),
        ("norms.0.std", np.zeros(4), "not above 0"),
        ("norms.0.gain", np.ones(3), "one gain, shift, mean and std"),
        ("norms.7.gain", np.ones(3), "norms.7.gain' belongs to no node"),
        ("0.weight", np.ones((3, 3), np.float32), "'0.weight' belongs to no node"),
    ],
)
def test_tensors_that_do_not_fit_are_refused_in_a_line(name: str, array: Any, words: str) -> None:
    arrays = {**GOOD.arrays, name: array}
    if array is None:
        del arrays[name]
    assert words in refused(GOOD.texts["graph"], arrays)


def test_sizes_are_bounded_before_anything_is_made() -> None:
    nodes = [{"type": "max_pool", "inputs": [k - 1], "size": 11} for k in range(200)]
    assert "reaches" in refused(json.dumps({"nodes": nodes}), {})
    nodes = [{"type": "concat", "inputs": [k - 1] * 16} for k in range(9)]
    assert "channels" in refused(json.dumps({"nodes": nodes}), {})
    wide = {"layers.0.weight": np.zeros((513, 1, 1, 1)), "layers.0.bias": np.zeros(513)}
    data = WRITERS[".safetensors"](Tensors(wide, {"graph": "{}"}))
    with pytest.raises(ValueError, match="shape"):
        Weights(data, ".safetensors")
    long = WRITERS[".safetensors"](Tensors({}, {"graph": "x" * (MAX_GRAPH + 1)}))
    with pytest.raises(ValueError, match="no weights"):
        Weights(long, ".safetensors")


@pytest.mark.parametrize("key", ["inputs", "activation", "weight_scale", "depth"])
def test_what_the_graph_determines_cannot_be_set(key: str, tmp_path: Path) -> None:
    graph().save(tmp_path / "a.safetensors")
    with pytest.raises(PresetError, match="determines it"):
        Network.load(tmp_path / "a.safetensors", **{key: 1})


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([Node(MaxPool(), "identity", (SOURCE,)), Node(Concat(), "tanh", (0, 0))], "is 'concat'"),
        ([Node(conv(3, 2), "tanh", (SOURCE,)), Node(Concat(), "tanh", (0,))], "is 'concat'"),
        ([Node(conv(2, 2), "tanh", (SOURCE,))], "2 outputs; expected 1, 3 or 4"),
    ],
)
def test_the_outputs_are_a_convolutions(nodes: list[Node], words: str, tmp_path: Path) -> None:
    GraphNetwork(nodes).save(tmp_path / "a.safetensors")
    with pytest.raises(PresetError, match=f"a.safetensors.*{words}"):
        Preset(File.of({"file": str(tmp_path / "a.safetensors")}))


def test_what_does_not_fit_names_the_file(tmp_path: Path) -> None:
    tensors = graph_tensors(GraphNetwork([Node(conv(3, 2), "tanh", (SOURCE,))]))
    tensors.texts["inputs"] = "x"
    (tmp_path / "a.safetensors").write_bytes(WRITERS[".safetensors"](tensors))
    with pytest.raises(PresetError, match=r"a.safetensors: node 1 has weights for 2 inputs"):
        Network.load(tmp_path / "a.safetensors")
