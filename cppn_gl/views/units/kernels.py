"""Kernels as small pictures: a pixel a tap, blue below 0, white at 0, red above.

The kernels of red, green and blue are also one picture in colour: mid grey is 0.

weights (inputs, ky, kx) -> pictures_of() -> [picture (ky, kx, 3)] -> contact_sheet() -> pixels
"""

import math

import numpy as np

from cppn_gl.utils.arrays import RGB, Float32, Size
from cppn_gl.views.lettering import blank
from cppn_gl.views.text import GROUND
from cppn_gl.views.units.diverging import tinted

COLORED = ("red", "green", "blue")  # inputs whose kernels make a picture in colour
APART = 1 / 6  # of a kernel's side between two of them
LARGEST = 14  # pixels of a tap in a tile
BEHIND = (24, 28, 36)  # kernels in a tile


def colored(kernel: Float32, names: tuple[str, ...], largest: float) -> Float32 | None:
    """The kernels of red, green and blue as a picture in colour; None without these inputs."""
    if not set(COLORED) <= set(names):
        return None
    three = np.stack([kernel[names.index(name)] for name in COLORED], axis=-1)
    return np.clip(0.5 + three / np.float32(2 * max(largest, 1e-30)), 0, 1)


def pictures_of(
    kernel: Float32, names: tuple[str, ...], largest: float, *, both: bool = True
) -> list[tuple[str, Float32]]:
    """A unit's kernels, (inputs, ky, kx), as named pictures: in colour, then each input's.

    `both`: also those that are part of the picture in colour. `largest`: the weight with the most
    saturated colour.
    """
    color = colored(kernel, names, largest)
    found = [] if color is None else [("RGB", color)]
    for name, taps in zip(names, kernel, strict=True):
        if both or color is None or name not in COLORED:
            found.append((name, tinted(taps, max(largest, 1e-30))))
    return found


def fitted(count: int, side: int, room: Size, most: int = LARGEST) -> tuple[int, int, int]:
    """Columns, pixels of a tap, and pixels between kernels, for the largest pictures in a room.

    `count` kernels of `side` taps, in as few rows as possible; a tap of 0 pixels does not fit.
    """
    best = 1, 0, 0
    for across in range(1, count + 1):
        down = -(-count // across)
        for tap in range(max(best[1], 1), most + 1):
            apart = gap_of(side * tap) if count > 1 else 0
            wide, high = (n * (side * tap + apart) - apart for n in (across, down))
            if wide > room[0] or high > room[1]:
                break
            best = across, tap, apart
    return best


def gap_of(side: int) -> int:
    """The pixels between kernels of `side` pixels."""
    return max(1, min(6, round(side * APART)))


def contact_sheet(
    pictures: list[Float32], across: int, tap: int, apart: int, ground: RGB = GROUND
) -> Float32:
    """Kernels (side, side, 3) in rows of `across`, enlarged to `tap` pixels a tap."""
    side = len(pictures[0]) * tap
    down = math.ceil(len(pictures) / across)
    size = across * (side + apart) - apart, down * (side + apart) - apart
    sheet = blank(size, ground)
    for index, picture in enumerate(pictures):
        row, column = (place * (side + apart) for place in divmod(index, across))
        sheet[row : row + side, column : column + side] = picture.repeat(tap, 0).repeat(tap, 1)
    return sheet


def tile_of(kernel: Float32, names: tuple[str, ...], largest: float, size: Size) -> Float32 | None:
    """The kernels of a unit in a tile of `size`, on dark ground; None if there is no room."""
    shown = [picture for _, picture in pictures_of(kernel, names, largest, both=False)]
    across, tap, apart = fitted(len(shown), kernel.shape[-1], size, max(size))
    if not tap:
        return None
    sheet = contact_sheet(shown, across, tap, apart, BEHIND)
    tile = blank(size, BEHIND)
    top, left = (
        (whole - part) // 2 for whole, part in zip(tile.shape, sheet.shape[:2], strict=False)
    )
    tile[top : top + len(sheet), left : left + sheet.shape[1]] = sheet
    return tile
