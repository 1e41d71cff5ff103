"""Processes of this package that work for another one, and end with it.

    Worker(module).send(request) -> a line of JSON on its stdin -> Requests.get(), there
    Worker.answers(), receive(), ask() <- lines of JSON on its stdout <- Requests.tell(), there

A driver that compiles for a minute cannot be interrupted; its process can be ended.
"""

import contextlib
import ctypes
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

BEAT = 0.1  # seconds without a look at the signals
LAST_WORDS = 2000  # bytes of stderr
PR_SET_PDEATHSIG = 1


class LateError(RuntimeError):
    """No answer in time; `partial` is what came of it. The process is useless from now on."""

    def __init__(self, seconds: float, partial: Message):
        super().__init__(f"took longer than {seconds:.1f} s")
        self.partial = partial


class DiedError(RuntimeError):
    """The process ended by itself with a `status`; `words` are the last line of its stderr."""

    def __init__(self, status: int, words: str):
        last = f": {show(words)}" if words else ""
        super().__init__(f"its process ended with status {status}{last}")
        self.status, self.words = status, words


class Worker:
    """`python -m module`, started at once. Raises OSError where it cannot be.

    `environment` is set beside this process's; `low`: of low priority, on Windows.
    """

    def __init__(
        self, module: str, environment: Mapping[str, str] | None = None, *, low: bool = False
    ):
        self._errors: IO[bytes] | None = None
        with contextlib.suppress(OSError):  # no folder for it: no last words
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
        """The number of the process."""
        return self._process.pid

    def _write(self) -> None:
        """A pipe that nobody empties would make `send` wait: a thread waits instead."""
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
        """Ask for something. Waits for nothing."""
        self._unsent.put(json.dumps(request).encode() + b"\n")

    def answers(self) -> Iterator[Message]:
        """What it has told since the last call. Raises DiedError at the end."""
        while not self._lines.empty():
            yield self._message(self._lines.get())

    def receive(self, seconds: float) -> Message:
        """What it tells next, within `seconds`. Raises LateError, DiedError."""
        ends = time.monotonic() + seconds
        while True:
            left = max(0.0, ends - time.monotonic())
            with contextlib.suppress(queue.Empty):
                return self._message(self._lines.get(timeout=min(left, BEAT)))
            if time.monotonic() >= ends:
                raise LateError(seconds, {})

    def ask(self, request: Message, seconds: float) -> Message:
        """The answer to a request, within `seconds`: all that it tells up to "done", merged.

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
            self._lines.put(None)  # it stays dead
            status = self._process.wait()
            raise DiedError(status, self._last_words())
        message: Message = json.loads(line)
        return message

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - LAST_WORDS))
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._unsent.put(None)
        for thread in self._threads:
            thread.join(1.0)
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):  # what was not sent yet
                if stream is not None:
                    stream.close()


class Requests:
    """The other end, in the process: what is asked. The end of stdin ends the process.

    What libraries print goes to stderr. SIGINT is left to the parent, which ends this one.
    """

    def __init__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sys.platform == "linux":  # while a driver compiles, nobody hears that stdin has ended
            with contextlib.suppress(OSError, AttributeError):
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        self._answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        # Not sys.stdin, which the interpreter closes at its end, and which would be locked then.
        with open(0, "rb", closefd=False) as stdin:
            for line in stdin:
                self._waiting.put(json.loads(line))
        os._exit(0)

    @property
    def waiting(self) -> bool:
        """Whether there is another request."""
        return not self._waiting.empty()

    def get(self) -> Message:
        """The next request; waits for it."""
        return self._waiting.get()

    def tell(self, **values: Any) -> None:
        """Answer."""
        self._answers.write(json.dumps(values) + "\n")
        self._answers.flush()
