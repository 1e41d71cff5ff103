"""Planes: textures whose sides are not powers of two."""

from collections.abc import Iterator

import numpy as np
import pytest
from windowless import windowless

from cppn_gl.engines.gl.targets import Planes
from cppn_gl.output.renderer import Renderer

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with windowless() as one:
        yield one


def noise(size: tuple[int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((size[1], size[0], 3), dtype=np.float32)


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
