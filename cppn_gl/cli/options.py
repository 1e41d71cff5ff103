"""The command line's options, generated from the preset keys. Imports neither GL nor Pillow.

words -> Parser.parse -> overrides(): dotted key to TOML value -> Preset.replace, which checks
"""

import argparse
import dataclasses
import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, NoReturn, get_args, get_origin

from cppn_gl.nn.draws import SEED, seed_words
from cppn_gl.preset.tables import TABLES, field_of, fields_of, resolve
from cppn_gl.utils.checks import Integer, PresetError, flag, help_of, pair, show
from cppn_gl.utils.toml import toml_value

PROGRAM = "python -m cppn_gl"

# After a switch these are its value, of which the key's check takes only the first two.
ANSWERS = ("true", "false", "yes", "no", "on", "off", "1", "0")
_NEGATIVE = re.compile(r"-\.?\d|-(inf|nan)\b", re.ASCII)


class UsageError(ValueError):
    """An invalid command line; the message is one line."""


def nearest_name(name: str, names: Iterable[str]) -> str | None:
    """The closest match to `name` among `names`; None if none is similar."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1)), None)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError instead of exiting.

    `names` are the strings of all options, for suggestions; `switches` those whose value, true or
    false, may be left out; `hints` say what is right for an option that has no value.
    """

    def __init__(self, command: str, **keys: Any):
        name = f"{PROGRAM} {command}".strip()
        super().__init__(
            prog=name,
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **keys,
        )
        self.names: list[str] = []
        self.switches: list[str] = []
        self.hints: dict[str, str] = {}
        self.option("-h", "--help", action="help", help="show this help and exit")

    def option(self, *names: str, **keys: Any) -> None:
        self.names += self.add_argument(*names, **keys).option_strings

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse's own ignores errors of writing.
        (file or sys.stdout).write(message)

    def error(self, message: str) -> NoReturn:
        option = message.removeprefix("argument ").partition(": expected one argument")[0]
        if option in self.hints and option != message:
            raise UsageError(f"{option}: {self.hints[option]}")
        see = " See" if message.endswith("?") else "; see"
        raise UsageError(f"{message}{see} `{self.prog} --help`")

    def _set(self, name: str, value: str) -> str:
        """How --set gives the key that an unknown option names; "" if there is none."""
        try:
            key = ".".join(filter(None, resolve(name.removeprefix("--").replace("-", "_"))))
        except PresetError:
            return ""
        return f"--set {key}={value or 'VALUE'}" if "--set" in self.names else ""

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Parse the arguments. Raises UsageError, with the nearest known option."""
        args, extra = self.parse_known_args(_with_switches(_with_negatives(argv), self.switches))
        for word in extra:
            if word.startswith("-") and word != "-":
                name, _, value = word.partition("=")
                close = self._set(name, value) or nearest_name(name, self.names)
                hint = f"; did you mean {close}?" if close else ""
                self.error(f"unknown option {name}{hint}")
        if extra:
            self.error(f"unexpected argument {show(extra[0])}")
        return args


def _with_negatives(argv: Sequence[str]) -> list[str]:
    """Join `--center -1,0` to `--center=-1,0`: argparse takes a word with a dash for an option."""
    joined: list[str] = []
    for word in argv:
        before = joined[-1] if joined else ""
        if _NEGATIVE.match(word) and before.startswith("--") and "=" not in before:
            joined[-1] = f"{before}={word}"
        else:
            joined.append(word)
    return joined


def _with_switches(argv: Sequence[str], switches: Sequence[str]) -> list[str]:
    """Join `--dither false` to `--dither=false`, and complete `--dither` to `--dither=true`."""
    joined, words = [], list(argv)
    while words:
        word = words.pop(0)
        if word in switches:
            value = words.pop(0) if words and words[0].lower() in ANSWERS else "true"
            word = f"{word}={value}"
        joined.append(word)
    return joined


def add_overrides(parser: Parser) -> None:
    """Add an option for every preset key marked `short`, and --set for all others."""
    group = parser.add_argument_group("changes to the preset")
    for table, field in _fields(short=True):
        names = group.add_argument(
            "--" + field.name.replace("_", "-"),
            dest=f"{table}.{field.name}",
            metavar=field.metadata.get("metavar") or _metavar(field),
            help=_help(field),
        )
        parser.names += names.option_strings
        if field.metadata["check"] is flag:
            parser.switches += names.option_strings
        if field.metadata.get("widget") == "colors":  # a shell takes #… for a comment
            hint = 'expected colours in quotation marks: "#102040,#f0e0c0"'
            parser.hints |= dict.fromkeys(names.option_strings, hint)
    others = ", ".join(f"{t}.{written(field)}" for t, field in _fields(short=False))
    names = group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set any key, as network.bias_scale=0.5; repeatable. Keys without an option of their "
        f"own: {others}, title, description",
    )
    parser.names += names.option_strings


def _fields(*, short: bool) -> Iterable[tuple[str, "dataclasses.Field[Any]"]]:
    for table in TABLES:
        for field in fields_of(table):
            if field.metadata.get("short", False) == short:
                yield table, field


def written(field: "dataclasses.Field[Any]") -> str:
    """A key as it is written in a file; keys of [animate] are dotted keys of other tables."""
    return str(field.metadata.get("written", field.name))


def _metavar(field: "dataclasses.Field[Any]") -> str:
    kinds = {int: "N", float: "X", str: "NAME", tuple: "A,B"}
    return kinds.get(type(field.default), "VALUE")


def _help(field: "dataclasses.Field[Any]") -> str:
    text, check = help_of(field), field.metadata["check"]
    if isinstance(check, Integer) and str(check.low) not in re.findall(r"\d+", text):
        text += f", {check.low} to {check.high}"
    return text.replace("%", "%%")


def overrides(args: argparse.Namespace) -> dict[str, Any]:
    """Dotted key to value of all options that `add_overrides` added, for `Preset.replace`.

    Raises UsageError, and PresetError for an unknown key.
    """
    given = {
        f"{table}.{field.name}": getattr(args, f"{table}.{field.name}")
        for table, field in _fields(short=True)
    }
    values = {key: key_value(key, text) for key, text in given.items() if text is not None}
    for word in args.set:
        key, equals, text = word.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {show(word)}: expected table.key=VALUE")
        table, name = resolve(key.strip())
        dotted = f"{table}.{name}" if table else name
        if dotted in values:
            raise UsageError(f"{dotted} is given twice")
        values[dotted] = key_value(dotted, text)
    return values


def key_value(key: str, text: str) -> Any:
    """Parse the value of a dotted key: TOML, a bare word, or a comma-separated list."""
    kinds: tuple[Any, ...] = ()
    if key.startswith("animate."):
        kinds = (tuple[Any, ...],)
    elif "." in key:
        field = field_of(key)
        if field.metadata["check"] is SEED and seed_words(text) and text[0] not in "'\"":
            return text  # words such as 2026-11-28 and true are TOML values, too
        kind = field.type
        kinds = (kind,) if get_origin(kind) is tuple else get_args(kind)
    value = toml_value(text)
    lists = [kind for kind in kinds if get_origin(kind) is tuple]
    if not lists or not isinstance(value, str | int | float):
        return value
    only = not set(kinds) - {NoneType, *lists}
    if only or (isinstance(value, str) and "," in value):
        return [toml_value(item) for item in text.split(",")] if text.strip() else []
    return value


def size_value(text: str, option: str = "--size") -> tuple[int, int]:
    """(640, 360) from "640x360". Raises PresetError, naming the option."""
    size = pair(text)
    if size is None:
        raise PresetError(f"{show(text)} is not a size in pixels like 640x360", key=option)
    return size


def path_value(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("empty name; expected a file or folder")
    return Path(text)
