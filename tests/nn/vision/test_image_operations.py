"""Operations of image networks: definitions, gradients by differences, limits."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.layers import Array
from cppn_gl.nn.vision import operations as of
from cppn_gl.nn.vision import windows
from cppn_gl.nn.vision.operations import Shape
from cppn_gl.utils.checks import PresetError

rng = np.random.default_rng(20)
START = rng.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """The same random numbers, whichever tests run."""
    rng.bit_generator.state = START


def drawn(*shape: int) -> Array:
    return rng.normal(size=shape)


def narrow(*shape: int) -> Array:
    return rng.normal(size=shape).astype(np.float32)


def convolutions() -> Iterator[tuple[of.Conv2d, Array]]:
    """Of random kernels, strides, padding, dilation and groups, with a picture each."""
    for _ in range(12):
        groups = int(rng.choice([1, 1, 2, 3]))
        inside, outside = (groups * int(rng.integers(1, 3)) for _ in "ab")
        kernel, stride, dilation = (tuple(map(int, rng.integers(1, n, 2))) for n in (4, 4, 3))
        padding: Any = tuple(map(int, rng.integers(0, 3, 4)))
        weight, bias = narrow(outside, inside // groups, *kernel), narrow(outside)
        pairs: Any = stride, padding, dilation
        operation = of.Conv2d(weight, bias, *pairs, groups)
        yield operation, drawn(2, inside, *map(int, rng.integers(6, 10, 2)))


def pools(kind: type[Any]) -> Iterator[tuple[Any, Array]]:
    for _ in range(8):
        size, stride = (tuple(map(int, rng.integers(1, 4, 2))) for _ in "ab")
        padding = tuple(int(rng.integers(0, size[axis])) for axis in (0, 1, 0, 1))
        more = {} if kind is of.MaxPool2d else {"count_padding": bool(rng.integers(2))}
        operation = kind(size, stride, padding, ceil=bool(rng.integers(2)), **more)
        yield operation, drawn(2, 2, *map(int, rng.integers(4, 9, 2)))


def others() -> Iterator[tuple[Any, tuple[Array, ...]]]:
    picture = drawn(2, 4, 3, 5) * 3
    for operation in (
        of.Linear(narrow(6, 60), narrow(6)),
        of.GlobalAvgPool(),
        of.Scale(narrow(4), narrow(4)),
        *(of.ResponseNorm(size, 0.5, 0.75, 1.5) for size in (1, 2, 3, 5)),
        *(of.Pad2d((1, 2, 0, 3), mode, 0.5) for mode in ("constant", "edge")),
        of.Pad2d((1, 2, 0, 3), "reflect"),
        of.Reshape(Shape(10, 3, 2)),
        of.Flatten(),
        of.Softmax(),
        of.Softmax(log=True),
        of.Identity(),
        of.Clip(0, 6),
        of.LeakyRelu(0.2),
        of.Elu(0.7, 1.1),
        of.HardSigmoid(0.2, 0.4),
        of.Swish(),
        of.Swish(hard=True),
    ):
        yield operation, (picture,)
    small, wide = drawn(2, 4, 1, 1), drawn(2, 1, 3, 5)
    yield of.Sum(), (picture, small, wide)
    yield of.Product(), (picture, small, wide)
    yield of.Concatenate(), (picture, drawn(2, 2, 3, 5))


def checked_gradients(operation: Any, *inputs: Array) -> None:
    """Compare the gradients by inputs and weights with central differences of a sum."""
    output = operation.forward(*inputs)
    shapes = [Shape(*x.shape[-3:]) for x in inputs]
    assert output.shape[-3:] == tuple(operation.shape(*shapes))
    assert output.shape[:-3] == inputs[0].shape[:-3]
    gradient = drawn(*output.shape)
    found = operation.backward(inputs, output, gradient)
    for place, (x, by) in enumerate(zip(inputs, found, strict=True)):
        assert by.shape == x.shape
        direction, step = drawn(*x.shape), 1e-6
        ends = [
            operation.forward(*inputs[:place], x + sign * step * direction, *inputs[place + 1 :])
            for sign in (1, -1)
        ]
        slope = ((ends[0] - ends[1]) * gradient).sum() / (2 * step)
        assert (by * direction).sum() == pytest.approx(slope, rel=1e-5, abs=1e-7)
    for name, by in operation.weight_gradients(inputs, gradient).items():
        # Outputs are linear in the weights.
        weight = getattr(operation, name)
        without = dataclasses.replace(operation, **{name: weight * 0}).forward(*inputs)
        assert (by * weight).sum() == pytest.approx(((output - without) * gradient).sum(), rel=1e-5)
        assert by.shape == weight.shape


@pytest.mark.parametrize("band", [1, 60, windows.BAND])
def test_a_convolution_has_the_sums_and_gradients_of_its_definition(
    monkeypatch: pytest.MonkeyPatch, band: int
) -> None:
    monkeypatch.setattr(windows, "BAND", band)
    for operation, x in convolutions():
        checked_gradients(operation, x)
        y = operation.forward(x)
        channel, row, column = (int(rng.integers(n)) for n in y.shape[1:])
        per = len(operation.weight) // operation.groups
        total = float(operation.bias[channel])
        for c, i, j in itertools.product(*map(range, operation.weight.shape[1:])):
            at = row * operation.stride[0] + i * operation.dilation[0] - operation.padding[0]
            side = column * operation.stride[1] + j * operation.dilation[1] - operation.padding[1]
            if 0 <= at < x.shape[2] and 0 <= side < x.shape[3]:
                source = channel // per * operation.weight.shape[1] + c
                total += float(operation.weight[channel, c, i, j]) * x[0, source, at, side]
        assert y[0, channel, row, column] == pytest.approx(total, abs=1e-10)


@pytest.mark.parametrize("kind", [of.MaxPool2d, of.AvgPool2d])
def test_a_pool_has_the_gradients_of_differences(kind: type[Any]) -> None:
    for operation, x in pools(kind):
        checked_gradients(operation, x)


def test_a_pool_sees_the_values_in_its_window_and_no_others() -> None:
    for operation, x in pools(of.MaxPool2d):
        y = operation.forward(x)
        rows, columns = y.shape[2:]
        for row, column in itertools.product(range(rows), range(columns)):
            top, left = (
                n * step - before
                for n, step, before in zip(
                    (row, column), operation.stride, operation.padding, strict=False
                )
            )
            seen = x[
                :,
                :,
                max(0, top) : top + operation.size[0],
                max(0, left) : left + operation.size[1],
            ]
            wanted = seen.max(axis=(2, 3), initial=-np.inf)
            assert (y[:, :, row, column] == wanted).all()


def test_the_first_of_equal_values_gets_the_gradient_of_a_pool() -> None:
    pool = of.MaxPool2d((2, 2))
    x = np.zeros((1, 2, 2))
    (found,) = pool.backward((x,), pool.forward(x), np.ones((1, 1, 1)))
    assert found.tolist() == [[[1, 0], [0, 0]]]


@pytest.mark.parametrize(
    ("operation", "inputs"), [pytest.param(*one, id=type(one[0]).__name__) for one in others()]
)
def test_operations_have_the_gradients_of_differences(
    operation: Any, inputs: tuple[Array, ...]
) -> None:
    checked_gradients(operation, *inputs)


def test_ceil_counts_a_window_that_overhangs_but_none_that_starts_outside() -> None:
    # 113 rows as of SqueezeNet's first layer; and PyTorch's exception: a window in the padding.
    assert of.MaxPool2d((3, 3), (2, 2), ceil=True).shape(Shape(1, 113, 114)) == (1, 56, 57)
    assert of.MaxPool2d((2, 2), (2, 2), (1, 1, 1, 1), ceil=True).shape(Shape(1, 4, 5)) == (1, 3, 3)


def test_what_overhangs_is_no_part_of_a_mean() -> None:
    pool = of.AvgPool2d((2, 2), (2, 2), ceil=True)
    assert pool.forward(np.ones((1, 3, 3))).tolist() == np.ones((1, 2, 2)).tolist()


def test_float32_stays_float32_and_leading_axes_stay() -> None:
    for operation, inputs in others():
        given = [np.stack([x, x]).astype(np.float32) for x in inputs]
        output = operation.forward(*given)
        assert output.dtype == np.float32
        assert output.shape[:2] == (2, 2)
        found = operation.backward(given, output, output)
        assert all(by.dtype == np.float32 for by in found)


def test_a_gradient_may_have_more_axes_than_the_inputs() -> None:
    for operation, x in itertools.chain(convolutions(), pools(of.MaxPool2d), pools(of.AvgPool2d)):
        y = operation.forward(x[0])
        gradients = drawn(3, *y.shape)
        (found,) = operation.backward((x[0],), y, gradients)
        for one, by in zip(gradients, found, strict=True):
            assert np.allclose(operation.backward((x[0],), y, one)[0], by)


@pytest.mark.parametrize(
    ("operation", "shapes", "words"),
    [
        (of.Conv2d(narrow(2, 3, 3, 3), narrow(2)), [Shape(4, 9, 9)], "weights for 3 channels"),
        (of.Conv2d(narrow(2, 3, 3, 3), narrow(2)), [Shape(3, 2, 9)], "3×3 on 2×9"),
        (of.Linear(narrow(2, 8), narrow(2)), [Shape(2, 2, 3)], "weights for 8 values"),
        (of.MaxPool2d((3, 3)), [Shape(1, 2, 2)], "3×3 on 2×2"),
        (of.Concatenate(), [Shape(1, 2, 2), Shape(1, 2, 3)], "equal sides"),
        (of.Sum(), [Shape(2, 2, 2), Shape(3, 2, 2)], "equal shapes"),
        (of.Reshape(Shape(5, 1, 1)), [Shape(2, 2, 2)], "as many values"),
        (of.Pad2d((4, 0, 0, 0), "reflect"), [Shape(1, 4, 4)], "expected less"),
        (of.Softmax(), [Shape(1, 1, 1)] * 2, "2 inputs; expected one"),
    ],
)
def test_shapes_that_do_not_fit_are_named(operation: Any, shapes: list[Shape], words: str) -> None:
    with pytest.raises(PresetError, match=words):
        operation.shape(*shapes)


@pytest.mark.parametrize(
    "make",
    [
        lambda: of.Conv2d(narrow(3, 2, 1, 1), narrow(2)),
        lambda: of.Conv2d(narrow(3, 2, 1, 1), narrow(3), groups=2),
        lambda: of.Conv2d(narrow(3, 2, 1, 1), narrow(3), stride=(0, 1)),
        lambda: of.Conv2d(narrow(3, 2, 1, 1), narrow(3), padding=(10**9,) * 4),
        lambda: of.Conv2d(np.full((1, 1, 1, 1), np.nan), narrow(1)),
        lambda: of.MaxPool2d((2, 2), padding=(2, 2, 2, 2)),
        lambda: of.MaxPool2d((10**9, 1)),
        lambda: of.Pad2d((-1, 0, 0, 0)),
        lambda: of.Pad2d((1, 1, 1, 1), "wrap"),
        lambda: of.ResponseNorm(0),
        lambda: of.Clip(2, 1),
        lambda: of.Scale(narrow(2), narrow(3)),
    ],
)
def test_operations_that_are_none_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(PresetError):
        make()


def test_digests_differ_where_results_do() -> None:
    weight, bias = narrow(2, 2, 3, 3), narrow(2)
    made = [
        of.Conv2d(weight, bias),
        of.Conv2d(weight, bias, (2, 1)),
        of.Conv2d(weight, bias, padding=(1, 1, 1, 1)),
        of.Conv2d(weight, bias * 2),
        of.MaxPool2d((3, 3)),
        of.MaxPool2d((3, 3), (2, 2)),
        of.AvgPool2d((3, 3)),
        of.Softmax(),
        of.Softmax(log=True),
    ]
    assert len({operation.digest for operation in made}) == len(made)
    assert of.Conv2d(weight, bias).digest == made[0].digest


def test_a_max_pool_has_no_more_places_than_switches_can_name() -> None:
    assert of.MaxPool2d((254, 258)).shape(Shape(1, 300, 300)) == (1, 1, 1)
    with pytest.raises(PresetError, match="65,535"):
        of.MaxPool2d((256, 256))


@pytest.mark.parametrize("pool", [of.MaxPool2d, of.AvgPool2d])
def test_a_window_may_overhang_a_small_picture_as_in_pytorch(pool: Any) -> None:
    x = drawn(2, 3, 5)
    found = pool((4, 5), (2, 5), ceil=True)
    mean = x.mean(axis=(1, 2)) if pool is of.AvgPool2d else x.max(axis=(1, 2))
    np.testing.assert_allclose(found.forward(x), mean[:, None, None])
    for size, ceil in (((4, 5), False), ((5, 5), True)):
        with pytest.raises(PresetError, match="which is smaller"):
            pool(size, (2, 5), ceil=ceil).shape(Shape(2, 3, 5))
