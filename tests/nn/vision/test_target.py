"""Targets: values, seeds, and the score of a class before softmax and ReLU."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.target import Target, class_index, class_key
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError

rng = np.random.default_rng(5)


def narrow(*shape: int) -> Float32:
    return rng.normal(size=shape).astype(np.float32)


def network(*tail: ImageNode) -> ImageNetwork:
    weight, bias = narrow(4, 1, 1, 1), narrow(4)
    return ImageNetwork.of_nodes(
        [ImageNode("scores", of.Conv2d(weight, bias), "relu", (SOURCE,)), *tail], 1, (3, 5)
    )


def passed(made: ImageNetwork) -> Any:
    """What a pass holds."""
    found = list(made.reference(rng.normal(size=made.picture)))
    return SimpleNamespace(pre=[pre for pre, _ in found], units=[units for _, units in found])


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("place", [None, (2, 4)])
def test_the_seed_is_the_derivative_of_the_value(before: bool, place: Any) -> None:
    done, target = passed(network()), Target(0, 2, place, before)
    values = (done.pre if before else done.units)[0]
    (stage, seed), *_ = target.seed(done).items()
    assert stage == 0
    assert seed.shape == values.shape
    assert (seed * values).sum() == pytest.approx(target.value(done))  # it is linear


@pytest.mark.parametrize(
    "mean", [of.GlobalAvgPool(), of.AvgPool2d((3, 5))], ids=["global", "window"]
)
def test_a_class_is_the_mean_of_its_channel_before_relu(mean: Any) -> None:
    made = network(
        ImageNode("mean", mean, "identity", (0,)),
        ImageNode("flat", of.Flatten(), "identity", (1,)),
        ImageNode("softmax", of.Softmax(), "identity", (2,)),
    )
    target = Target.of_class(made, 3)
    assert target == Target(0, 3, None, before=True)
    done = passed(made)
    assert target.value(done) == pytest.approx(done.pre[0][3].mean())


def test_a_class_of_a_dense_layer_is_its_sum() -> None:
    dense = of.Linear(narrow(2, 60), narrow(2))
    made = network(
        ImageNode("dense", dense, "sigmoid", (0,)), ImageNode("s", of.Softmax(), "identity", (1,))
    )
    assert Target.of_class(made, 1) == Target(1, 1, None, before=True)


def test_a_score_at_a_place_is_that_place() -> None:
    assert Target.of_class(network(), 17) == Target(0, 1, (0, 2), before=True)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(1, 0), "layer 2; the network has 1"),
        (Target(0, 4), "channel 5 of layer 1, which has 4"),
        (Target(0, 0, (3, 0)), r"place \[4, 1\] of layer 1, which has 3×5"),
    ],
)
def test_what_a_network_does_not_have_is_refused(target: Target, words: str) -> None:
    with pytest.raises(PresetError, match=words):
        target.checked(network())
    with pytest.raises(PresetError, match="class 61; the network has 60"):
        Target.of_class(network(), 60)


def named(*names: str) -> ImageNetwork:
    nodes = [ImageNode("scores", of.Conv2d(narrow(4, 1, 1, 1), narrow(4)), "relu", (SOURCE,))]
    return ImageNetwork.of_nodes(nodes, 1, (1, 1), names)


@pytest.mark.parametrize(
    "names", [("cat", "crane", "dog", "crane"), ("0", "1", "2", "3"), ("3", "2", "1", "0"), ()]
)
def test_the_words_for_a_class_find_it_again(names: tuple[str, ...]) -> None:
    network = named(*names)
    assert [class_index(network, class_key(network, k)) for k in range(4)] == [0, 1, 2, 3]
