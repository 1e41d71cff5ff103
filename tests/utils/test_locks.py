"""One process writes, the others are told which; no lock outlives its process."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.utils import locks
from cppn_gl.utils.files import CaptureError
from cppn_gl.utils.locks import locked

HOLD = """
import sys
from pathlib import Path
from cppn_gl.utils.locks import locked
with locked(Path(sys.argv[1]), Path("target"), "wait"):
    print("held", flush=True)
    sys.stdin.read()
"""
TURN = """
import sys, time
from pathlib import Path
from cppn_gl.utils.files import CaptureError
from cppn_gl.utils.locks import locked
count, path = Path(sys.argv[1]), Path(sys.argv[2])
turns = 0
while turns < 50:
    try:
        with locked(path, path, "wait"):
            count.write_text(str(int(count.read_text()) + 1))
            turns += 1
    except CaptureError:
        time.sleep(0.001)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / ".lock"


@pytest.fixture
def holder(lock: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock until its stdin ends."""
    command = [sys.executable, "-c", HOLD, str(lock)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def take(lock: Path) -> None:
    with locked(lock, Path("two"), "wait until it is done"):
        assert lock.exists()


def test_it_is_gone_afterwards(lock: Path) -> None:
    for _ in range(2):
        take(lock)
        assert not lock.exists()
    with pytest.raises(KeyError), locked(lock, lock, ""):
        raise KeyError
    assert not lock.exists()


def test_a_second_process_is_told_which_is_the_first(
    lock: Path, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(CaptureError) as caught:
        take(lock)
    assert str(caught.value) == f"two: process {holder.pid} is drawing it; wait until it is done"
    holder.communicate()
    take(lock)
    assert not lock.exists()


def test_one_process_does_not_take_it_twice(lock: Path) -> None:
    with (
        locked(lock, lock, ""),
        pytest.raises(CaptureError, match=f"process {os.getpid()} is drawing it"),
    ):
        take(lock)


def test_a_crash_leaves_no_lock(lock: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert lock.read_text() == str(holder.pid)
    take(lock)
    assert not lock.exists()


def test_what_is_in_the_file_does_not_matter(lock: Path) -> None:
    lock.write_bytes(b"\xff" * 100)
    take(lock)


def test_a_holder_that_has_no_number_is_another_process(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "ATTEMPTS", 2)
    with locked(lock, lock, ""):
        lock.write_text("")
        with pytest.raises(CaptureError, match="another process is drawing it"):
            take(lock)


def test_never_two_at_once(tmp_path: Path, lock: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")
    command = [sys.executable, "-c", TURN, str(count), str(lock)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert count.read_text() == "150"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EROFS, errno.EACCES])
def test_where_there_are_no_locks_it_goes_on_without(
    lock: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locks, "_try_lock", fail)
    take(lock)


def test_a_folder_in_its_place_is_one_line(lock: Path) -> None:
    lock.mkdir()
    with pytest.raises(CaptureError, match=r"\.lock: cannot be locked: Is a directory"):
        take(lock)
