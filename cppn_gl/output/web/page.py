"""A shot as one HTML file that shows it live, needs nothing else, and asks nobody for anything.

    Shot -> describe() ----------------------------------\\
         -> still_of()                                    > web/page.html, filled in -> HTML
    web/*.js, shaders/ -> bundle(), shader_texts() -> deflated

The scripts and shaders travel deflated, in base64; web/boot.js, which stands in the page as it is,
unpacks and starts them. What a preset says is escaped wherever it stands in the page, and the
page's policy lets the browser run these two scripts, by their hashes, and no other.

The shot's own text is in the element `cppn-gl`, from which preset/pages.py opens the page.
"""

import base64
import hashlib
import html
import json
import re
import zlib
from functools import cache
from typing import Any

from cppn_gl.output.web.bundle import bundle
from cppn_gl.output.web.description import describe
from cppn_gl.output.web.shaders import shader_texts
from cppn_gl.output.web.still import still_of
from cppn_gl.preset.shot import Shot
from cppn_gl.utils.resources import resource

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_COMMENT = re.compile(r"/\*.*?\*/|^\s+", re.DOTALL | re.MULTILINE)


def page_of(shot: Shot) -> bytes:
    """The page of a shot, as UTF-8. Raises PresetError for what a page cannot show."""
    description = describe(shot)
    title = shot.preset.title or shot.preset.name
    filled = {
        "policy": html.escape(policy(boot(), bundle())),
        "title": html.escape(title),
        "description": html.escape(shot.preset.description),
        "style": style(),
        "still": still_of(shot),
        "preset": in_script(json.loads(shot.to_text())),
        "data": in_script({"description": description, "packed": packed()}),
        "program": boot(),
    }
    template = (resource("web") / "page.html").read_text("utf-8")
    return _PLACE.sub(lambda place: filled[place[1]], template).encode()


def in_script(value: Any) -> str:
    """JSON that may stand in a script element: no `<` or `>` can end it, or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


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
    return (resource("web") / "boot.js").read_text("utf-8").strip()


@cache
def style() -> str:
    """The page's style sheet, without comments."""
    return _COMMENT.sub("", (resource("web") / "page.css").read_text("utf-8"))


@cache
def packed() -> str:
    """The scripts and shaders: JSON, deflated, in base64."""
    text = json.dumps({"program": bundle(), "shaders": shader_texts()}, ensure_ascii=False)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(text.encode()) + deflate.flush()).decode()
