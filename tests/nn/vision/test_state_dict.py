"""State dictionaries become networks by tables of their layers, and what does not fit is named."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cppn_gl.nn.files import Tensors, safetensors_bytes
from cppn_gl.nn.image_models import check_nodes
from cppn_gl.nn.vision.network import ImageNetwork
from cppn_gl.nn.vision.state_dict import read
from cppn_gl.utils.checks import PresetError

RNG = np.random.default_rng(2)


def drawn(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


TENSORS = {
    "features.0.weight": drawn(4, 3, 3, 5),
    "features.0.bias": drawn(4),
    "features.1.weight": drawn(4),
    "features.1.bias": drawn(4),
    "features.1.running_mean": drawn(4),
    "features.1.running_var": np.abs(drawn(4)),
    "squeeze.weight": drawn(2, 4, 1, 1),
    "classifier.weight": drawn(5, 2 * 2 * 3),
    "classifier.bias": drawn(5),
    "unused.weight": drawn(600, 3),
}
NODES: list[dict[str, Any]] = [
    {"type": "conv", "name": "features.0", "stride": 2, "padding": [1, 2]},
    {"type": "batch_norm", "name": "norm", "weights": "features.1", "activation": "relu"},
    {"type": "conv", "name": "squeeze", "kernel": 1},
    {"type": "avg_pool", "size": 2, "stride": 2, "ceil": True},
    {"type": "dense", "name": "classifier"},
    {"type": "softmax"},
]
DATA = safetensors_bytes(Tensors(TENSORS))


def network_of(data: bytes, nodes: Any, size: tuple[int, int] = (7, 9)) -> ImageNetwork:
    model = read(data, check_nodes(nodes))
    assert model.channels is not None
    return ImageNetwork.of_nodes(model.nodes, model.channels, size)


def test_layers_have_the_weights_of_their_names() -> None:
    network = network_of(DATA, NODES)
    assert [tuple(stage.shape) for stage in network.stages][:3] == [(4, 4, 5), (4, 4, 5), (2, 4, 5)]
    x = drawn(3, 7, 9).astype(np.float64)
    first, norm, squeeze, *_, classes = network.evaluate_image(x)
    padded = np.pad(x, ((0, 0), (1, 1), (2, 2)))
    kernel, bias = (TENSORS[f"features.0.{n}"].astype(np.float64) for n in ("weight", "bias"))
    assert first[2, 1, 3] == pytest.approx((padded[:, 2:5, 6:11] * kernel[2]).sum() + bias[2])
    mean, variance, gain, shift = (
        TENSORS[f"features.1.{n}"][:, None, None]
        for n in ("running_mean", "running_var", "weight", "bias")
    )
    expected = np.maximum((first - mean) / np.sqrt(variance + 1e-5) * gain + shift, 0)
    np.testing.assert_allclose(norm, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        squeeze[1], np.tensordot(TENSORS["squeeze.weight"][1, :, 0, 0], norm, 1)
    )
    assert classes.sum() == pytest.approx(1)


def test_the_first_layers_alone_are_a_network() -> None:
    assert len(network_of(DATA, NODES[:3]).stages) == 3


def test_counters_of_batches_are_passed_over() -> None:
    whole = DATA.replace(
        b'"unused.weight":{"dtype":"F32","shape":[600,3]',
        b'"unused.weight":{"dtype":"I64","shape":[300,3]',
    )
    assert whole != DATA
    assert len(network_of(whole, NODES).stages) == 6


def changed(place: int, **keys: Any) -> list[dict[str, Any]]:
    return [{**one, **keys} if number == place else one for number, one in enumerate(NODES)]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (changed(0, name="feature.0"), r"'feature\.0\.weight'; did you mean 'features\.0'"),
        (changed(0, channels=8), r"channels 8; features\.0\.weight has shape \(4, 3, 3, 5\)"),
        (changed(0, kernel=3), r"kernel 3; features\.0\.weight has shape"),
        (changed(2, weights="classifier"), r"has shape \(5, 12\); expected \(channels, inputs"),
        (changed(4, weights="features.0"), r"expected \(channels, inputs\)"),
        (changed(1, weights="features.0"), r"no tensor 'features\.0\.running_mean'"),
        ([], "holds weights, but not how its layers are connected"),
        (changed(3, type="pool"), "node 4: type: no 'pool'; did you mean"),
        ([*NODES, {"type": "pad", "padding": "same"}], "padding 'same' is of windows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(nodes: Any, words: str) -> None:
    with pytest.raises(PresetError, match=words) as error:
        read(DATA, check_nodes(nodes))
    assert error.value.key == "network.nodes"


def test_sizes_that_do_not_fit_are_named_by_their_layer() -> None:
    with pytest.raises(PresetError, match="'classifier', has weights for 12 values; its input has"):
        network_of(DATA, NODES, (20, 20))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"^network\.file: No such file"):
        read(tmp_path / "absent.safetensors", check_nodes(NODES))
    infinite = safetensors_bytes(Tensors(TENSORS | {"squeeze.weight": np.float32([[[[np.inf]]]])}))
    with pytest.raises(PresetError, match=r"'squeeze\.weight' holds NaN or infinity"):
        read(infinite, check_nodes(NODES))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 900), st.integers(0, 255), st.integers(0, len(DATA)))
def test_damaged_files_end_in_one_line(place: int, byte: int, length: int) -> None:
    changed = bytearray(DATA[:length])
    if place < length:
        changed[place] = byte
    words = ""
    tracemalloc.start()
    try:
        network_of(bytes(changed), NODES)
    except PresetError as error:
        words = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "\n" not in words
    assert peak < 20 * len(DATA) + 200_000
