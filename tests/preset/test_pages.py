"""The preset in an exported web page: found wherever it stands, in time linear in the page."""

import io
import json
import time
from pathlib import Path

import pytest

from cppn_gl.preset.library import load_preset
from cppn_gl.preset.pages import MAX_BYTES, MAX_PLACES, page_text
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.checks import PresetError

SHOT = Shot(Preset(title="A page </script> & more").replace(depth=3, seed=5), (64, 48), 0.5)
ELEMENT = '<script type="application/json" id="cppn-gl">'


def page(element: str = ELEMENT, before: str = "", shot: Shot = SHOT) -> str:
    text = shot.to_text().replace("</", "<\\/")
    return f"<!doctype html><html><head>{before}</head><body>{element}{text}</script></body></html>"


def text_of(page: str | bytes) -> str | None:
    return page_text(io.BytesIO(page.encode() if isinstance(page, str) else page))


@pytest.mark.parametrize(
    ("element", "before"),
    [
        (ELEMENT, ""),
        ("<SCRIPT ID='cppn-gl' TYPE=application/json >", "<title>ü cppn-gl</title>"),
        ('<script\n id="cppn-gl"\n>', '<script>document.getElementById("cppn-gl")</script>'),
        (ELEMENT, '<style>#cppn-gl {}</style><p id="cppn-gl">text</p><!-- <b -->'),
        ('<script data-x=">" id="cppn-gl">', '<script src="cppn-gl.js"></script>'),
    ],
)
def test_a_page_opens_as_its_preset(element: str, before: str, tmp_path: Path) -> None:
    path = tmp_path / "my.HTML"
    path.write_text(page(element, before), "utf-8")
    assert read_shot(path) == SHOT
    assert load_preset(path) == SHOT.preset


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an? HTML page"),
        (b"\x89PNG\r\n\x1a\n", "not an? HTML page"),
        (b"<html><p>hello</p></html>", "no preset in this page"),
        (b'<p id="cppn-gl">{}</p>', "no preset in this page"),
        (page().replace("</script>", "").encode(), "its script element has no end"),
        (f"{ELEMENT}\xff</script>".encode("latin-1"), "an? damaged HTML page|a damaged HTML page"),
        (f"{ELEMENT}[1]</script>".encode(), "cannot be read"),
        (f"{ELEMENT}{'[' * 100_000}</script>".encode(), "cannot be read"),
        (f"{ELEMENT}[1]</script><![x[ a".encode(), "cannot be read"),
        (b"<script></script><![ cppn-gl ]>", "no preset in this page"),
        (b"<" * (MAX_BYTES + 1), "larger than 64 MiB"),
    ],
)
def test_other_and_damaged_pages_get_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "page.htm"
    path.write_bytes(content)
    with pytest.raises(PresetError, match=said) as caught:
        read_shot(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("piece", ["<cppn-gl ", "<script ", "<script cppn-gl ", "<!--", "<a b='"])
def test_no_page_takes_long(piece: str) -> None:
    hostile = (piece * (2**22 // len(piece))).encode()
    started = time.process_time()
    assert text_of(hostile) is None
    assert time.process_time() - started < 2


def test_only_so_many_places_are_looked_at() -> None:
    assert text_of(page(before="cppn-gl " * (MAX_PLACES - 1))) is not None
    assert text_of(page(before="cppn-gl " * MAX_PLACES)) is None


def test_the_text_is_that_of_the_shot() -> None:
    found = text_of(page())
    assert found is not None
    assert json.loads(found) == json.loads(SHOT.to_text())
