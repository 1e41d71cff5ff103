"""The tour: a lesson in chapters and pages, each a preset and one key to press.

tour.toml -> parse_tour() -> Page(chapter, preset, heading, text, ask, action, done, answer), …

In a page's words `{weight_scale}` stands for the value of a preset's key or of a measure, and
`<stronger>` for the key that is bound to that action. Both are filled in when the page is shown.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.tables import resolve
from cppn_gl.utils.checks import PresetError, nearest, show
from cppn_gl.utils.extras import EXTRAS, require
from cppn_gl.utils.toml import load_toml

FILE = Path(__file__).with_name("tour.toml")

# What a condition or a caption can ask of the network explored, besides its preset's keys.
MEASURES: dict[str, str] = {
    "sigma": "σ, the standard deviation of the weights as drawn, after the first layer",
    "units": "n, the inputs of a unit after the first layer",
    "root": "√n",
    "gain": "√n·σ of the layers after the first",
    "growth": "the factor from one hidden layer to the next on a unit's standard deviation",
    "left": "what is left in the last hidden layer of the first one's standard deviation",
    "saturated": "fraction of the hidden units that are saturated, over the picture",
    "saturated_first": "the same of the first layer",
    "contrast": "standard deviation of the outputs over the picture",
    "receptive": "side of the receptive field of an output, in taps; 1 without convolutions",
    "area": "the taps of that field",
    "parameters": "the number of weights and biases",
    "layers": "the number of layers that can be shown, pools and modules' parts included",
    "step": "training steps done",
    "rate": "the learning rate of the next step",
    "loss": "the loss of the training points",
    "test_loss": "the loss of the test points",
    "accuracy": "fraction of the training points whose class is right",
    "test_accuracy": "the same of the test points",
    "dead": "fraction of the hidden units whose slope is 0 at every training point",
    "layer": "the layer shown",
    "zoom": "magnification since the page opened",
    "time": "time in seconds",
    "paused": "whether time stands still",
    "stage": "the name of the layer looked at, of an image network",
    "channel": "the channel looked at",
    "sees": "the side of what a unit of that layer sees, in pixels of the picture",
    "top_class": "the most probable class of the picture",
    "top_share": "its share",
    "second_class": "the next one",
    "second_share": "its share",
}
WORDS = ("stage", "top_class", "second_class")
PASSES = ("top_class", "top_share", "second_class", "second_share")  # need a pass
SIGNAL = ("gain", "growth", "left", "saturated", "saturated_first", "contrast")  # take a while
# Measures that are written in per cent.
SHARES = (
    *("left", "saturated", "saturated_first", "accuracy", "test_accuracy", "dead"),
    *("top_share", "second_share"),
)
_FIGURE = re.compile(r"Figure (\d+)")
_PLACE = re.compile(r"\{([^{}]*)\}")
_TESTS = ("above", "below", "is", "changed")
_TEXTS = ("heading", "text", "ask", "answer")


@dataclass(frozen=True)
class Condition:
    """Notices that a page's key was pressed far enough: a key of the preset, or a measure.

    test: above, below (a number), is (a value), or changed (since the page opened).
    """

    name: str
    test: str
    value: Any = True
    measured: bool = False

    def met(self, now: Any, before: Any) -> bool:
        """Whether it holds for the value now; `before`: when the page opened."""
        if now is None:
            return False
        if self.test == "changed":
            return bool(now != before)
        if self.test == "is":
            return bool(now == self.value)
        return bool(now > self.value if self.test == "above" else now < self.value)


@dataclass(frozen=True)
class Page:
    """A page: what is shown, and its words.

    action: of the binding table; the key that `ask` asks for. large: with Shift. watch: numbers
    that follow `ask` and change as the key is pressed. trains: it trains from the start, in
    12 seconds to the preset's own step, and on.
    """

    chapter: str
    preset: Preset = field(repr=False)
    heading: str
    text: str
    ask: str
    action: str
    done: Condition
    answer: str
    large: bool = False
    watch: str = ""
    trains: bool = False


def shown(preset: Preset) -> list[str]:
    """The entries of `shows`: "Figure 11", "Figure 17"."""
    return [part.strip() for part in preset.shows.split(";") if part.strip()]


def figures(preset: Preset) -> list[int]:
    """The numbers of the essay's figures that a preset shows."""
    matches = (_FIGURE.fullmatch(part) for part in shown(preset))
    return [int(match[1]) for match in matches if match]


def pages() -> tuple[Page, ...]:
    """The pages of the shipped tour."""
    return _shipped()[0]


def absent() -> tuple[str, ...]:
    """Of each chapter that is left out, because a library is missing, what would bring it."""
    return _shipped()[1]


@cache
def _shipped() -> tuple[tuple[Page, ...], tuple[str, ...]]:
    return parse_tour(FILE.read_text("utf-8"), source=FILE.name)


def parse_tour(toml: str, *, source: str = "tour") -> tuple[tuple[Page, ...], tuple[str, ...]]:
    """The pages of a tour in TOML text, in order, and what chapters are left out, and why.

    Raises PresetError, in one line.
    """
    try:
        document = load_toml(toml)
    except (ValueError, RecursionError) as error:
        problem = str(error).splitlines()[0]
        raise PresetError(f"not TOML: {problem}", source=source) from None
    _check_known(document, ("chapter",), source)
    found: list[Page] = []
    absent: list[str] = []
    for chapter in _tables(document, "chapter", source):
        title = _words(chapter, "title", f"{source}: a chapter")
        _check_known(chapter, ("title", "needs", "page"), f"{source}: {title}")
        if problem := _missing(chapter, title, source):
            absent.append(problem)
            continue
        for page in _tables(chapter, "page", f"{source}: {title}"):
            if problem := _without_pictures(page):
                absent.append(problem)
                continue
            found.append(_page(page, title, f"{source}: page {len(found) + 1}"))
    return tuple(found), tuple(absent)


def _missing(chapter: dict[str, Any], title: str, source: str) -> str:
    """Why a chapter is left out: a library that it needs is missing; "" if it is not."""
    library = _words(chapter, "needs", f"{source}: {title}") if "needs" in chapter else ""
    if library and library not in EXTRAS:
        problem = f"no such library{nearest(library, EXTRAS)}"
        raise PresetError(problem, key="needs", source=f"{source}: {title}")
    try:
        require(f"the chapter “{title}”", library)
    except PresetError as error:
        return error.problem
    return ""


def _without_pictures(page: dict[str, Any]) -> str:
    """Why a page is left out: the pictures that it trains on are missing; "" if they are not."""
    if page.get("pictures") is not True:
        return ""
    from cppn_gl.nn.training.data import FASHION
    from cppn_gl.nn.vision.image_sets import PLACE, missing

    return "" if PLACE.is_dir() else f"the page “{page.get('heading')}”: {missing(FASHION)}"


def _page(table: dict[str, Any], chapter: str, place: str) -> Page:
    known = ("preset", "change", *_TEXTS, "watch", "action", "large", "trains", "pictures", "done")
    _check_known(table, known, place)
    given = (*_TEXTS, "watch") if "watch" in table else _TEXTS
    words = {name: _words(table, name, place) for name in given}
    try:
        preset = load_preset(_words(table, "preset", place))
        preset = preset.replace(**_table(table, "change", place))
    except PresetError as error:
        raise PresetError(error.problem, key=error.key, source=place) from None
    for name, text in words.items():
        for placeholder in _PLACE.findall(text):
            _check_name(placeholder, placeholder in MEASURES, f"{place}: {name}")
    action, large = _words(table, "action", place), _flag(table, "large", place)
    done = _condition(_table(table, "done", place), f"{place}: done")
    trains = _flag(table, "trains", place)
    return Page(chapter, preset, done=done, action=action, large=large, trains=trains, **words)


def _condition(table: dict[str, Any], place: str) -> Condition:
    _check_known(table, ("key", "measure", *_TESTS), place)
    tests = [test for test in _TESTS if test in table]
    if len(tests) != 1 or ("key" in table) == ("measure" in table):
        problem = f"expected a key or a measure, and one of {', '.join(_TESTS)}"
        raise PresetError(problem, source=place)
    measured, (test,) = "measure" in table, tests
    name = _words(table, "measure" if measured else "key", place)
    _check_name(name, measured, place)
    value = table[test]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (test in ("above", "below") and not number) or (test == "changed" and value is not True):
        expected = "true" if test == "changed" else "a number"
        raise PresetError(f"{show(value)}; expected {expected}", key=test, source=place)
    return Condition(name, test, value, measured)


def _check_name(name: str, measured: bool, place: str) -> None:
    """That a name is a measure's, or a preset key's."""
    if measured and name not in MEASURES:
        raise PresetError(f"no such measure{nearest(name, MEASURES)}", key=name, source=place)
    if not measured:
        try:
            resolve(name)
        except PresetError as error:
            raise PresetError(error.problem, key=name, source=place) from None


def _check_known(table: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in known:
            raise PresetError(f"no such key{nearest(name, known)}", key=name, source=place)


def _tables(table: dict[str, Any], name: str, place: str) -> list[dict[str, Any]]:
    found = table.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise PresetError(f"expected tables [[{name}]]", key=name, source=place)
    return found


def _flag(table: dict[str, Any], name: str, place: str) -> bool:
    found = table.get(name, False)
    if not isinstance(found, bool):
        raise PresetError(f"{show(found)} is neither true nor false", key=name, source=place)
    return found


def _table(table: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise PresetError(f"{show(found)}; expected a table", key=name, source=place)
    return found


def _words(table: dict[str, Any], name: str, place: str) -> str:
    found = table.get(name)
    if not isinstance(found, str) or not found.strip():
        raise PresetError("expected a text" if name in table else "missing", key=name, source=place)
    return found.strip()
