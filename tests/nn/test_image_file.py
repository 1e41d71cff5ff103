"""The table [input] and the images it names: what is read how, and what is refused in a line."""

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl.nn import image_file
from cppn_gl.nn.image_file import (
    MOST,
    SHIPPED,
    Input,
    StoredImage,
    carried_image,
    read_image,
    shipped_image,
)
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE, USER, Origin
from cppn_gl.utils.resources import resource

DRAWS = np.random.default_rng(9)
COLORS = DRAWS.integers(0, 256, (6, 9, 3), np.uint8)


def saved(folder: Path, name: str, pixels: Any, mode: str = "RGB", **how: Any) -> Path:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    path = folder / name
    (image if image.mode == mode else image.convert(mode)).save(path, **how)
    return path


def read(path: Path) -> list[Any]:
    pixels: list[Any] = read_image(path).pixels.tolist()
    return pixels


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.TIFF"])
def test_colours_are_read_as_they_are(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path, name, COLORS)
    np.testing.assert_array_equal(read_image(path).pixels, COLORS)
    assert Input(str(path)).stored.size == (9, 6)


def test_grey_images_have_one_channel(tmp_path: Path) -> None:
    grey = COLORS[..., 0]
    for name, pixels, mode in (("a.png", grey, "L"), ("b.png", np.stack([grey] * 3, -1), "RGB")):
        found = read_image(saved(tmp_path, name, pixels, mode))
        np.testing.assert_array_equal(found.pixels, grey[..., None])


def test_sixteen_bits_of_grey_are_kept(tmp_path: Path) -> None:
    deep = DRAWS.integers(0, 2**16, (5, 4), np.uint16)
    found = read_image(saved(tmp_path, "a.png", Image.fromarray(deep), "I;16"))
    np.testing.assert_array_equal(found.pixels, deep[..., None])
    assert carried_image(found.png) == found


def test_palettes_and_other_colour_models_become_rgb(tmp_path: Path) -> None:
    flat = np.zeros((4, 4, 3), np.uint8)
    flat[:2] = 250, 20, 90
    assert read(saved(tmp_path, "a.gif", Image.fromarray(flat).quantize(8), "P")) == flat.tolist()
    assert (
        read(saved(tmp_path, "a.png", flat[..., 0] > 0, "1")) == [[[255]] * 4] * 2 + [[[0]] * 4] * 2
    )
    inks = Image.new("CMYK", (3, 2), (0, 255, 255, 0))
    red = np.array(read(saved(tmp_path, "a.jpg", inks, "CMYK")))
    assert np.abs(red - [255, 0, 0]).max() <= 3


def test_what_is_transparent_is_seen_on_white(tmp_path: Path) -> None:
    clear = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [0, 0, 0, 51]]], np.uint8)
    assert read(saved(tmp_path, "a.png", Image.fromarray(clear), "RGBA")) == [
        [[200, 0, 0], [255, 255, 255], [204, 204, 204]]
    ]


def test_a_photograph_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter, clockwise
    path = saved(tmp_path, "a.tif", COLORS, exif=exif)
    np.testing.assert_array_equal(read_image(path).pixels, np.rot90(COLORS, -1))


def test_the_first_frame_of_an_animation_is_seen(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 3), color) for color in ("red", "blue")]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read(path)[0][0] == [255, 0, 0]


def test_large_images_are_averaged_down_and_carried_as_they_are_seen(tmp_path: Path) -> None:
    tall = np.zeros((4000, 700), np.uint8)
    tall[:, 350:] = 200
    found = read_image(saved(tmp_path, "a.png", tall, "L"))
    width, height = found.size
    assert 0.98 * MOST < width * height < 1.02 * MOST
    assert height / width == pytest.approx(4000 / 700, rel=0.01)
    assert set(np.unique(found.pixels[:, : width // 2 - 1])) == {0}
    again = carried_image(found.png)
    assert (again, again.digest, again.png) == (found, found.digest, found.png)


def test_a_strip_of_a_hundred_thousand_pixels_is_seen(tmp_path: Path) -> None:
    assert read_image(saved(tmp_path, "a.png", np.zeros((1, 10**5), np.uint8), "L")).size == (
        10**5,
        1,
    )


# What is refused.


def png_of(width: int, height: int) -> bytes:
    """A PNG file that only claims to be so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def whole(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(COLORS).resize((200, 200)).save(file, kind)
    return file.getvalue()


HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "huge": ("a.png", png_of(10**5, 10**5), "100,000,000 pixels"),
    "wide": ("a.png", png_of(2**31 - 1, 1), "pixels"),
    "a strip": ("a.png", png_of(1, 9 * 10**7), "1,000,000 pixels a side"),
    "no pixels": ("a.png", png_of(300, 300), "not a complete image"),
    "cut short": ("a.png", whole("PNG")[:-2000], "not a complete image"),
    "cut JPEG": ("a.jpg", whole("JPEG")[:-900], "not a complete image"),
    "cut GIF": ("a.gif", whole("GIF")[:-9000], "not a complete image"),
    "cut WebP": ("a.webp", whole("WEBP")[:-50], "not a"),
    "empty": ("a.png", b"", "not an image of a known format"),
    "a text": ("a.jpg", b"[network]\ndepth = 3\n" * 9, "not an image of a known format"),
    "another format": ("a.png", b"%PDF-1.4\n" + b"\0" * 900, "not an image of a known format"),
}


@pytest.mark.parametrize(("name", "data", "words"), HOSTILE.values(), ids=HOSTILE)
def test_bad_files_are_refused_in_a_line(
    name: str, data: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PresetError) as caught:
            Input(str(tmp_path / name))
        with pytest.raises(PresetError):
            carried_image(data)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"input.image: {name}: ")
    assert "\n" not in str(caught.value)


def test_an_image_that_memory_does_not_suffice_for_is_not_called_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise MemoryError

    (tmp_path / "a.png").write_bytes(whole("PNG"))
    monkeypatch.setattr(image_file, "pixels_of", full)
    with pytest.raises(PresetError, match=r"a.png: needs more memory"):
        Input(str(tmp_path / "a.png"))


def test_floating_point_images_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.tif", Image.fromarray(np.zeros((4, 4), np.float32)), "F")
    with pytest.raises(PresetError, match=r"a\.tif: an image of floating-point values"):
        Input(str(path))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("chelse", "did you mean 'chelsea'"),
        ("cat.svg", r"files end in \.png"),
        ("", "files end in"),
        (3, "not a text"),
        ("a\nb.png", "one line"),
        ("gone.png", "gone.png: No such file"),
        ("a\0b.png", "one line"),
    ],
)
def test_a_wrong_name_is_an_error(value: Any, words: str) -> None:
    with pytest.raises(PresetError, match=words) as caught:
        Input.of({"image": value}, USER)
    assert caught.value.key == "input.image"


def test_folders_and_devices_are_no_images(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PresetError, match="directory"):
        Input(str(tmp_path / "folder.png"))


# Which files a text may name.


def test_a_text_from_elsewhere_names_files_beside_it_only(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    saved(tmp_path, "above.png", COLORS)
    path = saved(folder, "a.png", COLORS)
    (folder / "link.png").symlink_to(tmp_path / "above.png")
    from_picture = Origin(folder)
    assert Input.of({"image": "a.png"}, from_picture).path == path
    for name in ("../above.png", str(path), "link.png", "gone.png"):
        with pytest.raises(PresetError) as caught:
            Input.of({"image": name}, from_picture)
        assert caught.value.key == "input.image"
    assert "put it into the same folder" in str(caught.value)
    with pytest.raises(PresetError, match="cannot name files"):
        Input.of({"image": "a.png"}, NOWHERE)
    assert Input.of({"image": "lighthouse"}, NOWHERE).stored.size == (192, 192)


def test_an_image_that_comes_with_a_text_is_read_instead_of_any_file(tmp_path: Path) -> None:
    found = StoredImage(COLORS)
    came = Input.of({"image": "../x/photo.jpg", "fit": "stretch"}, Origin(image=found.png))
    assert (came.image, came.path, came.label) == ("photo.jpg", None, "photo.jpg")
    assert came.stored == found
    assert came.replace({"image": "photo.jpg"}) == came
    with pytest.raises(PresetError, match="the image in this file"):
        Input.of({"image": "photo.jpg"}, Origin(image=b"\x89PNG"))


def test_tables_are_equal_if_their_images_are(tmp_path: Path) -> None:
    one = Input(str(saved(tmp_path, "a.png", COLORS)))
    same = Input(str(saved(tmp_path, "b.bmp", COLORS)))
    assert one == same
    assert hash(one) == hash(same)
    assert one != Input()
    assert one.replace({"fit": "contain"}) != one
    assert one.replace({"fit": "contain"}).content is one.content
    assert one.replace({"image": "anchor"}) == Input("anchor")
    assert Input() == Input("cat")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.png", COLORS)
    before = Input(str(path))
    saved(tmp_path, "a.png", np.concatenate([COLORS, COLORS]))
    assert before.replace({"image": str(path)}) != before
    assert before.stored.size == (9, 6)


def test_every_shipped_name_is_a_picture() -> None:
    pictures = {path.stem for path in resource("presets").glob("*.png")}
    assert pictures == set(SHIPPED)
    for name in SHIPPED:
        assert read_image(shipped_image(name)).size == Input(name).stored.size
