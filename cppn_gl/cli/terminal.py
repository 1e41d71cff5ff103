"""What the commands say: errors and notes on stderr, one line each, and progress on a terminal."""

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO


def say(text: str) -> None:
    """One line on stderr, whatever the text holds."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    try:
        print(f"cppn_gl: {line}", file=sys.stderr, flush=True)
    except OSError:  # nobody can be told; the status says it still
        leave(sys.stderr)


def note(args: argparse.Namespace, text: str) -> None:
    """Say something that is no error, unless --quiet."""
    if not args.quiet:
        say(text)


@contextlib.contextmanager
def progress_bar(
    args: argparse.Namespace, total: int, unit: str = "frame"
) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr as `progress(done, total)`, with the time left.

    None where stderr is no terminal, or --quiet.
    """
    if args.quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, leave=False) as bar:
        yield lambda done, _: bar.update(done - bar.n)


def lenient_output() -> None:
    """Let output go nowhere where it is closed, and show the codes of characters that it lacks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with it closed, as by `>&-`
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def leave(stream: TextIO) -> None:
    """Let the interpreter's last flush go nowhere, where a stream has failed already."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
