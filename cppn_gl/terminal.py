"""What the commands say: errors and notes on stderr, one line each, and progress on a terminal."""

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator


def say(text: str) -> None:
    """One line on stderr, whatever the text holds."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    print(f"cppn_gl: {line}", file=sys.stderr)


def note(args: argparse.Namespace, text: str) -> None:
    """Say something that is no error, unless --quiet."""
    if not args.quiet:
        say(text)


@contextlib.contextmanager
def progress_bar(
    args: argparse.Namespace, total: int
) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr as `progress(done, total)`; None where stderr is no terminal, or --quiet."""
    if args.quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="frame", leave=False) as bar:
        yield lambda done, _: bar.update(done - bar.n)


def lenient_output() -> None:
    """Let a terminal that lacks a character show its code instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def leave_stdout() -> None:
    """Let the interpreter's last flush go nowhere, where stdout has failed already."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
