"""The window's end of the helper process, which compiles shaders and measures engines.

Preset -> want() -> warming.py in a process of its own -> answers() -> compiled programs

Nothing here blocks.
"""

import contextlib
from collections.abc import Iterator

from cppn_gl.utils.worker import DiedError, Message, Worker


class Helper:
    """Starts the helper process, with `hello` as its first message."""

    def __init__(self, hello: Message):
        self._worker: Worker | None = None
        self.number = 0  # of the last request
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._worker = Worker("cppn_gl.viewer.warming", low=True)
            self._worker.send(hello)

    @property
    def alive(self) -> bool:
        """Whether the process runs; always False if it could not be started."""
        return self._worker is not None

    @property
    def pid(self) -> int | None:
        return self._worker.pid if self._worker else None

    def want(self, preset: Message, size: tuple[int, int]) -> None:
        """Request what a preset (`packed`) needs; this replaces earlier requests."""
        self.number += 1
        if self._worker is not None:
            self._worker.send({"number": self.number, "size": size, **preset})

    def answers(self) -> Iterator[Message]:
        """The answers that have arrived since the last call."""
        try:
            for answer in self._worker.answers() if self._worker else ():
                if "unfit" in answer:
                    self.close()
                yield answer
                if not self.alive:
                    return
        except DiedError:
            self.close()
            yield {"unfit": "the helper has ended"}

    def close(self) -> None:
        """Stop the process, whatever it is doing."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()
