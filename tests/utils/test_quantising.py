"""Dithering: an integer formula, its noise in numbers, and the same bytes by NumPy and by C."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.utils import native
from cppn_gl.utils.quantising import (
    CHANNEL,
    LEVEL,
    ROW,
    dithered,
    hashes,
    inside,
    quantise,
    shifted,
    sixteen_bits,
)

SIDES = st.integers(1, 40)
FAR = st.integers(0, 2**20)
ENDS = np.array([np.nan, -np.inf, -1, -0.0, 0, 1e-9, 1 - 2.0**-24, 1, 1.5, np.inf], np.float32)
# Levels on, beside and between whole ones, and near black and white.
LEVELS = [0.0, 0.01, 0.25, 0.49, 0.5, 0.75, 1.0, 1.3, 20.0, 127.5, 200.9, 254.5, 254.6, 254.99, 255]


def by_hand(value: float, x: int, y: int, channel: int) -> int:
    """A dithered value in Python's integers."""
    level = int(np.float32(min(max(value, 0), 1)) * np.float32(255 * 65536))
    h = (x + 0x9E3779B1 * y + 0x85EBCA77 * channel) % 2**32
    h = (h ^ h >> 16) * 0x7FEB352D % 2**32
    h = (h ^ h >> 15) * 0x846CA68B % 2**32
    h ^= h >> 16
    other = 32768 if min(level, 255 * 65536 - level) < 32768 else h % 65536
    return (level + 32768 + (h >> 16) - other) // 65536


def some(seed: int, width: int, height: int) -> np.ndarray:
    """Values of all kinds, ends and halves among them."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-0.05, 1.05, (height, width, 3)).astype(np.float32)
    marks = rng.random(values.shape)
    values[marks < 0.2] = (rng.integers(0, 511, values.shape)[marks < 0.2] / 510).astype(np.float32)
    return np.where(marks < 0.1, rng.choice(ENDS, values.shape), values)


@given(st.floats(0, 1, width=32), FAR, FAR, st.integers(0, 2))
def test_it_is_a_formula_of_value_and_place(value: float, x: int, y: int, channel: int) -> None:
    found = dithered(np.full((1, 1, 3), value, np.float32), (x, y))[0, 0, channel]
    assert found == by_hand(value, x, y, channel)


@pytest.mark.native
@given(st.integers(0, 99), SIDES, SIDES, st.tuples(FAR, FAR))
def test_every_instruction_set_gives_the_bytes_of_numpy(
    seed: int, width: int, height: int, origin: tuple[int, int]
) -> None:
    picture = some(seed, 5 * width, height)
    expected = dithered(picture, origin)
    for isa in native.Library(native.PATH).isas:
        found = np.empty(picture.shape, np.uint8)
        native.Library(native.PATH, isa).dither(picture, found, origin)
        assert np.array_equal(found, expected)


@given(st.data(), SIDES, SIDES)
def test_a_part_is_dithered_as_in_the_whole(data: Any, width: int, height: int) -> None:
    picture = some(3, width, height)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right = data.draw(st.integers(left + 1, width))
    bottom = data.draw(st.integers(top + 1, height))
    whole = (0, 0, width, height)
    part = quantise(picture[top:bottom, left:right], shifted([whole], (left, top)))
    assert np.array_equal(part, quantise(picture, [whole])[top:bottom, left:right])


def test_boxes_are_dithered_as_pictures_of_their_own_and_the_rest_is_rounded() -> None:
    picture = some(4, 31, 17)
    boxes = [(2, 1, 12, 9), (14, -3, 40, 8), (0, 12, 31, 17), (50, 50, 60, 60)]
    found, left = quantise(picture, boxes), np.ones((17, 31), bool)
    for box in boxes[:3]:
        x, y, right, bottom = inside(box, (31, 17)) or (0, 0, 0, 0)
        pixels = np.ascontiguousarray(picture[y:bottom, x:right])
        assert np.array_equal(found[y:bottom, x:right], dithered(pixels, (x - box[0], y - box[1])))
        left[y:bottom, x:right] = False
    assert np.array_equal(found[left], quantise(picture)[left])
    assert left.sum() == 31 * 17 - 10 * 8 - 17 * 8 - 31 * 5


def test_without_the_library_the_bytes_are_the_same(without_native: None) -> None:
    assert native.library() is None
    picture, boxes = some(5, 33, 9), [(0, 0, 33, 9)]
    assert np.array_equal(quantise(picture, boxes), dithered(picture))
    rounded = np.floor(np.clip(np.nan_to_num(picture), 0, 1) * np.float32(255) + np.float32(0.5))
    assert np.array_equal(quantise(np.nan_to_num(picture)), rounded)


@pytest.mark.parametrize("level", LEVELS)
def test_the_mean_is_the_value_and_the_error_depends_on_no_value(level: float) -> None:
    picture = np.full((1080, 1920, 3), level / 255, np.float32)
    error = dithered(picture).astype(np.float64) - level
    deviation = error.std() / np.sqrt(error.size)
    assert abs(error.mean()) <= 5 * deviation + 2.0**-17  # the level is cut off to 1 / LEVEL
    end = min(level, 255 - level)
    expected = 0.25 if end >= 0.5 else end * (1 - end)  # of a level squared, for any value
    assert error.var() == pytest.approx(expected, abs=0.002)
    assert np.abs(error).max() < 1.5


def test_over_all_hashes_the_mean_is_exact() -> None:
    high = np.arange(LEVEL, dtype=np.int64)
    for level in (0, 1, 12345, 32767, 32768, 40000, 255 * LEVEL - 32769, 255 * LEVEL - 5):
        near = min(level, 255 * LEVEL - level) < LEVEL // 2
        lows = [LEVEL // 2] if near else range(0, LEVEL, 1021)
        sums = [((level + LEVEL // 2 + high - low) >> 16).sum() for low in lows]
        means = [level + (LEVEL // 2 - low) for low in lows]
        assert sums == means  # of 65536 values each, in units of a level: floor loses just a half


def test_black_white_and_magenta_stay() -> None:
    ends = np.zeros((200, 300, 3), np.float32)
    ends[:, 100:200], ends[:, 200:] = 1, (1, 0, 1)
    assert np.array_equal(dithered(ends, (7, 9)), (ends * 255).astype(np.uint8))


def test_the_noise_is_triangular_and_white() -> None:
    h = hashes((0, 0), (1024, 1024))
    noise = (h >> 16).astype(np.float64) - (h & np.uint32(0xFFFF)).astype(np.float64)
    noise /= LEVEL
    assert -1 < noise.min() < -0.99
    assert 0.99 < noise.max() < 1
    assert abs(noise.mean()) < 5 * np.sqrt(1 / 6 / noise.size)
    assert noise.var() == pytest.approx(1 / 6, rel=0.005)
    edges = np.linspace(-1, 1, 21)
    found = np.histogram(noise, edges)[0] / noise.size
    rising = np.where(edges < 0, (1 + edges) ** 2 / 2, 1 - (1 - edges) ** 2 / 2)
    assert np.abs(found - np.diff(rising)).max() < 5e-4
    assert np.abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 0.005
    for channel in range(3):
        power = np.abs(np.fft.fft2(noise[..., channel])) ** 2 / (1024 * 1024 / 6)
        power[0, 0] = 1
        u, v = np.meshgrid(*[np.abs(np.fft.fftfreq(1024))] * 2)
        for low in np.arange(0, 0.5, 0.05):  # rings of frequencies, in cycles per pixel
            ring = power[(np.hypot(u, v) >= low) & (np.hypot(u, v) < low + 0.05)]
            assert ring.mean() == pytest.approx(1, abs=5 / np.sqrt(ring.size))
        assert power.max() < 30  # e⁻³⁰: no line stands out


def test_noise_repeats_only_far_away() -> None:
    rows = np.arange(1, 51_000, dtype=np.uint32)
    for shift in (0, int(CHANNEL)):
        steps = (rows * ROW + np.uint32(shift)).astype(np.int32).astype(np.int64)
        assert np.hypot(steps, rows).min() > (51_000 if shift == 0 else 29_000)


def test_sixteen_bits_are_rounded_and_clamped() -> None:
    values = np.array([[-1, 0, 0.25], [0.5, 1, 7]], np.float32).reshape(1, 2, 3)
    assert sixteen_bits(values).tolist() == [[[0, 0, 16384], [32768, 65535, 65535]]]
    every = np.arange(65536, dtype=np.float64)
    shown = (every / 65535).astype(np.float32).reshape(256, 256, 1)
    assert np.array_equal(sixteen_bits(shown).ravel(), every)
