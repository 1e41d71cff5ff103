"""Encodings as layers and inputs: Fourier features, also of a file, NeRF's, displayed ranges."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.activations import activate
from cppn_gl.nn.encodings import LAYOUTS, ORDERS, displayed, fourier_layer, positional_inputs
from cppn_gl.nn.file_source import File
from cppn_gl.nn.files import Tensors, safetensors_bytes
from cppn_gl.nn.layers import MAX_WIDTH, Layer
from cppn_gl.nn.network import Network
from cppn_gl.preset.network_file import packed, unpacked
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError

B = np.array([[0.5, 1.0], [-2.0, 0.25], [3.0, -1.0]])
POINTS = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 2))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("factor", [1.0, 2 * math.pi])
def test_a_fourier_layer_is_sin_and_cos_in_the_order_of_its_columns(
    order: str, factor: float
) -> None:
    layer = fourier_layer(B, 2, order=order, factor=factor)
    units = activate(layer.activation, layer.pre_activation(POINTS))
    angles = factor * POINTS @ B.T
    sines, cosines = np.sin(angles), np.cos(angles)
    if order == "interleaved":
        expected = np.stack([sines, cosines], axis=-1).reshape(50, 6)
    else:
        pairs = {"sin": sines, "cos": cosines}
        expected = np.hstack([pairs[name] for name in order.split(",")])
    np.testing.assert_allclose(units, expected, atol=1e-5)


def test_a_transposed_b_is_recognised_by_its_shape() -> None:
    assert fourier_layer(B.T, 2).digest == fourier_layer(B, 2).digest


@pytest.mark.parametrize(
    ("b", "order", "problem"),
    [
        (np.ones((3, 3)), "sin,cos", "B has shape 3 × 3; expected n × 2"),
        (np.ones(4), "sin,cos", "B has shape 4; expected n × 2"),
        (np.ones((MAX_WIDTH, 2)), "sin,cos", "B has 512 frequencies; expected up to 256"),
        (np.full((3, 2), np.nan), "sin,cos", "numbers up to"),
        (B, "sin, cos", "no order 'sin, cos'; did you mean 'sin,cos'"),
    ],
)
def test_a_wrong_b_is_refused(b: np.ndarray, order: str, problem: str) -> None:
    with pytest.raises(PresetError, match=problem):
        fourier_layer(b, 2, order=order)


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ("nerf", "x y sin_x sin_y cos_x cos_y sin_2x sin_2y cos_2x cos_2y"),
        ("nerfstudio", "sin_x sin_2x sin_y sin_2y cos_x cos_2x cos_y cos_2y x y"),
        ("tiny-cuda-nn", "sin_x cos_x sin_2x cos_2x sin_y cos_y sin_2y cos_2y"),
    ],
)
def test_a_positional_encoding_is_in_the_order_of_its_code(layout: str, names: str) -> None:
    assert positional_inputs(2, layout) == tuple(names.split())


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(PresetError, match="no layout 'nerv'; did you mean 'nerf'"):
        positional_inputs(2, "nerv")
    assert all(positional_inputs(4, layout) for layout in LAYOUTS)


@pytest.mark.parametrize("activation", ["identity", "tanh"])
def test_outputs_are_brought_to_the_displayed_range(activation: str) -> None:
    network = Network([Layer([[1.0, 2.0]], [0.3], activation)])
    shown = Network([displayed(network.layers[0], -1, 1)])
    expected = (network.evaluate(POINTS) + 1) / 2
    np.testing.assert_allclose(shown.evaluate(POINTS), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "span", "problem"),
    [
        ("sin", (-1, 1), "outputs of sin cannot be brought to 0 … 1"),
        ("tanh", (-2, 2), "outputs of tanh cannot"),
        ("identity", (1, 1), "expected the lower value first"),
        ("identity", (0, 1e-300), "numbers up to"),
    ],
)
def test_outputs_that_cannot_be_brought_there_are_refused(
    activation: str, span: tuple[float, float], problem: str
) -> None:
    with pytest.raises(PresetError, match=problem):
        displayed(Layer([[1.0, 2.0]], [0.3], activation), *span)


def saved(path: Path, arrays: dict[str, np.ndarray], **texts: str) -> Path:
    plain = {name: array.astype(np.float32) for name, array in arrays.items()}
    path.write_bytes(safetensors_bytes(Tensors(plain, texts)))
    return path


@pytest.mark.parametrize("name", ["B", "encoding.B", "net.fourier._B_gauss"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_file_with_b_has_a_layer_of_fourier_features(
    name: str, turned: bool, tmp_path: Path
) -> None:
    weight = np.linspace(-1, 1, 18).reshape(3, 6)
    arrays = {name: B.T if turned else B, "0.weight": weight, "0.bias": np.zeros(3)}
    network = File(str(saved(tmp_path / "a.safetensors", arrays))).network()
    assert [layer.activation for layer in network.layers] == ["sin", "identity"]
    angles = 2 * math.pi * POINTS @ B.T
    expected = np.hstack([np.sin(angles), np.cos(angles)]) @ weight.T
    np.testing.assert_allclose(network.evaluate(POINTS), expected, atol=1e-5)


def test_the_table_says_how_a_code_uses_b(tmp_path: Path) -> None:
    weight = np.linspace(-1, 1, 18).reshape(3, 6)
    file = saved(tmp_path / "a.safetensors", {"B": B, "0.weight": weight, "0.bias": np.ones(3)})
    keys = {"fourier_order": "cos,sin", "omega": 1.0, "output_range": (-1.0, 1.0)}
    network = File(str(file), **keys).network()  # type: ignore[arg-type]
    expected = np.hstack([np.cos(POINTS @ B.T), np.sin(POINTS @ B.T)]) @ weight.T + 1
    np.testing.assert_allclose(network.evaluate(POINTS), (expected + 1) / 2, atol=1e-5)


@pytest.mark.parametrize("scales", [(0.5, 2.0), (0.5, None), (0.0, 0.0)])
def test_scales_leave_the_angles_of_cosines_and_the_displayed_range(
    scales: tuple[float, float | None], tmp_path: Path
) -> None:
    """They are factors on weights and biases, which these are not."""
    weight, bias = np.linspace(-1, 1, 18).reshape(3, 6), np.array([0.5, -0.25, 1.0])
    file = saved(tmp_path / "a.safetensors", {"B": B, "0.weight": weight, "0.bias": bias})
    weights, biases = scales
    source = File(
        str(file), omega=1.0, output_range=(-1.0, 3.0), weight_scale=weights, bias_scale=biases
    )
    angles = weights * POINTS @ B.T
    units = np.hstack([np.sin(angles), np.cos(angles)])
    outputs = weights * units @ weight.T + (weights if biases is None else biases) * bias
    np.testing.assert_allclose(source.network().evaluate(POINTS), (outputs + 1) / 4, atol=1e-5)
    np.testing.assert_array_equal(source.output_layer(2).bias, source.network().layers[1].bias)


def test_the_displayed_range_is_that_of_every_layer_picture(tmp_path: Path) -> None:
    arrays = {"0.weight": B, "1.weight": np.ones((3, 3))}
    file = saved(tmp_path / "a.safetensors", arrays, activations="relu,tanh")
    picture = File(str(file), output_range=(-1.0, 1.0)).layer_picture(1)
    expected = (np.tanh(POINTS @ B.T) + 1) / 2
    np.testing.assert_allclose(picture.network().evaluate(POINTS), expected, atol=1e-6)
    np.testing.assert_array_equal(picture.output_layer(1).weight, 2 * B)


def test_fourier_features_are_not_the_same_as_a_layer_of_their_weights(tmp_path: Path) -> None:
    """ω is a factor on the biases of the one and not of the other."""
    first = fourier_layer(B, 2, factor=1.0)
    last = {"1.weight": np.ones((1, 6))}
    dense = saved(
        tmp_path / "a.safetensors", {"0.weight": first.weight, "0.bias": first.bias, **last}
    )
    fourier = saved(tmp_path / "b.safetensors", {"B": B, **last})
    keys: dict[str, Any] = {"omega": 3.0, "output_activation": "identity"}
    one, two = File(str(dense), activation="sin", **keys), File(str(fourier), **keys)
    assert one.network().digest != two.network().digest
    assert one != two


@pytest.mark.parametrize("hidden", ["relu", ["relu", "tanh"]])
def test_activations_are_those_of_the_layers_after_b(
    hidden: str | list[str], tmp_path: Path
) -> None:
    arrays = {"B": B, "0.weight": np.ones((4, 6)), "1.weight": np.ones((4, 4))}
    file = saved(tmp_path / "a.safetensors", {**arrays, "2.weight": np.ones((1, 4))})
    source = File(str(file), activation=hidden)  # type: ignore[arg-type]
    assert source.hidden_activations == ("sin", "relu", "tanh" if hidden != "relu" else "relu")
    with pytest.raises(PresetError, match="3 activations; it has 2 hidden layers"):
        File(str(file), activation=("sin", "relu", "relu"))


def test_a_picture_carries_fourier_features(tmp_path: Path) -> None:
    arrays = {"B": B, "0.weight": np.linspace(-1, 1, 18).reshape(3, 6), "0.bias": np.zeros(3)}
    file = saved(tmp_path / "a.safetensors", arrays, output_range="-1,1", fourier_order="cos,sin")
    preset = Preset(File(str(file)))
    document = packed(preset)
    file.unlink()
    assert unpacked(document).network().digest == preset.network().digest


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"fourier_order": "both"}, "a.safetensors: metadata fourier_order: no 'both'"),
        ({"output_range": "1"}, "metadata output_range: a list of 1; expected 2"),
        (
            {"output_range": "1,-1"},
            "network.output_range: a.safetensors: .*expected the lower value first",
        ),
        ({"output_range": "nan,1"}, "metadata output_range: nan is not a number"),
        ({"output_range": "x"}, "metadata output_range"),
        ({"output_range": "0,1e-300"}, "up to"),
    ],
)
def test_wrong_metadata_is_one_line(texts: dict[str, str], problem: str, tmp_path: Path) -> None:
    arrays = {"B": B, "0.weight": np.ones((3, 6))}
    with pytest.raises(PresetError, match=problem):
        File(str(saved(tmp_path / "a.safetensors", arrays, **texts)))
