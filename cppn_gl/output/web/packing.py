"""Text packed for a page: LZMA, then seven bits in each character.

    text -> UTF-8 -> raw LZMA behind its length -> characters of one byte in UTF-8, nearly all

It is a third shorter than deflated in base64, and web/boot.js needs 60 lines to unpack it, in any
browser. The characters stand in a script element as they are.
"""

import lzma

# The decoder in web/boot.js knows these: literals depend on 3 bits of the byte before, and on no
# position.
FILTER = {"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 0, "dict_size": 2**24}
SLOW = {"nice_len": 273, "depth": 1000, "mf": lzma.MF_BT4, "mode": lzma.MODE_NORMAL}
LENGTH = 4  # bytes of the unpacked length, big-endian
SHIFT = 128  # the same seven bits as another character

# NUL and CR, which HTML replaces, are shifted, and a `<` that would end the element or begin a
# comment.
_SHIFTED = {chr(code): chr(code + SHIFT) for code in (0x00, 0x0D)}


def packed(text: str) -> str:
    """The characters for a text."""
    data = text.encode()
    coded = lzma.compress(data, format=lzma.FORMAT_RAW, filters=[FILTER | SLOW])
    return _characters(len(data).to_bytes(LENGTH) + coded)


def unpacked(characters: str) -> str:
    """The text of `packed`."""
    data = _bytes(characters)
    decoder = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[FILTER])
    return decoder.decompress(data[LENGTH:], int.from_bytes(data[:LENGTH])).decode()


def _characters(data: bytes) -> str:
    """Seven bits a character, the first bits first."""
    count = -(-8 * len(data) // 7)
    bits = int.from_bytes(data) << (7 * count - 8 * len(data))
    text = "".join(map(chr, _digits(bits, count)))
    for found, other in _SHIFTED.items():
        text = text.replace(found, other)
    for end in "/!?sS":
        text = text.replace(f"<{end}", f"{chr(ord('<') + SHIFT)}{end}")
    return text


def _digits(bits: int, count: int) -> bytes:
    """A number in base 128, by halves, since long divisions are slow."""
    if count <= 8:
        return bytes(bits >> 7 * k & 127 for k in reversed(range(count)))
    low = count // 2
    return _digits(bits >> 7 * low, count - low) + _digits(bits & ((1 << 7 * low) - 1), low)


def _bytes(characters: str) -> bytes:
    bits = 0
    found = bytearray()
    held = 0
    for character in characters:
        bits = (bits << 7 | ord(character) & 127) & 0x7FFF
        held += 7
        if held >= 8:
            held -= 8
            found.append(bits >> held & 255)
    return bytes(found)
