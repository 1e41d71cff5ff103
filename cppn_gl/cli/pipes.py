"""Pipes: a preset from standard input, and a file's bytes to standard output. Both are written "-".

cat preset.toml | python -m cppn_gl render - -o - > picture.png
"""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cppn_gl.cli.options import UsageError, path_value
from cppn_gl.cli.terminal import note

if TYPE_CHECKING:
    from cppn_gl.preset.preset import Preset

STDIN = "-"  # as the name of a preset
STDOUT = Path("-")  # as an output; it is compared by identity, since ./- is a file


def output_value(text: str) -> Path:
    """The value of an option that names an output: a path, or STDOUT for "-"."""
    return STDOUT if text == "-" else path_value(text)


def stdin_preset(args: argparse.Namespace, network: Path | None = None) -> "Preset":
    """The preset in the TOML on standard input, named after its title; `network` as in
    `load_preset`.
    """
    from cppn_gl.preset.parsing import read_stream
    from cppn_gl.utils.checks import PresetError

    source = "<stdin>"
    if sys.stdin is None:  # closed by the parent process, as with `<&-`
        raise PresetError("closed; expected the TOML of a preset", source=source)
    if sys.stdin.isatty():
        note(args, "reading a preset from the terminal; Ctrl+D ends it")
    preset = read_stream(sys.stdin.buffer, source, "stdin", network=network)
    return dataclasses.replace(preset, name=preset.title or preset.name)


def check_stdout() -> None:
    """Raise UsageError, before any work, if standard output would show a file on a terminal."""
    if sys.stdout.isatty():
        problem = "standard output is a terminal; send the bytes to a file or a program"
        raise UsageError(f"-o -: {problem}: -o - > FILE, -o - | PROGRAM")
