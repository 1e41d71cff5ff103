"""The table of losses against formulas written in another way."""

import math

import numpy as np
import pytest

from cppn_gl.nn.activations import activate
from cppn_gl.nn.training import losses
from cppn_gl.nn.training.losses import LOSSES

FORMULAS = {
    "cross-entropy": lambda y, t: -t * math.log(y) - (1 - t) * math.log(1 - y),
    "squared": lambda y, t: (y - t) ** 2 / 2,
    "hinge": lambda y, t: max(0.0, 1 - t * y),
    "absolute": lambda y, t: abs(y - t),
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_are_the_formulas_and_the_loss_is_the_mean_over_points(name: str) -> None:
    rng = np.random.default_rng(0)
    pre = rng.normal(0, 2, (7, 3))
    targets = rng.choice([0.0, 1.0], (7, 3))
    outputs = activate("sigmoid" if name == "cross-entropy" else "tanh", pre)
    pairs = zip(outputs.ravel(), targets.ravel(), strict=True)
    expected = sum(FORMULAS[name](y, t) for y, t in pairs) / 7
    assert math.isclose(losses.total(name, pre, outputs, targets), expected, rel_tol=1e-12)


def test_cross_entropy_stays_finite_where_its_sigmoid_is_exactly_0_or_1() -> None:
    pre = np.array([[200.0], [-200.0]], np.float32)
    outputs, targets = activate("sigmoid", pre), np.array([[0.0], [1.0]], np.float32)
    assert losses.total("cross-entropy", pre, outputs, targets) == 200.0
    found = losses.delta("cross-entropy", np.zeros_like(pre), outputs, targets)
    assert found.ravel().tolist() == [1.0, -1.0]


def test_outputs_follow_from_the_data_and_the_loss() -> None:
    assert losses.default_loss("classes") == "cross-entropy"
    assert losses.default_loss("picture") == "squared"
    assert losses.output_activation("classes", "cross-entropy") == "sigmoid"
    assert losses.output_activation("classes", "squared") == "tanh"
    assert losses.output_activation("classes", "hinge") == "identity"
    assert losses.output_activation("values", "squared") == "identity"
    assert losses.output_activation("distance", "absolute") == "identity"
    assert losses.output_activation("picture", "squared") == "sigmoid"
