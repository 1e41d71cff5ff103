"""Output of the commands: errors, notes and progress on stderr, results on stdout."""

import argparse
import contextlib
import io
import os
import sys
import threading
import time as wall
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

EVERY = 10.0  # seconds between two lines of progress if stderr is not a terminal
REFRESH = 1.0  # seconds between two updates of the bar
PERCENT = "%"
MARKS = 60  # times at which a progress remembers how much was done


def say(text: str) -> None:
    """Print one line on stderr; control characters are escaped."""
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    try:
        print(f"cppn_gl: {line}", file=sys.stderr, flush=True)
    except OSError:  # the exit status still reports the error
        leave(sys.stderr)


def note(args: argparse.Namespace, text: str) -> None:
    """Print a line that is not an error, unless --quiet."""
    if not args.quiet:
        say(text)


def put_text(text: str) -> None:
    """Write machine-readable text to stdout, as UTF-8 whatever the terminal's encoding."""
    put(text.encode())


def put_path(path: Path) -> None:
    """Write a path and a newline to stdout, in the bytes of the file system."""
    put(os.fsencode(path) + b"\n")


def put(data: bytes) -> None:
    """Write bytes to stdout."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:  # stdout was replaced by a text-only stream
        sys.stdout.write(data.decode("utf-8", "backslashreplace"))
        return
    sys.stdout.flush()  # keep the order with text written before
    buffer.write(data)
    buffer.flush()


class Progress:
    """A command's progress: a bar on a terminal, else a line on stderr every EVERY seconds.

    `total` is counted in `unit`. The bar appears after `delay` seconds, with the first progress or
    after REFRESH seconds, so that notes are printed before it.
    """

    def __init__(self, total: int, unit: str, *, delay: float = 0.0):
        self._total, self._unit = total, unit
        self._doing, self._done, self._started = "", 0, wall.monotonic()
        self._marks: deque[tuple[float, int]] = deque([(self._started, 0)], MARKS)
        self._delay = delay
        self._bar: Any = None
        self._terminal = sys.stderr.isatty()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def __call__(self, done: int, total: int) -> None:
        """Set the number of units done."""
        self._done, now = done, wall.monotonic()
        if len(self._marks) == 1 or now - self._marks[-1][0] >= REFRESH:
            self._marks.append((now, done))
        if self._terminal:
            self._show()

    def report(self, doing: str, fraction: float | None = None) -> None:
        """Set the current activity and, for a single picture, the fraction drawn."""
        self._doing = doing
        if fraction is not None and self._unit == PERCENT:
            self(int(100 * fraction), 100)

    def words(self) -> str:
        """The progress as text."""
        amount = f"{self._done} of {self._total} {self._unit}s"
        amount = f"{self._done} %" if self._unit == PERCENT else amount
        doing = f"{self._doing}, " if self._doing else ""
        passed, left = wall.monotonic() - self._started, self._left()
        return f"{doing}{amount}, {passed:.0f} s" + (f", {left:.0f} s left" if left >= 1 else "")

    def _left(self) -> float:
        """Estimated seconds until the end; 0 if unknown.

        By the rate of late, since what was done before the first report may have been there.
        """
        now, left = wall.monotonic(), self._total - self._done
        for time, done in [*islice(self._marks, 1, None), self._marks[0]]:
            if done < self._done:
                return (now - time) * left / (self._done - done)
        return 0.0

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
        """Stop, and remove the bar."""
        self._over.set()
        self._thread.join()
        if self._bar is not None:
            self._bar.close()


@contextlib.contextmanager
def progress_of(
    args: argparse.Namespace, total: int = 100, unit: str = PERCENT, *, delay: float = 0.0
) -> Iterator[Progress | None]:
    """Show a command's progress on stderr; yields None with --quiet."""
    if args.quiet:
        yield None
        return
    from cppn_gl.nn.training.run import reporting

    progress = Progress(total, unit, delay=delay)
    try:
        with reporting(progress.report):
            yield progress
    finally:
        progress.close()


def lenient_output() -> None:
    """Discard output to closed streams, and escape characters that the encoding lacks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the parent process, as with `>&-`
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def leave(stream: TextIO) -> None:
    """Redirect a failed stream to the null device: the interpreter's last flush then succeeds."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
