"""Text packed for a page: LZMA, then seven bits in each character.

    text -> UTF-8 -> raw LZMA behind its length -> characters of one byte in UTF-8, nearly all

It is a third shorter than deflated in base64, and a page unpacks it in any browser, without waiting
(web/boot.js). The characters stand in a script element as they are.
"""

import lzma

# The decoder in web/boot.js knows these: literals depend on 3 bits of the byte before, and on no
# position.
FILTER = {"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 0, "dict_size": 2**24}
SLOW = {"nice_len": 273, "depth": 1000, "mf": lzma.MF_BT4, "mode": lzma.MODE_NORMAL}
LENGTH = 4  # bytes of the unpacked length, big-endian
# Characters that HTML replaces, or that end the element. Each of them is one of 512 characters of
# two bytes instead, which hold nine bits more.
AWKWARD = (0x00, 0x0D, 0x3C)
MORE = 9
FIRST = 128  # the first of these characters


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
    """Seven bits a character, or sixteen, the first bits first; zeros at the end."""
    written: list[str] = []
    bits = held = 0
    for byte in data + bytes(2):
        bits, held = bits << 8 | byte, held + 8
        while held >= 7 + MORE:
            code, held = bits >> (held - 7) & 127, held - 7
            if code in AWKWARD:
                held -= MORE
                code = FIRST + (AWKWARD.index(code) << MORE | bits >> held & 2**MORE - 1)
            written.append(chr(code))
            bits &= (1 << held) - 1
    return "".join(written)


def _bytes(characters: str) -> bytes:
    found = bytearray()
    bits = held = 0
    for code in map(ord, characters):
        if code < FIRST:
            bits, held = bits << 7 | code, held + 7
        else:
            which, more = divmod(code - FIRST, 2**MORE)
            bits, held = bits << 7 + MORE | AWKWARD[which] << MORE | more, held + 7 + MORE
        while held >= 8:
            held -= 8
            found.append(bits >> held & 255)
        bits &= 255
    return bytes(found)
