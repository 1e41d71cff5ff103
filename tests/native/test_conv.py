"""Stages of graphs on planes: what every instruction set computes, against the definition."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cppn_gl.utils import native
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.native import Library
from cppn_gl.utils.native_conv import Bands, Packed, packed_weight, plane_moments

pytestmark = pytest.mark.native

NAN = 0x7FC00000  # the only representation of it in results
RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def libraries() -> list[Library]:
    """The library for each instruction set of this processor, portable first."""
    return [Library(native.PATH, isa) for isa in Library(native.PATH).isas]


def computed(
    library: Library, kind: str, inputs: list[Float32], outputs: int, **keys: Any
) -> Float32:
    """The units of a stage, in uneven bands."""
    activation = library.activation(keys.pop("activation", "identity"))
    assert activation is not None
    packed = Packed(kind, activation, sum(map(len, inputs)), outputs, **keys)
    height, width = (side - packed.margin for side in inputs[0].shape[1:])
    units = np.full((outputs, height, width), 7, np.float32)
    bands = Bands(library, packed, inputs, units)
    for first in range(0, height, 3):
        bands.run(first, min(3, height - first))
    return units


def windows(x: NDArray[Any], size: int, dilation: int) -> NDArray[Any]:
    """(size, size, channels, height, width): the inputs that each tap sees."""
    margin = (size - 1) * dilation
    height, width = x.shape[1] - margin, x.shape[2] - margin
    taps = range(0, margin + 1, dilation)
    return np.array([[x[:, y : y + height, z : z + width] for z in taps] for y in taps])


def sums(x: Float32, weight: Float32, bias: Float32, dilation: int, groups: int) -> Float32:
    """Of float32 products rounded once with their sum, in order: channel, row, column."""
    outputs, size = len(weight) // groups, weight.shape[2]
    seen = windows(x.astype(np.float64), size, dilation)
    found = []
    for o, (row, start) in enumerate(zip(weight, bias, strict=True)):
        total = np.full(seen.shape[3:], start, np.float32)
        for c, taps in enumerate(row):
            for ky in range(size):
                for kx in range(size):
                    channel = o // outputs * weight.shape[1] + c
                    # Exact in float64, as weights and inputs have few bits.
                    total = (np.float64(taps[ky, kx]) * seen[ky, kx, channel] + total).astype("f4")
        found.append(total)
    return np.array(found)


def short(*shape: int) -> Float32:
    """Numbers of 12 bits: sums of their products with a float32 are rounded once in float64."""
    return (RNG.integers(-2048, 2048, shape) / 1024).astype(np.float32)


@pytest.mark.parametrize(
    ("inputs", "outputs", "size", "dilation", "groups"),
    [
        (1, 1, 1, 1, 1),
        (3, 13, 3, 1, 1),
        (7, 4, 3, 2, 1),
        (6, 4, 5, 1, 2),
        (5, 10, 3, 3, 5),
        (2, 3, 11, 1, 1),
    ],
)
def test_a_convolution_is_fused_multiply_adds_in_order(
    inputs: int, outputs: int, size: int, dilation: int, groups: int, libraries: list[Library]
) -> None:
    margin = (size - 1) * dilation
    x, bias = short(inputs, 7 + margin, 71 + margin), short(outputs)
    weight = short(outputs, inputs // groups, size, size)
    expected = sums(x, weight, bias, dilation, groups)
    for library in libraries:
        packed = packed_weight(library, weight, groups)
        keys = {"size": size, "dilation": dilation, "groups": groups, "bias": bias}
        found = computed(library, "convolution", [x], outputs, weight=packed, **keys)
        assert found.tobytes() == expected.tobytes()


def test_a_wide_stage_with_many_channels_needs_several_tiles(libraries: list[Library]) -> None:
    x, weight = short(70, 11, 333), short(5, 70, 3, 3)
    expected = sums(x, weight, np.zeros(5, np.float32), 1, 1)
    for library in libraries[1:]:  # portable is slow
        packed = packed_weight(library, weight, 1)
        found = computed(library, "convolution", [x], 5, size=3, weight=packed)
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pools_take_the_largest_number_or_the_mean(size: int, libraries: list[Library]) -> None:
    x = short(3, 9 + size, 40 + size)
    seen = windows(x, size, 1)
    for library in libraries:
        largest = computed(library, "max_pool", [x], 3, size=size)
        assert np.array_equal(largest, seen.max((0, 1)))
        mean = computed(library, "mean_pool", [x], 3, size=size)
        assert np.allclose(mean, seen.mean((0, 1), dtype=np.float64), atol=1e-6)


def test_a_pool_passes_nan_on_whatever_its_place(libraries: list[Library]) -> None:
    x = short(1, 9, 40)
    x[0, 4, 20] = -np.nan
    for library in libraries:
        for kind in ("max_pool", "mean_pool"):
            found = computed(library, kind, [x], 1, size=3)
            places = np.argwhere(np.isnan(found[0]))
            assert len(places) == 9
            assert places.min(0).tolist() == [2, 18]
            assert set(found[np.isnan(found)].view(np.uint32).tolist()) == {NAN}


def test_sums_and_concatenations_read_planes_wherever_they_are(libraries: list[Library]) -> None:
    large = short(4, 9, 40)
    one, other = large[:2, 1:7, 3:33], large[::2, 2:8, 1:31]
    for library in libraries:
        assert np.array_equal(computed(library, "sum", [one, other], 2), one + other)
        joined = computed(library, "sum", [one, other, one], 6)
        assert np.array_equal(joined, np.concatenate([one, other, one]))


def test_normalised_activated_and_boosted(libraries: list[Library]) -> None:
    x, (mean, scale, shift, boost) = short(4, 5, 37), short(4, 4)
    column = [term[:, None, None].astype(np.float64) for term in (mean, scale, shift)]
    before = ((x - column[0]) * column[1] + column[2]).astype(np.float32)  # exact, then rounded
    for library in libraries:
        number = library.activation("tanh")
        assert number is not None
        packed = Packed("sum", number, 4, 4, norm=(mean, scale, shift), boost=boost)
        pre, units = np.empty_like(x), np.empty_like(x)
        Bands(library, packed, [x], units, pre).run(0, 5)
        assert np.array_equal(pre, before)
        assert np.array_equal(units, library.activate("tanh", pre) * boost[:, None, None])
        relu = computed(library, "sum", [x], 4, norm=(mean, scale, shift), activation="relu")
        assert np.array_equal(relu, np.maximum(before, 0))


def test_moments_are_exact_and_the_same_everywhere(libraries: list[Library]) -> None:
    plane = (RNG.standard_normal((45, 77)) + 1000).astype(np.float32)[2:, 3:]
    first = plane_moments(libraries[0], plane)
    values = plane.astype(np.float64)
    assert np.allclose(first, (values.mean(), values.var()), rtol=1e-14)
    assert all(plane_moments(library, plane) == first for library in libraries)
    assert plane_moments(libraries[0], np.full((2, 3), 0.1, np.float32))[1] == 0
    plane[0, 0] = np.nan
    assert np.isnan(plane_moments(libraries[0], plane)).all()


def test_the_working_memory_of_dilated_convolutions_is_bounded(libraries: list[Library]) -> None:
    packed = Packed("convolution", 0, 512, 1, size=11, dilation=64)
    column = np.zeros(packed.margin + 1, np.float32)
    side = len(column)
    planes = np.lib.stride_tricks.as_strided(column, (512, side, side), (0, 0, 4))
    bands = Bands(libraries[0], packed, [planes], np.empty((1, 1, 1), np.float32))
    assert bands._bytes < 32 * 2**20  # 11 rows of 512 channels
