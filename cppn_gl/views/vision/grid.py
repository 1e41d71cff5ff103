"""A grid of tiles of one shape, the largest that fit, painted as one picture.

count, shape of a tile, box -> tiled() -> TileGrid: box(index), at(pixel)
places in a palette (tiles, high, wide) -> TileGrid.painted() -> a picture of the whole box
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.views.vision.shades import Places

LARGEST = 0.6  # of the box's shorter side, for a tile
APART_FROM = 5  # pixels of a tile with a gap beside it


@dataclass(frozen=True)
class TileGrid:
    """`count` tiles of `tile` pixels in `columns` columns, from `left`, `top` on, in reading order.

    gap: pixels between tiles.
    """

    count: int
    columns: int
    tile: Size
    gap: int
    left: int
    top: int

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def pitch(self) -> Size:
        return self.tile[0] + self.gap, self.tile[1] + self.gap

    @property
    def size(self) -> Size:
        """Of all tiles together."""
        across, down = self.pitch
        return self.columns * across - self.gap, self.rows * down - self.gap

    def box(self, index: int) -> Box:
        down, across = divmod(index, self.columns)
        left, top = self.left + across * self.pitch[0], self.top + down * self.pitch[1]
        return left, top, left + self.tile[0], top + self.tile[1]

    def at(self, place: tuple[float, float]) -> int | None:
        """The tile that contains a pixel; None between tiles and outside."""
        x, y = place[0] - self.left, place[1] - self.top
        if x < 0 or y < 0:
            return None
        across, down = int(x // self.pitch[0]), int(y // self.pitch[1])
        inside = x - across * self.pitch[0] < self.tile[0] and (
            y - down * self.pitch[1] < self.tile[1]
        )
        index = down * self.columns + across
        return index if inside and across < self.columns and index < self.count else None

    def painted(self, places: Places, palette: Float32, ground: int) -> Float32:
        """All tiles, (height, width, 3), from places in a palette; `ground` is between them."""
        wide, high = self.tile
        across, down = self.pitch
        whole = np.full((self.rows * down, self.columns * across), ground, np.uint16)
        cells = whole.reshape(self.rows, down, self.columns, across).transpose(0, 2, 1, 3)
        full, rest = divmod(self.count, self.columns)
        cells[:full, :, :high, :wide] = places[: full * self.columns].reshape(
            full, self.columns, high, wide
        )
        if rest:
            cells[full, :rest, :high, :wide] = places[full * self.columns :]
        width, height = self.size
        return np.asarray(palette.take(whole[:height, :width], 0))


@lru_cache(maxsize=256)
def tiled(count: int, aspect: float, box: Box, largest: float = LARGEST) -> TileGrid:
    """The grid of the largest tiles in a box; `aspect`: width of a tile divided by its height."""
    left, top, right, bottom = box
    wide, high = max(right - left, 1), max(bottom - top, 1)
    most = largest * min(wide, high)

    def tile(columns: int) -> tuple[Size, int]:
        rows = -(-count // columns)
        pitch = min(wide / columns, high / rows * aspect)
        gap = 0 if min(pitch, pitch / aspect) < APART_FROM else max(1, round(pitch / 28))
        width = min((wide + gap) // columns - gap, int(((high + gap) // rows - gap) * aspect))
        width = min(width, int(most * min(1.0, aspect)))
        return (max(1, width), max(1, round(width / aspect))), gap

    # The best number of columns is near that of tiles without gaps.
    guess = (count * wide / (high * aspect)) ** 0.5
    low, high_ = max(1, int(guess * 0.5)), min(count, int(guess * 2) + 2)
    columns = max(range(min(low, high_), high_ + 1), key=lambda n: (tile(n)[0][0], -n))
    size, gap = tile(columns)
    columns = min(count, max(columns, (wide + gap) // (size[0] + gap)))
    return TileGrid(count, columns, size, gap, left, top)
