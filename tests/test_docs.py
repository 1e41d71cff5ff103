"""The tables in the documentation are what tools/make_docs.py makes of the program."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cppn_gl.utils.resources import resource

ROOT = resource("presets").parent
TOOL = ROOT / "tools" / "make_docs.py"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="only in a checkout")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_table_is_stale(page: Path, tool: ModuleType) -> None:
    text = page.read_text("utf-8")
    assert tool.with_tables(text) == text, "run python tools/make_docs.py --tables"


def test_each_table_stands_on_one_page() -> None:
    texts = [page.read_text("utf-8") for page in PAGES]
    for name in ("keys", "views", "preset-keys"):
        assert sum(text.count(f"<!-- {name} -->") for text in texts) == 1
