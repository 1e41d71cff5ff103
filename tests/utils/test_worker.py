"""Worker processes: what they answer, in which time, and that they end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cppn_gl.utils.worker import DiedError, LateError, Worker

MODULE = """
import sys, time
from cppn_gl.utils.worker import Requests
requests = Requests()
print("a library's words")
while True:
    request = requests.get()
    if "sleep" in request:
        requests.tell(begun=True)
        time.sleep(request["sleep"])
    if "leave" in request:
        sys.exit(request["leave"])
    requests.tell(**request, done=True)
"""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    (tmp_path / "echo.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    workers: list[Worker] = []

    def make() -> Worker:
        workers.append(Worker("echo"))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


def test_answers_are_json_whatever_libraries_print(start: Any) -> None:
    worker = start()
    assert worker.ask({"words": "ä×"}, 60) == {"words": "ä×", "done": True}
    worker.send({"number": 1})
    worker.send({"number": 2})
    assert [worker.receive(60)["number"] for _ in range(2)] == [1, 2]
    assert list(worker.answers()) == []


def test_a_late_answer_is_told_with_what_came_of_it(start: Any) -> None:
    worker = start()
    worker.ask({}, 60)
    with pytest.raises(LateError, match=r"longer than 0\.5 s") as late:
        worker.ask({"sleep": 1000}, 0.5)
    assert late.value.partial in ({"begun": True}, {})
    worker.close()
    assert worker._process.returncode is not None


def test_a_death_is_told_by_its_last_words_again_and_again(start: Any) -> None:
    worker = start()
    for _ in range(2):
        with pytest.raises(DiedError, match="status 1: 'last words'"):
            worker.ask({"leave": "no\n\nlast words"}, 60)
    with pytest.raises(DiedError):
        list(worker.answers())


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_is_told_by_its_signal(start: Any) -> None:
    worker = start()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(DiedError, match="status -9"):
        worker.receive(60)


def test_what_cannot_be_started_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(OSError, match="nowhere"):
        Worker("echo")


@pytest.mark.parametrize(
    "module",
    [
        "cppn_gl.viewer.warming",
        "cppn_gl.cli.bench.worker",
        "cppn_gl.cli.doctor",
        "cppn_gl.engines.gl.compiling",
    ],
)
def test_a_process_ends_with_its_stdin(module: str) -> None:
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
