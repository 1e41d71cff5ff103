"""Adaptive sampling: more samples per pixel where the picture is steep, 8×8 at most.

    region -> one sample per pixel, drawn with a margin -> second differences
           -> 2×2 samples in the blocks that have large ones, and beside the largest
           -> 4×4 in those of them that 2×2 changed much -> 8×8 in those that 4×4 changed much
           -> a picture of the region, clamped

The error of a sample in the middle of a pixel grows with the second derivative of the picture, not
with the first: a ramp, however steep, needs no more samples. A stripe narrower than a pixel shows
at some of the pixels along it, with second differences as large as it is bright, so that the blocks
beside those are sampled too. Differences are those of display values, after the colour mapping.

The blocks lie on the grid of the whole picture, and what a block gets depends only on the network
around it: parts, bands and tiles of a picture, and any number of threads, agree with the whole.
A pixel is sampled 1 + 4 + 16 + 64 times at most. The levels and limits below were chosen by
comparison with 16×16 samples; docs/performance.md has the results.

With alpha, what is compared is alpha and the colour times alpha: what is seen of it.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cppn_gl.engines.base import SIDE, Region
from cppn_gl.utils.alpha import visible
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.tasks import Steps, share
from cppn_gl.utils.threads import shared_out

# N of the N×N samples, and the difference by which a block qualifies for them, in display values:
# the second difference of one sample per pixel, then what the level before has changed.
LEVELS = ((2, 16 / 255), (4, 16 / 255), (8, 32 / 255))
STRONG = 64 / 255  # a second difference for which the eight blocks around are sampled too
MARGIN = 2 * SIDE  # pixels: a block, and a pixel for the differences; whole blocks
AT_ONCE = 2**21  # pixels of which the samples are in memory at the same time

Draw = Callable[[Region], Steps[Float32]]
Chosen = NDArray[np.bool_]  # (rows, columns) of blocks


def refined(region: Region, draw: Draw) -> Steps[Float32]:
    """Draw a region adaptively: (height, width, channels) display values from 0 to 1.

    `draw(region)` draws a region that is not adaptive, (height, width, channels); if the region has
    boxes, only their pixels count.
    """
    (width, height), top = region.part, region.offset[1]
    picture: Float32 | None = None
    rows = max(SIDE, AT_ONCE // width // SIDE * SIDE)
    starts = range(top // SIDE * SIDE, top + height, rows)
    for number, start in enumerate(starts):
        low, high = max(start - top, 0), min(start + rows - top, height)
        band = dataclasses.replace(region.cut(0, low, width, high - low), adaptive=False)
        done, after = number / len(starts), (number + 1) / len(starts)
        drawn = yield from share(_band(band, draw), done, after)
        if len(starts) == 1:
            return drawn
        if picture is None:
            picture = np.empty((height, width, drawn.shape[2]), np.float32)
        picture[low:high] = drawn
    assert picture is not None
    return picture


def _band(region: Region, draw: Draw) -> Steps[Float32]:
    """Draw a region that is small enough for its samples to be in memory at once."""
    left, top = region.offset
    blocks = _widened(region, 0)
    drawn = _widened(region, MARGIN)
    wide = dataclasses.replace(
        region, offset=drawn[:2], part=(drawn[2] - drawn[0], drawn[3] - drawn[1])
    )
    inner = _within(blocks, drawn)
    once = np.clip((yield from share(draw(wide), 0, 1 / 3)), 0, 1)
    chosen = _bent(visible(once), region, drawn)
    found, before = _blocks(once, inner), 1 / 3
    for samples, _ in LEVELS:
        if not chosen.any():
            break
        boxes = [_shifted(box, inner) for box in runs(chosen)]
        after = 1.0 if samples == LEVELS[-1][0] else before + (1 - before) / 3
        finer = draw(wide.sampled(samples).only(boxes))
        fine = _blocks((yield from share(finer, before, after)), inner)[chosen]
        changed = np.abs(visible(fine) - visible(found[chosen])).max(axis=(1, 2, 3))
        found[chosen] = fine
        more = [limit for level, limit in LEVELS if level > samples]
        chosen[chosen] = changed > more[0] if more else False
        before = after
    whole = found.swapaxes(1, 2).reshape(found.shape[0] * SIDE, found.shape[1] * SIDE, -1)
    across, down = left - blocks[0], top - blocks[1]
    return whole[down : down + region.part[1], across : across + region.part[0]]


def _widened(region: Region, margin: int) -> Box:
    """The whole blocks of the picture that cover a region, with a margin, inside the picture."""
    (left, top), (width, height) = region.offset, region.part
    low = (max(0, start // SIDE * SIDE - margin) for start in (left, top))
    ends = zip((left + width, top + height), region.size, strict=True)
    high = (min(side, -(-end // SIDE) * SIDE + margin) for end, side in ends)
    return (*low, *high)  # type: ignore[return-value]


def _within(box: Box, outer: Box) -> Box:
    """A box relative to another one."""
    left, top = outer[:2]
    return box[0] - left, box[1] - top, box[2] - left, box[3] - top


def _shifted(box: Box, inner: Box) -> Box:
    """A box of blocks in pixels, relative to what `inner` is relative to, and cut off there."""
    left, top = inner[:2]
    right, bottom = min(left + box[2] * SIDE, inner[2]), min(top + box[3] * SIDE, inner[3])
    return left + box[0] * SIDE, top + box[1] * SIDE, right, bottom


def _blocks(picture: Float32, box: Box) -> Float32:
    """The blocks of a box of a picture: (rows, columns, SIDE, SIDE, n). The last are filled up."""
    piece = picture[box[1] : box[3], box[0] : box[2]]
    rows, columns = (-(-side // SIDE) for side in piece.shape[:2])
    whole = np.zeros((rows * SIDE, columns * SIDE, piece.shape[2]), np.float32)
    whole[: piece.shape[0], : piece.shape[1]] = piece
    return whole.reshape(rows, SIDE, columns, SIDE, -1).swapaxes(1, 2)


def _bent(picture: Float32, region: Region, drawn: Box) -> Chosen:
    """The blocks that need more than one sample. `picture`: of the box `drawn` of the picture."""
    near, inner = _widened(region, SIDE), _widened(region, 0)
    largest = bends(picture, _within(near, drawn))
    chosen = _spread(largest > np.float32(STRONG)) | (largest > np.float32(LEVELS[0][1]))
    left, top, right, bottom = (-(-side // SIDE) for side in _within(inner, near))
    return chosen[top:bottom, left:right].copy()


def _spread(chosen: Chosen) -> Chosen:
    """The chosen blocks and those around them."""
    (rows, columns), wide = chosen.shape, np.pad(chosen, 1)
    shifts = [wide[k // 3 : k // 3 + rows, k % 3 : k % 3 + columns] for k in range(9)]
    return np.logical_or.reduce(shifts)  # type: ignore[no-any-return]


def bends(picture: Float32, box: Box) -> Float32:
    """The largest second difference, to the right or down, in each block of a box of a picture.

    Beyond its edges the picture is continued with the same values.
    """
    left, top, right, bottom = box
    height, width, n = picture.shape
    flat = picture.reshape(height, -1)
    # The first and the last pixel of a row, each with what is beside it.
    edges = (slice(0, n), slice(n, 2 * n)), (slice(-n, None), slice(-2 * n, -n))
    rows, columns = -(-(bottom - top) // SIDE), -(-(right - left) // SIDE)
    largest = np.empty((rows, columns), np.float32)

    def compare(row: int) -> None:
        start, end = top + row * SIDE, min(top + (row + 1) * SIDE, bottom)
        twice = 2 * flat[start:end]
        above, below = max(start - 1, 0), min(end + 1, height)
        strip = flat[above:below]
        if start == 0:
            strip = np.concatenate((strip[:1], strip))
        if end == height:
            strip = np.concatenate((strip, strip[-1:]))
        down = strip[:-2] + strip[2:]
        down -= twice
        most = np.abs(down, out=down).max(axis=0)
        across = flat[start:end, : -2 * n] + flat[start:end, 2 * n :]
        across -= twice[:, n:-n]
        np.maximum(most[n:-n], np.abs(across, out=across).max(axis=0), out=most[n:-n])
        for edge, beside in edges if width > 1 else ():
            step = np.abs(flat[start:end, edge] - flat[start:end, beside]).max(axis=0)
            np.maximum(most[edge], step, out=most[edge])
        whole = np.zeros(columns * SIDE * n, np.float32)
        whole[: (right - left) * n] = most[left * n : right * n]
        largest[row] = whole.reshape(columns, -1).max(axis=1)

    shared_out(compare, range(rows))
    return largest


def runs(chosen: Chosen) -> list[Box]:
    """The chosen blocks as boxes one block high, in reading order, in blocks."""
    edges = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    return [
        (start, row, end, row + 1)
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ]


def grown(boxes: Sequence[Box], part: Size) -> list[Box]:
    """Boxes of whole blocks of a part, with the blocks around them."""
    chosen = np.zeros([-(-side // SIDE) for side in part[::-1]], bool)
    for left, top, right, bottom in boxes:
        chosen[top // SIDE : -(-bottom // SIDE), left // SIDE : -(-right // SIDE)] = True
    return [_shifted(box, (0, 0, *part)) for box in runs(_spread(chosen))]


def area(box: Box) -> int:
    """The number of pixels in a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def divided(box: Box, most: int) -> list[Box]:
    """A box as boxes of at most `most` pixels, of whole rows if a row has no more than that."""
    left, top, right, bottom = box
    wide = min(right - left, most)
    high = max(1, most // wide)
    return [
        (x, y, min(x + wide, right), min(y + high, bottom))
        for y in range(top, bottom, high)
        for x in range(left, right, wide)
    ]


def coalesced(boxes: Sequence[Box], call: float) -> list[Box]:
    """Boxes joined so that there are fewer of them: beside each other, if at most `call` pixels lie
    between, and below each other, if they are equally wide. They still do not overlap.
    """
    wide: list[Box] = []
    for left, top, right, bottom in boxes:
        last = wide[-1] if wide else (0, -1, 0, -1)
        if last[1] == top and last[3] == bottom and (left - last[2]) * (bottom - top) <= call:
            wide[-1] = (last[0], top, right, bottom)
        else:
            wide.append((left, top, right, bottom))
    high: list[Box] = []
    above: dict[tuple[int, int, int], int] = {}  # left, right, bottom: the place in `high`
    for left, top, right, bottom in wide:
        place = above.pop((left, right, top), None)
        if place is None:
            place = len(high)
            high.append((left, top, right, bottom))
        else:
            high[place] = (left, high[place][1], right, bottom)
        above[left, right, bottom] = place
    return high
