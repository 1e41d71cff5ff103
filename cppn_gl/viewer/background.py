"""What works in a thread beside the window, so that no frame waits for a step.

The owner says what is wanted, under the lock `_changed`; each command has a number, and the thread
gives up what belongs to an older one. An error of the thread is raised again in the window.
"""

import sys
import threading
import time as wall
from collections import deque
from collections.abc import Callable

SWITCH_SECONDS = 0.0005  # after which a thread that computes in Python gives way
CLOSING_SECONDS = 5.0  # for the thread to end


class Background:
    """One thread that goes on step by step while `playing`; it is started when it is needed.

    end: the step at which it stops; None for none. problem: why it cannot go on, in one line; ""
    if it can. wake: called from the thread when something is ready.
    """

    thread_name = "cppn_gl-background"

    def __init__(self) -> None:
        self.wake: Callable[[], None] = lambda: None
        self.playing = False
        self.end: int | None = None
        self.problem = ""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._held = False  # it stands still
        self._error: BaseException | None = None
        self._number = 0  # of the last command
        self._news = ""  # why it stopped, not told yet
        self._times: deque[tuple[float, int]] = deque(maxlen=400)  # of steps, for the speed

    def play(self, end: int | None = None) -> None:
        """Go on, up to the step `end`."""
        with self._changed:
            self.playing, self.end, self._news = True, end, ""
            self._repace()
            self._times.clear()
            self._changed.notify()

    def pause(self) -> None:
        """Go no further."""
        with self._changed:
            self.playing = False
            self._changed.notify()

    def hold(self, held: bool) -> None:
        """Stand still, or go on as before."""
        if held != self._held:
            with self._changed:
                self._held = held
                self._repace()
                self._changed.notify()

    def news(self) -> str:
        """Why it stopped by itself, once, in words."""
        news, self._news = self._news, ""
        return news

    def close(self) -> None:
        """End the thread after its current call."""
        with self._changed:
            self._closed = True
            self._number += 1
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        self._raise()

    def _start(self) -> None:
        """Start the thread, if it does not run."""
        if self._thread is None:
            # A frame takes the interpreter's lock many times, and waits for it as long each time.
            sys.setswitchinterval(SWITCH_SECONDS)
            self._thread = threading.Thread(target=self._work, name=self.thread_name, daemon=True)
            self._thread.start()

    def _raise(self) -> None:
        """Raise what the thread could not handle: no exception is lost."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _speed(self, seconds: float) -> float:
        """Steps a second, as counted over the last seconds; 0 while it stands still."""
        if not self.playing:
            return 0.0
        with self._changed:
            now = wall.perf_counter()
            lately = [one for one in self._times if now - one[0] < seconds]
        if len(lately) < 2:
            return 0.0
        (start, first), (end, last) = lately[0], lately[-1]
        return (last - first) / (end - start)

    def _repace(self) -> None:
        """What a pace is counted from begins anew. Called under the lock."""

    # The thread

    def _work(self) -> None:
        try:
            self._loop()
        except BaseException as error:  # raised again by the window
            self._error = error
            self.wake()

    def _loop(self) -> None:
        """Work until it is closed."""
        raise NotImplementedError
