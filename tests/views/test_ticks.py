"""Axes: round numbers, and words that tell them apart."""

import math
import re

import numpy as np
import pytest

from cppn_gl.views.ticks import decades, log_ticks, padded, round_up, short, tick_words, ticks

RANGES = [(-1.06, 1.06), (0, 1), (3, 3.001), (-5, 5), (1e5, 3e5), (-2e-7, 1e-7), (-4e30, 9e30)]


@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize("most", [1, 2, 4, 9])
def test_ticks_are_1_2_or_5_times_a_power_of_ten_and_inside(
    low: float, high: float, most: int
) -> None:
    found = ticks(low, high, most)
    assert len(found) <= most
    room = (high - low) * 1e-8
    assert all(low - room <= tick <= high + room for tick in found)
    steps = np.diff(found)
    if len(steps):
        digits = steps[0] / 10.0 ** math.floor(math.log10(steps[0] * (1 + 1e-9)))
        assert digits == pytest.approx(round(digits)), steps
        assert round(digits) in (1, 2, 5)
        assert np.allclose(steps, steps[0], rtol=1e-6)
        assert np.allclose(np.array(found) / steps[0], np.round(np.array(found) / steps[0]))


def test_ticks_use_the_room_there_is() -> None:
    assert ticks(-1, 1, 5) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert ticks(0, 27, 6) == [0, 5, 10, 15, 20, 25]
    assert ticks(0, 0, 5) == ticks(1, 0, 5) == ticks(0, 1, 0) == ticks(-math.inf, 0, 3) == []


def test_decades_are_powers_of_ten_evenly_apart() -> None:
    assert decades(0.005, 20, 9) == pytest.approx([0.01, 0.1, 1, 10])
    assert decades(1e-9, 1, 4) == pytest.approx([1e-9, 1e-6, 1e-3, 1])
    assert len(decades(1e-12, 1e38, 5)) <= 5
    assert decades(0, 1, 5) == []


def number(words: str) -> float:
    """The number that a label stands for: −3×10⁻⁵."""
    power = re.search("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+$", words)
    if power is None:
        return float(words.replace("−", "-"))
    exponent = power[0].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    mantissa = words[: power.start()].removesuffix("10").removesuffix("×").replace("−", "-")
    return float(f"{mantissa or ''}{'' if mantissa.strip('-') else '1'}e{exponent}")


def test_words_have_the_digits_that_tell_ticks_apart() -> None:
    assert tick_words([-0.5, 0.0, 0.5]) == ["−0.5", "0.0", "0.5"]
    assert tick_words([-2.0, 0.0, 2.0]) == ["−2", "0", "2"]
    assert tick_words([0.001, 1.0, 1e4, 1e-12], log=True) == ["0.001", "1", "10000", "10⁻¹²"]
    assert tick_words([]) == []
    for low, high in RANGES:
        words = tick_words(ticks(low, high, 5))
        assert len(set(words)) == len(words), words
        assert [number(word) for word in words] == pytest.approx(
            ticks(low, high, 5), rel=1e-6, abs=1e-12
        )


@pytest.mark.parametrize(("value", "above"), [(1, 1), (1.01, 2), (3, 5), (0.07, 0.1), (50, 50)])
def test_rounding_up_goes_to_the_next_round_number(value: float, above: float) -> None:
    assert round_up(value) == pytest.approx(above)


def test_limits_hold_all_finite_values_with_room() -> None:
    low, high = padded(np.array([0.0, 2.0, np.inf, np.nan]))
    assert low < 0
    assert high > 2
    assert high < 3
    low, high = padded(np.full(5, 7.0))
    assert low < 7 < high
    assert padded(np.array([np.nan])) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.02, "0.02"), (1.5, "1.5"), (40, "40"), (1234, "1234"), (-3e-5, "−3×10⁻⁵")],
)
def test_numbers_are_short(value: float, words: str) -> None:
    assert short(value) == words
    assert len(short(value * 1.23456)) <= 9


@pytest.mark.parametrize(
    ("low", "high", "most"), [(0.011, 1.2, 7), (0.5, 30, 4), (1e-8, 1e4, 5), (3, 11, 3)]
)
def test_logarithmic_ticks_are_few_round_and_inside(low: float, high: float, most: int) -> None:
    found = log_ticks(low, high, most)
    assert 1 <= len(found) <= most
    assert all(low <= value <= high for value in found)
    assert found == sorted(found)
    assert all(
        f"{value:.0e}"[0] in "1235" and float(f"{value:.0e}") == pytest.approx(value)
        for value in found
    )
