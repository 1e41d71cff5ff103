"""Pictures with classes: folders, files of the format IDX, and what is wrong with them."""

import dataclasses
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stripes import digits, idx, stripes

from cppn_gl.nn.training.data import check_data, data_label, has_pictures, located
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.vision import image_sets
from cppn_gl.nn.vision.image_sets import ImageSet, image_set_of, preprocessing, tensors
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE

GREY = Preprocess(size=(8, 8), order="grey")
RGB = Preprocess(size=(6, 4), order="rgb", fit="cover")


def read(folder: Path, how: Preprocess = GREY, **keys: object) -> ImageSet:
    return image_set_of(Train(data=f"{folder}/", **keys), how)  # type: ignore[arg-type]


def test_folders_are_classes(tmp_path: Path) -> None:
    data = read(stripes(tmp_path / "stripes"), test_fraction=0.25)
    assert data.names == ("across", "up")
    assert (len(data), data.training, data.size, data.order) == (40, 30, (8, 8), "grey")
    assert data.labels is not None
    assert 0 < data.labels[:30].mean() < 1
    assert data.pictures.shape == (40, 8, 8, 1)
    assert not data.pictures.flags.writeable
    seen = data.pictures[:30] / 255
    assert data.mean == pytest.approx((seen.mean(),), abs=1e-4)
    assert data.std == pytest.approx((seen.std(),), abs=1e-4)


def test_pictures_are_seen_as_those_of_a_preset(tmp_path: Path) -> None:
    folder = stripes(tmp_path / "stripes", count=2)
    Image.new("RGB", (9, 5), (10, 200, 30)).save(folder / "up" / "color.jpg", quality=100)
    data = read(folder, RGB, test_fraction=0)
    how = preprocessing(data, RGB)
    assert how == how.complete()
    assert (how.labels, how.range, how.size, how.fit) == (data.names, 1, (6, 4), "cover")
    picture = data.pictures[3]
    np.testing.assert_array_equal(tensors(picture, how), how.tensor(picture))
    other = dataclasses.replace(how, range=255.0)
    np.testing.assert_array_equal(tensors(picture, other), other.tensor(picture))


def test_the_same_folder_is_the_same_set_wherever_it_lies(tmp_path: Path) -> None:
    one, other = (read(stripes(tmp_path / name)) for name in ("one", "other"))
    assert one.digest == other.digest
    assert read(tmp_path / "one") is one
    assert read(tmp_path / "one", seed=1).digest != one.digest


def test_broken_files_are_skipped_with_a_word(tmp_path: Path) -> None:
    folder = stripes(tmp_path / "stripes", count=3)
    (folder / "up" / "broken.png").write_bytes(b"no picture")
    (folder / "up" / "notes.txt").write_text("no picture either")
    (folder / ".hidden").mkdir()
    data = read(folder)
    assert len(data) == 6
    assert data.skipped.startswith("skipped up/broken.png: not an image")


def test_a_class_without_pictures_is_named(tmp_path: Path) -> None:
    folder = stripes(tmp_path / "stripes", count=2)
    (folder / "empty").mkdir()
    with pytest.raises(PresetError, match="stripes/: no picture in 'empty'"):
        read(folder)
    (folder / "empty" / "huge.png").write_bytes(huge_png())
    with pytest.raises(PresetError, match="more than 100,000,000 pixels"):
        read(folder)


def huge_png() -> bytes:
    """The head of a PNG file of 60000×60000 pixels."""
    size = b"IHDR" + struct.pack(">II", 60000, 60000) + bytes([8, 2, 0, 0, 0])
    head = struct.pack(">I", 13) + size + struct.pack(">I", zlib.crc32(size))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 10) + b"IDAT" + bytes(14)


@pytest.mark.parametrize("packed", [True, False])
def test_files_of_mnist_have_tests_of_their_own(tmp_path: Path, packed: bool) -> None:
    data = read(digits(tmp_path / "digits", packed=packed), Preprocess(), test_fraction=0.5)
    assert data.names == ("0", "1", "2")
    assert (len(data), data.training, data.size) == (17, 12, (5, 4))
    assert data.labels is not None
    assert data.labels[12:].tolist() == [0, 1, 2, 0, 1]
    first = data.pictures[:, 0, 0, 0]
    assert sorted(first[:12]) == list(range(0, 240, 20))
    assert (first[:12] // 20 % 3 == data.labels[:12]).all()


@pytest.mark.parametrize(
    ("name", "sides", "problem"),
    [
        ("images-idx3", (2**31, 2**31, 2**31), "its head announces 2147483648×.* values; too many"),
        ("images-idx3", (12, 4, 600), "too many"),
        ("images-idx3", (12, 4, 4), "holds more than its head announces"),
        ("images-idx3", (12, 4, 6), "ends after 240 of 288 values"),
        ("labels-idx1", (4, 3), "not a file of pictures or labels in the format IDX"),
    ],
)
def test_heads_that_lie_are_one_line(
    tmp_path: Path, name: str, sides: tuple[int, ...], problem: str
) -> None:
    folder = digits(tmp_path / "digits")
    count = 240 if "images" in name else 12
    idx(folder / f"train-{name}-ubyte.gz", np.zeros(count, np.uint8), sides=sides)
    with pytest.raises(PresetError, match=problem):
        read(folder, Preprocess())


def test_each_picture_needs_a_label(tmp_path: Path) -> None:
    folder = digits(tmp_path / "digits")
    idx(folder / "train-labels-idx1-ubyte.gz", np.zeros(11, np.uint8))
    with pytest.raises(PresetError, match="train: 12 pictures and 11 labels"):
        read(folder, Preprocess())


def test_a_damaged_archive_is_one_line(tmp_path: Path) -> None:
    folder = digits(tmp_path / "digits")
    path = folder / "train-images-idx3-ubyte.gz"
    data = path.read_bytes()
    for damaged in (data[:-4], data[:20] + bytes(30) + data[50:], b"plain"):
        path.write_bytes(damaged)
        with pytest.raises(PresetError, match=r"train-images-idx3-ubyte\.gz: "):
            image_sets.read_idx(path, 3)


@pytest.mark.parametrize(
    ("how", "key"),
    [(Preprocess(size=(9, 9)), "preprocess.size"), (Preprocess(order="rgb"), "preprocess.order")],
)
def test_what_the_files_say_is_not_said_otherwise(
    tmp_path: Path, how: Preprocess, key: str
) -> None:
    with pytest.raises(PresetError, match="grey pictures of 5 × 4") as caught:
        read(digits(tmp_path / "digits"), how)
    assert caught.value.key == key


def test_what_is_missing_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PresetError, match="is no folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(PresetError, match=r'as size = \[32, 32\], order = "rgb"'):
        read(stripes(tmp_path / "stripes", count=1), Preprocess())
    with pytest.raises(PresetError, match="0 folders; expected one for each class"):
        read(tmp_path / "stripes" / "up")
    monkeypatch.setattr(image_sets, "PLACE", tmp_path / "none")
    with pytest.raises(PresetError, match="install Debian's dataset-fashion-mnist, or name"):
        image_set_of(Train(data="fashion-mnist"), Preprocess())
    with pytest.raises(PresetError, match="install Debian's dataset-fashion-mnist"):
        image_sets.test_picture(0)


def test_a_folder_is_known_by_its_slash(tmp_path: Path) -> None:
    assert has_pictures("pictures/")
    assert has_pictures("fashion-mnist")
    assert not has_pictures("spiral")
    assert not has_pictures("a/points.csv")
    assert data_label("/home/ada/pictures/") == "pictures/"
    with pytest.raises(ValueError, match="the name of a folder of pictures ends in /"):
        check_data("pictures")
    assert located("pictures/", NOWHERE) == "pictures/"
