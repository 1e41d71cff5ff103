"""XMP packets (ISO 16684-1) with one property: a text that a picture file remembers.

Text in XMP is XML; what a file claims to be one is searched, not parsed, so that it cannot do harm.
"""

import html
import re
from xml.sax.saxutils import escape

_PROPERTY = "cppn_gl:shot"
_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:cppn_gl="urn:cppn_gl">'
    "<{name}>{text}</{name}>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)
_FOUND = re.compile(f"<{_PROPERTY}>([^<]*)</{_PROPERTY}>")


def packet(text: str) -> bytes:
    """The packet of a text without control characters."""
    return _PACKET.format(name=_PROPERTY, text=escape(text)).encode()


def text_in(packet: bytes) -> str | None:
    """The text in a packet; None in one of another program. Raises ValueError for no UTF-8."""
    found = _FOUND.search(packet.decode())
    return html.unescape(found[1]) if found else None
