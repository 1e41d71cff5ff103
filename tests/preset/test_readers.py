"""Readers of pictures and videos: damaged and hostile files end in one line, soon."""

import contextlib
import struct
import tempfile
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
    ],
    ids=range(31),
)
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    assert words in refused(tmp_path / name, data)


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
