"""Float TIFFs: every bit of a display value comes back, whole and in bands."""

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from cppn_gl.output.formats import encode
from cppn_gl.output.poster import Poster, write_poster
from cppn_gl.output.renderer import Renderer
from cppn_gl.output.tiff import TIFF
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.shot import Shot, read_shot

SHOT = Shot(Preset(title="×").replace(depth=3, width=4), (37, 29), engine="numpy", bits=32)


def values(data: bytes) -> Any:
    """The pixels of a float TIFF: its strips unpacked, their predictor undone byte by byte."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        assert (page.compression, page.predictor, page.sampleformat) == (8, 3, 3)
        height, width, channels = page.shape
        places = zip(page.dataoffsets, page.databytecounts, strict=True)
        packed = b"".join(zlib.decompress(data[at : at + length]) for at, length in places)
    rows = np.frombuffer(packed, np.uint8).reshape(height, -1, channels)
    bytes_ = np.cumsum(rows, axis=1, dtype=np.uint8).reshape(height, 4, -1)
    floats = np.ascontiguousarray(bytes_.transpose(0, 2, 1)).view(">f4")
    return floats.reshape(height, width, channels)


def test_every_bit_comes_back() -> None:
    pixels = np.random.default_rng(0).normal(size=(29, 37, 3)).astype(np.float32)
    pixels[0, 0] = 1e30, -1e-30, -0.0
    data = encode(TIFF, pixels, SHOT)
    assert values(data).astype("<f4").tobytes() == pixels.tobytes()
    assert data == encode(TIFF, pixels, SHOT)


@pytest.mark.parametrize("rows", [0, 5])
def test_a_poster_has_the_same_values(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "a.tif"
    with Renderer("numpy") as renderer:
        write_poster(renderer, Poster(SHOT, path, rows))
        pixels = renderer.render(SHOT.preset, SHOT.size, dtype="float32")
    assert np.array_equal(values(path.read_bytes()), pixels)
    assert read_shot(path) == SHOT
