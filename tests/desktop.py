"""A real window on a virtual display, driven by key presses and observed by its pixels.

The window logs each picture that it shows to a trace (CPPN_GL_TRACE). The tests wait for events in
the trace, never for a fixed time.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from PIL import ImageGrab

from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import Preset
from cppn_gl.utils.origin import USER

CACHE = tempfile.TemporaryDirectory()  # shader and tuning cache of all windows of a test run
DEAD = ":99999"  # a display that cannot exist: its port would be 6000 + 99999
PATIENCE = 60.0  # timeout in seconds; all conditions normally take only a few


def wait_for(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Poll `condition` and return its first true value; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience:g} s in vain for {what}")


@contextlib.contextmanager
def virtual_display(size: str = "1280x800x24") -> Iterator[str]:
    """A virtual X server on a free display number; yields its name, such as ":99"."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def processes() -> list[int]:
    """The PIDs of all processes, including zombies."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def parent(pid: int) -> int | None:
    """The PID of a process's parent; None if the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


class Desktop:
    """The program, running in a window on a display."""

    def __init__(
        self,
        display: str,
        folder: Path,
        *words: str,
        hud: bool = False,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "cppn_gl"),
    ):
        self.folder, self.display = folder, display
        self.trace = folder / "trace.jsonl"
        self.trace.unlink(missing_ok=True)
        self.environment = (
            os.environ
            | {
                "DISPLAY": display,
                "CPPN_GL_TRACE": str(self.trace),
                "XDG_STATE_HOME": str(folder / "state"),
                "XDG_CONFIG_HOME": str(folder / "config"),
                "XDG_CACHE_HOME": CACHE.name,
                "XDG_SESSION_TYPE": "x11",
            }
            | dict(environment or {})
        )
        options = [] if hud else ["--no-hud"]
        self.log = folder / "stderr.txt"
        self._stream: TextIO | None = None
        self._half, self._events = "", []
        self.places: dict[str, list[int]] = {}  # of widgets and spots, by name
        self.told: dict[str, str] = {}  # what the HUD tells, by what it is
        self.started = time.monotonic()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, *words, *options],
                cwd=folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        wait_for(lambda: self.events() or self.process.poll() is not None, "the first picture")
        assert self.process.poll() is None, self.log.read_text()
        search = ["search", "--onlyvisible", "--pid", str(self.process.pid)]
        self.window = self.xdotool(*search).split()[0]
        self.xdotool("windowfocus", "--sync", self.window)

    def xdotool(self, *words: str) -> str:
        """Run xdotool on this display and return its output."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def events(self) -> list[dict[str, Any]]:
        """The events logged so far, one for each picture shown."""
        if self._stream is None and self.trace.exists():
            self._stream = self.trace.open()
        for line in self._stream or []:
            self._half += line
            if self._half.endswith("\n"):
                event = json.loads(self._half)
                self._half = ""
                if event["event"] == "clickable":
                    self.places = event["places"]
                elif event["event"] == "told":
                    self.told = event["words"]
                else:
                    self._events.append(event)
        return self._events

    def place(self, name: str) -> tuple[int, int]:
        """The centre of a widget or spot, in pixels of the window, once it is shown."""

        def look() -> list[int] | None:
            self.events()
            return self.places.get(name)

        x, y, width, height = wait_for(look, f"the widget {name}")
        return x + width // 2, y + height // 2

    def gone(self, name: str) -> None:
        """Wait until a widget or spot is not shown."""
        wait_for(lambda: (self.events(), name not in self.places)[1], f"the end of {name}")

    def tells(self, name: str, part: str) -> str:
        """Wait until the HUD's message, pointer, facts … contain `part`; the whole text."""

        def look() -> str | None:
            self.events()
            words = self.told.get(name, "")
            return words if part in words else None

        try:
            found = wait_for(look, f"{name}: {part}")
        except AssertionError as error:
            raise AssertionError(f"{error}; told: {self.told}") from None
        assert isinstance(found, str)
        return found

    def move(self, x: int, y: int) -> None:
        """Move the mouse to a pixel of the window."""
        self.xdotool("mousemove", "--window", self.window, str(x), str(y))

    def click(self, name: str) -> None:
        """Click on a widget or spot."""
        self.move(*self.place(name))
        self.xdotool("click", "1")

    def key(self, *keys: str) -> None:
        """Press and release keys, given by their X names: "Up", "shift+Right", "bracketright"."""
        self.xdotool("key", *keys)

    def shows(self, test: Callable[[Preset], Any], what: str) -> Preset:
        """Wait for a finished picture whose preset passes `test`; returns that preset."""

        def look() -> Preset | None:
            event = self.events()[-1]
            preset = parse_preset(event["preset"], origin=USER)
            return preset if event["finished"] and test(preset) else None

        found = wait_for(look, what)
        assert isinstance(found, Preset)
        return found

    def finished(self) -> dict[str, Any]:
        """Wait until the requested picture is shown at full resolution; returns its event."""
        return wait_for(lambda: (e := self.events()[-1])["finished"] and e, "a finished picture")

    def pixels(self) -> np.ndarray:
        """A screenshot of the window, (height, width, 3) uint8."""
        geometry = dict(
            line.split("=")
            for line in self.xdotool("getwindowgeometry", "--shell", self.window).split()
        )
        left, top = int(geometry["X"]), int(geometry["Y"])
        box = (left, top, left + int(geometry["WIDTH"]), top + int(geometry["HEIGHT"]))
        return np.asarray(ImageGrab.grab(bbox=box, xdisplay=self.display).convert("RGB"))

    def helpers(self) -> list[int]:
        """The PIDs of the window's child processes."""
        return [pid for pid in processes() if parent(pid) == self.process.pid]

    def quit(self, key: str = "q") -> int:
        """Press a key that quits; returns the exit status."""
        self.key(key)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Kill the process if it still runs, and close the trace."""
        if self.process.poll() is None:
            self.kill()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def kill(self) -> None:
        """Kill the process with SIGKILL, as in a crash."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
