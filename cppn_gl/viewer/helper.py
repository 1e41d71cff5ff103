"""The process that compiles for the window, as the window sees it: told what is wanted, never
waited for.

Preset -> want() -> warming.py in a process of its own -> answers() -> what is warm
"""

import contextlib
from collections.abc import Iterator

from cppn_gl.utils.worker import DiedError, Message, Worker


class Helper:
    """A helping process. `hello`: the first that it is told."""

    def __init__(self, hello: Message):
        self._worker: Worker | None = None
        self.number = 0  # of the newest request
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._worker = Worker("cppn_gl.viewer.warming", low=True)
            self._worker.send(hello)

    @property
    def alive(self) -> bool:
        """Until it ends, or never where it cannot be started."""
        return self._worker is not None

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._worker.pid if self._worker else None

    def want(self, preset: str, size: tuple[int, int]) -> None:
        """Ask for what a preset (TOML) needs, and for nothing that was asked before."""
        self.number += 1
        if self._worker is not None:
            self._worker.send({"number": self.number, "preset": preset, "size": size})

    def answers(self) -> Iterator[Message]:
        """What it has said since the last call."""
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
        """End it, whatever it does."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()
