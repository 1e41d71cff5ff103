"""The shot's text in PNG, TIFF, MP4, WebM, GIF, WebP and EXR files: only what leads to it is read.

    parts (boxes, elements, blocks, chunks …), each with its length -> the file's comment -> text

Every length is checked against the file's, and no more than MOST parts are visited, so that a
damaged or hostile file costs little time and memory. Each function raises SyntaxError for another
format, ValueError or EOFError for a damaged file, and returns None if there is no such text.
"""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

KEYWORD = "cppn_gl"  # the name of the text in PNG and EXR files

LARGEST = 2**26  # bytes of text
MOST = 2**18  # parts visited
ATTRIBUTES = 2**12  # of an EXR file, whose names are read byte by byte
PIECE, SPLIT = 255, 2**16  # bytes of an EXR attribute, and of the text that is split into them

Part = tuple[bytes, int, int]  # the name of a part, and where its content starts and ends
_HEAD = struct.Struct("<2sHIHHHIII")  # a TIFF file with one tag
_DESCRIPTION, _ASCII = 270, 2  # the tag, and the type of its value


def png_text(file: BinaryIO, *, whole: bool = True) -> str | None:
    """The text named KEYWORD in a PNG file, compressed or not; no pixels are read.

    Other programs may have moved it behind the pixels; without `whole` it is not looked for there.
    """
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        raise SyntaxError
    keyword = KEYWORD.encode() + b"\0"
    for name, start, end in _parts(file, 8, _size(file), _png_chunk, iter(range(MOST))):
        if name == b"IEND" or (name == b"IDAT" and not whole):
            break
        if name not in (b"tEXt", b"zTXt", b"iTXt") or end - start < len(keyword):
            continue
        file.seek(start)
        if _read(file, len(keyword)) != keyword:
            continue
        data = _content(file, start, end, LARGEST)
        if zlib.crc32(name + data) != int.from_bytes(_read(file, 4), "big"):
            raise ValueError("its text is not what its checksum says")
        return _png_words(name, data[len(keyword) :])
    return None


def _png_words(name: bytes, data: bytes) -> str:
    """The text in a chunk of PNG without its keyword."""
    if name == b"tEXt":
        return data.decode("latin-1")
    if name == b"zTXt":
        return _inflated(data[1:]).decode("latin-1")
    packed = data[:1] == b"\1"
    text = data[2:].split(b"\0", 2)[2:]  # behind the language and the translated keyword
    if not text:
        raise EOFError("truncated")
    return (_inflated(text[0]) if packed else text[0]).decode("utf-8")


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    found = stream.decompress(data, LARGEST)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("its compressed text has no end")
    return found


def tiff_text(file: BinaryIO) -> str | None:
    """The image description of the first picture in a TIFF or BigTIFF file, if it is a shot."""
    head = file.read(8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    version = struct.unpack(f"{order}H", head[2:4])[0] if order and len(head) == 8 else 0
    if version not in (42, 43):
        raise SyntaxError
    big = version == 43
    place, many, entry = ("Q", "Q", "HHQ8s") if big else ("I", "H", "HHI4s")

    def number(kind: str, data: bytes) -> int:
        return int(struct.unpack(order + kind, data)[0])

    file.seek(number("Q", _read(file, 8)) if big else number("I", head[4:]))
    count = number(many, _read(file, 8 if big else 2))
    if count > MOST:
        raise ValueError("too many parts")
    for _ in range(count):
        row = _read(file, 20 if big else 12)
        tag, kind, length, value = struct.unpack(order + entry, row)
        if (tag, kind) == (_DESCRIPTION, _ASCII):
            if length > len(value):
                start = number(place, value)
                value = _content(file, start, start + length, LARGEST)
            text = str(value[:length].rstrip(b"\0").decode("latin-1"))
            return text if '"preset"' in text else None
    return None


def exif(text: str) -> bytes:
    """Text as the content of WebP's chunk EXIF: a TIFF header with an image description.

    The text must be ASCII (`Shot.to_text(ascii=True)`).
    """
    data = text.encode("ascii") + b"\0"
    return _HEAD.pack(b"II", 42, 8, 1, _DESCRIPTION, _ASCII, len(data), _HEAD.size, 0) + data


def mp4_text(file: BinaryIO) -> str | None:
    """The comment (©cmt) in an MP4 file's metadata."""
    if _read(file, 12)[4:8] != b"ftyp":
        raise SyntaxError
    here, count = (0, _size(file)), iter(range(MOST))
    for name, skipped in (
        (b"moov", 0),
        (b"udta", 0),
        (b"meta", 4),  # version, flags
        (b"ilst", 0),
        (b"\xa9cmt", 0),
        (b"data", 8),  # type, language
    ):
        found = _first(_parts(file, *here, _box, count), name)
        if found is None:
            return None
        here = (found[0] + skipped, found[1])
    return _ours(file, *here)


def webm_text(file: BinaryIO) -> str | None:
    """The tag COMMENT of a WebM or Matroska file."""
    if _read(file, 4) != b"\x1aE\xdf\xa3":
        raise SyntaxError
    end, count = _size(file), iter(range(MOST))
    segment = _first(_parts(file, 0, end, _element, count), b"\x18S\x80g")
    for name, start, stop in _parts(file, *segment, _element, count) if segment else ():
        if name != b"\x12T\xc3g":  # Tags
            continue
        for _, first, last in _parts(file, start, stop, _element, count):  # Tag
            for simple, begin, finish in _parts(file, first, last, _element, count):
                if simple != b"g\xc8":  # SimpleTag
                    continue
                tag = {n: (a, b) for n, a, b in _parts(file, begin, finish, _element, count)}
                label, value = tag.get(b"E\xa3"), tag.get(b"D\x87")
                if label and value and _is_comment(file, *label):
                    return _ours(file, *value)
    return None


def _is_comment(file: BinaryIO, start: int, end: int) -> bool:
    return end - start == 7 and _content(file, start, end, 7).upper() == b"COMMENT"


def gif_text(file: BinaryIO) -> str | None:
    """The comment before the first image of a GIF file."""
    if _read(file, 6) not in (b"GIF87a", b"GIF89a"):
        raise SyntaxError
    flags = _read(file, 7)[4]
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, os.SEEK_CUR)  # the palette
    left = MOST
    while _read(file, 1) == b"!":
        comment = _read(file, 1) == b"\xfe"
        pieces = []
        while True:
            left -= 1
            if left < 0:
                raise ValueError("too many blocks")
            length = _read(file, 1)[0]
            if not length:
                break
            pieces.append(_read(file, length) if comment else _read(file, length)[:0])
        text = b"".join(pieces).decode("utf-8", "replace")
        if '"preset"' in text:
            return text
    return None


def webp_text(file: BinaryIO) -> str | None:
    """The image description in the EXIF data of a WebP file, still or animated."""
    head = _read(file, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise SyntaxError
    found = _first(_parts(file, 12, _size(file), _chunk, iter(range(MOST))), b"EXIF")
    if found is None:
        return None
    return tiff_text(io.BytesIO(_content(file, *found, LARGEST).removeprefix(b"Exif\0\0")))


def exr_attributes(text: str) -> dict[str, str]:
    """ASCII text as attributes of an EXR file: `cppn_gl`, `cppn_gl.0001` …, in the order of names.

    Each has at most 255 bytes, all that ffmpeg before version 7 can skip. A text longer than SPLIT
    is one attribute.
    """
    size = PIECE if len(text) <= SPLIT else len(text)
    starts = range(0, len(text), size)
    names = (f"{KEYWORD}.{k:04}" if k else KEYWORD for k in range(len(starts)))
    return {name: text[start : start + size] for name, start in zip(names, starts, strict=True)}


def exr_text(file: BinaryIO) -> str | None:
    """The text of the attributes `cppn_gl`, `cppn_gl.0001` … in an EXR file's header."""
    own = KEYWORD.encode()
    parts = sorted(part for part in _attributes(file) if part[0].partition(b".")[0] == own)
    if sum(end - start for _, start, end in parts) > LARGEST:
        raise ValueError(f"more than {LARGEST} bytes of text")
    text = b"".join(_content(file, start, end, LARGEST) for _, start, end in parts).decode("utf-8")
    return text if '"preset"' in text else None


def is_whole_exr(file: BinaryIO) -> bool:
    """Whether an EXR file of one part reaches to the end of its last block of rows.

    Behind the header stand the places of the blocks; each begins with its row and its length.
    """
    table = next(end for name, _, end in _attributes(file) if not name)
    file.seek(table)
    (first,) = struct.unpack("<Q", _read(file, 8))
    count = (first - table) // 8
    if not 0 < count <= MOST:
        return False
    file.seek(table)
    last = max(struct.unpack(f"<{count}Q", _read(file, 8 * count)))
    file.seek(last)
    _, length = struct.unpack("<ii", _read(file, 8))
    return bool(last + 8 + length <= _size(file))


def _attributes(file: BinaryIO) -> Iterator[Part]:
    """The attributes in an EXR file's header, and an empty one at its end."""
    if _read(file, 4) != b"\x76\x2f\x31\x01":
        raise SyntaxError
    for part in _parts(file, 8, _size(file), _attribute, iter(range(ATTRIBUTES))):
        yield part
        if not part[0]:
            return


def _ours(file: BinaryIO, start: int, end: int) -> str | None:
    """The text at a place, if it is a shot's."""
    text = _content(file, start, end, LARGEST).decode("utf-8")
    return text if '"preset"' in text else None


def _content(file: BinaryIO, start: int, end: int, most: int) -> bytes:
    if not 0 <= end - start <= most:
        raise ValueError(f"{end - start} bytes of text")
    file.seek(start)
    return _read(file, end - start)


def _read(file: BinaryIO, count: int) -> bytes:
    """Exactly so many bytes. Raises EOFError."""
    data = file.read(count)
    if len(data) < count:
        raise EOFError("truncated")
    return data


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _first(parts: Iterator[Part], name: bytes) -> tuple[int, int] | None:
    """Where the content of the first part of that name is."""
    return next(((start, end) for found, start, end in parts if found == name), None)


Head = Callable[[BinaryIO], tuple[bytes, int | None, int]]


def _parts(
    file: BinaryIO, start: int, end: int, head: Head, count: Iterator[int]
) -> Iterator[Part]:
    """The parts from `start` to `end`. `head` reads a name, a length (None: to the end), and the
    bytes from the end of the content to the next part; `count` ends when there are too many.
    """
    while start < end:
        if next(count, None) is None:
            raise ValueError("too many parts")
        file.seek(start)
        name, length, gap = head(file)
        start = file.tell()
        stop = end if length is None else start + length
        if not start <= stop <= end:
            raise ValueError(f"a part of {length} bytes where {end - start} are left")
        yield name, start, stop
        start = stop + gap


def _box(file: BinaryIO) -> tuple[bytes, int | None, int]:
    """The head of a box of MP4: its length, which includes the head, and its name."""
    length, name = struct.unpack(">I4s", _read(file, 8))
    if length == 1:
        return name, struct.unpack(">Q", _read(file, 8))[0] - 16, 0
    return name, length - 8 if length else None, 0


def _png_chunk(file: BinaryIO) -> tuple[bytes, int | None, int]:
    """The head of a chunk of PNG, which a checksum follows."""
    length, name = struct.unpack(">I4s", _read(file, 8))
    return name, length, 4


def _chunk(file: BinaryIO) -> tuple[bytes, int | None, int]:
    """The head of a chunk of RIFF; chunks have an even length."""
    name, length = struct.unpack("<4sI", _read(file, 8))
    return name, length, length % 2


def _attribute(file: BinaryIO) -> tuple[bytes, int | None, int]:
    """The head of an attribute of EXR: its name and type, each ended by a zero, and its length."""
    name = _word(file)
    if not name:
        return name, 0, 0
    _word(file)
    return name, struct.unpack("<i", _read(file, 4))[0], 0


def _word(file: BinaryIO) -> bytes:
    """A text of at most 255 bytes, ended by a zero."""
    word = b""
    while (byte := _read(file, 1)) != b"\0":
        if len(word) == 255:
            raise ValueError("a name of more than 255 bytes")
        word += byte
    return word


def _element(file: BinaryIO) -> tuple[bytes, int | None, int]:
    """The head of an element of EBML: name and length, each a number of 1 to 8 bytes."""
    name = _number(file)
    length = _number(file)
    mark = 1 << 7 * len(length)  # its first bits say how long it is
    value = int.from_bytes(length, "big") - mark
    return name, None if value == mark - 1 else value, 0  # all ones: unknown


def _number(file: BinaryIO) -> bytes:
    first = _read(file, 1)
    if first == b"\0":
        raise ValueError("a number of more than 8 bytes")
    return first + _read(file, 8 - first[0].bit_length())
