"""What the window writes over the picture: the HUD, the help, messages. Text in, panels out.

The HUD says what is shown and how fast; it fades when nothing is touched. A mistake in a file
stays until it is mended; other messages leave by themselves.
"""

from dataclasses import dataclass

from cppn_gl.preset.preset import Preset
from cppn_gl.utils.cache import LRUCache
from cppn_gl.viewer.bindings import help_rows
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.knobs import turned
from cppn_gl.views import text

IDLE_SECONDS = 4.0  # until the HUD fades
FADE_SECONDS = 0.8
MESSAGE_SECONDS = 4.0
CAPTION_LETTERS = 56  # widths of a capital letter, at most, in a line of a caption
TEXT_INTERVAL = 0.2  # seconds between two texts of the HUD, while numbers run
PANELS = 6  # kept: the HUD, help, message, problem, caption, and one more


@dataclass(frozen=True)
class Panel:
    """Pixels to lay over the picture: (height, width, 4) RGBA, where, and how opaque."""

    name: str
    pixels: text.Pixels
    x: int  # of the left side, from the left, in pixels
    y: int  # of the upper side, from the top
    alpha: float = 1.0


def quality(scale: int, samples: int, progress: float) -> str:
    """How fine the picture is, in words; nothing for one sample in each pixel of the window.

    `progress`: the share of the picture that has more samples already.
    """
    if scale > 1:
        return f"1 pixel in {scale * scale} so far"
    if samples > 1:
        return f"{samples}×{samples} samples"
    return f"smoothed: {progress:.0%} so far" if progress > 0 else ""


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
    """The lines of the HUD: the title, the network, the view, what draws, and with what engine."""
    preset = explorer.moment
    lines = [
        preset.title or preset.name,
        _structure(preset, explorer.layer),
        *filter(None, [preset.spec.draws]),
    ]
    if not explorer.view.by_pixel:  # it has words of its own
        return [*lines, *_view(explorer), *filter(None, [quality, recording]), "H: all keys"]
    view = f"zoom {explorer.zoom:.4g}×"
    if preset.animated:
        view += f"  time {explorer.time:.1f} s" + ("" if explorer.running else " (paused)")
    lines += [view, f"{parameters:,} parameters"]
    rate = f"{fps:.{0 if fps >= 10 else 1}f} frames/s" if fps > 0 else ""
    lines += [", ".join(filter(None, [rate, quality, renderer])), engine]
    if recording:
        lines.append(recording)
    return [*lines, "H: all keys"]


def _view(explorer: Explorer) -> list[str]:
    """The view, the option that keys turn, and what is pointed at."""
    view = explorer.view
    knob = f"  {turned(explorer.options, explorer.knob)} (O K J)" if explorer.knob else ""
    hit = None if view.uses_cursor else explorer.pointed()
    return [f"view: {view.name}{knob}", *([hit.words] if hit is not None and hit.words else [])]


def _structure(preset: Preset, layer: int) -> str:
    spec = preset.spec
    shown = f" (layer {layer} shown)" if layer < spec.depth else ""
    names = list(dict.fromkeys(spec.hidden_activations)) or [spec.output_activation]
    listed = f"  {' '.join(names[:3])}" if spec.redrawable else ""
    return f"{spec.structure}{shown}{listed}"


class Hud:
    """Builds the panels of a frame; keeps those whose text has not changed."""

    def __init__(self, *, on: bool = True):
        self.on = on
        self.help = False
        self.problem = ""  # stays on the screen
        self.caption: list[str] = []  # of a tour; stays, too, beneath the picture
        self.pointed = ""  # what lies under the cursor; the HUD does not lie over it then
        self._message, self._message_at = "", 0.0
        self._touched: float | None = None  # never yet
        self._text_at = -1.0
        self._lines: list[str] = []
        self._made: LRUCache[object, text.Pixels] = LRUCache(PANELS)

    def touch(self, now: float) -> None:
        """Somebody is there: show the HUD."""
        self._touched = now
        self._text_at = -1.0

    def say(self, message: str, now: float) -> None:
        """Show a message for a while."""
        self._message, self._message_at = message, now
        if message:
            self._touched = now

    def wants_lines(self, now: float) -> bool:
        """Whether the text of the HUD is due."""
        return self.on and self.opacity(now) > 0 and now - self._text_at >= TEXT_INTERVAL

    def lines(self, lines: list[str], now: float) -> None:
        """Give the text of the HUD."""
        self._lines, self._text_at = lines, now

    def opacity(self, now: float) -> float:
        """Of the HUD: 1, then down to 0 when idle."""
        if self._touched is None:
            self._touched = now
        idle = now - self._touched - IDLE_SECONDS
        return min(1.0, max(0.0, 1 - idle / FADE_SECONDS))

    def strip(self, size: tuple[int, int], content_scale: float) -> int:
        """Pixels at the lower end of a window of `size` that are the caption's."""
        caption = self._captioned(size, font_size(size, content_scale))
        return 0 if caption is None else len(caption) + 2 * (font_size(size, content_scale) // 2)

    def _captioned(self, size: tuple[int, int], points: int) -> text.Pixels | None:
        if not (self.on and self.caption and text.fits(points, size[1] // 2)):
            return None
        room = (min(size[0], CAPTION_LETTERS * points), size[1] // 2)
        return self._panel("caption", self.caption, points, room, text.CLEAR)

    def panels(
        self, size: tuple[int, int], content_scale: float, now: float, names: dict[str, str]
    ) -> list[Panel]:
        """The panels over a picture of `size` pixels, the undermost first."""
        points = font_size(size, content_scale)
        margin = points
        width, below = max(40, size[0] - 2 * margin), size[1] - margin
        found = []
        caption = self._captioned(size, points)
        if caption is not None:
            below = size[1] - len(caption) - margin // 2
            left = (size[0] - caption.shape[1]) // 2
            found.append(Panel("caption", caption, max(0, left), below))
            below -= margin // 2 + margin
        if self.help:
            pixels = self._help(size, points, names)
            x, y = (size[0] - pixels.shape[1]) // 2, (size[1] - len(pixels)) // 2
            found.append(Panel("help", pixels, max(0, x), max(0, y)))
        # From the bottom up: what matters most is there even in a window with room for little.
        if self.problem:
            room = (width, below - margin)
            pixels = self._panel("problem", [self.problem], points, room, text.ALARM)
            below -= len(pixels)
            found.append(Panel("problem", pixels, margin, below))
            below -= margin // 2
        fresh = self._message and now - self._message_at < MESSAGE_SECONDS
        said = self._message if fresh else self.pointed
        if self.on and said and text.fits(points, below - margin):
            room = (width, below - margin)
            pixels = self._panel("message", [said], points, room, heading=False)
            below -= len(pixels)
            found.append(Panel("message", pixels, margin, below))
            below -= margin // 2
        shown = self.on and self._lines and not (self.help or self.caption or self.pointed)
        shown = shown and self.opacity(now) > 0
        if shown and text.fits(points, below - margin):
            pixels = self._panel("hud", self._lines, points, (width, below - margin))
            found.append(Panel("hud", pixels, margin, margin, self.opacity(now)))
        return found

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
    """Pixels of the HUD's letters: legible in a small window, not loud in a large one."""
    return text.fitting(size, text.MIN_FONT, 15.0 * max(1.0, content_scale))
