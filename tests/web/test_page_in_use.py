"""The page with its own engine, in use: what is on the screen is what it gives out."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import PATIENCE, open_file, watched
from PIL import Image

from cppn_gl.output.web.page import page_of
from cppn_gl.preset.library import load_preset
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.shot import Shot

pytestmark = pytest.mark.browser

SIZE = (160, 90)


@pytest.fixture
def used(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of the default preset in a very small window, paused."""
    file = tmp_path / "page.html"
    file.write_bytes(page_of(Shot(load_preset("default"), SIZE, 0.0)))
    context = browser.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong = watched(page)
    open_file(page, file)
    sharp(page)
    yield page
    context.close()
    assert wrong == []


def sharp(page: Any) -> None:
    page.wait_for_selector("[data-drawn=sharp]")


def on_screen(page: Any) -> np.ndarray:
    """The pixels of the picture on the screen, with nothing over them."""
    page.locator("canvas").focus()
    for _ in range(2):
        page.keyboard.press("Backquote")
    page.wait_for_function("getComputedStyle(document.querySelector('#dock')).opacity === '0'")
    page.add_style_tag(
        content="#message, #dock { display: none !important } #picture { outline: 0 }"
    )
    sharp(page)
    image = Image.open(BytesIO(page.screenshot()))
    return np.asarray(image.convert("RGB"), np.int16)


def given(page: Any) -> np.ndarray:
    pixels = page.evaluate("cppn.render(160, 90, 0).then((found) => Array.from(found))")
    return np.reshape(np.array(pixels, np.int16), (SIZE[1], SIZE[0], 4))[..., :3]


def test_the_screen_shows_what_the_page_gives_out(used: Any) -> None:
    used.keyboard.press("r")
    used.keyboard.press("ArrowDown")
    used.keyboard.press("Equal")
    assert parse_preset(used.evaluate("cppn.preset")).spec.depth == 9
    difference = np.abs(on_screen(used) - given(used))
    assert difference.max() <= 2  # noise against bands is on the screen only


def test_a_drag_moves_the_picture_by_as_many_pixels(used: Any) -> None:
    before = given(used)
    used.mouse.move(100, 10)
    used.mouse.down()
    used.mouse.move(80, 20)
    used.mouse.up()
    after = given(used)
    assert np.abs(after[10:, :140] - before[:80, 20:]).max() <= 1
