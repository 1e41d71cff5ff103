"""Tables of points: what people's files look like, and one line about what is wrong in them."""

from pathlib import Path

import pytest

from cppn_gl.nn.training import point_files
from cppn_gl.nn.training.point_files import Column, read_points
from cppn_gl.utils.checks import PresetError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "points.csv"


def read(file: Path, text: str | bytes, target: str = "auto") -> Column:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_points(file, target)


def rows(column: Column) -> list[tuple[float, float, object]]:
    third = column.values if column.labels is None else [column.names[k] for k in column.labels]
    assert third is not None
    return list(zip(column.x.tolist(), column.y.tolist(), list(third), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "1.5,-2,a\n3,4e-1,b\n",
        "x,y,class\n1.5,-2,a\n3,0.4,b",
        "class;y;x\r\na;-2,0;1,5\r\nb;0,4;3\r\n",
        "Height\tWidth\tSpecies\n1,5\t-2\ta\n\n# a remark\n3\t0,4\tb\n",
        '"x", "y", "label"\n 1.5 , -2 , "a"\n3,.4,b\n',
        "name,x,y,label\nfirst,1.5,-2,a\nsecond,3,0.4,b\n",
        "﻿1.5,-2,a\n3,0.4,b\n",
        "1.5,-2,a,\n3,0.4,b,,\n",
    ],
)
def test_headers_and_delimiters(file: Path, text: str) -> None:
    assert rows(read(file, text)) == [(1.5, -2, "a"), (3, 0.4, "b")]


def test_encodings(file: Path) -> None:
    text = "x,y,class\n0,0,Öl\n1,1,Äpfel\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert set(read(file, text.encode(encoding)).names) == {"Öl", "Äpfel"}


def test_the_third_column_is_told_by_its_name_or_its_content(file: Path) -> None:
    assert read(file, "0,0,2\n1,1,-1\n2,2,2.0\n").names == ("-1", "2")
    assert read(file, "0,0,0.5\n1,1,1\n").labels is None
    many = "".join(f"{k},0,{k}\n" for k in range(11))
    assert read(file, many).labels is None
    assert read(file, "x,y,value\n0,0,1\n1,1,2\n").labels is None
    assert read(file, "x,y,z\n0,0,1\n1,1,2\n", "classes").names == ("1", "2")
    assert read(file, "x,y,class\n0,0,1\n1,1,2\n", "values").labels is None
    assert read(file, "0,0,10\n1,1,9\n").names == ("9", "10")
    assert read(file, "0;0;0,5\n1;1;1,5\n").labels is None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", None, "no points"),
        ("x,y,class\n", None, "no points after the names"),
        ("1,2\n", 1, "2 cells; expected 3: x, y, class or value"),
        ("1,2,a,b\n", 1, "4 cells; expected 3"),
        ("a,b,c,d\n1,2,3,4\n", 1, "4 columns; expected three, or columns named x, y and"),
        ("1,2,a\n\n3,four,b\n", 3, "'four' is not a number"),
        ("1,two,a\n", 1, "'two' is not a number"),
        ("1,2,a\n3,nan,b\n", 2, "'nan' is not a number"),
        ("1,2,a\n3,1e9,b\n", 2, "'1e9' is beyond ±1e+06"),
        ("1,2,a\n3,1e999,b\n", 2, "'1e999' is beyond"),
        ("x,y,value\n1,2,3\n1,2,a\n", 3, "'a' is not a number"),
        ("1,2,a\n1,2,\n", 2, "no class"),
        ("".join(f"0,0,{k}.5\n" for k in range(20)) + "0,0,n/a\n", 21, "'n/a' is not a number"),
        ("x,y,x,class\n1,2,3,a\n", 1, "two columns are named 'x'"),
        ('1,2,"a\n', 1, "not a table: unexpected end of data"),
        ("".join(f"0,0,k{k}\n" for k in range(11)), 11, "class 'k10': at most 10 classes"),
        (f"0,0,{'a' * 61}\n", 1, "longer than 60 characters"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\xff", None, "not a text of points"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_number(
    file: Path, text: str | bytes, line: int | None, problem: str
) -> None:
    with pytest.raises(PresetError) as caught:
        read(file, text)
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


def test_size_is_limited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_files, "MAX_POINTS", 3)
    assert len(read(file, "x,y,z\n" + "0,0,0\n" * 3).x) == 3
    with pytest.raises(PresetError, match="more than 3 points"):
        read(file, "0,0,0\n" * 5)
    monkeypatch.setattr(point_files, "MAX_BYTES", 10)
    with pytest.raises(PresetError, match="larger than"):
        read(file, "0,0,0\n" * 5)
    with pytest.raises(PresetError, match="No such file"):
        read_points(file.with_name("none.csv"))
    with pytest.raises(PresetError, match="Is a directory"):
        read_points(file.parent)
