"""Readers of pictures and videos: damaged and hostile files end in one line, soon."""

import contextlib
import struct
import tempfile
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cppn_gl.output.formats import encode, format_of
from cppn_gl.output.video import VideoWriter
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot
from cppn_gl.utils.checks import PresetError

PIXELS = np.zeros((5, 7, 3), np.float32)
SHOT = Shot(Preset().replace(depth=3), (7, 5), bits=32)


def film(name: str) -> bytes:
    """A video of two frames."""
    with tempfile.TemporaryDirectory() as folder:
        path, shot = Path(folder, name), Shot(SHOT.preset, (8, 6))
        with VideoWriter(path, shot, 10) as writer:
            writer.submit(np.zeros((6, 8, 3), np.uint8))
            writer.submit(np.ones((6, 8, 3), np.uint8))
        return path.read_bytes()


FILES = {
    **{name: film(name) for name in ("a.mp4", "a.webm", "a.gif", "film.webp")},
    "a.webp": encode(format_of(Path("a.webp")), PIXELS.astype(np.uint8), SHOT),
    "a.exr": encode(format_of(Path("a.exr")), PIXELS, SHOT),
    "a.tif": encode(format_of(Path("a.tif")), PIXELS, SHOT),
}
RIFF = b"RIFF\0\0\0\0WEBP"
FTYP = b"\0\0\0\x0cftypisom"
EBML = b"\x1aE\xdf\xa3\x80\x18S\x80g"  # an empty head, and a segment
GIF = b"GIF89a\1\0\1\0\0\0\0"
EXR = b"\x76\x2f\x31\x01\2\0\0\0"
PNG = b"\x89PNG\r\n\x1a\n"
BOMB = zlib.compress(bytes(2**27))


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(PresetError) as caught:
        read_shot(path)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.webp", RIFF[:4], "truncated"),
        ("a.exr", b"\x89PNG", "not an EXR picture"),
        ("a.webp", RIFF, "no preset in this picture"),
        ("a.webp", RIFF + b"EXIF\xff\xff\xff\xff", "a part of 4294967295 bytes"),
        ("a.webp", RIFF + b"VP8L\xff", "truncated"),
        ("a.webp", RIFF + b"VP8L\0\0\0\0" * (2**18 + 1), "too many parts"),
        ("a.mp4", RIFF, "not an MP4 video"),
        ("a.mp4", FTYP, "no preset in this video"),
        ("a.mp4", FTYP + b"\0\0\0\x08moov", "no preset in this video"),
        ("a.mp4", FTYP + b"\0\0\0\x04moov", "a part of -4 bytes"),
        ("a.mp4", FTYP + b"\0\0\0\x01moov" + b"\xff" * 8, "a part of 18446744073709551599 bytes"),
        ("a.mp4", FTYP + b"\x7f\0\0\0moov", "a part of 2130706424 bytes"),
        ("a.mp4", FTYP + b"\0\0\0\x08free" * (2**18 + 1), "too many parts"),
        ("a.webm", FTYP, "not a WebM video"),
        ("a.webm", EBML + b"\x80", "no preset in this video"),
        ("a.webm", EBML + b"\xff\x12T\xc3g\xff", "no preset in this video"),
        ("a.webm", EBML + b"\xff\0", "a number of more than 8 bytes"),
        ("a.webm", EBML + b"\x01" + b"\0" * 6 + b"\xff", "a part of 255 bytes"),
        ("a.webm", EBML + b"\xff" + b"\xec\x80" * (2**18 + 1), "too many parts"),
        ("a.gif", EXR, "not a GIF picture"),
        ("a.gif", GIF, "truncated"),
        ("a.gif", GIF + b";", "no preset in this picture"),
        ("a.gif", GIF + b"!\xfe\2ab\0,", "no preset in this picture"),
        ("a.gif", GIF + b"!\xfe\1a" + b"\1a" * 2**18, "too many blocks"),
        ("a.exr", EXR, "no preset in this picture"),
        ("a.exr", EXR + b"\0", "no preset in this picture"),
        ("a.exr", EXR + b"a" * 1000, "a name of more than 255 bytes"),
        ("a.exr", EXR + b"cppn_gl\0string\0\xff\xff\xff\x7f", "a part of 2147483647 bytes"),
        ("a.exr", EXR + b"a\0b\0\xff\xff\xff\xff", "a part of -1 bytes"),
        ("a.exr", EXR + b"cppn_gl\0string\0\1\0\0\0\xff", "damaged"),
        ("a.exr", EXR + b"a\0b\0\0\0\0\0" * (2**18 + 1), "too many parts"),
        ("a.png", FTYP, "not a PNG picture"),
        ("a.png", PNG + chunk(b"IEND"), "no preset in this picture"),
        ("a.png", PNG + b"\x7f\xff\xff\xffiTXt", "a part of 2147483647 bytes"),
        ("a.png", PNG + chunk(b"iTXt", b"cppn_gl\0\0\0a"), "truncated"),
        ("a.png", PNG + chunk(b"iTXt", b"cppn_gl\0\0\0\0\0{}")[:-1] + b"!", "checksum"),
        ("a.png", PNG + chunk(b"zTXt", b"cppn_gl\0\0\x78"), "no end"),
        ("a.png", PNG + chunk(b"zTXt", b"cppn_gl\0\0" + BOMB), "no end"),
        ("a.png", PNG + chunk(b"tEXt") * (2**18 + 1), "too many parts"),
        ("a.tif", b"II*\0\x08\0\0\0\1\0\x0e\1\2\0\xff\xff\xff\xff\0\0\0\0", "bytes of text"),
        ("a.tif", b"II*\0\x08\0\0\0\1\0\x0e\1\2\0\xff\0\0\0\0\0\0\0", "truncated"),
        ("a.tif", b"MM\0+\0\x08\0\0" + b"\xff" * 24, "damaged"),
    ],
    ids=range(42),
)
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    assert words in refused(tmp_path / name, data)


SIDE = struct.pack(">IIBBBBB", 2**16, 2**16, 8, 2, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "data", "length"),
    [
        ("a.png", PNG + chunk(b"IHDR", SIDE) + chunk(b"IDAT", BOMB) + chunk(b"IEND"), 0),
        ("a.png", PNG + b"\x7f\0\0\0iTXt", 2**31),
        ("a.tif", b"II*\0\x08\0\0\0\1\0\xe8\3\1\0\0\0\0\x20\x1a\0\0\0", 2**30),
        ("a.webm", EBML + b"\xff\x12T\xc3g\xffss\xffg\xc8\xffE\xa3\x0f\xff\xff\xf0", 2**28),
        ("a.gif", GIF + b"!\xf9\0" * 2**22, 0),
        ("a.exr", EXR + (b"a" * 250 + b"\0b\0\0\0\0\0") * 2**16, 0),
    ],
    ids=["pixels", "png", "tag", "label", "extensions", "names"],
)
def test_a_hostile_file_costs_little(tmp_path: Path, name: str, data: bytes, length: int) -> None:
    """Pixels, tags and texts of others are not read, whatever their length; nor are many parts."""
    path = tmp_path / name
    path.write_bytes(data)
    if length:
        with path.open("r+b") as file:
            file.truncate(length)  # a file with a hole, which takes no space on the disk
    started = time.process_time()
    with pytest.raises(PresetError):
        read_shot(path)
    assert time.process_time() - started < 3
    tracemalloc.start()  # which takes as long again
    try:
        with pytest.raises(PresetError):
            read_shot(path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_changed_bytes_end_in_a_shot_or_in_one_line(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    content = bytearray(FILES[name])
    at = data.draw(st.integers(0, len(content) - 4))
    content[at : at + 4] = struct.pack("<I", data.draw(st.integers(0, 2**32 - 1)))
    path = tmp_path / name
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(PresetError):
        read_shot(path)
