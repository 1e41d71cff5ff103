"""The rooms of the package, and the one direction of imports between them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cppn_gl

PACKAGE = Path(cppn_gl.__file__).parent
ROOMS = ("utils", "nn", "preset", "engines", "views", "output", "viewer", "cli")
ENTRANCE = {"__init__.py", "__main__.py", "_version.py"}


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The rooms that a module imports from, also within functions, with the lines."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module == "cppn_gl":
            modules = [f"cppn_gl.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            first, _, rest = module.partition(".")
            if first == "cppn_gl" and rest.partition(".")[0] in ROOMS:
                yield node.lineno, rest.partition(".")[0]


def test_every_module_stands_in_a_room() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == ENTRANCE
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_those_before_it(room: str) -> None:
    before = ROOMS[: ROOMS.index(room) + 1]
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports from {other}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for line, other in imported(path)
        if other not in before
    ]
    assert wrong == []
