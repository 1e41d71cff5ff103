"""The cells of a sheet, or of the view `layers`, as a page needs them; web/cells.js lays them out.

    shot -> describe_cells() -> what differs from cell to cell, labels, and how wide they are

Widths of labels in the program's typeface decide how large the cells are: with those at the two
font sizes that a layout considers, the page's cells are where Python's are.
"""

from collections.abc import Iterable
from typing import Any

from cppn_gl.nn.sources import Random
from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.preset import Preset
from cppn_gl.preset.sheet import Grid, cells
from cppn_gl.preset.shot import Shot
from cppn_gl.preset.show import LayersOptions
from cppn_gl.preset.sweep import axis
from cppn_gl.utils.checks import PresetError
from cppn_gl.views.sheet_layout import BESIDE, LETTERS, MOST, broken
from cppn_gl.views.text import MIN_FONT, fitting, line_height, width

SEED = "network.seed"
CHANGED = "network", "view", "animation", "color", "normalize"  # tables that a page knows


def describe_cells(shot: Shot) -> dict[str, Any]:
    """For JSON: of a sheet all cells; of the view `layers` only that it is one.

    Raises PresetError for what a page cannot show.
    """
    preset = shot.preset
    if preset.show.view == "layers":
        before = preset.options(LayersOptions).before
        return {"view": "layers", "before": before, "output": preset.spec.output_activation}
    return _sheet(preset)


def _sheet(preset: Preset) -> dict[str, Any]:
    """The sheet's cells row by row, each with the keys that it changes.

    "seeds": the seeds count up from the preset's, cell by cell. "fonts": see `_font`.
    """
    grid, sweep = cells(preset), preset.sweep
    for cell in grid.cells:
        if cell.preset.show.view != "picture":
            problem = "a page shows only pictures in the cells of a sheet"
            raise PresetError(problem, key="show.view")
    steps, seeds = _steps(preset, grid)
    font_size = fitting(sweep.cell, MIN_FONT, MOST, (LETTERS, LETTERS)) if sweep.labels else 0
    rows = [broken(label, font_size or 1, BESIDE * sweep.cell[0]) for label in grid.row_labels]
    return {
        "view": "sheet",
        "rows": grid.rows,
        "columns": grid.columns,
        "cell": list(sweep.cell),
        "gap": sweep.gap,
        "seeds": seeds,
        "font": font_size,
        "fonts": {str(size): _font(size, grid, rows) for size in sorted({font_size, MIN_FONT})},
        "row_labels": rows,
        "column_labels": grid.column_labels,
        "cells": [
            {
                "label": cell.label,
                **({"time": step.pop("time")} if "time" in step else {}),
                **({"layer": step.pop("layer")} if "layer" in step else {}),
                "keys": {key: _value(key, value) for key, value in step.items()},
            }
            for cell, step in zip(grid.cells, steps, strict=True)
        ],
    }


def _steps(preset: Preset, grid: Grid) -> tuple[list[dict[str, Any]], bool]:
    """What each cell changes, and whether seeds count up."""
    sweep: Sweep = preset.sweep
    rows, columns = axis(sweep.rows, "sweep.rows"), axis(sweep.cols, "sweep.cols")
    if not rows.parts and not columns.parts:  # see preset/sheet.py
        if isinstance(preset.spec, Random):
            return [{} for _ in grid.cells], True
        return [{"layer": k} for k in range(1, len(grid.cells) + 1)], False
    steps = []
    for number in range(len(grid.cells)):
        row, column = divmod(number, columns.count)
        step = rows.step(row) | columns.step(column)
        steps.append({k: v for k, v in step.items() if "." not in k or k.split(".")[0] in CHANGED})
    return steps, sweep.seeds == "varying"


def _value(key: str, value: Any) -> Any:
    """A value for JSON; seeds as text, since JavaScript's numbers would not hold them."""
    if key == SEED:
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _font(size: int, grid: Grid, rows: Iterable[Iterable[str]]) -> dict[str, float]:
    """The largest widths in pixels of labels: lines of rows, columns, cells; a line's height."""

    def widest(words: Iterable[str]) -> float:
        return max((width(word, size) for word in words), default=0) if size else 0

    return {
        "rows": widest(line for lines in rows for line in lines),
        "columns": widest(grid.column_labels),
        "cells": widest(cell.label for cell in grid.cells),
        "line": line_height(size),
    }
