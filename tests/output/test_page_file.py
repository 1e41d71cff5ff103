"""Exported pages as files: their size, what they let a browser do, and that they can be opened."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cppn_gl.output.exports import EXPORTS
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.web import still
from cppn_gl.output.web.description import describe
from cppn_gl.output.web.page import in_script, page_of
from cppn_gl.output.web.still import EMPTY, still_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.checks import PresetError

LIMIT = 60_000  # bytes of a page, beside its weights
LARGER = 64_000  # of one that normalises, or has cells
EVIL = "</script><img src=x onerror=alert(1)> ' \" & --> <!-- {{still}} \\u003c"


class Elements(HTMLParser):
    """The start tags of a page, with attributes, and the texts of its scripts."""

    def __init__(self, page: bytes):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def weights_size(shot: Shot) -> int:
    """Bytes of the weights in a page, in its two texts."""
    description = describe(shot)
    given = description["network"].get("weights") or ""
    return 2 * len(given) + len(description["normalized"] or "")


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        *((name, LIMIT) for name in ("default", "neylon-27", "walk", "two-layers", "three-inks")),
        *((name, LARGER) for name in ("complexity-deep-relu", "scale-sheet", "layers-18")),
    ],
)
def test_a_page_is_small_beside_its_weights(name: str, limit: int) -> None:
    shot = Shot(load_preset(name))
    assert len(page_of(shot)) - weights_size(shot) < limit


@pytest.mark.parametrize("name", ["default", "two-layers", "scale-sheet"])
def test_a_page_opens_as_its_shot(name: str, tmp_path: Path) -> None:
    shot = Shot(load_preset(name), (320, 180), 1.5)
    path = tmp_path / "page.html"
    path.write_bytes(page_of(shot))
    assert read_shot(path) == shot


def test_the_same_shot_is_the_same_page() -> None:
    shot = Shot(Preset())
    assert page_of(shot) == page_of(Shot(Preset()))


def test_what_a_preset_says_cannot_leave_its_place(tmp_path: Path) -> None:
    preset = Preset(title=EVIL, description=f"About\n{EVIL}\u2028").replace(depth=3)
    path = tmp_path / "page.html"
    path.write_bytes(page_of(Shot(preset)))
    plain = Elements(page_of(Shot(Preset(title="a", description="b").replace(depth=3))))
    found = Elements(path.read_bytes())
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in plain.tags]
    assert not any(name.startswith("on") for _, attrs in found.tags for name in attrs)
    assert read_shot(path).preset == preset
    (canvas,) = [attrs for tag, attrs in found.tags if tag == "canvas"]
    assert canvas["aria-label"] == EVIL


def test_json_in_a_script_has_nothing_that_ends_it() -> None:
    text = in_script({EVIL: [EVIL]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {EVIL: [EVIL]}


def test_a_page_may_run_its_two_scripts_and_ask_for_nothing() -> None:
    found = Elements(page_of(Shot(Preset())))
    (content,) = [
        attrs["content"] for _, attrs in found.tags if "Policy" in (attrs.get("http-equiv") or "")
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in (content or "").split(";"))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"('sha256-[\w+/]{43}=' ?){2}", rules["script-src"])
    assert rules["img-src"] == "data: blob:"
    addresses = [
        value for _, attrs in found.tags for name, value in attrs.items() if name in ("src", "href")
    ]
    assert addresses
    assert all(str(value).startswith("data:") for value in addresses)


def test_the_still_picture_is_small_and_that_of_the_shot() -> None:
    shot = Shot(load_preset("default"), (640, 360), 0.5)
    url = still_of(shot)
    kind, _, data = url.partition(",")
    assert kind == "data:image/webp;base64"
    content = base64.b64decode(data)
    assert len(content) <= still.MAX_BYTES
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), float)
    with Renderer("numpy") as renderer:
        drawn = renderer.render(shot.preset, picture.shape[1::-1], shot.time)
    assert np.abs(picture - drawn).mean() < 12


def test_no_still_picture_is_drawn_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "MAX_WORK", 1000)
    monkeypatch.setattr(still, "Renderer", None)
    assert still_of(Shot(Preset())) == EMPTY


def test_a_view_that_pages_do_not_show_is_refused() -> None:
    row = EXPORTS["page"]
    with pytest.raises(PresetError, match="a page does not show"):
        row.files(Shot(Preset().replace(**{"show.view": "surface"})), "page.html")


def test_a_picture_of_many_details_has_a_still_one_too() -> None:
    assert still_of(Shot(load_preset("scale-sheet"))) != EMPTY
