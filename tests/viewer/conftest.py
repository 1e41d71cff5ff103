"""A display for the tests of windows."""

from collections.abc import Iterator

import pytest

from tests.desktop import virtual_display


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """The name of a virtual display, of a test file's own."""
    with virtual_display() as name:
        yield name
