"""The colours of an image: those that are in it, ordered, and with its contrast."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cppn_gl.utils import image_colors as image_colors_module
from cppn_gl.utils import images as module
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.colormaps import display, to_oklab
from cppn_gl.utils.image_colors import image_colors

FLAT = ("#102040", "#8020a0", "#20a060", "#e0a040", "#f0f0e0")


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """Five colours, the last two in a hundredth of the picture."""
    pixels = np.zeros((100, 100, 3), np.uint8)
    colors = np.round(display(FLAT) * 255)
    pixels[:40], pixels[40:70], pixels[70:] = colors[:3]
    pixels[:10, :10], pixels[-10:, -10:] = colors[3:]
    Image.fromarray(pixels).save(tmp_path / "flat.png")
    return tmp_path / "flat.png"


def smooth(path: Path, size: tuple[int, int] = (300, 200)) -> Path:
    """Every hue, from dark to light, with noise."""
    height, width = size[1], size[0]
    y, x = np.mgrid[0:height, 0:width] / [[[height]], [[width]]]
    noise = np.random.default_rng(1).uniform(-0.05, 0.05, (height, width))
    channels = [y * (0.5 + 0.5 * np.cos(6.28 * (x + k / 3))) + noise for k in range(3)]
    Image.fromarray((np.clip(np.stack(channels, -1), 0, 1) * 255).astype(np.uint8)).save(path)
    return path


def test_an_image_of_few_colours_has_these_from_dark_to_light(flat: Path) -> None:
    assert image_colors(flat, 5) == FLAT
    assert image_colors(flat, 16) == FLAT  # no more than there are


@pytest.mark.parametrize("count", [2, 3, 5, 16])
def test_the_colours_have_the_images_contrast(tmp_path: Path, count: int) -> None:
    found = image_colors(smooth(tmp_path / "a.png"), count)
    light = to_oklab(display(found))[:, 0]
    assert len(found) == count
    assert (np.diff(light) >= 0).all()
    assert light[0] < 0.3
    assert light[-1] > 0.8


def test_they_do_not_depend_on_size_format_or_transparent_pixels(tmp_path: Path) -> None:
    small = smooth(tmp_path / "a.png")
    wanted = display(image_colors(small, 4))
    with Image.open(small) as image:
        image.save(tmp_path / "b.jpg", quality=95)
        image.resize((1200, 800), Image.Resampling.NEAREST).save(tmp_path / "c.bmp")
        clear = Image.new("RGBA", (600, 200), (255, 0, 255, 0))
        clear.paste(image, (0, 0))
        clear.save(tmp_path / "d.tif")
    for name in ("b.jpg", "c.bmp", "d.tif"):
        found = display(image_colors(tmp_path / name, 4))
        assert np.abs(found - wanted).max() < 0.06, name


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_grey_of_16_bits_is_not_cut_off(tmp_path: Path, suffix: str) -> None:
    ramp = np.arange(200, dtype=np.uint32).repeat(200).reshape(200, 200)
    deep, flat = tmp_path / f"deep.{suffix}", tmp_path / f"flat.{suffix}"
    Image.fromarray((ramp * 257).astype(np.uint16)).save(deep)
    Image.fromarray(ramp.astype(np.uint8)).save(flat)
    assert image_colors(deep, 5) == image_colors(flat, 5)
    assert len(image_colors(deep, 5)) == 5


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_only_some_pixels_of_a_large_image_are_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(image_colors_module, "AT_MOST", 2**14)
    y, x = np.mgrid[0:1024, 0:1024] // 256
    image = Image.fromarray(np.stack([x, y, x], -1).astype(np.uint8) * 85)
    image.convert(mode, dither=Image.Dither.NONE).save(tmp_path / "large.bmp")
    image_colors(tmp_path / "large.bmp", 4)  # imports
    tracemalloc.start()
    found = image_colors(tmp_path / "large.bmp", 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1024 * 1024
    assert (found[0], found[-1]) == ("#000000", "#ffffff")


def test_they_do_not_depend_on_numpys_instructions(tmp_path: Path) -> None:
    path = smooth(tmp_path / "a.png")
    script = """
import sys
from pathlib import Path
from cppn_gl.utils.image_colors import image_colors
print(image_colors(Path(sys.argv[1]), 8))
"""
    command = [sys.executable, "-c", script, str(path)]
    baseline = {
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 X86_V3 X86_V4",
        "OPENBLAS_CORETYPE": "Nehalem",
    }
    done = subprocess.run(command, env=os.environ | baseline, capture_output=True, text=True)
    assert done.stdout.strip() == str(image_colors(path, 8)), done.stderr


def refused(path: Path) -> str:
    with pytest.raises(PresetError) as caught:
        image_colors(path, 4)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    return caught.value.problem


def test_what_is_no_image_is_refused_in_one_line(tmp_path: Path, flat: Path) -> None:
    assert refused(tmp_path) == "Is a directory"
    assert refused(tmp_path / "none.png") == "No such file or directory"
    (tmp_path / "words.png").write_text("no image\n")
    assert refused(tmp_path / "words.png").startswith("not an image of a known format: PNG")
    smooth(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    assert refused(tmp_path / "half.png") == "not a complete image"
    Image.new("RGB", (9, 9), "#204060").save(tmp_path / "one.png")
    assert refused(tmp_path / "one.png") == "has only the colour #204060; expected 2 or more"
    Image.fromarray(np.eye(9, dtype=np.float32)).save(tmp_path / "float.tif")
    assert refused(tmp_path / "float.tif").startswith("an image of floating-point values")
    Image.new("RGBA", (9, 9), (1, 2, 3, 0)).save(tmp_path / "clear.png")
    assert refused(tmp_path / "clear.png") == "has no opaque pixel"


def test_a_large_image_is_refused_before_it_is_read(
    flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS", 9_999)
    assert refused(flat) == "an image of more than 9,999 pixels"
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    assert refused(flat).startswith("larger than ")
