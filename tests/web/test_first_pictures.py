"""What is seen before the first picture of a page is complete."""

from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, open_file, watched

from cppn_gl.output.web.page import page_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.shot import Shot

pytestmark = pytest.mark.browser

# What the page said of its picture, at each change.
WATCH = """
addEventListener("DOMContentLoaded", () => {
  globalThis.seen = [];
  const root = document.getElementById("app");
  new MutationObserver(() => {
    seen.push(root.dataset.drawn || "");
  }).observe(root, { attributes: true, attributeFilter: ["data-drawn"] });
});
"""


def opened(browser: Any, file: Path, name: str, size: tuple[int, int]) -> tuple[Any, list[str]]:
    file.write_bytes(page_of(Shot(load_preset(name), size, 0.0)))
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script(WATCH)
    wrong = watched(page)
    open_file(page, file)
    page.wait_for_selector("[data-drawn=sharp]")
    return page, wrong


def test_cells_are_shown_as_they_are_drawn(browser: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, tmp_path / "page.html", "scale-sheet", (160, 90))
    seen = page.evaluate("seen")
    page.context.close()
    assert seen[0] == "part"
    assert seen[-1] == "sharp"
    assert wrong == []


def test_the_still_is_seen_until_there_is_a_picture(browser: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, tmp_path / "page.html", "default", (160, 90))
    look = "getComputedStyle(document.querySelector('#picture')).opacity"
    drawn = page.evaluate(look)
    page.evaluate("delete document.querySelector('#app').dataset.drawn")
    before = page.evaluate(look)
    page.context.close()
    assert (before, drawn) == ("0", "1")
    assert wrong == []
