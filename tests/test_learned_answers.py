"""The numbers of docs/learned.md are those that tools/learned_answers.py measures."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
TOOL = ROOT / "tools" / "learned_answers.py"

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="tests an installed package")


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "learned.md").read_text("utf-8")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    found = importlib.util.spec_from_file_location("learned_answers", TOOL)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_has_the_measured_layers(
    tool: ModuleType, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.layers()
    _, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == len(tool.LAYERS)
    for row in rows[:-1]:  # the last one is that of the classes
        name, sees, above, percent, moved, other = row.split()
        assert percent == "%"
        line = rf"\| {name.partition('/')[0]} \| {sees}[^|]*\| {above} % \| {moved} \| {other} \|"
        assert re.search(line, page), row


def test_the_page_has_what_is_answered_when_the_head_is_covered(
    tool: ModuleType, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.head()
    said = capsys.readouterr().out.replace("a cat having a striped coat", "tiger cat")
    for line in said.splitlines():
        for share in re.findall(r"(\d+ %)(?:,|$)", line):
            assert share in page
        assert line.partition(": ")[2].replace(" measuring stick", "") in page, line
