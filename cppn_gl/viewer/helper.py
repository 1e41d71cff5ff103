"""The process that compiles for the window, as the window sees it: told what is wanted, never
waited for.

Preset -> want() -> a line of JSON on its stdin -> warming.py -> answers() -> what is warm
"""

import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from typing import IO, Any

from cppn_gl.utils import child

Answer = dict[str, Any]


class Helper:
    """A helping process. `alive` until it ends, or never where it cannot be started.

    `hello`: the first line that it is told.
    """

    def __init__(self, hello: Answer):
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self.alive = False
        self.number = 0  # of the newest request
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._process = child.start("cppn_gl.viewer.warming")
            self.alive = True
        self._threads: list[threading.Thread] = []
        if self._process is not None:  # a pipe that nobody empties would make the window wait
            for pump, stream in (
                (self._write, self._process.stdin),
                (self._read, self._process.stdout),
            ):
                self._threads.append(threading.Thread(target=pump, args=(stream,), daemon=True))
                self._threads[-1].start()
            self._send(hello)

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid if self._process else None

    def _send(self, line: Answer) -> None:
        self._lines.put(json.dumps(line).encode() + b"\n")

    def _write(self, stdin: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended
            while (line := self._lines.get()) is not None:
                stdin.write(line)
                stdin.flush()

    def _read(self, stdout: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in stdout:
                self._answers.put(line)
        self._answers.put(None)

    def want(self, preset: str, size: tuple[int, int]) -> None:
        """Ask for what a preset (TOML) needs, and for nothing that was asked before."""
        self.number += 1
        if self.alive:
            self._send({"number": self.number, "preset": preset, "size": size})

    def answers(self) -> Iterator[Answer]:
        """What it has said since the last call."""
        while not self._answers.empty():
            line = self._answers.get()
            if not self.alive:
                continue
            answer = json.loads(line) if line is not None else {"unfit": "the helper has ended"}
            if "unfit" in answer:
                self.close()
            yield answer

    def close(self) -> None:
        """End it, whatever it does."""
        self.alive = False
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._lines.put(None)
        for thread in self._threads:
            thread.join(1.0)
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was not sent yet
                if stream is not None:
                    stream.close()
