"""EXR files: linear light of what PNG shows, values beyond 1, alpha multiplied, and the shot."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from cppn_gl.output.exr import EXR, linear
from cppn_gl.output.formats import encode
from cppn_gl.preset.containers import exr_attributes
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.readers import EXR as READER
from cppn_gl.preset.shot import Shot, read_shot

PRESET = Preset(title="×").replace(depth=3)


def shot(bits: int = 32) -> Shot:
    return Shot(PRESET, (7, 5), bits=bits)


def display(channels: int = 3) -> Any:
    """Display values, some of them beyond black and white."""
    return np.random.default_rng(0).uniform(-0.5, 1.5, (5, 7, channels)).astype(np.float32)


def opened(data: bytes) -> tuple[dict[str, Any], Any]:
    """The header, and (height, width, channels)."""
    file = OpenEXR.File(io.BytesIO(data))
    (channel,) = file.channels().values()
    return file.header(), channel.pixels


def test_light_is_that_of_srgb() -> None:
    # IEC 61966-2-1, with the values of its Annex.
    for value, light in {0.0: 0.0, 0.04045: 0.0031308, 0.5: 0.2140411, 1.0: 1.0}.items():
        assert linear(np.float32([value]))[0] == pytest.approx(light, abs=1e-6)
    values = np.linspace(-2, 2, 1001, dtype=np.float32)
    assert np.array_equal(linear(-values), -linear(values))
    assert (np.diff(linear(values)) > 0).all()


@pytest.mark.parametrize(("bits", "error"), [(32, 0.0), (16, 2**-11)])
def test_values_are_linear_and_not_clamped(bits: int, error: float) -> None:
    values = display()
    header, pixels = opened(encode(EXR, values, shot(bits)))
    assert pixels.dtype == {16: np.float16, 32: np.float32}[bits]
    assert np.allclose(pixels, linear(values), rtol=error, atol=error / 2**14)
    assert pixels.min() < 0
    assert pixels.max() > 1
    expected = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
    assert header["chromaticities"] == pytest.approx(expected)


def test_a_half_ends_at_its_largest_value() -> None:
    _, pixels = opened(encode(EXR, np.full((5, 7, 3), 1e9, np.float32), shot(16)))
    assert (pixels == 65504).all()


def test_colours_are_multiplied_by_alpha() -> None:
    values = display(4)
    values[..., 3] = np.clip(values[..., 3], 0, 1)
    _, pixels = opened(encode(EXR, values, shot()))
    assert np.array_equal(pixels[..., 3], values[..., 3])
    assert np.array_equal(pixels[..., :3], linear(values[..., :3]) * values[..., 3:])


def test_the_shot_is_in_attributes_that_need_no_library_to_read(tmp_path: Path) -> None:
    data, text = encode(EXR, display(), shot()), shot().to_text(ascii=True)
    header = opened(data)[0]
    pieces = [value for name, value in sorted(header.items()) if name.startswith("cppn_gl")]
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 255  # what older readers can skip
    assert "".join(pieces) == READER.text(io.BytesIO(data)) == text
    (tmp_path / "a.exr").write_bytes(data)
    assert read_shot(tmp_path / "a.exr") == shot()
    assert data == encode(EXR, display(), shot())


@pytest.mark.parametrize(("length", "count"), [(255, 1), (256, 2), (65_536, 258), (65_537, 1)])
def test_a_long_text_is_one_attribute(length: int, count: int) -> None:
    text = ('{"preset": ""}' + "0123456789" * 6554)[:length]
    pieces = exr_attributes(text)
    assert (len(pieces), "".join(pieces.values())) == (count, text)
    file = io.BytesIO()
    OpenEXR.File(dict(pieces), {"RGB": display()}).write(file)
    assert READER.text(io.BytesIO(file.getvalue())) == text


def test_other_exr_files_have_no_shot() -> None:
    other = io.BytesIO()
    OpenEXR.File({"comments": "cppn_gl"}, {"RGB": display()}).write(other)
    assert READER.text(io.BytesIO(other.getvalue())) is None
