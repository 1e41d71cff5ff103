"""XMP packets: any text there and back, as XML that a parser reads; others have none."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cppn_gl.utils.xmp import packet, text_in

TEXT = st.text(st.characters(exclude_categories=["C"]))


@given(TEXT)
def test_a_text_comes_back(text: str) -> None:
    assert text_in(packet(text)) == text
    found = ElementTree.fromstring(packet(text)).find(".//{urn:cppn_gl}shot")
    assert found is not None
    assert (found.text or "") == text


@given(TEXT)
def test_others_have_none(text: str) -> None:
    assert text_in(re.sub(b"cppn_gl:shot", b"dc:title", packet(text))) is None


def test_what_is_no_utf_8_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        text_in(b"\xff")
