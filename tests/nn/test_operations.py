"""The operations on grids, each against a direct loop over positions and taps."""

import numpy as np
import pytest

from cppn_gl.nn.operations import (
    Activation,
    Add,
    AvgPool,
    Concat,
    Conv,
    MaxPool,
    Norm,
    Statistics,
    common,
)
from cppn_gl.utils.checks import PresetError


def grid(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(height, width, channels))


@pytest.mark.parametrize(
    ("kernel", "dilation", "groups", "spacing"),
    [(1, 1, 1, 1), (3, 1, 1, 1), (3, 2, 1, 1), (5, 1, 2, 1), (3, 1, 4, 2), (3, 2, 2, 3)],
)
def test_a_convolution_is_the_sum_over_its_taps(
    kernel: int, dilation: int, groups: int, spacing: int
) -> None:
    rng = np.random.default_rng(1)
    conv = Conv(
        rng.normal(size=(8, 4 // groups, kernel, kernel)), rng.normal(size=8), dilation, groups
    )
    y = grid(17, 18, 4)
    z = conv.pre_activation(y, spacing=spacing)
    apart = dilation * spacing
    reach = kernel // 2 * apart
    assert conv.radius * spacing == reach
    assert z.shape == (17 - 2 * reach, 18 - 2 * reach, 8)
    for out, row, column in ((0, 0, 0), (5, 1, 2), (7, len(z) - 1, z.shape[1] - 1)):
        total = float(conv.bias[out])
        for i in range(kernel):
            for j in range(kernel):
                for c in range(4 // groups):
                    source = out // (8 // groups) * (4 // groups) + c
                    value = y[row + i * apart, column + j * apart, source]
                    total += float(conv.weight[out, c, i, j]) * value
        assert z[row, column, out] == pytest.approx(total, abs=1e-12)


def test_a_kernel_of_one_is_a_dense_layer() -> None:
    rng = np.random.default_rng(2)
    weight, bias = rng.normal(size=(3, 5, 1, 1)).astype("f4"), rng.normal(size=3).astype("f4")
    y = grid(4, 6, 5)
    z = Conv(weight, bias).pre_activation(y)
    np.testing.assert_allclose(z, y @ weight[..., 0, 0].T.astype(float) + bias, atol=1e-12)
    assert Conv(weight, bias).pointwise


@pytest.mark.parametrize("spacing", [1, 2])
def test_pools_take_the_largest_and_the_mean_of_a_window(spacing: int) -> None:
    y = grid(11, 12, 2)
    most, mean = (pool(3).pre_activation(y, spacing=spacing) for pool in (MaxPool, AvgPool))
    window = y[2 : 2 + 2 * spacing + 1 : spacing, 3 : 3 + 2 * spacing + 1 : spacing, 1]
    assert most[2, 3, 1] == window.max()
    assert mean[2, 3, 1] == pytest.approx(window.mean())
    assert most.shape == mean.shape == (11 - 2 * spacing, 12 - 2 * spacing, 2)


def test_the_largest_of_a_window_with_nan_is_nan() -> None:
    y = grid(5, 5, 1)
    y[0, 4] = np.nan
    pooled = MaxPool(3).pre_activation(y)[..., 0]
    assert np.isnan(pooled[0, 2])
    assert np.isnan(pooled).sum() == 1


def test_inputs_of_several_sizes_are_cut_around_their_centre() -> None:
    large, small = grid(9, 9, 2), grid(5, 5, 2, seed=1)
    assert [one.shape for one in common(large, small)] == [(5, 5, 2), (5, 5, 2)]
    np.testing.assert_array_equal(Add().pre_activation(large, small), large[2:7, 2:7] + small)
    joined = Concat().pre_activation(small, large)
    np.testing.assert_array_equal(joined[..., 2:], large[2:7, 2:7])


def test_normalisation_gives_each_channel_its_mean_and_standard_deviation() -> None:
    z = grid(30, 20, 3) * [1, 50, 0.01] + [0, 7, 1000]
    gain, shift = np.array([2.0, -1.0, 3.0]), np.array([0.5, 0.0, -4.0])
    done = Norm(gain, shift).pre_activation(z)
    np.testing.assert_allclose(done.mean(axis=(0, 1)), shift, atol=1e-9)
    np.testing.assert_allclose(done.std(axis=(0, 1)), np.abs(gain), rtol=1e-6)
    measured = Norm(gain, shift, Statistics.of(z))
    np.testing.assert_allclose(measured.pre_activation(z[:3]), done[:3], rtol=1e-12)
    mean, factor, offset = measured.terms
    rounded = (z.astype("f4") - mean) * factor + offset
    # The channel around 1000 is only known to float32's precision there.
    np.testing.assert_allclose(rounded, done, atol=3 * 1000 * 2**-24 / 0.01)


def test_a_constant_channel_is_only_shifted() -> None:
    z = np.full((8, 8, 3), [3.0, 0.0, np.inf])
    z[..., 0] += np.random.default_rng(0).normal(size=(8, 8)) * 1e-8  # rounding
    found = Statistics.of(z)
    np.testing.assert_array_equal(found.std, 1)
    np.testing.assert_allclose(found.mean, [3, 0, 0], atol=1e-6)


def test_operations_that_do_not_fit_are_refused() -> None:
    weight = np.zeros((4, 3, 3, 3), np.float32)
    with pytest.raises(PresetError, match="kernel of 2×2"):
        Conv(weight[..., :2, :2], np.zeros(4))
    with pytest.raises(PresetError, match="5 biases for 4 rows"):
        Conv(weight, np.zeros(5))
    with pytest.raises(PresetError, match="4 channels in 3 groups"):
        Conv(weight, np.zeros(4), groups=3)
    with pytest.raises(PresetError, match="weights for 3 inputs; expected 2"):
        Conv(weight, np.zeros(4)).shape(2)
    with pytest.raises(PresetError, match="2 and 3 channels"):
        Add().shape(2, 3)
    with pytest.raises(PresetError, match="odd number"):
        MaxPool(4)


def test_what_operations_are_called() -> None:
    weight = np.zeros((4, 1, 3, 3), np.float32)
    named = [
        Conv(weight, np.zeros(4)),
        Conv(weight[..., :1, :1], np.zeros(4)),
        Conv(weight, np.zeros(4), dilation=2, groups=4),
        MaxPool(3),
        AvgPool(5),
        Activation(),
        Concat(),
        Add(),
    ]
    assert [one.label for one in named] == [
        "conv 3×3",
        "1×1",
        "conv 3×3, 2 apart, 4 groups",
        "max pool 3×3",
        "avg pool 5×5",
        "activation",
        "concat",
        "add",
    ]


def test_digests_tell_operations_apart() -> None:
    weight = np.zeros((4, 1, 3, 3), np.float32)
    convs = [Conv(weight, np.zeros(4), dilation) for dilation in (1, 2)]
    norms = [Norm(np.ones(2), np.zeros(2)), Norm(np.ones(2), np.ones(2))]
    others = [MaxPool(3), MaxPool(5), AvgPool(3), Activation(), Concat(), Add()]
    assert len({one.digest for one in [*convs, *norms, *others]}) == 10
