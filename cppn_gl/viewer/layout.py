"""Where the picture lies in the window: beside an open panel and above a strip of words.

(window, panel's width, strip's height, whether the panel may cover the picture) -> Rect
"""

from dataclasses import dataclass

LEAST = 0.4  # of the window's width: a picture with less room than this is covered instead


@dataclass(frozen=True)
class Rect:
    """A rectangle of the window in framebuffer pixels, x to the right and y down."""

    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def __contains__(self, place: tuple[float, float]) -> bool:
        x, y = place
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def local(self, x: float, y: float) -> tuple[float, float]:
        """Local coordinates (u, v) of a pixel of the window: the shorter side spans -1 to 1."""
        half = max(1, min(self.width, self.height)) / 2
        return (x - self.x - self.width / 2) / half, (self.y + self.height / 2 - y) / half


def picture_rect(size: tuple[int, int], *, panel: int, strip: int, covers: bool) -> Rect:
    """The picture's rectangle in a window of `size` pixels.

    `panel`: the width of an open panel at the right, 0 if there is none. `covers`: the panel may
    lie over the picture, which has no words of its own. A narrow window is covered in any case.
    """
    width, height = size
    beside = width - panel
    if covers or beside < LEAST * width:
        beside = width
    return Rect(0, 0, beside, max(0, height - strip))
