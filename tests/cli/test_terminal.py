"""Progress: lines where stderr is no terminal, and silence with --quiet."""

import argparse
import re
import time

import pytest

from cppn_gl.cli import terminal
from cppn_gl.cli.terminal import PERCENT, Progress, progress_of


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
        expected = re.compile(r"cppn_gl: compiling, 12 of 60 frames, \d+ s")
        while not any(map(expected.fullmatch, lines(capsys, said))):
            assert time.monotonic() < deadline
            time.sleep(0.001)
    lines(capsys, said)
    assert lines(capsys, said) == said  # and then no more


@pytest.mark.parametrize("unit", [PERCENT, "frame"])
def test_how_much_of_a_picture_is_drawn_counts_where_there_is_one(unit: str) -> None:
    progress = Progress(100, unit)
    progress.report("drawing by numpy", 0.5)
    progress.close()
    amount = "50 %" if unit == PERCENT else "0 of 100 frames"
    assert progress.words() == f"drawing by numpy, {amount}, 0 s"


def test_nothing_is_said_when_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of(argparse.Namespace(quiet=True)) as progress:
        assert progress is None
    assert capsys.readouterr().err == ""
