"""A picture remembers its shot: there and back through PNG; no file ends in a traceback."""

import contextlib
import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from cppn_gl import __version__
from cppn_gl.nn.layers import Layer
from cppn_gl.nn.sources import Layers
from cppn_gl.output.png import encode_png
from cppn_gl.preset.containers import KEYWORD
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import SAMPLES, SIZE, Shot, parse_shot, read_shot
from cppn_gl.preset.show import VIEWS
from cppn_gl.utils.arrays import Samples
from cppn_gl.utils.checks import PresetError

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
SHOT = Shot(
    preset=Preset(title="A title", description='Lines\nand "quotes" — ×').replace(depth=3, seed=4),
    size=(7, 5),
    time=-0.1,
    samples=2,
    engine="fragment",
)


def saved(folder: Path, data: bytes, name: str = "a.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(PresetError) as caught:
        read_shot(path)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(str(path))
    return text.removeprefix(f"{path}: ")


def test_a_shot_comes_back_from_its_picture(tmp_path: Path) -> None:
    path = saved(tmp_path, encode_png(PIXELS, SHOT))
    shot = read_shot(path)
    assert shot == SHOT
    assert shot.preset.name == SHOT.preset.name
    assert shot.version == __version__
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), PIXELS)


@pytest.mark.parametrize("samples", [1, 16, "auto"])
def test_samples_come_back(samples: Samples) -> None:
    shot = Shot(SHOT.preset, (7, 5), samples=SAMPLES(samples))
    assert parse_shot(shot.to_text(), "a.png") == shot


@pytest.mark.parametrize("value", [0, 17, True, 1.5, "2", "AUTO", "", None, [1], np.arange(2)])
def test_other_samples_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is neither an integer from 1 to 16 nor auto"):
        SAMPLES(value)


def test_the_samples_of_a_picture_are_counted_or_estimated() -> None:
    assert Shot(SHOT.preset, (7, 5), samples=3).points == 7 * 5 * 9
    assert 7 * 5 <= Shot(SHOT.preset, (7, 5), samples="auto").points <= 7 * 5 * 16


def test_a_picture_has_alpha_by_a_fourth_output_in_the_view_picture() -> None:
    clear = Preset().replace(depth=2, width=3, outputs=4)
    assert Shot(clear).channels == clear.channels == 4
    assert Shot(Preset(spec=Layers(clear.network().layers))).channels == 4
    others = [clear.replace(view=view) for view in VIEWS if view != "picture"]
    for other in (*others, clear.replace(outputs=1), Preset()):
        assert Shot(other).channels == 3


def test_a_shot_with_megabytes_of_layers_comes_back(tmp_path: Path) -> None:
    g = np.random.default_rng(0)
    shapes = [(320, 2), (320, 320), (3, 320)]
    layers = tuple(Layer(g.normal(size=s), g.normal(size=s[0]), "sin") for s in shapes)
    shot = Shot(Preset(Layers(layers)))
    assert len(shot.to_text()) > 2**20
    again = read_shot(saved(tmp_path, encode_png(PIXELS, shot)))
    assert again.preset == shot.preset
    assert all(
        a.weight.tobytes() == b.weight.tobytes()
        for a, b in zip(again.preset.network().layers, layers, strict=True)
    )


def test_a_picture_too_large_to_decode_still_tells_its_shot(tmp_path: Path) -> None:
    data = encode_png(np.zeros((1, 1, 3), np.uint8), SHOT)
    header = struct.pack(">II", 400_000, 400_000) + data[24:29]
    large = data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]
    assert read_shot(saved(tmp_path, large)) == SHOT


def test_text_moved_behind_the_pixels_is_found(tmp_path: Path) -> None:
    chunks = png.Reader(bytes=encode_png(PIXELS, SHOT)).chunks()
    order = [b"IHDR", b"sRGB", b"IDAT", b"iTXt", b"IEND"]
    moved = io.BytesIO()
    png.write_chunks(moved, sorted(chunks, key=lambda chunk: order.index(chunk[0])))
    assert read_shot(saved(tmp_path, moved.getvalue())) == SHOT


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    plain = io.BytesIO()
    Image.fromarray(PIXELS).save(plain, "PNG")
    assert refused(saved(tmp_path, plain.getvalue())).startswith("no preset in this picture")
    jpeg = io.BytesIO()
    Image.fromarray(PIXELS).save(jpeg, "JPEG")
    assert refused(saved(tmp_path, jpeg.getvalue())) == "not a PNG picture"
    assert refused(saved(tmp_path, b"")) == "not a PNG picture"
    assert refused(tmp_path / "none.png") == "No such file or directory"
    assert refused(tmp_path) == "Is a directory"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert refused(tmp_path / "a.png") == "a device or a pipe; expected a regular file"


def test_a_size_has_a_limit() -> None:
    assert SIZE([2**14, 2**14]) == (2**14, 2**14)
    assert SIZE((2**20, 2**8)) == (2**20, 2**8)
    with pytest.raises(ValueError, match="65536x65536 is more than 268435456 pixels"):
        SIZE((2**16, 2**16))


def test_a_picture_cut_short_tells_its_shot_or_is_refused(tmp_path: Path) -> None:
    data = encode_png(PIXELS, SHOT)
    text_ends = data.index(b"IDAT") - 4
    for length in [*range(0, text_ends, 13), text_ends - 1]:
        refused(saved(tmp_path, data[:length]))
    assert read_shot(saved(tmp_path, data[: text_ends + 20])) == SHOT


@given(where=st.integers(8, 600), damage=st.binary(min_size=1, max_size=6))
def test_a_damaged_picture_tells_a_shot_or_is_refused(
    where: int, damage: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(encode_png(PIXELS, SHOT))
    data[where : where + len(damage)] = damage
    path = saved(tmp_path_factory.getbasetemp(), bytes(data), "damaged.png")
    with contextlib.suppress(PresetError):
        assert read_shot(path).preset.network()


def with_text(text: str, *, compressed: bool = False) -> bytes:
    info, file = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_itxt(KEYWORD, text, zip=compressed)
    Image.fromarray(PIXELS).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_a_chunk_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    refused(saved(tmp_path, with_text(" " * 10_000_000, compressed=True)))


def document(**changes: Any) -> str:
    return json.dumps(json.loads(SHOT.to_text()) | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": [7]}, "cannot be read"),
        ({"size": [0, 5]}, "cannot be read"),
        ({"size": [2**21, 5]}, "cannot be read"),
        ({"time": None}, "cannot be read"),
        ({"time": float("nan")}, "cannot be read"),
        ({"samples": 17}, "cannot be read"),
        ({"samples": True}, "cannot be read"),
        ({"samples": "many"}, "cannot be read"),
        ({"engine": 3}, "cannot be read"),
        ({"version": "9" * 50}, "cannot be read"),
        ({"name": "a\nb"}, "cannot be read"),
        ({"preset": 3}, "cannot be read"),
        ({"preset": "[network]\ndepth = 99"}, "a.png:2: network.depth: 99"),
        ({"preset": "format = 2"}, "a.png:1: format: 2 is newer"),
    ],
)
def test_a_wrong_shot_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PresetError) as caught:
        parse_shot(document(**changes), "a.png")
    assert words in str(caught.value)
    assert str(caught.value).startswith("a.png:")


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../a b", "a b"), ("/", "preset"), ("..", "preset"), (".hidden", "hidden")],
)
def test_a_name_leads_nowhere_else(name: str, kept: str) -> None:
    assert parse_shot(document(name=name), "a.png").preset.name == kept


@pytest.mark.parametrize(
    "text", ["", "{", "3", "null", "[]", "{}", "[" * 5000, '{"size": ' + "9" * 5000 + "}"]
)
def test_text_that_is_no_shot_is_refused(text: str) -> None:
    with pytest.raises(PresetError, match="the shot in this picture cannot be read"):
        parse_shot(text, "a.png")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(json.loads(SHOT.to_text()))), values, max_size=4))
def test_no_text_ends_in_anything_but_a_shot_or_one_line(changes: dict[str, Any]) -> None:
    with contextlib.suppress(PresetError):
        shot = parse_shot(document(**changes), "a.png")
        assert parse_shot(shot.to_text(), "a.png") == shot
