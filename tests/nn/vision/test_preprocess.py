"""[preprocess]: a picture becomes a network's input and back; what is missing is asked for."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cppn_gl.nn.image_file import StoredImage
from cppn_gl.nn.vision.preprocess import Preprocess, picture_of
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE, USER

PLAIN = Preprocess(size=(6, 4), order="rgb", range=255.0, mean=(0.0,) * 3, std=(1.0,) * 3)
rng = np.random.default_rng(8)


def picture(rows: int = 4, columns: int = 6) -> Any:
    return rng.integers(0, 256, (rows, columns, 3)).astype(np.uint8)


def test_a_picture_of_its_size_is_its_values() -> None:
    pixels = picture()
    tensor = PLAIN.tensor(pixels)
    assert tensor.flags.c_contiguous
    assert tensor.dtype == np.float32
    assert np.array_equal(tensor, pixels.transpose(2, 0, 1))


def test_order_range_mean_and_spread_are_those_of_the_keys() -> None:
    how = dataclasses.replace(PLAIN, order="bgr", range=1.0, mean=(0.1, 0.2, 0.3), std=(2, 4, 8))
    pixels = picture()
    expected = (pixels[..., ::-1] / 255 - [0.1, 0.2, 0.3]) / [2, 4, 8]
    assert np.allclose(how.tensor(pixels), expected.transpose(2, 0, 1), atol=1e-6)
    low, high = how.bounds()
    assert np.allclose(how.tensor(pixels * 0), low)
    assert np.allclose(how.tensor(pixels * 0 + 255), high)


@pytest.mark.parametrize("order", ["rgb", "bgr", "grey", ("green", "zero", "blue", "red")])
def test_pixels_come_back(order: Any) -> None:
    count = {"grey": 1}.get(order, len(order)) if isinstance(order, str) else len(order)
    how = dataclasses.replace(
        PLAIN, order=order, range=1.0, mean=(0.4,) * count, std=(0.3,) * count
    )
    pixels = picture()
    tensor = how.tensor(pixels)
    assert tensor.shape == tuple(how.shape) == (count, 4, 6)
    assert np.array_equal(how.pixels(tensor), how.seen(pixels))
    if order == "grey":
        assert np.ptp(how.seen(pixels), axis=-1).max() == 0
    else:
        assert np.array_equal(how.seen(pixels), pixels)


def test_values_that_are_no_colours_are_clipped_for_display() -> None:
    shown = PLAIN.pixels(np.full((3, 4, 6), [[[np.nan]], [[np.inf]], [[-1e9]]]))
    assert shown[0, 0].tolist() == [0, 255, 0]


def test_fit_takes_the_middle_or_adds_a_border() -> None:
    pixels = np.zeros((8, 24, 3), np.uint8)
    pixels[:, 6:18] = 200  # the middle, of the network's proportions
    assert (dataclasses.replace(PLAIN, fit="cover", resample="nearest").seen(pixels) == 200).all()
    grey = dataclasses.replace(PLAIN, fit="contain", mean=(90.0, 80.0, 70.0))
    seen = grey.seen(np.full((8, 24, 3), 200, np.uint8))
    assert (seen[1:3] == 200).all()
    assert (seen[0] == [90, 80, 70]).all()
    assert (grey.tensor(np.full((8, 24, 3), 200, np.uint8))[:, 0] == 0).all()


@pytest.mark.parametrize("name", ["size", "order", "range", "mean", "std"])
def test_a_missing_key_is_asked_for(name: str) -> None:
    with pytest.raises(PresetError, match=f"net.onnx needs {name}, .*for example {name} = "):
        dataclasses.replace(PLAIN, **{name: None}).complete("net.onnx")


def test_own_keys_win_over_a_known_networks() -> None:
    known = dataclasses.replace(PLAIN, fit="cover", labels=("a", "b"))
    found = Preprocess(fit="stretch", size=(3, 3)).over(known)
    assert (found.fit, found.size, found.order, found.labels) == (
        "stretch",
        (3, 3),
        "rgb",
        ("a", "b"),
    )


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"size": (0, 3)}, "size"),
        ({"size": (10**9, 3)}, "size"),
        ({"order": "brg"}, "order"),
        ({"order": ("red", "mauve")}, "order"),
        ({"range": 0}, "range"),
        ({"std": (0.0,)}, "std"),
        ({"mean": (1.0,) * 100}, "mean"),
        ({"order": "rgb", "mean": (1.0,)}, "mean"),
        ({"fit": "crop"}, "fit"),
        ({"labels": ("a", 3)}, "labels"),
        ({"labels": "imagnet"}, "labels"),
    ],
)
def test_wrong_values_are_refused_by_their_key(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(PresetError) as error:
        Preprocess(**keys)
    assert error.value.key == f"preprocess.{key}"


def test_labels_of_a_file_become_part_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("cat\nEgyptian Mau\n", "utf-8")
    found = Preprocess.of({"labels": str(tmp_path / "names.txt")}, USER)
    assert found.labels == ("cat", "Egyptian Mau")
    assert Preprocess(labels=tuple(found.to_toml()["labels"])) == found
    for origin, name in ((NOWHERE, "names.txt"), (USER, str(tmp_path / "no.txt"))):
        with pytest.raises(PresetError) as error:
            Preprocess.of({"labels": name}, origin)
        assert error.value.key == "preprocess.labels"


def test_stored_images_of_all_kinds_are_pictures_of_8_bits() -> None:
    deep = np.array([[[0], [65535], [32768]]], np.uint16)
    assert picture_of(StoredImage(deep))[0].tolist() == [[0] * 3, [255] * 3, [128] * 3]
    grey = np.array([[[7]]], np.uint8)
    assert picture_of(StoredImage(grey)).tolist() == [[[7, 7, 7]]]
