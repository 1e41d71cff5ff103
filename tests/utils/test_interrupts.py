"""SIGINT, SIGTERM and SIGHUP: raised where that is safe; what does not end by itself is ended."""

import contextlib
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from cppn_gl.utils.interrupts import HungUp, Terminated, interruptible, raise_received

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
RAISED = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated, signal.SIGHUP: HungUp}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_raises_and_another_one_does_not_disturb_the_ending(
    number: signal.Signals,
) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    ended = []

    def work() -> None:
        try:
            signal.raise_signal(number)
        finally:
            for each in SIGNALS:
                signal.raise_signal(each)
            ended.append(True)

    with pytest.raises(RAISED[number]), interruptible():
        work()
    assert ended
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("name", ["_moderngl", "moderngl.inner"])
def test_a_signal_waits_until_a_library_has_come_back(number: signal.Signals, name: str) -> None:
    library = types.ModuleType(name)
    source = "def call_back(raise_signal, number):\n    raise_signal(number)\n    return 'whole'"
    exec(source, vars(library))
    call_back: Callable[..., str] = library.call_back  # type: ignore[attr-defined]
    found = []

    def work() -> None:
        found.append(call_back(signal.raise_signal, number))
        while True:
            signal.pause()

    with pytest.raises(RAISED[number]), interruptible():
        work()
    assert found == ["whole"]


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interruption_that_a_library_turns_into_an_error_is_one(number: signal.Signals) -> None:
    def work() -> None:
        raise_received()  # nothing yet
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise_received()

    with pytest.raises(RAISED[number]), interruptible():
        work()
    raise_received()  # it is over


def test_a_signal_while_python_names_the_fields_of_a_class_is_one() -> None:
    class Field:
        def __set_name__(self, owner: type, name: str) -> None:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated), interruptible():
        type("Owner", (), {"field": Field()})  # Python 3.11 raises RuntimeError in its place


def test_what_is_ignored_stays_so_and_the_other_is_heeded() -> None:
    def work() -> None:
        for number in SIGNALS:
            signal.raise_signal(number)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in the background
    try:
        with pytest.raises(Terminated), interruptible():
            work()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# Neither goes on for ever nor lets a file half written lie.
DEAF = """
import sys, time
from pathlib import Path
from cppn_gl.utils.files import writing
from cppn_gl.utils.interrupts import interruptible

with interruptible(), writing(Path(sys.argv[1]), overwrite=True) as stream:
    stream.write(b"half")
    stream.flush()
    while True:
        try:
            print("ready", flush=True)
            time.sleep(1000)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_what_does_not_end_is_ended_and_leaves_no_half_file(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF, str(tmp_path / "a.png")], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    finally:
        process.kill()
        process.communicate()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_nothing_is_left_behind() -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("does not heed: no /proc")
    counts = set()
    for _ in range(5):
        with contextlib.suppress(KeyboardInterrupt), interruptible():
            signal.raise_signal(signal.SIGINT)
        counts.add(len(os.listdir(descriptors)))
    assert len(counts) == 1
