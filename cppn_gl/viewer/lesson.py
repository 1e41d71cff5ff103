"""The tour in the window: which page is shown, whether its key was pressed, and its words.

start() -> follow() in each turn: the page of the moment explored, also after going back
        -> advance(): the page's measures, in slices; the answer once its condition is met
        -> words(): heading, text, and what is asked or answered
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cppn_gl.preset.library import usable
from cppn_gl.preset.tour import PASSES, SIGNAL, Page, absent, pages
from cppn_gl.utils.checks import PresetError
from cppn_gl.viewer.explorer import Explorer
from cppn_gl.viewer.history import MAX_MOMENTS
from cppn_gl.viewer.journal import Moment
from cppn_gl.viewer.measures import UNKNOWN, Measures, key_value, sample
from cppn_gl.viewer.preset_list import PresetList, list_of

_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Words:
    """A page's words, with its numbers filled in; keys are still <action>.

    `answered`: `asked` is the answer. `watch`: the numbers of the moment, until it is answered.
    """

    heading: str
    text: str
    asked: str
    answered: bool
    watch: str = ""


@dataclass(frozen=True)
class _Kept:
    """What was explored before the tour."""

    moment: Moment
    time: float
    running: bool


class Lesson:
    """The tour of one explorer."""

    def __init__(self, explorer: Explorer, steps: Sequence[Page] | None = None):
        self._explorer, self._steps = explorer, steps
        self.on = False
        self.number = 0  # of the page shown, from 1; 0 outside the tour
        self.answered: set[int] = set()  # numbers of pages whose key was pressed
        self._last = 1  # the last page shown
        self._done = False  # the condition of the page shown was met
        self._kept: _Kept | None = None
        self._presets: PresetList | None = None  # the list of before the tour
        self._pages: dict[int, tuple[Moment, int]] = {}  # by the moment's id, which is held
        self._first: dict[str, str] = {}  # numbers as the page opened
        self._samples: tuple[tuple[Words, Words], ...] | None = None
        self._measures = Measures()

    @property
    def pages(self) -> Sequence[Page]:
        """The pages, read when the tour is first started."""
        if self._steps is None:
            self._steps = pages()
        return self._steps

    @property
    def page(self) -> Page | None:
        """The page shown."""
        return self.pages[self.number - 1] if self.on and self.number else None

    # Start and end

    def start(self, number: int = 0, *, keep: bool = True) -> None:
        """Begin at a page, or where it was left. `keep`: `leave` returns to what is explored."""
        explorer = self._explorer
        self._kept = _Kept(explorer.history.now, explorer.time, explorer.running) if keep else None
        if keep:
            self._note(explorer.history.now, 0)
        self.on, self._presets = True, explorer.presets
        explorer.presets = list_of([page.preset for page in self.pages], number or self._last)
        explorer.guided = True
        self.go(number or self._last)
        explorer.message = "; ".join(absent())

    def leave(self) -> None:
        """End the tour, and return to what was explored before."""
        explorer, kept = self._explorer, self._kept
        self.on = explorer.guided = False
        self.number = 0
        if self._presets is not None:
            explorer.presets = self._presets
        if kept is not None:
            explorer.revisit(kept.moment)
            explorer.time, explorer.running = kept.time, kept.running

    def go(self, number: int) -> None:
        """Open a page."""
        try:
            self._explorer.load(usable(self.pages[number - 1].preset))
        except PresetError as error:  # a package is missing
            self._explorer.message = str(error)
        self._explorer.presets.number = number
        self._open(number)

    def back(self) -> None:
        """Open the page before this one."""
        self.go(max(1, (self.number or self._last) - 1))

    def forward(self) -> None:
        """Open the next page; after the last one, the tour ends."""
        if self._last < len(self.pages):
            self.go(self._last + 1)
        else:
            self.leave()

    # The page shown

    def follow(self) -> None:
        """Notice what is explored now: another page, a change of this one, or neither."""
        if not self.on:
            return
        explorer = self._explorer
        now, chosen = explorer.history.now, explorer.presets.number
        known = self._pages.get(id(now))
        place, count = explorer.history.place
        if known is not None:
            number = known[1]
        elif chosen not in (0, self._last) and explorer.loaded == self.pages[chosen - 1].preset:
            number = chosen
        elif place == count and self.number and now.preset.name == self._name(self.number):
            number = self.number
        else:
            number = 0
        if number != self.number:
            self._open(number)
        elif known is None:
            self._note(now, number)

    def _name(self, number: int) -> str:
        return self.pages[number - 1].preset.name

    def _open(self, number: int) -> None:
        self.number, self._done = number, False
        self._note(self._explorer.history.now, number)
        self._first.clear()
        self._measures.forget()
        if number:
            self._last = number
            if self.pages[number - 1].trains:
                self._explorer.learning.play()
        self._explorer.presets.number = self._last  # P goes on from here

    def _note(self, moment: Moment, number: int) -> None:
        self._pages[id(moment)] = moment, number
        if len(self._pages) > MAX_MOMENTS:
            del self._pages[next(iter(self._pages))]

    # Numbers

    def advance(self, seconds: float) -> None:
        """Measure for about so many seconds, and notice whether the page's condition is met."""
        page = self.page
        if page is None:
            return
        wanted = {name for text in _texts(page) for name in _PLACE.findall(text)}
        if page.done.name in SIGNAL or wanted & set(SIGNAL):
            self._measures.follow(self._explorer)
            self._measures.advance(seconds)
        if self._explorer.sees and (page.done.name in PASSES or wanted & set(PASSES)):
            self._explorer.see(seconds)
        for name in wanted:
            if self._first.get(name, UNKNOWN) == UNKNOWN:
                self._first[name] = self._written(name)
        if not self._done and self._met(page):
            self._done = True
            self.answered.add(self.number)

    def _met(self, page: Page) -> bool:
        done = page.done
        before = None if done.measured else key_value(page.preset, done.name)
        return done.met(self._measures.value(self._explorer, done.name), before)

    @property
    def busy(self) -> bool:
        """Whether something is left to measure."""
        if self.page is None:
            return False
        return self._measures.busy or (self._explorer.sees and self._explorer.sight.busy)

    def _written(self, name: str) -> str:
        return self._measures.written(self._explorer, name)

    def words(self) -> Words | None:
        """The page's words: the text's numbers as it opened, the answer's as they are now."""
        page = self.page
        if page is None:
            return None
        asked = page.answer if self._done else page.ask
        opened: Callable[[str], str] = lambda name: self._first.get(name, UNKNOWN)  # noqa: E731
        return Words(
            page.heading,
            _filled(page.text, opened),
            _filled(asked, self._written if self._done else opened),
            self._done,
            "" if self._done else _filled(page.watch, self._written),
        )

    def samples(self) -> tuple[tuple[Words, Words], ...]:
        """The words of every page, asked and answered, with numbers as long as they may get."""
        if self._samples is None:
            self._samples = tuple(map(_sampled, self.pages))
        return self._samples


def _sampled(page: Page) -> tuple[Words, Words]:
    text, ask, answer, watch = (
        _filled(words, sample) for words in (page.text, page.ask, page.answer, page.watch)
    )
    return Words(page.heading, text, ask, False, watch), Words(page.heading, text, answer, True)


def _texts(page: Page) -> tuple[str, ...]:
    return page.text, page.ask, page.answer, page.watch


def _filled(text: str, value: Callable[[str], str]) -> str:
    return _PLACE.sub(lambda match: value(match[1]), text)
