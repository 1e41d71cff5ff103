"""Runs a command line, reports every error in one line, and returns the exit status.

0 done · 1 unexpected error · 2 an error that the user can correct · 130, 143 interrupted
"""

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cppn_gl._version import __version__
from cppn_gl.cli.commands import COMMANDS
from cppn_gl.cli.options import PROGRAM, Parser, UsageError, nearest_name
from cppn_gl.cli.terminal import leave, lenient_output, say
from cppn_gl.preset import library
from cppn_gl.utils.checks import PresetError, show
from cppn_gl.utils.interrupts import interruptible, raise_received, signal_of, status_of

DEFAULT = "view"
ARGUMENTS = (
    "size",
    "time",
    "samples",
    "bits",
    "format",
    "frames",
    "fps",
)  # library arguments that are options here
UNEXPECTED, WRONG = 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (without the program's name) and return the exit status."""
    lenient_output()
    try:
        with interruptible():
            return _reported(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt as interruption:
        return status_of(signal_of(interruption))


def _reported(argv: list[str]) -> int:
    """Run a command line and report its errors."""
    try:
        status = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        leave(sys.stdout)
        return 0
    except Exception as error:
        raise_received()
        return _fail(error)
    return status


def _run(argv: list[str]) -> int:
    name = argv[0] if argv else DEFAULT
    try:
        if name in ("-h", "--help", "--version"):
            _top().parse(argv)
        if name in COMMANDS:
            argv = argv[1:]
        else:
            _refuse_misspelt(name)
            name = DEFAULT
        command = COMMANDS[name]
        return command.run(command.parser(name).parse(argv))
    except SystemExit as leaving:  # --help, --version
        return int(leaving.code or 0)


def _top() -> Parser:
    lines = [f"  {name:<9} {command.summary}" for name, command in COMMANDS.items()]
    more = f"`{PROGRAM} COMMAND --help` shows a command's options; the default command is {DEFAULT}"
    parser = Parser(
        "",
        usage=f"{PROGRAM} [COMMAND] [PRESET] [options]",
        description="See, in real time, what a random neural network is.",
        epilog="\n".join(["commands:", *lines, "", more]),
    )
    about = "show the version and exit"
    parser.option("--version", action="version", version=f"cppn_gl {__version__}", help=about)
    return parser


def _refuse_misspelt(name: str) -> None:
    """Raise UsageError for a first word that is no preset and looks like a misspelt command."""
    if name.startswith("-") or name in library.names() or Path(name).suffix:
        return
    close = nearest_name(name, [*COMMANDS, *library.names()])
    if close in COMMANDS:
        problem = f"unknown command {show(name)}; did you mean {close}?"
        raise UsageError(f"{problem} See `{PROGRAM} --help`")


def _fail(error: Exception) -> int:
    """Report an error in one line, and return the exit status."""
    from cppn_gl.engines.gl.context import ContextError, explain
    from cppn_gl.engines.gl.shader import ShaderError
    from cppn_gl.output.jobs import ClusterError
    from cppn_gl.utils.files import CaptureError

    if isinstance(error, ImportError):
        error = explain(error, tried="importing it")
    if isinstance(error, MemoryError):
        say("not enough memory for this picture; choose a smaller --size")
        return WRONG
    known = PresetError | UsageError | CaptureError | ContextError | ShaderError | ClusterError
    if isinstance(error, known):
        say(_with_option(error))
        return WRONG
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        say("standard output: the disk is full; free some space and run the command again")
        leave(sys.stdout)
        return WRONG
    if os.environ.get("CPPN_GL_DEBUG"):
        raise error
    hint = "set the environment variable CPPN_GL_DEBUG=1 for a traceback"
    say(f"unexpected {type(error).__name__}: {error}; {hint}")
    leave(sys.stdout)
    return UNEXPECTED


def _with_option(error: Exception) -> str:
    """The message of an error, with the option in place of the library's argument name."""
    if isinstance(error, PresetError) and error.key in ARGUMENTS and not error.source:
        return str(PresetError(error.problem, key=f"--{error.key}"))
    argument = getattr(error, "argument", "")
    return f"{str(error).rstrip('.')} (--{argument})" if argument else str(error)
