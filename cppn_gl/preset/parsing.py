"""Parsing of presets: every error in the TOML text is a PresetError with file, line and key."""

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cppn_gl.nn.draws import seed_words
from cppn_gl.nn.image_file import Input, is_image_file
from cppn_gl.nn.sources import source_of
from cppn_gl.nn.training.data import is_file, is_folder
from cppn_gl.nn.training.options import Train
from cppn_gl.nn.vision.preprocess import Preprocess
from cppn_gl.preset.animation import Animate
from cppn_gl.preset.axes import Sweep
from cppn_gl.preset.color import Color
from cppn_gl.preset.preset import (
    FORMAT,
    MAX_BYTES,
    TABLES,
    TOP,
    Preset,
)
from cppn_gl.preset.show import VIEWS, Options, Show, option_fields
from cppn_gl.preset.sweep import axis
from cppn_gl.preset.tables import expand_all, fields_of
from cppn_gl.utils.checks import PresetError, checked, nearest, show
from cppn_gl.utils.files import read_plain
from cppn_gl.utils.origin import NOWHERE, Origin
from cppn_gl.utils.toml import load_toml

if TYPE_CHECKING:
    from cppn_gl.nn.training.checkpoint import Checkpoint


def parse_preset(
    toml: str, *, source: str = "", name: str = "preset", origin: Origin = NOWHERE
) -> Preset:
    """A preset from TOML text. `source` names the file in errors. Raises PresetError only.

    `origin` says which files the text may name; none by default.
    """
    try:
        document = load_toml(toml)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column \d+\)", str(error))
        problem = re.sub(r" \(at .*\)$", "", str(error))
        line = int(match.group(1)) if match else None
        raise PresetError(f"not TOML: {problem}", source=source, line=line) from None
    except RecursionError:
        raise PresetError("not a preset: nested too deep", source=source) from None
    except ValueError as error:
        raise PresetError(f"not TOML: {str(error).splitlines()[0]}", source=source) from None
    try:
        return _preset(document, name, origin)
    except PresetError as error:
        layer = re.match(r"(?:layer|block) (\d+)", error.problem)
        place = find_line(toml, error.key, int(layer.group(1)) if layer else 1)
        raise error.at(source, place) from None


def _preset(document: dict[str, Any], preset_name: str, origin: Origin) -> Preset:
    version = document.get("format", FORMAT)
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        problem = f"{show(version)} is newer than this program supports ({FORMAT}); update cppn_gl"
        raise PresetError(problem, key="format")
    for field in document:
        if field not in TOP and field not in TABLES:
            raise PresetError(
                f"no such key{nearest(field, [*TOP, *TABLES])}", key=show(field)[1:-1]
            )
    top = {f: checked(TOP[f][0], v, f) for f, v in document.items() if f in TOP}
    top.pop("format", None)
    spec = source_of(document.get("network", {}), origin)
    if origin.network is not None and (not spec.classifies or getattr(spec, "known", False)):
        document = {n: v for n, v in document.items() if n != "preprocess"}  # of another network
    top.setdefault("title", seed_words(document.get("network", {}).get("seed")))
    others: dict[str, Any] = {
        name: _build(cls, _table(document, name), name, origin)
        for name, cls in TABLES.items()
        if name not in ("network", "show", *VIEWS)
    }
    if not origin.trusted:
        _check_files(others["sweep"])
    others["preparation"] = others.pop("preprocess")
    show_, views = _views(document)
    kept = _kept(origin) if others["train"].data else None
    return Preset(spec=spec, show=show_, views=views, name=preset_name, kept=kept, **others, **top)


def _kept(origin: Origin) -> "Checkpoint | None":
    """The checkpoint that comes with the text."""
    if origin.checkpoint is None:
        return None
    from cppn_gl.nn.training import checkpoint

    try:
        return checkpoint.read(origin.checkpoint)
    except ValueError as error:
        raise PresetError(f"the trained weights in this file: {error}", key="train") from None


def _check_files(sweep: Sweep) -> None:
    """Raise PresetError if a sheet of text from elsewhere names files."""
    for where in ("rows", "cols"):
        parts = dict(axis(getattr(sweep, where), f"sweep.{where}").parts)
        data = map(str, parts.get("train.data", ()))
        files = any(is_file(name) or is_folder(name) for name in data)
        files |= any(is_image_file(str(value)) for value in parts.get("input.image", ()))
        if files or {"network.file", "train.checkpoint"} & set(parts):
            raise PresetError("a preset from elsewhere cannot name files", key=f"sweep.{where}")


def _views(document: dict[str, Any]) -> tuple[Show, tuple[Options, ...]]:
    """[show], and each view's options: from its own table, with those of [show] as defaults."""
    shown = _table(document, "show")
    known = ["view", *(field.name for row in VIEWS.values() for field in option_fields(row))]
    _check_known(shown, known, "show")
    shared = {f"show.{name}": _tuples(value) for name, value in shown.items() if name != "view"}
    options: dict[str, dict[str, Any]] = {name: {} for name in VIEWS if name in TABLES}
    for dotted, value in expand_all(shared).items():
        table, _, name = dotted.partition(".")
        options[table][name] = value
    built = (_build(TABLES[t], same | _table(document, t), t) for t, same in options.items())
    return _build(Show, {n: v for n, v in shown.items() if n == "view"}, "show"), tuple(built)


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise PresetError(f"{show(table)}; expected a table [{name}]", key=name)
    return table


def _build(cls: type, values: dict[str, Any], table: str, origin: Origin = NOWHERE) -> Any:
    if cls is Animate:
        return Animate(tuple(_flat(values, "")))
    _check_known(values, [field.name for field in fields_of(table)], table)
    given = {field: _tuples(value) for field, value in values.items()}
    if cls is Train or cls is Input or cls is Preprocess:
        return cls.of(given, origin)
    return Color().replace(given) if cls is Color else cls(**given)


def _check_known(values: dict[str, Any], known: list[str], table: str) -> None:
    for field in values:
        if field not in known:
            problem = f"no such key{nearest(field, dict.fromkeys(known))}"
            raise PresetError(problem, key=f"{table}.{show(field)[1:-1]}")


def _flat(values: dict[str, Any], before: str) -> list[tuple[str, Any]]:
    """Dotted keys and values; unquoted dotted keys are nested tables in TOML."""
    flat: list[tuple[str, Any]] = []
    for name, value in values.items():
        inside = isinstance(value, dict)
        flat += _flat(value, f"{before}{name}.") if inside else [(before + name, value)]
    return flat


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_HEADER = re.compile(r"""\s*+\[{1,2}\s*+([\w"'. -]*?[\w"'])\s*\]{1,2}\s*(?:#.*)?$""")
_ASSIGNED = re.compile(r"""\s*+([\w"'. -]*?[\w"'])\s*=""")


def find_line(toml: str, dotted: str, occurrence: int = 1) -> int | None:
    """The line of a key in TOML text, from 1, or else of its table; None if neither is found.

    `occurrence` counts the headers of an array of tables.
    """
    current = ""
    for number_, row in enumerate(toml.split("\n"), 1):
        header, assigned = _HEADER.match(row), _ASSIGNED.match(row)
        if header:
            current = _bare(header.group(1))
            occurrence -= current == dotted
            if current == dotted and not occurrence:
                return number_
        elif assigned and dotted == f"{current}.{_bare(assigned.group(1))}".lstrip("."):
            return number_
    table = dotted.rpartition(".")[0]
    return find_line(toml, table) if table else None


def _bare(name: str) -> str:
    return re.sub(r"""["' ]""", "", name)


def read_preset(path: Path, *, trusted: bool = True, network: Path | None = None) -> Preset:
    """The preset in a TOML file. Raises PresetError with the file, and the line if known.

    `trusted`: whether it is the user's own, which may name any file, and not one that was dropped.
    `network`: a network file to read instead of one that it names.
    """
    content = read_plain(path, MAX_BYTES)
    # Pictures store the name: it must be short, and possible to encode.
    name = path.stem.encode(errors="replace").decode()[:100]
    origin = Origin(path.parent, trusted, network=network)
    return parse_preset(_decoded(content, str(path)), source=str(path), name=name, origin=origin)


def read_stream(stream: BinaryIO, source: str, name: str, *, network: Path | None = None) -> Preset:
    """The preset in a stream of TOML, such as a pipe, which may come from anywhere.

    It may name files in the current folder or below. `network` is as in `read_preset`. Raises
    PresetError with `source`.
    """
    try:
        content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PresetError(error.strerror or str(error), source=source) from None
    if not content.strip():
        raise PresetError("empty; expected the TOML of a preset", source=source)
    origin = Origin(Path(), network=network)
    return parse_preset(_decoded(content, source), source=source, name=name, origin=origin)


def _decoded(content: bytes | None, source: str) -> str:
    """The text of a preset's file; None for one that is too large. PresetError with `source`."""
    if content is None or len(content) > MAX_BYTES:
        raise PresetError(f"not a preset: larger than {MAX_BYTES >> 20} MiB", source=source)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"neither TOML nor a picture saved by cppn_gl: not UTF-8 at byte {error.start}"
        raise PresetError(problem, source=source) from None
