"""The shot's text in an exported web page: the content of `<script id="cppn-gl">`.

A page may come from anywhere. Its markup is not parsed as a whole: only the start tags near the
element's name are, so that the time is linear in the page's size whatever it contains.
"""

import contextlib
import re
from html.parser import HTMLParser
from typing import BinaryIO

NAME = "cppn-gl"  # the id of the element
MAX_BYTES = 2**26  # of a page: its weights are at most a third of that
MAX_TAG = 2**10  # bytes of the start tag
MAX_PLACES = 100  # places in the page where the name occurs

_START = re.compile(rb"<script\b", re.IGNORECASE)
_END = re.compile(rb"</script\s*>", re.IGNORECASE)


class _Tag(HTMLParser):
    """The first start tag: `length` is its number of characters if it is the element's, else 0."""

    length: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.length is None:
            found = tag == "script" and dict(attrs).get("id") == NAME
            self.length = len(self.get_starttag_text() or "") if found else 0


def page_text(file: BinaryIO) -> str | None:
    """The shot's text, or None if the page has none. Raises ValueError, SyntaxError."""
    page = file.read(MAX_BYTES + 1)
    if len(page) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
    if b"<" not in page:
        raise SyntaxError("no markup")
    at = -1
    for _ in range(MAX_PLACES):
        at = page.find(NAME.encode(), at + 1)
        if at < 0:
            return None
        starts = [start.start() for start in _START.finditer(page, max(0, at - MAX_TAG), at)]
        if not starts:
            continue
        tag = _Tag()
        with contextlib.suppress(AssertionError):  # of odd markup behind the tag: <![ a
            # One byte is one character, so that the tag is as long in the page.
            tag.feed(page[starts[-1] : at + MAX_TAG].decode("latin-1"))
        if tag.length:
            begins = starts[-1] + tag.length
            end = _END.search(page, begins)
            if end is None:
                raise EOFError("its script element has no end")
            return page[begins : end.start()].decode("utf-8")
    return None
