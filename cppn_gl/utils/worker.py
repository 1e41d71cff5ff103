"""Worker processes: modules of this package in a child process, which ends with its parent.

    Worker(module).send(request) -> a line of JSON on its stdin -> Requests.get(), there
    Worker.answers(), receive(), ask() <- lines of JSON on its stdout <- Requests.tell(), there

A GPU driver that compiles for a minute cannot be interrupted, but its process can be killed.
"""

import contextlib
import ctypes
import io
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from cppn_gl.utils.checks import show
from cppn_gl.utils.resources import child_environment

Message = dict[str, Any]

POLL = 0.1  # seconds between checks for signals
TAIL = 2000  # bytes of stderr that are searched for its last line
PR_SET_PDEATHSIG = 1


class LateError(RuntimeError):
    """No answer in time; `partial` is the answer so far. The process must not be used again."""

    def __init__(self, seconds: float, partial: Message):
        super().__init__(f"took longer than {seconds:.1f} s")
        self.partial = partial


class DiedError(RuntimeError):
    """The process ended with exit `status`; `words` is the last line of its stderr."""

    def __init__(self, status: int, words: str):
        last = f": {show(words)}" if words else ""
        super().__init__(f"its process ended with status {status}{last}")
        self.status, self.words = status, words


class Worker:
    """Starts `python -m module`. Raises OSError if that fails.

    `environment` is added to this process's variables; `low`: low priority, on Windows.
    """

    def __init__(
        self, module: str, environment: Mapping[str, str] | None = None, *, low: bool = False
    ):
        self._errors: IO[bytes] | None = None
        with contextlib.suppress(OSError):  # no temporary folder: no last line of stderr
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unsent: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        flags: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        flags |= getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if low else 0
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors or subprocess.DEVNULL,
                env=child_environment() | dict(environment or {}),
                creationflags=flags,
            )
        except BaseException:
            if self._errors is not None:
                self._errors.close()
            raise
        self._threads = [self._start(self._write), self._start(self._read)]

    @staticmethod
    def _start(run: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    @property
    def pid(self) -> int:
        return self._process.pid

    def _write(self) -> None:
        """In a thread, so that `send` does not block on a full pipe."""
        stdin = self._stream(self._process.stdin)
        with contextlib.suppress(OSError, ValueError):  # it has ended
            while (line := self._unsent.get()) is not None:
                stdin.write(line)
                stdin.flush()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._stream(self._process.stdout):
                self._lines.put(line)
        self._lines.put(None)

    @staticmethod
    def _stream(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream

    def send(self, request: Message) -> None:
        """Send a request, without blocking."""
        self._unsent.put(json.dumps(request).encode() + b"\n")

    def answers(self) -> Iterator[Message]:
        """The messages since the last call. Raises DiedError if the process has ended."""
        while not self._lines.empty():
            yield self._message(self._lines.get())

    def receive(self, seconds: float) -> Message:
        """The next message, within `seconds`. Raises LateError, DiedError."""
        ends = time.monotonic() + seconds
        while True:
            left = max(0.0, ends - time.monotonic())
            with contextlib.suppress(queue.Empty):
                return self._message(self._lines.get(timeout=min(left, POLL)))
            if time.monotonic() >= ends:
                raise LateError(seconds, {})

    def ask(self, request: Message, seconds: float) -> Message:
        """The answer to a request, within `seconds`: all messages up to "done", merged.

        Raises LateError, DiedError.
        """
        ends = time.monotonic() + seconds
        self.send(request)
        answer: Message = {}
        while "done" not in answer:
            try:
                answer |= self.receive(ends - time.monotonic())
            except LateError:
                raise LateError(seconds, answer) from None
        return answer

    def _message(self, line: bytes | None) -> Message:
        if line is None:
            self._lines.put(None)  # for the next call
            status = self._process.wait()
            raise DiedError(status, self._last_line())
        message: Message = json.loads(line)
        return message

    def _last_line(self) -> str:
        if self._errors is None:
            return ""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - TAIL))
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        self._unsent.put(None)
        for thread in self._threads:
            thread.join(1.0)
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):  # unsent requests
                if stream is not None:
                    stream.close()


class Requests:
    """The worker's side: receives requests and answers them. The end of stdin ends the process.

    Redirects the stdout of libraries to stderr. Ignores SIGINT, which the parent handles.
    """

    def __init__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sys.platform == "linux":  # a compiling driver blocks the thread that reads stdin
            with contextlib.suppress(OSError, AttributeError):
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        if isinstance(sys.stdout, io.TextIOWrapper):  # in order with stderr, whose end is reported
            sys.stdout.reconfigure(line_buffering=True)
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        # Not sys.stdin, whose lock would block the interpreter when it closes it at exit.
        with open(0, "rb", closefd=False) as stdin:
            for line in stdin:
                self._waiting.put(json.loads(line))
        os._exit(0)

    @property
    def waiting(self) -> bool:
        """Whether a request is queued."""
        return not self._waiting.empty()

    def get(self) -> Message:
        """The next request; blocks until there is one."""
        return self._waiting.get()

    def tell(self, **values: Any) -> None:
        """Send a message to the parent."""
        self._answers.write(json.dumps(values) + "\n")
        self._answers.flush()
