"""Pictures as data: where their pixels are, and their colours whatever the file's kind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cppn_gl.nn.training import pictures
from cppn_gl.nn.training.pictures import pixel_centers, read_colors, read_distances
from cppn_gl.utils.arrays import Float32
from cppn_gl.utils.checks import PresetError

COLORS = np.array([[[255, 0, 51], [0, 102, 255]], [[9, 9, 9], [255, 255, 255]]], np.uint8)


def colors(path: Path, image: Image.Image, **options: object) -> Float32:
    image.save(path, **options)
    return read_colors(path)


def test_pixels_are_at_their_centres_with_y_up() -> None:
    x, y = pixel_centers(4, 2)
    assert x.reshape(2, 4).tolist() == [[-1.5, -0.5, 0.5, 1.5]] * 2
    assert y.reshape(2, 4).tolist() == [[0.5] * 4, [-0.5] * 4]
    x, y = pixel_centers(3, 5)
    assert np.isclose(np.abs(x).max(), 2 / 3)
    assert np.isclose(y.max(), 4 / 3)


def test_colours_are_srgb_values_of_every_kind_of_image(tmp_path: Path) -> None:
    image, wanted = Image.fromarray(COLORS), COLORS.astype(np.float32) / 255
    for name in ("a.png", "a.bmp", "a.tif"):
        assert np.array_equal(colors(tmp_path / name, image), wanted)
    assert np.allclose(colors(tmp_path / "p.png", image.quantize(4)), wanted, atol=0.02)
    large = image.resize((64, 64), Image.Resampling.NEAREST)
    found = colors(tmp_path / "k.jpg", large.convert("CMYK"), quality=99)
    assert np.allclose(found[8::32, 8::32], wanted, atol=0.05)
    other = large.rotate(90)
    frames = colors(tmp_path / "moving.gif", large, save_all=True, append_images=[other])
    assert np.allclose(frames[8::32, 8::32], wanted, atol=0.02)
    with Image.open(tmp_path / "a.png") as turned:
        exif = turned.getexif()
        exif[0x0112] = 6  # to be turned by 90° to the right
        found = colors(tmp_path / "turned.png", turned, exif=exif)
    assert np.array_equal(found, np.rot90(wanted, -1))


def test_transparency_is_seen_on_white_and_grey_has_one_channel(tmp_path: Path) -> None:
    clear = np.dstack([COLORS, np.array([[255, 0], [128, 255]], np.uint8)])
    found = colors(tmp_path / "clear.png", Image.fromarray(clear))
    assert np.allclose(found[0, 0], COLORS[0, 0] / 255)
    assert np.allclose(found[0, 1], 1)
    assert np.allclose(found[1, 0], 1 - 128 / 255 * (1 - 9 / 255), atol=0.01)
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    found = colors(tmp_path / "grey.png", Image.fromarray(grey).convert("RGB"))
    assert np.array_equal(found[..., 0], grey.astype(np.float32) / 255)
    assert found.shape == (3, 4, 1)
    deep = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    found = colors(tmp_path / "deep.png", Image.fromarray(deep))
    assert np.allclose(found[..., 0], deep / 65535, atol=1e-6)


def test_large_pictures_are_averaged_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_COLORS", 200)
    board = np.indices((40, 80)).sum(0) % 2 * np.uint8(255)
    found = colors(tmp_path / "board.png", Image.fromarray(board.astype(np.uint8)))
    assert found.shape == (10, 20, 1)
    assert np.allclose(found, 0.5, atol=0.01)


def test_the_distance_is_negative_inside_of_dark_and_of_light_shapes(tmp_path: Path) -> None:
    row, column = np.mgrid[:80, :100]
    exact = (np.hypot(row - 39.5, column - 49.5) - 20) / 40
    ink = np.clip(exact * 40 + 0.5, 0, 1)
    for name, shape in (("dark.png", ink), ("light.png", 1 - ink)):
        Image.fromarray(np.round(shape * 255).astype(np.uint8)).save(tmp_path / name)
        found = read_distances(tmp_path / name)
        assert found.shape == (80, 100, 1)
        assert np.abs(found[..., 0] - exact).max() < 0.15 / 40
    Image.new("L", (9, 9), 255).save(tmp_path / "white.png")
    with pytest.raises(PresetError, match="has no outline"):
        read_distances(tmp_path / "white.png")


def test_what_is_no_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("no image\n")
    Image.fromarray(np.eye(9, dtype=np.float32)).save(tmp_path / "float.tif")
    noise = np.random.default_rng(0).integers(0, 255, (50, 50, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "a.png").read_bytes()[:3000])
    for name, problem in {
        "words.png": "not an image of a known format",
        "float.tif": "an image of floating-point values",
        "half.png": "not a complete image",
        "none.png": "No such file",
    }.items():
        for read in (read_colors, read_distances):
            with pytest.raises(PresetError, match=problem) as caught:
                read(tmp_path / name)
            assert "\n" not in str(caught.value)


def test_a_strip_one_pixel_wide_has_no_more_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_COLORS", 100)
    for size, shape in (((900, 1), (1, 100, 1)), ((1, 900), (100, 1, 1))):
        assert colors(tmp_path / "strip.png", Image.new("L", size, 77)).shape == shape
