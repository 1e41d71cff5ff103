"""Passes of image networks: gradients, rules, slices, and NumPy beside the native library."""

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threads import at_once

from cppn_gl.nn.layers import SOURCE
from cppn_gl.nn.vision import native_kernel
from cppn_gl.nn.vision.native_kernel import NativeKernel
from cppn_gl.nn.vision.network import ImageNetwork, ImageNode
from cppn_gl.nn.vision.operations import (
    AvgPool2d,
    Clip,
    Concatenate,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Identity,
    ImageOperation,
    Linear,
    MaxPool2d,
    Product,
    Reshape,
    ResponseNorm,
    Scale,
    Shape,
    Softmax,
    Sum,
)
from cppn_gl.nn.vision.running import RULES, NumPyKernel, Pass, backward, finished, forward
from cppn_gl.utils import native
from cppn_gl.utils.native import Library

pytestmark = pytest.mark.native

SIDE = 13


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(0, 1, shape).astype("f4")


def conv(out: int, into: int, kernel: int, **keys: Any) -> Conv2d:
    per = into // keys.get("groups", 1)
    weight = floats(out, per, kernel, kernel) / (np.sqrt(per) * kernel)
    return Conv2d(weight.astype("f4"), floats(out), **keys)


def made(*nodes: tuple[ImageOperation, str, tuple[int, ...]], channels: int = 3) -> ImageNetwork:
    named = [ImageNode(f"layer {n}", *node) for n, node in enumerate(nodes)]
    return ImageNetwork.of_nodes(named, channels, (SIDE, SIDE + 2))


def everything(first: str = "relu", second: str = "tanh") -> ImageNetwork:
    """A network with all kinds of operations; NumPy computes three of them."""
    return made(
        (conv(6, 3, 3, stride=(2, 2), padding=(1, 1, 1, 1)), first, (SOURCE,)),
        (conv(4, 6, 1), first, (0,)),
        (conv(4, 6, 3, padding=(1, 1, 1, 1), groups=2), second, (0,)),
        (Concatenate(), "identity", (1, 2)),
        (MaxPool2d((3, 3), (2, 2), (1, 1, 1, 1), ceil=True), "identity", (3,)),
        (Scale(floats(8), floats(8)), first, (4,)),
        (ResponseNorm(), "identity", (5,)),
        (Sum(), first, (4, 6, 5)),
        (Product(), "identity", (7, 4)),
        (AvgPool2d((2, 2), (1, 1), (1, 0, 0, 0), count_padding=False), second, (8,)),
        (Identity(), "identity", (9,)),
        (Concatenate(), second, (10, 9)),
        (conv(8, 16, 3, stride=(2, 1), padding=(2, 0, 1, 0), dilation=(2, 1)), first, (11,)),
        (Clip(0, 2), "identity", (12,)),
        (AvgPool2d((2, 2), (2, 2), (1, 1, 1, 1), ceil=True), "identity", (13,)),
        (Flatten(), "identity", (14,)),
        (Reshape(Shape(8, 2, 2)), first, (15,)),
        (GlobalAvgPool(), "identity", (7,)),
        (Product(), "identity", (16, 17)),
        (Linear((floats(5, 32) / 6).astype("f4"), floats(5)), second, (18,)),
        (Softmax(), "identity", (19,)),
    )


def run(network: ImageNetwork, kernel: Any = None, **keys: Any) -> Pass:
    return finished(forward(network, floats(*network.picture), kernel=kernel, **keys))


def seeds(done: Pass, *stages: int) -> dict[int, np.ndarray]:
    return {k: floats(*done.units[k].shape, seed=1) for k in stages}


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    scale = np.abs(expected).max() + 1e-30
    return found.shape == expected.shape and np.abs(found - expected).max() <= 2e-5 * scale


@pytest.mark.parametrize("kernel", [NumPyKernel, NativeKernel])
def test_all_stages_are_the_reference(kernel: Any) -> None:
    network = everything()
    done = run(network, kernel())
    truth = list(network.reference(floats(*network.picture)))
    assert len(done.units) == len(done.pre) == len(truth)
    for k, (pre, units) in enumerate(truth):
        assert close(done.units[k], units), k
        assert close(done.pre[k], pre), k
    assert close(done.logits, truth[19][0].reshape(-1))
    assert np.isclose(done.probabilities.sum(), 1)


@pytest.mark.parametrize("kernel", [NumPyKernel, NativeKernel])
def test_gradients_are_central_differences(kernel: Any) -> None:
    network = everything("tanh", "gelu")
    done = run(network, kernel())
    given = seeds(done, 20, 11)
    found = finished(backward(done, given))
    assert found.shape == network.picture

    def value(x: np.ndarray) -> float:
        units = network.evaluate_image(x)
        return float(sum((units[k] * seed).sum() for k, seed in given.items()))

    x = done.source.astype(np.float64)
    for seed in range(3):
        direction = floats(*x.shape, seed=seed + 5).astype(np.float64)
        step = 1e-6 * direction
        slope = (value(x + step) - value(x - step)) / 2e-6
        size = np.linalg.norm(found) * np.linalg.norm(direction)
        assert abs((found * direction).sum() - slope) < 1e-5 * size


@pytest.mark.parametrize("rule", RULES)
def test_the_library_gives_the_gradients_of_numpy_at_every_stage(rule: Any) -> None:
    network = everything()
    done = run(network, NativeKernel())
    same = Pass(network, done.source, list(done.pre), list(done.units), NumPyKernel())
    for to in (SOURCE, 0, 4, 9, 18):
        for stages in ((20,), (19, 7, 2), (12,)):
            for before in (False, True):
                given, keys = seeds(done, *stages), {"before": before, "rule": rule, "to": to}
                found = finished(backward(done, given, **keys))
                assert close(found, finished(backward(same, given, **keys))), (to, stages, before)


sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=40, deadline=None)
@given(
    kernel=sizes, stride=sizes, dilation=sizes,
    padding=st.tuples(*[st.integers(0, 3)] * 4),
    groups=st.integers(1, 3), inputs=st.integers(1, 5), outputs=st.integers(1, 9),
)  # fmt: skip
def test_convolutions_of_any_shape(
    kernel: Any, stride: Any, dilation: Any, padding: Any, groups: int, inputs: int, outputs: int
) -> None:
    weight = floats(outputs * groups, inputs, *kernel)
    of = Conv2d(weight, floats(outputs * groups), stride, padding, dilation, groups)
    if max(reach - side for reach, side in zip(of.reach, (SIDE, SIDE + 2), strict=True)) > 0:
        return
    network = made((of, "relu", (SOURCE,)), channels=inputs * groups)
    done = run(network, NativeKernel())
    truth = of.forward(done.source.astype(np.float64))
    assert close(done.pre[0], truth)
    assert close(done.units[0], np.maximum(truth, 0))
    by = seeds(done, 0)
    expected = of.backward([done.source], truth, by[0].astype(np.float64))[0]
    assert close(finished(backward(done, by, before=True)), expected)


@settings(max_examples=30, deadline=None)
@given(
    size=sizes, stride=sizes, ceil=st.booleans(), counts=st.booleans(), padding=st.integers(0, 3),
    rounded=st.booleans(),
)  # fmt: skip
def test_pools_of_any_shape(
    size: Any, stride: Any, ceil: bool, counts: bool, padding: int, rounded: bool
) -> None:
    padded = (min(padding, size[0] - 1), min(padding, size[1] - 1)) * 2
    largest = MaxPool2d(size, stride, padded, ceil)
    mean = AvgPool2d(size, stride, padded, ceil, counts)
    network = made((largest, "identity", (SOURCE,)), (mean, "identity", (SOURCE,)))
    x = floats(*network.picture)
    x = np.round(x) if rounded else x  # many equal maxima
    done = finished(forward(network, x, kernel=NativeKernel()))
    operations: tuple[Any, ...] = largest, mean
    for k, of in enumerate(operations):
        truth = of.forward(x.astype(np.float64))
        assert close(done.units[k], truth)
        by = seeds(done, k)
        expected = of.backward([x.astype(np.float64)], truth, by[k].astype(np.float64))[0]
        assert close(finished(backward(done, by)), expected)


def test_bits_depend_neither_on_threads_nor_on_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = set()
    library = native.library()
    assert library is not None
    network = everything()
    for isa in library.isas:
        for threads, piece in ((1, 1.0), (3, 1e-9), (8, 1.0)):
            monkeypatch.setattr(native_kernel, "SLICE", piece)
            monkeypatch.setattr(native_kernel, "ALONE", 0)
            done = run(network, NativeKernel(Library(native.PATH, isa), threads))
            back = finished(backward(done, seeds(done, 17, 12)))
            units = [done.units[k] for k in range(20) if k != 6]  # NumPy's power is the machine's
            found.add(b"".join(array.tobytes() for array in (*units, back)))
    assert len(found) == 1


def test_threads_may_share_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_kernel, "ALONE", 0)
    kernel, network = NativeKernel(threads=2), everything()
    done = run(network, kernel)
    expected = finished(backward(done, seeds(done, 19))).tobytes()

    def job() -> None:
        for _ in range(3):
            own = run(network, kernel)
            assert finished(backward(own, seeds(own, 19))).tobytes() == expected

    at_once([job] * 4)


def test_a_pass_is_made_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_kernel, "SLICE", 1e-9)
    network = everything()
    for kernel in (NativeKernel(), NumPyKernel()):
        slices = forward(network, floats(*network.picture), kernel=kernel)
        assert sum(1 for _ in slices) > 15


def test_until_and_to_limit_what_is_visited() -> None:
    network = everything()
    for kernel in (NativeKernel(), NumPyKernel()):
        whole, part = run(network, kernel), run(network, kernel, until=4)
        assert len(part.units) == len(part.pre) == 5
        assert np.array_equal(part.units[4], whole.units[4])
        assert np.array_equal(part.pre[2], whole.pre[2])
        given = seeds(part, 4)
        by = finished(backward(part, given, to=2))
        assert by.shape == network.stages[2].shape
        assert np.array_equal(by, finished(backward(whole, given, to=2)))
        assert not finished(backward(part, seeds(part, 1), to=2)).any()


def test_rules_at_a_relu() -> None:
    step = ImageNode("", Identity(), "relu", (SOURCE,))
    network = ImageNetwork.of_nodes([step], 1, (1, 4))
    x = np.array([1, 1, -1, -1], "f4").reshape(1, 1, 4)
    by = np.array([2, -2, 2, -2], "f4").reshape(1, 1, 4)
    expected = {"gradient": [2, -2, 0, 0], "guided": [2, 0, 0, 0], "deconvnet": [2, 0, 2, 0]}
    for kernel in (NativeKernel(), NumPyKernel()):
        done = finished(forward(network, x, kernel=kernel))
        for rule in RULES:
            assert finished(backward(done, {0: by}, rule=rule)).ravel().tolist() == expected[rule]


def test_a_max_pool_tells_where_its_maxima_stood() -> None:
    network = made((MaxPool2d((2, 2), (2, 2)), "identity", (SOURCE,)))
    x = np.zeros(network.picture, "f4")
    x[0, 1, 2] = x[0, 1, 3] = 5
    assert finished(forward(network, x)).switches(0)[0, 0].tolist() == [0, 2, 0, 0, 0, 0, 0]


def test_memory_is_used_again_when_nobody_knows_a_pass() -> None:
    kernel, network = NativeKernel(), everything()
    gc.disable()
    try:
        done = run(network, kernel)
        kept, address = done.units[3], done.units[3].ctypes.data
        copy = kept.copy()
        del done
        other = run(network, kernel)
        assert other.units[3].ctypes.data != address
        assert np.array_equal(kept, copy)
        del other, kept
        addresses = {run(network, kernel).units[3].ctypes.data for _ in range(3)}
        assert len(addresses) <= 2
    finally:
        gc.enable()


def test_a_tensor_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 3×13×15"):
        finished(forward(everything(), floats(3, SIDE, SIDE)))
