"""Chromium without a window, for the tests of web pages: by software, on any machine.

A test that uses it is marked `browser`. The fixtures `browser` and `page` are there in all tests.
"""

import functools
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.output.web.bundle import bundle

NAMES = ("chromium", "google-chrome", "chromium-browser")
ARGUMENTS = (
    "--no-sandbox",  # which root cannot have, in a container
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # What it would ask its maker.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 30_000.0  # timeout in milliseconds; all conditions normally take only a few
BLANK = "<!doctype html><html lang=en><meta charset=utf-8><title>test</title>"


def chromium() -> str:
    """The path of the browser; empty if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), "")


@functools.cache
def problem() -> str:
    """Why there is no browser; empty where there is one."""
    if not find_spec("playwright"):
        return "missing: playwright"
    return "" if chromium() else "missing: chromium"


# For one file of tests, since Playwright's event loop is in the way of other tests' own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Playwright's Browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield found
        found.close()


def watched(page: Any) -> list[str]:
    """What goes wrong in a page from now on: errors, warnings, requests; a list that grows."""
    wrong: list[str] = []

    def said(message: Any) -> None:
        if message.type in ("error", "warning") and not driver_talk(message.text):
            wrong.append(f"console {message.type}: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            wrong.append(f"request: {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("request", asked)
    return wrong


def driver_talk(text: str) -> bool:
    """Whether a warning is the driver's about its own speed: "GPU stall due to ReadPixels"."""
    return "GL Driver Message" in text and "Performance" in text


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A blank page. The test fails if it says an error or a warning, or asks for anything."""
    context = browser.new_context(viewport={"width": 640, "height": 400})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong = watched(page)
    yield page
    context.close()
    assert wrong == []


def modules(page: Any) -> Any:
    """The page, with all modules of web/ in `modules`: "modules.philox.words(…)"."""
    page.set_content(BLANK)
    page.add_script_tag(content=bundle(expose=True))
    return page


def open_file(page: Any, path: Path) -> Any:
    """The page, showing a file and done with loading."""
    page.goto(path.resolve().as_uri(), wait_until="load")
    return page
