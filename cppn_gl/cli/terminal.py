"""What the commands say: errors and notes on stderr, one line each, and progress on a terminal."""

import argparse
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO


class Terminated(KeyboardInterrupt):
    """SIGTERM came: whatever ends well when interrupted ends so now."""


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


def put_text(text: str) -> None:
    """Write to stdout what is meant to be read back, as UTF-8 whatever the terminal's encoding."""
    _put(text.encode())


def put_path(path: Path) -> None:
    """Write a path on a line of stdout, in the bytes that the file system knows it by."""
    _put(os.fsencode(path) + b"\n")


def _put(data: bytes) -> None:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:  # a stream of text alone, which somebody has put in its place
        sys.stdout.write(data.decode("utf-8", "backslashreplace"))
        return
    sys.stdout.flush()  # what was written as text comes first
    buffer.write(data)
    buffer.flush()


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


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise Terminated, so that what is being kept is kept and no half file is left.

    Only in the main thread, where signals arrive, and not over a handler of somebody else's.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would disturb the ending
        raise Terminated

    def lost(error: Any) -> None:
        """Signal again, later, where it came in a library's call back, which cannot raise."""
        if not isinstance(error.exc_value, KeyboardInterrupt):
            hook(error)
            return
        number = signal.SIGINT
        if isinstance(error.exc_value, Terminated):
            number = signal.SIGTERM
            signal.signal(number, end)
        threading.Timer(0.02, signal.raise_signal, [number]).start()

    hook, sys.unraisablehook = sys.unraisablehook, lost
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.unraisablehook = hook
