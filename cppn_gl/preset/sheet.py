"""Sheets: the cells of a `[sweep]`, each a preset of its own.

Preset -> cells() -> Grid: rows × columns of Cell(preset, time, label)
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cppn_gl.nn.draws import MAX_SEED
from cppn_gl.nn.image_file import SHIPPED
from cppn_gl.preset.axes import Axis
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sweep import axis, labels
from cppn_gl.utils.checks import PresetError

NEIGHBOURS, NEIGHBOUR_COLUMNS = 12, 4  # the sheet of a preset without [sweep]


@dataclass(frozen=True)
class Cell:
    """One picture of a sheet. `time` in seconds; None: that of the sheet. Rows, columns from 0."""

    preset: Preset
    time: float | None
    row: int
    column: int
    label: str


@dataclass(frozen=True)
class Grid:
    """A sheet: its cells row by row. Labels of rows and columns are "" if the axis is wrapped.

    The last row of a wrapped axis may be shorter.
    """

    rows: int
    columns: int
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[Cell, ...]

    def at(self, row: int, column: int) -> Cell | None:
        """The cell at a row and column; None if there is none."""
        index = row * self.columns + column
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return self.cells[index] if inside and index < len(self.cells) else None


def cells(preset: Preset) -> Grid:
    """The sheet of a preset. Raises PresetError with key sweep.rows or sweep.cols.

    Without `[sweep]` it shows the next seeds, or each layer's picture of a network with explicit
    layers, or the pictures that are shipped, as a network of pictures sees them.
    """
    return _cells(preset, preset.name)


@lru_cache(maxsize=8)
def _cells(preset: Preset, name: str) -> Grid:
    sweep = preset.sweep
    rows, columns = axis(sweep.rows, "sweep.rows"), axis(sweep.cols, "sweep.cols")
    wrap = sweep.wrap
    if not rows.parts and not columns.parts:
        columns, wrap = _neighbours(preset), wrap or NEIGHBOUR_COLUMNS
    return _Sheet(preset, rows, columns, wrap).grid()


def _neighbours(preset: Preset) -> Axis:
    spec = preset.spec
    if preset.classifies:
        return Axis((("input.image", SHIPPED),))
    if not spec.redrawable:
        return Axis((("layer", tuple(range(1, spec.depth + 1))),))
    first = min(spec.seed, MAX_SEED + 1 - NEIGHBOURS)
    return Axis((("network.seed", tuple(range(first, first + NEIGHBOURS))),))


@dataclass(frozen=True)
class _Sheet:
    preset: Preset
    rows: Axis
    columns: Axis
    wrap: int

    def grid(self) -> Grid:
        row_words, column_words = labels(self.rows), labels(self.columns)
        count = self.rows.count * self.columns.count
        if self.wrap and (not self.rows.parts or not self.columns.parts):
            width = min(self.wrap, count)
            words = column_words if self.columns.parts else row_words
            steps = [divmod(k, width) for k in range(count)]
            made = [self.cell(k, place, words[k]) for k, place in enumerate(steps)]
            height = -(-count // width)
            return Grid(height, width, ("",) * height, ("",) * width, tuple(made))
        made = []
        for k in range(count):
            row, column = divmod(k, self.columns.count)
            words_of = [w for w in (row_words[row], column_words[column]) if w]
            made.append(self.cell(k, (row, column), " · ".join(words_of)))
        return Grid(self.rows.count, self.columns.count, row_words, column_words, tuple(made))

    def cell(self, number_: int, place: tuple[int, int], label: str) -> Cell:
        """Cell `number_`, from 0, row by row."""
        row, column = divmod(number_, self.columns.count)
        preset = self.preset
        if preset.show.view == "sheet":
            preset = preset.replace(**{"show.view": "picture"})
        if preset.sweep.seeds == "varying":
            preset = _tried(preset, {"network.seed": self._seed(number_)}, "sweep.seeds")
        axes = {"sweep.rows": self.rows.step(row), "sweep.cols": self.columns.step(column)}
        preset, time = varied(preset, axes)
        if preset.show.view == "sheet":
            problem = "show.view: a cell of a sheet cannot be a sheet"
            raise PresetError(problem, key="sweep.cols")
        return Cell(preset, time, *place, label)

    def _seed(self, number_: int) -> int:
        return (self.preset.spec.seed + number_) % (MAX_SEED + 1)


def varied(preset: Preset, steps: dict[str, dict[str, Any]]) -> tuple[Preset, float | None]:
    """A preset with the values of a step of each axis, by the axis' name, and the time if given.

    Raises PresetError with that name as key.
    """
    time: float | None = None
    layers: list[tuple[str, int]] = []
    for where, step in steps.items():
        values = dict(step)
        time = values.pop("time", time)
        if "layer" in values:
            layers.append((where, values.pop("layer")))
        preset = _tried(preset, values, where) if values else preset
    for where, layer in layers:
        if preset.classifies:
            problem = "its layers have no picture of the plane; vary channels.unit"
            raise PresetError(problem, key=where)
        if layer > preset.spec.depth:
            raise PresetError(f"layer {layer}; the network has {preset.spec.depth}", key=where)
        preset = preset.layer_picture(layer)
    return preset, time


def _tried(preset: Preset, step: dict[str, Any], where: str) -> Preset:
    try:
        return preset.replace(**step)
    except PresetError as error:
        problem = f"{error.key}: {error.problem}" if error.key else error.problem
        raise PresetError(problem, key=where) from None
