"""The keys and values along the axes of a sheet, checked, and a label for each step.

Besides preset keys an axis can vary "time" (seconds) and "layer" (pictures of the layers of one
network).
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from cppn_gl.nn.draws import SEED, seed_words
from cppn_gl.nn.layers import MAX_DEPTH
from cppn_gl.preset.animation import TIME
from cppn_gl.preset.axes import MAX_CELLS, Axis, Sweep, parse_axis
from cppn_gl.preset.tables import expand, field_of, resolve, whole
from cppn_gl.utils.checks import Integer, PresetError, checked, integer

EXTRA: dict[str, Callable[[Any], Any]] = {  # axis keys that are not preset keys
    "time": TIME,
    "layer": integer(1, MAX_DEPTH),
}
WORDS = {"weight_scale": "× {}", "bias_scale": "biases × {}", "extent": "± {}", "time": "{} s"}
WORDS |= {"which": "normalised: {}"}


@lru_cache(maxsize=64)
def axis(text: str, where: str = "axis", limit: int = MAX_CELLS) -> Axis:
    """The axis of a text, with dotted keys and checked values. PresetError with key `where`."""
    try:
        parsed = parse_axis(text, _whole, limit)
        parts = tuple((_dotted(name), values) for name, values in parsed.parts)
        checked = tuple((name, _checked(name, values)) for name, values in parts)
    except PresetError as error:
        problem = f"{error.key}: {error.problem}" if error.key else error.problem
        raise PresetError(problem, key=where) from None
    except ValueError as error:
        raise PresetError(str(error), key=where) from None
    keys = [dotted for name, _ in checked for dotted in expand(name)]
    if len(set(keys)) < len(keys):
        raise PresetError("a key is given twice on one axis", key=where)
    return Axis(checked)


def _whole(name: str) -> bool:
    name = _dotted(name)
    return isinstance(EXTRA[name], Integer) if name in EXTRA else whole(name)


def _dotted(name: str) -> str:
    if name in EXTRA:
        return name
    table, field = resolve(name)
    if table in ("", "sweep", "animate"):
        raise PresetError("cannot vary from cell to cell", key=name)
    return f"{table}.{field}"


def _checked(name: str, values: Sequence[Any]) -> Sequence[Any]:
    check = EXTRA[name] if name in EXTRA else field_of(name).metadata["check"]
    if isinstance(values, range) and (check is SEED or isinstance(check, Integer)):
        for end in (values[0], values[-1]):  # between them all are right
            checked(check, end, name)
        return values
    found = tuple(checked(check, value, name) for value in values)
    if check is SEED:  # words stay words: they label the cell and become its title
        return tuple(v if seed_words(v) else f for v, f in zip(values, found, strict=True))
    return found


def check_sweep(sweep: Sweep) -> None:
    """Raise PresetError for unknown keys, invalid values, and keys that vary along both axes."""
    rows, columns = axis(sweep.rows, "sweep.rows"), axis(sweep.cols, "sweep.cols")
    if name := twice(rows, columns):
        raise PresetError(f"{name} already varies along the rows", key="sweep.cols")


def twice(*axes: Axis) -> str:
    """A key that varies along two axes; "" if there is none."""
    seen: set[str] = set()
    for one in axes:
        for name in one.keys:
            if seen.intersection(expand(name)):
                return name
        seen.update(dotted for name in one.keys for dotted in expand(name))
    return ""


def labels(axis: Axis) -> tuple[str, ...]:
    """A label for each step: "depth 3", "tanh", "× 0.55"; "" on an empty axis.

    Of several keys it names the first ones, as many as distinguish all steps.
    """
    varying = [(n, v) for n, v in axis.parts if len(set(v)) > 1] or axis.parts[:1]
    steps: tuple[str, ...] = ("",) * axis.count
    for name, values in varying:
        joined = zip(steps, _words(name, values), strict=True)
        steps = tuple(f"{before} · {word}" if before else word for before, word in joined)
        if len(set(steps)) == axis.count:
            break
    return steps


def _words(name: str, values: Sequence[Any]) -> list[str]:
    """Words for the values of a key, with as many digits as distinguish them."""
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
