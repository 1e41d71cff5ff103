"""Drops files on a window as a file manager does: the source's side of XDND, by libX11.

XdndEnter, XdndPosition -> the window's XdndStatus -> XdndDrop -> it asks for the list of files
"""

import ctypes
import ctypes.util
import time
from collections.abc import Sequence
from pathlib import Path

SELECTION_REQUEST, SELECTION_NOTIFY, CLIENT_MESSAGE = 30, 31, 33
VERSION = 5
LIST = "text/uri-list"


class _Client(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
    )


class _Selection(ctypes.Structure):
    """XSelectionEvent; XSelectionRequestEvent has `owner` before it."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("requestor", ctypes.c_ulong),
        ("selection", ctypes.c_ulong),
        ("target", ctypes.c_ulong),
        ("property", ctypes.c_ulong),
        ("time", ctypes.c_ulong),
    )


class _Request(ctypes.Structure):
    _fields_ = (*_Selection._fields_[:4], ("owner", ctypes.c_ulong), *_Selection._fields_[4:])


class _Event(ctypes.Union):
    _fields_ = (
        ("type", ctypes.c_int),
        ("client", _Client),
        ("request", _Request),
        ("selection", _Selection),
        ("pad", ctypes.c_long * 24),
    )


def drop(display: str, window: int, files: Sequence[Path], patience: float = 30.0) -> None:
    """Drop files on a window. Fails if the window does not take them."""
    uris = "".join(f"{path.resolve().as_uri()}\r\n" for path in files).encode()
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = x11.XDefaultRootWindow.restype = ctypes.c_ulong
    x11.XCreateSimpleWindow.restype = ctypes.c_ulong
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    assert connection.value, f"no display {display}"

    def atom(name: str) -> int:
        return int(x11.XInternAtom(connection, name.encode(), 0))

    root = ctypes.c_ulong(x11.XDefaultRootWindow(connection))
    own = x11.XCreateSimpleWindow(connection, root, 0, 0, 1, 1, 0, 0, 0)
    target, kind = ctypes.c_ulong(window), atom(LIST)

    def send(name: str, *data: int) -> None:
        event = _Event()
        event.client = _Client(
            CLIENT_MESSAGE, 0, 1, connection.value, window, atom(name), 32, (own, *data)
        )
        x11.XSendEvent(connection, target, 0, ctypes.c_long(0), ctypes.byref(event))

    def answer(request: _Request) -> None:
        """Give the window the list of files."""
        asks = ctypes.c_ulong(request.requestor)
        where = ctypes.c_ulong(request.property)
        x11.XChangeProperty(connection, asks, where, ctypes.c_ulong(kind), 8, 0, uris, len(uris))
        fields = request.requestor, request.selection, request.target, request.property
        event = _Event()
        event.selection = _Selection(
            SELECTION_NOTIFY, 0, 1, connection.value, *fields, request.time
        )
        x11.XSendEvent(connection, asks, 0, ctypes.c_long(0), ctypes.byref(event))

    selection = ctypes.c_ulong(atom("XdndSelection"))
    x11.XSetSelectionOwner(connection, selection, ctypes.c_ulong(own), ctypes.c_ulong(0))
    send("XdndEnter", VERSION << 24, kind, 0, 0)
    send("XdndPosition", 0, 0, 0, atom("XdndActionCopy"))
    event, deadline = _Event(), time.monotonic() + patience
    try:
        while time.monotonic() < deadline:
            x11.XFlush(connection)
            if not x11.XPending(connection):
                time.sleep(0.01)
                continue
            x11.XNextEvent(connection, ctypes.byref(event))
            if event.type == SELECTION_REQUEST:
                answer(event.request)
            elif event.type == CLIENT_MESSAGE and event.client.message == atom("XdndStatus"):
                assert event.client.data[1] & 1, "the window takes no files"
                send("XdndDrop", 0, 0, 0, 0)
            elif event.type == CLIENT_MESSAGE and event.client.message == atom("XdndFinished"):
                return
        raise AssertionError("the window did not take the files")
    finally:
        x11.XCloseDisplay(connection)
