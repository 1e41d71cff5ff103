"""Sheets of networks: the cells of a preset's `[sweep]`, each a preset, and words for them.

Preset -> cells() -> Grid: rows × columns of Cell(preset, time, label)

Besides the keys of a preset, an axis may vary "time" (seconds) and "layer" (the pictures of the
layers of one network).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cppn_gl.nn.draws import MAX_SEED
from cppn_gl.nn.layers import MAX_DEPTH
from cppn_gl.preset.axes import Axis, Sweep, parse_axis
from cppn_gl.preset.tables import expand, field_of, resolve, whole
from cppn_gl.utils.checks import Integer, PresetError, integer, number

if TYPE_CHECKING:
    from cppn_gl.preset.preset import Preset

MAX_TIME = 1e9
APART: dict[str, Callable[[Any], Any]] = {  # what an axis varies and a preset has not
    "time": number(-MAX_TIME, MAX_TIME),
    "layer": integer(1, MAX_DEPTH),
}
NEIGHBOURS, NEIGHBOUR_COLUMNS = 12, 4  # what a sheet shows that is told nothing
WORDS = {"weight_scale": "× {}", "bias_scale": "biases × {}", "extent": "± {}", "time": "{} s"}
WORDS |= {"which": "normalised: {}"}


@dataclass(frozen=True)
class Cell:
    """One picture of a sheet. `time` in seconds; None: the sheet's. Rows and columns from 0."""

    preset: "Preset"
    time: float | None
    row: int
    column: int
    label: str


@dataclass(frozen=True)
class Grid:
    """A sheet: its cells row by row. The labels of rows, or of columns, are "" where folded.

    The last row of a folded axis may be short.
    """

    rows: int
    columns: int
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[Cell, ...]

    def at(self, row: int, column: int) -> Cell | None:
        """The cell at a place; None where there is none."""
        index = row * self.columns + column
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return self.cells[index] if inside and index < len(self.cells) else None


def cells(preset: "Preset") -> Grid:
    """The sheet of a preset. Raises PresetError, of sweep.rows or sweep.cols.

    A preset that says nothing of a sheet gets its neighbours: other seeds, or for a network given
    by its layers the picture of each layer.
    """
    return _cells(preset, preset.name)


@lru_cache(maxsize=8)
def _cells(preset: "Preset", name: str) -> Grid:
    sweep = preset.sweep
    rows, columns = axis(sweep.rows, "sweep.rows"), axis(sweep.cols, "sweep.cols")
    wrap = sweep.wrap
    if not rows.parts and not columns.parts:
        columns, wrap = _neighbours(preset), wrap or NEIGHBOUR_COLUMNS
    return _Sheet(preset, rows, columns, wrap).grid()


def _neighbours(preset: "Preset") -> Axis:
    spec = preset.spec
    if not spec.redrawable:
        return Axis((("layer", tuple(range(1, spec.depth + 1))),))
    first = min(spec.seed, MAX_SEED + 1 - NEIGHBOURS)
    return Axis((("network.seed", tuple(range(first, first + NEIGHBOURS))),))


@dataclass(frozen=True)
class _Sheet:
    preset: "Preset"
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
        """Cell `number_`, counted from 0 row by row."""
        row, column = divmod(number_, self.columns.count)
        preset, time, layer = self.preset, None, None
        if preset.show.view == "sheet":
            preset = preset.replace(**{"show.view": "picture"})
        if preset.sweep.seeds == "varying":
            preset = _tried(preset, {"network.seed": self._seed(number_)}, "sweep.seeds")
        axes = (("sweep.rows", self.rows.step(row)), ("sweep.cols", self.columns.step(column)))
        for where, step in axes:
            time, layer = step.pop("time", time), step.pop("layer", layer)
            preset = _tried(preset, step, where) if step else preset
        if preset.show.view == "sheet":
            raise PresetError("show.view: a sheet has no sheet in a cell", key=where)
        if layer is not None:
            where = "sweep.rows" if "layer" in self.rows.keys else "sweep.cols"
            if layer > preset.spec.depth:
                problem = f"layer {layer} where the network has {preset.spec.depth}"
                raise PresetError(problem, key=where)
            preset = preset.layer_picture(layer)
        return Cell(preset, time, *place, label)

    def _seed(self, number_: int) -> int:
        return (self.preset.spec.seed + number_) % (MAX_SEED + 1)


def _tried(preset: "Preset", step: dict[str, Any], where: str) -> "Preset":
    try:
        return preset.replace(**step)
    except PresetError as error:
        problem = f"{error.key}: {error.problem}" if error.key else error.problem
        raise PresetError(problem, key=where) from None


@lru_cache(maxsize=64)
def axis(text: str, where: str = "axis") -> Axis:
    """The axis of a text, its keys dotted and its values checked. PresetError, with key `where`."""
    try:
        found = parse_axis(text, _whole)
        parts = tuple((_dotted(name), values) for name, values in found.parts)
        checked = tuple((name, _checked(name, values)) for name, values in parts)
    except PresetError as error:
        problem = f"{error.key}: {error.problem}" if error.key else error.problem
        raise PresetError(problem, key=where) from None
    except ValueError as error:
        raise PresetError(str(error), key=where) from None
    keys = [one for name, _ in checked for one in expand(name)]
    if len(set(keys)) < len(keys):
        raise PresetError("a key stands twice on one axis", key=where)
    return Axis(checked)


def _whole(name: str) -> bool:
    name = _dotted(name)
    return isinstance(APART[name], Integer) if name in APART else whole(name)


def _dotted(name: str) -> str:
    if name in APART:
        return name
    table, field = resolve(name)
    if table in ("", "sweep", "animate"):
        raise PresetError("cannot differ from cell to cell", key=name)
    return f"{table}.{field}"


def _checked(name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    check = APART[name] if name in APART else field_of(name).metadata["check"]
    try:
        return tuple(check(value) for value in values)
    except (ValueError, TypeError) as error:
        problem = error.problem if isinstance(error, PresetError) else str(error)
        raise PresetError(problem, key=name) from None


def check_sweep(sweep: Sweep) -> None:
    """Raise PresetError where an axis names a key that there is not, or a value it cannot take."""
    rows, columns = axis(sweep.rows, "sweep.rows"), axis(sweep.cols, "sweep.cols")
    differing = {one for name in columns.keys for one in expand(name)}
    for name in rows.keys:
        if differing.intersection(expand(name)):
            raise PresetError(f"{name} differs along the rows already", key="sweep.cols")


def labels(of: Axis) -> tuple[str, ...]:
    """Words for each step of an axis: "depth 3", "tanh", "× 0.55"; "" where nothing differs.

    Of several keys as many are named, from the first on, as it takes to tell the steps apart.
    """
    told = [(n, v) for n, v in of.parts if len(set(v)) > 1] or of.parts[:1]
    steps: tuple[str, ...] = ("",) * of.count
    for name, values in told:
        joined = zip(steps, _words(name, values), strict=True)
        steps = tuple(f"{before} · {word}" if before else word for before, word in joined)
        if len(set(steps)) == of.count:
            break
    return steps


def _words(name: str, values: tuple[Any, ...]) -> list[str]:
    """Words for the values of a key, with as many digits as tell them apart."""
    for digits in (3, 4, 6, 17):
        words = [_word(name.rpartition(".")[2], value, digits) for value in values]
        if len(set(words)) == len(set(values)):
            break
    return words


def _word(name: str, value: Any, digits: int) -> str:
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, str):
        return WORDS.get(name, "{}").format(value)
    if isinstance(value, tuple):
        items = [item if isinstance(item, str) else _number(item, digits) for item in value]
        joined = ", ".join(items)
        return joined if value and isinstance(value[0], str) else f"{name} {joined}"
    shown = _number(value, digits)
    return WORDS.get(name, name.replace("_", " ") + " {}").format(shown)


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
