"""Tables of points in text files: x, y, and a class or a value, one point a line.

    file -> read_points() -> Column: x, y, and labels with their names, or values

Cells are divided by tabs, semicolons or commas, whichever the first line has; with the first two a
number may have a decimal comma. A first line that is no point names the columns: x, y, and one of
THIRD in any place, or the three in order. Empty lines and lines that begin with # are skipped.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cppn_gl.nn.training.data_sets import MAX_CLASSES, MAX_POINTS
from cppn_gl.utils.arrays import Float64
from cppn_gl.utils.checks import PresetError, one_line, show
from cppn_gl.utils.files import read_plain

MAX_BYTES = 32 * 2**20
LARGEST = 1e6  # of coordinates and values
MAX_NAME = 60  # characters of a class
# Names of the third column, and what it holds if its name tells.
THIRD = {
    **dict.fromkeys(("class", "label", "species", "category"), "classes"),
    **dict.fromkeys(("value", "z", "height"), "values"),
    "target": "",
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,9}(\.0*)?", re.ASCII)


@dataclass(frozen=True, eq=False)
class Column:
    """Points of a file in its order, (N,), each with a class from 0 or a value."""

    x: Float64
    y: Float64
    labels: NDArray[np.int64] | None
    values: Float64 | None
    names: tuple[str, ...]  # of the classes, in the order of numbers or of the alphabet


Rows = list[tuple[int, list[str]]]  # line numbers and cells


def read_points(path: Path, target: str = "auto") -> Column:
    """The points in a file. Raises PresetError with the file, and the line if known.

    `target`: "classes" or "values"; "auto" takes the third column for classes if its name says so,
    or if it holds texts or at most MAX_CLASSES different integers.
    """
    data = read_plain(path, MAX_BYTES)
    if data is None:
        raise PresetError(f"larger than {MAX_BYTES >> 20} MiB", source=str(path))
    try:
        return _points(_decoded(data), target)
    except PresetError as error:
        raise error.at(str(path), error.line) from None


def _decoded(data: bytes) -> str:
    """The text of a file: UTF-16 with its mark, else UTF-8, else Windows' Latin letters."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" in data:
            raise PresetError("not a text of points") from None
        return data.decode("cp1252", errors="replace")


def _points(text: str, target: str) -> Column:
    lines = io.StringIO(text, newline="")  # unlike splitlines, without a list of them all
    first = next((line for line in lines if line.strip() and line[0] != "#"), "")
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    rows = list(_rows(text, delimiter))
    if not rows:
        raise PresetError("no points; expected lines of x, y, class or value")
    columns, kind = (0, 1, 2), ""
    if not all(_NUMBER.fullmatch(_cell(cell, delimiter)) for cell in rows[0][1][:2]):
        columns, kind = _named(rows.pop(0), delimiter)
        if not rows:
            raise PresetError("no points after the names of the columns")
    for line, cells in rows:
        if len(cells) <= max(columns) or (columns == (0, 1, 2) and not kind and len(cells) > 3):
            problem = (
                f"{len(cells)} cell{'s' * (len(cells) != 1)}; expected 3: x, y, class or value"
            )
            raise PresetError(problem, line=line)
    x, y = (_numbers(rows, at, delimiter) for at in columns[:2])
    third = [(line, _name(cells[columns[2]])) for line, cells in rows]
    if target == "auto":
        target = kind or _guessed(third, delimiter)
    if target == "values":
        return Column(x, y, None, _numbers(rows, columns[2], delimiter), ())
    labels, names = _labels(third)
    return Column(x, y, labels, None, names)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    count = 0
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            while len(cells) > 3 and not cells[-1]:  # a delimiter at the end of the line
                cells.pop()
            if any(cells) and not cells[0].startswith("#"):
                count += 1
                if count > MAX_POINTS + 1:
                    raise PresetError(f"more than {MAX_POINTS:,} points", line=reader.line_num)
                yield reader.line_num, cells
    except csv.Error as error:
        raise PresetError(f"not a table: {error}", line=reader.line_num) from None


def _named(row: tuple[int, list[str]], delimiter: str) -> tuple[tuple[int, int, int], str]:
    """Where x, y and the third column are by a header, and what the third holds, "" if unknown."""
    line, cells = row
    if any(_NUMBER.fullmatch(_cell(cell, delimiter)) for cell in cells[:2]):
        wrong = next(c for c in cells[:2] if not _NUMBER.fullmatch(_cell(c, delimiter)))
        raise PresetError(f"{show(wrong)} is not a number", line=line)
    names = [cell.lower() for cell in cells]
    third = next((name for name in names if name in THIRD), "")
    if third and "x" in names and "y" in names:
        if twice := next((n for n in ("x", "y", third) if names.count(n) > 1), ""):
            raise PresetError(f"two columns are named {show(twice)}", line=line)
        return (names.index("x"), names.index("y"), names.index(third)), THIRD[third]
    if len(cells) == 3:
        return (0, 1, 2), THIRD.get(names[2], "")
    problem = f"{len(cells)} columns; expected three, or columns named x, y and class or value"
    raise PresetError(problem, line=line)


def _cell(cell: str, delimiter: str) -> str:
    return cell if delimiter == "," else cell.replace(",", ".")


def _numbers(rows: Rows, at: int, delimiter: str) -> Float64:
    found = np.empty(len(rows))
    for index, (line, cells) in enumerate(rows):
        cell = _cell(cells[at], delimiter)
        if not _NUMBER.fullmatch(cell):
            raise PresetError(f"{show(cells[at])} is not a number", line=line)
        found[index] = float(cell)
        if not abs(found[index]) <= LARGEST:
            raise PresetError(f"{show(cells[at])} is beyond ±{LARGEST:g}", line=line)
    return found


def _name(cell: str) -> str:
    """The third cell of a point as the name of a class: 1 for 1.0, too."""
    return str(int(float(cell))) if _INTEGER.fullmatch(cell) else one_line(cell)


def _guessed(third: list[tuple[int, str]], delimiter: str) -> str:
    """What the third column holds. Some words among many numbers are mistakes in values."""
    names = {name for _, name in third}
    words = sum(not _NUMBER.fullmatch(_cell(name, delimiter)) for name in names)
    if words:
        return "classes" if len(names) <= MAX_CLASSES or 2 * words > len(names) else "values"
    whole = all(_INTEGER.fullmatch(name) for name in names)
    return "classes" if whole and len(names) <= MAX_CLASSES else "values"


def _labels(third: list[tuple[int, str]]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    names: dict[str, None] = {}
    for line, name in third:
        if not name:
            raise PresetError("no class", line=line)
        if len(name) > MAX_NAME:
            raise PresetError(f"{show(name)} is longer than {MAX_NAME} characters", line=line)
        names[name] = None
        if len(names) > MAX_CLASSES:
            raise PresetError(f"class {show(name)}: at most {MAX_CLASSES} classes", line=line)
    numbers = all(_NUMBER.fullmatch(name) for name in names)
    ordered = sorted(names, key=float) if numbers else sorted(names)
    place = {name: label for label, name in enumerate(ordered)}
    return np.array([place[name] for _, name in third], np.int64), tuple(ordered)
