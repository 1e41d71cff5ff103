"""SIGINT, SIGTERM and SIGHUP end a command within two seconds, whatever it is doing.

    a signal -> its handler raises KeyboardInterrupt or a subclass, when that is safe
             -> a watchdog thread, woken through a socket: if the command has not ended after GRACE
                seconds, it removes unfinished files and ends the process

The watchdog can run at any time, since long calls (OpenGL by unlocked.py, NumPy, zlib) release the
GIL.
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

GRACE = 1.0  # seconds that a command has to end after a signal
RETRY = 0.02  # seconds until a deferred signal is sent again
# moderngl's C code calls back into Python, and crashes if the callback raises.
_FRAGILE = {"moderngl", "_moderngl", "glcontext"}


class Terminated(KeyboardInterrupt):
    """Raised by SIGTERM; code that handles KeyboardInterrupt handles it the same way."""


class HungUp(KeyboardInterrupt):
    """Raised by SIGHUP, when the terminal is closed."""


_RAISED: dict[signal.Signals, type[KeyboardInterrupt]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: Terminated,
}
if sys.platform != "win32":
    _RAISED[signal.SIGHUP] = HungUp
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_received: list[int] = []  # signals raised in the current `interruptible` block


def raise_received() -> None:
    """Raise the received signal again, after a library has replaced it by an error of its own."""
    if _received:
        raise _RAISED[signal.Signals(_received[-1])]


def signal_of(interruption: KeyboardInterrupt) -> signal.Signals:
    """The signal that raised an interruption."""
    return next((n for n, kind in _RAISED.items() if kind is type(interruption)), signal.SIGINT)


def status_of(number: int) -> int:
    """The exit status of a command ended by a signal."""
    return 128 + number


@contextlib.contextmanager
def interruptible(*, leaving: bool = False) -> Iterator[None]:
    """Signals raise KeyboardInterrupt, Terminated or HungUp; the process ends if that fails.

    No unfinished file is left. Does nothing outside the main thread, where Python handles signals,
    or if another library has installed handlers. `leaving`: the process ends after the block, and a
    signal received then ends it at once, with the same exit status.
    """
    numbers = [n for n in _RAISED if signal.getsignal(n) in _DEFAULTS]
    in_main = threading.current_thread() is threading.main_thread()
    if (
        not in_main or signal.SIGTERM not in numbers
    ):  # others may be ignored: background jobs, nohup
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}

    def install() -> None:
        for number in numbers:
            signal.signal(number, interrupt)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _fragile(frame):
            send_later(number)
            return
        _received.append(number)
        for each in numbers:  # a second signal would disturb the cleanup
            signal.signal(each, signal.SIG_IGN)
        raise _RAISED[signal.Signals(number)]

    def on_unraisable(error: Any) -> None:
        """Send the signal again if it was raised in a callback that swallows exceptions."""
        if not isinstance(error.exc_value, KeyboardInterrupt):
            hook(error)
            return
        install()
        send_later(signal_of(error.exc_value))

    hook, sys.unraisablehook = sys.unraisablehook, on_unraisable
    with _watchdog(numbers):
        install()
        try:
            yield
        except Exception:  # Python itself replaces one that is raised in `__set_name__`
            raise_received()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, _leave if leaving else handler)
            sys.unraisablehook = hook
            _received.clear()


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(status_of(number))


def send_later(number: int) -> None:
    """Signal the main thread after RETRY seconds."""

    def send() -> None:
        if hasattr(signal, "pthread_kill"):  # also interrupts a blocking call
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        else:
            signal.raise_signal(number)

    timer = threading.Timer(RETRY, send)
    timer.daemon = True
    timer.start()


def _fragile(frame: FrameType | None) -> bool:
    """Whether C code that an exception would crash is on the stack."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in _FRAGILE:
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _watchdog(numbers: list[signal.Signals]) -> Iterator[None]:
    """Within the block, end the process GRACE seconds after one of the signals."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    ended = threading.Event()

    def watch() -> None:
        while data := receiver.recv(1):
            if data[0] in numbers:
                if not ended.wait(GRACE):
                    end_now(status_of(data[0]))
                return

    thread = threading.Thread(target=watch, name="cppn_gl-interrupts", daemon=True)
    thread.start()
    old = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(old)
        ended.set()
        sender.close()
        thread.join()
        receiver.close()


def end_now(status: int, end: Callable[[int], Any] = os._exit) -> None:
    """Remove unfinished files, and end the process without any other cleanup."""
    abandon_parts(GRACE / 10)
    end(status)
