"""Exported pages in a real browser: from a file, alone, and where something is missing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from browser import open_file, watched

from cppn_gl.output.web.page import page_of
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot

pytestmark = pytest.mark.browser

SMALL = Preset(title="A small one", description="Few layers.").replace(depth=3, width=6, seed=5)
EVIL = '</script><img src=x onerror="globalThis.bad = 1"> \' & --> <!-- {{still}}'
PROBLEM = "document.getElementById('problem').textContent"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "page.html"
    path.write_bytes(page_of(Shot(SMALL, (320, 180))))
    return path


def test_cppn_is_there_when_the_page_has_loaded(page: Any, file: Path) -> None:
    page.set_viewport_size({"width": 200, "height": 150})
    page.add_init_script(
        """addEventListener("load", () => {
          globalThis.seen = [typeof cppn.preset, typeof cppn.render];
          globalThis.rendered = cppn.render(8, 4, 0);
        })"""
    )
    open_file(page, file)
    assert page.evaluate("seen") == ["string", "function"]
    assert page.evaluate("rendered.then((pixels) => pixels.length)") == 8 * 4 * 4
    assert parse_preset(page.evaluate("cppn.preset")).replace() == SMALL.replace()


def test_a_page_shows_its_picture_and_hides_the_still_one(page: Any, file: Path) -> None:
    page.set_viewport_size({"width": 200, "height": 150})
    open_file(page, file)
    page.wait_for_selector("#app[data-drawn]")
    assert page.is_visible("#picture")
    assert page.evaluate(PROBLEM) == ""
    assert page.evaluate("document.documentElement.lang") == "en"


def test_what_a_preset_says_is_shown_as_it_is(page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1000, "height": 500})
    path = tmp_path / "page.html"
    path.write_bytes(
        page_of(Shot(Preset(title=EVIL, description=f"{EVIL}\u2028").replace(depth=2)))
    )
    open_file(page, path)
    page.wait_for_selector("#app[data-drawn]")
    assert page.title() == EVIL
    assert EVIL in page.inner_text("#panel")
    assert page.evaluate("typeof bad") == "undefined"
    assert tomllib.loads(page.evaluate("cppn.preset"))["title"] == EVIL


def test_sizes_that_cannot_be_drawn_are_refused_in_words(page: Any, file: Path) -> None:
    page.set_viewport_size({"width": 200, "height": 150})
    open_file(page, file)
    for size in ("0, 10", "10, 1e9", "2.5, 3", "undefined, 3"):
        said = page.evaluate(f"cppn.render({size}, 0).catch((error) => error.message)")
        assert "each side is from 1 to" in said


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("HTMLCanvasElement.prototype.getContext = () => null", "no WebGL 2"),
        ("delete globalThis.TextDecoder", "TextDecoder"),
    ],
)
def test_where_it_cannot_draw_a_still_picture_stays_with_the_reason(
    page: Any, file: Path, missing: str, said: str
) -> None:
    page.add_init_script(missing)
    open_file(page, file)
    assert said in page.evaluate(PROBLEM)
    assert page.is_visible("#still")
    assert page.is_visible("#problem")
    assert page.evaluate("document.getElementById('still').naturalWidth") > 50
    assert "depth = 3" in page.evaluate("cppn.preset")
    assert said in page.evaluate("cppn.render(4, 4, 0).catch((error) => error.message)")


def test_without_scripts_a_still_picture_and_words_are_there(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    wrong = watched(page)
    open_file(page, file)
    assert page.is_visible("#still")
    assert page.is_visible("text=Few layers.")
    context.close()
    assert wrong == []


def test_no_other_script_runs_in_a_page(browser: Any, file: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.html"
    added = file.read_text("utf-8").replace("</body>", "<script>globalThis.bad = 1</script></body>")
    changed.write_text(added, "utf-8")
    context = browser.new_context(viewport={"width": 200, "height": 150})
    page = context.new_page()
    open_file(page, changed)
    assert page.evaluate("typeof bad") == "undefined"
    context.close()
