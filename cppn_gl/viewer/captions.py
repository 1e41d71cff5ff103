"""The caption of a tour's page: ticks to click, a heading, the words, and what is asked.

Lesson, key labels -> Caption.drawn(): pixels of a strip below the picture, with spots

Its size and the places to click depend on the window alone: neither an answer nor the next page
moves the picture, and one can click through. Where there is not room for everything, what is asked
goes before the text, which a click shows.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from cppn_gl.utils.cache import LRUCache
from cppn_gl.viewer import typeset
from cppn_gl.viewer.bindings import keys_of
from cppn_gl.viewer.hud import Spot, nothing
from cppn_gl.viewer.lesson import Lesson, Words
from cppn_gl.viewer.typeset import ACCENT, DIM, LEAST, WARM, WHITE, Ink, Paragraph, Run
from cppn_gl.views import text

MEASURE = 54  # largest width, in font sizes
SMALLER = 2  # font sizes given up before the text is
FULL = 0.85  # of the strip's greatest height: with the text it takes no more
LEAST_TICK = 2  # pixels
ABOVE = 0.25  # what is asked, in line heights
AHEAD: Ink = (92, 100, 112, 255)  # a tick of a page to come
FRAME: Ink = (92, 124, 158, 255)  # around a key
_MARKUP = re.compile(r"<([^<>]*)>|\*([^*]*)\*")
_KEPT = 8  # drawings

Drawn = tuple[text.Pixels, tuple[Spot, ...]]


@dataclass(frozen=True)
class _Way:
    """How a page's words are arranged: which are shown, at which font size, and their height."""

    points: int
    full: bool  # the text as well as what is asked
    height: int


@dataclass(frozen=True)
class _Frame:
    """What all pages have in common: the font size of the heading, the size, and each way."""

    points: int
    width: int
    height: int
    ways: tuple[_Way, ...]


class Caption:
    """Draws the caption of the page that a lesson shows. `names`: the user's labels of keys."""

    def __init__(self, lesson: Lesson):
        self._lesson = lesson
        self.names: Mapping[str, str] = {}
        self._reading: int | None = None  # the page whose text a click has asked for
        # One action for each page: a click compares the spot of the press with that of the release.
        self._to: dict[int, Callable[[], None]] = {}
        self._made: LRUCache[object, Drawn] = LRUCache(_KEPT)
        self._frames: LRUCache[object, _Frame] = LRUCache(_KEPT)

    def __bool__(self) -> bool:
        return self._lesson.page is not None

    def drawn(self, room: int, points: int, most: int) -> Drawn:
        """Pixels at most `room` wide and `most` high, and the spots in them.

        `points`: the font size, or less where there is little room.
        """
        lesson = self._lesson
        words = lesson.words()
        if words is None:
            raise ValueError("no page is shown")
        reading = self._reading == lesson.number
        answered, names = frozenset(lesson.answered), tuple(sorted(self.names.items()))
        of = names, room, points, most
        frame = self._frames.get(of, lambda: self._frame(room, points, most))
        key = words, lesson.number, answered, reading, of
        return self._made.get(key, lambda: self._draw(words, frame))

    def _draw(self, words: Words, frame: _Frame) -> Drawn:
        way = frame.ways[self._lesson.number - 1]
        image = Image.new("RGBA", (frame.width, frame.height), text.CLEAR)
        edge = _edge(frame.points)
        spots, y = self._ticks(image, edge, frame.points)
        spots += self._head(image, words.heading, y, frame.points, not way.full)
        y += typeset.line_height(frame.points)
        body, asked = self._paragraphs(words)
        reading = self._reading == self._lesson.number
        shown = [body, asked] if way.full else [body] if reading else [asked]
        room = max(1, frame.height - y - edge // 2)
        largest = way.points if way.full else frame.points
        for size in range(largest, min(LEAST, largest) - 1, -1):
            parts = typeset.paginate(typeset.compose(shown, size, frame.width - 2 * edge), room)
            if len(parts) == 1:
                break
        draw = ImageDraw.Draw(image)
        for target in typeset.draw_lines(image, parts[0], edge, y):
            box = target.x, target.y, target.width, target.height
            spots.append(Spot(*box, target.action, target.hint))
            _outline(draw, box, size)
        return np.asarray(image), tuple(spots)

    def _frame(self, room: int, points: int, most: int) -> _Frame:
        """Room for every page, with the largest heading that leaves enough for its words."""
        for head in range(points, min(LEAST, points) - 1, -1):
            edge, wide = _edge(head), min(room, MEASURE * head)
            above = edge + _tick(head) + edge + typeset.line_height(head)
            free = most - above - edge
            ways = [
                self._way(words, wide - 2 * edge, head, free) for words in self._lesson.samples()
            ]
            height = max(way.height for way in ways)
            if height <= free:
                break
        return _Frame(head, max(1, wide), max(1, min(above + height + edge, most)), tuple(ways))

    def _way(self, words: Sequence[Words], wide: int, points: int, most: int) -> _Way:
        """The largest font at which everything fits, or else the text or what is asked, by turns.

        `words`: of one page, asked and answered.
        """
        (body, ask), (_, answer) = (self._paragraphs(one) for one in words)

        @functools.cache
        def high(size: int, full: bool) -> int:
            text, *asked = (
                typeset.height(typeset.compose([one], size, wide)) for one in (body, ask, answer)
            )
            space = round(ABOVE * typeset.line_height(size))
            return text + space + max(asked) if full else max(text, *asked)

        least = min(LEAST, points)
        small = max(least, points - SMALLER)
        full = any(high(size, True) <= FULL * most for size in (points, small))
        room, last = (FULL * most, small) if full else (most, least)
        size = next((p for p in range(points, last, -1) if high(p, full) <= room), last)
        return _Way(size, full, high(size, full))

    def _paragraphs(self, words: Words) -> list[Paragraph]:
        """The text, and what is asked with the numbers to watch, or answered."""
        body = Paragraph(self._runs(words.text, DIM))
        asked = self._runs(words.asked, WARM if words.answered else WHITE)
        watch = (Run("   "), Run(words.watch, ink=WARM)) if words.watch else ()
        return [body, Paragraph((*asked, *watch), above=ABOVE)]

    def _runs(self, words: str, ink: Ink) -> tuple[Run, ...]:
        """Words with <action> as the key of that action, which can be clicked, and *italics*."""
        runs, at = [], 0
        for match in _MARKUP.finditer(words):
            runs.append(Run(words[at : match.start()], ink=ink))
            at = match.end()
            if match[1] is None:
                runs.append(Run(match[2], "italic", ink))
                continue
            key = self._key(match[1])
            room = Run(" " * (2 if len(key.words) == 1 else 1))  # for its frame
            runs += [room, key, room if words[at : at + 1] == " " else Run(" ")]
        return tuple(run for run in (*runs, Run(words[at:], ink=ink)) if run.words)

    def _key(self, action: str) -> Run:
        large = action.startswith("Shift+")
        name = action.removeprefix("Shift+")
        label = ("Shift+" if large else "") + keys_of(name, self.names)
        # Events give a click no Shift: such a key only tells.
        return Run(label, "bold", ACCENT, action=nothing if large else name)

    def _ticks(self, image: Image.Image, edge: int, points: int) -> tuple[list[Spot], int]:
        """A tick for each page, grouped by chapter; the height used."""
        pages, lesson, high = self._lesson.pages, self._lesson, _tick(points)
        breaks = [k for k in range(1, len(pages)) if pages[k].chapter != pages[k - 1].chapter]
        gap, gaps = max(1, points // 5), len(pages) - 1 + 3 * len(breaks)
        free = image.width - 2 * edge
        gap = max(0, min(gap, (free - LEAST_TICK * len(pages)) // gaps))
        draw, spots, x = ImageDraw.Draw(image), [], float(edge)
        wide = max(1.0, (free - gap * gaps) / len(pages))
        for number, page in enumerate(pages, 1):
            x += 3 * gap if number - 1 in breaks else 0
            here = number == lesson.number
            ink = WHITE if here else WARM if number in lesson.answered else AHEAD
            box = (round(x), edge, round(x + wide) - 1, edge + high - 1)
            draw.rounded_rectangle(box, radius=high // 2, fill=ink)
            hint = f"{number}  {page.chapter}: {page.heading}"
            go = self._to.setdefault(number, functools.partial(lesson.go, number))
            spots.append(Spot(box[0], 0, round(wide + gap), high + 2 * edge, go, hint))
            x += wide + gap
        return spots, 2 * edge + high

    def _head(
        self, image: Image.Image, heading: str, y: int, points: int, more: bool
    ) -> list[Spot]:
        """The line of the heading, and at its right the place in the tour, back, on and leave."""
        lesson, edge, line = self._lesson, _edge(points), typeset.line_height(points)
        page = lesson.pages[lesson.number - 1]
        count = len(lesson.pages)
        first, last = lesson.number == 1, lesson.number == count
        narrow = image.width < 36 * points
        turn = keys_of("next_preset", self.names)
        away = f"leave the tour ({keys_of('toggle_tour', self.names)})"
        # (words, the widest words in that place, ink, action, hint): the same places on all pages
        parts: list[tuple[str, str, Ink, str | Callable[[], None], str]] = []
        if image.width > 46 * points:
            parts.append((page.chapter, "", DIM, "", ""))
        if more:
            reading = self._reading == lesson.number
            words = ("try" if narrow else "try it") if reading else "read"
            parts.append((words, "", ACCENT, self._turn, "the rest of this page"))
        place = f"{lesson.number} / {count}"
        parts.append((place, f"{count} / {count}", DIM, "", page.chapter))
        back, on = ("‹", "›") if narrow else ("‹ back", "next ›")
        before = lesson.back, f"the page before (Shift+{turn})"
        parts.append(("", back, ACCENT, "", "") if first else (back, back, ACCENT, *before))
        forward = away if last else f"the next page ({turn})"
        widest = max(on, "end ›", key=lambda one: text.width(one, points))
        parts.append(("end ›" if last else on, widest, ACCENT, lesson.forward, forward))
        parts.append(("×", "", DIM, lesson.leave, away))
        spots, gap = [], points * (0.8 if narrow else 1.2)
        x = image.width - edge + gap
        for words, widest, ink, action, hint in reversed(parts):
            wide = max(text.width(words, points), text.width(widest, points))
            x -= wide + gap
            run = Run(words, ink=ink)
            typeset.draw_lines(image, typeset.compose([Paragraph((run,))], points, wide + 2), x, y)
            if action or hint:
                left, right = round(x - gap / 2), min(image.width, round(x + wide + gap / 2))
                spots.append(Spot(left, y, right - left, line, action or nothing, hint))
        title = text.shorten(heading, points, max(1, x - gap - edge), "bold")
        typeset.draw_lines(
            image, typeset.compose([typeset.says(title, "bold")], points, x), edge, y
        )
        return spots

    def _turn(self) -> None:
        """Show the text in place of what is asked, or again what is asked."""
        number = self._lesson.number
        self._reading = None if self._reading == number else number


def _outline(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], points: int) -> None:
    """The outline of a key around its label."""
    left, top, wide, high = box
    aside = max(2, round(0.22 * points), (high - 3 - wide) // 2)
    outline = (left - aside, top + 1, left + wide + aside - 1, top + high - 2)
    draw.rounded_rectangle(outline, radius=max(2, points // 4), outline=FRAME)


def _edge(points: int) -> int:
    return max(3, round(points * 0.45))


def _tick(points: int) -> int:
    return max(3, round(points * 0.3))
