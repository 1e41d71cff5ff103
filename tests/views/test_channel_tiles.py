"""Parts of the dashboard of image networks: resampling, tiles, shades, the strip, bars."""

import numpy as np
import pytest

from cppn_gl.preset.show import ChannelsOptions
from cppn_gl.views.vision import bars, strip
from cppn_gl.views.vision.grid import tiled
from cppn_gl.views.vision.passes import finite
from cppn_gl.views.vision.resampling import resampled
from cppn_gl.views.vision.shades import Shade, reach_of, reaches, shade_of, tinted_input


def test_smaller_maps_keep_the_mean_and_larger_ones_the_values() -> None:
    maps = np.random.default_rng(0).normal(size=(3, 12, 18)).astype(np.float32)
    small = resampled(maps, (5, 4))
    assert small.shape == (3, 4, 5)
    np.testing.assert_allclose(small.mean((1, 2)), maps.mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(
        resampled(maps, (6, 4)), maps.reshape(3, 4, 3, 6, 3).mean((2, 4)), atol=1e-6
    )
    large = resampled(maps, (18 * 4, 12 * 5))
    np.testing.assert_array_equal(large[:, 2::5, 1::4], maps)
    assert np.unique(large[0]).size == 12 * 18
    smooth = resampled(maps, (36, 24))
    assert np.abs(smooth).max() <= np.abs(maps).max() + 1e-6
    assert resampled(maps, (18, 12)) is maps


@pytest.mark.parametrize("count", [1, 3, 64, 192, 2000])
@pytest.mark.parametrize("aspect", [0.5, 1.0, 4.0])
def test_all_tiles_are_in_the_box_and_are_found_again(count: int, aspect: float) -> None:
    box = 10, 20, 710, 620
    grid = tiled(count, aspect, box)
    for index in {0, count // 2, count - 1}:
        left, top, right, bottom = grid.box(index)
        assert 10 <= left < right <= 710
        assert 20 <= top < bottom <= 620
        assert grid.at((left, top)) == grid.at((right - 0.5, bottom - 0.5)) == index
    assert grid.at((9, 25)) is None
    assert grid.at((700, 900)) is None
    wide, high = grid.tile
    assert wide / high == pytest.approx(aspect, rel=1.2 / min(wide, high))
    used = count * wide * high / (700 * 600)
    assert used > 0.45 or count < 4


def test_a_grid_paints_each_tile_in_its_box() -> None:
    grid = tiled(7, 1.0, (0, 0, 100, 60))
    wide, high = grid.tile
    places = np.arange(7, dtype=np.uint16)[:, None, None] * np.ones((1, high, wide), np.uint16)
    palette = np.arange(9, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    pixels = grid.painted(places, palette, 8)
    for index in range(7):
        left, top, right, bottom = grid.box(index)
        assert (pixels[top:bottom, left:right] == index).all()
    assert (pixels == 8).any()


def test_boost_and_gamma_brighten_and_nan_is_dark() -> None:
    values = np.array([0, 0.25, 1, 2, np.nan, -1], np.float32)
    plain, brighter, boosted = Shade(1.0), Shade(1.0, gamma=0.5), Shade(1.0, boost=2.0)
    assert plain.places(values).tolist() == [0, 64, 256, 256, 0, 0]
    assert brighter.places(values).tolist() == [0, 128, 256, 256, 0, 0]
    assert boosted.places(values).tolist() == [0, 128, 256, 256, 0, 0]
    both = Shade(1.0, signed=True)
    assert both.places(values[[0, 2, 5]]).tolist() == [256, 512, 0]
    red, blue = both.colors(np.array([1.0, -1.0], np.float32))
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_a_layer_with_negative_values_has_0_in_the_middle() -> None:
    values = np.array([[[0.0, 3.0]], [[1.0, 2.0]]], np.float32)
    assert not shade_of(values, ChannelsOptions()).signed
    assert shade_of(values - 1, ChannelsOptions()).signed
    assert reaches(values - 2).ravel().tolist() == [2.0, 1.0]
    assert reach_of(np.zeros((2, 2), np.float32)) > 0
    assert reach_of(np.full(5, np.inf, np.float32)) > 0


def test_gradients_have_the_colours_of_the_input() -> None:
    values = np.zeros((3, 1, 1), np.float32)
    values[0] = 1.0
    assert tinted_input(values, ("blue", "green", "red"), 1.0)[0, 0].tolist() == [0.5, 0.5, 1.0]
    assert tinted_input(values, ("red", "green", "blue"), 1.0)[0, 0].tolist() == [1.0, 0.5, 0.5]
    assert tinted_input(values[:1], ("grey",), 2.0)[0, 0].tolist() == [0.75] * 3


NAMES = ("conv1", "fire2/squeeze", "fire2/expand", "fire3/squeeze", "fire3/expand", "pool")


def test_a_strip_groups_layers_by_their_module() -> None:
    assert strip.groups(NAMES) == [[0], [1, 2], [3, 4], [5]]
    found = strip.laid_out(NAMES, 1.0, (10, 5, 400, 100), 12, (20, 60))
    assert [name for name, *_ in found.heads] == ["conv1", "fire2", "fire3", "pool"]
    for layer, (left, top, right, bottom) in enumerate(found.cells):
        assert 10 <= left < right <= 401
        assert 17 <= top < bottom <= 100
        assert found.at((left, top)) == layer
    assert len({box[1] for box in found.cells}) == 1
    assert found.at((0, 0)) is None


def test_many_layers_take_more_rows() -> None:
    names = tuple(f"block{k // 5}.conv{k}" for k in range(170))
    found = strip.laid_out(names, 1.0, (10, 5, 600, 180), 12, (16, 60))
    tops = sorted({box[1] for box in found.cells})
    assert len(tops) > 2
    assert found.bottom <= 181
    assert max(box[2] for box in found.cells) <= 601


def test_a_thumbnail_is_the_mean_of_channels_or_a_square_of_numbers() -> None:
    maps = np.zeros((4, 6, 6), np.float32)
    maps[2, :3] = 5
    small = strip.thumbnail(maps, (6, 6))
    assert small[0, 0].sum() > small[5, 5].sum()
    numbers = strip.thumbnail(np.arange(9, dtype=np.float32).reshape(9, 1, 1), (9, 9))
    assert numbers[8, 8].sum() > numbers[4, 4].sum() > numbers[0, 0].sum()


def test_classes_are_ranked_and_bars_are_as_long_as_their_share() -> None:
    guesses = bars.ranked(np.array([0.1, 0.6, 0.1, 0.2]), ("a", "b", "c"), 3)
    assert [(one.name, one.index) for one in guesses] == [("b", 1), ("class 4", 3), ("a", 0)]
    picture = np.zeros((100, 220, 3), np.float32)
    boxes = bars.bar_boxes((10, 0, 210, 100), 3, 10)
    bars.paint_bars(picture, boxes, [one.share for one in guesses])
    for box, color, share in zip(boxes, (bars.FIRST, bars.OTHER), (0.6, 0.2), strict=False):
        row = picture[(box[1] + box[3]) // 2]
        assert np.count_nonzero((row == color).all(1)) == pytest.approx(200 * share)


@pytest.mark.parametrize(
    ("share", "words"), [(0.493, "49 %"), (0.02, "2.0 %"), (1e-5, "< 0.1 %"), (0.0, "0.0 %")]
)
def test_shares_in_words(share: float, words: str) -> None:
    assert bars.percent(share) == words


def test_a_histogram_leaves_zeros_out() -> None:
    values = np.array([0, 0, 0, 1, 1, 9.9, np.nan], np.float32)
    assert bars.histogram(values, 2, (0.0, 10.0)).tolist() == [2, 1]
    assert bars.span_of(values) == pytest.approx((0.0, 9.9))
    assert bars.span_of(np.full(3, np.nan, np.float32)) == (0.0, 1.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_values_without_bounds_are_shown_without_a_warning(bad: float) -> None:
    values = np.random.default_rng(4).normal(size=(4, 6, 6)).astype(np.float32)
    assert finite(values) is values
    values[:2] = bad
    with np.errstate(all="raise"):
        shown = finite(values)
        assert np.isfinite(shown).all()
        assert np.isfinite(strip.thumbnail(values, (9, 9))).all()
        shade = shade_of(shown, ChannelsOptions())
        assert np.isfinite(shade.colors(resampled(shown, (4, 4)))).all()
        picture = np.zeros((50, 100, 3), np.float32)
        bars.paint_histogram(picture, (0, 0, 100, 50), shown, shown[3], shade)
        bars.paint_values(picture, [(0, 0, 100, 5)] * 4, shown[:, 0, 0])
        assert np.isfinite(tinted_input(shown[:3], ("red", "green", "blue"))).all()
