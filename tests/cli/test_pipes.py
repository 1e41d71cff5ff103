"""Pipes: a preset from standard input, a picture to standard output, and nothing else there."""

import argparse
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cppn_gl.cli.main import main
from cppn_gl.cli.pipes import stdin_preset
from cppn_gl.nn.network import Network
from cppn_gl.preset.parsing import parse_preset
from cppn_gl.preset.preset import MAX_BYTES

ROOT = Path(__file__).parents[2]
TOML = """\
title = "A small one"
[network]
depth = 3
width = 6
seed = 5
"""
SMALL = ["--size", "16x9", "--engine", "numpy"]
Given = Callable[[bytes], None]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CPPN_GL_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Puts bytes on standard input."""

    def given(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "ascii"))

    return given


def start(*words: str, **keys: Any) -> "subprocess.Popen[bytes]":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | keys
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "cppn_gl", *words]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, **pipes)


def test_from_a_pipe_into_a_pipe(here: Path) -> None:
    process = start("render", "-", *SMALL, "-o", "-")
    out, err = process.communicate(TOML.encode(), timeout=60)
    assert (process.returncode, err) == (0, b"")
    (here / "A small one.toml").write_text(TOML)
    assert main(["render", "A small one.toml", *SMALL, "-o", "a.png"]) == 0
    assert out == (here / "a.png").read_bytes()


def test_what_is_saved_of_a_piped_preset_is_named_after_its_title(given: Given) -> None:
    given(TOML.encode())
    assert stdin_preset(argparse.Namespace(quiet=True)).name == "A small one"


@pytest.mark.parametrize("name", ["png", "tiff", "webp", "exr"])
def test_any_format_goes_to_standard_output(
    here: Path, capsysbinary: pytest.CaptureFixture[bytes], name: str
) -> None:
    (here / "small.toml").write_text(TOML)
    assert main(["render", "small.toml", *SMALL, "-o", "-", "--format", name]) == 0
    out, err = capsysbinary.readouterr()
    suffix = {"tiff": "tif"}.get(name, name)
    assert main(["render", "small.toml", *SMALL, "-o", f"a.{suffix}"]) == 0
    assert (out, err) == ((here / f"a.{suffix}").read_bytes(), b"")


def test_sheets_and_notes(here: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["sheet", "random", "--cols", "seed=1:2", "--cell", "16x16", "-o", "-"]) == 0
    out, err = capsysbinary.readouterr()
    assert b"--seed" in err
    with Image.open(io.BytesIO(out)) as image:
        assert np.asarray(image).std() > 0


def test_every_command_takes_a_preset_from_standard_input(
    given: Given, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    given(TOML.encode())
    assert main(["presets", "-"]) == 0
    assert parse_preset(capsys.readouterr().out) == parse_preset(TOML)
    for words in (
        ["sheet", "-", "--cols", "seed=1:2", "-o", "a.png"],
        ["sequence", "-", "--frames", "1", "--fps", "1", "-o", "frames"],
        ["render", "-", "--each", "depth=2:3", "-o", "many"],
        ["tune", "-"],
    ):
        given(TOML.encode())
        assert main([*words, *SMALL]) == 0, words
    assert (here / "many" / "depth-03.png").exists()


def test_options_change_it(given: Given, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    pictures = []
    for words in ([], ["--seed", "6"], ["--seed", "5"]):
        given(TOML.encode())
        assert main(["render", "-", *SMALL, *words, "-o", "-"]) == 0
        pictures.append(capsysbinary.readouterr().out)
    assert pictures[0] == pictures[2] != pictures[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[network]\ndepth = 0\n", "<stdin>:2: network.depth: 0 is not an integer"),
        (b"depth = \nx", "<stdin>:1: not TOML"),
        (b"", "<stdin>: empty; expected the TOML of a preset"),
        (b" \n", "<stdin>: empty; expected the TOML of a preset"),
        (b"\x89PNG\r\n", "<stdin>: neither TOML nor a picture saved by cppn_gl: not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "<stdin>: not a preset: larger than"),
        (b'[network]\nfile = "/etc/passwd.npz"\n', "<stdin>:2: network.file: "),
    ],
    ids=range(7),
)
def test_what_is_wrong_with_it_is_one_line(
    given: Given, capsys: pytest.CaptureFixture[str], here: Path, data: bytes, words: str
) -> None:
    given(data)
    assert main(["render", "-", *SMALL, "-o", "a.png"]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1
    assert list(here.iterdir()) == []


def test_it_names_files_in_the_current_folder_or_below_only(
    given: Given,
    capsys: pytest.CaptureFixture[str],
    here: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    own, other = here / "a.npz", tmp_path_factory.mktemp("other") / "a.npz"
    for path in (own, other):
        Network.random(depth=2, width=4, seed=1).save(path)
    (here / "link.npz").symlink_to(other)
    for name, status in (
        ("a.npz", 0),
        (str(other), 2),
        (str(own), 2),
        (os.path.relpath(other, here), 2),
        ("link.npz", 2),
    ):
        given(f"[network]\nfile = {json.dumps(name)}\n".encode())
        assert main(["render", "-", "--size", "8x8", "-o", "a.png"]) == status, name
        assert ("<stdin>:2: network.file: " in capsys.readouterr().err) == bool(status)


def test_a_closed_standard_input_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["render", "-", "-o", "a.png"]) == 2
    assert capsys.readouterr().err == "cppn_gl: <stdin>: closed; expected the TOML of a preset\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    assert main(["render", *SMALL, "-o", "-"]) == 2
    assert "cppn_gl: -o -: standard output is a terminal" in capsys.readouterr().err
    assert shown.getvalue() == ""


def test_a_closed_pipe_ends_it_quietly() -> None:
    process = start("render", "default", "--size", "640x360", "--engine", "numpy", "-o", "-")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(8) == b"\x89PNG\r\n\x1a\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


def test_a_full_disk_is_said() -> None:
    if not Path("/dev/full").exists():
        return
    with open("/dev/full", "wb") as full:
        process = start("render", "default", *SMALL, "-o", "-", stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"disk is full" in err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-o", "a.png", "--format", "tiff"], "--format tiff: a.png has the suffix of PNG"),
        (["-o", "-", "--format", "gif"], "--format: no 'gif'; known: png, tiff, webp, exr"),
        (["-o", "-", "--bits", "32"], "--bits: PNG holds 8 or 16 bits per channel"),
        (["-o", "-", "--seeds", "1:2"], "many pictures need a folder: expected -o DIR"),
    ],
)
def test_wrong_outputs(
    capsys: pytest.CaptureFixture[str], here: Path, words: list[str], problem: str
) -> None:
    assert main(["render", *SMALL, *words]) == 2
    assert problem in capsys.readouterr().err
    assert list(here.iterdir()) == []
