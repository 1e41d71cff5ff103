"""The documentation: tables as tools/make_docs.py makes them, links and commands that work."""

import importlib.util
import re
import shlex
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageSequence

from cppn_gl.cli.commands import COMMANDS
from cppn_gl.cli.main import DEFAULT
from cppn_gl.utils.resources import resource

ROOT = resource("presets").parent
TOOL = ROOT / "tools" / "make_docs.py"
TABLED = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [*TABLED, ROOT / "CONTRIBUTING.md"]
LARGEST = 2_000_000  # bytes of a picture

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="only in a checkout")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", TABLED, ids=lambda page: page.name)
def test_no_table_is_stale(page: Path, tool: ModuleType) -> None:
    text = page.read_text("utf-8")
    assert tool.with_tables(text) == text, "run python tools/make_docs.py --tables"


def test_each_table_stands_on_one_page(tool: ModuleType) -> None:
    texts = [page.read_text("utf-8") for page in TABLED]
    for name in tool.tables():
        assert sum(text.count(f"<!-- {name} -->") for text in texts) == 1, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.*)", target.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
            assert heading in anchors, link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_source_files_are_those_of_files(page: Path) -> None:
    text = page.read_text("utf-8")
    for name in re.findall(
        r"`((?:cppn_gl|shaders|tests|tools|docs|examples|presets)/[^`\s]*)`", text
    ):
        if not re.search(r"[<>*A-Z…]", name):
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_ones_that_the_program_takes(page: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    for line in "\n".join(blocks).splitlines():
        found = re.search(r"\bpython -m cppn_gl\b([^>#|]*)", line)
        if found is None:
            continue
        words = shlex.split(found[1].replace("[PRESET]", ""))
        name = words.pop(0) if words and words[0] in COMMANDS else DEFAULT
        COMMANDS[name].parser(name).parse(words)


def test_pictures_are_sound_and_small() -> None:
    for path in (ROOT / "docs").rglob("*"):  # tests/test_gallery.py measures docs/gallery/
        if path.suffix in (".png", ".jpg", ".webp"):
            assert "gallery" in path.parts or path.stat().st_size < LARGEST, path.name
            if "4k" in path.parts:  # to decode them takes half a minute; are they whole?
                with path.open("rb") as file:
                    assert int.from_bytes(file.read(8)[4:], "little") + 8 == path.stat().st_size
                continue
            with Image.open(path) as image:
                image.load()


def test_the_moving_picture_of_the_readme_is_long_and_does_not_flash() -> None:
    found = re.search(r"\]\((docs/\S+\.webp)\)", (ROOT / "README.md").read_text("utf-8"))
    assert found is not None
    path = ROOT / found[1]
    with Image.open(path) as image:
        frames = [
            np.asarray(frame.convert("RGB"), np.int16) for frame in ImageSequence.Iterator(image)
        ]
    assert path.stat().st_size < 6 * 2**20
    assert len(frames) >= 240
    steps = [np.abs(after - before).mean() for after, before in pairwise([frames[-1], *frames])]
    assert max(steps) < 8  # of 255, on average over the picture
    assert max(steps) < 2 * np.mean(steps)
