"""Mappings against formulas of others, and what holds for each of them."""

import colorsys

import numpy as np
import pytest

from cppn_gl.preset.color import (
    MAPPINGS,
    NOT_A_NUMBER,
    Color,
    ValueRange,
    broken,
    colored,
    marked,
    single,
)
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.checks import PresetError

UNIT = ValueRange((0.0,) * 3, (1.0,) * 3)
SIGNED = ValueRange((-1.0,) * 3, (1.0,) * 3)

each = pytest.mark.parametrize("name", MAPPINGS)


def random_values(count: int = 500) -> np.ndarray:
    return np.random.default_rng(3).uniform(-0.3, 1.3, (count, 3)).astype(np.float32)


def repeated(*values: float) -> np.ndarray:
    return np.repeat(np.array(values, np.float32)[:, None], 3, axis=1)


@each
def test_colours_are_display_values(name: str) -> None:
    shown = colored(random_values(), Color(name), UNIT)
    assert shown.dtype == np.float32
    assert shown.shape == (500, 3)
    assert 0 <= shown.min() <= shown.max() <= 1
    assert np.ptp(shown) > 0.5


@each
def test_inverted_is_light_for_dark(name: str) -> None:
    values = random_values()
    plain, inverted = (colored(values, Color(name, invert), UNIT) for invert in (False, True))
    assert np.allclose(plain + inverted, 1, atol=1e-6)


@each
@pytest.mark.parametrize("invert", [False, True])
def test_what_is_no_number_stays_magenta(name: str, invert: bool) -> None:
    values = random_values()
    values[7] = NOT_A_NUMBER
    shown = colored(values, Color(name, invert), SIGNED)
    assert broken(shown)[7]


def test_only_what_is_not_finite_is_marked() -> None:
    outputs = np.array(
        [[1, 0, 1], [1, -1e-38, 1], [1, 1e-30, 1], [np.nan, 0, 1], [1, np.inf, 1], [0.5, 0, 1]],
        np.float32,
    )
    passed = marked(outputs)
    assert list(broken(passed)) == [False, False, False, True, True, False]
    assert np.allclose(passed[[0, 1, 2, 5]], outputs[[0, 1, 2, 5]], atol=1e-29)


@each
def test_small_steps_are_small_changes(name: str) -> None:
    """No seam, hue included, and none at the ends."""
    path = np.linspace(0, 1, 20001, dtype=np.float32)
    values = np.stack([path, np.full_like(path, 0.7), 1 - path], axis=1)
    shown = colored(values, Color(name), UNIT)
    assert np.abs(np.diff(shown, axis=0)).max() < 0.01


@pytest.mark.parametrize("name", [name for name, m in MAPPINGS.items() if m.channels == 1])
def test_mappings_of_one_value_take_the_mean(name: str) -> None:
    values = random_values()
    alike = np.repeat(single(values), 3, axis=1)
    assert np.allclose(
        colored(values, Color(name), UNIT), colored(alike, Color(name), UNIT), atol=1e-5
    )


def test_values_whose_sum_overflows_have_a_mean() -> None:
    huge = np.array([[3e38, 3e38, 3e38], [3e38, -3e38, 0]], np.float32)
    assert np.allclose(single(huge), [[3e38], [0]], rtol=1e-6)
    assert np.isfinite(colored(huge, Color("viridis"), SIGNED)).all()


def test_rgb_is_what_it_was_clamped() -> None:
    values = random_values()
    assert np.array_equal(colored(values, Color(), UNIT), np.clip(values, 0, 1))


def test_grey_is_the_value() -> None:
    shown = colored(repeated(-2, -1, 0, 0.5, 1, 2), Color("grey"), SIGNED)
    assert np.allclose(shown, repeated(0, 0, 0.5, 0.75, 1, 1), atol=1e-6)


def test_palettes_give_their_ends_and_middle() -> None:
    for name, mapping in MAPPINGS.items():
        if mapping.palette is not None:
            shown = colored(repeated(-1, 0, 1), Color(name), SIGNED)
            middle = len(mapping.palette) // 2
            assert np.allclose(shown, mapping.palette[[0, middle, -1]], atol=1e-6), name


def in_units(name: str, values: np.ndarray) -> np.ndarray:
    low, high = np.array(MAPPINGS[name].box).T
    return np.asarray(low + np.clip(values.astype(float), 0, 1) * (high - low))


def test_hsv_is_that_of_the_standard_library() -> None:
    values = random_values()
    expected = [colorsys.hsv_to_rgb(*row) for row in in_units("hsv", values)]
    assert np.allclose(colored(values, Color("hsv"), UNIT), expected, atol=1e-5)


def gamma(linear: float) -> float:
    linear = min(max(linear, 0.0), 1.0)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def lab_to_rgb(lightness: float, a: float, b: float) -> list[float]:
    """CIE 15:2004 and IEC 61966-2-1, number by number."""
    y = (lightness + 16) / 116

    def cubed(t: float) -> float:
        return float(t**3) if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29)

    x, y, z = 0.95047 * cubed(y + a / 500), cubed(y), 1.08883 * cubed(y - b / 200)
    red = 3.2404542 * x - 1.5371385 * y - 0.4985314 * z
    green = -0.9692660 * x + 1.8760108 * y + 0.0415560 * z
    blue = 0.0556434 * x - 0.2040259 * y + 1.0572252 * z
    return [gamma(red), gamma(green), gamma(blue)]


def test_lab_is_that_of_cie() -> None:
    values = random_values()
    expected = [lab_to_rgb(*row) for row in in_units("lab", values)]
    assert np.allclose(colored(values, Color("lab"), UNIT), expected, atol=2e-5)


def test_known_colours_in_lab() -> None:
    """Pure red is L 53.24, a 80.09, b 67.20; grey 119 is L 50.03."""
    formula = MAPPINGS["lab"].formula
    assert formula is not None
    of = np.array([[53.24, 80.09, 67.20], [50.034, 0, 0], [100, 0, 0], [0, 0, 0]], np.float32)
    expected = [[1, 0, 0], [119 / 255] * 3, [1, 1, 1], [0, 0, 0]]
    assert np.allclose(formula(of), expected, atol=3e-3)


def test_known_colours_in_oklch() -> None:
    """Red, green and blue as CSS Color 4 lists them in oklch()."""
    formula = MAPPINGS["oklch"].formula
    assert formula is not None
    of = [[0.62796, 0.25768, 29.234], [0.86644, 0.29483, 142.495], [0.45201, 0.31321, 264.052]]
    shown = formula((np.array(of) / [1, 1, 360]).astype(np.float32))
    assert np.allclose(shown, np.eye(3), atol=4e-3)


def test_hue_closes() -> None:
    for name, channel in (("hsv", 0), ("oklch", 2)):
        ends = np.full((2, 3), 0.6, np.float32)
        ends[:, channel] = 0, 1
        first, last = colored(ends, Color(name), UNIT)
        assert np.allclose(first, last, atol=1e-5)


def test_every_mapping_can_be_asked_for_and_a_wrong_one_says_what_is_right() -> None:
    for name in MAPPINGS:
        preset = Preset().replace(mapping=name, invert=True, stretch="percentile")
        assert preset.color == Color(name, True, "percentile")
        assert not preset.color.plain
        assert MAPPINGS[name].help
    assert Preset().color.plain
    with pytest.raises(
        PresetError, match=r"^color\.mapping: no 'virids'; did you mean 'viridis'\?$"
    ):
        Preset().replace(mapping="virids")
