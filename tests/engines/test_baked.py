"""Baked programs: the generated GLSL computes exactly the network."""

import re
from typing import Any

import numpy as np
import pytest

from cppn_gl.engines.gl.baked import bake, literal, weights
from cppn_gl.nn.activations import ACTIVATIONS, activate
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.network import Network

RADIUS_WEIGHT = 0.3  # coefficient of `far`


class Fold:
    """A row of the folded layer 1, as in the shader's uniform block."""

    def __init__(self, row: np.ndarray, bias: float):
        self.x, self.y, self.z, self.w = float(row[0]), float(row[1]), bias, RADIUS_WEIGHT


def run(network: Network, u: float, v: float) -> list[float]:
    """Red, green and blue at a point, by executing the baked text in Python line by line."""
    head, _, body = bake(network).partition("{\n")
    assert head.startswith("void network(REAL u[GROUPS], REAL v, REAL far[GROUPS],")
    assert body.endswith("\n}")
    folds = [
        Fold(w, float(b))
        for w, b in zip(network.layers[0].weight, network.layers[0].bias, strict=True)
    ]
    names: dict[str, Any] = {"u": [u], "v": v, "far": [0.0], "REAL": float}
    names |= {"first": type("First", (), {"unit": folds})}
    names |= {color: [None] for color in ("red", "green", "blue")}
    for name in ACTIVATIONS:
        names[f"activation_{name}"] = lambda x, name=name: float(activate(name, np.array(x)))
    for line in body.removesuffix("\n}").splitlines():
        if not line.startswith(("REAL s;", "NOTE_BROKEN(0, s)", "broken[0] += REAL(isnan(s));")):
            exec(line.removeprefix("REAL "), names)  # the rest of the line is valid Python
    return [names[color][0] for color in ("red", "green", "blue")]


NETWORKS = {
    "depth 1": Network.random(depth=1, output_activation="identity"),
    "one grey output": Network.random(depth=3, width=5, outputs=1, output_activation="identity"),
    "scaled": Network.random(
        depth=3, width=6, weight_scale=0.3, bias_scale=2, output_activation="identity"
    ),
    "every activation": Network.random(
        depth=14, width=4, activation=list(ACTIVATIONS), init="lecun_normal",
        output_activation="identity",
    ),
    "the widest": Network.random(depth=3, width=64, init="he_normal", output_activation="identity"),
    "of varying widths": Network(
        [
            Layer([[1, 2], [-3, 4], [0.5, -0.25]], [1, 0, -1], "sin"),
            Layer([[1, -1, 1e-30]], [1e-9], "abs"),
            Layer([[2], [-2], [1e20]], [0, 0.1, 0], "identity"),
        ]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_the_text_computes_the_network(name: str) -> None:
    network = NETWORKS[name]
    for u, v in ((0.0, 0.0), (0.3, -1.7), (-2.5, 0.125)):
        outputs = network.evaluate([[u, v]])[0]
        assert run(network, u, v) == pytest.approx(list(np.broadcast_to(outputs, 3)), rel=1e-9)


def test_the_output_activation_is_left_to_the_picture() -> None:
    plain, other = (Network.random(depth=3, output_activation=a) for a in ("identity", "sin"))
    assert bake(plain) == bake(other)
    assert "activation_tanh" in bake(plain)


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 1.0, -0.1, 1e30, -1e30, 1e-45, 3.4028235e38, 0.30000001192092896]
)
def test_a_literal_is_the_number_to_its_last_bit(value: float) -> None:
    number = float(np.float32(value))
    text = literal(number)
    assert np.float32(text.strip("()")).tobytes() == np.float32(number).tobytes()
    assert re.fullmatch(r"\d+(\.\d+)?(e[+-]?\d+)?|\(-\d+(\.\d+)?(e[+-]?\d+)?\)", text)
    assert re.search(r"[.e]", text)  # an integer would be of another type


def test_every_weight_is_in_the_text() -> None:
    for network in NETWORKS.values():
        text = bake(network)
        for layer in network.layers[1:]:
            for number in (*layer.weight.ravel(), *layer.bias):
                assert repr(float(number)) in text
        assert weights(network) == network.parameters - (
            network.drawn[0].weight.size + network.drawn[0].bias.size
        )


def test_lines_are_short_enough_for_any_compiler() -> None:
    assert max(map(len, bake(NETWORKS["the widest"]).splitlines())) < 256
