"""The search for a class by its name."""

import pytest

from cppn_gl.viewer.gui.seeing import matching

NAMES = ["catamaran", "tabby cat", "Persian cat", "polecat", "cup", "coffee mug", "cup"]


@pytest.mark.parametrize(
    ("sought", "first", "found"),
    [
        ("", [], ["catamaran", "tabby cat", "Persian cat", "polecat", "cup", "coffee mug"]),
        ("", ["cup"], ["cup", "catamaran", "tabby cat", "Persian cat", "polecat", "coffee mug"]),
        ("cat", [], ["tabby cat", "Persian cat", "polecat", "catamaran"]),
        ("cat", ["polecat"], ["polecat", "tabby cat", "Persian cat", "catamaran"]),
        ("CAT per", [], ["Persian cat"]),
        ("zebra", ["cup"], []),
    ],
)
def test_classes_are_found_by_words(sought: str, first: list[str], found: list[str]) -> None:
    assert matching(NAMES, sought, first) == found
