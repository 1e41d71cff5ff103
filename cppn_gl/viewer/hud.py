"""The text over and below the picture: HUD, help, explanations, captions, messages.

Over a picture without words of its own the HUD lies in a corner, and fades without input. Below a
figure with headings or legends, and below a tour's caption, it has a strip of its own, whose height
depends on the window's size alone. Messages disappear when they can have been read; an error in a
file stays until it is fixed. Everything is a panel of pixels, with spots to click.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.utils.cache import LRUCache
from cppn_gl.viewer import typeset
from cppn_gl.viewer.bindings import help_rows, keys_for, keys_of
from cppn_gl.viewer.facts import Lines
from cppn_gl.viewer.typeset import ACCENT, DIM, DOT, LEAST, RED, WARM, Ink, Paragraph, Run, says
from cppn_gl.views import text

IDLE_SECONDS = 4.0  # until the HUD fades
FADE_SECONDS = 0.8
MESSAGE_SECONDS = 4.0
READING = 0.07  # of a letter, in seconds: longer messages stay longer
READ_SECONDS = 1.0  # after which the values at a moving pointer take a message's place
SAVED_SECONDS = 12.0  # of a message with a file's name
PROGRESS_AFTER = 0.7  # seconds of refining after which it is told
TEXT_INTERVAL = 0.2  # seconds between updates of the HUD's text
PANELS = 16  # cached
LEAST_ROOM = 12  # font sizes; a narrower place beside an open panel stays free
MEASURE = 30  # largest width of the HUD and of messages, in font sizes
LEAST_PAGE = 15  # lines; with less room above the strip, pages cover the whole window
PAGE_MEASURE = 33  # of a column of an explanation
MOST = 0.62  # of the window's height for the HUD; facts that do not fit are told by `?`
ROWS, ROWS_SHARE = 3, 0.22  # of the strip: at most so many, in at most this part of the height
WIDE = 100  # font sizes
CAPTIONED_ROWS, CAPTIONED_SHARE = 2, 0.12  # the same, with a caption, which has CAPTION_SHARE
CAPTION_SHARE = 0.45
SHEET: Ink = (*text.GROUND, 232)  # background of the help and of explanations

Size = tuple[int, int]


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


class Booklet:
    """Pages over the picture, turned by keys or clicks: the help, or an explanation."""

    def __init__(self) -> None:
        self.open = False
        self.page, self.pages = 0, 1

    def toggle(self) -> None:
        """Open it at its first page, or close it."""
        self.open, self.page = not self.open, 0

    def close(self) -> None:
        self.open = False

    def on(self) -> None:
        """The next page; after the last one the first."""
        self.page = (self.page + 1) % self.pages

    def back(self) -> None:
        """The page before."""
        self.page = (self.page - 1) % self.pages


@dataclass(frozen=True)
class Told:
    """What the HUD tells: a title, facts as lines of short parts, and what draws."""

    title: str = ""
    facts: Lines = ()
    engine: str = ""


@dataclass(frozen=True)
class _Drawn:
    """A drawn panel without its place."""

    pixels: text.Pixels
    spots: tuple[Spot, ...] = ()

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return len(self.pixels)

    def at(self, name: str, x: int, y: int, alpha: float = 1.0) -> Panel:
        return Panel(name, self.pixels, max(0, x), max(0, y), alpha, self.spots)


class Caption(Protocol):
    """The words of a tour's page."""

    def __bool__(self) -> bool:
        """Whether there are any."""

    def drawn(self, room: int, points: int, most: int) -> tuple[text.Pixels, tuple[Spot, ...]]:
        """Pixels at most `room` wide and `most` high, and the spots in them."""


class Hud:
    """Builds the panels of a frame; caches those whose content has not changed.

    on: off, only problems, help, explanations and the red dot of a recording are shown.
    beside: the view has words of its own, which the HUD must not cover.
    covered: pixels at the window's right side that are covered by an open panel.
    handle: there are a panel and a chooser to open by a click.
    seeing: a trained image network is shown, for which some keys are others.
    """

    def __init__(self, *, on: bool = True):
        self.on, self.beside, self.handle, self.covered = on, False, False, 0
        self.seeing = False
        self.help, self.explain = Booklet(), Booklet()
        self.explanation: Sequence[Paragraph] = ()
        self.problem = ""  # an error to show until it is fixed
        self.advice = ""  # shown while it is true
        self.caption: Caption | None = None  # of a tour's page
        self.pointer: tuple[Run, ...] = ()  # what is under the cursor
        self.hint = ""  # describes the spot under the cursor
        self.progress = ""  # of a picture that is still coarse
        self.recording: tuple[float, int] | None = None  # seconds, frames
        self.film = ""  # how far the film is that is being made
        self.full: dict[str, str] = {}  # messages that stand for more, such as a whole path
        self.met = False  # a key or a button was pressed in this session
        self._progress_at: float | None = None  # since when there is progress to tell
        self._message: tuple[Run, ...] = ()
        self._message_at = self._message_until = 0.0
        self._pointed_at = 0.0
        self._touched: float | None = None  # time of the last input
        self._told, self._told_at = Told(), -1.0
        self._made: LRUCache[object, _Drawn] = LRUCache(PANELS)

    # Input

    def touch(self, now: float) -> None:
        """Show the HUD, after input."""
        self._touched = now
        self._told_at = -1.0

    def point(self, now: float) -> None:
        """Show the HUD, after a move of the mouse."""
        self.touch(now)
        self._pointed_at = now

    def say(self, message: str, now: float) -> None:
        """Show a message for a while."""
        full = self.full.get(message, "")
        self._message = (Run(message, hint=full, action=nothing if full else ""),)
        self._message_at = now
        seconds = max(MESSAGE_SECONDS, READING * len(message)) if message else 0
        self._message_until = now + (SAVED_SECONDS if full else seconds)
        if message:
            self._touched = now

    def close_one(self) -> bool:
        """Close the help or the explanation; whether one was open."""
        for booklet in (self.explain, self.help):
            if booklet.open:
                booklet.close()
                return True
        return False

    def turn_page(self, key: str) -> bool:
        """Let a key turn the pages of what is open; whether it does."""
        for booklet in (self.explain, self.help):
            if booklet.open and key in ("PageDown", "PageUp", "Space"):
                (booklet.back if key == "PageUp" else booklet.on)()
                return True
        return False

    # What is told

    def wants_lines(self, now: float) -> bool:
        """Whether the HUD's text is due for an update."""
        visible = self.beside or bool(self.caption) or self.opacity(now) > 0
        return self.on and visible and now - self._told_at >= TEXT_INTERVAL

    def tell(self, told: Told, now: float) -> None:
        """Set the HUD's text."""
        self._told, self._told_at = told, now

    def opacity(self, now: float) -> float:
        """The HUD's opacity: 1, falling to 0 after IDLE_SECONDS without input."""
        if self._touched is None:
            self._touched = now
        idle = now - self._touched - IDLE_SECONDS
        return min(1.0, max(0.0, 1 - idle / FADE_SECONDS))

    def words(self, now: float) -> dict[str, str]:
        """What is told, as text: for the trace."""
        pages = {"help": self.help, "explanation": self.explain}
        found = {
            "title": self._told.title,
            "facts": "\n".join(" · ".join(parts) for parts in self._told.facts),
            "message": _plain(self._fresh(now)),
            "pointer": _plain(self.pointer),
            "hint": self.hint,
            "advice": self.advice,
            "problem": self.problem,
            "progress": self._progress(now),
            "invitation": _plain(_invitation({})) if self._inviting(now) else "",
            "page": "\n".join(_plain(one.runs) for one in self.explanation),
            "recording": _plain(_recording(self.recording)) if self.recording else "",
            "film": self.film,
            **{name: f"{one.page + 1} of {one.pages}" for name, one in pages.items() if one.open},
        }
        return {name: words for name, words in found.items() if words}

    def _fresh(self, now: float) -> tuple[Run, ...]:
        return self._message if now < self._message_until else ()

    def _progress(self, now: float) -> str:
        """The progress of a picture that takes long; "" for others, so that nothing flickers."""
        if not self.progress:
            self._progress_at = None
            return ""
        if self._progress_at is None:
            self._progress_at = now
        return self.progress if now - self._progress_at >= PROGRESS_AFTER else ""

    # Where it is

    def strip(self, size: Size, content_scale: float) -> int:
        """The height of the strip below the picture, in pixels; 0 if the HUD lies over it."""
        points = font_size(size, content_scale)
        caption = self._captioned(size, points)
        below = self._rows(size, points) * typeset.line_height(points)
        below += 2 * _edge(points) if below else 0
        return below + (0 if caption is None else caption.height + _edge(points))

    def _rows(self, size: Size, points: int) -> int:
        """The number of the strip's rows, not counting a caption's."""
        if not self.on or not (self.beside or self.caption):
            return 0
        most, share = (CAPTIONED_ROWS, CAPTIONED_SHARE) if self.caption else (ROWS, ROWS_SHARE)
        if size[0] > WIDE * points:  # all facts have room in one row
            most = min(most, 2)
        room = share * size[1] - 2 * _edge(points)
        return min(most, max(0, int(room // typeset.line_height(points))))

    def _room(self, size: Size, points: int) -> int:
        """The window's width in pixels, without what an open panel covers."""
        return size[0] if self.crowded(size, points) else size[0] - self.covered

    def crowded(self, size: Size, points: int) -> bool:
        """Whether an open panel leaves no room for text beside it."""
        return self.covered > 0 and size[0] - self.covered < LEAST_ROOM * points

    def _captioned(self, size: Size, points: int) -> _Drawn | None:
        if not (self.on and self.caption):
            return None
        most = round(CAPTION_SHARE * size[1])
        return _Drawn(*self.caption.drawn(self._room(size, points), points, most))

    def panels(
        self, size: Size, content_scale: float, now: float, names: Mapping[str, str]
    ) -> list[Panel]:
        """The panels over a window of `size` pixels, from back to front.

        `names` labels the keys as on the user's keyboard.
        """
        points, panels = font_size(size, content_scale), list[Panel]()
        # A page does not cut through the words of the strip: it ends above them, or stands alone.
        above = size[1] - self.strip(size, content_scale)
        reading = self.help.open or self.explain.open
        alone = reading and above < LEAST_PAGE * typeset.line_height(points)
        above = size[1] if alone else above
        if not self.crowded(size, points):
            self._tell_around(panels, size, above, points, now, names)
        box = self._room(size, points), above
        for name, booklet in (("help", self.help), ("explain", self.explain)):
            if booklet.open:
                touring = bool(self.caption)
                keys = _help(names, touring, self.seeing)
                of = tuple(self.explanation) if name == "explain" else keys
                panels.append(self._booklet(name, booklet, of, box, points))
        return panels

    def _tell_around(
        self,
        panels: list[Panel],
        size: Size,
        below: int,
        points: int,
        now: float,
        names: Mapping[str, str],
    ) -> None:
        """Add all but what is opened: over the picture, and in the strip that begins at `below`."""
        room, strip = self._room(size, points), below < size[1]
        caption = self._captioned(size, points) if strip else None
        rows = self._rows(size, points) if strip else 0
        if caption is not None:
            left = (room - caption.width) // 2
            panels.append(caption.at("caption", left, below + _edge(points)))
        if rows:
            words = self._strip_of(room, points, rows, now, names)
            panels.append(words.at("strip", 0, size[1] - words.height))
        reading = self.help.open or self.explain.open
        top = 0 if rows else self._sign(panels, room, points)
        bottom = self._problem(panels, (room, below), points, top)
        if not rows:
            bottom = self._stack(panels, (room, bottom), points, now, top)
        if self.on and not rows and not reading and self.opacity(now) > 0:
            self._side(panels, (room, below), points, now, names)
            self._corner(panels, (room, below), bottom, points, now, names)
        if not rows and self._inviting(now):
            self._invite(panels, (room, bottom), points, now, names)

    def _problem(self, panels: list[Panel], size: Size, points: int, top: int) -> int:
        """Add the problem, if any, at the bottom of `size`; the height left above it."""
        margin = _margin(points)
        room = max(40, size[0] - 2 * margin), size[1] - top - 2 * margin
        if not self.problem or room[1] < typeset.LEAST:
            return size[1]
        drawn = self._panel([says(self.problem)], points, room, text.ALARM)
        y = size[1] - margin - drawn.height
        panels.append(drawn.at("problem", margin, y))
        return y + margin // 2

    def _stack(self, panels: list[Panel], size: Size, points: int, now: float, top: int) -> int:
        """Add message, advice and progress from the bottom up; the height left above them."""
        margin, bottom, free = _margin(points), size[1], size[0] - 2 * _margin(points)
        progress = self._progress(now) if self.on else ""
        if progress:
            drawn = self._panel([says(progress, ink=DIM)], points, size, step=2 * points)
            x, y = size[0] - margin - drawn.width, bottom - margin - drawn.height
            if y > top:
                panels.append(drawn.at("progress", x, y))
                free, bottom = free - drawn.width - margin, y + margin // 2
        room = max(40, min(size[0] - 2 * margin, round(1.5 * MEASURE * points)))
        lines = [
            ("message", self._fresh(now)),
            ("advice", (Run(self.advice, ink=WARM),) if self.advice else ()),
            ("hint", (Run(self.hint),) if self.hint else ()),
        ]
        for name, runs in lines:
            if not (self.on and any(run.words for run in runs)):
                continue
            drawn = self._panel(
                [Paragraph(runs)], points, (room, max(1, bottom - top - 2 * margin))
            )
            if progress and drawn.width <= free:  # beside the progress
                bottom = size[1]
            progress = ""
            y = bottom - margin - drawn.height
            if y < top + margin:
                break
            panels.append(drawn.at(name, margin, y))
            bottom = y + margin // 2
        return bottom

    def _corner(
        self,
        panels: list[Panel],
        size: Size,
        bottom: int,
        points: int,
        now: float,
        names: Mapping[str, str],
    ) -> None:
        """Add the HUD at the upper left, below a sign that is there and above `bottom`."""
        margin, alpha = _margin(points), self.opacity(now)
        sign = next((panel for panel in panels if panel.name == "recording"), None)
        top = margin
        if sign is not None and sign.x < (MEASURE + 2) * points:
            top += len(sign.pixels) + margin // 2
        if not self._told.title:
            return
        beside = round(1.35 * typeset.line_height(points))  # the buttons
        room = max(40, min(size[0] - 3 * margin - beside, MEASURE * points))
        most = round(min(bottom - top - margin, max(MOST * size[1], 6 * points)))
        if most < typeset.line_height(points) + 2 * typeset.pad_of(points):
            return
        told = self._told
        head, lines = says(told.title, "bold"), [_joined(parts) for parts in told.facts]
        # What can be clicked stays in its place, whether or not values stand below it.
        keys, values = Paragraph(_keys(told, names), above=0.2), Paragraph(self.pointer, above=0.2)
        inner, below = room - 2 * typeset.pad_of(points), 2.3 * typeset.line_height(points)
        while lines and _height([head, *lines, keys], points, inner) + below > most:
            lines.pop()
        foot = [keys, values] if self.pointer else [keys]
        drawn = self._panel([head, *lines, *foot], points, (room, most), step=2 * points)
        panels.append(drawn.at("hud", margin, top, alpha))

    def _inviting(self, now: float) -> bool:
        """Whether a first visitor is told what to press, in the HUD's place."""
        reading = self.help.open or self.explain.open
        return self.on and not (self.met or reading or self.beside) and self.opacity(now) < 1

    def _invite(
        self, panels: list[Panel], size: Size, points: int, now: float, names: Mapping[str, str]
    ) -> None:
        """Add one line where the HUD has faded, until the first key or click."""
        margin = _margin(points)
        drawn = self._panel(
            [Paragraph(_invitation(names))], points, (size[0] - 2 * margin, size[1])
        )
        x, y = (size[0] - drawn.width) // 2, size[1] - margin - drawn.height
        panels.append(drawn.at("invitation", x, y, 1 - self.opacity(now)))

    def _side(
        self,
        panels: list[Panel],
        size: Size,
        points: int,
        now: float,
        names: Mapping[str, str],
    ) -> None:
        """Add the buttons in the middle of the right edge."""
        buttons = self._buttons(points, names, upright=True)
        if buttons.height < size[1] and buttons.width < size[0] // 4:
            x, y = size[0] - buttons.width, (size[1] - buttons.height) // 2
            panels.append(buttons.at("buttons", x, y, self.opacity(now)))

    def _sign(self, panels: list[Panel], room: int, points: int) -> int:
        """Add the signs of a recording and a film at the upper right; the height down to them."""
        runs = self._signs()
        if not runs:
            return 0
        margin = _margin(points)
        drawn = self._panel([Paragraph(runs)], points, (room, 4 * points))
        panels.append(drawn.at("recording", room - margin - drawn.width, margin))
        return margin + drawn.height

    def _signs(self) -> tuple[Run, ...]:
        """The red dot of a recording, and how far a film is; of both, the dots alone if off."""
        signs: list[Run] = []
        if self.recording is not None:
            signs += _recording(self.recording)[: 2 if self.on else 1]
        if self.film:
            dot = Run("", ink=ACCENT, shape=DOT)
            words = Run(f" {self.film}", action="film", hint="the film that is being made")
            signs += [Run("   ")] * bool(signs) + [dot, words][: 2 if self.on else 1]
        return tuple(signs)

    # Drawing

    def _panel(
        self,
        paragraphs: Sequence[Paragraph],
        points: int,
        room: Size,
        background: Ink = text.BACKGROUND,
        pad: int | None = None,
        step: int = 1,
    ) -> _Drawn:
        key = "panel", tuple(paragraphs), points, room, background, step
        return self._made.get(
            key,
            lambda: _Drawn(
                *_with_spots(typeset.panel(paragraphs, points, room, background, pad, step))
            ),
        )

    def _buttons(self, points: int, names: Mapping[str, str], *, upright: bool) -> _Drawn:
        """The buttons that open the panel, the chooser, the tour and the explanation."""
        kinds = [("explain", f"what am I seeing? ({keys_of('explain', names)})")]
        if not self.caption:
            kinds.insert(
                0, ("toggle_tour", f"the tour, a lesson ({keys_of('toggle_tour', names)})")
            )
        if self.handle:
            kinds.insert(
                0, ("toggle_chooser", f"presets as pictures ({keys_for('toggle_chooser')})")
            )
            kinds.insert(
                0, ("toggle_panel", f"the panel of all settings ({keys_for('toggle_panel')})")
            )
        key = "buttons", points, tuple(kinds), upright
        return self._made.get(key, lambda: _draw_buttons(kinds, points, upright=upright))

    def _strip_of(
        self, room: int, points: int, rows: int, now: float, names: Mapping[str, str]
    ) -> _Drawn:
        """The strip: facts and buttons, and in its last row the message or the pointer's values."""
        told, progress = self._told, self._progress(now)
        last, pointer = self._fresh(now), self.pointer
        said = any(run.words for run in last)
        if pointer and (not said or self._pointed_at > self._message_at + READ_SECONDS):
            last, pointer = pointer, ()
        above = Run(self.hint) if self.hint else None
        if self.advice and not above:
            above = Run(self.advice, ink=WARM)
        buttons = self._buttons(points, names, upright=False)
        right: list[Run] = []
        if signs := self._signs():
            right += [*signs, Run("  ")]
        if progress:
            right += [Run(progress, ink=DIM), Run("  ")]
        if room > 40 * points:
            right += [*_keys(told, names, explain=False), Run("  ")]
        named = not self.caption  # a caption has a heading of its own
        facts = (told.title if named else "", tuple(part for line in told.facts for part in line))
        key = "strip", room, points, rows, last, pointer, above, tuple(right), facts, buttons.spots
        return self._made.get(
            key,
            lambda: _draw_strip(room, points, rows, last, pointer, above, right, facts, buttons),
        )

    def _booklet(
        self, name: str, booklet: Booklet, page: tuple[Paragraph, ...], size: Size, points: int
    ) -> Panel:
        """A page of the help or the explanation, in the middle of the window."""
        measure = PAGE_MEASURE if name == "explain" else _help_measure(page, points)

        def draw() -> _Drawn:
            drawn, booklet.pages = _draw_booklet(booklet, page, size, points, measure)
            return drawn

        key = name, page, size, points, min(booklet.page, booklet.pages - 1), booklet.pages
        drawn = self._made.get(key, draw)
        x, y = (size[0] - drawn.width) // 2, (size[1] - drawn.height) // 2
        return drawn.at(name, x, y)


def font_size(size: Size, content_scale: float) -> int:
    """The font size of the window's text in pixels."""
    return typeset.font_size(size, content_scale)


def nothing() -> None:
    """A spot's action that does nothing: the spot only has words."""


def _plain(runs: Sequence[Run]) -> str:
    return "".join(run.words for run in runs).replace(text.TIED, " ").strip()


def _margin(points: int) -> int:
    return max(4, round(points * 0.8))


def _edge(points: int) -> int:
    """The space above and below the strip's rows."""
    return max(3, round(points * 0.35))


def _height(paragraphs: Sequence[Paragraph], points: int, room: float) -> int:
    composed = typeset.compose(paragraphs, points, room)
    return typeset.height(composed) + 2 * typeset.pad_of(points)


def _joined(parts: Sequence[str]) -> Paragraph:
    return says(" · ".join(parts), ink=DIM)


def _recording(recorded: tuple[float, int]) -> tuple[Run, ...]:
    """A red dot, the time and the number of frames."""
    seconds, frames = int(recorded[0]), recorded[1]
    count = "1 frame" if frames == 1 else f"{frames} frames"
    words = f" {seconds // 60}:{seconds % 60:02d}  {count}"
    return Run("", ink=RED, shape=DOT), Run(words)


def _keys(told: Told, names: Mapping[str, str], *, explain: bool = True) -> tuple[Run, ...]:
    """What can be clicked or pointed at: the help, the explanation, and what draws."""
    runs = [Run(f"{keys_of('toggle_help', names)} keys", ink=ACCENT, action="toggle_help")]
    if explain:
        words = f"{keys_of('explain', names)} explain"
        runs += [Run("   "), Run(words, ink=ACCENT, action="explain")]
    if told.engine:
        runs += [Run("   "), Run("engine", ink=DIM, action=nothing, hint=told.engine)]
    return tuple(runs)


def _invitation(names: Mapping[str, str]) -> tuple[Run, ...]:
    """What a first visitor can press."""
    runs: list[Run] = []
    for action, words in (
        ("toggle_tour", "a lesson"),
        ("explain", "what is this?"),
        ("toggle_help", "keys"),
    ):
        runs += [Run("     " if runs else "")] * bool(runs)
        runs += [
            Run(keys_for(action, names=names), "bold", ink=ACCENT, action=action),
            Run(f"{text.TIED}{words}".replace(" ", text.TIED), ink=DIM, action=action),
        ]
    return tuple(runs)


def _help(names: Mapping[str, str], touring: bool, seeing: bool) -> tuple[Paragraph, ...]:
    """The table of keys as paragraphs with labels."""
    rows = help_rows(dict(names), touring=touring, seeing=seeing)
    label = max(text.width(keys, 100, "bold") for keys, _ in rows) / 100
    indent = min(label + 0.7, 9.0)
    lines = [Paragraph((Run(words, ink=DIM),), label=keys, indent=indent) for keys, words in rows]
    return says("Keys", "bold", size=1.15, keep=True), *lines


def _help_measure(page: Sequence[Paragraph], points: int) -> float:
    """The width of the widest row of the help, in font sizes."""
    rows = (p.indent + sum(text.width(r.words, 100) for r in p.runs) / 100 for p in page)
    return max(rows) + 0.2


def _with_spots(
    drawn: tuple[text.Pixels, list[typeset.Target]],
) -> tuple[text.Pixels, tuple[Spot, ...]]:
    pixels, targets = drawn
    return pixels, tuple(_spot(target) for target in targets)


def _spot(target: typeset.Target) -> Spot:
    return Spot(target.x, target.y, target.width, target.height, target.action, target.hint)


def _draw_buttons(kinds: Sequence[tuple[str, str]], points: int, *, upright: bool) -> _Drawn:
    """Buttons one below the other at the right edge, or side by side."""
    side = round(typeset.line_height(points) * (1.35 if upright else 1.0))
    step = side if upright else side + points // 3
    count = len(kinds)
    box = (side, step * count) if upright else (step * count, side)
    image = typeset.blank(box, text.BACKGROUND if upright else text.CLEAR, max(2, points // 3))
    draw, spots = ImageDraw.Draw(image), []
    for k, (action, words) in enumerate(kinds):
        x, y = (0, k * step) if upright else (k * step, 0)
        _draw_icon(draw, action, x, y, side, points)
        spots.append(Spot(x, y, side, side, action, words))
    return _Drawn(np.asarray(image), tuple(spots))


def _draw_icon(
    draw: ImageDraw.ImageDraw, action: str, x: int, y: int, side: int, points: int
) -> None:
    """Sliders for the panel, pictures for the chooser, a flag for the tour, a question mark."""
    ink, thick = ACCENT, max(1, round(points / 11))
    left, top, inner = x + side * 0.24, y + side * 0.24, side * 0.52
    if action == "toggle_panel":
        for k, place in enumerate((0.7, 0.25, 0.55)):
            middle = top + inner * (0.12 + 0.38 * k)
            draw.line((left, middle, left + inner, middle), fill=ink, width=thick)
            knob, radius = left + inner * place, max(1.5, side * 0.08)
            draw.ellipse((knob - radius, middle - radius, knob + radius, middle + radius), fill=ink)
    elif action == "toggle_chooser":
        cell = inner * 0.42
        for a in (0, 1):
            for b in (0, 1):
                at = left + a * (inner - cell), top + b * (inner - cell)
                draw.rectangle((*at, at[0] + cell, at[1] + cell), outline=ink, width=thick)
    elif action == "toggle_tour":
        pole = left + inner * 0.2
        draw.line((pole, top, pole, top + inner), fill=ink, width=thick)
        flag = (pole, top), (left + inner, top + inner * 0.28), (pole, top + inner * 0.56)
        draw.polygon(flag, outline=ink, width=thick)
    else:
        face = text.face(round(side * 0.72), "bold")
        draw.text((x + side / 2, y + side * 0.52), "?", fill=ink, font=face, anchor="mm")


def _draw_strip(
    room: int,
    points: int,
    rows: int,
    last: tuple[Run, ...],
    beside: tuple[Run, ...],
    above: Run | None,
    right: Sequence[Run],
    facts: tuple[str, tuple[str, ...]],
    buttons: _Drawn,
) -> _Drawn:
    """The rows of the strip on a clear ground.

    `last`: of the last row, or of as many rows as it needs. `beside`: at its right end, if there is
    room for both. `above`: takes the place of the facts.
    `right`, then the buttons: at the right end of the first row.
    """
    line, edge, pad = typeset.line_height(points), _edge(points), typeset.pad_of(points)
    image = Image.new("RGBA", (max(1, room), rows * line + 2 * edge), text.CLEAR)
    spots: list[Spot] = []
    # The right end of the first row.
    x = room - pad // 2 - buttons.width
    if x > 0:
        y = edge + (line - buttons.height) // 2
        image.alpha_composite(Image.fromarray(buttons.pixels), (x, max(0, y)))
        spots += [replace(spot, x=spot.x + x, y=spot.y + y) for spot in buttons.spots]
    if right:
        (found,) = typeset.compose([Paragraph(tuple(right))], points, 1e6)
        if x - found.width - points > 0.3 * room:
            x -= round(found.width) + points
            spots += map(_spot, typeset.draw_lines(image, [found], x, edge))
    # The last rows.
    inner = room - 2 * pad
    bottom: list[typeset.Line] = []
    if any(run.words for run in last):
        size = points
        while True:
            bottom = typeset.compose([Paragraph(last)], size, inner)
            if typeset.height(bottom) <= rows * line or size <= LEAST:
                break
            size -= 1
        bottom = typeset.paginate(bottom, rows * line)[0]
        top = edge + rows * line - typeset.height(bottom)
        free = max(0, (top - edge) // line)
        if not free:  # the first row's end gives way
            clear = (0, 0, room, edge + line)
            image.paste(text.CLEAR, clear)
            spots.clear()
        spots += map(_spot, typeset.draw_lines(image, bottom, pad, top))
        (found,) = typeset.compose([Paragraph(beside)], points, 1e6)
        if beside and len(bottom) == 1 and bottom[0].width + found.width + 2 * points < inner:
            typeset.draw_lines(image, [found], room - pad - found.width, top)
    else:
        free = max(1, rows - 1)
    # What is left for the facts.
    if above and free:
        first = inner if free > 1 and not spots else x - pad - points
        rows_of = _beside_corner(above, points, [first, *[inner] * (free - 1)])
        for row, found in enumerate(rows_of):
            typeset.draw_lines(image, [found], pad, edge + row * line)
    elif free:
        widths = [x - pad - points, *[inner] * (free - 1)]
        for row, runs in enumerate(_fitted(facts, points, widths)):
            lines = typeset.compose([Paragraph(runs)], points, 1e6)
            typeset.draw_lines(image, lines, pad, edge + row * line)
    return _Drawn(np.asarray(image), tuple(spots))


def _beside_corner(run: Run, points: int, widths: Sequence[float]) -> list[typeset.Line]:
    """Words in rows of these widths in pixels, in smaller letters rather than shortened."""
    for size in range(points, min(points, LEAST) - 1, -1):
        rows, rest = list[str](), run.words
        for k, width in enumerate(widths):
            row = text.wrap(rest, size, max(1.0, width))[0] if rest else ""
            if k + 1 < len(widths) and rest[len(row) : len(row) + 1].strip():
                row = ""  # a word has no room here
            rows, rest = [*rows, row], rest[len(row) :].lstrip()
        if not rest:
            break
    if rest:
        rows[-1] = text.shorten(f"{rows[-1]} {rest}", size, max(1.0, widths[-1]))
    return [typeset.compose([Paragraph((replace(run, words=row),))], size, 1e6)[0] for row in rows]


def _fitted(
    facts: tuple[str, tuple[str, ...]], points: int, widths: Sequence[float]
) -> list[tuple[Run, ...]]:
    """A title and facts in rows of these widths in pixels; facts without room are left out."""
    title, parts = facts
    first = text.width(f"{title}  ·  {parts[0] if parts else ''}", points, "bold")
    if len(widths) == 1 and first > widths[0]:
        title = ""  # what is shown says more, and the window's frame has the title
    heading = text.shorten(title, points, max(1.0, widths[0]), "bold") if title else ""
    rows: list[tuple[Run, ...]] = [(Run(heading, "bold"),) if heading else ()]
    used = text.width(heading, points, "bold")
    for part in parts:
        for _ in range(2):
            words = f"  ·  {part}" if rows[-1] else part
            wide = text.width(words, points)
            if used + wide <= widths[len(rows) - 1]:
                rows[-1] = (*rows[-1], Run(words, ink=DIM))
                used += wide
                break
            if len(rows) == len(widths) or not rows[-1]:
                break
            rows.append(())
            used = 0.0
    return rows


def _draw_booklet(
    booklet: Booklet, page: Sequence[Paragraph], size: Size, points: int, measure: float
) -> tuple[_Drawn, int]:
    """A page of a booklet in a window of `size`, and how many pages there are.

    The text is a little smaller rather than on several pages.
    """
    margin, pad = max(2, points // 3), typeset.pad_of(points)
    foot = typeset.line_height(points) + pad // 2
    box = max(1, size[0] - 2 * (margin + pad)), max(1, size[1] - 2 * (margin + pad) - foot)
    used = points
    spreads = typeset.spreads(page, used, box, measure)
    for smaller in range(points - 1, max(LEAST, round(points * 0.8)) - 1, -1):
        if len(spreads) == 1:
            break
        found = typeset.spreads(page, smaller, box, measure)
        if len(found) == 1:
            used, spreads = smaller, found
    number = min(booklet.page, len(spreads) - 1)
    high = max(spread.size[1] for spread in spreads)
    (footer,) = typeset.compose([Paragraph(_footer(booklet, number, len(spreads)))], points, 1e6)
    wide = max(footer.width, *(spread.size[0] for spread in spreads))
    outer = min(size[0], round(wide) + 2 * pad), min(size[1], high + foot + 2 * pad)
    image = typeset.blank(outer, SHEET, pad)
    targets: list[typeset.Target] = []
    spread = spreads[number]
    for k, column in enumerate(spread.columns):
        x = pad + k * (spread.room + spread.gap)
        targets += typeset.draw_lines(image, column, x, pad)
    y = outer[1] - pad - typeset.line_height(points)
    targets += typeset.draw_lines(image, [footer], pad, y)
    return _Drawn(np.asarray(image), tuple(map(_spot, targets))), len(spreads)


def _footer(booklet: Booklet, number: int, pages: int) -> tuple[Run, ...]:
    """The last line of a booklet: where one is, how to go on, how to close it."""
    close = Run("Esc closes", ink=ACCENT, action=booklet.close, hint="close")
    if pages == 1:
        return (close,)
    on = "more (Space)" if number + 1 < pages else "first page (Space)"
    return (
        Run(f"{number + 1} of {pages}", ink=DIM),
        Run("   "),
        Run(on, "bold", ink=ACCENT, action=booklet.on, hint="turn the page"),
        Run("   "),
        close,
    )
