"""What programs read has its own encoding, what people read is never an error; and progress."""

import argparse
import io
import os
import re
import sys
import time
from pathlib import Path

import pytest

from cppn_gl.cli import terminal
from cppn_gl.cli.terminal import (
    PERCENT,
    Progress,
    lenient_output,
    progress_of,
    put_path,
    put_text,
    say,
)

TEXT = "x² – “α” 🙂\n"


def stdout(encoding: str, monkeypatch: pytest.MonkeyPatch, name: str = "stdout") -> io.BytesIO:
    data = io.BytesIO()
    monkeypatch.setattr(sys, name, io.TextIOWrapper(data, encoding))
    return data


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "iso-8859-1", "utf-8", "cp437"])
def test_what_is_read_back_is_utf_8_and_what_people_read_is_no_error(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, errors = stdout(encoding, monkeypatch), stdout(encoding, monkeypatch, "stderr")
    lenient_output()
    print(TEXT, end="")
    put_text(TEXT)
    say(TEXT)
    shown = TEXT.encode(encoding, "backslashreplace")
    assert data.getvalue() == shown + TEXT.encode()
    assert errors.getvalue().startswith(b"cppn_gl: x")


def test_a_path_is_written_in_the_bytes_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = stdout("ascii", monkeypatch)
    for name in (b"plain", "ä→".encode(), b"\xe4\xff"):
        put_path(Path(os.fsdecode(name)))
    assert data.getvalue() == b"plain\n" + "ä→\n".encode() + b"\xe4\xff\n"


def test_a_stream_of_text_alone_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    put_text(TEXT)
    put_path(Path(os.fsdecode(b"\xe4")))
    assert sys.stdout.getvalue() == TEXT + "\\xe4\n"


def lines(capsys: pytest.CaptureFixture[str], found: list[str]) -> list[str]:
    found += capsys.readouterr().err.splitlines()
    return found


def test_a_line_now_and_then_says_what_is_going_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "EVERY", 0.001)
    said: list[str] = []
    with progress_of(argparse.Namespace(quiet=False), 60, "frame") as progress:
        assert progress is not None
        progress.report("compiling")
        progress(12, 60)
        deadline = time.monotonic() + 30
        expected = re.compile(r"cppn_gl: compiling, 12 of 60 frames, \d+ s, \d+ s left")
        while not any(map(expected.fullmatch, lines(capsys, said))):
            assert time.monotonic() < deadline
            time.sleep(0.001)
    lines(capsys, said)
    assert lines(capsys, said) == said  # and then no more


@pytest.mark.parametrize("unit", [PERCENT, "frame"])
def test_how_much_of_a_picture_is_drawn_counts_where_there_is_one(unit: str) -> None:
    progress = Progress(100, unit)
    progress.report("drawing with numpy", 0.5)
    progress.close()
    amount = "50 %" if unit == PERCENT else "0 of 100 frames"
    assert progress.words() == f"drawing with numpy, {amount}, 0 s"


def test_what_was_there_before_does_not_count_for_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(terminal.wall, "monotonic", lambda: now)
    progress = Progress(1000, "picture")
    for passed, done, left in ((1, 900, 0), (3, 904, 48), (200, 960, 133), (201, 961, 128)):
        now = 100.0 + passed
        progress(done, 1000)
        if left:
            assert progress.words() == f"{done} of 1000 pictures, {passed} s, {left} s left"
    progress.close()


def test_nothing_is_said_when_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of(argparse.Namespace(quiet=True)) as progress:
        assert progress is None
    assert capsys.readouterr().err == ""
