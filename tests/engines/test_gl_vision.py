"""Image networks by compute shaders: the numbers of the reference and of NumPy's gradients."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cppn_gl.engines.gl.context import open_context
from cppn_gl.engines.gl.painter import Painter
from cppn_gl.engines.gl.vision import Choice, GLKernel, available
from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.operations import (
    AvgPool2d,
    Clip,
    Concatenate,
    Conv2d,
    Linear,
    MaxPool2d,
    Product,
    ResponseNorm,
    Scale,
    Sum,
)
from cppn_gl.nn.vision.running import (
    RULES,
    NumPyKernel,
    Pass,
    backward,
    finished,
    forward,
    preferred,
    under,
)

pytestmark = pytest.mark.gl


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(0, 1, shape).astype("f4")


def network() -> ImageNetwork:
    """All kinds of steps, more than a tile's results and outputs, and one stage by NumPy."""
    first = Conv2d(floats(66, 3, 3, 3) / np.float32(5), floats(66), (2, 2), (1, 1, 1, 1))
    second = Conv2d(
        floats(8, 33, 3, 2) / np.float32(14), floats(8), (1, 1), (1, 0, 1, 1), (1, 1), 2
    )
    nodes: list[Any] = [
        (first, "relu", (SOURCE,)),
        (second, "relu", (0,)),
        (Scale(floats(8), floats(8)), "identity", (1,)),
        (MaxPool2d((3, 3), (2, 2), (1, 1, 1, 1), ceil=True), "identity", (2,)),
        (AvgPool2d((2, 3), (2, 2), (1, 1, 0, 1), ceil=True, count_padding=False), "identity", (1,)),
        (ResponseNorm(), "identity", (3,)),
        (Sum(), "identity", (3, 5, 3)),
        (Product(), "identity", (6, 5)),
        (Clip(0, 1), "identity", (7,)),
        (Concatenate(), "identity", (8, 6)),
        (Linear(floats(7, 16 * 6 * 5) / np.float32(20), floats(7)), "identity", (9,)),
    ]
    named = [ImageNode(str(n), *node) for n, node in enumerate(nodes)]
    return ImageNetwork.of_nodes(named, 3, (19, 17))


@pytest.fixture(scope="module")
def kernel() -> Iterator[GLKernel]:
    ctx = open_context()
    made = GLKernel(ctx)
    assert available(ctx)
    yield made
    made.release()
    ctx.release()


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(found - expected).max() <= 1e-4 * (np.abs(expected).max() + 1e-30))


def test_units_and_gradients(kernel: GLKernel) -> None:
    net = network()
    done = finished(forward(net, floats(*net.picture), kernel=kernel))
    for k, (pre, units) in enumerate(net.reference(done.source)):
        assert close(done.units[k], units), k
        assert close(done.pre[k], pre), k
    same = Pass(net, done.source, list(done.pre), list(done.units), NumPyKernel())
    for rule in RULES:
        for to in (SOURCE, 2):
            seeds = {10: floats(7, 1, 1), 4: floats(*net.stages[4].shape)}
            found = finished(backward(done, seeds, rule=rule, to=to))
            assert close(found, finished(backward(same, seeds, rule=rule, to=to))), (rule, to)


def test_a_software_renderer_is_never_chosen(kernel: GLKernel) -> None:
    assert finished(Choice(Painter(kernel.ctx, 430, software=True)).kernel_for(network())) is None


def test_on_a_gpu_the_faster_one_is_chosen(kernel: GLKernel) -> None:
    choice = Choice(Painter(kernel.ctx, 430))
    net = network()
    found = finished(choice.kernel_for(net))
    assert found is None or isinstance(found, GLKernel)
    assert finished(choice.kernel_for(net)) is found
    choice.release()


def test_a_lent_kernel_is_used_only_where_it_is_preferred(kernel: GLKernel) -> None:
    net, lent = network(), GLKernel(kernel.ctx, lent=True)
    done = finished(under(lent, forward(net, floats(*net.picture))))
    assert done.kernel is lent
    assert preferred() is None
    seeds = {4: floats(*net.stages[4].shape)}
    inside = finished(under(lent, backward(done, seeds)))
    lent.release()
    assert close(finished(backward(done, seeds)), inside)
    assert finished(forward(net, done.source, kernel=lent)).kernel is not lent
