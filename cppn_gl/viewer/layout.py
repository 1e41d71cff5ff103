"""Where the picture lies in the window: beside an open panel and above a strip of words.

(window, panel's width, strip's height, whether the panel may cover the picture) -> Rect
(window, a popup's wanted place, what it is not to cover) -> Rect of the popup
"""

from collections.abc import Sequence
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

    def meets(self, other: "Rect") -> bool:
        """Whether two rectangles overlap."""
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height

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


def popup_rect(size: tuple[int, int], wanted: Rect, kept: Sequence[Rect] = ()) -> Rect:
    """The popup's rectangle: wholly in a window of `size` pixels, as near to `wanted` as can be.

    It is moved up or down so as not to cover the rectangles `kept`, if there is room elsewhere.
    """
    x = max(0, min(wanted.x, size[0] - wanted.width))
    last = max(0, size[1] - wanted.height)
    nearest = max(0, min(wanted.y, last))
    edges = (y for one in kept for y in (one.y - wanted.height, one.y + one.height))
    tops = sorted({nearest, *edges}, key=lambda y: abs(y - nearest))
    places = [Rect(x, y, *wanted.size) for y in tops if 0 <= y <= last]
    free = (one for one in places if not any(one.meets(other) for other in kept))
    return next(free, Rect(x, nearest, *wanted.size))
