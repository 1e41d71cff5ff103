"""The text over the picture (HUD, help, captions, messages), drawn as panels of pixels.

The HUD describes the network, the view and the engine, and fades without input. Messages disappear
after MESSAGE_SECONDS; an error in a file stays until it is fixed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cppn_gl.preset.preset import Preset
from cppn_gl.utils.cache import LRUCache
from cppn_gl.viewer.bindings import help_rows
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.knobs import turned
from cppn_gl.views import text

IDLE_SECONDS = 4.0  # until the HUD fades
FADE_SECONDS = 0.8
MESSAGE_SECONDS = 4.0
CAPTION_SHARE = 0.45  # of the window's height, at most
TEXT_INTERVAL = 0.2  # seconds between updates of the HUD's text
PANELS = 6  # cached: the HUD, help, message, problem, caption, and one more


@dataclass(frozen=True)
class Spot:
    """A clickable rectangle of a panel, in the panel's pixels (y down).

    action: what a click does: an action of the binding table, or a function.
    words: shown while it is pointed at.
    """

    x: int
    y: int
    width: int
    height: int
    action: str | Callable[[], None]
    words: str = ""


@dataclass(frozen=True)
class Panel:
    """An image to lay over the picture: (height, width, 4) RGBA, its position and opacity."""

    name: str
    pixels: text.Pixels
    x: int  # pixels from the window's left side
    y: int  # pixels from the window's top
    alpha: float = 1.0
    spots: tuple[Spot, ...] = ()


def spot_at(panels: Sequence[Panel], x: float, y: float) -> Spot | None:
    """The spot at a pixel of the window (y down): of the frontmost panel that has one there."""
    for panel in reversed(panels):
        for spot in panel.spots:
            left, top = panel.x + spot.x, panel.y + spot.y
            if left <= x < left + spot.width and top <= y < top + spot.height:
                return spot
    return None


def quality(scale: int, samples: int, progress: float) -> str:
    """The picture's resolution as text; "" for one sample per pixel.

    `progress`: the fraction of the picture that is supersampled already.
    """
    if scale > 1:
        return f"preview: 1 pixel in {scale * scale}"
    if samples > 1:
        return f"{samples}×{samples} samples per pixel"
    return f"smoothing: {progress:.0%}" if progress > 0 else ""


def hud_lines(
    explorer: Explorer,
    parameters: int,
    *,
    fps: float,
    quality: str,
    engine: str,
    renderer: str,
    recording: str,
) -> list[str]:
    """The lines of the HUD: title, network, view, frame rate and renderer, engine."""
    preset = explorer.moment
    lines = [
        preset.title or preset.name,
        _structure(preset, explorer.layer),
        *filter(None, [preset.spec.draws]),
    ]
    if not explorer.view.by_pixel:  # such a view has labels of its own
        return [*lines, *_view(explorer), *filter(None, [quality, recording]), "H: all keys"]
    view = f"zoom {explorer.zoom:.4g}×"
    if preset.animated:
        view += f"  time {explorer.time:.1f} s" + ("" if explorer.running else " (paused)")
    lines += [view, f"{parameters:,} parameters"]
    rate = f"{fps:.{0 if fps >= 10 else 1}f} frames/s" if fps > 0 else ""
    lines += [", ".join(filter(None, [rate, quality, renderer])), f"engine {engine}"]
    if recording:
        lines.append(recording)
    return [*lines, "H: all keys"]


def _view(explorer: Explorer) -> list[str]:
    """The view, its selected option, and the item under the cursor."""
    lines = [f"view: {explorer.view.name}"]
    if explorer.knob:
        lines.append(f"option: {turned(explorer.options, explorer.knob)}  (K J: change, O: next)")
    hit = None if explorer.view.uses_cursor else explorer.pointed()
    return lines + ([hit.words] if hit is not None and hit.words else [])


def _structure(preset: Preset, layer: int) -> str:
    spec = preset.spec
    shown = f" (layer {layer} shown)" if layer < spec.depth else ""
    names = list(dict.fromkeys(spec.hidden_activations)) or [spec.output_activation]
    listed = f"  {' '.join(names[:3])}" if spec.redrawable else ""
    return f"{spec.structure}{shown}{listed}"


Captioned = tuple[text.Pixels, tuple[Spot, ...]]


class Caption(Protocol):
    """The words of a tour's page."""

    def __bool__(self) -> bool:
        """Whether there are any."""

    def drawn(self, room: int, points: int, most: int) -> Captioned:
        """Pixels at most `room` wide and `most` high, and spots in them."""


class Hud:
    """Builds the panels of a frame; caches those whose text has not changed."""

    def __init__(self, *, on: bool = True):
        self.on = on
        self.covered = 0  # pixels at the window's right that an open panel covers
        self.help = False
        self.problem = ""  # an error to show until it is fixed
        self.caption: Caption | None = None  # of a tour's page, shown below the picture
        self.pointed = ""  # describes the item under the cursor; hides the HUD, which may cover it
        self._message, self._message_at = "", 0.0
        self._touched: float | None = None  # time of the last input
        self._text_at = -1.0
        self._lines: list[str] = []
        self._made: LRUCache[object, text.Pixels] = LRUCache(PANELS)

    def touch(self, now: float) -> None:
        """Show the HUD, after input."""
        self._touched = now
        self._text_at = -1.0

    def say(self, message: str, now: float) -> None:
        """Show a message for a while."""
        self._message, self._message_at = message, now
        if message:
            self._touched = now

    def wants_lines(self, now: float) -> bool:
        """Whether the HUD's text is due for an update."""
        return self.on and self.opacity(now) > 0 and now - self._text_at >= TEXT_INTERVAL

    def lines(self, lines: list[str], now: float) -> None:
        """Set the HUD's text."""
        self._lines, self._text_at = lines, now

    def opacity(self, now: float) -> float:
        """The HUD's opacity: 1, falling to 0 after IDLE_SECONDS without input."""
        if self._touched is None:
            self._touched = now
        idle = now - self._touched - IDLE_SECONDS
        return min(1.0, max(0.0, 1 - idle / FADE_SECONDS))

    def strip(self, size: tuple[int, int], content_scale: float) -> int:
        """The height of the caption's strip below the picture, in pixels; 0 without a caption."""
        caption = self._captioned(size, font_size(size, content_scale))
        return 0 if caption is None else len(caption[0])

    def _captioned(self, size: tuple[int, int], points: int) -> Captioned | None:
        if not (self.on and self.caption):
            return None
        return self.caption.drawn(size[0] - self.covered, points, round(CAPTION_SHARE * size[1]))

    def panels(
        self, size: tuple[int, int], content_scale: float, now: float, names: dict[str, str]
    ) -> list[Panel]:
        """The panels over a window of `size` pixels, from back to front.

        `names` labels the keys in the help as on the user's keyboard.
        """
        points = font_size(size, content_scale)
        margin = points
        width, below = max(40, size[0] - 2 * margin), size[1] - margin
        panels = []
        caption = self._captioned(size, points)
        if caption is not None:
            pixels, spots = caption
            below = size[1] - len(pixels)
            left = (size[0] - self.covered - pixels.shape[1]) // 2
            panels.append(Panel("caption", pixels, max(0, left), below, spots=spots))
            below -= margin // 2
        if self.help:
            pixels = self._help(size, points, names)
            x, y = (size[0] - pixels.shape[1]) // 2, (size[1] - len(pixels)) // 2
            panels.append(Panel("help", pixels, max(0, x), max(0, y)))
        # From the bottom up and the most important first: a small window may not hold them all.
        if self.problem:
            room = (width, below - margin)
            pixels = self._panel("problem", [self.problem], points, room, text.ALARM)
            below -= len(pixels)
            panels.append(Panel("problem", pixels, margin, below))
            below -= margin // 2
        fresh = self._message and now - self._message_at < MESSAGE_SECONDS
        message = self._message if fresh else self.pointed
        if self.on and message and text.fits(points, below - margin):
            room = (width, below - margin)
            pixels = self._panel("message", [message], points, room, heading=False)
            below -= len(pixels)
            panels.append(Panel("message", pixels, margin, below))
            below -= margin // 2
        shown = self.on and self._lines and not (self.help or self.caption or self.pointed)
        shown = shown and self.opacity(now) > 0
        if shown and text.fits(points, below - margin):
            pixels = self._panel("hud", self._lines, points, (width, below - margin))
            panels.append(Panel("hud", pixels, margin, margin, self.opacity(now)))
        return panels

    def _panel(
        self,
        name: str,
        lines: list[str],
        points: int,
        room: tuple[int, int],
        background: tuple[int, int, int, int] = text.BACKGROUND,
        heading: bool = True,
    ) -> text.Pixels:
        key = name, tuple(lines), points, room
        return self._made.get(
            key,
            lambda: text.panel(
                lines,
                points,
                width=room[0],
                height=room[1],
                background=background,
                heading=heading,
            ),
        )

    def _help(self, size: tuple[int, int], points: int, names: dict[str, str]) -> text.Pixels:
        key = size, points, tuple(sorted(names.items()))
        return self._made.get(key, lambda: text.table(help_rows(names), "Keys", size, points))


def font_size(size: tuple[int, int], content_scale: float) -> int:
    """The HUD's font size in pixels: legible in a small window, unobtrusive in a large one."""
    return text.fitting(size, text.MIN_FONT, 15.0 * max(1.0, content_scale))
