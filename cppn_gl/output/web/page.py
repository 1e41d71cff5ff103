"""A shot as one HTML file that shows it live, needs nothing else, and asks nobody for anything.

    Shot -> describe(), web/*.js, web/page.css, shaders/ -> minified -> packed ----\\
         -> still_of() -------------------------------------------------------------> web/page.html
    web/boot.js, which stands in the page as it is, unpacks and starts the others -/

What a preset says is escaped wherever it stands in the page, and the page's policy lets the browser
run its two scripts, by their hashes, and no other.

The shot's own text is in the element `cppn-gl`, from which preset/pages.py opens the page.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from cppn_gl.output.web.bundle import ENTRY, ENTRY_CELLS, bundle, minified
from cppn_gl.output.web.description import describe
from cppn_gl.output.web.minify import shortened, texts_in
from cppn_gl.output.web.minify_shaders import shorter_shaders
from cppn_gl.output.web.packing import packed
from cppn_gl.output.web.shaders import shader_texts
from cppn_gl.output.web.still import still_of
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.resources import resource

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANK = re.compile(r"\s*\n\s*")
_AROUND = re.compile(r"\s*([{};,>])\s*")
# Modules that only pages have whose preset, or a cell of it, has the key of that name.
OPTIONAL = ("normalize", "stretch")
VIEW_MODULES = {"sheet": "sheet_cells", "layers": "layer_cells"}  # by the view that needs one
SIZE = 59_800  # bytes of a page beside its weights: what is left of them is for the still picture
LEAST_STILL = 700  # bytes of that, as WebP
# What the page looks like without its style sheet, which is packed.
FIRST_STYLE = (
    ":root{color-scheme:dark light;font-family:system-ui,sans-serif}body{margin:0}"
    "#still{display:block;width:100%;max-height:100vh;object-fit:contain}[hidden]{display:none}"
)


def page_of(shot: Shot, *, home: str = "") -> bytes:
    """The page of a shot, as UTF-8. Raises PresetError for what a page cannot show.

    `home`: a page that it links to, if it is one of several.
    """
    description = describe(shot)
    with_cells = description["cells"] is not None
    said = _json([description["tables"], description["cells"]])
    missing = {name for name in OPTIONAL if name not in said}
    if with_cells:
        shown = description["cells"]["view"]
        missing |= {module for view, module in VIEW_MODULES.items() if view != shown}
    program = _program(with_cells, frozenset(missing))
    shaders = [text for pair in _shaders().items() for text in pair]
    parts = [style(), _json(description), program, *shaders]
    filled = {
        "policy": html.escape(policy(boot(), program)),
        "title": html.escape(shot.preset.title or shot.preset.name),
        "description": html.escape(shot.preset.description),
        "home": f'<p><a href="{html.escape(home)}">All networks</a></p>\n' if home else "",
        "style": FIRST_STYLE,
        "still": "",
        "preset": in_script(json.loads(shot.to_text())),
        "packed": packed("\0".join(parts)),
        "program": boot(),
    }
    network = {key: value for key, value in description["network"].items() if key != "weights"}
    light = description | {"network": network, "normalized": None}
    bare = filled["packed"]
    if light != description:
        bare = packed("\0".join([parts[0], _json(light), *parts[2:]]))
    length = len(_filled(filled | {"packed": bare}))  # beside the weights
    filled["still"] = still_of(shot, max(LEAST_STILL, (SIZE - length) * 3 // 4))
    return _filled(filled)


def _filled(parts: Mapping[str, str]) -> bytes:
    return _PLACE.sub(lambda place: parts[place[1]], _template()).encode()


def in_script(value: Any) -> str:
    """JSON that may stand in a script element: no `<` or `>` can end it, or begin a comment."""
    text = _json(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def policy(*scripts: str) -> str:
    """The page's Content-Security-Policy: these scripts and the page's own styles and pictures."""
    hashes = [hashlib.sha256(script.encode()).digest() for script in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@cache
def boot() -> str:
    """The script that starts the others."""
    return shortened((resource("web") / "boot.js").read_text("utf-8"))


@cache
def style() -> str:
    """The page's style sheet."""
    css = _BLANK.sub(" ", _COMMENT.sub("", style_sheet("page.css")))
    return _AROUND.sub(r"\1", css).replace(";}", "}")


def style_sheet(name: str) -> str:
    """A style sheet of web/, behind the colours that all of them share."""
    return "".join((resource("web") / file).read_text("utf-8") for file in ("colors.css", name))


@cache
def _template() -> str:
    return (resource("web") / "page.html").read_text("utf-8")


@cache
def _program(with_cells: bool, without: frozenset[str]) -> str:
    return minified(ENTRY_CELLS if with_cells else ENTRY, without)


@cache
def _shaders() -> dict[str, str]:
    return shorter_shaders(shader_texts(), texts_in(bundle(ENTRY_CELLS)))
