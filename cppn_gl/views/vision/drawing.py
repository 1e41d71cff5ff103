"""What the views of image networks draw with: pictures into boxes, captions, lines of text."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.engines.base import Region
from cppn_gl.engines.gl.targets import Planes
from cppn_gl.preset.scene import Scene
from cppn_gl.utils.arrays import Box, Float32, Size
from cppn_gl.utils.quantising import quantise
from cppn_gl.utils.tasks import Steps, Task
from cppn_gl.views.base import CPUView, Picture, Stage
from cppn_gl.views.lettering import Ink
from cppn_gl.views.text import DIM, line_height, shorten, write
from cppn_gl.views.vision.resampling import nearest


class LaidOut(CPUView):
    """A view with a layout in whole pixels: coarse or enlarged, it is the picture at full size."""

    coarsens = False

    def begin(
        self, stage: Stage, planes: Planes, scene: Scene, region: Region | None = None
    ) -> Task:
        if region is not None:  # the words are laid out for that size, in a sheet's cell, too
            region = replace(region, shape=region.overlay)
        return super().begin(stage, planes, scene, region)

    def paint_for(self, scene: Scene, size: Size, shape: Size) -> Steps[Picture]:
        picture = yield from self.paint(scene, shape)
        return picture if size == shape else fitted(picture, (0, 0, *size))


def size_of(box: Box) -> Size:
    """Width and height, at least 1."""
    return max(1, box[2] - box[0]), max(1, box[3] - box[1])


def holds(box: Box, place: tuple[float, float]) -> bool:
    """Whether a box contains a pixel."""
    return box[0] <= place[0] < box[2] and box[1] <= place[1] < box[3]


def put(picture: Float32, box: Box, pixels: Float32) -> None:
    """Copy pixels into a box, which may be a pixel smaller."""
    left, top, right, bottom = box
    place = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    place[:] = pixels[: place.shape[0], : place.shape[1]]


def fitted(pixels: Float32, box: Box, *, smooth: bool = True) -> Float32:
    """A picture (H, W, 3) at the size of a box; interpolated, or each pixel as a square."""
    size = size_of(box)
    if not smooth:
        rows, columns = nearest(pixels.shape[0], size[1]), nearest(pixels.shape[1], size[0])
        return np.asarray(pixels[rows][:, columns])
    eight = Image.fromarray(quantise(np.ascontiguousarray(pixels, np.float32)))
    how = Image.Resampling.BICUBIC if size[0] >= pixels.shape[1] else Image.Resampling.BOX
    return np.asarray(eight.resize(size, how), np.float32) / np.float32(255)


def caption(
    draw: ImageDraw.ImageDraw,
    box: Box,
    words: str,
    font_size: int,
    ink: Ink = DIM,
    style: str = "regular",
) -> None:
    """A line above a box, no longer than it."""
    short = shorten(words, font_size, box[2] - box[0], style)
    write(draw, (box[0], box[1] - line_height(font_size)), short, font_size, ink, style)


def text_lines(draw: ImageDraw.ImageDraw, box: Box, lines: list[str], font_size: int) -> None:
    """Lines of text in a box, as many as fit, truncated to its width."""
    left, top, right, bottom = box
    for number, line in enumerate(lines):
        y = top + number * line_height(font_size)
        if y + line_height(font_size) > bottom:
            break
        write(draw, (left, y), shorten(line, font_size, right - left), font_size, DIM)
