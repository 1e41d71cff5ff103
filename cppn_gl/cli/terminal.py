"""What the commands say: errors and notes on stderr, one line each, and progress on a terminal."""

import argparse
import contextlib
import io
import os
import sys
import threading
import time as wall
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

EVERY = 10.0  # seconds between two lines, where stderr is no terminal
REFRESH = 1.0  # seconds, of a bar whose number does not change
PERCENT = "%"


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


class Progress:
    """What a command is at. On a terminal a bar; else a line on stderr every EVERY seconds.

    `total`, of `unit`, is what is to be done. A bar shows when something is done, or after REFRESH
    seconds, so that notes come before it; `delay`: seconds before it shows.
    """

    def __init__(self, total: int, unit: str, *, delay: float = 0.0):
        self._total, self._unit = total, unit
        self._doing, self._done, self._started = "", 0, wall.monotonic()
        self._delay = delay
        self._bar: Any = None
        self._terminal = sys.stderr.isatty()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def __call__(self, done: int, total: int) -> None:
        """So many of the whole are done."""
        self._done = done
        if self._terminal:
            self._show()

    def report(self, doing: str, fraction: float | None = None) -> None:
        """What is being done now, and how much of the whole picture is drawn, where it is one."""
        self._doing = doing
        if fraction is not None and self._unit == PERCENT:
            self(int(100 * fraction), 100)

    def words(self) -> str:
        """The line that is said."""
        amount = f"{self._done} of {self._total} {self._unit}s"
        amount = f"{self._done} %" if self._unit == PERCENT else amount
        doing = f"{self._doing}, " if self._doing else ""
        return f"{doing}{amount}, {wall.monotonic() - self._started:.0f} s"

    def _beat(self) -> None:
        while not self._over.wait(REFRESH if self._terminal else EVERY):
            if self._terminal:
                self._show()
            else:
                say(self.words())

    def _show(self) -> None:
        from tqdm import tqdm

        with self._lock:
            waited = wall.monotonic() - self._started >= self._delay
            if self._bar is None and waited and not self._over.is_set():
                self._bar = tqdm(total=self._total, unit=self._unit, leave=False)
                self._bar.start_t -= wall.monotonic() - self._started
            if self._bar is not None:
                self._bar.set_description(self._doing, refresh=False)
                self._bar.update(self._done - self._bar.n)
                self._bar.refresh()

    def close(self) -> None:
        """Take the bar away."""
        self._over.set()
        self._thread.join()
        if self._bar is not None:
            self._bar.close()


@contextlib.contextmanager
def progress_of(
    args: argparse.Namespace, total: int = 100, unit: str = PERCENT, *, delay: float = 0.0
) -> Iterator[Progress | None]:
    """A command's progress on stderr; None with --quiet."""
    if args.quiet:
        yield None
        return
    progress = Progress(total, unit, delay=delay)
    try:
        yield progress
    finally:
        progress.close()


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
