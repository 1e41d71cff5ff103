"""Mappings against formulas of others, and what holds for each of them."""

import colorsys
import dataclasses

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
    printed,
    single,
    strip,
)
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils import colormaps
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


@pytest.mark.parametrize("name", [name for name in MAPPINGS if not Color(name).levels])
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
    for name in MAPPINGS:
        table = Color(name).table
        if table is not None:
            shown = colored(repeated(-1, 0, 1), Color(name), SIGNED)
            assert np.allclose(shown, table[[0, len(table) // 2, -1]], atol=1e-6), name


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


def test_every_map_of_the_library_can_be_asked_for_and_says_what_it_is() -> None:
    color = Preset().replace(mapping="vik").color
    assert color.row.signed
    assert "diverging" in color.row.help
    assert np.array_equal(color.table, colormaps.named("vik"))
    ends = colored(repeated(0, 1), Color("batlowK_r"), UNIT)
    assert np.allclose(ends, colormaps.named("batlowK")[[-1, 0]], atol=1e-6)
    with pytest.raises(
        PresetError, match=r"^color\.mapping: no 'batlov'; did you mean 'batlow'\?$"
    ):
        Preset().replace(mapping="batlov")


OWN = ("#102040", "#c04010", "#F0E0C0")


def test_colours_of_ones_own_set_the_mapping() -> None:
    preset = Preset().replace(palette=OWN)
    assert preset.color == Color("palette", palette=("#102040", "#c04010", "#f0e0c0"))
    assert parse_preset(f"[color]\npalette = {list(OWN)}".replace("'", '"')).color == preset.color
    assert parse_preset(preset.to_toml()).color == preset.color
    assert preset.replace(mapping="plates").replace(palette=OWN[:2]).color.mapping == "plates"
    assert preset.replace(mapping="viridis").color.palette  # kept, though not used
    shown = colored(repeated(0, 0.5, 1), preset.color, UNIT)
    assert np.abs(shown - colormaps.display(OWN)).max() < 1e-5


@pytest.mark.parametrize(
    ("palette", "problem"),
    [
        (["#102040"], "a list of 1; expected 2 to 16"),
        (["#102040"] * 17, "a list of 17; expected 2 to 16"),
        (["#102040", "red"], "'red' is not a colour like \"#f0a030\""),
        (["#102040", 7], '7 is not a colour like "#f0a030"'),
        ("#102040", "'#102040' is not a list"),
    ],
)
def test_wrong_colours_are_refused_in_one_line(palette: object, problem: str) -> None:
    with pytest.raises(PresetError) as caught:
        Preset().replace(palette=palette)
    assert str(caught.value) == f"color.palette: {problem}"


@pytest.mark.parametrize("inks", [2, 3, 5, 16])
@pytest.mark.parametrize("name", [name for name in MAPPINGS if Color(name).table is not None])
def test_a_poster_has_so_many_colours_from_one_end_to_the_other(name: str, inks: int) -> None:
    color = Color(name, inks=inks)
    values = np.linspace(0, 1, 1000, dtype=np.float32)[:, None].repeat(3, axis=1)
    flat = colored(values, color, UNIT)
    places, counts = np.unique(np.round(flat * 255), axis=0, return_counts=True)
    assert np.abs(flat * 255 - np.round(flat * 255)).max() < 1e-3  # colours of 8 bits
    assert color.table is not None
    cyclic = name in ("cyclic", "twilight")  # the last colour would be the first again
    ends = color.table[[0, (inks - 1) * (len(color.table) - 1) // inks if cyclic else -1]]
    assert np.abs(flat[[0, -1]] - ends).max() < (5 if cyclic else 0.51) / 255
    assert len(places) == inks
    assert np.abs(counts - 1000 / inks).max() <= 1  # all with the same part of the values


def test_a_poster_in_colours_of_ones_own_has_exactly_these() -> None:
    color = Color("palette", inks=3, palette=OWN)
    shown = colored(repeated(0, 0.3, 0.4, 0.6, 0.7, 1), color, UNIT)
    wanted = colormaps.display(OWN)[[0, 0, 1, 1, 2, 2]]
    assert np.array_equal(np.round(shown * 255), np.round(wanted * 255))


def ramp(slope: float, angle: float, size: int = 41) -> np.ndarray:
    """A linear function of place, 0.5 in the middle, rising by `slope` a pixel."""
    across = np.arange(size) - size // 2
    turn = np.radians(angle)
    values = 0.5 + slope * (np.cos(turn) * across[None, :] + np.sin(turn) * across[:, None])
    return np.repeat(values[..., None], 3, axis=2).astype(np.float32)


@pytest.mark.parametrize("angle", [0, 10, 30, 45, 90, 200])
@pytest.mark.parametrize("slope", [0.002, 0.02, 0.3])
def test_an_edge_covers_the_pixels_as_it_should(slope: float, angle: float) -> None:
    """Compared with 16 × 16 samples of hard edges in each pixel."""
    color = Color("grey", inks=2)
    found = printed(ramp(slope, angle), color, UNIT)[..., 0]
    fine = ramp(slope / 16, angle, 41 * 16 + 15)
    fine = fine[7:-8, 7:-8]  # the middle of the middle pixel is in the middle
    hard = colored(fine.reshape(-1, 3), color, UNIT)[:, 0].reshape(41, 16, 41, 16)
    exact = hard.mean(axis=(1, 3))
    assert np.abs(found - exact).max() < 0.13
    assert np.abs(found - exact).mean() < 0.005
    partly = (found > 0.01) & (found < 0.99)
    assert 20 < partly.sum() < 41 * 2.5  # one pixel or two along the edge, none elsewhere


def test_a_poster_of_steep_values_is_the_mean_of_its_inks() -> None:
    color = Color("palette", inks=2, palette=("#000000", "#ffffff"))
    noise = np.random.default_rng(2).uniform(-3, 4, (60, 60, 1)).repeat(3, axis=2)
    shown = printed(noise.astype(np.float32), color, UNIT)
    assert abs(shown.mean() - 0.5) < 0.05


def test_plates_are_three_inks_on_the_lightest_colour() -> None:
    color = Color("plates", palette=("#202060", "#f0a080", "#fff8f0", "#40c0a0"))
    on = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    shown = np.round(colored(on, color, UNIT) * 255)
    wanted = colormaps.display(["#fff8f0", "#202060", "#f0a080", "#40c0a0"]) * 255
    assert np.array_equal(shown[:4], np.round(wanted))
    assert (shown[4] <= shown[1:4].min(axis=0)).all()  # ink over ink is darker
    halves = colored(np.float32([[0.4, 0.6, 0.2]]), color, UNIT)
    assert np.allclose(halves[0] * 255, wanted[2], atol=1e-3)


def test_plates_of_many_colours_leave_out_those_that_are_nearly_black() -> None:
    many = ("#0b0d10", "#202060", "#8a8880", "#d04030", "#e0b040", "#fff8f0")
    assert np.allclose(
        Color("plates", palette=many).flat,
        colormaps.display(["#fff8f0", "#202060", "#d04030", "#e0b040"]),
    )


@pytest.mark.parametrize("name", ["rgb", "plates"])
def test_three_outputs_have_so_many_steps_each(name: str) -> None:
    values = random_values(4000)
    for inks, colors in ((2, 8), (3, 27)):
        assert len(np.unique(colored(values, Color(name, inks=inks), UNIT), axis=0)) == colors


@pytest.mark.parametrize("hue", range(0, 360, 15))
def test_one_flat_ink_shows_its_hue_on_paper(hue: int) -> None:
    dark, paper = colormaps.to_oklab(Color("ink", hue=hue, inks=2).flat.astype(float))
    assert 0.3 < dark[0] < 0.4
    assert np.hypot(*dark[1:]) > 0.06
    apart = np.degrees(np.arctan2(dark[2], dark[1])) - hue
    assert abs((apart + 180) % 360 - 180) < 25  # somewhat off where sRGB has less chroma
    assert paper[0] > 0.95
    assert np.hypot(*paper[1:]) < 0.03


def test_magenta_of_what_is_no_number_stays_in_a_poster() -> None:
    values = ramp(0.05, 30)
    values[3, 4] = NOT_A_NUMBER
    for name in ("sunset", "plates", "rgb"):
        shown = printed(values, Color(name, inks=3), UNIT, samples=2)
        assert broken(shown)[3, 4]
        assert broken(shown).sum() == 1


def test_a_picture_of_one_pixel_or_row_can_be_a_poster() -> None:
    for shape in ((1, 1, 3), (1, 9, 3), (9, 1, 3)):
        shown = printed(np.full(shape, 0.2, np.float32), Color("sunset", inks=4), UNIT)
        assert np.allclose(shown * 255, colormaps.display(["#1f2a44"]) * 255, atol=1e-3)


@each
def test_a_strip_shows_a_mapping(name: str) -> None:
    shown = strip(Color(name), 64)
    assert shown.shape == (64, 3)
    assert 0 <= shown.min() <= shown.max() <= 1


WHITE = Color("palette", palette=("#ffffff", "#ffffff"))


@pytest.mark.parametrize("angle", [0, 30, 90])
@pytest.mark.parametrize("samples", [1, 3])
def test_contour_lines_are_at_the_multiples_and_equally_wide(angle: float, samples: int) -> None:
    """Lines every 10 pixels on white ground; that at 0 is wider and darker."""
    values = ramp(0.01, angle, 81) - np.float32(0.5)
    color = dataclasses.replace(WHITE, isolines=0.1)
    found = printed(values, color, UNIT, samples, stroke=2.0)[..., 1]
    level = values[..., 1] / 0.1
    away = np.abs(level - np.round(level)) * 10  # in pixels
    strong = np.round(level) == 0
    assert (found[strong & (away < 2)] < 0.1).all()
    assert found[~strong & (away < 0.4)] == pytest.approx(0.52, abs=0.01)
    assert (found[away > 3.5] == 1).all()
    darkness = (1 - found[30:51, 30:51]).mean()
    assert 0.1 < darkness < 0.35


def test_contour_lines_too_dense_to_be_seen_fade_and_a_plateau_has_none() -> None:
    color = dataclasses.replace(WHITE, isolines=0.01)
    steep = printed(ramp(0.01, 20) + np.float32(0.5), color, UNIT)
    assert (steep == 1).all()
    ends = ValueRange((0.0,) * 3, (1.0,) * 3, (0.0, 1.0))
    saturated = 1 - np.float32(1e-4) * (ramp(0.02, 20) - np.float32(0.4))  # a sigmoid near its end
    assert (printed(saturated, color, ends) == 1).all()
    assert not (printed(saturated, color, UNIT) == 1).all()


def test_lines_are_over_flat_colours_too_and_spare_what_is_no_number() -> None:
    values = ramp(0.02, 30)
    values[3, 4] = NOT_A_NUMBER
    shown = printed(values, Color("sunset", inks=3, isolines=0.1), UNIT)
    bare = printed(values, Color("sunset", inks=3), UNIT)
    assert 0.1 < (shown != bare).any(axis=-1).mean() < 0.6
    assert broken(shown)[3, 4]
    assert broken(shown).sum() == 1
