"""Text packed for a page, and unpacked again."""

import random

import pytest

from cppn_gl.output.web.packing import packed, unpacked

RANDOM = random.Random(5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "<script> & ü “ 🙂 \u2028 \0 \r\n" * 7,
        "".join(chr(RANDOM.randrange(1, 0xD000)) for _ in range(5000)),
        "".join(RANDOM.choice("ab") for _ in range(100_000)),
    ],
    ids=["empty", "short", "odd", "random", "long"],
)
def test_a_text_comes_back(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_packed_text_can_stand_in_a_script_element() -> None:
    text = packed("".join(chr(RANDOM.randrange(1, 0xD000)) for _ in range(30_000)))
    assert not {"\0", "\r", "<"} & set(text)
    assert len(text) > 10_000


def test_packed_text_is_short() -> None:
    text = "".join(chr(RANDOM.randrange(1, 0xD000)) for _ in range(30_000))  # that cannot shrink
    assert len(packed(text).encode()) < 1.15 * len(text.encode())
