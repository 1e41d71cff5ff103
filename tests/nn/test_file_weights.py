"""A network's tensors: which is which layer by name or order, and which way round by shape."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cppn_gl.nn.files import Tensors, npz_bytes, safetensors_bytes
from cppn_gl.nn.network import Network
from cppn_gl.nn.weights import Weights, read_weights
from cppn_gl.utils.checks import PresetError

SIZES = (2, 7, 5, 3)
DRAWS = np.random.default_rng(5)
WEIGHTS = [
    DRAWS.normal(size=shape).astype(np.float32) for shape in zip(SIZES[1:], SIZES[:-1], strict=True)
]
BIASES = [DRAWS.normal(size=size).astype(np.float32) for size in SIZES[1:]]


def weights_of(arrays: dict[str, NDArray[np.float32]], suffix: str = ".npz") -> Weights:
    write = npz_bytes if suffix == ".npz" else safetensors_bytes
    return Weights(write(Tensors(arrays)), suffix)


def check(weights: Weights) -> None:
    """That the layers are those above."""
    chain = weights.chain(2)
    assert len(chain) == 3
    for (weight, bias), expected, also in zip(chain.pairs, WEIGHTS, BIASES, strict=True):
        np.testing.assert_array_equal(weight, expected)
        np.testing.assert_array_equal(bias, also)


NAMES = {
    "nn.Sequential": ("0.{}", "2.{}", "4.{}"),
    "nn.Sequential beyond ten": ("8.{}", "10.{}", "12.{}"),
    "SIREN of Sitzmann": ("net.0.linear.{}", "net.1.linear.{}", "net.2.{}"),
    "siren-pytorch": ("layers.0.{}", "layers.1.{}", "last_layer.{}"),
    "ours": ("layers.0.{}", "layers.1.{}", "layers.2.{}"),
    "attributes": ("fc1.{}", "fc2.{}", "fc3.{}"),
    "words": ("input_layer.{}", "hidden.0.{}", "output_layer.{}"),
    "no number at the end": ("layers.0.{}", "layers.1.{}", "linear.{}"),
    "blocks": ("blocks.0.fc1.{}", "blocks.0.fc2.{}", "blocks.1.fc1.{}"),
    "a prefix": ("model.net.0.{}", "model.net.1.{}", "model.net.2.{}"),
}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("scheme", NAMES)
def test_layers_are_found_by_the_names_of_a_state_dict(scheme: str, suffix: str) -> None:
    arrays = {}
    for name, weight, bias in reversed(list(zip(NAMES[scheme], WEIGHTS, BIASES, strict=True))):
        arrays[name.format("bias")], arrays[name.format("weight")] = bias, weight
    check(weights_of(arrays, suffix))


@pytest.mark.parametrize(
    ("weight", "bias"),
    [("W{}", "b{}"), ("w_{}", "b_{}"), ("weights.{}", "biases.{}"), ("l{}/w", "l{}/b")],
)
def test_short_names_are_known(weight: str, bias: str) -> None:
    arrays = {weight.format(n): w for n, w in enumerate(WEIGHTS)}
    check(weights_of(arrays | {bias.format(n): b for n, b in enumerate(BIASES)}))


def test_kernels_are_transposed_and_biases_may_be_rows() -> None:
    """As in Flax and Keras."""
    arrays = {f"params/Dense_{n}/kernel": w.T for n, w in enumerate(WEIGHTS)}
    check(weights_of(arrays | {f"params/Dense_{n}/bias": b[None] for n, b in enumerate(BIASES)}))


def test_without_names_matrices_and_vectors_alternate() -> None:
    arrays = [array for pair in zip(WEIGHTS, BIASES, strict=True) for array in pair]
    check(weights_of({f"arr_{n}": array for n, array in enumerate(arrays)}))
    # Twelve arrays: arr_10 comes after arr_2.
    more = {f"arr_{n}": np.full((2, 2), n, np.float32) for n in range(12)}
    chain = weights_of(more).chain(2)
    assert [weight[0, 0] for weight, _ in chain.pairs] == list(range(12))


def test_a_missing_bias_is_zero() -> None:
    chain = weights_of({"0.weight": WEIGHTS[0], "1.weight": WEIGHTS[1], "1.bias": BIASES[1]}).chain(
        2
    )
    np.testing.assert_array_equal(chain.pairs[0][1], np.zeros(7))
    np.testing.assert_array_equal(chain.pairs[1][1], BIASES[1])


def test_transposed_weights_are_told_by_their_shapes() -> None:
    arrays = {f"{n}.weight": w.T for n, w in enumerate(WEIGHTS)}
    check(weights_of(arrays | {f"{n}.bias": b for n, b in enumerate(BIASES)}))


def test_square_weights_are_out_in_unless_asked_for() -> None:
    square = np.array([[1, 2], [3, 4]], np.float32)
    weights = weights_of({"0.weight": square})
    np.testing.assert_array_equal(weights.chain(2).pairs[0][0], square)
    np.testing.assert_array_equal(weights.chain(2, False).pairs[0][0], square)
    np.testing.assert_array_equal(weights.chain(2, True).pairs[0][0], square.T)
    kernel = weights_of({"0.kernel": square})
    np.testing.assert_array_equal(kernel.chain(2).pairs[0][0], square.T)


def test_the_digest_is_of_the_layers_as_they_are_used() -> None:
    straight = weights_of({f"{n}.weight": w for n, w in enumerate(WEIGHTS)})
    turned = weights_of({f"net.{n}.kernel": w.T for n, w in enumerate(WEIGHTS)}, ".safetensors")
    other = weights_of({f"{n}.weight": w + (n == 2) for n, w in enumerate(WEIGHTS)})
    assert straight.chain(2).digest == turned.chain(2).digest != other.chain(2).digest


def ones(*shape: int) -> NDArray[np.float32]:
    return np.ones(shape, np.float32)


WRONG = {
    "nothing": ({}, "no weights"),
    "a buffer": ({"0.weight": ones(3, 2), "freqs": ones(4, 2)}, "^'freqs' is neither"),
    "batch norm": (
        {"0.weight": ones(3, 2), "1.running_mean": ones(3)},
        "'1.running_mean' is neither",
    ),
    "a bias alone": ({"0.weight": ones(3, 2), "1.bias": ones(3)}, "'1.bias' has no weight"),
    "one layer twice": ({"a.0.weight": ones(3, 2), "A.0.weight": ones(3, 2)}, "the same layer"),
    "a vector": ({"0.weight": ones(3)}, r"'0.weight' has shape \(3\); expected a matrix"),
    "two vectors": (
        {"arr_0": ones(3, 2), "arr_1": ones(3), "arr_2": ones(3)},
        "'arr_2' is a vector",
    ),
    "a vector first": ({"arr_0": ones(3), "arr_1": ones(3, 2)}, "follows no matrix"),
    "too many layers": (
        {f"{n}.weight": ones(1, 1) for n in range(65)},
        "65 layers; expected 1 to 64",
    ),
    "inputs": (
        {"0.weight": ones(7, 3)},
        "'0.weight' is 7×3 .* 3 columns; expected 2, one for each",
    ),
    "the chain": (
        {"0.weight": ones(7, 2), "1.weight": ones(3, 6)},
        "'1.weight' is 3×6 .* 6 columns; expected 7, one for each row of '0.weight'",
    ),
    "a bias": (
        {"0.weight": ones(7, 2), "0.bias": ones(6)},
        r"'0.bias' has shape \(6\); expected \(7,\), one for each row of '0.weight'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_network_gets_one_line_that_names_the_tensor(case: str) -> None:
    arrays, expected = WRONG[case]
    with pytest.raises(ValueError, match=expected) as caught:
        weights_of(arrays).chain(2)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    network = Network.random(depth=2, width=3, seed=1)
    network.save(path)
    first = read_weights(path)
    assert read_weights(path) is first
    Network.random(depth=2, width=4, seed=2).save(path)
    assert read_weights(path).sha256 != first.sha256


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_a_network_that_is_saved_loads_as_the_same_function(suffix: str, tmp_path: Path) -> None:
    network = Network.random(
        depth=4, width=9, inputs=("x", "r", "z0", "sin_x", "xy"), seed=3, weight_scale=0.7,
        activation=["sin", "tanh", "gaussian"], init="he_normal", period=3.0,
    )  # fmt: skip
    path = tmp_path / f"a{suffix}"
    network.save(path)
    loaded = Network.load(path)
    points = np.random.default_rng(1).normal(size=(50, 5))
    np.testing.assert_array_equal(loaded.evaluate(points), network.evaluate(points))
    assert (loaded.inputs, loaded.latent, loaded.period) == (network.inputs, network.latent, 3.0)
    path.unlink()
    loaded.save(path)
    first = path.read_bytes()
    network.save(path)
    assert path.read_bytes() == first


def test_only_known_names_can_be_saved(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"expected a name that ends in \.safetensors or \.npz"):
        Network.random().save(tmp_path / "a.pt")
