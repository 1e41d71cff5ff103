"""Data sets of the table [train]: kinds, classes, the split, files that a text may name."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl.nn.training.data import check_data, dataset_of, located, targets
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.origin import NOWHERE, Origin

OWN = ((0.0, 1.0, 0.0), (2.0, 3.0, 2.0), (4.0, 5.0, 1.0), (6.0, 7.0, 0.0))


@dataclasses.dataclass(frozen=True)
class Settings:
    data: str = "circle"
    target: str = "auto"
    own: tuple[tuple[float, float, float], ...] = ()
    classes: int = 0
    points: int = 100
    test_fraction: float = 0.5
    data_noise: float = 0.0
    seed: int = 3


def problem(**keys: Any) -> str:
    with pytest.raises(PresetError) as caught:
        dataset_of(Settings(**keys))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_training_set_comes_first_in_a_drawn_order() -> None:
    one, other = dataset_of(Settings()), dataset_of(Settings(test_fraction=0.25))
    assert (len(one), one.training, other.training) == (100, 50, 75)
    assert (one.x == other.x).all()
    assert one.digest != other.digest
    assert dataset_of(Settings()) is one
    assert 0.3 < one.labels[:50].mean() < 0.7
    assert not (one.labels == np.arange(100) % 2).all()
    assert dataset_of(Settings(test_fraction=0.0)).training == 100
    assert dataset_of(Settings(test_fraction=1.0)).training == 1
    with pytest.raises(ValueError, match="read-only"):
        one.x[0] = 1


def test_targets_follow_from_the_kind_and_the_loss() -> None:
    two, many = dataset_of(Settings()), dataset_of(Settings(data="rings", classes=4))
    assert (two.outputs, many.outputs) == (1, 4)
    for loss, low in (("cross-entropy", 0), ("squared", -1), ("hinge", -1), ("absolute", -1)):
        assert (targets(two, loss)[:, 0] == np.where(two.labels == 1, 1, low)).all()
        found = targets(many, loss)
        assert found.dtype == np.float32
        assert (found.argmax(axis=1) == many.labels).all()
        assert set(np.unique(found)) == {low, 1}
    values = dataset_of(Settings(data="plane"))
    assert np.allclose(targets(values, "squared")[:, 0], (values.x + values.y) / 10)


def test_own_points_have_classes_or_values() -> None:
    found = dataset_of(Settings(data="own", own=OWN, test_fraction=0.0))
    assert (found.kind, found.classes, found.outputs) == ("classes", 3, 3)
    assert {*zip(found.x, found.y, found.labels.astype(float), strict=True)} == set(OWN)
    assert dataset_of(Settings(data="own", own=OWN[:1])).classes == 2
    assert dataset_of(Settings(data="own", own=OWN, classes=5)).classes == 5
    assert dataset_of(Settings(data="own", own=OWN, target="values")).kind == "values"
    assert dataset_of(Settings(data="own", own=((0, 0, 0.5),))).kind == "values"
    assert "no points" in problem(data="own")
    assert "point 1: 0.5 is no class" in problem(data="own", own=((0, 0, 0.5),), target="classes")
    assert "train.classes: 2; the points have 3" in problem(data="own", own=OWN, classes=2)


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("0,0,a\n1,1,b\n2,2,c\n")
    first = dataset_of(Settings(data=str(file)))
    assert (first.kind, first.names) == ("classes", ("a", "b", "c"))
    file.write_text("0,0,1.5\n1,1,2\n")
    os.utime(file, ns=(1, 1))
    second = dataset_of(Settings(data=str(file)))
    assert second.kind == "values"
    assert second.digest != first.digest
    file.write_text("0,0,1.5\n1,one,2\n")
    os.utime(file, ns=(2, 2))
    assert problem(data=str(file)) == "train.data: points.csv:2: 'one' is not a number"


def test_a_picture_is_learned_as_colours_or_as_distances(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    pixels = np.full((6, 8, 3), 255, np.uint8)
    pixels[2:4, 2:5] = 10, 20, 30
    Image.fromarray(pixels).save(file)
    found = dataset_of(Settings(data=str(file), test_fraction=0.0))
    assert (found.kind, found.size, found.outputs, len(found)) == ("picture", (8, 6), 3, 48)
    column = np.rint(found.x * 3 + 3.5).astype(int)
    row = np.rint(2.5 - found.y * 3).astype(int)
    assert (found.values == found.picture[row, column]).all()
    field = dataset_of(Settings(data=str(file), target="distance"))
    assert (field.kind, field.outputs) == ("distance", 1)
    assert 0 < (field.values < 0).sum() == 6
    assert "a.png: expected picture or distance, not values" in problem(
        data=str(file), target="values"
    )


def test_what_does_not_fit_is_refused() -> None:
    assert problem(data="") == 'train.data: nothing to learn: data is ""'
    assert problem(classes=3) == "train.classes: circle has two classes"
    assert problem(data="plane", classes=2) == "train.classes: plane has values, no classes"
    assert problem(data="spiral", target="values") == "train.target: spiral has classes"
    assert "points.csv' is not there: put it beside the preset" in problem(data="points.csv")
    assert dataset_of(Settings(data="gauss", target="values")).kind == "values"
    assert check_data("photo.JPG") == "photo.JPG"
    with pytest.raises(ValueError, match="did you mean 'spiral'"):
        check_data("spirals")
    with pytest.raises(ValueError, match=r"no data 'a.xls'; files end in .csv"):
        check_data("a.xls")


def test_text_from_elsewhere_may_name_files_beside_it_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "in/b.csv"):
        (tmp_path / name).write_text("0,0,1\n")
    stranger, user = Origin(tmp_path / "in"), Origin(tmp_path / "in", trusted=True)
    assert located("b.csv", stranger) == str(tmp_path / "in" / "b.csv")
    assert located("../a.csv", user) == str(tmp_path / "a.csv")
    assert located("none.csv", user) == str(tmp_path / "in" / "none.csv")
    for name, origin in (("../a.csv", stranger), ("b.csv", NOWHERE), ("x/none.csv", stranger)):
        assert located(name, origin) == name.rpartition("/")[2]
    assert located("circle", NOWHERE) == "circle"


def test_a_picture_shipped_with_the_presets_is_found_by_its_mere_name(tmp_path: Path) -> None:
    for origin in (NOWHERE, Origin(tmp_path), Origin(tmp_path, trusted=True)):
        assert Path(located("anchor.png", origin)).is_file()
    assert located("somewhere/anchor.png", NOWHERE) == "anchor.png"
    (tmp_path / "anchor.png").write_bytes(b"")
    assert located("anchor.png", Origin(tmp_path)) == str(tmp_path / "anchor.png")


def test_classes_that_no_point_has_have_names_too(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("0,0,a\n1,1,a\n")
    assert dataset_of(Settings(data=str(path))).names == ("a", "empty 1")
    assert dataset_of(Settings(data=str(path), classes=3)).names == ("a", "empty 1", "empty 2")
