"""The words of a static site: its index, the pages of still pictures, and the tour, as HTML.

    Card, … -> index_html()     pictures by theme, each leading to its page
    Card    -> still_html()     what a browser cannot show live: a picture, and where it lives
    Told, … -> tour_html()      the tour, to be read: pictures before and after a key, in chapters

No page here runs a script or asks for anything outside its folder; a policy in it says so to the
browser. Every word of a preset is escaped.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from cppn_gl._version import __version__
from cppn_gl.output.web.page import style_sheet
from cppn_gl.preset.library import shipped
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.themes import THEMES, Theme
from cppn_gl.utils.resources import resource

PROGRAM = "python -m cppn_gl"
INDEX, TOUR = "index.html", "tour.html"
OTHERS = Theme("Others", "")  # of presets without a theme
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_MARKS = re.compile(r"&lt;(.+?)&gt;|\*([^*]+)\*")  # in the tour's words, escaped
_HOLE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Image:
    """A picture of the site: its place below the folder, and its size in pixels."""

    path: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Card:
    """A preset on the site.

    page: the name of its page. problem: why that is no live one, in words; "" if it is. undrawn:
    why there is no picture, as where a library is missing. picture: the larger one of a still page.
    """

    preset: Preset = field(repr=False)
    page: str
    problem: str = ""
    undrawn: str = ""
    thumb: Image | None = None
    picture: Image | None = None

    @property
    def title(self) -> str:
        return self.preset.title or self.preset.name


@dataclass(frozen=True)
class View:
    """A picture of the tour, its page, and whether that is a live one; None without a picture."""

    thumb: Image | None
    page: str
    live: bool


@dataclass(frozen=True)
class Told:
    """A page of the tour as it reads, with its numbers; `<R>` in its words is a key.

    presses: how often the key was pressed from `before` to `after`.
    """

    chapter: str
    heading: str
    text: str
    ask: str
    answer: str
    before: View
    after: View
    presses: int


def escaped(words: str) -> str:
    """Words as the text of an element or the value of an attribute, without control characters."""
    return html.escape("".join(c if c.isprintable() or c == "\n" else "�" for c in words))


def index_html(cards: Sequence[Card], *, toured: bool) -> str:
    """The first page. `toured`: whether there is a tour to lead to."""
    groups = _groups(cards)
    live = sum(not card.problem for card in cards)
    count = f"{len(cards)} network{'s' * (len(cards) != 1)}"
    lines = [
        '<header class="top">',
        "<h1>Random neural networks</h1>",
        "<p>A neural network takes the place of a point, and gives its colour. The weights of "
        "these are random numbers; a few have learned. "
        + "Open one and play with it: drag, zoom, change its depth, its weights, its seed."
        * (live > 0)
        + "</p>",
        f"<p class=note>{_counted(count, len(cards), live)}</p>",
    ]
    if toured:
        lines += [
            f'<p><a class=button href="{TOUR}">Take the tour</a> '
            "<span class=note>a lesson in pictures, from one unit to forty layers</span></p>"
        ]
    if len(groups) > 1:
        lines += [_contents([(_anchor(name), theme.title) for name, theme, _ in groups])]
    lines += ["</header>", "<main>"]
    for name, theme, of_theme in groups:
        lines += [f'<section id="{_anchor(name)}">', f"<h2>{escaped(theme.title)}</h2>"]
        lines += [f"<p class=note>{_linked(theme.words)}</p>"] * bool(theme.words)
        lines += ["<ul class=cards>", *map(_card, of_theme), "</ul>", "</section>"]
    lines += ["</main>", _footer()]
    about = f"{count} with random weights, to be played with"
    return _document("Random neural networks", about, lines)


def _counted(count: str, cards: int, live: int) -> str:
    """How many networks are live."""
    if live == cards:
        return f"{count}, live in the browser."
    others = f"the others in the window of the program: <code>{PROGRAM} NAME</code>."
    return f"{count}, {live} of them live in the browser, {others}"


def still_html(card: Card) -> str:
    """The page of a preset that a browser cannot show live."""
    preset = card.preset
    lines = [f"<nav><a href={INDEX}>All networks</a></nav>", "<main class=still>"]
    lines += [f"<h1>{escaped(card.title)}</h1>"]
    if card.picture is not None:
        lines.append(f"<figure>{_image(card.picture, card.title, lazy=False)}</figure>")
    lines += [f"<p>{escaped(preset.description)}</p>"] * bool(preset.description)
    problems = dict.fromkeys(filter(None, (card.problem, card.undrawn)))
    lines += [f"<p class=note>{escaped(_sentence(problem))}</p>" for problem in problems]
    name = preset.name if preset.name in shipped() else f"{preset.name}.toml"
    lines += ["<p>It lives in the window of the program:</p>"]
    lines += [f"<pre><code>{PROGRAM} {escaped(name)}</code></pre>", "</main>", _footer()]
    return _document(card.title, preset.description, lines)


def tour_html(pages: Sequence[Told]) -> str:
    """The tour on one page: chapters of pictures and words, numbered through."""
    chapters = list(dict.fromkeys(page.chapter for page in pages))
    lines = [
        f"<nav><a href={INDEX}>All networks</a></nav>",
        '<header class="top">',
        "<h1>What a random neural network is</h1>",
        f"<p>A lesson in {len(pages)} steps, each with one key to press. Here it was pressed for "
        "you: first the network as it opens, then what the key has made of it. Pictures marked "
        "<b>live</b> open a page on which you can press it yourself.</p>",
        f"<p class=note>In the window it answers your own keys: <code>{PROGRAM} tour</code></p>",
        _contents([(f"chapter-{k}", title) for k, title in enumerate(chapters, 1)]),
        "</header>",
        "<main class=tour>",
    ]
    last = ""
    for number, page in enumerate(pages, 1):
        if page.chapter != last:
            lines += ["</section>"] * bool(last)
            anchor = f"chapter-{chapters.index(page.chapter) + 1}"
            lines += [f"<section id={anchor}>", f"<h2>{escaped(page.chapter)}</h2>"]
            last = page.chapter
        lines += _told(page, number)
    lines += ["</section>"] * bool(last)
    lines += ["</main>", _footer()]
    return _document("The tour", "A lesson on random neural networks, in pictures", lines)


def _told(page: Told, number: int) -> list[str]:
    times = "" if page.presses == 1 else f", {page.presses} times"
    key = re.search(r"<([^<>]+)>", page.ask)
    pressed = f"after <{key[1]}>{times}" if key else "after"
    lines = [f"<article id=page-{number}>"]
    lines += [f"<h3><span>{number}</span> {escaped(page.heading)}</h3>"]
    lines += [f"<p>{_marked(page.text)}</p>", "<div class=pair>"]
    lines += [f"<div>{_view(page.before, 'as it opens', page.heading)}"]
    lines += [f"<p class=ask>{_marked(page.ask)}</p></div>"]
    if page.answer:
        lines += [f"<div>{_view(page.after, pressed, f'{page.heading}, after the key')}"]
        lines += [f"<p>{_marked(page.answer)}</p></div>"]
    return [*lines, "</div>", "</article>"]


def _view(view: View, words: str, alt: str) -> str:
    live = " <b>live</b>" if view.live else ""
    picture = _image(view.thumb, alt) if view.thumb else '<span class="empty">no picture</span>'
    caption = f"<figcaption>{_marked(words)}{live}</figcaption>"
    return f'<figure><a href="{escaped(view.page)}">{picture}</a>{caption}</figure>'


def _card(card: Card) -> str:
    said = f"<p>{escaped(card.preset.description)}</p>" if card.preset.description else ""
    if card.thumb is None:
        picture = f'<span class="empty">{escaped(_sentence(card.undrawn))}</span>'
    else:
        picture = _image(card.thumb, "")  # its title stands beside it
    mark = "" if card.problem else "<b>live</b> "
    return (
        f'<li><a href="{escaped(card.page)}">{picture}<h3>{mark}{escaped(card.title)}</h3></a>'
        f"{said}</li>"
    )


def _image(image: Image, alt: str, *, lazy: bool = True) -> str:
    width, height = image.size
    later = ' loading="lazy" decoding="async"' if lazy else ""
    return (
        f'<img src="{escaped(image.path)}" width="{width}" height="{height}" '
        f'alt="{escaped(alt)}"{later}>'
    )


def _contents(entries: Iterable[tuple[str, str]]) -> str:
    links = "".join(f'<li><a href="#{to}">{escaped(words)}</a></li>' for to, words in entries)
    return f'<nav aria-label="Contents"><ul class=contents>{links}</ul></nav>'


def _footer() -> str:
    return f"<footer class=note>Drawn by cppn_gl {escaped(__version__)}</footer>"


def _groups(cards: Sequence[Card]) -> list[tuple[str, Theme, list[Card]]]:
    """The cards of each theme that has any, in the order of the themes; the others last."""
    found = []
    for name, theme in [*THEMES.items(), ("", OTHERS)]:
        of_theme = [card for card in cards if card.preset.theme == name]
        if of_theme:
            found.append((name, theme, of_theme))
    return found


def _anchor(theme: str) -> str:
    return theme or "others"


def _sentence(problem: str) -> str:
    return f"{problem[:1].upper()}{problem[1:].rstrip('.')}." if problem else ""


def _linked(markdown: str) -> str:
    """Words of a theme with their links."""
    return _LINK.sub(r'<a href="\2" rel="noopener">\1</a>', escaped(markdown))


def _marked(words: str) -> str:
    """Words of the tour, with keys and italics."""

    def mark(match: re.Match[str]) -> str:
        return f"<kbd>{match[1]}</kbd>" if match[1] else f"<i>{match[2]}</i>"

    return _MARKS.sub(mark, escaped(words))


@cache
def _resource(name: str) -> str:
    return (resource("web") / name).read_text("utf-8")


def _document(title: str, about: str, lines: Sequence[str]) -> str:
    """A whole page in the frame of web/site.html."""
    style = style_sheet("site.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{digest}'"
    holes = {
        "title": escaped(title),
        "about": escaped(about),
        "policy": policy,
        "version": escaped(__version__),
        "style": style,
        "body": "\n".join(lines),
    }
    # One pass: braces in the words stay as they are.
    return _HOLE.sub(lambda match: holes[match[1]], _resource("site.html"))
