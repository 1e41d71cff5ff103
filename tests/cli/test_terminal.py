"""What programs read has its own encoding; what people read is never an error."""

import io
import os
import sys
from pathlib import Path

import pytest

from cppn_gl.cli.terminal import lenient_output, put_path, put_text, say

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
