"""The process that measures, as the benchmark sees it: asked one thing at a time, and endable.

    request -> a line of JSON on its stdin -> worker.py -> lines of JSON, merged -> answer

A driver that compiles for a minute cannot be interrupted; its process can.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import Any

from cppn_gl.utils.checks import show
from cppn_gl.utils.resources import child_environment

Answer = dict[str, Any]


class LateError(RuntimeError):
    """No answer in time; `partial` is what came of it. The process is useless from now on."""

    def __init__(self, seconds: float, partial: Answer):
        super().__init__(f"took longer than {seconds:.1f} s")
        self.partial = partial


class DiedError(RuntimeError):
    """The process ended by itself."""


class Worker:
    """A measuring process, started at once."""

    def __init__(self, environment: Mapping[str, str] | None = None):
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed with the process
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cppn_gl.cli.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=child_environment() | dict(environment or {}),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def ask(self, request: Answer, seconds: float) -> Answer:
        """The answer to a request, within `seconds`. Raises LateError, DiedError."""
        ends = time.monotonic() + seconds
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended: its last words follow
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        answer: Answer = {}
        while "done" not in answer:
            try:
                line = self._lines.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                raise LateError(seconds, answer) from None
            if line is None:
                raise DiedError(self._last_words())
            answer |= json.loads(line)
        return answer

    def _last_words(self) -> str:
        status = self._process.wait()
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 2000))
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"its process ended with status {status}" + (f": {show(last)}" if last else "")

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):  # what was not sent yet
                if stream is not None:
                    stream.close()
