"""Planes: textures whose sides are not powers of two, and their 8-bit pixels."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from windowless import windowless

from cppn_gl.engines.gl.targets import Planes, Presenter
from cppn_gl.output.renderer import Renderer
from cppn_gl.utils.alpha import CHECKERED, checkerboard, on_checks
from cppn_gl.utils.arrays import Box
from cppn_gl.utils.quantising import dithered, quantise

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


def noise(size: tuple[int, int], seed: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random((size[1], size[0], channels), dtype=np.float32)


@pytest.mark.parametrize("size", [(1, 1), (64, 16), (61, 9), (5, 256), (16, 3)])
def test_what_is_written_is_read_and_shown(renderer: Renderer, size: tuple[int, int]) -> None:
    assert renderer.ctx is not None
    sheet, picture = Planes(renderer.ctx, size), noise(size, 1)
    sheet.write(picture)
    assert np.array_equal(sheet.read(), picture)
    for x, y in ((0, 0), (size[0] - 1, size[1] - 1), (size[0] // 2, size[1] // 3)):
        assert sheet.pixel(x, y) == tuple(picture[y, x])
    assert np.array_equal(renderer.presenter.read(sheet), np.floor(picture * 255 + 0.5))
    for texture in sheet.textures:
        assert all(side & (side - 1) for side in texture.size)
    sheet.release()


@pytest.mark.parametrize("top", [0, 3, 8])
def test_rows_are_replaced(renderer: Renderer, top: int) -> None:
    assert renderer.ctx is not None
    sheet, band = Planes(renderer.ctx, (62, 16)), Planes(renderer.ctx, (62, 8))
    picture, rows = noise(sheet.size, 1), noise(band.size, 2)
    sheet.write(picture)
    band.write(rows)
    sheet.paste(band, top)
    picture[top : top + 8] = rows
    assert np.array_equal(sheet.read(), picture)
    sheet.release()
    band.release()


# Dithering


FAR = st.integers(0, 2**20)


@contextlib.contextmanager
def planes_of(renderer: Renderer, picture: np.ndarray) -> Iterator[Planes]:
    assert renderer.ctx is not None
    sheet = Planes(renderer.ctx, picture.shape[1::-1], picture.shape[2])
    sheet.write(picture)
    yield sheet
    sheet.release()


def on_screen(
    renderer: Renderer, sheet: Planes, size: tuple[int, int], boxes: list[Box], *, flipped: bool
) -> np.ndarray:
    """What is shown, row 0 on top, in a target that is larger by a row below and a column."""
    assert renderer.ctx is not None
    target = renderer.ctx.simple_framebuffer((size[0] + 1, size[1] + 2), 4)
    target.clear(1, 1, 1, 1)
    below = 1 if flipped else 0
    renderer.presenter.show(sheet, target, size, flipped=flipped, below=below, boxes=boxes)
    found = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    found = found.reshape(size[1] + 2, size[0] + 1, 3)
    shown = found[below : below + size[1], : size[0]]
    assert found.sum() - shown.sum() == 255 * (found.size - shown.size)  # nothing beside it
    target.release()
    return shown[::-1] if flipped else shown


@given(st.integers(0, 99), st.integers(1, 70), st.integers(1, 30), st.tuples(FAR, FAR))
def test_the_device_dithers_as_numpy_does(
    renderer: Renderer, seed: int, width: int, height: int, origin: tuple[int, int]
) -> None:
    picture = noise((width, height), seed) * np.float32(1.1) - np.float32(0.05)
    picture[0, 0] = 1, 0, 1
    left, top = -origin[0], -origin[1]
    whole = [(left, top, width + 5, height)]
    with planes_of(renderer, picture) as sheet:
        expected = dithered(picture, origin)
        assert np.array_equal(renderer.presenter.read(sheet, whole), expected)
        for flipped in (False, True):
            shown = on_screen(renderer, sheet, (width, height), whole, flipped=flipped)
            assert np.array_equal(shown, expected)


def test_boxes_are_dithered_each_as_its_own_picture(renderer: Renderer) -> None:
    picture = noise((61, 37), 5)
    boxes = [(2, 1, 12, 9), (14, -3, 80, 8), (0, 12, 31, 37), (70, 50, 90, 60)]
    expected = quantise(picture, boxes)
    assert not np.array_equal(expected, quantise(picture))
    with planes_of(renderer, picture) as sheet:
        assert np.array_equal(renderer.presenter.read(sheet, boxes), expected)
        for flipped in (False, True):
            shown = on_screen(renderer, sheet, (61, 37), boxes, flipped=flipped)
            assert np.array_equal(shown, expected)


@pytest.mark.parametrize("coarse", [(8, 5), (30, 20)])
def test_noise_stands_still_while_a_picture_is_refined(
    renderer: Renderer, coarse: tuple[int, int]
) -> None:
    level = np.float32(100.3 / 255)
    whole, grey = [(0, 0, 60, 40)], np.full((40, 60, 3), level)
    fine = dithered(grey)
    assert len(np.unique(fine)) > 1
    with planes_of(renderer, np.full((*coarse[::-1], 3), level)) as sheet:
        shown = on_screen(renderer, sheet, (60, 40), whole, flipped=True)
    assert np.array_equal(shown, fine)


# Alpha


@given(st.integers(0, 99), st.integers(1, 70), st.integers(1, 30), st.tuples(FAR, FAR))
def test_four_channels_are_packed_and_dithered_as_numpy_does(
    renderer: Renderer, seed: int, width: int, height: int, origin: tuple[int, int]
) -> None:
    picture = noise((width, height), seed, 4) * np.float32(1.1) - np.float32(0.05)
    whole = [(-origin[0], -origin[1], width + 5, height)]
    with planes_of(renderer, picture) as sheet:
        assert np.array_equal(sheet.read(), picture)
        assert sheet.pixel(width - 1, 0) == tuple(picture[0, -1])
        assert np.array_equal(renderer.presenter.read(sheet), quantise(picture))
        assert np.array_equal(renderer.presenter.read(sheet, whole), dithered(picture, origin))


@pytest.mark.parametrize("size", [(61, 37), (200, 470)])
@pytest.mark.parametrize("flipped", [False, True])
def test_alpha_is_shown_over_a_checkerboard(
    renderer: Renderer, size: tuple[int, int], flipped: bool
) -> None:
    picture = noise(size, 3, 4)
    picture[..., 3] = np.clip(2 * picture[..., 3] - 0.5, 0, 1)
    with planes_of(renderer, picture) as sheet:
        shown = on_screen(renderer, sheet, size, [], flipped=flipped)
        noisy = on_screen(renderer, sheet, size, [(0, 0, *size)], flipped=flipped)
    wanted = 255 * on_checks(picture)
    assert np.abs(shown - wanted).max() <= 0.51
    assert 0.6 < np.abs(noisy - wanted).max() <= 1.5


def test_a_coarse_picture_is_enlarged_without_a_fringe(renderer: Renderer) -> None:
    """The colour of transparent pixels, here green, is not seen between them and opaque ones."""
    edge = np.zeros((4, 8, 4), np.float32)
    edge[:, 4:] = 1, 0, 0, 1
    edge[:, :4, 1] = 1
    with planes_of(renderer, edge) as sheet:
        shown = on_screen(renderer, sheet, (80, 40), [], flipped=False)
    board = 255 * checkerboard((80, 40))
    assert (shown[..., 1] <= board[..., 1] + 0.51).all()
    assert len(np.unique(shown[..., 0])) > 5


def test_the_lightness_of_what_is_not_drawn_yet_is_a_number(renderer: Renderer) -> None:
    bits = np.full((4, 8, 3), 0x7FA00001, np.uint32)  # a signalling NaN
    with planes_of(renderer, bits.view(np.float32)) as sheet:
        assert sheet.lightness() == 0


def test_lightness_is_that_over_the_checkerboard(renderer: Renderer) -> None:
    clear, white = noise((64, 32), 1, 4), np.ones((32, 64, 4), np.float32)
    clear[..., 3] = 0
    with planes_of(renderer, clear) as sheet:
        assert abs(sheet.lightness() - CHECKERED[0]) < 1e-6
    with planes_of(renderer, white) as sheet:
        assert sheet.lightness() == 1


# Programs


def test_programs_that_dither_are_compiled_when_they_are_used() -> None:
    whole = [(0, 0, 3, 2)]
    with windowless() as renderer, planes_of(renderer, noise((3, 2), 1)) as sheet:
        presenter, ctx = renderer.presenter, renderer.ctx
        assert ctx is not None
        assert len(presenter._passes) == 3
        presenter.read(sheet)
        assert len(presenter._passes) == 3
        presenter.read(sheet, whole)
        assert len(presenter._passes) == 4
        like = Presenter(ctx, like=presenter)  # reloaded: a mistake in one must be found at once
        assert len(like._passes) == 4
        like.release()
