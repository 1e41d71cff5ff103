"""What SIGINT and SIGTERM do to a command: it ends within two seconds, whatever it is at.

    a signal -> its handler raises KeyboardInterrupt or Terminated, at a moment when that is safe
             -> a thread, by a socket: where nothing has ended GRACE seconds later, it removes
                unfinished files and ends the process

The thread runs whatever the main thread waits for, since the long calls release Python's lock:
OpenGL's (unlocked.py), NumPy's, zlib's.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from cppn_gl.utils.files import abandon_parts

GRACE = 1.0  # seconds from the signal to the end, at the most
SOON = 0.02  # seconds, until a signal is tried again
# moderngl's C code calls back into its Python, and does not survive an exception from there.
_FRAGILE = {"moderngl", "_moderngl", "glcontext"}


class Terminated(KeyboardInterrupt):
    """SIGTERM came: whatever ends well when interrupted ends so now."""


_RAISED = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_received: list[int] = []  # the signals of the block that is being interrupted


def raise_received() -> None:
    """Raise again what a library has turned into an error of its own."""
    if _received:
        raise _RAISED[signal.Signals(_received[-1])]


def status_of(number: int) -> int:
    """The exit status of a command that a signal ended."""
    return 128 + number


@contextlib.contextmanager
def interruptible(*, leaving: bool = False) -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt and SIGTERM Terminated; end the process where that fails.

    What is being kept is kept, and no half file is left. Only in the main thread, where signals
    arrive, and not over handlers of somebody else's. `leaving`: the process ends with the block, so
    that a signal after it ends the process at once, with the same status.
    """
    numbers = [n for n in _RAISED if signal.getsignal(n) in _DEFAULTS]
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.SIGTERM not in numbers:  # SIGINT is ignored in the background
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}

    def listen() -> None:
        for number in numbers:
            signal.signal(number, interrupt)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _fragile(frame):
            again(number)
            return
        _received.append(number)
        for each in numbers:  # another one would disturb the ending
            signal.signal(each, signal.SIG_IGN)
        raise _RAISED[signal.Signals(number)]

    def lost(error: Any) -> None:
        """Signal again where a library's call back could not raise."""
        if not isinstance(error.exc_value, KeyboardInterrupt):
            hook(error)
            return
        listen()
        again(signal.SIGTERM if isinstance(error.exc_value, Terminated) else signal.SIGINT)

    hook, sys.unraisablehook = sys.unraisablehook, lost
    with _watchdog(numbers):
        listen()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, _leave if leaving else handler)
            sys.unraisablehook = hook
            _received.clear()


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(status_of(number))


def again(number: int) -> None:
    """Signal the main thread once more, soon."""

    def send() -> None:
        if hasattr(signal, "pthread_kill"):  # interrupts what the thread waits for
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        else:
            signal.raise_signal(number)

    timer = threading.Timer(SOON, send)
    timer.daemon = True
    timer.start()


def _fragile(frame: FrameType | None) -> bool:
    """Whether C code waits that an exception would crash."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in _FRAGILE:
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _watchdog(numbers: list[signal.Signals]) -> Iterator[None]:
    """Within the block, end the process GRACE seconds after one of the signals."""
    ears, mouth = socket.socketpair()
    mouth.setblocking(False)
    over = threading.Event()

    def watch() -> None:
        while told := ears.recv(1):
            if told[0] in numbers:
                if not over.wait(GRACE):
                    end_now(status_of(told[0]))
                return

    thread = threading.Thread(target=watch, name="cppn_gl-interrupts", daemon=True)
    thread.start()
    old = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(old)
        over.set()
        mouth.close()
        thread.join()
        ears.close()


def end_now(status: int, end: Callable[[int], Any] = os._exit) -> None:
    """End the process without waiting for anything; unfinished files are removed."""
    abandon_parts(GRACE / 10)
    end(status)
